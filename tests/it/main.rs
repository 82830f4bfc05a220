//! Tests of the whole, by area.
mod cli;
mod config;
mod edits;
mod forges;
mod formats;
mod git;
mod layers;
mod policies;
mod readme;
mod registries;
mod run;
mod support;
