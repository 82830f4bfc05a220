//! Repeats a few times what a concurrent change of a branch made fail: the settings of the base branch, a check, a list, a run.

use std::time::Duration;

use crate::config::Config;
use crate::forge::Forge;
use crate::plan::FactsByReference;
use crate::registry::Requests;

use super::error::RunError;
use super::listed_once::ListedOnce;
use super::once::{Attempt, run_once};
use super::publish::build_facts;
use super::request::{RunRequest, Services};

/// The result of a run, retries included.
#[derive(Debug)]
pub struct RunOutcome {
    /// The last pass, with the results that earlier passes wrote.
    pub attempt: Attempt,
    /// Facts about the newest images, if the request includes ages.
    pub build_facts: FactsByReference,
    /// The number of requests to registries.
    pub registry_requests: Requests,
    /// The number of requests to the forge.
    pub forge_requests: u64,
}

/// How often something is repeated.
const RETRIES: u32 = 3;

/// Runs the pipeline until no branch changes concurrently, at most four times. After an error, nothing was written.
pub async fn run(services: Services<'_>, config: &Config, request: &RunRequest) -> Result<RunOutcome, RunError> {
    let registry = ListedOnce::new(services.registry);
    let services = Services { registry: &registry, ..services };
    let before = SentRequests::of(services);
    let mut attempt = repeat_on_race(async || run_once(services, config, request, 0).await).await?;
    for retry in 1..=RETRIES {
        if attempt.published.lost_race() {
            pause(retry, "a branch changed concurrently").await;
        } else if attempt.published.moved_base {
            // The next pass reads the base branch again.
        } else if let Some(cause) = replaced_base(services, config, &attempt).await {
            pause(retry, &cause).await;
        } else {
            break;
        }
        match run_once(services, config, request, attempt.published.opened()).await {
            Ok(next) => attempt = next.after(attempt),
            // Written groups stay written. A group whose branch changed concurrently is reported as failed.
            Err(error) => {
                tracing::warn!("cannot retry: {error}");
                break;
            }
        }
    }
    let build_facts =
        if request.ages { build_facts(services.registry, &attempt.decisions).await } else { FactsByReference::new() };
    let now = SentRequests::of(services);
    let (now_registry, before_registry) = (now.registry, before.registry);
    Ok(RunOutcome {
        attempt,
        build_facts,
        registry_requests: Requests {
            registry: now_registry.registry - before_registry.registry,
            token: now_registry.token - before_registry.token,
        },
        forge_requests: now.forge - before.forge,
    })
}

/// Does something that reads the base branch and writes nothing, and repeats it if the base branch changed meanwhile.
pub(super) async fn repeat_on_race<T>(read: impl AsyncFn() -> Result<T, RunError>) -> Result<T, RunError> {
    for retry in 1..=RETRIES {
        match read().await {
            Err(error) if error.is_race() => pause(retry, &error.to_string()).await,
            done => return done,
        }
    }
    read().await
}

/// Returns why the remote no longer has the base that a pass wrote to. A default branch that is renamed or deleted makes
/// requests to the forge fail, each in the words of the forge; one that moves, or that lost the commit, does not. So the remote
/// is queried after every pass that did something.
async fn replaced_base(services: Services<'_>, config: &Config, attempt: &Attempt) -> Option<String> {
    if !attempt.published.did_something() {
        return None;
    }
    match attempt.base.replaced(services.git, config).await {
        Ok(replaced) => replaced,
        Err(error) => {
            tracing::debug!("cannot read the base branch again: {error}");
            None
        }
    }
}

/// Waits for a random time, so that two concurrent runs do not conflict again.
async fn pause(retry: u32, cause: &str) {
    tracing::info!("{cause}; retrying on the newest base ({retry} of {RETRIES})");
    tokio::time::sleep(Duration::from_millis(fastrand::u64(100..500) << retry)).await;
}

/// Requests that clients have sent so far.
struct SentRequests {
    registry: Requests,
    forge: u64,
}

impl SentRequests {
    fn of(services: Services<'_>) -> Self {
        Self { registry: services.registry.requests(), forge: services.forge.map_or(0, Forge::requests) }
    }
}

impl Attempt {
    /// Returns this pass with the results that an earlier one wrote.
    fn after(self, earlier: Self) -> Self {
        Self { published: self.published.after(earlier.published), ..self }
    }
}
