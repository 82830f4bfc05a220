//! Converts the output of a failed git command to an error. Pure.
//!
//! git reports reasons as prose, so a table maps phrases to errors; a phrase of another forge is one more row.
//! Output without a known phrase becomes [`GitError::Failed`] with the complete text.

use super::error::GitError;
use super::remote::redact;

/// The most characters of output in an error: a server can send any number of `remote:` lines.
const MOST_SAID: usize = 1_000;

type Make = fn(String, String) -> GitError;

/// Phrase in lower case, and what it means: as recorded in, or quoted by, `fixtures/git/`. The first line of the table that matches wins, whatever the order of what
/// was said: the more exact phrases stand above those that they come along with.
#[rustfmt::skip]
const PHRASES: &[(&str, Make)] = &[
    // Another branch in the way also makes the update of the ref fail, which alone would look like a lost race.
    ("exists; cannot create",                    branch_in_the_way),
    // A token's missing right for one kind of file; comes along with "remote rejected".
    ("refusing to allow a",                      denied),             // GitHub: workflow files without that scope
    ("permission denied for writing",            denied),             // Gitea, Forgejo; comes along with "hook declined"
    // Rules. Before the races: a hook may talk of anything.
    ("gh003",                                    protected),          // GitHub: no force-pushes
    ("gh006",                                    protected),          // GitHub: branch protection
    ("gh013",                                    protected),          // GitHub: rule sets
    ("repository rule violations",               protected),
    ("protected branch",                         protected),          // GitHub, GitLab, Gitea, Forgejo
    ("tf402455",                                 protected),          // Azure DevOps: a pull request is required
    ("tf401027",                                 denied),             // Azure DevOps: needs GenericContribute
    ("hook declined",                            protected),          // pre-receive, update: any server with own rules
    ("denying non-fast-forward",                 protected),          // receive.denyNonFastForwards
    ("deletion prohibited",                      protected),          // receive.denyDeletes
    // Races: seen by the client's lease, and by the server when it locks the ref.
    ("(stale info)",                             lost_race),
    ("(fetch first)",                            lost_race),
    ("(non-fast-forward)",                       lost_race),
    ("incorrect old value provided",             lost_race),
    ("reference already exists",                 lost_race),
    ("cannot lock ref",                          lost_race),
    ("failed to update ref",                     lost_race),
    ("not our ref",                              lost_race),          // a commit to fetch that has gone meanwhile
    // The server's own overload comes as an HTTP status.
    ("requested url returned error: 429",        network),
    ("requested url returned error: 5",          network),
    // Absent, or hidden from us.
    ("repository not exported",                  not_found),          // git daemon, which says so of a refused push, too
    ("repository not found",                     not_found),
    ("' not found",                              not_found),          // git over HTTP: repository 'URL' not found
    ("does not appear to be a git repository",   not_found),
    ("could not be found or you don't have",     not_found),          // GitLab
    // Who we are, and what we may.
    ("authentication failed",                    denied),
    ("could not read username",                  denied),             // no credentials, and nobody to ask
    ("could not read password",                  denied),
    ("requested url returned error: 403",        denied),
    ("write access to repository not granted",   denied),             // GitHub
    ("permission denied",                        denied),             // ssh; git-receive-pack
    ("permission to",                            denied),             // GitHub: Permission to a/b.git denied to c
    ("access denied",                            denied),             // GitLab: HTTP Basic: Access denied
    ("host key verification failed",             denied),
    ("marked as read only",                      denied),             // GitHub: a deploy key without the right to write
    // The way there.
    ("could not resolve host",                   network),
    ("unable to look up",                        network),
    ("failed to connect",                        network),
    ("couldn't connect",                         network),
    ("unable to connect",                        network),
    ("connection refused",                       network),
    ("connection reset",                         network),
    ("connection closed",                        network),
    ("timed out",                                network),
    ("network is unreachable",                   network),
    ("no route to host",                         network),
    ("certificate",                              network),
    ("handshake",                                network),
    ("rpc failed",                               network),
    ("early eof",                                network),
    ("hung up unexpectedly",                     network),
    // Damage on this side.
    ("is corrupt",                               corrupt),
    ("unable to read",                           corrupt),
];

fn branch_in_the_way(doing: String, said: String) -> GitError {
    GitError::BranchInTheWay { doing, said }
}
fn protected(doing: String, said: String) -> GitError {
    GitError::Protected { doing, said }
}
fn denied(doing: String, said: String) -> GitError {
    GitError::Denied { doing, said }
}
fn lost_race(doing: String, said: String) -> GitError {
    GitError::LostRace { doing, said }
}
fn not_found(doing: String, said: String) -> GitError {
    GitError::NotFound { doing, said }
}
fn network(doing: String, said: String) -> GitError {
    GitError::Network { doing, said }
}
fn corrupt(doing: String, said: String) -> GitError {
    GitError::Corrupt { what: format!("an object to {doing}"), why: said }
}

