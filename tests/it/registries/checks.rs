//! `tagboat check`: for each registry in use, the credential, whether access works, what it allows, and the rate limit.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::logins::SECRET;
use super::program::repository;
use super::variable;
use crate::support::docker_registry::{DockerRegistry, run};
use crate::support::http_double::{Double, Reply};
use crate::support::process::{ClosedPort, find};
use crate::support::tagboat::Tagboat;
use crate::support::token_server::{TokenSigner, login};

/// A registry, its user name and password, whether access works, and parts of the report.
type Row = (String, Option<(&'static str, &'static str)>, bool, &'static [&'static str]);

/// Runs `check` for all registries and compares its report.
fn check(rows: &[Row], registries: &str, tagboat: Tagboat) {
    let folder = TempDir::new().unwrap();
    let plain = rows.iter().filter(|(host, ..)| !registries.contains(host));
    let plain: String = plain.map(|(host, ..)| format!("  '{host}': {{ plain-http: true }}\n")).collect();
    let images = rows.iter().map(|(host, ..)| format!("{host}/acme/app:1.0"));
    // Each image occurs twice.
    let (bare, config) = repository(folder.path(), &(plain + registries), images.clone().chain(images));
    let tagboat = rows.iter().fold(tagboat, |tagboat, (host, login, ..)| match login {
        Some((user, password)) => {
            tagboat.with(&variable(host, "USERNAME"), user).with(&variable(host, "PASSWORD"), password)
        }
        None => tagboat,
    });
    let output = tagboat.with_config(&config).run(&["check", "-C", &bare.url(), "--format", "json"]);
    let report = output.json();
    let all = report.as_array().or(report["checks"].as_array()).unwrap();
    for (host, _, works, parts) in rows {
        let found = all.iter().find(|check| check["name"] == **host).unwrap_or_else(|| panic!("{host}: {report:#}"));
        let reported =
            format!("{}; {}", found["message"].as_str().unwrap(), found["hint"].as_str().unwrap_or_default());
        assert_eq!(found["status"], if *works { "ok" } else { "failed" }, "{reported}");
        for part in *parts {
            assert!(reported.contains(part), "{part} is not in {reported}");
        }
    }
    assert_eq!(output.code == 0, rows.iter().all(|(_, _, works, _)| *works), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_every_response_of_a_registry() {
    let limited = Double::start(|request| {
        if request.path().ends_with("/tags/list") {
            return Reply::tags(["1.0"]);
        }
        Reply::new(200, "")
            .header("docker-content-digest", &format!("sha256:{}", "0".repeat(64)))
            .header("ratelimit-limit", "100;w=21600")
            .header("ratelimit-remaining", "76;w=21600")
    })
    .await;
    let lists_only = Double::start(|request| match (login(request), request.path().ends_with("/tags/list")) {
        (None, _) => Reply::new(401, "").header("www-authenticate", "Basic realm=x"),
        (_, true) => Reply::tags(["1.0"]),
        _ => Reply::new(403, ""),
    })
    .await;
    let refusing = Double::start(|_| Reply::new(401, "").header("www-authenticate", "Basic realm=x")).await;
    let away =
        Double::start(|_| Reply::new(401, "").header("www-authenticate", r#"Bearer realm="http://localhost:9/token""#))
            .await;
    let with_token = format!("  '{}': {{ plain-http: true, token-env: ACME_TOKEN }}\n", lists_only.host());
    let closed = ClosedPort::new();
    #[rustfmt::skip]
    let rows: &[Row] = &[
        (limited.host(),    Some(("me", SECRET)), true,  &["anonymous access allowed, without the credential from TAGBOAT_REGISTRY_", "_PASSWORD", "lists 1 tag of", "76 of 100;w=21600 requests left", "2 managed references"]),
        (lists_only.host(), None,                 true,  &["with the credential from ACME_TOKEN (the configuration)", "lists 1 tag", "cannot pull"]),
        (refusing.host(),   None,                 false, &["denied anonymous access", "docker login"]),
        (away.host(),       Some(("me", SECRET)), false, &["requests the credential from TAGBOAT_REGISTRY_", "for another host or port, http://localhost:9/token", "auth-hosts: ['localhost:9']"]),
        (closed.address.clone(), None, false, &["cannot connect to", "whether the host is up"]),
    ];
    check(rows, &with_token, Tagboat::new().with("ACME_TOKEN", SECRET));
}

/// An invalid job token does not hide public images, and is reported.
#[tokio::test(flavor = "multi_thread")]
async fn reports_a_rejected_credential_of_the_platform() {
    let registry = Double::start(|request| match (request.path(), login(request)) {
        ("/token", Some(_)) => Reply::new(403, "this job has no right to packages"),
        ("/token", None) => Reply::new(200, r#"{"token":"anonymous"}"#),
        _ if request.header("authorization") == Some("Bearer anonymous") => Reply::tags(["1.0"]),
        _ => Reply::new(401, "").header("www-authenticate", r#"Bearer realm="/token",service="gitlab""#),
    })
    .await;
    let host = registry.host();
    let tagboat = Tagboat::new().with("CI_REGISTRY", &host).with("CI_JOB_TOKEN", SECRET);
    let rows: &[Row] = &[(
        host.clone(),
        None,
        true,
        &[
            "anonymous, because ",
            "denied access with the credential from CI_JOB_TOKEN: this job has no right",
            "lists 1 tag",
        ],
    )];
    check(rows, "", tagboat);
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_docker_registry_with_passwords_and_with_tokens() {
    if ["docker-registry", "openssl", "htpasswd", "umoci", "skopeo"].map(find).iter().any(Option::is_none) {
        return;
    }
    let keys = TempDir::new().unwrap();
    let signer = TokenSigner::new(keys.path());
    let service = Double::start(move |request| {
        let known = login(request).is_some_and(|(user, secret)| user == "alice" && secret == SECRET);
        signer.answer(request, known, 60)
    })
    .await;
    let service_host = service.host();
    let tokens = format!(
        "http: {{addr: $ADDR}}\nauth: {{token: {{realm: http://{service_host}/token, service: reg.test, issuer: test-issuer, \
         rootcertbundle: {}/tok.crt}}}}",
        keys.path().display()
    );
    let passwords = "http: {addr: $ADDR}\nauth: {htpasswd: {realm: r, path: $DIR/htpasswd}}";
    let [passwords, tokens] = [passwords, &tokens].map(|yaml| {
        let file =
            |folder: &Path| fs::write(folder.join("htpasswd"), run("htpasswd", &["-Bbn", "alice", SECRET])).unwrap();
        let server = DockerRegistry::start(yaml, file).unwrap();
        let login = format!("alice:{SECRET}");
        server.push("acme/app", &["1.0"], "2024-01-02T03:04:05Z", &[], &["--dest-creds", &login]);
        server
    });
    #[rustfmt::skip]
    let rows: &[Row] = &[
        (passwords.host(), Some(("alice", SECRET)),          true,  &["with the credential from TAGBOAT_REGISTRY_", "_PASSWORD, lists 1 tag of", "app; 2 managed references"]),
        (tokens.host(),    Some(("alice", SECRET)),          true,  &["with the credential from TAGBOAT_REGISTRY_", "_PASSWORD, lists 1 tag of", "app; 2 managed references"]),
        (format!("localhost:{}", passwords.port), Some(("alice", "planted-wrong")), false, &["denied access with the credential from TAGBOAT_REGISTRY_LOCALHOST_", "check that the credential is current"]),
        (format!("localhost:{}", tokens.port),    None,      false, &["denied anonymous access", "docker login"]),
    ];
    let settings = format!("  '{}': {{ plain-http: true, auth-hosts: ['{}'] }}\n", tokens.host(), service_host);
    check(rows, &settings, Tagboat::new());
}
