//! The threads of the program, and the files that they need. A limit on threads or open files, and a variable with an invalid number of
//! threads, are errors here: the libraries panic, or wait without end for a thread that cannot start.

use std::io;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::docs::hint;
use crate::error::{Error, Exit};

/// The largest number of threads that a variable may set.
const MOST: usize = 1024;

/// The time in which a thread that the async runtime starts on demand must begin to work.
const START: Duration = Duration::from_secs(2);

/// The stack of the thread that runs the command: as large as that of the main thread.
const STACK: usize = 8 << 20;

/// How many files must be free to open: those of the async runtime and of its signals, a child process with its pipes, and some files
/// and connections.
#[cfg(unix)]
const FILES: usize = 32;

/// Starts the threads that read files in parallel and those of the async runtime.
pub(super) fn start() -> Result<Runtime, Error> {
    let readers = count("RAYON_NUM_THREADS")?;
    let workers = count("TOKIO_WORKER_THREADS")?;
    #[cfg(unix)]
    check_open_files()?;
    start_readers(readers)?;
    let runtime = start_runtime(workers)?;
    // Without any thread for blocking work, such as the lookup of a host name, that work would wait for its time limit.
    let probe = runtime.spawn_blocking(|| ());
    if runtime.block_on(async { tokio::time::timeout(START, probe).await }).is_err() {
        runtime.shutdown_background();
        return Err(failed("no thread for blocking work"));
    }
    Ok(runtime)
}

/// Starts the thread that runs the command.
pub(super) fn spawn(work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    thread::Builder::new().name("command".to_owned()).stack_size(STACK).spawn(work).map_err(|error| failed(&error))
}

/// Does some work in a thread of its own, and waits for it at most for this time. Standard output and standard error may take nothing
/// any more.
pub(super) fn within(limit: Duration, work: impl FnOnce() + Send + 'static) {
    let (done, end) = mpsc::channel();
    let work = move || {
        work();
        let _ = done.send(());
    };
    if spawn(work).is_ok() {
        let _ = end.recv_timeout(limit);
    }
}

/// Checks that this process can open some files.
#[cfg(unix)]
fn check_open_files() -> Result<(), Error> {
    let open = || {
        let file = std::fs::File::open("/dev/null")?;
        (0..FILES).map(|_| file.try_clone()).collect::<io::Result<Vec<_>>>()
    };
    open().map(drop).map_err(|error| {
        let hint = hint!("troubleshooting.md#limits-of-the-machine", "let this process open at least {FILES} files");
        Error::new(Exit::Failed, format!("cannot open files: {error}"), hint)
    })
}

fn start_readers(threads: usize) -> Result<(), Error> {
    static STARTED: OnceLock<Result<(), String>> = OnceLock::new();
    let start =
        || rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(|error| error.to_string());
    STARTED.get_or_init(start).as_ref().map_err(failed).copied()
}

fn start_runtime(workers: usize) -> Result<Runtime, Error> {
    // The runtime panics or hangs if a thread does not start. It has its workers, one for blocking work, and the one of the command.
    probe(workers + 2).map_err(|error| failed(&error))?;
    // A thread for blocking work is kept: a later one might not start.
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(workers).thread_keep_alive(Duration::MAX).enable_all();
    runtime.build().map_err(|error| failed(&error))
}

/// Starts this many threads at the same time and ends them.
fn probe(count: usize) -> io::Result<()> {
    let before = running();
    let (end, ended) = mpsc::channel::<()>();
    let ended = Arc::new(Mutex::new(ended));
    let start = |_| {
        let ended = Arc::clone(&ended);
        // Receives nothing: it waits until the sender is dropped.
        thread::Builder::new().spawn(move || drop(ended.lock().map(|ended| ended.recv())))
    };
    let started = (0..count).map(start).collect::<io::Result<Vec<_>>>();
    drop(end);
    for thread in started? {
        let _ = thread.join();
    }
    // The system counts a thread for a moment after its end.
    let start = Instant::now();
    while running() > before && start.elapsed() < START {
        thread::yield_now();
    }
    Ok(())
}

/// Returns the number of threads of this process: proc_pid_task(5). It is 0 on other systems.
fn running() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// Returns the number of threads in a variable, or the number of processors.
fn count(variable: &str) -> Result<usize, Error> {
    let Some(text) = std::env::var_os(variable).filter(|text| !text.is_empty()) else {
        return Ok(thread::available_parallelism().map_or(1, usize::from).min(MOST));
    };
    let number = text.to_str().and_then(|text| text.parse().ok()).filter(|number| (1..=MOST).contains(number));
    number.ok_or_else(|| {
        Error::usage(
            format!("invalid value `{}` in {variable}", text.display().to_string().escape_debug()),
            hint!("troubleshooting.md#thread-limits", "set it to a number from 1 to {MOST}, or unset it"),
        )
    })
}

fn failed(cause: &(impl std::fmt::Display + ?Sized)) -> Error {
    let hint = hint!(
        "troubleshooting.md#thread-limits",
        "raise the limit of processes (`ulimit -u`, or the limit of the container), or set TOKIO_WORKER_THREADS and \
         RAYON_NUM_THREADS to 1"
    );
    Error::new(Exit::Failed, format!("cannot start threads: {cause}"), hint)
}
