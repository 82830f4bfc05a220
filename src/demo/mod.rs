//! The demonstration: the whole job on real parts, all of them here — a registry in memory, a bare git repository and
//! pull requests as files in a temporary folder. No network, and nothing of the user's is touched.

pub mod registry;

mod remote;
mod story;

pub use story::play;
