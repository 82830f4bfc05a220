//! The command line: arguments in, text and an exit code out. It handles flags and the terminal and makes no decisions.

mod args;
mod check;
mod commands;
mod error_document;
mod explain;
mod overrides;
mod progress;
mod reference;
mod report_file;
mod terminal;

use std::ffi::OsString;
use std::time::Duration;

use clap::Parser as _;

use crate::error::{Error, Exit};
use crate::run::WriteLock;

use args::{Arguments, Command};
use commands::ReadFrom;
use error_document::ErrorDocument;

/// Runs the program with these arguments and returns its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return terminal::print_usage(&error),
    };
    terminal::start_log(&arguments.log);
    crate::http::install_tls();
    let is_json = arguments.command.format().is_some_and(|format| format.0.name() == "json");
    match start(arguments) {
        Ok(exit) => exit,
        Err(error) => {
            terminal::log(&format!("error: {error}"));
            if is_json {
                // A script that reads JSON gets a document in every case.
                let document = serde_json::to_string_pretty(&ErrorDocument::new(&error)).unwrap_or_default();
                let _ = terminal::print(&format!("{document}\n"));
            }
            error.exit()
        }
    }
}

fn start(arguments: Arguments) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Error::new(Exit::Failed, format!("cannot start the async runtime: {error}")))?;
    let writing = WriteLock::default();
    let repeats = matches!(&arguments.command, Command::Run(run) if run.every.is_some());
    runtime.block_on(async {
        tokio::select! {
            done = dispatch(arguments, &writing) => done,
            () = stop_requested(&writing) => if repeats { Ok(Exit::Done) } else { Err(Error::new(Exit::Failed, "stopped by a signal")
                .hint(Some("run again: the next run continues from what was pushed or opened"))) },
        }
    })
}

/// How long a write in progress may take after a signal: less than the 30 seconds that Kubernetes allows.
const GRACE: Duration = Duration::from_secs(25);

/// Returns after SIGINT or SIGTERM: immediately while nothing is being written, otherwise when the current pull request is
/// complete or a second signal arrives. Dropping the run then ends its git processes and removes its temporary folder. The
/// next run continues from what was written.
async fn stop_requested(writing: &WriteLock) {
    signal().await;
    tokio::select! {
        _ = writing.lock() => {}
        () = signal() => {}
        () = tokio::time::sleep(GRACE) => {}
    }
}

async fn signal() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}

async fn dispatch(Arguments { command, log }: Arguments, writing: &WriteLock) -> Result<Exit, Error> {
    match command {
        Command::Run(run) => commands::runs(&log, &run, writing).await,
        Command::Plan(job) => commands::run(&log, &job, ReadFrom::WorkingTree, false, writing).await,
        Command::Edit(changes) => commands::edit(&log, &changes).await,
        Command::List(options) => commands::list(&log, &options).await,
        Command::Explain(explain) => explain::explain(&log, &explain).await,
        Command::Check(options) => check::check(&log, &options).await,
        Command::Init(init) => commands::init(&init),
        Command::Demo(demo) => commands::demo(&log, &demo).await,
        Command::Schema => commands::schema(),
        Command::Completions { shell } => reference::completions(shell),
        Command::Man { command } => reference::man(command.as_deref()),
    }
}
