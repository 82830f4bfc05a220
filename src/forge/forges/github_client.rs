//! octocrab on the HTTP client of all forges: octocrab builds requests and models responses, [`ApiClient`] sends them.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use serde_json::{Value, json};
use tower_service::Service;

use crate::forge::client::{ApiClient, RequestError};
use crate::forge::error::ForgeError;
use crate::forge::failure::malformed;
use crate::forge::forge::ForgeKind;
use crate::forge::settings::ConnectionSettings;
use crate::http::Method;

/// Headers that GitHub requires of every client.
const HEADERS: &[(&str, &str)] = &[("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")];

/// The REST and GraphQL APIs of one server.
pub(super) struct GitHubClient {
    rest: ApiClient,
    graphql: ApiClient,
    octocrab: Octocrab,
}

impl GitHubClient {
    /// Returns a client for the server of `settings`. Must be called inside a tokio runtime: octocrab starts a task.
    pub(super) fn new(settings: &ConnectionSettings, kind: &'static ForgeKind) -> Result<Self, ForgeError> {
        let repository = format!("/repos/{}", settings.address.repository);
        let rest = ApiClient::new(settings, kind, &repository)?.with_headers(HEADERS);
        // https://docs.github.com/en/enterprise-server/graphql/guides/managing-enterprise-accounts: `/api/graphql`,
        // next to `/api/v3`. octocrab would send it to `/api/v3/graphql`.
        let graphql = rest.clone().with_root(rest.root().trim_end_matches("/v3").to_owned());
        let Ok(octocrab) =
            OctocrabBuilder::new_empty().with_service(Transport(rest.clone())).with_auth(AuthState::None).build();
        Ok(Self { rest, graphql, octocrab })
    }

    /// Returns the full name to which the repository was renamed, as far as a response has shown it.
    pub(super) fn new_name(&self) -> Option<String> {
        self.rest.new_name()
    }

    /// Returns the current owner of the repository, from the configured one.
    pub(super) fn owner(&self, configured: &str) -> String {
        let name = self.new_name();
        name.as_deref().and_then(|name| name.split('/').next()).unwrap_or(configured).to_owned()
    }

    /// Returns how many requests were sent so far.
    pub(super) fn requests(&self) -> u64 {
        self.rest.requests()
    }

    /// Returns the host of the web site: that of the API, without the `api.` of github.com.
    pub(super) fn host(&self) -> String {
        let url = crate::http::Url::parse(self.rest.root()).ok();
        let host = url.and_then(|url| Some(url.host_str()?.to_owned())).unwrap_or_default();
        host.strip_prefix("api.").map(str::to_owned).unwrap_or(host)
    }

    /// Runs a request of octocrab and returns its failure as an error of this crate.
    pub(super) async fn call<T>(
        &self,
        action: &str,
        request: impl AsyncFnOnce(&Octocrab) -> octocrab::Result<T>,
    ) -> Result<T, ForgeError> {
        request(&self.octocrab).await.map_err(|error| self.explain(action, error))
    }

    /// Sends a GraphQL query or mutation and returns its `data`. octocrab would drop the types of its errors.
    pub(super) async fn graphql(&self, action: &str, query: &str, variables: Value) -> Result<Value, ForgeError> {
        let body = json!({ "query": query, "variables": variables });
        let is_query = query.starts_with("query");
        let response = self.graphql.send_as::<Value>(action, Method::POST, "/graphql", Some(&body), is_query).await?;
        let mut answer = response.body;
        let Some(first) = answer["errors"].as_array().and_then(|errors| errors.first()) else {
            return Ok(answer["data"].take());
        };
        let message = first["message"].as_str().unwrap_or_default().to_owned();
        let kind = first["type"].as_str().unwrap_or_default();
        let action = action.to_owned();
        Err(match kind {
            "FORBIDDEN" | "INSUFFICIENT_SCOPES" => self.rest.forbidden(&action, message),
            "NOT_FOUND" => ForgeError::NotFound { action, message },
            "RATE_LIMITED" | "RATE_LIMIT" => ForgeError::RateLimited { action, wait: None },
            "STALE_DATA" => ForgeError::BranchChanged { action },
            _ => ForgeError::refused(&action, None, &message),
        })
    }

    fn explain(&self, action: &str, error: octocrab::Error) -> ForgeError {
        match error {
            octocrab::Error::Service { source, .. } => match source.downcast::<RequestError>() {
                Ok(error) => self.rest.explain(action, *error),
                Err(error) => {
                    let reason = error.to_string();
                    ForgeError::Unreachable { action: action.to_owned(), reason, hint: None }
                }
            },
            octocrab::Error::Json { source, .. } => malformed(action, &source),
            octocrab::Error::Serde { source, .. } => malformed(action, &source),
            // A list in none of the forms that octocrab reads.
            octocrab::Error::Other { source, .. } => malformed(action, &source),
            error => malformed(action, &error),
        }
    }
}

/// The service below octocrab.
struct Transport(ApiClient);

impl Service<hyper::Request<OctoBody>> for Transport {
    type Response = hyper::Response<Full<Bytes>>;
    type Error = RequestError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: hyper::Request<OctoBody>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let route = parts.uri.path_and_query().map_or("/", |route| route.as_str()).to_owned();
            let broken = |error: octocrab::Error| RequestError::from(malformed(&route, &error));
            let body = body.collect().await.map_err(broken)?.to_bytes();
            let body = (!body.is_empty()).then(|| body.to_vec());
            let idempotent = parts.method != Method::POST;
            let answer = client.exchange(parts.method, &route, body, idempotent).await?;
            let mut response = hyper::Response::new(Full::new(Bytes::from(answer.body)));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}
