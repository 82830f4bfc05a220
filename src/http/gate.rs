//! How many requests may be under way to one origin, and since when none: widens slowly, narrows at once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// Requests to one origin at a time, at most.
pub(super) const WIDEST: usize = 16;

/// The door to one origin.
#[derive(Debug)]
pub(super) struct Gate {
    permits: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Requests allowed at a time.
    width: usize,
    /// Permits to be taken out of circulation as they come back.
    excess: usize,
    /// Answers without complaint since the width was last changed.
    calm: usize,
    /// Nobody passes earlier.
    closed_until: Option<Instant>,
}

/// The right to one request; given back on drop.
pub(super) struct Pass {
    gate: Arc<Gate>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Pass {
    /// An answer without complaint: after a whole round of them, one more request may be under way.
    pub(super) fn calm(&self) {
        self.gate.calm();
    }

    /// The origin asks for patience: half as many at a time, and nobody for that long.
    pub(super) fn narrow(&self, pause: Duration) {
        self.gate.narrow(pause);
    }
}

impl Gate {
    pub(super) fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(WIDEST)),
            state: Mutex::new(State { width: WIDEST, excess: 0, calm: 0, closed_until: None }),
        }
    }

    /// Waits for a turn; if it is closed for longer than `longest`, that is told instead.
    pub(super) async fn pass(self: &Arc<Self>, longest: Duration) -> Result<Pass, Duration> {
        // The semaphore is never closed, so there always is a permit in the end.
        let permit = self.permits.clone().acquire_owned().await.ok();
        let pass = Pass { gate: self.clone(), permit };
        while let Some(until) = self.with(|state| state.closed_until.filter(|until| *until > Instant::now())) {
            let wait = until.duration_since(Instant::now());
            if wait > longest {
                return Err(wait);
            }
            sleep_until(until).await;
        }
        Ok(pass)
    }

    fn calm(&self) {
        let wider = self.with(|state| {
            state.calm += 1;
            let wider = state.width < WIDEST && state.calm > state.width;
            if wider {
                state.width += 1;
                state.calm = 0;
            }
            if wider && state.excess > 0 {
                state.excess -= 1;
                return false;
            }
            wider
        });
        if wider {
            self.permits.add_permits(1);
        }
    }

    fn narrow(&self, pause: Duration) {
        self.with(|state| {
            // Nobody means more than a day.
            let until = Instant::now() + pause.min(Duration::from_secs(86_400));
            // One storm is one complaint, however many requests were under way.
            if state.closed_until.is_none_or(|closed| closed <= Instant::now()) {
                let half = (state.width / 2).max(1);
                state.excess += state.width - half;
                state.width = half;
                state.calm = 0;
            }
            state.closed_until = Some(state.closed_until.map_or(until, |closed| closed.max(until)));
        });
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let keep = self.gate.with(|state| {
            let keep = state.excess == 0;
            state.excess = state.excess.saturating_sub(1);
            keep
        });
        if let (false, Some(permit)) = (keep, self.permit.take()) {
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn narrows_at_once_and_widens_slowly() {
        let blocked =
            async |gate: &Arc<Gate>| tokio::time::timeout(Duration::from_millis(30), gate.pass(MINUTE)).await.is_err();
        let gate = Arc::new(Gate::new());
        let first = gate.pass(MINUTE).await.unwrap();
        gate.narrow(Duration::from_millis(60));
        gate.narrow(Duration::from_millis(20));
        assert_eq!(gate.with(|state| state.width), 8, "one storm narrows once");
        drop(first);
        let start = Instant::now();
        drop(gate.pass(MINUTE).await.unwrap());
        assert!(start.elapsed() >= Duration::from_millis(50), "closed for as long as was asked");
        for _ in 0..6 {
            drop(gate.pass(MINUTE).await.unwrap());
        }
        let mut passes = Vec::new();
        for _ in 0..8 {
            passes.push(gate.pass(MINUTE).await.unwrap());
        }
        assert!(blocked(&gate).await, "eight at a time");
        (0..9).for_each(|_| gate.calm());
        assert!(!blocked(&gate).await, "nine after a calm round");
        passes[0].narrow(Duration::from_secs(3600));
        passes.clear();
        let wait = gate.pass(MINUTE).await.err().unwrap();
        assert!(wait > Duration::from_secs(3590), "nobody waits for an hour");
        assert!(gate.pass(MINUTE).await.is_err(), "whoever does not wait takes no turn");
    }
}
