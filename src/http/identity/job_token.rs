//! Tokens that a CI system sets for its jobs.

use std::fmt;

use crate::secret::Secret;

/// A token that a CI system set for this job, and the only server that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobToken {
    /// The environment variable that holds it.
    pub variable: &'static str,
    /// The token.
    pub secret: Secret,
    /// The address of the server that runs the job; `None` if the job does not name it, and no server receives the token.
    pub server: Option<String>,
}

impl JobToken {
    /// Returns the token that a receiver must not get: the first of `tokens` that is sent, unless `is_receiver` says for the server
    /// of such a token that it is the receiver.
    pub fn withheld(
        tokens: &[Self],
        is_sent: impl Fn(&Secret) -> bool,
        is_receiver: impl Fn(&str) -> bool,
    ) -> Option<&Self> {
        let mut sent = tokens.iter().filter(|token| is_sent(&token.secret)).peekable();
        let first = *sent.peek()?;
        let is_for_receiver = sent.any(|token| token.server.as_deref().is_some_and(&is_receiver));
        if is_for_receiver { None } else { Some(first) }
    }
}

impl fmt::Display for JobToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the token of this job ({}), which is ", self.variable)?;
        match &self.server {
            Some(server) => write!(f, "only for {server} and its registry"),
            None => f.write_str("for a server that the job does not name"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withholds_a_token_from_all_but_its_server() {
        let token = |variable, text: &str, server: Option<&str>| JobToken {
            variable,
            secret: Secret::new(text),
            server: server.map(str::to_owned),
        };
        let tokens = [
            token("GITHUB_TOKEN", "t0ken", Some("https://a.test")),
            token("GITEA_TOKEN", "t0ken", Some("https://b.test")),
            token("CI_JOB_TOKEN", "lost", None),
        ];
        let rows = [
            ("t0ken", "https://a.test", None),
            ("t0ken", "https://b.test", None),
            ("t0ken", "https://c.test", Some("GITHUB_TOKEN")),
            ("lost", "https://a.test", Some("CI_JOB_TOKEN")),
            ("other", "https://c.test", None),
        ];
        for (sent, receiver, expected) in rows {
            let sent = Secret::new(sent);
            let withheld = JobToken::withheld(&tokens, |secret| *secret == sent, |server| server == receiver);
            assert_eq!(withheld.map(|token| token.variable), expected, "for {receiver}");
        }
    }
}
