//! Standard output for data, standard error for messages, and when colors are used.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use clap::error::ErrorKind;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::docs::hint;
use crate::error::{Error, Exit};
use crate::text::{visible, visible_but_colors, visible_lines, without_commands};

use super::args::{Color, LogFormat, LogOptions};
use super::printable::{Allowed, printable};
use super::{progress, usage};

/// The pause before a stream that takes nothing at the moment is tried again.
const PAUSE: Duration = Duration::from_millis(5);

/// Writes data to standard output. A reader that went away (`tagboat list | head`) is not an error.
pub(super) fn print(data: &str, allowed: Allowed) -> Result<(), Error> {
    match write(&mut io::stdout().lock(), printable(data, allowed).as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::new(
            Exit::Failed,
            format!("cannot write to standard output: {error}"),
            hint!("reports.md#exit-codes", "check that the disk or the pipe takes the output"),
        )),
        _ => Ok(()),
    }
}

/// Writes a message to standard error. A failure is ignored: there is no other place to report it.
pub(super) fn log(message: &str) {
    let message = without_commands(&visible_lines(message)).into_owned();
    let _ = write(&mut io::stderr().lock(), format!("{message}\n").as_bytes());
}

/// Prints the help that the arguments request, or what is wrong with them, and returns the exit code.
pub(super) fn print_usage(message: &clap::Error, arguments: &[OsString]) -> Exit {
    match message.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match print_help(&message.render()) {
            Err(error) => {
                log(&format!("error: {error}"));
                Exit::Failed
            }
            Ok(_) => Exit::Done,
        },
        // Without arguments, the text is the help itself.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            log(message.render().to_string().trim_end());
            Exit::Usage
        }
        _ => {
            log(&format!("error: {}", usage::error(message, arguments)));
            Exit::Usage
        }
    }
}

/// Prints the help of the program or of a command.
pub(super) fn print_help(text: &clap::builder::StyledStr) -> Result<Exit, Error> {
    let colors = colored(Color::Auto);
    let text = if colors { text.ansi().to_string() } else { text.to_string() };
    print(&text, Allowed { colors, commands: false })?;
    Ok(Exit::Done)
}

/// Prints panics as the log prints messages: what panics may quote a manifest.
pub(super) fn start_panic_log() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        let place = panic.location().map(|location| format!(" at {location}")).unwrap_or_default();
        log(&panic_text(thread.name(), &place, panic.payload_as_str()));
        let backtrace = std::backtrace::Backtrace::capture();
        if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
            log(&format!("stack backtrace:\n{backtrace}"));
        }
    }));
}

/// Returns the lines about a panic.
fn panic_text(thread: Option<&str>, place: &str, message: Option<&str>) -> String {
    let thread = thread.unwrap_or("<unnamed>");
    format!("thread '{thread}' panicked{place}:\n{}", visible(message.unwrap_or("no message")))
}

/// Writes all data, also to a pipe that another program has set to non-blocking mode, as some CI runners do.
fn write(out: &mut impl Write, data: &[u8]) -> io::Result<()> {
    let mut rest = data;
    loop {
        let written = if rest.is_empty() { out.flush().map(|()| None) } else { out.write(rest).map(Some) };
        match written {
            Ok(None) => return Ok(()),
            Ok(Some(0)) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(Some(count)) => rest = &rest[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The log on standard error. Each call has one event, which is one line, whatever is in it. A failure is ignored: the default of
/// `tracing-subscriber` reports it on standard error and panics.
struct LogWriter {
    colors: bool,
}

impl Write for LogWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(data);
        let line = text.trim_end_matches('\n');
        let line = if self.colors { visible_but_colors(line) } else { visible(line) };
        let _ = write(&mut io::stderr().lock(), format!("{}\n", without_commands(&line)).as_bytes());
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
    // The verifier logs as an error what the request that fails reports, and also what is accepted afterwards.
    let default = || EnvFilter::new(format!("{level},rustls_platform_verifier=off"));
    let (filter, invalid) = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(text) if !text.is_empty() => {
            EnvFilter::try_new(&text).map_or_else(|error| (default(), Some(error)), |filter| (filter, None))
        }
        _ => (default(), None),
    };
    let shows_progress = progress::is_shown(options);
    let ansi = colored(options.color) && io::stderr().is_terminal();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || {
            if shows_progress {
                progress::clear();
            }
            LogWriter { colors: ansi }
        })
        .log_internal_errors(false)
        .with_span_events(FmtSpan::NONE);
    // A second start in one process, as in tests, keeps the first log.
    let _ = match options.log_format {
        LogFormat::Text => log.with_ansi(ansi).with_target(false).without_time().try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    if let Some(error) = invalid {
        tracing::warn!("ignoring {}: {error}", EnvFilter::DEFAULT_ENV);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_imitates_no_other_line() {
        let text = panic_text(Some("main"), " at src/a.rs:1:2", Some("found a\nhint: b\u{202e}\u{200b}"));
        assert_eq!(text, "thread 'main' panicked at src/a.rs:1:2:\nfound a\\nhint: b\\u202e\\u200b");
    }
}
