//! The configuration that git runs with, as keys and values. Pure: reads no file and starts nothing.
//!
//! Commands run in a repository of our own, which knows nothing of the user's. So what says *how to reach a remote* is
//! carried over from what holds in the user's checkout — proxies, certificates, ssh commands, credential helpers,
//! the header that `actions/checkout` leaves there — and nothing else is: no hooks, no push options, no refspecs.

use super::remote::{Login, RemoteUrl};

/// One entry of git's configuration, its section and name in lower case.
pub(super) type Entry = (String, String);

/// What is carried over: keys that start so.
const CARRIED: &[&str] = &[
    "core.askpass",
    "core.gitproxy",
    "core.sshcommand",
    "credential.",
    "http.",
    "protocol.",
    "ssh.",
    "transfer.",
    "url.",
];

/// What always holds. Each line has its reason.
#[rustfmt::skip]
const FIXED: &[(&str, &str)] = &[
    // A remote helper `ext::` would run any command that a URL holds.
    ("protocol.ext.allow",  "never"),
    // Hooks are programs of somebody else.
    ("core.hookspath",      "/dev/null"),
    // Our repository holds what nothing points at, and lives for one run.
    ("gc.auto",             "0"),
    ("maintenance.auto",    "false"),
    // Asks nothing of submodules, and starts no daemons.
    ("submodule.recurse",   "false"),
    ("core.fsmonitor",      "false"),
    // Advice is for people at a prompt; errors are read by `refusal.rs`.
    ("advice.pushupdaterejected", "false"),
];

/// Names of the variables in which [`helper`] finds the login.
pub(super) const USER: &str = "TAGBOAT_GIT_USER";
/// See [`USER`].
pub(super) const PASSWORD: &str = "TAGBOAT_GIT_PASSWORD";

/// The configuration for talking to `remote`, made from all entries that hold where the user is.
///
/// With a `login`, other ways of logging in over HTTP are left behind: with an `Authorization` header of another
/// account, git would never ask for ours. Nothing needs to be known to reach a folder of this machine.
pub(super) fn for_remote(remote: &RemoteUrl, login: Option<&Login>, holding: &[Entry]) -> Vec<Entry> {
    let own = |(key, value): &&Entry| {
        !remote.is_local()
            && CARRIED.iter().any(|start| key.starts_with(start))
            && !(login.is_some() && logs_in(key, value))
    };
    let mut settings: Vec<Entry> = holding.iter().filter(own).cloned().collect();
    settings.extend(FIXED.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    if let (Some(_), Some(origin)) = (login, remote.http_origin()) {
        settings.push((format!("credential.{origin}.helper"), helper()));
    }
    settings
}

/// Whether a commit can be here without its files: such a repository fetches blobs when they are needed
/// (git-clone(1), `--filter`), which only the `git` program itself can do.
pub(super) fn is_partial_clone(holding: &[Entry]) -> bool {
    holding.iter().any(|(key, value)| {
        key == "extensions.partialclone"
            || (key.starts_with("remote.") && key.ends_with(".promisor") && value.as_str() != "false")
    })
}

/// The value of a key; the last one holds (git-config(1)).
pub(super) fn value<'a>(holding: &'a [Entry], key: &str) -> Option<&'a str> {
    holding.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

fn logs_in(key: &str, value: &str) -> bool {
    key.starts_with("credential.")
        || key == "core.askpass"
        || (key.ends_with(".extraheader") && value.to_ascii_lowercase().starts_with("authorization:"))
}

/// A credential helper (gitcredentials(7)) that git runs in a shell: it takes the login from the environment, so that
/// it stands in no argument, URL or file. git asks it for that origin only, redirects included.
fn helper() -> String {
    format!(r#"!f() {{ test "$1" = get && printf 'username=%s\npassword=%s\n' "${USER}" "${PASSWORD}"; }}; f"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn entries(text: &[(&str, &str)]) -> Vec<Entry> {
        text.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn holding() -> Vec<Entry> {
        entries(&[
            ("user.name", "someone"),
            ("core.hookspath", "/evil"),
            ("core.sshcommand", "ssh -i key"),
            ("credential.helper", "store"),
            ("http.proxy", "http://proxy:3128"),
            ("http.https://git.example.com/.extraheader", "AUTHORIZATION: basic abc"),
            ("http.extraheader", "X-Trace: 1"),
            ("push.pushoption", "merge_request.create"),
            ("remote.origin.url", "https://git.example.com/a.git"),
            ("protocol.ext.allow", "always"),
        ])
    }

    #[test]
    fn without_a_login_the_users_own_ways_stay() {
        let (remote, _) = RemoteUrl::new("https://git.example.com/a.git");
        let settings = for_remote(&remote, None, &holding());
        for kept in ["core.sshcommand", "credential.helper", "http.proxy", "http.https://git.example.com/.extraheader"]
        {
            assert!(value(&settings, kept).is_some(), "{kept}");
        }
        for dropped in ["user.name", "push.pushoption", "remote.origin.url"] {
            assert!(value(&settings, dropped).is_none(), "{dropped}");
        }
        assert_eq!(value(&settings, "core.hookspath"), Some("/dev/null"));
        assert_eq!(value(&settings, "protocol.ext.allow"), Some("never"));
    }

    #[test]
    fn with_a_login_no_other_account_speaks() {
        let login = Login { user: "bot".to_owned(), password: Secret::new("s3cret") };
        let (remote, _) = RemoteUrl::new("https://git.example.com/a.git");
        let settings = for_remote(&remote, Some(&login), &holding());
        assert!(value(&settings, "credential.helper").is_none());
        assert!(value(&settings, "http.https://git.example.com/.extraheader").is_none());
        assert_eq!(value(&settings, "http.extraheader"), Some("X-Trace: 1"));
        assert!(value(&settings, "credential.https://git.example.com.helper").is_some());
        assert!(!format!("{settings:?}").contains("s3cret"));
    }

    #[test]
    fn a_login_is_for_http_only() {
        let login = Login { user: "bot".to_owned(), password: Secret::new("s3cret") };
        let (remote, _) = RemoteUrl::new("git@git.example.com:a.git");
        assert!(for_remote(&remote, Some(&login), &[]).iter().all(|(key, _)| !key.starts_with("credential.")));
    }

    #[test]
    fn partial_clones() {
        assert!(is_partial_clone(&entries(&[("remote.origin.promisor", "true")])));
        assert!(is_partial_clone(&entries(&[("extensions.partialclone", "origin")])));
        assert!(!is_partial_clone(&entries(&[("remote.origin.promisor", "false"), ("remote.origin.url", "x")])));
    }
}
