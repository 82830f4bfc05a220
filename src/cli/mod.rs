//! The door: arguments in, text and an exit code out. Knows flags and the terminal; decides nothing.

mod args;
mod check;
mod commands;
mod explain;
mod report_file;
mod terminal;

use std::ffi::OsString;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::error::{Error, Exit};

use args::{Arguments, Command};

/// Runs the program with these arguments and says how it ended.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked { Exit::Done } else { Exit::Usage };
        }
    };
    terminal::start_log(&arguments.common);
    crate::http::install_tls();
    match start(arguments) {
        Ok(exit) => exit,
        Err(error) => {
            terminal::say(&format!("error: {error}"));
            error.exit()
        }
    }
}

fn start(arguments: Arguments) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::new(Exit::Failed, format!("can't start: {error}")))?;
    runtime.block_on(dispatch(arguments))
}

async fn dispatch(Arguments { command, common }: Arguments) -> Result<Exit, Error> {
    match command {
        Command::Run(run) => commands::run(&common, &run.job, !run.dry_run).await,
        Command::Plan(job) => commands::run(&common, &job, false).await,
        Command::Edit(job) => commands::edit(&common, &job).await,
        Command::List => commands::list(&common).await,
        Command::Explain(asked) => explain::explain(&common, &asked).await,
        Command::Check => check::check(&common).await,
        Command::Init(init) => commands::init(&common, &init),
        Command::Demo(demo) => commands::demo(&common, &demo).await,
        Command::Schema => commands::schema(),
    }
}
