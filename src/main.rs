//! The `tagboat` program: parse, run, print, exit code.

fn main() {}
