//! The sources of credentials and their order.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tagboat::registry::{HostSettings, Registry, RegistryLogin};
use tagboat::secret::Secret;

use super::logins::{SECRET, require};
use super::{connect, connect_with, name, plain, texts, variable};
use crate::support::http_double::{Double, ReceivedRequest, Reply};
use crate::support::tagboat::Tagboat;
use crate::support::token_server::login;

/// Variables (`$D` is the folder of files, `$P` the prefix for the host), and the credential of the token request, or
/// a part of the error.
type Source = (&'static str, &'static [(&'static str, &'static str)], Result<&'static str, &'static str>);

const USER: (&str, &str) = ("$P_USERNAME", "env");

#[rustfmt::skip]
const SOURCES: &[Source] = &[
    ("variables",          &[USER, ("$P_PASSWORD", SECRET), ("DOCKER_CONFIG", "$D/docker")],         Ok("Basic env")),
    ("a file",             &[USER, ("$P_PASSWORD_FILE", "$D/secret")],                               Ok("Basic env")),
    ("a token",            &[("$P_TOKEN", SECRET)],                                                  Ok("Basic token")),
    ("a token of a user",  &[USER, ("$P_TOKEN_FILE", "$D/secret")],                                  Ok("Basic env")),
    ("no user",            &[("$P_PASSWORD", SECRET)],                                               Err("$P_PASSWORD is set, but not $P_USERNAME")),
    ("no file",            &[USER, ("$P_PASSWORD_FILE", "$D/gone")],                                 Err("$P_PASSWORD_FILE: cannot read $D/gone: No such file")),
    ("REGISTRY_AUTH_FILE", &[("REGISTRY_AUTH_FILE", "$D/auth.json"), ("DOCKER_CONFIG", "$D/docker")], Ok("Basic named")),
    ("a missing one",      &[("REGISTRY_AUTH_FILE", "$D/gone")],                                     Err("cannot find $D/gone, which REGISTRY_AUTH_FILE names")),
    ("DOCKER_CONFIG",      &[("DOCKER_CONFIG", "$D/docker"), ("HOME", "$D/home")],                   Ok("Basic docker")),
    ("kubernetes",         &[("DOCKER_CONFIG", "$D/k8s")],                                           Ok("Basic kubernetes")),
    ("home",               &[("HOME", "$D/home"), ("XDG_RUNTIME_DIR", "$D/run")],                    Ok("Basic home")),
    ("runtime",            &[("XDG_RUNTIME_DIR", "$D/run"), ("XDG_CONFIG_HOME", "$D/xdg")],          Ok("Basic runtime")),
    ("containers",         &[("XDG_CONFIG_HOME", "$D/xdg")],                                         Ok("Basic containers")),
    ("helper",             &[("DOCKER_CONFIG", "$D/helped"), ("PATH", "$D:/usr/bin:/bin")],          Ok("Basic helper")),
    ("no helper",          &[("DOCKER_CONFIG", "$D/helped")],                                        Err("cannot find docker-credential-test on PATH")),
    ("its error",          &[("DOCKER_CONFIG", "$D/broken"), ("PATH", "$D:/usr/bin:/bin")],          Err("docker-credential-broken failed: no keychain here")),
    ("it has nothing",     &[("DOCKER_CONFIG", "$D/empty"), ("PATH", "$D:/usr/bin:/bin")],           Ok("anonymous")),
    ("refresh token",      &[("DOCKER_CONFIG", "$D/refresh")],                                       Ok("POST")),
    ("by path",            &[("DOCKER_CONFIG", "$D/scoped")],                                        Ok("Basic scoped")),
    ("malformed",          &[("DOCKER_CONFIG", "$D/malformed")],                                     Err("config.json:1:1: invalid docker configuration")),
    ("nothing",            &[],                                                                      Ok("anonymous")),
];

