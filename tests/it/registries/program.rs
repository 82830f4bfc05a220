//! The program and registries: proxies, certificates, and the number of requests.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tagboat::registry::Requests;
use tempfile::TempDir;

use crate::support::certificates;
use crate::support::docker_registry::{DockerRegistry, lay};
use crate::support::http_double::{Double, Manner, ReceivedRequest, Reply};
use crate::support::process::find;
use crate::support::proxy::{Proxy, Tunnel};
use crate::support::repository::Bare;
use crate::support::tagboat::{ProgramOutput, Tagboat};

/// Returns a manifest with these images.
fn pod(images: impl IntoIterator<Item = String>) -> String {
    let containers: String = images.into_iter().map(|image| format!("\n  - image: {image}")).collect();
    format!("kind: Pod\nspec:\n  containers:{containers}\n")
}

/// Creates a bare repository with one manifest. Returns it with the operator's configuration, which has a folder as the forge and
/// these registries.
pub(super) fn repository(folder: &Path, registries: &str, images: impl IntoIterator<Item = String>) -> (Bare, String) {
    let bare = Bare::new(folder, "gitops");
    let forge = format!("forge: {{ kind: local, folder: {} }}\n", folder.join("pulls").display());
    bare.commit("main", &[("apps/app.yaml", &pod(images))], "Deploy");
    (bare, format!("{forge}registries:\n{registries}"))
}

/// The network between the program and the registry, and the result: tunnels through the proxy, or part of an error.
type Way = (&'static [(&'static str, &'static str)], &'static str, Result<&'static [&'static str], &'static str>);

const THROUGH: &[&str] = &["registry.test:443"];

/// `$P` is a proxy for anyone, `$C` a proxy with a password, `$R` the registry.
#[rustfmt::skip]
const WAYS: &[Way] = &[
    (&[("HTTPS_PROXY", "http://$P")],                                     "registry.test", Ok(THROUGH)),
    (&[("https_proxy", "http://$P")],                                     "registry.test", Ok(THROUGH)),
    (&[("HTTPS_PROXY", "$P")],                                            "registry.test", Ok(THROUGH)),
    (&[("ALL_PROXY", "http://$P")],                                       "registry.test", Ok(THROUGH)),
    (&[("HTTPS_PROXY", "http://$P"), ("NO_PROXY", "acme.test")],          "registry.test", Ok(THROUGH)),
    (&[("HTTP_PROXY", "http://$P")],                                      "registry.test", Err("cannot connect to https://registry.test: ")),
    (&[("HTTPS_PROXY", "http://$P"), ("NO_PROXY", "registry.test")],      "registry.test", Err("cannot connect to https://registry.test: ")),
    (&[("HTTPS_PROXY", "http://$P"), ("NO_PROXY", "a.test, .test")],      "registry.test", Err("cannot connect to https://registry.test: ")),
    (&[("ALL_PROXY", "http://$P"), ("no_proxy", "*")],                    "registry.test", Err("cannot connect to https://registry.test: ")),
    (&[("HTTPS_PROXY", "http://$P"), ("NO_PROXY", "127.0.0.0/8")],        "$R",            Ok(&[])),
    (&[("HTTPS_PROXY", "http://$P")],                                     "$R",            Ok(&["$R"])),
    (&[("HTTPS_PROXY", "http://me:planted-secret@$C")],                   "registry.test", Ok(THROUGH)),
    (&[("HTTPS_PROXY", "http://me:planted-secret@127.0.0.1:1")],          "registry.test", Err(" through the proxy 127.0.0.1:1: ")),
    (&[("HTTPS_PROXY", "http://me:planted-wrong@$C")],                    "registry.test", Err("cannot connect to https://registry.test through the proxy $C: 407: the proxy requires a login")),
    (&[("HTTPS_PROXY", "http://$C")],                                     "registry.test", Err("cannot connect to https://registry.test through the proxy $C: 407: the proxy requires a login")),
];

