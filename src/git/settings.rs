//! The configuration that git runs with, as keys and values. Pure: reads no file and starts no process.
//!
//! Commands run in a temporary repository, without the configuration of the user's checkout. So the settings that are
//! needed *to reach a remote* are copied from there: proxies, certificates, ssh commands, credential helpers, and the
//! header that `actions/checkout` leaves. Nothing else is copied: no hooks, no push options, no refspecs. `url.…insteadOf` is applied
//! before: see `rewriting.rs`.

use super::remote::{Login, RedactedUrl};

/// One entry of git's configuration, its section and name in lower case.
pub(super) type GitSetting = (String, String);

/// Prefixes of the keys that are copied.
const COPIED: &[&str] =
    &["core.askpass", "core.gitproxy", "core.sshcommand", "credential.", "http.", "protocol.", "ssh.", "transfer."];

/// Settings that always apply. Each has its reason.
#[rustfmt::skip]
const FIXED: &[(&str, &str)] = &[
    // A remote helper `ext::` would run any command in a URL.
    ("protocol.ext.allow",  "never"),
    // Hooks are programs of other people.
    ("core.hookspath",      "/dev/null"),
    // The temporary repository has unreferenced objects and exists for one run.
    ("gc.auto",             "0"),
    ("maintenance.auto",    "false"),
    // No requests for submodules, and no daemons.
    ("submodule.recurse",   "false"),
    ("core.fsmonitor",      "false"),
    // Advice is for people at a prompt; `refusal.rs` parses errors.
    ("advice.pushupdaterejected", "false"),
];

/// The variables from which [`helper`] takes the login.
pub(super) const USER: &str = "TAGBOAT_GIT_USER";
/// See [`USER`].
pub(super) const PASSWORD: &str = "TAGBOAT_GIT_PASSWORD";

