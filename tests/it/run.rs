//! Whole runs, from manifests to pull requests: what people, CI and concurrent runs do, and the expected result.
#![cfg(unix)]

mod age_and_platform;
mod charts;
mod ci_files;
mod end_to_end;
mod every;
mod explain;
mod file_writes;
mod git_history;
mod given_digests;
mod given_groups;
mod given_images;
mod given_plans;
mod interruptions;
mod life_cycle;
mod races;
mod request_counts;
mod schedule;
mod texts;
