//! How long to wait before a request is repeated.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// How often and after which wait a failed request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The number of attempts, including the first.
    pub max_attempts: u32,
    /// The longest wait between two attempts. A longer requested delay is an error.
    pub max_wait: Duration,
    /// The first wait; each further one is up to twice as long.
    pub min_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_attempts: 4, max_wait: Duration::from_secs(60), min_wait: Duration::from_millis(250) }
    }
}

impl RetryPolicy {
    /// Returns the wait after `tried` failed attempts; `None` to give up. `requested` is the delay that the server requested.
    pub fn wait(&self, tried: u32, requested: Option<Duration>) -> Option<Duration> {
        if tried >= self.max_attempts {
            return None;
        }
        match requested {
            Some(delay) if delay > self.max_wait => None,
            // A little longer, so that not all requests start at the same instant.
            Some(delay) => Some(delay + self.min_wait.mul_f64(fastrand::f64())),
            None => {
                let ceiling = self.min_wait.saturating_mul(1 << tried.min(16)).min(self.max_wait);
                Some(ceiling.mul_f64(0.5 + fastrand::f64() / 2.0))
            }
        }
    }
}

impl RetryPolicy {
    /// Returns the wait after an origin refused requests `refused` times in a row for a rate limit without a requested delay; `None`
    /// to give up. Such a limit is often one for each minute: by default, the waits together take between one and two minutes.
    pub(super) fn wait_for_limit(&self, refused: u32) -> Option<Duration> {
        if self.max_attempts <= 1 || refused >= self.max_attempts.saturating_mul(2) {
            return None;
        }
        let ceiling = self.min_wait.saturating_mul(2 << refused.min(16)).min(self.max_wait);
        Some(ceiling.mul_f64(0.5 + fastrand::f64() / 2.0))
    }
}

/// The rate limit in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateLimit {
    /// Whether a limit was exceeded: then the server did nothing, and even a POST may be sent again.
    pub(super) exceeded: bool,
    /// The delay that the server requested, if any.
    pub(super) retry_after: Option<Duration>,
}

/// Reads the rate limit of a response whose status is not 2xx.
///
/// `Retry-After` is RFC 9110's, `x-ratelimit-*` GitHub's and Gitea's, `RateLimit-Reset` GitLab's. Docker Hub
/// reports the window in `ratelimit-remaining: 0;w=21600`: the limit is lifted at its end at the latest. GitHub returns 403 or 429;
/// its secondary limits appear in `Retry-After` or in the message only.
pub(super) fn rate_limit(status: StatusCode, headers: &HeaderMap, body: &str, now: SystemTime) -> RateLimit {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let used_up = number("x-ratelimit-remaining") == Some(0);
    let after = retry_after(headers, now);
    let exceeded = match status {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::FORBIDDEN => after.is_some() || used_up || body.to_ascii_lowercase().contains("rate limit"),
        _ => false,
    };
    // Both are in seconds since 1970.
    let at_zero = if used_up { number("x-ratelimit-reset") } else { None };
    let reset = if exceeded { at_zero.or_else(|| number("ratelimit-reset")) } else { None };
    let reset = reset.map(|at| {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Duration::from_secs(at.saturating_sub(now) + 1)
    });
    let window = if exceeded { used_up_window(headers) } else { None };
    RateLimit { exceeded, retry_after: after.or(reset).or(window) }
}

/// Returns the window of a limit of which nothing remains: `0;w=21600`.
fn used_up_window(headers: &HeaderMap) -> Option<Duration> {
    let window = headers.get("ratelimit-remaining")?.to_str().ok()?.trim().strip_prefix("0;")?.trim();
    Some(Duration::from_secs(window.strip_prefix("w=")?.parse().ok()?))
}

