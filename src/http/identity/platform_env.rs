//! The world that credentials come from: environment variables, files, and the cloud's own services.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;

use crate::http::{Client, ClientOptions, HttpError, Request, Response, RetryPolicy, Url};
use crate::secret::Secret;

/// Where a process runs. Made from the real environment in one place, from plain data in tests.
#[derive(Debug)]
pub struct PlatformEnv {
    environment: BTreeMap<String, String>,
    /// Now, for signatures that hold for minutes.
    now: fn() -> Timestamp,
    /// Where all questions go instead of to the clouds themselves.
    gateway: Option<Url>,
    /// Through the proxies of the environment.
    outside: OnceLock<Client>,
    /// Never through a proxy: metadata services answer those who ask from the machine itself.
    beside: OnceLock<Client>,
}

impl PlatformEnv {
    /// Looks at these variables only.
    pub fn new(environment: BTreeMap<String, String>) -> Self {
        Self { environment, now: Timestamp::now, gateway: None, outside: OnceLock::new(), beside: OnceLock::new() }
    }

    /// The same at a fixed time, and behind a gateway that stands for all clouds: so that requests can be compared.
    #[must_use]
    pub fn staged(mut self, now: fn() -> Timestamp, gateway: Url) -> Self {
        (self.now, self.gateway) = (now, Some(gateway));
        self
    }

    /// The current time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    pub(crate) fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// A variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The same for a value that is secret.
    pub(crate) fn secret(&self, name: &str) -> Option<Secret> {
        self.variable(name).map(Secret::new)
    }

    /// A path relative to the user's home folder.
    pub(crate) fn home(&self, path: &str) -> Option<PathBuf> {
        self.variable("HOME").or_else(|| self.variable("USERPROFILE")).map(|home| Path::new(home).join(path))
    }

    /// A file as text; errors name the file.
    pub(crate) fn read(&self, path: &Path) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Asks a service of the cloud over the network.
    pub(crate) async fn ask(&self, request: Request) -> Result<Response, HttpError> {
        client(&self.outside, ClientOptions::default(), RetryPolicy::default())?.send(self.routed(request)).await
    }

    /// Asks a service on or beside this machine, and takes silence for absence after a second.
    pub(crate) async fn query_metadata(&self, request: Request) -> Result<Response, HttpError> {
        let once = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
        let profile = ClientOptions { no_proxy: true, ..ClientOptions::default() };
        client(&self.beside, profile, once)?.send(self.routed(request).timeout(Duration::from_secs(1))).await
    }

    fn routed(&self, request: Request) -> Request {
        match &self.gateway {
            Some(gateway) => request.via(gateway),
            None => request,
        }
    }
}

fn client(slot: &OnceLock<Client>, profile: ClientOptions, retry_policy: RetryPolicy) -> Result<Client, HttpError> {
    if let Some(client) = slot.get() {
        return Ok(client.clone());
    }
    let client = Client::new(&profile)?.with_retry_policy(retry_policy);
    Ok(slot.get_or_init(|| client).clone())
}
