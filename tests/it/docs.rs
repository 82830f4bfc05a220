//! Holds README.md and the pages in `docs/` to the program: tables, configurations, command lines, recorded output, JSON
//! keys, links. `BLESS=1` rewrites what is generated.

mod commands;
mod configurations;
mod generated;
mod json;
mod links;
mod pages;
