//! Whole runs, from manifests to pull requests: stories of what people, CI and other runs do meanwhile, and what has to
//! come of it.
#![cfg(unix)]

mod figures;
mod gates;
mod hours;
mod races;
mod stories;
mod supplies;
