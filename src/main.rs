//! The `tagboat` program: runs the command line of the library and returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(tagboat::cli::main(std::env::args_os()) as u8)
}
