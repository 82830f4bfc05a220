//! Shell completions and manual pages.

use clap::CommandFactory as _;

use crate::docs::hint;
use crate::error::{Error, Exit};

use super::args::Arguments;
use super::printable::Allowed;
use super::terminal;

/// Prints the completion script of a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "tagboat", &mut script);
    print(&script)
}

/// Prints the manual page of the program, or of one of its commands.
pub(super) fn man(command: Option<&str>) -> Result<Exit, Error> {
    let mut whole = Arguments::command();
    whole.build();
    let page = match command {
        None => whole,
        Some(name) => whole.find_subcommand(name).cloned().ok_or_else(|| {
            Error::usage(
                format!("cannot print a manual page: unknown command `{name}`"),
                hint!("command-line.md#commands", "list the commands with `tagboat --help`"),
            )
        })?,
    };
    let mut roff = Vec::new();
    let rendered = clap_mangen::Man::new(page).render(&mut roff);
    rendered.map_err(|error| Error::internal(format!("cannot render the manual page: {error}")))?;
    print(&roff)
}

fn print(text: &[u8]) -> Result<Exit, Error> {
    terminal::print(&String::from_utf8_lossy(text), Allowed::default())?;
    Ok(Exit::Done)
}
