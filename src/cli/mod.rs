//! The door: arguments in, text and an exit code out. Knows flags and the terminal; decides nothing.

mod args;
mod check;
mod commands;
mod explain;
mod overrides;
mod progress;
mod reference;
mod report_file;
mod terminal;

use std::ffi::OsString;
use std::time::Duration;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::error::{Error, Exit};
use crate::run::Writing;

use args::{Arguments, Command, Format};

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
    let json = arguments.common.format == Format::Json;
    match start(arguments) {
        Ok(exit) => exit,
        Err(error) => {
            terminal::say(&format!("error: {error}"));
            if json {
                // Whoever reads standard output as JSON gets a document in any case.
                let document = serde_json::json!({ "error": error.message(), "hint": error.advice() });
                let _ = terminal::print(&format!("{document:#}\n"));
            }
            error.exit()
        }
    }
}

fn start(arguments: Arguments) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::new(Exit::Failed, format!("can't start: {error}")))?;
    let writing = Writing::default();
    let goes_on = matches!(&arguments.command, Command::Run(run) if run.every.is_some());
    runtime.block_on(async {
        tokio::select! {
            done = dispatch(arguments, &writing) => done,
            () = told_to_stop(&writing) => if goes_on { Ok(Exit::Done) } else { Err(Error::new(Exit::Failed, "stopped by a signal")
                .hint(Some("what was pushed or opened stays; the next run goes on from there"))) },
        }
    })
}

/// How long what is being written may take once the process was told to stop: less than the half minute that Kubernetes
/// gives.
const GRACE: Duration = Duration::from_secs(25);

/// Ends on SIGINT and SIGTERM: at once while nothing is written, else when the pull request that is being written is done.
/// A second signal ends it at once, too. What is under way is dropped then, and with it the git that it started and the
/// temporary folder that it used; the next run finds what was written and goes on from there.
async fn told_to_stop(writing: &Writing) {
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

async fn dispatch(Arguments { command, common }: Arguments, writing: &Writing) -> Result<Exit, Error> {
    match command {
        Command::Run(run) => commands::runs(&common, &run, writing).await,
        Command::Plan(job) => commands::run(&common, &job, false, writing).await,
        Command::Edit(job) => commands::edit(&common, &job).await,
        Command::List => commands::list(&common).await,
        Command::Explain(asked) => explain::explain(&common, &asked).await,
        Command::Check => check::check(&common).await,
        Command::Init(init) => commands::init(&common, &init),
        Command::Demo(demo) => commands::demo(&common, &demo).await,
        Command::Schema => commands::schema(),
        Command::Completions { shell } => reference::completions(shell),
        Command::Man { command } => reference::man(command.as_deref()),
    }
}
