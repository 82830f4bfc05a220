//! The formats: one file per format, and the table of all.

mod argo_cd;
mod compose;
mod dockerfile;
mod env_file;
mod fleet;
mod flux;
mod helm_chart;
mod helm_values;
mod helmfile;
mod kubernetes;
mod kustomize;
mod marker;
mod octopus;
mod pattern;
mod toml;
mod yaml;

use super::format::Format;

pub(super) use env_file::env_variable;

/// All formats, in the order in which they read a document: what an earlier one has reported, a later one leaves alone.
pub const FORMATS: &[&dyn Format] = &[
    &pattern::PatternFormat,
    &octopus::Octopus,
    &kustomize::Kustomize,
    &argo_cd::ArgoCd,
    &flux::Flux,
    &helm_chart::Chart,
    &helmfile::Helmfile,
    &fleet::Fleet,
    &compose::Compose,
    &kubernetes::Kubernetes,
    &helm_values::HelmValues,
    &toml::Toml,
    &env_file::EnvFile,
    &dockerfile::Dockerfile,
    &yaml::Yaml,
    &marker::Marked,
];
