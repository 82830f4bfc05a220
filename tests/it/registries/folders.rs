//! Folders: an OCI image layout instead of a registry, and the cache.

use std::fs;

use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};
use tagboat::registry::{HostSettings, Registries, Registry, RegistryError, Requests, ResponseLimits};

use super::logins::{SECRET, basic, refs};
use super::{connect, connect_with, keychain, name, plain, tag, texts};
use crate::support::docker_registry::run;
use crate::support::http_double::{Double, ReceivedRequest, Reply};
use crate::support::process::find;
use crate::support::secret_leaks::found_below;
use crate::support::token_server::login;

#[tokio::test]
async fn reads_a_layout_of_umoci() {
    if find("umoci").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    // One layout for a single image, one for all others.
    for (layout, created) in [("acme/web", "2024-01-02T03:04:05Z"), ("", "2024-02-02T03:04:05Z")] {
        let layout = format!("{root}/{layout}").trim_end_matches('/').to_owned();
        if layout == root {
            fs::create_dir(format!("{root}/rest")).unwrap();
        }
        let layout = if layout == root { format!("{root}/rest") } else { layout };
        fs::create_dir_all(std::path::Path::new(&layout).parent().unwrap()).unwrap();
        let _ = fs::remove_dir(&layout);
        run("umoci", &["init", "--layout", &layout]);
        for tag in ["v1", "v2"] {
            let image = format!("{layout}:{tag}");
            run("umoci", &["new", "--image", &image]);
            run(
                "umoci",
                &[
                    "config",
                    "--image",
                    &image,
                    "--created",
                    created,
                    "--config.label",
                    "org.opencontainers.image.revision=abc",
                ],
            );
        }
    }
    let settings = |layout: &str| HostSettings { oci_layout: Some(layout.into()), ..HostSettings::default() };
    let hosts = [("r.acme".to_owned(), settings(root)), ("rest.acme".to_owned(), settings(&format!("{root}/rest")))];
    let registries = connect_with(hosts, &[]);
    for (image, month) in [("r.acme/acme/web", 1), ("rest.acme/any/thing", 2)] {
        let image = name(image);
        assert_eq!(texts(registries.tags(&image).await.unwrap()), ["v1", "v2"]);
        let facts = registries.facts(&image, &tag("v2")).await.unwrap();
        assert_eq!(facts.digest, Some(registries.digest(&image, &tag("v2")).await.unwrap()));
        assert_eq!(facts.created, Some(format!("2024-0{month}-02T03:04:05Z").parse().unwrap()));
        assert_eq!((facts.revision.as_deref(), facts.platforms.len()), (Some("abc"), 1));
    }
    assert_eq!(registries.requests(), Requests::default());
    let missing = registries.digest(&name("r.acme/acme/web"), &tag("v9")).await.unwrap_err();
    assert!(matches!(missing, RegistryError::NotFound { .. }), "{missing}");
    let error = registries.tags(&name("r.acme/other")).await.unwrap_err();
    assert!(error.to_string().contains("index.json: No such file"), "{error}");
}

#[tokio::test]
async fn distinguishes_images_in_a_layout_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let entry = |key: &str, text: &str| {
        serde_json::json!({ "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1,
            "digest": format!("sha256:{}", "0".repeat(64)), "annotations": { key: text } })
    };
    let index = serde_json::json!({ "schemaVersion": 2, "manifests": [
        entry("org.opencontainers.image.ref.name", "r.acme/team/api:v1"),
        entry("org.opencontainers.image.ref.name", "team/api:v2"),
        entry("org.opencontainers.image.ref.name", "team/web:v3"),
        entry("io.containerd.image.name", "r.acme/team/web:v4"),
        entry("other", "v5"),
    ] });
    fs::write(folder.path().join("index.json"), index.to_string()).unwrap();
    let settings = HostSettings { oci_layout: Some(folder.path().into()), ..HostSettings::default() };
    let registries = connect_with([("r.acme".to_owned(), settings)], &[]);
    assert_eq!(texts(registries.tags(&name("r.acme/team/api")).await.unwrap()), ["v1", "v2"]);
    assert_eq!(texts(registries.tags(&name("r.acme/team/web")).await.unwrap()), ["v3", "v4"]);
    let error = registries.facts(&name("r.acme/team/api"), &tag("v1")).await.unwrap_err();
    assert!(error.to_string().contains("blobs/sha256/0000"), "{error}");
}

#[tokio::test]
async fn fetches_no_body_twice_with_a_cache() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = EmbeddedRegistry::start().await.unwrap();
    let platforms = ["linux/amd64", "linux/arm64"].map(|text| tagboat::image::Platform::new(text).unwrap()).to_vec();
    let spec = ImageSpec { created: "2024-01-02T03:04:05Z".parse().unwrap(), platforms, ..ImageSpec::default() };
    embedded.push("a", "v1", &spec).unwrap();
    let image = name(format!("{}/a", embedded.host()));
    let cached = || connect(&[&embedded.host()], &[]).with_cache(folder.path());
    let first = cached();
    let facts = first.facts(&image, &tag("v1")).await.unwrap();
    assert_eq!(first.requests().registry, 4, "headers, index, manifest, configuration");
    let second = cached();
    assert_eq!(second.facts(&image, &tag("v1")).await.unwrap(), facts);
    assert_eq!(second.requests().registry, 1, "headers");
    // Damaged content is ignored, because it does not match its digest.
    for file in fs::read_dir(folder.path().join("content")).unwrap() {
        fs::write(file.unwrap().path(), r#"{"schemaVersion":2,"manifests":[]}"#).unwrap();
    }
    let third = cached();
    assert_eq!(third.facts(&image, &tag("v1")).await.unwrap(), facts);
    assert_eq!(third.requests().registry, 4);
}

