//! A progress line on standard error, on a terminal only and removed at the end. `indicatif` would add three crates for
//! what is one line that is rewritten here.

use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _};
use std::pin::pin;
use std::time::Duration;

use super::args::LogOptions;

/// Moves the cursor to the start of the line and clears it.
const CLEAR: &str = "\r\u{1b}[K";

/// The time between two updates of the line.
const PERIOD: Duration = Duration::from_millis(100);

/// Whether progress is shown. With `--verbose`, the log shows more than this line would.
pub(super) fn is_shown(options: &LogOptions) -> bool {
    !options.quiet && options.verbose == 0 && io::stderr().is_terminal()
}

/// Waits for some work and shows a progress line meanwhile.
pub(super) async fn shown<T>(options: &LogOptions, work: impl Future<Output = T>, line: impl Fn() -> String) -> T {
    if !is_shown(options) {
        return work.await;
    }
    let mut work = pin!(work);
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        tokio::select! {
            biased;
            _ = ticks.tick() => draw(&format!("{CLEAR}{}", line())),
            done = &mut work => {
                draw(CLEAR);
                return done;
            }
        }
    }
}

/// Removes the line. Called before anything else is written to standard error.
pub(super) fn clear() {
    draw(CLEAR);
}

fn draw(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