/// Returns the error of a failed command. `refusal` is the reason in the output of `push --porcelain`, if any; `secret`
/// never appears in the error.
pub(super) fn error(doing: String, refusal: Option<&str>, stderr: &str, secret: Option<&str>) -> GitError {
    let said = said(refusal, stderr, secret);
    let all = format!("{}\n{}", refusal.unwrap_or_default(), stderr).to_lowercase();
    match PHRASES.iter().find(|(phrase, _)| all.contains(phrase)) {
        Some((_, make)) => make(doing, said),
        None => GitError::Failed { doing, said },
    }
}

/// Returns the output as one line, without the prefixes and advice of git, credentials, and control characters.
pub(super) fn said(refusal: Option<&str>, stderr: &str, secret: Option<&str>) -> String {
    const NOISE: &[&str] = &[
        "hint:",
        "To ",
        "error: failed to push some refs to",
        "Please make sure you have the correct access rights",
        "and the repository exists.",
    ];
    let mut parts: Vec<String> = Vec::new();
    for line in refusal.into_iter().chain(stderr.lines()) {
        if NOISE.iter().any(|noise| line.starts_with(noise)) {
            continue;
        }
        let mut text = line.trim();
        for prefix in ["remote:", "fatal:", "error:", "ERROR:"] {
            text = text.strip_prefix(prefix).unwrap_or(text).trim_start();
        }
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        if !text.is_empty() && !parts.contains(&text) {
            parts.push(text);
        }
    }
    let mut said = redact(&parts.join("; "));
    if let Some(secret) = secret.filter(|secret| !secret.is_empty()) {
        said = said.replace(secret, "…");
    }
    if said.is_empty() {
        return "git printed no reason".to_owned();
    }
    if let Some((end, _)) = said.char_indices().nth(MOST_SAID) {
        said.truncate(end);
        said.push('…');
    }
    said
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::git::output;

    /// Folder, file and what was said: first standard output, then standard error.
    fn fixtures() -> Vec<(String, String, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/git");
        let list = |dir: &Path| fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let mut all = Vec::new();
        for folder in list(&root) {
            for file in list(&folder) {
                all.push((name(&folder), name(&file), fs::read_to_string(&file).unwrap()));
            }
        }
        all
    }

    /// The variant's name as the folders of the fixtures write it.
    fn folder(error: &GitError) -> &'static str {
        match error {
            GitError::BranchInTheWay { .. } => "branch-in-the-way",
            GitError::Corrupt { .. } => "corrupt",
            GitError::Denied { .. } => "denied",
            GitError::Failed { .. } => "failed",
            GitError::LostRace { .. } => "lost-race",
            GitError::Network { .. } => "network",
            GitError::NotFound { .. } => "not-found",
            GitError::Protected { .. } => "protected",
            other => panic!("{other:?} is nothing that a server says"),
        }
    }

    #[test]
    fn every_answer_is_understood_and_every_phrase_was_said() {
        let mut said = String::new();
        for (wanted, file, text) in fixtures() {
            let (stdout, stderr) = text.split_once("---- stderr ----\n").expect(&file);
            let error = error("push x".to_owned(), output::refusal(stdout), stderr, None);
            assert_eq!(folder(&error), wanted, "{file}: {error}");
            said += &text.to_lowercase();
        }
        for (phrase, _) in PHRASES {
            assert!(said.contains(phrase), "no fixture says {phrase:?}");
        }
    }

    #[test]
    fn one_line_without_noise() {
        let stderr = "remote:         \nremote: error: GH006: Protected.        \nremote: error: GH006: Protected.\n\
                      error: failed to push some refs to 'https://u:p@h/x'\nhint: pull first\n";
        assert_eq!(
            said(Some("[remote rejected] (declined)"), stderr, None),
            "[remote rejected] (declined); GH006: Protected."
        );
        assert_eq!(said(None, "", None), "git printed no reason");
    }

    #[test]
    fn secrets_and_terminal_codes_stay_out() {
        let stderr = "fatal: 'https://bot:t0ken@h/x': \u{1b}[31mt0ken\u{7} refused";
        let said = said(None, stderr, Some("t0ken"));
        assert_eq!(said, "'https://h/x': [31m… refused");
        assert!(super::said(None, &"é".repeat(5_000), None).chars().count() <= MOST_SAID + 1);
    }
}
