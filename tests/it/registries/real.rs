//! Registries that are really registries: the embedded one, and Debian's `docker-registry` filled by umoci and skopeo.

use std::collections::BTreeMap;

use tagboat::demo::registry::{ImageSpec, Registry as Embedded};
use tagboat::image::Platform;
use tagboat::registry::{HostSettings, Keychain, Limits, Registries, Registry, RegistryError, Requests};

use super::{connect, connect_with, name, plain, tag, texts};
use crate::support::docker_registry::DockerRegistry;
use crate::support::process::{find, free_port};

fn spec(created: &str, labels: &[(&str, &str)], platforms: &[&str]) -> ImageSpec {
    ImageSpec {
        created: created.parse().unwrap(),
        labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        platforms: platforms.iter().map(|text| Platform::new(text).unwrap()).collect(),
    }
}

#[tokio::test]
async fn the_embedded_registry_answers_all_questions() {
    let embedded = Embedded::start().await.unwrap();
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
    assert!(missing.to_string().starts_with("acme/api:9 does not exist at http://127.0.0.1:"), "{missing}");
}

#[tokio::test]
async fn long_lists_come_page_by_page() {
    let embedded = Embedded::start().await.unwrap();
    for number in 0..25 {
        embedded.push("a", &format!("v{number:02}"), &spec("2024-01-02T03:04:05Z", &[], &[])).unwrap();
    }
    let settings = HostSettings { page_size: Some(10), ..plain(None) };
    let registries = connect_with([(embedded.host(), settings)], &[]);
    let tags = registries.tags(&name(format!("{}/a", embedded.host()))).await.unwrap();
    assert_eq!((tags.len(), embedded.requests()), (25, 3));
}

#[tokio::test]
async fn docker_registry_with_images_of_umoci_and_skopeo() {
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

#[tokio::test]
async fn a_registry_that_is_down_is_tried_once_for_all_images() {
    let port = free_port();
    let host = format!("127.0.0.1:{port}");
    let registries = connect(&[&host], &[]);
    let images: Vec<_> = (0..20).map(|number| name(format!("{host}/app{number}"))).collect();
    let answers = futures_util::future::join_all(images.iter().map(|image| registries.tags(image))).await;
    for answer in answers {
        let error = answer.unwrap_err();
        assert!(error.to_string().contains("onnection refused"), "{error}");
        assert!(error.hint().is_some());
    }
    assert!(registries.requests().registry <= 4, "{:?}", registries.requests());
}

#[test]
fn a_wrong_mirror_is_refused_before_anything_is_asked() {
    let settings = BTreeMap::from([("docker.io".to_owned(), plain(Some("https://u:p@mirror.acme")))]);
    let error = Registries::connect(settings, Keychain::default(), Limits::default()).err().unwrap();
    assert_eq!(error.to_string(), "registry docker.io: a mirror's URL must not hold a credential");
}
