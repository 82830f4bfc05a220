//! Limits how many requests to one origin run at the same time: grows slowly, shrinks at once when the origin is overloaded.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::retry::RetryPolicy;

/// The most concurrent requests to one origin.
pub(super) const MAX_CONCURRENCY: usize = 16;

/// The longest pause, whatever the origin requests: one day.
const MAX_PAUSE: Duration = Duration::from_secs(86_400);

/// The concurrency limit of one origin.
#[derive(Debug)]
pub(super) struct OriginLimiter {
    permits: Arc<Semaphore>,
    state: Mutex<LimiterState>,
}

#[derive(Debug)]
struct LimiterState {
    /// How many requests may run at the same time.
    concurrency: usize,
    /// Permits to discard when they are returned.
    excess: usize,
    /// Successful responses since the concurrency last changed.
    successes: usize,
    /// How often in a row the origin refused requests for a rate limit without a requested delay.
    refusals: u32,
    /// No request starts before this instant.
    paused_until: Option<Instant>,
}

/// The right to send one request; returned when dropped.
pub(super) struct Permit {
    limiter: Arc<OriginLimiter>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Permit {
    /// Records a successful response. After a full round of them, one more request may run at the same time.
    pub(super) fn succeed(&self) {
        self.limiter.succeed();
    }

    /// Records a response that is no refusal for a rate limit.
    pub(super) fn answer(&self) {
        self.limiter.with(|state| state.refusals = 0);
    }

    /// Records a 429 without a requested delay: as [`throttle`](Self::throttle), with a pause that is longer after each refusal in a
    /// row. All requests wait for it, so that those that arrive later do not use up the next window of the limit.
    pub(super) fn refuse(&self, retry_policy: &RetryPolicy) {
        self.limiter.refuse(retry_policy);
    }

    /// Records a 429 or 503: halves the concurrency and pauses all requests.
    pub(super) fn throttle(&self, pause: Duration) {
        self.limiter.throttle(pause);
    }
}

impl OriginLimiter {
    pub(super) fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(MAX_CONCURRENCY)),
            state: Mutex::new(LimiterState {
                concurrency: MAX_CONCURRENCY,
                excess: 0,
                successes: 0,
                refusals: 0,
                paused_until: None,
            }),
        }
    }

    /// Waits for a permit. Returns the remaining pause as the error if it is longer than `max_wait`.
    pub(super) async fn acquire(self: &Arc<Self>, max_wait: Duration) -> Result<Permit, Duration> {
        // The semaphore is never closed, so this always ends with a permit.
        let permit = self.permits.clone().acquire_owned().await.ok();
        let permit = Permit { limiter: self.clone(), permit };
        while let Some(until) = self.with(|state| state.paused_until.filter(|until| *until > Instant::now())) {
            let wait = until.duration_since(Instant::now());
            if wait > max_wait {
                return Err(wait);
            }
            sleep_until(until).await;
        }
        Ok(permit)
    }

    fn succeed(&self) {
        let adds_permit = self.with(|state| {
            state.successes += 1;
            if state.concurrency >= MAX_CONCURRENCY || state.successes <= state.concurrency {
                return false;
            }
            state.concurrency += 1;
            state.successes = 0;
            if state.excess > 0 {
                state.excess -= 1;
                return false;
            }
            true
        });
        if adds_permit {
            self.permits.add_permits(1);
        }
    }

    /// Returns whether the origin refused requests so often in a row that the retry policy gives up.
    pub(super) fn is_exhausted(&self, retry_policy: &RetryPolicy) -> bool {
        self.with(|state| retry_policy.wait_for_limit(state.refusals).is_none())
    }

    fn refuse(&self, retry_policy: &RetryPolicy) {
        let pause = self.with(|state| {
            let is_paused = state.paused_until.is_some_and(|paused| paused > Instant::now());
            state.refusals += u32::from(!is_paused);
            retry_policy.wait_for_limit(state.refusals)
        });
        self.throttle(pause.unwrap_or(retry_policy.min_wait));
    }

    fn throttle(&self, pause: Duration) {
        self.with(|state| {
            let now = Instant::now();
            let until = now + pause.min(MAX_PAUSE);
            // Many requests that fail at the same time count once.
            if state.paused_until.is_none_or(|paused| paused <= now) {
                let half = (state.concurrency / 2).max(1);
                state.excess += state.concurrency - half;
                state.concurrency = half;
                state.successes = 0;
            }
            state.paused_until = Some(state.paused_until.map_or(until, |paused| paused.max(until)));
        });
    }

    fn with<T>(&self, change: impl FnOnce(&mut LimiterState) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let is_excess = self.limiter.with(|state| {
            let is_excess = state.excess > 0;
            state.excess = state.excess.saturating_sub(1);
            is_excess
        });
        if is_excess && let Some(permit) = self.permit.take() {
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn halves_concurrency_when_throttled_and_grows_after_a_round_of_successes() {
        let is_full = async |limiter: &Arc<OriginLimiter>| {
            tokio::time::timeout(Duration::from_millis(30), limiter.acquire(MINUTE)).await.is_err()
        };
        let limiter = Arc::new(OriginLimiter::new());
        let first = limiter.acquire(MINUTE).await.unwrap();
        limiter.throttle(Duration::from_millis(60));
        limiter.throttle(Duration::from_millis(20));
        assert_eq!(limiter.with(|state| state.concurrency), 8, "simultaneous failures count once");
        drop(first);
        let start = Instant::now();
        drop(limiter.acquire(MINUTE).await.unwrap());
        assert!(start.elapsed() >= Duration::from_millis(50), "waits for the longer of the two pauses");
        for _ in 0..6 {
            drop(limiter.acquire(MINUTE).await.unwrap());
        }
        let mut permits = Vec::new();
        for _ in 0..8 {
            permits.push(limiter.acquire(MINUTE).await.unwrap());
        }
        assert!(is_full(&limiter).await, "eight at a time");
        (0..9).for_each(|_| limiter.succeed());
        assert!(!is_full(&limiter).await, "nine after a round of successes");
        permits[0].throttle(Duration::from_secs(3600));
        permits.clear();
        let wait = limiter.acquire(MINUTE).await.err().unwrap();
        assert!(wait > Duration::from_secs(3590), "a pause of an hour is an error");
        assert!(limiter.acquire(MINUTE).await.is_err(), "a failed acquire keeps no permit");
    }
}
