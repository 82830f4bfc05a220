//! Real registries: the embedded one, and Debian's `docker-registry` filled by umoci and skopeo.

use std::collections::BTreeMap;

use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};
use tagboat::image::Platform;
use tagboat::registry::{HostSettings, Keychain, Registries, Registry, RegistryError, Requests, ResponseLimits};

use super::{connect, connect_with, name, plain, tag, texts};
use crate::support::docker_registry::{DockerRegistry, lay, push};
use crate::support::process::{Process, find, free_port};

fn spec(created: &str, labels: &[(&str, &str)], platforms: &[&str]) -> ImageSpec {
    ImageSpec {
        created: created.parse().unwrap(),
        labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        platforms: platforms.iter().map(|text| Platform::new(text).unwrap()).collect(),
    }
}

#[tokio::test]
async fn reads_tags_digests_and_facts_from_the_embedded_registry() {
    let embedded = EmbeddedRegistry::start().await.unwrap();
    let labels =
        [("org.opencontainers.image.source", "https://git.example/api"), ("org.opencontainers.image.revision", "abc")];
    let old = embedded.push("acme/api", "1.0", &spec("2024-01-02T03:04:05Z", &labels, &[])).unwrap();
    let new = embedded
        .push("acme/api", "1.1", &spec("2024-02-02T03:04:05Z", &labels, &["linux/arm64", "linux/amd64"]))
        .unwrap();
    let registries = connect_with([("docker.io".to_owned(), plain(Some(&embedded.host())))], &[]);
    let api = name("acme/api");
    assert_eq!(texts(registries.tags(&api).await.unwrap()), ["1.0", "1.1"]);
    assert_eq!(registries.digest(&api, &tag("1.0")).await.unwrap(), old);
    assert_eq!(registries.requests(), Requests { registry: 2, token: 0 });
    let facts = registries.facts(&api, &tag("1.1")).await.unwrap();
    assert_eq!(facts.digest, Some(new));
    assert_eq!(facts.created, Some("2024-02-02T03:04:05Z".parse().unwrap()));
    assert_eq!(facts.platforms, ["linux/arm64", "linux/amd64"].map(|text| Platform::new(text).unwrap()));
    assert_eq!((facts.source.as_deref(), facts.revision.as_deref()), (Some("https://git.example/api"), Some("abc")));
    assert_eq!(embedded.requests(), 5, "index, manifest and configuration");
    let missing = registries.tags(&name("acme/gone")).await.unwrap_err();
    assert!(matches!(missing, RegistryError::NotFound { .. }), "{missing}");
    let missing = registries.digest(&api, &tag("9")).await.unwrap_err();
    assert!(missing.to_string().starts_with("not found at http://127.0.0.1:"), "{missing}");
    assert_eq!(missing.image(), Some("acme/api:9"));
}

#[tokio::test]
async fn reads_long_lists_page_by_page() {
    let embedded = EmbeddedRegistry::start().await.unwrap();
    for number in 0..25 {
        embedded.push("a", &format!("v{number:02}"), &spec("2024-01-02T03:04:05Z", &[], &[])).unwrap();
    }
    let settings = HostSettings { page_size: Some(10), ..plain(None) };
    let registries = connect_with([(embedded.host(), settings)], &[]);
    let tags = registries.tags(&name(format!("{}/a", embedded.host()))).await.unwrap();
    assert_eq!((tags.len(), embedded.requests()), (25, 3));
}

#[tokio::test]
async fn reads_images_of_umoci_and_skopeo_from_docker_registry() {
    let (Some(_), Some(_), Some(server)) = (find("umoci"), find("skopeo"), DockerRegistry::plain()) else { return };
    let labels = ["org.opencontainers.image.source=https://git.example/web", "org.opencontainers.image.version=2"];
    server.push("acme/web", &["3d9b390", "latest"], "2024-01-02T03:04:05Z", &labels, &[]);
    let registries = connect_with([("docker.io".to_owned(), plain(Some(&server.host())))], &[]);
    let web = name("docker.io/acme/web");
    let mut tags = texts(registries.tags(&web).await.unwrap());
    tags.sort();
    assert_eq!(tags, ["3d9b390", "latest"]);
    let digest = registries.digest(&web, &tag("latest")).await.unwrap();
    assert_eq!(registries.requests(), Requests { registry: 2, token: 0 });
    let facts = registries.facts(&web, &tag("3d9b390")).await.unwrap();
    assert_eq!(facts.digest, Some(digest));
    assert_eq!(facts.created, Some("2024-01-02T03:04:05Z".parse().unwrap()));
    assert_eq!(facts.source.as_deref(), Some("https://git.example/web"));
    assert_eq!(facts.version.as_deref(), Some("2"));
    assert_eq!(facts.platforms, [Platform::new("linux/amd64").unwrap()]);
}

