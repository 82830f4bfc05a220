//! The environment that credentials come from: variables, files, and the services of the cloud.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;

use crate::http::{Client, ClientOptions, HttpError, Request, Response, RetryPolicy, Url};
use crate::secret::Secret;

use super::job_token::JobToken;

/// How long a metadata service may take; off its cloud, nothing answers.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// The environment of a process. Built from the real environment in one place, from plain data in tests.
#[derive(Debug)]
pub struct PlatformEnv {
    environment: BTreeMap<String, String>,
    now: fn() -> Timestamp,
    /// The host of the git remote, in lower case, if there is one.
    remote_host: Option<String>,
    /// The tokens that a CI system set for this job.
    job_tokens: Vec<JobToken>,
    /// Receives all requests instead of the clouds.
    gateway: Option<Url>,
    /// Uses the proxies of the environment.
    client: OnceLock<Client>,
    /// Uses no proxy: metadata services answer only the machine itself.
    metadata_client: OnceLock<Client>,
}

impl PlatformEnv {
    /// Returns an environment with these variables.
    pub fn new(environment: BTreeMap<String, String>) -> Self {
        let (client, metadata_client) = (OnceLock::new(), OnceLock::new());
        let (now, job_tokens) = (Timestamp::now as fn() -> Timestamp, Vec::new());
        Self { environment, now, remote_host: None, job_tokens, gateway: None, client, metadata_client }
    }

    /// Returns the environment of a repository whose git remote is on this host: tokens that people set are for that host.
    #[must_use]
    pub fn with_remote_host(mut self, host: Option<String>) -> Self {
        self.remote_host = host;
        self
    }

    /// Returns the environment of a CI job with these tokens: only the server of the job and its registry receive them.
    #[must_use]
    pub fn with_job_tokens(mut self, tokens: Vec<JobToken>) -> Self {
        self.job_tokens = tokens;
        self
    }

    /// Returns the environment at a fixed time and behind a gateway that replaces all clouds, for tests.
    #[must_use]
    pub fn with_gateway(mut self, now: fn() -> Timestamp, gateway: Url) -> Self {
        (self.now, self.gateway) = (now, Some(gateway));
        self
    }

    /// Returns the current time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Returns the host of the git remote, in lower case.
    pub(crate) fn remote_host(&self) -> Option<&str> {
        self.remote_host.as_deref()
    }

    /// Returns the tokens that a CI system set for this job.
    pub(crate) fn job_tokens(&self) -> &[JobToken] {
        &self.job_tokens
    }

    /// Returns the variables for programs that print credentials: all but those of this program, which hold its tokens and keys.
    pub(crate) fn inherited(&self) -> BTreeMap<String, String> {
        let others = self.environment.iter().filter(|(name, _)| !name.starts_with("TAGBOAT_"));
        others.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Returns a variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Returns a variable whose value is secret.
    pub(crate) fn secret(&self, name: &str) -> Option<Secret> {
        self.variable(name).map(Secret::new)
    }

    /// Returns a path in the user's home folder.
    pub(crate) fn home(&self, path: &str) -> Option<PathBuf> {
        self.variable("HOME").or_else(|| self.variable("USERPROFILE")).map(|home| Path::new(home).join(path))
    }

    /// Reads a text file; an error names the file.
    pub(crate) fn read(&self, path: &Path) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    }

    /// Sends a request to a service of the cloud.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let client = client(&self.client, ClientOptions::default(), RetryPolicy::default())?;
        client.send(self.routed(request)).await
    }

    /// Sends a request to a metadata service of this machine: once, without a proxy, for at most a second.
    pub(crate) async fn query_metadata(&self, request: Request) -> Result<Response, HttpError> {
        let once = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
        let options = ClientOptions { no_proxy: true, ..ClientOptions::default() };
        let client = client(&self.metadata_client, options, once)?;
        client.send(self.routed(request).timeout(METADATA_TIMEOUT)).await
    }

    fn routed(&self, request: Request) -> Request {
        match &self.gateway {
            Some(gateway) => request.via(gateway),
            None => request,
        }
    }
}

/// Parses a URL; an error names it.
pub(crate) fn parse_url(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| format!("invalid URL `{}`: {error}", text.escape_debug()))
}

fn client(slot: &OnceLock<Client>, options: ClientOptions, retry_policy: RetryPolicy) -> Result<Client, HttpError> {
    if let Some(client) = slot.get() {
        return Ok(client.clone());
    }
    let client = Client::new(&options)?.with_retry_policy(retry_policy);
    Ok(slot.get_or_init(|| client).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_inherit_no_variable_of_this_one() {
        let names = ["PATH", "AWS_PROFILE", "TAGBOAT_APP_PRIVATE_KEY", "TAGBOAT_SIGNING_KEY", "TAGBOAT_FORGE_TOKEN"];
        let environment = names.map(|name| (name.to_owned(), "planted".to_owned()));
        let inherited = PlatformEnv::new(environment.into()).inherited();
        assert_eq!(inherited.into_keys().collect::<Vec<_>>(), ["AWS_PROFILE", "PATH"]);
    }
}
