//! When a forge is asked again, and what its refusals say about waiting. Decides; sends nothing.

use std::time::Duration;

use crate::http::RetryPolicy;
use crate::http::header::HeaderMap;

use super::error::{ForgeError, Refusal};

/// GitHub: where a secondary limit names no time, "wait for at least one minute".
const UNNAMED: Duration = Duration::from_secs(60);

/// How long to wait before sending again what failed for the `tried`th time, or `None` to give up. `repeatable` says
/// whether sending twice does no harm; a limit is met before anything is done, so what it refused may be sent again in
/// any case.
pub(super) fn pause_after(
    retry_policy: RetryPolicy,
    tried: u32,
    failure: &ForgeError,
    repeatable: bool,
) -> Option<Duration> {
    match failure {
        ForgeError::RateLimited { wait, .. } => retry_policy.wait(tried, Some(wait.unwrap_or(UNNAMED))),
        ForgeError::Unavailable { status: 500.., .. } | ForgeError::Unreachable { .. } if repeatable => {
            retry_policy.wait(tried, None)
        }
        _ => None,
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
        let retry_policy =
            RetryPolicy { max_attempts: 3, max_wait: Duration::from_secs(70), min_wait: Duration::from_millis(1) };
        let limited = |wait| ForgeError::RateLimited { action: "x".into(), wait };
        let unavailable = |status| ForgeError::Unavailable { action: "x".into(), status, message: String::new() };
        let pause =
            |failure: &ForgeError, repeatable| pause_after(retry_policy, 1, failure, repeatable).map(|d| d.as_secs());
        assert_eq!(pause(&limited(Some(Duration::from_secs(5))), false), Some(5));
        assert_eq!(pause(&limited(None), false), Some(60));
        assert_eq!(pause(&limited(Some(Duration::from_secs(3600))), true), None);
        assert_eq!(pause(&unavailable(502), false), None);
        assert_eq!(pause(&unavailable(302), true), None);
        assert_eq!(pause(&unavailable(502), true), Some(0));
        assert_eq!(pause_after(retry_policy, 3, &unavailable(502), true), None);
    }
}