/// Distribution 3 sorts, obeys `n` and `last`, and links from every full page, also from the last one.
#[tokio::test]
async fn reads_lists_of_all_lengths_from_distribution_3() {
    let numbered: Vec<String> = (0..1000).map(|number| format!("v{number:04}")).collect();
    let tags: Vec<&str> = numbered.iter().map(String::as_str).collect();
    let lists: &[(&str, usize, u64)] =
        &[("one", 1, 1), ("nine", 9, 1), ("ten", 10, 2), ("some", 25, 3), ("many", 1000, 101)];
    let prepare =
        |folder: &std::path::Path| lists.iter().for_each(|(path, count, _)| lay(folder, path, &tags[..*count]));
    let Some(server) = DockerRegistry::version_3(prepare) else { return };
    let settings = HostSettings { page_size: Some(10), ..plain(None) };
    for (path, count, requests) in lists {
        let registries = connect_with([(server.host(), settings.clone())], &[]);
        let list = registries.tags(&name(format!("{}/{path}", server.host()))).await.unwrap();
        assert_eq!(texts(list), tags[..*count], "{path}");
        assert_eq!(registries.requests().registry, *requests, "{path}");
    }
    let registries = connect(&[&server.host()], &[]);
    let missing = registries.tags(&name(format!("{}/gone", server.host()))).await.unwrap_err();
    assert!(matches!(missing, RegistryError::NotFound { .. }), "{missing}");
    if find("umoci").is_none() || find("skopeo").is_none() {
        return;
    }
    server.push(
        "acme/web",
        &["v1"],
        "2024-01-02T03:04:05Z",
        &["org.opencontainers.image.revision=abc"],
        &["--format", "v2s2"],
    );
    let web = name(format!("{}/acme/web", server.host()));
    let digest = registries.digest(&web, &tag("v1")).await.unwrap();
    let facts = registries.facts(&web, &tag("v1")).await.unwrap();
    assert_eq!((facts.digest, facts.revision.as_deref()), (Some(digest), Some("abc")), "in Docker's media types");
}

/// The registry of go-containerregistry responds as plain text and truncates lists without a link.
#[tokio::test]
async fn reads_lists_from_the_registry_of_crane() {
    let (Some(crane), Some(_), Some(_)) = (find("crane"), find("umoci"), find("skopeo")) else { return };
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let host = format!("127.0.0.1:{port}");
    let _server = Process::start(&crane, ["registry", "serve", "--address", &host], port);
    let tags = ["v1", "v2", "v3", "v4", "v5", "v6"];
    push(folder.path(), &format!("{host}/acme/web"), &tags, "2024-01-02T03:04:05Z", &[], &[]);
    let web = name(format!("{host}/acme/web"));
    // The whole list, a truncated one, and two that end with a full page, after which the list starts over.
    for (page_size, requests) in [(None, 1), (Some(4), 3), (Some(3), 4), (Some(6), 3)] {
        let registries = connect_with([(host.clone(), HostSettings { page_size, ..plain(None) })], &[]);
        assert_eq!(texts(registries.tags(&web).await.unwrap()), tags, "{page_size:?}");
        assert_eq!(registries.requests().registry, requests, "{page_size:?}");
    }
    let registries = connect(&[&host], &[]);
    let facts = registries.facts(&web, &tag("v3")).await.unwrap();
    assert_eq!(facts.digest, Some(registries.digest(&web, &tag("v3")).await.unwrap()));
    assert_eq!(facts.created, Some("2024-01-02T03:04:05Z".parse().unwrap()));
}

#[tokio::test]
async fn tries_a_registry_that_is_down_once_for_all_images() {
    let port = free_port();
    let host = format!("127.0.0.1:{port}");
    let registries = connect(&[&host], &[]);
    let images: Vec<_> = (0..20).map(|number| name(format!("{host}/app{number}"))).collect();
    let answers = futures_util::future::join_all(images.iter().map(|image| registries.tags(image))).await;
    for answer in answers {
        let error = answer.unwrap_err();
        assert!(error.to_string().contains("onnection refused"), "{error}");
    }
    assert!(registries.requests().registry <= 4, "{:?}", registries.requests());
}

#[test]
fn rejects_an_invalid_mirror_before_the_first_request() {
    let settings = BTreeMap::from([("docker.io".to_owned(), plain(Some("https://u:p@mirror.acme")))]);
    let error = Registries::connect(settings, Keychain::default(), ResponseLimits::default()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "cannot use the settings of docker.io: the URL of a mirror must not contain a credential"
    );
}
