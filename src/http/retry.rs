//! How long to wait before the same question is asked again.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// How often and how long a request is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Tries in all, the first included.
    pub tries: u32,
    /// The longest wait between two tries. A server that asks for more is not waited for: that is an error that says so.
    pub longest: Duration,
    /// The first wait; each further one is up to twice as long.
    pub shortest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 4, longest: Duration::from_secs(60), shortest: Duration::from_millis(250) }
    }
}

impl Patience {
    /// The wait after a try failed, `tried` tries having been made; `None` to give up.
    pub fn wait(&self, tried: u32, asked: Option<Duration>) -> Option<Duration> {
        if tried >= self.tries {
            return None;
        }
        match asked {
            Some(asked) if asked > self.longest => None,
            // A little more than asked for, and not all at the same instant.
            Some(asked) => Some(asked + self.shortest.mul_f64(fastrand::f64())),
            None => {
                let ceiling = self.shortest.saturating_mul(1 << tried.min(16)).min(self.longest);
                Some(ceiling.mul_f64(0.5 + fastrand::f64() / 2.0))
            }
        }
    }
}

/// What `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3); a date in the past asks for nothing.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
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
    fn seconds_and_dates() {
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

    #[test]
    fn waits_grow_and_end() {
        let patience = Patience { tries: 3, longest: Duration::from_secs(4), shortest: Duration::from_secs(1) };
        for _ in 0..100 {
            let (first, second) = (patience.wait(1, None).unwrap(), patience.wait(2, None).unwrap());
            assert!((1.0..=2.0).contains(&first.as_secs_f64()), "{first:?}");
            assert!((2.0..=4.0).contains(&second.as_secs_f64()), "{second:?}");
            let asked = patience.wait(1, Some(Duration::from_secs(3))).unwrap();
            assert!((3.0..=4.0).contains(&asked.as_secs_f64()), "{asked:?}");
        }
        assert_eq!(patience.wait(3, None), None);
        assert_eq!(patience.wait(1, Some(Duration::from_secs(5))), None, "a server that asks for too long");
    }
}
