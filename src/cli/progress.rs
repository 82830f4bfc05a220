//! One line on standard error that says how far long work is. On a terminal only; gone when the work is done.

use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _};
use std::pin::pin;
use std::time::Duration;

use super::args::Common;

/// Back to the start of the line, and clear it.
const CLEAR: &str = "\r\u{1b}[K";

/// How often the line is written anew.
const PERIOD: Duration = Duration::from_millis(100);

/// Whether there is somebody to show it to. With `--verbose`, the log says more than this.
pub(super) fn is_shown(common: &Common) -> bool {
    !common.quiet && common.verbose == 0 && io::stderr().is_terminal()
}

/// Does some work, and shows meanwhile what `says` tells.
pub(super) async fn shown<T>(common: &Common, work: impl Future<Output = T>, says: impl Fn() -> String) -> T {
    if !is_shown(common) {
        return work.await;
    }
    let mut work = pin!(work);
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        tokio::select! {
            biased;
            _ = ticks.tick() => draw(&format!("{CLEAR}{}", says())),
            done = &mut work => {
                draw(CLEAR);
                return done;
            }
        }
    }
}

/// Whoever writes to standard error meanwhile clears the line first.
pub(super) fn clear() {
    draw(CLEAR);
}

fn draw(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