/// Parses `Retry-After`: seconds, or a date (RFC 9110, 10.2.3); a date in the past means no wait.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    // `GMT` is an obsolete zone name of RFC 2822, which jiff reads.
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    let now = Timestamp::try_from(now).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_seconds_and_dates() {
        let now: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        #[rustfmt::skip]
        let rows = [
            ("2",                              Some(2)),
            (" 120 ",                          Some(120)),
            ("Sat, 21 Nov 2026 08:00:30 GMT",  Some(30)),
            ("Sat, 21 Nov 2026 07:00:00 GMT",  Some(0)),
            ("soon",                           None),
            ("-1",                             None),
        ];
        for (text, seconds) in rows {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now.into()), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now.into()), None);
    }

    /// Status, headers, body; whether a limit was exceeded, and the seconds to wait.
    type Row = (u16, &'static [(&'static str, &'static str)], &'static str, bool, Option<u64>);

    #[test]
    fn reads_rate_limits_of_every_forge() {
        #[rustfmt::skip]
        let rows: &[Row] = &[
            // headers                                                                   body                      exceeded  seconds
            (403,      &[],                                                              "no",                     false,    None),
            (403,      &[("retry-after", "7")],                                          "abuse",                  true,     Some(7)),
            (403,      &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1030")], "API rate limit",         true,     Some(31)),
            (403,      &[("x-ratelimit-remaining", "9"), ("x-ratelimit-reset", "1030")], "no scope",               false,    None),
            (403,      &[],                                                              "a secondary rate limit", true,     None),
            (429,      &[("ratelimit-reset", "1010")],                                   "",                       true,     Some(11)),
            (429,      &[],                                                              "",                       true,     None),
            (429,      &[("ratelimit-remaining", "0;w=21600")],                          "",                       true,     Some(21600)),
            (429,      &[("ratelimit-remaining", "10;w=21600")],                         "",                       true,     None),
            (429,      &[("ratelimit-remaining", "0;w=21600"), ("retry-after", "5")],    "",                       true,     Some(5)),
            (503,      &[("retry-after", "2")],                                          "",                       false,    Some(2)),
        ];
        for (status, pairs, body, exceeded, seconds) in rows {
            let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let (status, now) =
                (StatusCode::from_u16(*status).unwrap(), SystemTime::UNIX_EPOCH + Duration::from_secs(1000));
            let limit = rate_limit(status, &headers.collect(), body, now);
            let expected = RateLimit { exceeded: *exceeded, retry_after: seconds.map(Duration::from_secs) };
            assert_eq!(limit, expected, "{status} {pairs:?}");
        }
    }

    #[test]
    fn waits_longer_after_each_attempt_and_gives_up() {
        let retry_policy =
            RetryPolicy { max_attempts: 3, max_wait: Duration::from_secs(4), min_wait: Duration::from_secs(1) };
        for _ in 0..100 {
            let (first, second) = (retry_policy.wait(1, None).unwrap(), retry_policy.wait(2, None).unwrap());
            assert!((1.0..=2.0).contains(&first.as_secs_f64()), "{first:?}");
            assert!((2.0..=4.0).contains(&second.as_secs_f64()), "{second:?}");
            let requested = retry_policy.wait(1, Some(Duration::from_secs(3))).unwrap();
            assert!((3.0..=4.0).contains(&requested.as_secs_f64()), "{requested:?}");
        }
        assert_eq!(retry_policy.wait(3, None), None);
        assert_eq!(retry_policy.wait(1, Some(Duration::from_secs(5))), None, "a requested delay that is too long");
    }

    #[test]
    fn waits_longer_than_a_minute_for_a_limit_without_a_delay() {
        let policy = RetryPolicy::default();
        for _ in 0..100 {
            let waits: Vec<_> = (1..).map_while(|refused| policy.wait_for_limit(refused)).collect();
            let total = waits.iter().sum::<Duration>().as_secs();
            assert!(waits.len() == 7 && (61..=123).contains(&total), "{waits:?}");
            assert!(
                waits[0] <= Duration::from_secs(1) && waits.iter().all(|wait| *wait <= policy.max_wait),
                "{waits:?}"
            );
        }
        assert_eq!(RetryPolicy { max_attempts: 1, ..policy }.wait_for_limit(1), None);
    }
}