/// Returns the configuration for commands that talk to `remote`, made from the entries that apply to the user.
///
/// With a password in the `login`, other ways to log in over HTTP are omitted: with an `Authorization` header of another account,
/// git would never ask for this login. A user name alone selects the account in credential helpers; it is a token where none of
/// them, and no other program, has its password. A folder of this machine needs none of them.
pub(super) fn for_remote(remote: &RedactedUrl, login: Option<&Login>, user: &[GitSetting]) -> Vec<GitSetting> {
    let has_password = login.is_some_and(|login| !login.password.is_empty());
    let own = |(key, value): &&GitSetting| {
        !remote.is_local()
            && COPIED.iter().any(|prefix| key.starts_with(prefix))
            && !(has_password && logs_in(key, value))
    };
    let mut settings: Vec<GitSetting> = user.iter().filter(own).cloned().collect();
    settings.extend(FIXED.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    if let (Some(login), Some(origin)) = (login, remote.http_origin()) {
        if has_password {
            settings.push((format!("credential.{origin}.helper"), helper(r#"test "$1" = get"#)));
        } else {
            settings.push((format!("credential.{origin}.username"), login.user.clone()));
            if value(&settings, "core.askpass").is_none() {
                // git calls helpers in order, and these programs after all of them.
                let condition = r#"test "$1" = get && test -z "$GIT_ASKPASS$SSH_ASKPASS""#;
                settings.push((format!("credential.{origin}.helper"), helper(condition)));
            }
        }
    }
    settings
}

/// Returns whether commits can be here without their files: such a repository fetches blobs when they are needed
/// (git-clone(1), `--filter`), which only the `git` program can do.
pub(super) fn is_partial_clone(settings: &[GitSetting]) -> bool {
    settings.iter().any(|(key, value)| {
        key == "extensions.partialclone"
            || (key.starts_with("remote.") && key.ends_with(".promisor") && value.as_str() != "false")
    })
}

/// Returns the value of a key; the last entry applies (git-config(1)).
pub(super) fn value<'a>(settings: &'a [GitSetting], key: &str) -> Option<&'a str> {
    settings.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

fn logs_in(key: &str, value: &str) -> bool {
    key.starts_with("credential.")
        || key == "core.askpass"
        || (key.ends_with(".extraheader") && value.to_ascii_lowercase().starts_with("authorization:"))
}

/// Returns a credential helper (gitcredentials(7)) that git runs in a shell. It takes the login from the environment, so
/// that no argument, URL or file contains it. git calls it for that origin only, also after redirects. It answers if the shell's
/// `condition` holds.
fn helper(condition: &str) -> String {
    format!(r#"!f() {{ {condition} && printf 'username=%s\npassword=%s\n' "${USER}" "${PASSWORD}"; }}; f"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn entries(text: &[(&str, &str)]) -> Vec<GitSetting> {
        text.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn user_settings() -> Vec<GitSetting> {
        entries(&[
            ("user.name", "someone"),
            ("core.hookspath", "/evil"),
            ("core.sshcommand", "ssh -i key"),
            ("credential.helper", "store"),
            ("http.proxy", "http://proxy:3128"),
            ("http.https://git.example.com/.extraheader", "AUTHORIZATION: basic abc"),
            ("http.extraheader", "X-Trace: 1"),
            ("push.pushoption", "merge_request.create"),
            ("url.https://t0ken@git.example.com/.insteadof", "https://git.example.com/"),
            ("remote.origin.url", "https://git.example.com/a.git"),
            ("protocol.ext.allow", "always"),
        ])
    }

    #[test]
    fn keeps_the_ways_to_log_in_of_the_user_without_a_login() {
        let (remote, _) = RedactedUrl::new("https://git.example.com/a.git").unwrap();
        let settings = for_remote(&remote, None, &user_settings());
        for kept in ["core.sshcommand", "credential.helper", "http.proxy", "http.https://git.example.com/.extraheader"]
        {
            assert!(value(&settings, kept).is_some(), "{kept}");
        }
        for dropped in
            ["user.name", "push.pushoption", "remote.origin.url", "url.https://t0ken@git.example.com/.insteadof"]
        {
            assert!(value(&settings, dropped).is_none(), "{dropped}");
        }
        assert_eq!(value(&settings, "core.hookspath"), Some("/dev/null"));
        assert_eq!(value(&settings, "protocol.ext.allow"), Some("never"));
    }

    #[test]
    fn omits_other_accounts_with_a_login() {
        let login = Login { user: "bot".to_owned(), password: Secret::new("s3cret") };
        let (remote, _) = RedactedUrl::new("https://git.example.com/a.git").unwrap();
        let settings = for_remote(&remote, Some(&login), &user_settings());
        assert!(value(&settings, "credential.helper").is_none());
        assert!(value(&settings, "http.https://git.example.com/.extraheader").is_none());
        assert_eq!(value(&settings, "http.extraheader"), Some("X-Trace: 1"));
        assert!(value(&settings, "credential.https://git.example.com.helper").is_some());
        assert!(!format!("{settings:?}").contains("s3cret"));
    }

    #[test]
    fn takes_the_password_of_a_user_name_from_helpers_of_the_user() {
        let login = Login { user: "bot".to_owned(), password: Secret::new("") };
        let (remote, _) = RedactedUrl::new("https://git.example.com/a.git").unwrap();
        let all = for_remote(&remote, Some(&login), &user_settings());
        let position = |key: &str| all.iter().position(|(name, _)| name == key);
        assert_eq!(value(&all, "credential.https://git.example.com.username"), Some("bot"));
        assert!(value(&all, "http.https://git.example.com/.extraheader").is_some());
        // The user name alone is the last answer.
        assert!(position("credential.helper") < position("credential.https://git.example.com.helper"));
        assert!(position("credential.helper").is_some());
        let askpass = entries(&[("core.askpass", "/usr/bin/ask")]);
        let with_program = for_remote(&remote, Some(&login), &askpass);
        assert!(value(&with_program, "credential.https://git.example.com.helper").is_none());
    }

    #[test]
    fn uses_a_login_for_http_only() {
        let login = Login { user: "bot".to_owned(), password: Secret::new("s3cret") };
        let (remote, _) = RedactedUrl::new("git@git.example.com:a.git").unwrap();
        assert!(for_remote(&remote, Some(&login), &[]).iter().all(|(key, _)| !key.starts_with("credential.")));
    }

    #[test]
    fn detects_partial_clones() {
        assert!(is_partial_clone(&entries(&[("remote.origin.promisor", "true")])));
        assert!(is_partial_clone(&entries(&[("extensions.partialclone", "origin")])));
        assert!(!is_partial_clone(&entries(&[("remote.origin.promisor", "false"), ("remote.origin.url", "x")])));
    }
}
