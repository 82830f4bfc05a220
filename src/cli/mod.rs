//! The command line: arguments in, text and an exit code out. It handles flags and the terminal and makes no decisions.

mod args;
mod check;
mod commands;
mod error_document;
mod explain;
mod overrides;
mod printable;
mod progress;
mod reference;
mod report_file;
mod signals;
mod terminal;
mod threads;
mod usage;
mod value_error;
mod whole_file;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use tokio::sync::oneshot;

use crate::error::{Error, Exit};
use crate::run::WriteLock;
use crate::run::setup::Location;
use crate::text::visible_lines;

use args::{Arguments, Command};
use commands::ReadFrom;
use error_document::ErrorDocument;
use printable::Allowed;
use signals::{End, Signal, Signals};

/// Runs the program with these arguments and returns its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    terminal::start_panic_log();
    let given = arguments.into_iter().collect::<Vec<_>>();
    let arguments = match Arguments::try_parse_from(&given) {
        Ok(arguments) => arguments,
        Err(error) => return terminal::print_usage(&error, &given),
    };
    terminal::start_log(&arguments.log);
    crate::http::install_tls();
    let is_json = arguments.command.format().is_some_and(|format| format.0.name() == "json");
    let publishes = matches!(&arguments.command, Command::Run(run) if !run.dry_run);
    let (error, is_stopped) = match start(arguments) {
        Ok(exit) => return exit,
        Err(Ended::Error(error)) => (error, false),
        Err(Ended::Signal(signal)) => (signal.error(publishes), true),
    };
    let exit = error.exit();
    let print = move || {
        terminal::log(&format!("error: {error}"));
        if is_json {
            // A script that reads JSON gets a document in every case.
            let document = serde_json::to_string_pretty(&ErrorDocument::new(&error)).unwrap_or_default();
            let _ = terminal::print(&format!("{}\n", visible_lines(&document)), Allowed::default());
        }
    };
    if is_stopped {
        threads::within(LAST_WORDS, print)
    } else {
        print()
    }
    exit
}

/// How long the message about a signal may take: the reader of the output may read nothing.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Why a command has no result.
enum Ended {
    Error(Error),
    Signal(Signal),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Runs the command in a thread of its own, so that this one can always handle signals.
fn start(arguments: Arguments) -> Result<Exit, Ended> {
    let runtime = threads::start()?;
    let signals = runtime.block_on(async { Signals::new() })?;
    let repeats = matches!(&arguments.command, Command::Run(run) if run.every.is_some());
    let writing = WriteLock::default();
    let (stop, stopped) = oneshot::channel();
    let (done, result) = oneshot::channel();
    let (handle, lock) = (runtime.handle().clone(), Arc::clone(&writing));
    let work = threads::spawn(move || {
        crate::temporary::remove_abandoned_folders();
        let _ = done.send(handle.block_on(async {
            tokio::select! {
                done = dispatch(arguments, &lock) => Some(done),
                _ = stopped => None,
            }
        }));
    })?;
    match runtime.block_on(signals::supervise(signals, result, stop, writing)) {
        End::Done(result) => {
            // Not dropped, which would wait for work that has no result any more, such as the lookup of a host name.
            runtime.shutdown_background();
            Ok(result?)
        }
        End::Panicked => match work.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => Err(Error::internal("the command ended without a result").into()),
        },
        End::Stopped { signal, complete } => {
            // The thread of the command may still work in the runtime until the process ends.
            std::mem::forget(runtime);
            crate::child::kill_all();
            crate::temporary::remove_own_folders();
            if repeats && complete { Ok(Exit::Done) } else { Err(Ended::Signal(signal)) }
        }
    }
}

async fn dispatch(Arguments { command, log }: Arguments, writing: &WriteLock) -> Result<Exit, Error> {
    if may_connect(&command) {
        // Before git and the first client.
        crate::http::check_proxies(|name| std::env::var_os(name))?;
    }
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
        Command::Help { command } => reference::help(command.as_deref()),
    }
}

/// Returns whether a command may connect to another machine.
fn may_connect(command: &Command) -> bool {
    match command {
        Command::Run(_) | Command::Plan(_) | Command::Edit(_) | Command::Check(_) => true,
        Command::Explain(explain) => explain.tags.is_none(),
        Command::List(options) => matches!(options.repository.location(), Location::Url(_)),
        Command::Init(_) | Command::Demo(_) | Command::Schema => false,
        Command::Completions { .. } | Command::Man { .. } | Command::Help { .. } => false,
    }
}
