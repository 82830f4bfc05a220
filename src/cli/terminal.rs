//! Standard output and standard error: what is data, what is talk, and when there is colour.

use std::io::{self, IsTerminal as _, Write as _};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use super::args::{Color, Common, LogFormat};
use super::progress;

/// Writes data. A reader that went away (`tagboat list | head`) is no error.
pub(super) fn print(data: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(data.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Writes talk. There is nobody to tell when that fails.
pub(super) fn say(talk: &str) {
    let _ = writeln!(io::stderr().lock(), "{talk}");
}

/// Whether data is coloured: what was asked for, else `NO_COLOR` (no-color.org), else whether it is a terminal.
pub(super) fn colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()) && io::stdout().is_terminal(),
    }
}

/// How many columns there are to write in.
pub(super) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    let wide_enough = |columns: &usize| *columns >= 40;
    columns.filter(wide_enough).or_else(|| terminal().filter(wide_enough)).unwrap_or(200)
}

/// Starts the log on standard error: warnings, more with `--verbose`, what `RUST_LOG` says if it is set.
pub(super) fn start_log(common: &Common) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "tagboat=info,warn",
        (false, 2) => "tagboat=debug,info",
        (false, _) => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let shows_progress = progress::is_shown(common);
    let ansi = colored(common.color) && io::stderr().is_terminal();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || {
            if shows_progress {
                progress::clear();
            }
            io::stderr()
        })
        .with_span_events(FmtSpan::NONE);
    // A second start, as in tests that call the command line in their own process, keeps the first one's log.
    let _ = match common.log_format {
        LogFormat::Text => log.with_ansi(ansi).with_target(false).without_time().try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}