/// Explains one image of a host, with these registries in the configuration.
fn explain(tagboat: &Tagboat, registries: &str, host: &str) -> ProgramOutput {
    let config = TempDir::new().unwrap();
    let file = config.path().join("operator.yaml");
    fs::write(&file, format!("registries:\n{registries}")).unwrap();
    let image = format!("{host}/app1");
    tagboat.run(&[
        "explain",
        &image,
        "--config",
        file.to_str().unwrap(),
        "--current",
        "0.9",
        "--policy",
        "semver: '*'",
        "--format",
        "json",
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_proxies_certificates_and_http_2() {
    if find("openssl").is_none() {
        return;
    }
    let yaml = "http: {addr: $ADDR, tls: {certificate: $DIR/srv.crt, key: $DIR/srv.key, clientcas: [$DIR/ca.crt]}}";
    let prepare = |folder: &Path| {
        certificates::make(folder);
        (0..20).for_each(|number| lay(folder, &format!("app{number}"), &["1.0"]));
    };
    let Some(server) = DockerRegistry::start(yaml, prepare) else { return };
    let keys =
        |host: &str, more: &str| format!("  '{host}': {{ ca-file: {}/ca.crt{more} }}\n", server.folder().display());
    let certificate = format!(", client-cert-file: {}/client.pem", server.folder().display());
    // All rows run concurrently, because a failed connection is retried for a while.
    let ways = WAYS.iter().map(async |(variables, host, expected)| {
        let open = Proxy::start(server.host(), None).await;
        // me:planted-secret
        let closed = Proxy::start(server.host(), Some("Basic bWU6cGxhbnRlZC1zZWNyZXQ=")).await;
        let filled =
            |text: &str| text.replace("$P", &open.host()).replace("$C", &closed.host()).replace("$R", &server.host());
        let host = filled(host);
        let with = |tagboat: Tagboat, (name, value): &(&str, &str)| tagboat.with(name, &filled(value));
        let (tagboat, registries) = (variables.iter().fold(Tagboat::new(), with), keys(&host, &certificate));
        let output = tokio::task::spawn_blocking(move || explain(&tagboat, &registries, &host)).await.unwrap();
        let tunnels = open.take_tunnels().into_iter().chain(closed.take_tunnels()).map(|tunnel: Tunnel| tunnel.to);
        match expected {
            Ok(expected) => {
                assert_eq!(output.json()["chosen"], "1.0", "{variables:?}: {output:?}");
                assert!(tunnels.eq(expected.iter().map(|to| filled(to))), "{variables:?}");
                assert!(output.log.contains("version=HTTP/2.0"), "offered, and taken: {}", output.log);
            }
            Err(part) => assert!(output.stdout.contains(&filled(part)), "{variables:?}: {output:?}"),
        }
    });
    futures_util::future::join_all(ways).await;
    // The hint names what is missing: the client certificate, or trust in the server.
    let direct = Tagboat::new();
    let host = server.host();
    for (registries, part, hint) in [
        (keys(&host, ""), "incomplete response", "client-cert-file:"),
        (format!("  '{host}': {{}}\n"), "trusted connection to", "ca-file:"),
        (format!("  '{host}': {{ plain-http: true }}\n"), "returned 400", "HTTPS server"),
    ] {
        let output = explain(&direct, &registries, &host);
        assert!(output.stdout.contains(part) && output.stderr.contains(hint), "{output:?}");
    }
    // All images share one connection.
    let folder = TempDir::new().unwrap();
    let images = (0..20).map(|number| format!("registry.test/app{number}:1.0"));
    let (bare, config) = repository(folder.path(), &keys("registry.test", &certificate), images);
    let open = Proxy::start(server.host(), None).await;
    let tagboat = Tagboat::new().with_config(&config).with("HTTPS_PROXY", &format!("http://{}", open.host()));
    let report = tagboat.run(&["plan", "-C", &bare.url(), "--format", "json"]).json();
    assert_eq!(requests(&report), Requests { registry: 20, token: 0 }, "{report:#}");
    assert_eq!(open.take_tunnels().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_the_proxy_for_plain_http() {
    let proxy = Double::start(|request| match request.target.as_str() {
        "http://plain.test/v2/app/tags/list?n=1000" => Reply::tags(["1.0"]),
        _ => Reply::new(502, ""),
    })
    .await;
    let address = format!("http://{}", proxy.host());
    for (variable, works) in [("HTTP_PROXY", true), ("http_proxy", true), ("ALL_PROXY", true), ("HTTPS_PROXY", false)] {
        let tagboat = Tagboat::new().with(variable, &address);
        let registries = "registries: { plain.test: { plain-http: true } }\n";
        fs::write(tagboat.home().join("tagboat.yaml"), registries).unwrap();
        let explain = ["explain", "plain.test/app", "--current", "0.9", "--policy", "semver: '*'", "--format", "json"];
        let output = tagboat.run(&explain);
        assert_eq!(output.json()["chosen"] == "1.0", works, "{variable}: {output:?}");
    }
}

/// A value that the HTTP library ignores would lead past the proxy, and curl would print it.
#[tokio::test(flavor = "multi_thread")]
async fn refuses_proxies_that_it_cannot_use() {
    let server = Double::start(|_| Reply::tags(["1.0"])).await;
    let host = server.host();
    let folder = TempDir::new().unwrap();
    let (bare, config) =
        repository(folder.path(), &format!("  '{host}': {{ plain-http: true }}\n"), [format!("{host}/app:0.9")]);
    let (file, http) = (bare.url(), format!("http://{host}/gitops.git"));
    let (image, tags) = (format!("{host}/app"), folder.path().join("tags"));
    fs::write(&tags, "1.0\n").unwrap();
    let explain = ["explain", &image, "--current", "0.9", "--policy", "semver: '*'"];
    let with_tags = [&explain[..], &["--tags", tags.to_str().unwrap()]].concat();
    let checkout = folder.path().join("checkout");
    fs::create_dir(&checkout).unwrap();
    fs::write(checkout.join("app.yaml"), pod([format!("{host}/app:0.9")])).unwrap();
    let checkout = checkout.display().to_string();
    for (variable, value) in [
        ("HTTPS_PROXY", "http://[bad"),
        ("https_proxy", "http://me:planted-secret@[bad"),
        ("HTTP_PROXY", "http://me:planted/secret@127.0.0.1:1"),
        ("http_proxy", "me:planted-secret@127.0.0.1:port"),
        ("ALL_PROXY", "ftp://me:planted-secret@127.0.0.1:1"),
        ("all_proxy", "http://127.0.0.1:1\n"),
    ] {
        let tagboat = Tagboat::new().with_config(&config).with(variable, value);
        for arguments in [
            &["run", "-C", &file][..],
            &["run", "-C", &http],
            &["plan", "-C", &http],
            &["check", "-C", &http],
            &["list", "-C", &http],
            &["edit", "-C", &checkout],
            &explain,
        ] {
            let output = tagboat.run(arguments);
            let message = format!("error: invalid value in {variable}: expected the address of a proxy\nhint: ");
            assert!(output.code == 64 && output.stderr.starts_with(&message), "{arguments:?}: {output:?}");
            assert!(!format!("{}{}", output.stdout, output.log).contains("planted"), "{arguments:?}: {output:?}");
        }
        // These connect to nothing.
        for arguments in [&["list", "-C", &checkout][..], &with_tags, &["schema"]] {
            let output = tagboat.run(arguments);
            assert_eq!(output.code, 0, "{arguments:?}: {output:?}");
        }
    }
    assert!(server.received().is_empty());
}

fn requests(report: &Value) -> Requests {
    let number = |key: &str| report["requests"][key].as_u64().unwrap();
    Requests { registry: number("registry"), token: number("token") }
}

/// Requires a token for the scope: the same for all images, as at public.ecr.aws, or one for each image.
fn require_tokens(request: &ReceivedRequest, scope: Option<&str>) -> Reply {
    if request.path() == "/token" {
        return Reply::new(200, format!(r#"{{"token":"for {}","expires_in":300}}"#, request.query("scope").unwrap()));
    }
    let own = format!("repository:{}:pull", request.path().trim_start_matches("/v2/").trim_end_matches("/tags/list"));
    let scope = scope.unwrap_or(&own);
    match request.header("authorization") {
        Some(sent) if sent == format!("Bearer for {scope}") => Reply::tags(["1.0", "0.9"]),
        _ => Reply::new(401, "")
            .header("www-authenticate", &format!(r#"Bearer realm="/token",service="double",scope="{scope}""#)),
    }
}

/// Checks that people read one cause with all five images, in the first formats, and that JSON has an entry for
/// each.
fn check_one_cause(formats: usize, host: &str, settings: &str, variables: &[(&str, &str)], cause: &str) {
    let folder = TempDir::new().unwrap();
    let images = (0..5).map(|number| format!("{host}/acme/app{number}:1.0"));
    let (bare, config) = repository(folder.path(), &format!("  '{host}': {{ {settings} }}\n"), images);
    let config = format!("limits: {{ request-timeout: 1s }}\n{config}");
    let tagboat =
        variables.iter().fold(Tagboat::new().with_config(&config), |one, (name, value)| one.with(name, value));
    let plan = |format: &str| tagboat.run(&["plan", "-C", &bare.url(), "--format", format]);
    assert_eq!(plan("json").json()["failed"].as_array().unwrap().len(), 5, "{cause}");
    let names = (0..5).map(|number| format!("{host}/acme/app{number}")).collect::<Vec<_>>();
    let labels = [
        ("text", format!("  5 images of {host}  {cause}")),
        ("markdown", format!("| 5 images of {host}: ")),
        ("annotations", format!("title=5 images of {}::{cause}", host.replace(':', "%3A"))),
    ];
    for (format, label) in labels.iter().take(formats) {
        let printed = plan(format).stdout;
        assert!(printed.contains(label), "{format}: {label} in {printed}");
        let hints = usize::from(*format != "markdown");
        assert_eq!(printed.matches("hint: ").count(), hints, "{format}: {printed}");
        assert!(names.iter().all(|name| printed.contains(name)), "{format}: {printed}");
    }
}

/// Returns the response of a host.
type Respond = fn() -> Reply;

/// What a host does, and the cause that people read once. `$H` is the host.
const HOST_FAILURES: &[(Respond, &str)] = &[
    (|| Reply::new(500, "x").header("retry-after", "0"), "http://$H returned 500 Internal Server Error"),
    (|| Reply::new(200, "").manner(Manner::Silence), "http://$H timed out after 1 s"),
    (|| Reply::new(200, "").manner(Manner::Hangup), "incomplete response from http://$H: "),
    (|| Reply::new(200, "<html>log in"), "the response of http://$H is not a tag list: "),
    (|| Reply::new(401, ""), "unauthorized: http://$H denied anonymous access"),
    (|| Reply::new(403, ""), "403: http://$H denied anonymous access"),
];

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_failing_host_once() {
    let closed = crate::support::process::ClosedPort::new();
    let host = &closed.address;
    check_one_cause(3, host, "plain-http: true", &[], &format!("cannot connect to http://{host}: "));
    let rows = HOST_FAILURES.iter().map(async |(reply, cause)| {
        let server = Double::start(|_| reply()).await;
        let (host, cause) = (server.host(), cause.replace("$H", &server.host()));
        tokio::task::spawn_blocking(move || check_one_cause(1, &host, "plain-http: true", &[], &cause)).await.unwrap();
    });
    futures_util::future::join_all(rows).await;
}

/// A proxy that refuses is named, whether it gets the request or opens a tunnel.
#[tokio::test(flavor = "multi_thread")]
async fn names_a_proxy_that_refuses() {
    let page = || Reply::new(403, "<html><title>Blocked</title>").header("content-type", "text/html");
    let login = || Reply::new(407, "");
    let api = || Reply::new(403, r#"{"errors":[{"code":"DENIED"}]}"#);
    #[rustfmt::skip]
    let rows: [(Respond, &str, &str, &str); 5] = [
        (page,  "HTTP_PROXY",  "http",  "http://registry.test through the proxy $P returned 403 Forbidden"),
        (login, "HTTP_PROXY",  "http",  "http://registry.test through the proxy $P returned 407 Proxy Authentication Required"),
        (api,   "HTTP_PROXY",  "http",  "403: http://registry.test denied anonymous access"),
        (page,  "HTTPS_PROXY", "https", "cannot connect to https://registry.test through the proxy $P: the proxy refused to connect to this host"),
        (login, "HTTPS_PROXY", "https", "cannot connect to https://registry.test through the proxy $P: 407: the proxy requires a login"),
    ];
    let rows = rows.into_iter().map(async |(reply, variable, scheme, cause)| {
        let proxy = Double::start(move |_| reply()).await;
        let (address, cause) = (format!("http://{}", proxy.host()), cause.replace("$P", &proxy.host()));
        let settings = format!("plain-http: {}", scheme == "http");
        let check = move || check_one_cause(1, "registry.test", &settings, &[(variable, &address)], &cause);
        tokio::task::spawn_blocking(check).await.unwrap();
    });
    futures_util::future::join_all(rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn needs_one_request_per_unchanged_image_and_one_token_per_scope() {
    let open = Double::start(|_| Reply::tags(["1.0", "0.9"])).await;
    let scoped = Double::start(|request| require_tokens(request, None)).await;
    let shared = Double::start(|request| require_tokens(request, Some("aws"))).await;
    // Only the first request gets a challenge.
    for (server, expected) in [(&open, (30, 0)), (&scoped, (31, 30)), (&shared, (31, 1))] {
        let folder = TempDir::new().unwrap();
        let host = server.host();
        // Each image occurs twice.
        let images = (0..60).map(|number| format!("{host}/acme/app{}:1.0", number % 30));
        let (bare, config) = repository(folder.path(), &format!("  '{host}': {{ plain-http: true }}\n"), images);
        let cache = folder.path().join("cache").display().to_string();
        let output = Tagboat::new().with_config(&config).run(&[
            "run",
            "-C",
            &bare.url(),
            "--format",
            "json",
            "--cache-dir",
            &cache,
        ]);
        assert_eq!((output.code, output.json()["changes"].as_array().unwrap().len()), (0, 0), "{output:?}");
        assert_eq!(requests(&output.json()), Requests { registry: expected.0, token: expected.1 });
        let request = server.received();
        assert_eq!(request.len() as u64, expected.0 + expected.1);
        assert!(request.iter().all(|request| request.path().ends_with("/tags/list") || request.path() == "/token"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn warns_once_of_a_cache_that_cannot_be_written() {
    let registry = Double::start(|_| Reply::tags(["1.0", "0.9"]).header("etag", "\"1\"")).await;
    let (host, folder) = (registry.host(), TempDir::new().unwrap());
    let images = (0..5).map(|number| format!("{host}/acme/app{number}:1.0"));
    let (bare, config) = repository(folder.path(), &format!("  '{host}': {{ plain-http: true }}\n"), images);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let (tagboat, cache) = (Tagboat::new().with_config(&config), file.join("cache").display().to_string());
    let message = format!("cannot write to the cache {cache}: ");
    for command in ["plan", "run", "check"] {
        let output = tagboat.run(&[command, "-C", &bare.url(), "--cache-dir", &cache]);
        let printed = format!("{}{}", output.stdout, output.stderr);
        let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!((output.code, printed.matches(&message).count()), (0, 1), "{command}: {printed}");
        assert!(printed.contains("set another one with --cache-dir"), "{command}: {printed}");
    }
}
