//! Standard output for data, standard error for messages, and when colors are used.

use std::io::{self, IsTerminal as _, Write as _};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use super::args::{Color, LogFormat, LogOptions};
use super::progress;

/// Writes data to standard output. A closed pipe (`tagboat list | head`) is not an error.
pub(super) fn print(data: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(data.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Writes a message to standard error. A failure is ignored: there is no other place to report it.
pub(super) fn log(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{message}");
}

/// Whether data is colored: by the flag, else by `NO_COLOR` (no-color.org), else on a terminal.
pub(super) fn colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()) && io::stdout().is_terminal(),
    }
}

/// Returns the width of the output in columns.
pub(super) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    let wide_enough = |columns: &usize| *columns >= 40;
    columns.filter(wide_enough).or_else(|| terminal().filter(wide_enough)).unwrap_or(200)
}

/// Starts the log on standard error, with the level of `RUST_LOG` or of the flags. The default level is `warn`.
pub(super) fn start_log(options: &LogOptions) {
    let level = match (options.quiet, options.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "tagboat=info,warn",
        (false, 2) => "tagboat=debug,info",
        (false, _) => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let shows_progress = progress::is_shown(options);
    let ansi = colored(options.color) && io::stderr().is_terminal();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || {
            if shows_progress {
                progress::clear();
            }
            io::stderr()
        })
        .with_span_events(FmtSpan::NONE);
    // A second start in one process, as in tests, keeps the first log.
    let _ = match options.log_format {
        LogFormat::Text => log.with_ansi(ansi).with_target(false).without_time().try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}
