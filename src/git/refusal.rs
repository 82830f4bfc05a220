//! Converts the output of a failed git command to an error. Pure.
//!
//! git reports reasons as prose, so a table maps phrases to errors; a phrase of another forge is one more row.
//! Output without a known phrase becomes [`GitError::Failed`] with the complete text.

use super::error::GitError;
use crate::text::redact_urls;

/// The most characters of output in an error: a server can send any number of `remote:` lines.
const MAX_CHARACTERS: usize = 1_000;

type Make = fn(String, String) -> GitError;

/// Phrases in lower case and the error that each one means, with an example of each in `fixtures/git/`. The first row
/// that matches decides, in whatever order the phrases were printed, so an exact phrase comes before the general ones that
/// accompany it.
#[rustfmt::skip]
const PHRASES: &[(&str, Make)] = &[
    // The configuration of the user or of the machine, before anything else happens.
    ("bad config line",                          configuration),
    (" config value '",                          configuration),      // bad boolean, bad numeric
    ("error processing config file",             configuration),
    ("reading the configuration files",          configuration),
    ("unable to parse command-line config",      configuration),      // GIT_CONFIG_COUNT, GIT_CONFIG_PARAMETERS
    ("unknown value for config '",               configuration),
    ("unknown repository extension",             configuration),
    ("expected git repo version",                configuration),
    ("exceeded maximum include depth",           configuration),
    // A name conflict also makes the update of the ref fail, which alone would look like a lost race.
    ("exists; cannot create",                    name_conflict),
    // A token without permission for one kind of file; printed together with "remote rejected".
    ("refusing to allow a",                      denied),             // GitHub: workflow files without that scope
    ("permission denied for writing",            denied),             // Gitea, Forgejo; printed together with "hook declined"
    // Rules come before races: a hook may print any text.
    ("gh003",                                    protected),          // GitHub: no force-pushes
    ("gh006",                                    protected),          // GitHub: branch protection
    ("gh013",                                    protected),          // GitHub: rule sets
    ("repository rule violations",               protected),
    ("protected branch",                         protected),          // GitHub, GitLab, Gitea, Forgejo
    ("tf402455",                                 protected),          // Azure DevOps: a pull request is required
    ("tf401027",                                 denied),             // Azure DevOps: GenericContribute is missing
    ("hook declined",                            protected),          // pre-receive, update: any server with hooks
    ("denying non-fast-forward",                 protected),          // receive.denyNonFastForwards
    ("deletion prohibited",                      protected),          // receive.denyDeletes
    // A ref that cannot be locked is a race only if the reason is another value of the ref. These stay until a person acts.
    ("lock': file exists",                       locked),
    ("lock': permission denied",                 not_writable),
    ("insufficient permission for adding",       not_writable),
    ("unable to create temporary object",        not_writable),       // its `objects` folder
    ("read-only file system",                    not_writable),
    ("no space left on device",                  not_writable),
    ("reference broken",                         failed),
    // Races, detected by the lease of the client, or by the server when it locks the ref.
    ("(stale info)",                             lost_race),
    ("(fetch first)",                            lost_race),
    ("(non-fast-forward)",                       lost_race),
    ("incorrect old value provided",             lost_race),
    ("reference already exists",                 lost_race),
    ("cannot lock ref",                          lost_race),
    ("failed to update ref",                     lost_race),
    ("not our ref",                              lost_race),          // the commit to fetch no longer exists
    ("unadvertised object",                      lost_race),          // the same over protocol version 0
    // An overloaded server returns an HTTP status, or the connection ends early.
    ("requested url returned error: 429",        transient),
    ("requested url returned error: 5",          transient),
    ("connection reset",                         transient),
    ("rpc failed",                               transient),
    ("early eof",                                transient),
    ("hung up unexpectedly",                     transient),
    // The repository does not exist, or these credentials cannot see it.
    ("repository not exported",                  not_found),          // git daemon, also for a rejected push
    ("repository not found",                     not_found),
    ("' not found",                              not_found),          // git over HTTP: repository 'URL' not found
    ("does not appear to be a git repository",   not_found),
    ("could not be found or you don't have",     not_found),          // GitLab
    // Missing or invalid credentials, or a missing permission.
    ("authentication failed",                    denied),
    ("could not read username",                  no_login),           // no credentials, and no prompt
    ("could not read password",                  no_login),
    ("requested url returned error: 403",        denied),
    ("write access to repository not granted",   denied),             // GitHub
    ("permission denied",                        denied),             // ssh; git-receive-pack
    ("permission to",                            denied),             // GitHub: Permission to a/b.git denied to c
    ("access denied",                            denied),             // GitLab: HTTP Basic: Access denied
    ("host key verification failed",             denied),
    ("marked as read only",                      denied),             // GitHub: a deploy key without write access
    // The connection.
    ("could not resolve host",                   network),
    ("unable to look up",                        network),
    ("failed to connect",                        network),
    ("couldn't connect",                         network),
    ("unable to connect",                        network),
    ("connection refused",                       network),
    ("connection closed",                        network),
    ("timed out",                                network),
    ("network is unreachable",                   network),
    ("no route to host",                         network),
    ("unsupported proxy syntax",                 network),            // curl, about `http.proxy`
    ("certificate",                              network),
    ("handshake",                                network),
    // Damaged objects on this machine.
    ("is corrupt",                               corrupt),
    ("unable to read",                           corrupt),
];

