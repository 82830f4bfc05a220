//! The `tagboat` program. Everything is in the library; this only turns its answer into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(tagboat::cli::main(std::env::args_os()) as u8)
}
