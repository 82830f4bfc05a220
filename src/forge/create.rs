//! What all forges do alike when they write: open once, and send only what differs. Knows no forge.

use async_trait::async_trait;

use crate::http::RetryPolicy;
use crate::plan::{Proposal, PullRequest};

use super::error::ForgeError;
use super::forge::{Forge, Written};

/// A forge, as far as opening goes.
#[async_trait]
pub(super) trait CreatePullRequest: Forge {
    /// What a refusal says when a pull request for that branch is open already.
    const EXISTS: &'static str;
    /// What a refusal says when the branch, pushed a moment ago, is not seen yet. The same words are said of a branch
    /// that isn't there, so they are believed only after asking again.
    const UNSEEN: &'static str;
    /// Whether a second opening would rewrite the first, so that one has to look before.
    const REWRITES: bool = false;

    fn retry_policy(&self) -> RetryPolicy;

    /// Sends the one request that makes a pull request.
    async fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError>;

    /// The open pull request of the proposal's branch, if there is one.
    async fn find_open(&self, proposal: &Proposal) -> Result<Option<PullRequest>, ForgeError>;

    /// Gives a new pull request what it could not be made with: labels, people. What can't be done becomes a warning.
    async fn complete(&self, written: &mut Written, proposal: &Proposal);
}

/// The pull request of a proposal.
enum Opened {
    /// Made by this run.
    New(PullRequest),
    /// Made before.
    Existing(PullRequest),
}

/// CreatePullRequest a pull request, or brings the one that is open already up to date.
pub(super) async fn open<F: CreatePullRequest>(forge: &F, proposal: &Proposal) -> Result<Written, ForgeError> {
    let limits = forge.limits();
    limits.fits(&proposal.title, &proposal.body)?;
    let found = if F::REWRITES { forge.find_open(proposal).await? } else { None };
    let opened = match found {
        Some(found) => Opened::Existing(found),
        None => open_once(forge, proposal).await?,
    };
    match opened {
        Opened::Existing(found) => forge.update(&found, proposal).await,
        Opened::New(pull_request) => {
            let mut written = Written { pull_request, warnings: limits.unknown(&proposal.extras) };
            forge.complete(&mut written, proposal).await;
            Ok(written)
        }
    }
}

/// CreatePullRequest a pull request without ever making a second: after an answer that leaves open what happened, looks before it
/// sends again, once.
async fn open_once<F: CreatePullRequest>(forge: &F, proposal: &Proposal) -> Result<Opened, ForgeError> {
    let failure = match create_when_seen(forge, proposal).await {
        Ok(pull_request) => return Ok(Opened::New(pull_request)),
        Err(failure) => failure,
    };
    let exists = says(&failure, F::EXISTS);
    if !exists && !failure.is_ambiguous() {
        return Err(failure);
    }
    match forge.find_open(proposal).await? {
        Some(found) if exists => Ok(Opened::Existing(found)),
        Some(found) => Ok(Opened::New(found)),
        None if exists => Err(failure),
        None => forge.create(proposal).await.map(Opened::New),
    }
}

async fn create_when_seen<F: CreatePullRequest>(forge: &F, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
    let retry_policy = forge.retry_policy();
    let mut tried = 1;
    loop {
        match forge.create(proposal).await {
            Err(failure) if says(&failure, F::UNSEEN) => match retry_policy.wait(tried, None) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(failure),
            },
            done => return done,
        }
        tried += 1;
    }
}

fn says(failure: &ForgeError, words: &str) -> bool {
    match failure {
        ForgeError::Refused { message, .. } | ForgeError::NotFound { message, .. } => message.contains(words),
        _ => false,
    }
}

/// What of a pull request is not as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference<'a> {
    pub(super) title: Option<&'a str>,
    pub(super) body: Option<&'a str>,
    pub(super) base: Option<&'a str>,
    /// Labels to add.
    pub(super) labels: Vec<String>,
}

impl<'a> Difference<'a> {
    pub(super) fn between(existing: &PullRequest, proposal: &'a Proposal) -> Self {
        let has = |name: &&String| existing.labels.iter().any(|label| label.eq_ignore_ascii_case(name));
        Self {
            title: (existing.title != proposal.title).then_some(&*proposal.title),
            // A body that a person saved in a browser has the line ends of a form.
            body: (existing.body.replace("\r\n", "\n") != proposal.body).then_some(&*proposal.body),
            base: (existing.base != proposal.base).then_some(proposal.base.as_str()),
            labels: proposal.extras.labels.iter().filter(|name| !has(name)).cloned().collect(),
        }
    }

    /// Whether title, body and base are right; labels are often set in another way.
    pub(super) fn is_only_labels(&self) -> bool {
        self.title.is_none() && self.body.is_none() && self.base.is_none()
    }
}

/// The pull request that an answer shows, or that it shows none.
pub(super) fn shown(action: &str, observed: Option<PullRequest>) -> Result<PullRequest, ForgeError> {
    let reason = "it names a branch that git would refuse".to_owned();
    observed.ok_or_else(|| ForgeError::Malformed { action: action.to_owned(), reason })
}

/// A warning: labels or people that could not be set, while the pull request stands.
pub(super) fn not_set(what: &'static str, names: Vec<String>, on: &PullRequest, source: ForgeError) -> ForgeError {
    ForgeError::NotSet { what, names, url: on.url.clone(), source: Box::new(source) }
}

/// A reason for [`not_set`] that the forge didn't give as an error.
pub(super) fn ignored(action: &str, message: &str) -> ForgeError {
    ForgeError::Refused { action: action.to_owned(), status: 200, message: message.to_owned() }
}
