//! Compares README.md and the pages in `docs/` with the program: tables, configurations, command lines, recorded output, JSON
//! keys, links. `BLESS=1` rewrites the generated parts.

mod commands;
mod configurations;
mod generated;
mod json;
mod labels;
mod links;
mod markers;
mod migration;
mod pages;
