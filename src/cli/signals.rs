//! The signals that stop the program. Each one is handled at once, whatever the command does: the main thread only waits for them.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::docs::hint;
use crate::error::{Error, Exit};
use crate::run::WriteLock;

/// How long a write in progress may take after a signal. The whole takes less than a second: see [`CLEANUP`]. What is cut is
/// completed by the next run, as after a kill.
const GRACE: Duration = Duration::from_millis(300);

/// How long a command may take to end its child processes and to remove its temporary files. It does not end in this time while it
/// works without a pause, such as on a large file.
const CLEANUP: Duration = Duration::from_millis(400);

/// A signal that stops the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Hangup,
    Interrupt,
    Terminate,
}

impl Signal {
    /// Returns the error of a command that this signal ended; it may be one that pushes and opens pull requests. Its exit code is 128
    /// and the number of the signal, as in a shell.
    pub(super) fn error(self, publishes: bool) -> Error {
        let (exit, name) = match self {
            Self::Hangup => (Exit::Hangup, "SIGHUP"),
            Self::Interrupt => (Exit::Interrupted, "SIGINT"),
            Self::Terminate => (Exit::Terminated, "SIGTERM"),
        };
        let hint = if publishes {
            hint!("reports.md#exit-codes", "repeat the command: it continues from what was pushed or opened")
        } else {
            hint!("reports.md#exit-codes", "repeat the command")
        };
        Error::new(exit, format!("stopped by {name}"), hint)
    }
}

/// How a command ended.
pub(super) enum End<T> {
    /// It returned its result.
    Done(T),
    /// It panicked.
    Panicked,
    /// A signal stopped it.
    Stopped {
        /// The first signal.
        signal: Signal,
        /// Whether nothing was being written when it stopped.
        complete: bool,
    },
}

/// Waits for the result of a command, or for a signal: then until the pull request that is being written is complete, or
/// [`GRACE`] ends. `stop` ends the command: it drops what it does, which ends its git processes and removes its
/// temporary files.
pub(super) async fn supervise<T>(
    mut signals: Signals,
    mut result: oneshot::Receiver<Option<T>>,
    stop: oneshot::Sender<()>,
    writing: WriteLock,
) -> End<T> {
    let signal = tokio::select! {
        result = &mut result => return result.ok().flatten().map_or(End::Panicked, End::Done),
        signal = signals.next() => signal,
    };
    let (complete, _guard) = tokio::select! {
        result = &mut result => return result.ok().flatten().map_or(End::Panicked, End::Done),
        guard = writing.lock() => (true, Some(guard)),
        () = tokio::time::sleep(GRACE) => (false, None),
    };
    let _ = stop.send(());
    match tokio::time::timeout(CLEANUP, result).await {
        Ok(Ok(Some(result))) => End::Done(result),
        _ => End::Stopped { signal, complete },
    }
}

/// The signals that arrive. One that the parent process ignores, as `nohup` does, stays ignored.
pub(super) struct Signals {
    #[cfg(unix)]
    streams: [Option<tokio::signal::unix::Signal>; 3],
}

#[cfg(unix)]
impl Signals {
    /// Starts to receive signals. Called in the context of the async runtime.
    pub(super) fn new() -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        let ignored = ignored();
        let receive = |kind: SignalKind| {
            let is_ignored = ignored & (1 << (kind.as_raw_value() - 1)) != 0;
            (!is_ignored).then(|| signal(kind)).transpose().map_err(|error| failed(&error))
        };
        let [hangup, interrupt, terminate] =
            [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate()].map(receive);
        Ok(Self { streams: [hangup?, interrupt?, terminate?] })
    }

    async fn next(&mut self) -> Signal {
        let [hangup, interrupt, terminate] = &mut self.streams;
        tokio::select! {
            () = receive(hangup) => Signal::Hangup,
            () = receive(interrupt) => Signal::Interrupt,
            () = receive(terminate) => Signal::Terminate,
        }
    }
}

#[cfg(unix)]
async fn receive(stream: &mut Option<tokio::signal::unix::Signal>) {
    match stream {
        Some(stream) => {
            stream.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Returns the signals that this process ignores, one bit for each: proc_pid_status(5). None are known on other systems.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    bits.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(unix)]
fn failed(error: &std::io::Error) -> Error {
    Error::internal(format!("cannot receive signals: {error}"))
}

#[cfg(not(unix))]
impl Signals {
    /// Starts to receive signals. Called in the context of the async runtime.
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self {})
    }

    async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
