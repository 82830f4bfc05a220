//! Integration tests, by area.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests may panic, print why they skip, write temporary files and start servers"
)]

mod action;
mod assumed_base;
mod bad_input;
mod base_races;
mod cli;
mod clients;
mod config;
mod config_sources;
mod docs;
mod edit_properties;
mod edits;
mod examples;
mod forges;
mod formats;
mod git;
mod given_tags;
mod image;
mod interop;
mod language;
mod layers;
mod names;
mod policies;
mod policy_guards;
mod policy_peers;
mod printed;
mod private_keys;
mod processes;
mod registries;
mod rendered;
mod renovate_versionings;
mod report;
mod run;
mod streams;
mod support;
mod trust;
mod updatecli;
mod validators;
mod working_trees;
