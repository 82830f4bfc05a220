//! demo.
pub mod registry;
