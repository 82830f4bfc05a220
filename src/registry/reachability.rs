//! Which registries receive no further request in a run: those without a connection, those that do not answer in time, and those
//! whose rate limit did not end while requests were repeated.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::http::HttpError;
use crate::image::ImageName;

use super::error::RegistryError;
use super::host_failure::{host, unreachable_host};

/// After how many images without an answer in time a registry receives no further request.
const TIMED_OUT_IMAGES: usize = 3;

/// What the requests of a run have shown about a registry.
#[derive(Debug, Default)]
pub(super) struct Reachability(Mutex<Failures>);

#[derive(Debug, Default)]
struct Failures {
    /// Set if no connection is possible, for the host alone: the request was for one image, and the error is that of all.
    unreachable: Option<Arc<HttpError>>,
    /// The address of the registry, since it refused the last attempt of a request for a rate limit.
    limited: Option<String>,
    /// The images whose requests timed out since the last answer.
    timed_out: BTreeSet<String>,
}

impl Reachability {
    /// Fails if no further request is sent. `label` names the image in the error.
    pub(super) fn check(&self, registry: &str, label: &str) -> Result<(), RegistryError> {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let image = label.to_owned();
        match &failures.unreachable {
            Some(source) => Err(RegistryError::Http { image, source: source.clone() }),
            None if let Some(url) = &failures.limited => {
                Err(RegistryError::RateLimited { image, url: url.clone(), retry_after: None })
            }
            None if failures.timed_out.len() >= TIMED_OUT_IMAGES => {
                Err(RegistryError::GaveUp { image, registry: registry.to_owned(), images: failures.timed_out.len() })
            }
            None => Ok(()),
        }
    }

    /// Records the response to a request for an image. `is_first` is true for the first request to the registry, which alone
    /// decides whether a connection is possible.
    pub(super) fn record<T>(&self, name: &ImageName, is_first: bool, response: &Result<T, RegistryError>) {
        match response {
            Err(RegistryError::Http { source, .. }) if is_first && let Some(error) = unreachable_host(source) => {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).unreachable = Some(Arc::new(error));
            }
            response if is_timeout(response) => self.timed_out(name),
            Err(RegistryError::RateLimited { url, retry_after: None, .. }) => {
                let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                failures.timed_out.clear();
                failures.limited = Some(host(url));
            }
            // A request that was not sent says nothing; any other error is an answer of the registry.
            Err(RegistryError::Http { .. } | RegistryError::Credential { .. }) => {}
            Ok(_) | Err(_) => {
                let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                failures.timed_out.clear();
                failures.limited = None;
            }
        }
    }

    /// Records that the requests for an image took too long.
    pub(super) fn timed_out(&self, name: &ImageName) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.timed_out.insert(name.familiar().to_owned());
    }
}

/// Returns whether a registry did not answer a request in time.
pub(super) fn is_timeout<T>(response: &Result<T, RegistryError>) -> bool {
    matches!(response, Err(RegistryError::Http { source, .. }) if matches!(**source, HttpError::Timeout { .. }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn names_the_host_and_not_the_url_of_another_image() {
        let text = str::to_owned;
        let connect = |url: &str| HttpError::Connect { url: text(url), proxy: None, cause: text("refused") };
        let tls = |url: &str| HttpError::Tls { url: text(url), cause: text("expired") };
        let rows = [
            (connect("https://a.test/v2/api/tags/list"), "cannot connect to https://a.test: refused"),
            (
                connect("https://login.a.test:8443/token?scope=…"),
                "cannot connect to https://login.a.test:8443: refused",
            ),
            (
                tls("https://a.test/v2/api/tags/list"),
                "cannot establish a trusted connection to https://a.test: expired",
            ),
        ];
        for (source, expected) in rows {
            let reachability = Reachability::default();
            let hint = source.hint().to_string();
            let first = Err::<(), _>(RegistryError::Http { image: text("a.test/api"), source: Arc::new(source) });
            reachability.record(&ImageName::new("a.test/api").unwrap(), true, &first);
            let error = reachability.check("a.test", "a.test/web").unwrap_err();
            assert_eq!((error.to_string(), error.image()), (text(expected), Some("a.test/web")));
            assert_eq!(error.hint().to_string(), hint, "{expected}");
        }
    }

    #[test]
    fn gives_up_after_timeouts_of_different_images_without_an_answer_between() {
        type Responses = &'static [(&'static str, Response)];
        #[derive(Debug)]
        enum Response {
            Whole,
            Denied,
            Closed,
            TimedOut,
        }
        use Response::{Closed, Denied, TimedOut, Whole};
        let name = |text: &str| ImageName::new(text).unwrap();
        let failed = |error| Err(RegistryError::Http { image: "a".to_owned(), source: Arc::new(error) });
        let url = || "https://a.test".to_owned();
        let result = |response: &Response| match response {
            Whole => Ok(()),
            Denied => Err(RegistryError::Offline { image: "a".to_owned() }),
            Closed => failed(HttpError::Body { url: url(), cause: "closed".to_owned() }),
            TimedOut => failed(HttpError::Timeout { url: url(), after: Duration::from_secs(30) }),
        };
        #[rustfmt::skip]
        let rows: &[(Responses, bool)] = &[
            (&[("a.test/a", TimedOut), ("a.test/b", TimedOut)],                                              false),
            (&[("a.test/a", TimedOut), ("a.test/b", TimedOut), ("a.test/c", TimedOut)],                      true),
            (&[("a.test/a", TimedOut), ("a.test/a", TimedOut), ("a.test/a", TimedOut)],                      false),
            (&[("a.test/a", TimedOut), ("a.test/b", TimedOut), ("a.test/x", Whole), ("a.test/c", TimedOut)], false),
            (&[("a.test/a", TimedOut), ("a.test/b", TimedOut), ("a.test/x", Denied), ("a.test/c", TimedOut)], false),
            (&[("a.test/a", TimedOut), ("a.test/b", TimedOut), ("a.test/x", Closed), ("a.test/c", TimedOut)], true),
        ];
        for (responses, gave_up) in rows {
            let reachability = Reachability::default();
            for (image, response) in *responses {
                reachability.record(&name(image), false, &result(response));
            }
            assert_eq!(reachability.check("a.test", "a.test/d").is_err(), *gave_up, "{responses:?}");
        }
    }
}