#[tokio::test]
async fn requests_a_list_again_only_if_it_changed() {
    const THEN: &str = "Sat, 21 Nov 2026 08:00:00 GMT";
    let folder = tempfile::tempdir().unwrap();
    let server = Double::start(|request| {
        let known = (request.header("if-none-match"), request.header("if-modified-since"));
        match (request.path(), known) {
            _ if login(request).is_none_or(|(_, secret)| secret != SECRET) => {
                Reply::new(401, "").header("www-authenticate", "Basic realm=x")
            }
            ("/v2/tagged/tags/list", (Some("\"one\""), None)) => Reply::new(304, ""),
            ("/v2/tagged/tags/list", _) => Reply::tags(["v1", "v2"]).header("etag", "\"one\""),
            ("/v2/dated/tags/list", (None, Some(THEN))) => Reply::new(304, ""),
            ("/v2/dated/tags/list", _) => Reply::tags(["v3"]).header("last-modified", THEN),
            ("/v2/both/tags/list", (Some("W/\"two\""), Some(THEN))) => Reply::new(304, ""),
            ("/v2/both/tags/list", _) => Reply::tags(["v4"]).header("etag", "W/\"two\"").header("last-modified", THEN),
            ("/v2/paged/tags/list", _) if request.query("last").is_none() => {
                Reply::tags(["v5"]).header("etag", "\"one\"").header("link", "<?last=v5>; rel=next")
            }
            ("/v2/odd/tags/list", _) => Reply::new(304, ""),
            _ => Reply::tags(["v6"]),
        }
    })
    .await;
    let host = server.host();
    let rows: &[(&str, &[&str])] = &[
        ("tagged", &["v1", "v2"]),
        ("dated", &["v3"]),
        ("both", &["v4"]),
        ("paged", &["v5", "v6"]),
        ("plain", &["v6"]),
    ];
    let bodies = |from: usize| {
        let conditional = |request: &&ReceivedRequest| {
            request.header("if-none-match").is_some() || request.header("if-modified-since").is_some()
        };
        server.received()[from..].iter().filter(conditional).count()
    };
    // In the third run, all entries are damaged.
    for (round, conditional) in [0, 3, 0].into_iter().enumerate() {
        let before = server.received().len();
        let registries = connect(&[&host], &refs(&basic(&host))).with_cache(folder.path());
        for (path, tags) in rows {
            assert_eq!(texts(registries.tags(&name(format!("{host}/{path}"))).await.unwrap()), *tags, "{path}");
        }
        // The first request is sent without and with the credential.
        assert_eq!(bodies(before), if round == 1 { conditional + 1 } else { conditional }, "{round}");
        assert!(
            registries.tags(&name(format!("{host}/odd"))).await.is_err(),
            "nothing is at hand that could be unchanged"
        );
        let secrets = [SECRET.to_owned()].into();
        assert_eq!(found_below(&secrets, folder.path()), [""; 0]);
        let entries: Vec<_> =
            fs::read_dir(folder.path().join("tags")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(entries.len(), 3, "one page each, and nothing half-written: {entries:?}");
        for (entry, damage) in entries.iter().zip([&b"{}"[..], b"", b"\xff\xfe"]) {
            if round == 1 {
                fs::write(entry, damage).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn checks_credential_and_rate_limit() {
    let server = Double::start(|request| match request.path() {
        "/v2/a/tags/list" => Reply::tags(["v1"]),
        _ => Reply::new(200, "")
            .header("docker-content-digest", &format!("sha256:{}", "0".repeat(64)))
            .header("ratelimit-limit", "100;w=21600")
            .header("ratelimit-remaining", "76;w=21600"),
    })
    .await;
    let host = server.host();
    let image = name(format!("{host}/a"));
    let (user, password) = (super::variable(&host, "USERNAME"), super::variable(&host, "PASSWORD"));
    let settings = [(host.clone(), plain(None))].into();
    let keys = keychain(&[(&user, "me"), (&password, "planted-secret")]);
    let access = Registries::connect(settings, keys, ResponseLimits::default()).unwrap().check(&image).await.unwrap();
    assert_eq!((access.credential.as_deref(), access.login_required), (Some(&*password), false));
    assert_eq!((access.tags, access.can_pull, access.rate_limit.unwrap().remaining), (1, true, 76));
    let access = connect(&[&host], &[]).check(&image).await.unwrap();
    assert_eq!(access.credential, None);
}