fn name_conflict(operation: String, output: String) -> GitError {
    GitError::BranchNameConflict { operation, output }
}
fn protected(operation: String, output: String) -> GitError {
    GitError::Protected { operation, output }
}
fn denied(operation: String, output: String) -> GitError {
    GitError::Denied { operation, output }
}
fn no_login(operation: String, output: String) -> GitError {
    GitError::NoLogin { operation, output }
}
fn lost_race(operation: String, output: String) -> GitError {
    GitError::LostRace { operation, output }
}
fn locked(operation: String, output: String) -> GitError {
    GitError::Locked { operation, output }
}
fn not_writable(operation: String, output: String) -> GitError {
    GitError::NotWritable { operation, output }
}
fn failed(operation: String, output: String) -> GitError {
    GitError::Failed { operation, output }
}
fn not_found(operation: String, output: String) -> GitError {
    GitError::NotFound { operation, output }
}
fn configuration(operation: String, output: String) -> GitError {
    GitError::Configuration { operation, output }
}
fn transient(operation: String, output: String) -> GitError {
    GitError::Transient { operation, output }
}
fn network(operation: String, output: String) -> GitError {
    GitError::Network { operation, output }
}
fn corrupt(operation: String, output: String) -> GitError {
    GitError::Corrupt { what: format!("an object to {operation}"), cause: output }
}

/// Returns the error of a failed command. `refusal` is the reason in the output of `push --porcelain`, if there is one;
/// `secrets` never appear in the error.
pub(super) fn error(operation: String, refusal: Option<&str>, stderr: &str, secrets: &[String]) -> GitError {
    let output = message(refusal, stderr, secrets);
    let all = format!("{}\n{}", refusal.unwrap_or_default(), stderr).to_lowercase();
    match PHRASES.iter().find(|(phrase, _)| all.contains(phrase)) {
        Some((_, make)) => make(operation, output),
        None => GitError::Failed { operation, output },
    }
}

