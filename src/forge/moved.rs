//! A repository that was renamed or transferred. Forges redirect its former address, but not every write: a run learns the new
//! address from the first redirect, and uses it from then on.

use std::sync::{Mutex, PoisonError};

use crate::http::{Url, origin};

/// The route of a repository in an API: the configured one, until a redirect shows another.
#[derive(Debug)]
pub(super) struct RepositoryRoute {
    configured: String,
    moved: Mutex<Option<Moved>>,
}

/// Where a repository is now.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Moved {
    /// Its route, which may have an id in place of the name.
    route: String,
    /// Its full name, once it is known.
    name: Option<String>,
}

impl RepositoryRoute {
    /// Creates the route of a repository: `/repos/acme/gitops`.
    pub(super) fn new(configured: String) -> Self {
        Self { configured, moved: Mutex::default() }
    }

    /// Returns a route with the current address of the repository in place of the configured one.
    pub(super) fn current(&self, route: &str) -> String {
        match (self.moved(), self.rest(route)) {
            (Some(moved), Some(rest)) => format!("{}{rest}", moved.route),
            _ => route.to_owned(),
        }
    }

    /// Returns the full name to which the repository was renamed.
    pub(super) fn new_name(&self) -> Option<String> {
        self.moved()?.name
    }

    /// Records the full name.
    pub(super) fn set_name(&self, name: &str) {
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(moved) = &mut *moved {
            moved.name = Some(name.to_owned());
        }
    }

    /// Learns the new address from a redirect: `answered` is the address of the response to a request for `route` below `api`.
    /// Returns it if it is new.
    pub(super) fn learn(&self, api: &str, route: &str, answered: &Url) -> Option<String> {
        let rest = self.rest(route)?;
        let new = moved_route(&Url::parse(api).ok()?, path_of(rest), answered)?;
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        if new == self.configured || moved.as_ref().is_some_and(|moved| moved.route == new) {
            return None;
        }
        *moved = Some(Moved { route: new.clone(), name: None });
        Some(new)
    }

    fn moved(&self) -> Option<Moved> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns what follows the repository in a route.
    fn rest<'a>(&self, route: &'a str) -> Option<&'a str> {
        let rest = route.strip_prefix(&self.configured)?;
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
    }
}

fn path_of(route: &str) -> &str {
    route.split('?').next().unwrap_or(route)
}

/// Returns the route of the repository in the address of a response, on the same API and before the same `rest`.
fn moved_route(api: &Url, rest: &str, answered: &Url) -> Option<String> {
    if origin(api) != origin(answered) {
        return None;
    }
    let route = answered.path().strip_prefix(api.path().trim_end_matches('/'))?.strip_suffix(rest)?;
    (route.len() > 1 && route.starts_with('/')).then(|| route.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_the_new_address_of_a_repository() {
        const API: &str = "https://git.acme.test/api/v1";
        #[rustfmt::skip]
        let rows = [
            // request                            address of the response                                          learned
            ("/repos/acme/gitops/pulls?state=open", "https://git.acme.test/api/v1/repos/acme/gitops/pulls?state=open", None),
            ("/repos/acme/gitops/pulls?state=open", "https://git.acme.test/api/v1/repos/ops/delivery/pulls?state=open", Some("/repos/ops/delivery")),
            ("/repos/acme/gitops/pulls",          "https://git.acme.test/api/v1/repositories/7/pulls",             Some("/repositories/7")),
            ("/repos/acme/gitops",                "https://git.acme.test/api/v1/repos/ops/delivery",               Some("/repos/ops/delivery")),
            ("/repos/acme/gitops/pulls",          "https://evil.test/api/v1/repos/ops/delivery/pulls",             None),
            ("/repos/acme/gitops/pulls",          "https://git.acme.test/user/login",                              None),
            ("/repos/acme/gitops/pulls",          "https://git.acme.test/api/v1/pulls",                            None),
            ("/repos/acme/gitops-old/pulls",      "https://git.acme.test/api/v1/repos/ops/delivery/pulls",         None),
            ("/user",                             "https://git.acme.test/api/v1/users/1",                          None),
        ];
        for (route, answered, expected) in rows {
            let repository = RepositoryRoute::new("/repos/acme/gitops".to_owned());
            let learned = repository.learn(API, route, &Url::parse(answered).unwrap());
            assert_eq!(learned.as_deref(), expected, "{route} {answered}");
            let comments = repository.current("/repos/acme/gitops/issues/1/comments");
            assert_eq!(comments, format!("{}/issues/1/comments", expected.unwrap_or("/repos/acme/gitops")), "{route}");
            assert_eq!(repository.current("/user"), "/user");
        }
    }
}
