//! Debian's `docker-registry` behind TLS with passwords, and with a token service.

use std::fs;
use std::path::Path;

use tagboat::http::ClientOptions;
use tagboat::registry::{HostSettings, Registry, RegistryError, RegistryLogin, Requests};
use tagboat::secret::Secret;

use super::logins::{SECRET, refs};
use super::{connect, connect_with, name, texts, variable};
use crate::support::certificates;
use crate::support::docker_registry::{DockerRegistry, run};
use crate::support::http_double::Double;
use crate::support::process::find;
use crate::support::token_server::{TokenSigner, login};

/// Writes a certificate authority, a server certificate and a password file.
fn certificates_and_passwords(folder: &Path) {
    certificates::make(folder);
    fs::write(folder.join("htpasswd"), run("htpasswd", &["-Bbn", "alice", SECRET])).unwrap();
}

#[tokio::test]
async fn logs_in_to_docker_registry_with_tls_and_passwords() {
    let programs = ["openssl", "htpasswd", "umoci", "skopeo"].map(find);
    let yaml = "http: {addr: $ADDR, tls: {certificate: $DIR/srv.crt, key: $DIR/srv.key}}\n\
                auth: {htpasswd: {realm: test, path: $DIR/htpasswd}}";
    if programs.iter().any(Option::is_none) {
        return;
    }
    let Some(server) = DockerRegistry::start(yaml, certificates_and_passwords) else { return };
    server.push("acme/web", &["v1"], "2024-01-02T03:04:05Z", &[], &["--dest-creds", &format!("alice:{SECRET}")]);
    let image = name(format!("{}/acme/web", server.host()));
    let client_options =
        ClientOptions { ca_pem: Some(fs::read(server.folder().join("ca.crt")).unwrap()), ..ClientOptions::default() };
    let with = |password: &str, client_options: &ClientOptions| {
        let (user, secret) = (Some("alice".to_owned()), Secret::new(password));
        let login = Some(RegistryLogin { user, secret, source: "ACME_PASSWORD (the configuration)".to_owned() });
        connect_with(
            [(
                server.host(),
                HostSettings { login, client_options: client_options.clone(), ..HostSettings::default() },
            )],
            &[],
        )
    };
    let registries = with(SECRET, &client_options);
    assert_eq!(texts(registries.tags(&image).await.unwrap()), ["v1"]);
    assert_eq!(registries.requests(), Requests { registry: 2, token: 0 });
    let error = with("wrong", &client_options).tags(&image).await.unwrap_err();
    assert!(
        error.to_string().contains("denied access with the credential from ACME_PASSWORD (the configuration)"),
        "{error}"
    );
    let error = with(SECRET, &ClientOptions::default()).tags(&image).await.unwrap_err();
    assert!(error.to_string().contains("trusted connection to"), "{error}");
    assert!(error.hint().contains("ca-file"), "{error}");
}

#[tokio::test]
async fn logs_in_to_docker_registry_with_tokens() {
    if ["openssl", "umoci", "skopeo"].map(find).iter().any(Option::is_none) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let signer = TokenSigner::new(folder.path());
    let certificate = folder.path().join("tok.crt");
    // Only `alice` gets tokens for `secret/`; all tokens expire after two seconds.
    let tokens = Double::start(move |request| {
        let known = login(request).is_some_and(|(user, secret)| user == "alice" && secret == SECRET);
        let open = !request.query("scope").unwrap_or_default().contains(":secret/");
        let push = request.query("scope").unwrap_or_default().contains("push");
        signer.answer(request, known || (open && !push), 2)
    })
    .await;
    let tokens_host = tokens.host();
    let yaml = format!(
        "http: {{addr: $ADDR}}\nauth: {{token: {{realm: http://{tokens_host}/token, service: reg.test, issuer: test-issuer, rootcertbundle: {}}}}}",
        certificate.display()
    );
    let Some(server) = DockerRegistry::start(&yaml, |_| {}) else { return };
    let host = server.host();
    let creds = format!("alice:{SECRET}");
    let push = tokio::task::spawn_blocking(move || {
        for path in ["open/app", "secret/app"] {
            server.push(path, &["v1"], "2024-01-02T03:04:05Z", &[], &["--dest-creds", &creds]);
        }
        server
    });
    let server = push.await.unwrap();
    let (open, secret) = (name(format!("{host}/open/app")), name(format!("{host}/secret/app")));
    let anonymous = connect(&[&host], &[]);
    assert_eq!(texts(anonymous.tags(&open).await.unwrap()), ["v1"]);
    assert_eq!(anonymous.requests(), Requests { registry: 2, token: 1 });
    let error = anonymous.tags(&secret).await.unwrap_err();
    assert!(matches!(error, RegistryError::Unauthorized { .. }), "{error}");
    // The registry says `insufficient_scope`: another token would be the same.
    assert_eq!(anonymous.requests(), Requests { registry: 3, token: 2 });
    let variables =
        vec![(variable(&host, "USERNAME"), "alice".to_owned()), (variable(&host, "PASSWORD"), SECRET.to_owned())];
    let settings = HostSettings { auth_hosts: vec![tokens_host], plain_http: true, ..HostSettings::default() };
    let registries = connect_with([(host.clone(), settings)], &refs(&variables));
    assert_eq!(texts(registries.tags(&secret).await.unwrap()), ["v1"]);
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    // The registry rejects a token before its declared end, so another one is requested.
    let facts = registries.facts(&secret, &super::tag("v1")).await.unwrap();
    assert!(facts.created.is_some());
    drop(server);
}
