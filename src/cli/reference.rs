//! Help, shell completions and manual pages.

use clap::CommandFactory as _;

use crate::error::{Error, Exit};

use super::args::Arguments;
use super::printable::Allowed;
use super::{terminal, usage};

/// Prints the completion script of a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "tagboat", &mut script);
    print(&script)
}

/// Prints the manual page of the program, or of one of its commands.
pub(super) fn man(command: Option<&str>) -> Result<Exit, Error> {
    let mut roff = Vec::new();
    let rendered = clap_mangen::Man::new(find(command)?).render(&mut roff);
    rendered.map_err(|error| Error::internal(format!("cannot render the manual page: {error}")))?;
    print(&roff)
}

/// Prints the help of the program, or of one of its commands.
pub(super) fn help(command: Option<&str>) -> Result<Exit, Error> {
    terminal::print_help(&find(command)?.render_long_help())
}

/// Returns the command with a name, or the program without one.
fn find(name: Option<&str>) -> Result<clap::Command, Error> {
    let mut program = Arguments::command();
    program.build();
    let Some(name) = name else { return Ok(program) };
    program.find_subcommand(name).cloned().ok_or_else(|| {
        Error::usage(format!("invalid arguments: unknown command `{name}`"), usage::unknown_command(name))
    })
}

fn print(text: &[u8]) -> Result<Exit, Error> {
    terminal::print(&String::from_utf8_lossy(text), Allowed::default())?;
    Ok(Exit::Done)
}
