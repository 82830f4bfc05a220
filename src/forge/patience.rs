//! How long to wait, and how often, before asking a forge again. Decides; sends nothing.

use std::time::Duration;

use reqwest::header::HeaderMap;

use super::error::{ForgeError, Refusal};

/// Bounds of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often a request is sent at most.
    pub attempts: u32,
    /// The pause after the first failure; it doubles with each, and up to half of it is added by chance.
    pub pause: Duration,
    /// The longest single wait that a forge can ask for; what is longer is an error.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { attempts: 4, pause: Duration::from_millis(500), longest: Duration::from_secs(90) }
    }
}

impl Patience {
    /// How long to wait before sending again what failed for the `attempt`th time, or `None` to give up.
    /// `repeatable` says whether sending twice does no harm; a limit is met before anything is done, so what it refused
    /// may be sent again in any case.
    pub(super) fn pause_after(&self, attempt: u32, failure: &ForgeError, repeatable: bool) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let chance = 1.0 + fastrand::f64() / 2.0;
        let own = self.pause.mul_f64(f64::from(1u32 << (attempt - 1).min(8)) * chance);
        match failure {
            ForgeError::RateLimited { wait: Some(wait), .. } => (*wait <= self.longest).then_some(*wait),
            // GitHub: "wait for at least one minute" where it names no time.
            ForgeError::RateLimited { wait: None, .. } => Some(self.longest.min(own * 20)),
            ForgeError::Unavailable { status: 500.., .. } | ForgeError::Unreachable { .. } if repeatable => Some(own),
            _ => None,
        }
    }
}

/// Reads a refusal from its status, headers and message. `now` is in seconds since 1970, for `x-ratelimit-reset`.
///
/// `Retry-After` in seconds is RFC 9110's; `RateLimit-Reset` is GitLab's; `x-ratelimit-*` are GitHub's and Gitea's.
/// GitHub answers 403 as well as 429, and its secondary limit is told by `Retry-After` or by the message.
pub(super) fn refusal(status: u16, headers: &HeaderMap, message: String, now: u64) -> Refusal {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let after = number("retry-after");
    let used_up = number("x-ratelimit-remaining") == Some(0);
    let reset = number("x-ratelimit-reset").filter(|_| used_up).or_else(|| number("ratelimit-reset"));
    let limited = match status {
        429 => true,
        403 => after.is_some() || used_up || message.to_ascii_lowercase().contains("rate limit"),
        _ => false,
    };
    let wait = after.or_else(|| reset.map(|at| at.saturating_sub(now) + 1)).map(Duration::from_secs);
    Refusal { status, message, wait, limited }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    /// Status, headers, message; whether a limit was met, and the seconds to wait.
    type Row = (u16, &'static [(&'static str, &'static str)], &'static str, bool, Option<u64>);

    #[test]
    fn what_forges_say_about_waiting() {
        #[rustfmt::skip]
        let table: &[Row] = &[
            // headers                                                                  message             limited  seconds
            (403,      &[],                                                              "no",                false,   None),
            (403,      &[("retry-after", "7")],                                          "abuse",             true,    Some(7)),
            (403,      &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1030")], "API rate limit",    true,    Some(31)),
            (403,      &[("x-ratelimit-remaining", "9"), ("x-ratelimit-reset", "1030")], "no scope",          false,   None),
            (403,      &[],                                                              "a secondary rate limit", true, None),
            (429,      &[("ratelimit-reset", "1010")],                                   "",                  true,    Some(11)),
            (429,      &[("retry-after", "Fri, 31 Dec 2027 23:59:59 GMT")],              "",                  true,    None),
            (503,      &[("retry-after", "2")],                                          "",                  false,   Some(2)),
        ];
        for (status, pairs, message, limited, seconds) in table {
            let got = refusal(*status, &headers(pairs), (*message).to_owned(), 1000);
            assert_eq!((got.limited, got.wait), (*limited, seconds.map(Duration::from_secs)), "{status} {pairs:?}");
        }
    }

    #[test]
    fn waiting_is_bounded_and_writes_are_not_repeated() {
        let patience = Patience::default();
        let limited =
            |seconds| ForgeError::RateLimited { action: "x".into(), wait: Some(Duration::from_secs(seconds)) };
        let down = ForgeError::Unavailable { action: "x".into(), status: 502, message: String::new() };
        let lost = ForgeError::Unavailable { action: "x".into(), status: 302, message: String::new() };
        assert_eq!(patience.pause_after(1, &limited(5), false), Some(Duration::from_secs(5)));
        assert_eq!(patience.pause_after(1, &limited(3600), false), None);
        assert_eq!(patience.pause_after(1, &down, false), None);
        assert_eq!(patience.pause_after(1, &lost, true), None);
        assert!(patience.pause_after(1, &down, true).unwrap() < Duration::from_millis(751));
        assert!(patience.pause_after(3, &down, true).unwrap() >= Duration::from_secs(2));
        assert_eq!(patience.pause_after(4, &down, true), None);
    }
}
