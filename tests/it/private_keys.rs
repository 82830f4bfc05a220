//! Private keys stay in memory: no file, argument or variable of another program has them.
#![cfg(unix)]

use crate::support::certificates::{self, rsa_key, ssh_key};
use crate::support::code_host::InstalledApp;
use crate::support::double::TOKEN;
use crate::support::gitops::GitOps;
use crate::support::repository::git;
use crate::support::strace::Strace;
use crate::support::tagboat::Tagboat;

/// Returns the lines of a key that no other key has.
fn lines(key: &str) -> Vec<String> {
    let lines = key.lines().filter(|line| line.len() > 40 && !line.starts_with("-----"));
    // The first line of OpenSSH's format describes the key.
    lines.skip(1).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_and_no_program_gets_a_private_key() {
    let Some(strace) = Strace::find() else { return };
    let gitops = GitOps::new("", &[("api/app.yaml", "api:1.0")]).await;
    let folder = gitops.folder.path();
    let keys = tempfile::tempdir().unwrap();
    let (app, public_key) = rsa_key(keys.path());
    let file = |name: &str| keys.path().join(name).display().to_string();
    let sign = ssh_key(keys.path());
    certificates::make(keys.path());
    let client = std::fs::read_to_string(file("client.pem")).unwrap();
    let certificate = std::fs::read_to_string(file("client.crt")).unwrap();
    let host = gitops.registry.host();
    gitops.double.host(|host| {
        let (id, token) = ("7".to_owned(), TOKEN.to_owned());
        host.app = Some(InstalledApp { id, public_key, token, issued: 0, lifetime: 3600 });
    });
    let config = format!(
        "registries: {{ '{host}': {{ plain-http: true, client-cert-file: '{}' }} }}\nforge: {{ kind: github, url: '{}', repository: {} }}\n",
        file("client.pem"),
        gitops.double.api_url,
        gitops.double.repository
    );
    let tagboat = Tagboat::new()
        .with_config(&config)
        .with("TAGBOAT_APP_ID", "7")
        .with("TAGBOAT_APP_PRIVATE_KEY", app.reveal())
        .with("TAGBOAT_SIGNING_KEY", &sign)
        .started_by(strace.record_text());
    let output =
        tagboat.run(&["run", "-C", &gitops.bare.url(), "--report", &folder.join("r.json").display().to_string()]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_eq!(gitops.double.host(|host| (host.pulls.len(), host.app.as_ref().unwrap().issued)), (1, 1));
    let branch = gitops.double.host(|host| host.pulls[0].head.clone());
    assert!(git(&gitops.bare.path, &["cat-file", "commit", &branch]).contains("-----BEGIN SSH SIGNATURE-----"));
    let log = strace.log();
    // The first call starts the program itself, with the variables.
    let (first, rest) = log.split_once('\n').unwrap();
    let is_found = |text: &str, key: &str| lines(key).iter().any(|line| text.contains(line));
    assert!(is_found(first, app.reveal()) && is_found(first, &sign), "the search works");
    assert!(rest.contains("\"GIT_TERMINAL_PROMPT=0\""), "the variables of git are recorded");
    for (name, key) in [("app", app.reveal()), ("signing", &sign), ("client", &client.replace(&certificate, ""))] {
        let line = rest.lines().find(|line| is_found(line, key)).map(|line| line.chars().take(300).collect::<String>());
        assert_eq!(line, None, "the {name} key is in a system call");
    }
}
