//! Authentication: schemes of registries, credentials from the environment, and no leaks.

use std::sync::atomic::{AtomicUsize, Ordering};

use tagboat::registry::{HostSettings, Registry, RegistryError, Requests};

use super::{connect, connect_with, name, plain, texts, variable};
use crate::support::http_double::{Double, ReceivedRequest, Reply};
use crate::support::token_server::login;

pub(super) const SECRET: &str = "planted-secret";

/// Returns 401 with this challenge unless the request has the header.
pub(super) fn require(request: &ReceivedRequest, header: &str, challenge: &str) -> Reply {
    match request.header("authorization") {
        Some(sent) if sent == header => Reply::tags(["v1"]),
        _ => Reply::new(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"log in"}]}"#)
            .header("www-authenticate", challenge),
    }
}

/// Starts a registry with its token service, whose tokens are `t-<scope>`. Counts tokens.
async fn bearer(user: Option<&'static str>) -> Double {
    Double::start(move |request| {
        if request.path() == "/token" {
            return match (user, login(request)) {
                (Some(user), Some((sent, secret))) if user == sent && secret == SECRET => token(request),
                (Some(_), _) => {
                    Reply::new(401, format!("who are you, {}?", request.header("authorization").unwrap_or("?")))
                }
                (None, None) => token(request),
                (None, Some(_)) => Reply::new(403, "no login here"),
            };
        }
        let scope = format!("repository:{}:pull", &request.path()[4..request.path().len() - 10]);
        let realm = format!("http://{}/token", request.header("host").unwrap());
        let challenge = format!(r#"Bearer realm="{realm}",service="double",scope="{scope}""#);
        require(request, &format!("Bearer t-{scope}"), &challenge)
    })
    .await
}

fn token(request: &ReceivedRequest) -> Reply {
    assert_eq!(request.query("service").as_deref(), Some("double"));
    Reply::new(200, format!(r#"{{"token":"t-{}"}}"#, request.query("scope").unwrap()))
}

pub(super) fn refs(variables: &[(String, String)]) -> Vec<(&str, &str)> {
    variables.iter().map(|(name, value)| (&**name, &**value)).collect()
}

pub(super) fn basic(host: &str) -> Vec<(String, String)> {
    vec![(variable(host, "USERNAME"), "me".to_owned()), (variable(host, "PASSWORD"), SECRET.to_owned())]
}

#[tokio::test]
async fn requests_one_token_per_scope_and_one_challenge_per_registry() {
    let server = bearer(None).await;
    let registries = connect(&[&server.host()], &[]);
    let images: Vec<_> = (0..30).map(|number| name(format!("{}/app{number}", server.host()))).collect();
    // Two concurrent requests for each image.
    let both = images.iter().chain(&images).map(|image| registries.tags(image));
    for tags in futures_util::future::join_all(both).await {
        assert_eq!(texts(tags.unwrap()), ["v1"]);
    }
    assert_eq!(registries.requests(), Requests { registry: 61, token: 30 });
}

#[tokio::test]
async fn needs_one_request_per_unchanged_image() {
    let server = Double::start(|_| Reply::tags(["v1"])).await;
    let registries = connect(&[&server.host()], &[]);
    for number in 0..20 {
        registries.tags(&name(format!("{}/app{number}", server.host()))).await.unwrap();
    }
    assert_eq!(registries.requests(), Requests { registry: 20, token: 0 });
    assert!(server.received().iter().all(|request| request.path().ends_with("/tags/list")));
}

#[tokio::test]
async fn reports_a_rejected_credential_with_its_source_and_without_its_secret() {
    let server = bearer(Some("someone")).await;
    let host = server.host();
    let registries = connect(&[&host], &refs(&basic(&host)));
    let error = registries.tags(&name(format!("{host}/a"))).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(&format!("denied access with the credential from {}", variable(&host, "PASSWORD"))),
        "{text}"
    );
    assert!(text.contains("who are you, Basic …?"), "{text}");
    assert!(error.hint().contains("current"));
    // A rejected credential is not replaced by anonymous access.
    assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
    let anonymous = connect(&[&host], &[]).tags(&name(format!("{host}/a"))).await.unwrap_err();
    assert!(anonymous.to_string().contains("denied anonymous access"), "{anonymous}");
    assert!(anonymous.hint().contains("docker login"));
}

/// A token service issues a token without a right, and the registry refuses it, as Docker Hub and distribution do.
#[tokio::test]
async fn reports_a_valid_login_that_lacks_a_right_after_one_token() {
    for status in [401, 403] {
        let server = Double::start(move |request| match request.path() {
            "/token" => Reply::new(200, r#"{"token":"t"}"#),
            _ => {
                let error = request.header("authorization").map_or("", |_| r#",error="insufficient_scope""#);
                let challenge = format!(r#"Bearer realm="/token",scope="repository:acme/api:pull"{error}"#);
                let status = if request.header("authorization").is_some() { status } else { 401 };
                Reply::new(
                    status,
                    r#"{"errors":[{"code":"DENIED","message":"access denied","detail":[{"Name":"acme/api"}]}]}"#,
                )
                .header("www-authenticate", &challenge)
            }
        })
        .await;
        let (host, image) = (server.host(), name(format!("{}/acme/api", server.host())));
        let with_login = connect(&[&host], &refs(&basic(&host)));
        let error = with_login.tags(&image).await.unwrap_err();
        let expected = format!(
            "the login is valid and lacks the right to pull: http://{host}/v2/acme/api/tags/list?n=1000 denied access with the credential from {}: access denied",
            variable(&host, "PASSWORD")
        );
        assert_eq!(error.to_string(), expected);
        assert!(error.hint().contains("give the account permission"), "{:?}", error.hint());
        assert_eq!(with_login.requests(), Requests { registry: 2, token: 1 }, "{status}");
        let anonymous = connect(&[&host], &[]);
        let error = anonymous.tags(&image).await.unwrap_err();
        assert!(error.to_string().contains("denied anonymous access: access denied"), "{error}");
        assert!(error.hint().contains("log in with `docker login`"), "{status}: {:?}", error.hint());
        assert_eq!(anonymous.requests(), Requests { registry: 2, token: 1 }, "{status}");
    }
}

#[tokio::test]
async fn replaces_a_token_that_expires_early_once() {
    let tokens = AtomicUsize::new(0);
    let lists = AtomicUsize::new(0);
    let server = Double::start(move |request| {
        if request.path() == "/token" {
            let number = tokens.fetch_add(1, Ordering::SeqCst);
            return Reply::new(200, format!(r#"{{"access_token":"t{number}","expires_in":3600}}"#));
        }
        // The first token is valid for one page, the second for all.
        let good = match request.header("authorization") {
            Some("Bearer t0") => lists.fetch_add(1, Ordering::SeqCst) == 0,
            Some("Bearer t1") => !request.path().contains("never"),
            _ => false,
        };
        if !good {
            let challenge = r#"Bearer realm="/token",error="invalid_token""#;
            return Reply::new(401, "").header("www-authenticate", challenge);
        }
        match request.query("last") {
            None => Reply::tags(["v1"]).header("link", "<list?last=v1>; rel=\"next\""),
            Some(_) => Reply::tags(["v2"]),
        }
    })
    .await;
    let registries = connect(&[&server.host()], &[]);
    let tags = registries.tags(&name(format!("{}/a", server.host()))).await.unwrap();
    assert_eq!(texts(tags), ["v1", "v2"]);
    assert_eq!(registries.requests(), Requests { registry: 4, token: 2 });
    let error = registries.tags(&name(format!("{}/never", server.host()))).await.unwrap_err();
    assert!(matches!(error, RegistryError::Unauthorized { .. }), "{error}");
    assert!(registries.requests().token <= 4);
}

#[tokio::test]
async fn renews_a_token_before_it_expires() {
    let server = Double::start(|request| match request.path() {
        "/token" => Reply::new(200, r#"{"token":"t","expires_in":0.5}"#),
        _ => require(request, "Bearer t", r#"Bearer realm="/token""#),
    })
    .await;
    let registries = connect(&[&server.host()], &[]);
    let image = name(format!("{}/a", server.host()));
    for tokens in [1, 1, 2] {
        if tokens == 2 {
            tokio::time::sleep(std::time::Duration::from_millis(450)).await;
        }
        registries.tags(&image).await.unwrap();
        assert_eq!(registries.requests().token, tokens);
    }
}

#[tokio::test]
async fn sends_a_credential_only_to_token_services_of_its_host_and_port() {
    let elsewhere = Double::start(|request| match login(request) {
        Some(_) => token(request),
        None => Reply::new(401, ""),
    })
    .await;
    // Another name of the host, and another port.
    for realm_host in [elsewhere.other_host(), elsewhere.host()] {
        let challenge = format!(r#"Bearer realm="http://{realm_host}/token",service="double""#);
        let server = Double::start(move |request| require(request, "Bearer t-repository:a:pull", &challenge)).await;
        let host = server.host();
        let image = name(format!("{host}/a"));
        let before = elsewhere.received().len();
        let without_port = realm_host.split(':').next().unwrap().to_owned();
        for auth_hosts in [vec![], vec![without_port], vec![host.clone()]] {
            let settings = HostSettings { auth_hosts, ..plain(None) };
            let registries = connect_with([(host.clone(), settings)], &refs(&basic(&host)));
            let error = registries.tags(&image).await.unwrap_err();
            assert!(matches!(error, RegistryError::UntrustedRealm { .. }), "{error}");
            let setting = format!("`registries: {{ '{host}': {{ auth-hosts: ['{realm_host}'] }} }}`");
            assert!(error.hint().contains(&setting), "{:?}", error.hint());
        }
        assert_eq!(elsewhere.received().len(), before);
        // Anonymous tokens may come from any host, and a host in `auth-hosts` is trusted.
        let error = connect(&[&host], &[]).tags(&image).await.unwrap_err();
        assert!(matches!(error, RegistryError::Unauthorized { .. }), "{error}");
        let settings = HostSettings { auth_hosts: vec![realm_host], ..plain(None) };
        let tags = connect_with([(host.clone(), settings)], &refs(&basic(&host))).tags(&image).await;
        assert_eq!(texts(tags.unwrap()), ["v1"]);
    }
}

#[tokio::test]
async fn requests_hidden_images_again_with_the_credential() {
    let server = Double::start(|request| match (login(request), request.path()) {
        (Some((user, secret)), _) if (&*user, &*secret) == ("me", SECRET) => Reply::tags(["v1"]),
        (_, "/v2/") => Reply::new(401, "").header("www-authenticate", "Basic realm=x"),
        _ => Reply::new(404, ""),
    })
    .await;
    let host = server.host();
    let image = name(format!("{host}/a"));
    assert!(connect(&[&host], &[]).tags(&image).await.is_err());
    assert_eq!(texts(connect(&[&host], &refs(&basic(&host))).tags(&image).await.unwrap()), ["v1"]);
}

/// A mirror is another host: it has its own credential and other image paths.
#[tokio::test]
async fn sends_a_mirror_its_own_credential_and_path() {
    let server = bearer(Some("me")).await;
    let host = server.host();
    let settings = [("docker.io".to_owned(), plain(Some(&format!("{host}/hub"))))];
    let image = name("index.docker.io/nginx");
    let of_docker = basic("docker.io");
    let error = connect_with(settings.clone(), &refs(&of_docker)).tags(&image).await.unwrap_err();
    assert!(error.to_string().contains("denied anonymous access"), "{error}");
    assert!(
        server
            .received()
            .iter()
            .all(|request| !request.header("authorization").unwrap_or_default().starts_with("Basic"))
    );
    let both = [of_docker, basic(&host)].concat();
    let tags = connect_with(settings, &refs(&both)).tags(&image).await.unwrap();
    assert_eq!(texts(tags), ["v1"]);
    let last = server.received().pop().unwrap();
    assert_eq!(last.target, "/v2/hub/library/nginx/tags/list?n=1000");
    assert_eq!(last.header("authorization"), Some("Bearer t-repository:hub/library/nginx:pull"));
}
