//! Environment variables that hold the token of a forge: set by people, or by a CI server for its own jobs.

use crate::http::identity::JobToken;
use crate::secret::Secret;

/// An environment variable that may hold a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenVariable {
    /// The name of the environment variable.
    pub name: &'static str,
    /// The CI system that sets it for its jobs; `None` where only people set it.
    pub runner: Option<Runner>,
}

/// How a CI system shows that a process is one of its jobs, and names its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runner {
    /// A variable that is set in every job.
    pub marker: &'static str,
    /// Another variable that is set in every job, perhaps by several CI systems.
    pub other_marker: Option<&'static str>,
    /// Variables with the address of the server; the first one that is set counts.
    pub servers: &'static [&'static str],
}

/// Whom a token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenOwner {
    /// The user, who set it for the forge of the repository.
    Person,
    /// The server that runs the job, by its address.
    Server(String),
    /// A server that the job does not name: no server receives the token.
    Unknown,
}

impl TokenVariable {
    /// A variable that people set, for this forge.
    pub const fn by_person(name: &'static str) -> Self {
        Self { name, runner: None }
    }

    /// A variable that a CI system sets for its jobs. Outside of a job, a person set it.
    pub const fn by_runner(name: &'static str, marker: &'static str, servers: &'static [&'static str]) -> Self {
        Self { name, runner: Some(Runner { marker, other_marker: None, servers }) }
    }

    /// The same with another variable that shows a job, in which the first one may be absent.
    #[must_use]
    pub const fn or_marked_by(self, other_marker: &'static str) -> Self {
        let Some(runner) = self.runner else { return self };
        Self { name: self.name, runner: Some(Runner { other_marker: Some(other_marker), ..runner }) }
    }

    /// Returns whom the token in this variable is for. `variable` returns the value of an environment variable.
    pub fn owner(&self, variable: impl Fn(&str) -> Option<String>) -> TokenOwner {
        let Some(runner) = self.runner else { return TokenOwner::Person };
        if !runner.runs_job(&variable) {
            return TokenOwner::Person;
        }
        runner.server(variable).map_or(TokenOwner::Unknown, TokenOwner::Server)
    }

    /// Returns the token of this job that the variable holds; `None` if a person set it.
    pub(super) fn job_token(&self, variable: impl Fn(&str) -> Option<String>) -> Option<JobToken> {
        let secret = Secret::new(&variable(self.name)?);
        let server = match self.owner(variable) {
            TokenOwner::Person => return None,
            TokenOwner::Server(server) => Some(server),
            TokenOwner::Unknown => None,
        };
        Some(JobToken { variable: self.name, secret, server }).filter(|token| !token.secret.is_empty())
    }
}

impl Runner {
    /// Returns whether this process is a job.
    fn runs_job(&self, variable: impl Fn(&str) -> Option<String>) -> bool {
        [self.marker].into_iter().chain(self.other_marker).any(|name| variable(name).is_some())
    }

    /// Returns the address of the server of the job.
    fn server(&self, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
        self.servers.iter().find_map(|name| variable(name))
    }

    /// Returns whether no other CI system sets the marker too: one that only names a server is set by several.
    pub(super) fn has_own_marker(&self) -> bool {
        !self.servers.contains(&self.marker)
    }

    /// Returns the address of the server if this process is one of its jobs.
    pub(super) fn server_of_job(&self, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
        if self.runs_job(&variable) { self.server(variable) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_of_a_job_is_for_the_server_that_runs_it() {
        const VARIABLE: TokenVariable =
            TokenVariable::by_runner("FORGEJO_TOKEN", "FORGEJO_ACTIONS", &["FORGEJO_SERVER_URL", "GITHUB_SERVER_URL"])
                .or_marked_by("SHARED");
        let server = |url: &str| TokenOwner::Server(url.to_owned());
        #[rustfmt::skip]
        let rows = [
            ("",                                                                           TokenOwner::Person),
            ("GITHUB_SERVER_URL=https://github.com",                                       TokenOwner::Person),
            ("FORGEJO_ACTIONS=true;FORGEJO_SERVER_URL=https://a;GITHUB_SERVER_URL=https://b", server("https://a")),
            ("FORGEJO_ACTIONS=true;GITHUB_SERVER_URL=https://b",                           server("https://b")),
            ("FORGEJO_ACTIONS=true",                                                       TokenOwner::Unknown),
            ("SHARED=true;GITHUB_SERVER_URL=https://b",                                    server("https://b")),
            ("SHARED=true",                                                                TokenOwner::Unknown),
        ];
        for (set, owner) in rows {
            let variables: Vec<_> = set.split(';').filter_map(|one| one.split_once('=')).collect();
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(VARIABLE.owner(variable), owner, "{set}");
        }
        assert_eq!(TokenVariable::by_person("GH_TOKEN").owner(|_| Some("x".to_owned())), TokenOwner::Person);
    }
}