/// Writes the files for a registry at a host.
fn write_files(folder: &Path, host: &str) {
    let auth = |user: &str| format!(r#"{{"auths":{{"{host}":{{"username":"{user}","password":"{SECRET}"}}}}}}"#);
    let helpers = |name: &str| format!(r#"{{"credHelpers":{{"{host}":"{name}"}}}}"#);
    let scoped = format!(r#""{host}/acme":{{"username":"scoped","password":"{SECRET}"}}"#);
    #[rustfmt::skip]
    let files = [
        ("docker/config.json",      auth("docker")),
        ("k8s/.dockerconfigjson",   auth("kubernetes")),
        ("auth.json",               auth("named")),
        ("home/.docker/config.json", auth("home")),
        ("run/containers/auth.json", auth("runtime")),
        ("xdg/containers/auth.json", auth("containers")),
        ("helped/config.json",      helpers("test")),
        ("broken/config.json",      helpers("broken")),
        ("empty/config.json",       helpers("empty")),
        ("refresh/config.json",     format!(r#"{{"auths":{{"{host}":{{"identitytoken":"{SECRET}"}}}}}}"#)),
        ("scoped/config.json",      auth("whole").replace("\"auths\":{", &format!("\"auths\":{{{scoped},"))),
        ("malformed/config.json",   "{".to_owned()),
        ("secret",                  format!("{SECRET}\n")),
        ("docker-credential-test",   format!("#!/bin/sh\nread server\necho \"{{\\\"Username\\\":\\\"helper\\\",\\\"Secret\\\":\\\"{SECRET}\\\",\\\"ServerURL\\\":\\\"$server\\\"}}\"\n")),
        ("docker-credential-broken", "#!/bin/sh\necho no keychain here >&2\nexit 1\n".to_owned()),
        ("docker-credential-empty",  "#!/bin/sh\necho credentials not found in native keychain\nexit 1\n".to_owned()),
    ];
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Returns the credential of a token request.
fn sent(request: &ReceivedRequest) -> String {
    match login(request) {
        Some((user, secret)) if secret == SECRET => format!("Basic {user}"),
        _ if request.method == "POST" && request.body.contains(&format!("refresh_token={SECRET}")) => "POST".to_owned(),
        _ => "anonymous".to_owned(),
    }
}

/// Searches all output of the program for the given secrets and for the tokens.
#[tokio::test(flavor = "multi_thread")]
async fn leaks_no_secret_of_any_source() {
    const BOUGHT: &str = "token-that-was-bought";
    let server = Double::start(|request| match request.path() {
        "/token" => Reply::new(200, format!(r#"{{"token":"{BOUGHT}"}}"#)),
        _ => require(request, &format!("Bearer {BOUGHT}"), r#"Bearer realm="/token",service="double""#),
    })
    .await;
    // Rejects every request and echoes its credential.
    let echo = Double::start(|request| match request.path() {
        "/token" => {
            Reply::new(401, format!("{} {}", request.header("authorization").unwrap_or("nothing"), request.body))
        }
        _ => require(request, "nothing", r#"Bearer realm="/token",service="double""#),
    })
    .await;
    for (host, bought) in [(server.host(), true), (echo.host(), false)] {
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path(), &host);
        let prefix = variable(&host, "");
        let filled = |text: &str| text.replace("$D", folder.path().to_str().unwrap()).replace("$P_", &prefix);
        for (source, variables, expected) in SOURCES {
            let tagboat =
                Tagboat::new().with("PLANTED", SECRET).with("PLANTED_TOKEN", BOUGHT).with("DOCKER_CONFIG", "");
            let with = |tagboat: Tagboat, (name, value): &(&str, &str)| tagboat.with(&filled(name), &filled(value));
            let tagboat = variables.iter().fold(tagboat, with);
            fs::write(
                tagboat.home().join("tagboat.yaml"),
                format!("registries: {{ '{host}': {{ plain-http: true }} }}\n"),
            )
            .unwrap();
            let image = format!("{host}/acme/api");
            let cache = folder.path().join("cache").display().to_string();
            let output =
                tagboat.run(&["explain", &image, "--current", "v0", "--policy", "semver: '*'", "--cache-dir", &cache]);
            assert_eq!(output.code == 0, bought && expected.is_ok(), "{source}: {output:?}");
            assert!(
                output.log.contains("/v2/acme/api/tags/list") || expected.is_err(),
                "the log has the requests: {}",
                output.log
            );
        }
    }
}

/// A token is a password without a user name, from any source and for any scheme.
#[tokio::test]
async fn treats_tokens_of_the_configuration_and_of_variables_alike() {
    let basic = Double::start(|request| match sent(request).as_str() {
        "Basic token" | "Basic robot" => Reply::tags([sent(request).replace(' ', "-")]),
        _ => Reply::new(401, "").header("www-authenticate", "Basic realm=x"),
    })
    .await;
    let bearer = Double::start(|request| match request.path() {
        "/token" => Reply::new(200, format!(r#"{{"token":"{}"}}"#, sent(request).replace(' ', "-"))),
        _ => match request.header("authorization").and_then(|sent| sent.strip_prefix("Bearer ")) {
            Some(token) => Reply::tags([token]),
            None => Reply::new(401, "").header("www-authenticate", r#"Bearer realm="/token",service="double""#),
        },
    })
    .await;
    for host in [basic.host(), bearer.host()] {
        for (user, seen) in [(None, "Basic-token"), (Some("robot"), "Basic-robot")] {
            let image = name(format!("{host}/a"));
            let source = "ACME_TOKEN (the configuration)".to_owned();
            let login = RegistryLogin { user: user.map(str::to_owned), secret: Secret::new(SECRET), source };
            let settings = HostSettings { login: Some(login), ..plain(None) };
            let configured = connect_with([(host.clone(), settings)], &[]);
            assert_eq!(texts(configured.tags(&image).await.unwrap()), [seen]);
            assert_eq!(configured.check(&image).await.unwrap().credential.unwrap(), "ACME_TOKEN (the configuration)");
            let mut variables = vec![(variable(&host, "TOKEN"), SECRET)];
            variables.extend(user.map(|user| (variable(&host, "USERNAME"), user)));
            let variables: Vec<_> = variables.iter().map(|(name, value)| (&**name, *value)).collect();
            assert_eq!(texts(connect(&[&host], &variables).tags(&image).await.unwrap()), [seen]);
        }
    }
}

#[tokio::test]
async fn uses_the_first_source_of_credentials() {
    let server = Double::start(|request| match request.path() {
        "/token" => Reply::new(200, r#"{"token":"t"}"#),
        _ => require(request, "Bearer t", r#"Bearer realm="/token",service="double""#),
    })
    .await;
    let host = server.host();
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &host);
    let prefix = variable(&host, "");
    let filled = |text: &str| text.replace("$D", folder.path().to_str().unwrap()).replace("$P_", &prefix);
    for (source, variables, expected) in SOURCES {
        let variables: Vec<_> = variables.iter().map(|(name, value)| (filled(name), filled(value))).collect();
        let variables: Vec<_> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
        let before = server.received().len();
        let answer = connect(&[&host], &variables).tags(&name(format!("{host}/acme/api"))).await;
        match (answer, expected) {
            (Ok(_), Ok(expected)) => {
                let request = server.received().split_off(before);
                let token = request.iter().find(|request| request.path() == "/token").unwrap();
                assert_eq!(sent(token), *expected, "{source}");
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(&filled(part)), "{source}: {error}"),
            (answer, expected) => panic!("{source}: {answer:?}, not {expected:?}"),
        }
    }
}
