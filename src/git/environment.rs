//! The environment of the `git` program: names that it inherits, and variables that are always set. Pure.
//!
//! A CI job has secrets of many programs in its environment. git starts more programs (ssh, credential helpers, hooks of a
//! local remote), and none of them needs those secrets, so only these names are inherited.

/// Names that git and the programs that it starts inherit. `git.pass-env` adds to them.
const INHERITED: &[&str] = &[
    // The machine and the user.
    "HOME",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TEMP",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    // Where libraries are, on systems with several versions.
    "LD_LIBRARY_PATH",
    "NIX_SSL_CERT_FILE",
    // The same on Windows.
    "APPDATA",
    "COMSPEC",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATHEXT",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "USERPROFILE",
    // The network (curl(1), ENVIRONMENT).
    "ALL_PROXY",
    "CURL_CA_BUNDLE",
    "CURL_HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    // ssh and its agent, Kerberos, GnuPG and keyrings.
    "DBUS_SESSION_BUS_ADDRESS",
    "GNUPGHOME",
    "KRB5CCNAME",
    "KRB5_CONFIG",
    "SSH_AGENT_PID",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "SSH_AUTH_SOCK",
    // git(1), ENVIRONMENT VARIABLES: programs, connections and configuration. Not its whole prefix: `GIT_PASSWORD` and
    // `GIT_TOKEN` are usual names of secrets. Not the names of a repository (`GIT_DIR`, …), which another git, such as a
    // hook or `git rebase --exec`, may have set. Not traces, which go to standard error and can contain headers.
    "GIT_ALLOW_PROTOCOL",
    "GIT_ASKPASS",
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_SYSTEM",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXEC_PATH",
    "GIT_HTTP_LOW_SPEED_LIMIT",
    "GIT_HTTP_LOW_SPEED_TIME",
    "GIT_HTTP_USER_AGENT",
    "GIT_PROTOCOL_FROM_USER",
    "GIT_PROXY_COMMAND",
    "GIT_PROXY_SSL_CAINFO",
    "GIT_PROXY_SSL_CERT",
    "GIT_PROXY_SSL_KEY",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_SSL_CERT",
    "GIT_SSL_CERT_TYPE",
    "GIT_SSL_CIPHER_LIST",
    "GIT_SSL_KEY",
    "GIT_SSL_NO_VERIFY",
    "GIT_SSL_VERSION",
];

/// Prefixes of numbered names: entries of configuration, which `GIT_CONFIG_COUNT` counts.
const INHERITED_PREFIXES: &[&str] = &["GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"];

/// Variables that are always set. Each has its reason.
#[rustfmt::skip]
pub(super) const FIXED: &[(&str, &str)] = &[
    // `refusal.rs` parses English.
    ("LC_ALL",                 "C"),
    // There is no terminal: fail at once instead of prompting.
    ("GIT_TERMINAL_PROMPT",    "0"),
    ("GCM_INTERACTIVE",        "never"),
    // Skips optional locks.
    ("GIT_OPTIONAL_LOCKS",     "0"),
];

/// Returns whether git inherits the variable of this name. `passed` are the names of `git.pass-env`.
pub(super) fn is_inherited(name: &str, passed: &[String]) -> bool {
    // Names are case-insensitive on Windows only.
    let is = |one: &str| if cfg!(windows) { one.eq_ignore_ascii_case(name) } else { one == name };
    INHERITED.iter().any(|one| is(one))
        || passed.iter().any(|one| is(one))
        || INHERITED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inherits_no_secret_and_no_repository() {
        let passed = ["AWS_PROFILE".to_owned()];
        for name in ["PATH", "HOME", "SSH_AUTH_SOCK", "GIT_CONFIG_VALUE_12", "https_proxy", "AWS_PROFILE"] {
            assert!(is_inherited(name, &passed), "{name}");
        }
        for name in [
            "AWS_SECRET_ACCESS_KEY",
            "GITHUB_TOKEN",
            "GIT_DIR",
            "GIT_INDEX_FILE",
            "GIT_PASSWORD",
            "GIT_TRACE_CURL",
            "TAGBOAT_FORGE_TOKEN",
            "TAGBOAT_SIGNING_KEY",
            "path ",
        ] {
            assert!(!is_inherited(name, &passed), "{name}");
        }
    }
}
