//! The demonstration: complete runs on a registry in memory, a bare git repository, and pull requests as files in a
//! temporary folder. It uses no network and changes no files of the user.

pub mod registry;

mod demonstration;
mod remote;

pub use demonstration::run;