/// Returns the output as one line, without the prefixes and advice of git, credentials, and control characters.
pub(super) fn message(refusal: Option<&str>, stderr: &str, secrets: &[String]) -> String {
    const NOISE: &[&str] = &[
        "hint:",
        "To ",
        "error: failed to push some refs to",
        "Please make sure you have the correct access rights",
        "and the repository exists.",
    ];
    const PREFIXES: &[&str] = &["remote:", "fatal:", "error:", "ERROR:", "warning:"];
    let mut parts: Vec<String> = Vec::new();
    for line in refusal.into_iter().chain(stderr.lines()) {
        if NOISE.iter().any(|noise| line.starts_with(noise)) {
            continue;
        }
        let mut text = line.trim();
        for prefix in PREFIXES {
            text = text.strip_prefix(prefix).unwrap_or(text).trim_start();
        }
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        if text.is_empty() || parts.contains(&text) {
            continue;
        }
        // git lists names below a line, each after a tab.
        if let Some(list) = parts.last_mut()
            && line.starts_with('\t')
        {
            *list += &format!("{}{text}", if list.ends_with(':') { " " } else { ", " });
        } else {
            parts.push(text);
        }
    }
    let mut output = redact_urls(&parts.join("; "));
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        output = output.replace(secret.as_str(), "…");
    }
    if output.is_empty() {
        return "git printed no reason".to_owned();
    }
    if let Some((end, _)) = output.char_indices().nth(MAX_CHARACTERS) {
        output.truncate(end);
        output.push('…');
    }
    output
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::git::output;

    /// Returns folder, file and recorded output: standard output first, then standard error.
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

    /// Returns the folder of the fixtures for a variant.
    fn folder(error: &GitError) -> &'static str {
        match error {
            GitError::BranchNameConflict { .. } => "branch-name-conflict",
            GitError::Corrupt { .. } => "corrupt",
            GitError::Configuration { .. } => "configuration",
            GitError::Transient { .. } => "transient",
            GitError::Denied { .. } => "denied",
            GitError::NoLogin { .. } => "no-login",
            GitError::Failed { .. } => "failed",
            GitError::LostRace { .. } => "lost-race",
            GitError::Locked { .. } => "locked",
            GitError::Network { .. } => "network",
            GitError::NotFound { .. } => "not-found",
            GitError::NotWritable { .. } => "not-writable",
            GitError::Protected { .. } => "protected",
            other => panic!("no output means {other:?}"),
        }
    }

    #[test]
    fn maps_each_recorded_output_and_has_one_for_each_phrase() {
        let mut recorded = String::new();
        for (wanted, file, text) in fixtures() {
            let (stdout, stderr) = text.split_once("---- stderr ----\n").expect(&file);
            let error = error("push x".to_owned(), output::refusal(stdout), stderr, &[]);
            assert_eq!(folder(&error), wanted, "{file}: {error}");
            recorded += &text.to_lowercase();
        }
        for (phrase, _) in PHRASES {
            assert!(recorded.contains(phrase), "no fixture contains {phrase:?}");
        }
    }

    #[test]
    fn prints_one_line_without_noise() {
        let stderr = "remote:         \nremote: error: GH006: Protected.        \nremote: error: GH006: Protected.\n\
                      error: failed to push some refs to 'https://u:p@h/x'\nhint: pull first\n";
        assert_eq!(
            message(Some("[remote rejected] (declined)"), stderr, &[]),
            "[remote rejected] (declined); GH006: Protected."
        );
        assert_eq!(message(None, "", &[]), "git printed no reason");
        let stderr = "warning: unable to access 'a': Is a directory\nfatal: unknown repository extensions found:\n\tfoo\n\tbar\n";
        assert_eq!(
            message(None, stderr, &[]),
            "unable to access 'a': Is a directory; unknown repository extensions found: foo, bar"
        );
    }

    #[test]
    fn removes_secrets_and_control_characters() {
        let stderr = "fatal: 'https://bot:t0ken@h/x': \u{1b}[31mt0ken\u{7} refused";
        let output = message(None, stderr, &["t0ken".to_owned()]);
        assert_eq!(output, "'https://h/x': [31m… refused");
        assert!(message(None, &"é".repeat(5_000), &[]).chars().count() <= MAX_CHARACTERS + 1);
    }
}
