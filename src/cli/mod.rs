//! The door: arguments in, text and an exit code out. Knows flags and the terminal; decides nothing.

mod args;
mod check;
mod commands;
mod explain;
mod overrides;
mod report_file;
mod terminal;

use std::ffi::OsString;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::error::{Error, Exit};

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
    runtime.block_on(async {
        tokio::select! {
            done = dispatch(arguments) => done,
            () = told_to_stop() => Err(Error::new(Exit::Failed, "stopped by a signal")
                .hint(Some("what was pushed or opened stays; the next run goes on from there"))),
        }
    })
}

/// Ends on SIGINT and SIGTERM. What is under way is dropped then, and with it the git that it started and the temporary
/// folder that it used.
async fn told_to_stop() {
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
