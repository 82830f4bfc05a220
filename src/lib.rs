//! Tagboat brings new container image tags into a GitOps repository, as pull requests.

pub mod cli;
pub mod config;
pub mod demo;
pub mod error;
pub mod forge;
pub mod git;
pub mod http;
pub mod image;
pub mod manifest;
pub mod plan;
pub mod policy;
pub mod refname;
pub mod registry;
pub mod report;
pub mod run;
pub mod secret;
pub mod text;
