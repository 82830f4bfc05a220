//! The gates `min-age` and `platforms`, from the registry to the manifest: the age of an image from each of its three
//! sources, its platforms, and moved tags.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{Timestamp, ToSpan as _};
use serde_json::Value;
use tagboat::config;
use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};
use tagboat::http::Url;
use tagboat::image::{Digest, ImageFacts, ImageName, Platform, Tag};
use tagboat::registry::{
    Age, HostSettings, Keychain, PlatformEnv, Registries, Registry, RegistryError, Requests, ResponseLimits,
};
use tagboat::run::{Scope, edit};

use crate::support::http_double::{Double, Reply};
use crate::support::tagboat::{ProgramOutput, Tagboat};

/// A folder with one manifest, the registry of its image, and the program.
struct Folder {
    registry: EmbeddedRegistry,
    tagboat: Tagboat,
}

impl Folder {
    /// Writes a manifest with this reference and a configuration with one rule.
    async fn new(rule: &str, reference: &str) -> Self {
        let (registry, tagboat) = (EmbeddedRegistry::start().await.unwrap(), Tagboat::new());
        let config = format!(
            "policies: {{ release: {{ semver: ^1 }} }}\nrules: [{{ {rule} }}]\n\
             registries: {{ ghcr.io: {{ mirror: 'http://{}' }} }}\n",
            registry.host()
        );
        std::fs::write(tagboat.home().join("tagboat.yaml"), config).unwrap();
        let folder = Self { registry, tagboat };
        folder.write(reference);
        folder
    }

    fn write(&self, reference: &str) {
        let pod = format!("kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/api:{reference}\n");
        std::fs::write(self.tagboat.home().join("pod.yaml"), pod).unwrap();
    }

    fn push(&self, tag: &str, created: Timestamp, platforms: &[&str]) -> Digest {
        let platforms = platforms.iter().map(|text| Platform::new(text).unwrap()).collect();
        let spec = ImageSpec { created, platforms, ..ImageSpec::default() };
        self.registry.push("acme/api", tag, &spec).unwrap()
    }

    fn explain(&self, more: &[&str]) -> Value {
        let output: ProgramOutput = self.tagboat.run(&[&["explain", "api", "--format", "json"], more].concat());
        output.json()
    }

    fn reference(&self) -> String {
        let text = std::fs::read_to_string(self.tagboat.home().join("pod.yaml")).unwrap();
        text.trim_end().rsplit_once("api:").unwrap().1.to_owned()
    }
}

fn ago(hours: i64) -> Timestamp {
    Timestamp::now() - hours.hours()
}

fn reason(report: &Value) -> &str {
    report["reason"].as_str().unwrap()
}

fn row<'v>(report: &'v Value, tag: &str) -> &'v Value {
    report["candidates"].as_array().unwrap().iter().find(|row| row["tag"] == tag).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn min_age_uses_the_build_time_without_a_push_time() {
    let folder = Folder::new("policy: release, min-age: 3d", "1.0.0").await;
    for (tag, hours) in [("1.0.0", 900), ("1.1.0", 100), ("1.2.0", 50), ("1.3.0", 1)] {
        folder.push(tag, ago(hours), &[]);
    }
    let report = folder.explain(&[]);
    assert_eq!((&report["outcome"], &report["chosen"]), (&"update".into(), &"1.1.0".into()), "{report:#}");
    assert!(reason(&report).contains("1.3.0 not eligible yet: younger than `min-age` 3d: built"), "{report:#}");
    // Facts are shown for the tags for which they were looked up.
    assert!(row(&report, "1.2.0")["reason"].as_str().unwrap().contains("younger than `min-age` 3d"), "{report:#}");
    assert!(
        row(&report, "1.1.0")["facts"]["created"].is_string() && row(&report, "1.0.0")["facts"].is_null(),
        "{report:#}"
    );
    let text = folder.tagboat.run(&["explain", "api"]).stdout;
    assert!(text.contains("(built 20") && text.contains("linux/amd64, sha256:"), "{text}");
    assert_eq!(folder.tagboat.run(&["edit"]).code, 0);
    assert_eq!(folder.reference(), "1.1.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn min_age_uses_the_first_seen_time_for_reproducible_builds() {
    let folder = Folder::new("policy: release, min-age: 1s", "1.0.0").await;
    for tag in ["1.0.0", "1.1.0"] {
        folder.push(tag, Timestamp::UNIX_EPOCH, &[]);
    }
    let report = folder.explain(&[]);
    assert_eq!(report["outcome"], "held", "{report:#}");
    for part in ["1.1.0 not eligible yet: age unknown", "(a reproducible build)", "keep a cache folder between runs"] {
        assert!(reason(&report).contains(part), "{report:#}");
    }
    let outside = tempfile::tempdir().unwrap();
    let cache = ["--cache-dir", outside.path().to_str().unwrap()];
    let report = folder.explain(&cache);
    assert!(reason(&report).contains("1.1.0 not eligible yet: younger than `min-age` 1s: first seen"), "{report:#}");
    assert!(row(&report, "1.1.0")["facts"]["first-seen"].is_string(), "{report:#}");
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(folder.explain(&cache)["chosen"], "1.1.0");
    // A tag that moved to another image has the age of that image.
    folder.push("1.1.0", Timestamp::from_second(1).unwrap(), &[]);
    let report = folder.explain(&cache);
    assert_eq!((&report["outcome"], &report["chosen"]), (&"up-to-date".into(), &"1.0.0".into()), "{report:#}");
    assert!(reason(&report).contains("younger than `min-age`"), "{report:#}");
}

/// Registries that request the age of images from the API of a vendor.
struct WithVendorApi {
    images: Registries,
    vendors: Registries,
}

#[async_trait]
impl Registry for WithVendorApi {
    async fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError> {
        self.images.tags(name).await
    }

    async fn digest(&self, name: &ImageName, tag: &Tag) -> Result<Digest, RegistryError> {
        self.images.digest(name, tag).await
    }

    async fn facts(&self, name: &ImageName, tag: &Tag) -> Result<ImageFacts, RegistryError> {
        self.images.facts(name, tag).await
    }

    async fn facts_of(&self, name: &ImageName, digest: &Digest) -> Result<ImageFacts, RegistryError> {
        self.images.facts_of(name, digest).await
    }

    async fn age(&self, name: &ImageName, tag: &Tag, digest: Option<&Digest>) -> Result<Age, RegistryError> {
        self.vendors.age(name, tag, digest).await
    }

    fn requests(&self) -> Requests {
        self.images.requests()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn min_age_prefers_the_push_time() {
    let embedded = EmbeddedRegistry::start().await.unwrap();
    for tag in ["1.0.0", "1.1.0", "1.2.0"] {
        // All were built long ago.
        embedded.push("acme/api", tag, &ImageSpec { created: ago(9000), ..ImageSpec::default() }).unwrap();
    }
    let quay = Double::start(|request| match request.target.rsplit('=').next().unwrap() {
        "1.2.0" => Reply::new(200, format!("{{\"tags\": [{{\"start_ts\": {}}}]}}", ago(1).as_second())),
        "1.1.0" => Reply::new(200, format!("{{\"tags\": [{{\"start_ts\": {}}}]}}", ago(100).as_second())),
        _ => Reply::new(400, "{}"),
    })
    .await;
    let mirror = Some(format!("http://{}", embedded.host()));
    let hosts = BTreeMap::from([("quay.io".to_owned(), HostSettings { mirror, ..HostSettings::default() })]);
    let gateway = Url::parse(&format!("http://{}", quay.host())).unwrap();
    let platform_env = PlatformEnv::new(BTreeMap::new()).with_gateway(Timestamp::now, gateway);
    let registry = WithVendorApi {
        images: Registries::connect(hosts, Keychain::default(), ResponseLimits::default()).unwrap(),
        vendors: Registries::connect(
            BTreeMap::new(),
            Keychain::with_platform_env(platform_env),
            ResponseLimits::default(),
        )
        .unwrap(),
    };
    let folder = tempfile::tempdir().unwrap();
    let pod = |tag: &str| format!("kind: Pod\nspec:\n  containers:\n  - image: quay.io/acme/api:{tag}\n");
    std::fs::write(folder.path().join("pod.yaml"), pod("1.0.0")).unwrap();
    let rules = |age: &str| config::parse(&format!("rules: [{{ min-age: {age} }}]"), "t").unwrap();
    let edited = edit(folder.path(), &rules("3d"), &registry, &Scope::ALL).await;
    assert_eq!(edited.files[0].after, pod("1.1.0").into_bytes(), "{:?}", edited.report());
    assert!(
        edited.report().changes[0].reason.contains("1.2.0 not eligible yet: younger than `min-age` 3d: pushed"),
        "{:?}",
        edited.report()
    );
    assert_eq!(quay.received().len(), 2, "one request for each tag that could be proposed");
    // A failed request to the vendor is a failure, not a missing age.
    embedded.push("acme/api", "1.3.0", &ImageSpec { created: ago(9000), ..ImageSpec::default() }).unwrap();
    let report = edit(folder.path(), &rules("3d"), &registry, &Scope::ALL).await.report();
    assert!(report.changes.is_empty() && report.failed[0].reason.contains("400"), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn proposes_tags_with_all_platforms_only() {
    let folder = Folder::new("policy: release, platforms: [linux/amd64, linux/arm64]", "1.0.0").await;
    folder.push("1.0.0", ago(9), &["linux/amd64", "linux/arm64"]);
    folder.push("1.1.0", ago(9), &["linux/amd64", "linux/arm64"]);
    folder.push("1.2.0", ago(9), &["linux/amd64", "linux/s390x"]);
    folder.push("1.3.0", ago(9), &["linux/arm64"]);
    let report = folder.explain(&[]);
    assert_eq!(report["chosen"], "1.1.0", "{report:#}");
    assert!(reason(&report).contains("1.3.0 not eligible yet: not available for linux/amd64"), "{report:#}");
    assert_eq!(row(&report, "1.2.0")["reason"], "not available for linux/arm64");
    assert_eq!(row(&report, "1.2.0")["facts"]["platforms"], serde_json::json!(["linux/amd64", "linux/s390x"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_moved_tags_and_follows_them_on_request() {
    let folder = Folder::new("policy: release", "1.0.0").await;
    let old = folder.push("1.0.0", ago(9), &[]);
    let new = folder.push("1.0.0", ago(1), &[]);
    folder.write(&format!("1.0.0@{old}"));
    let report = folder.explain(&[]);
    assert_eq!(report["outcome"], "up-to-date", "{report:#}");
    let moved = format!("1.0.0 moved from the pinned digest {} to {}", old.short(), new.short());
    assert!(reason(&report).contains(&moved), "{report:#}");
    let edited = folder.tagboat.run(&["edit"]);
    assert_eq!(edited.code, 0);
    assert!(edited.stdout.contains("Up to date, with a remark") && edited.stdout.contains("1.0.0 moved"), "{edited:?}");
    assert_eq!(folder.reference(), format!("1.0.0@{old}"));
    let report = folder.explain(&["--policy", "digest"]);
    assert_eq!(
        (&report["outcome"], &report["chosen"]),
        (&"update".into(), &format!("1.0.0@{new}").into()),
        "{report:#}"
    );
}

/// What is reported about the pinned current tag, where a newer tag exists: all reports take it from there.
#[tokio::test(flavor = "multi_thread")]
async fn reports_a_moved_tag_beside_an_update_to_another_tag() {
    let both: &[&str] = &["linux/amd64", "linux/arm64"];
    let arm: &[&str] = &["linux/arm64"];
    #[rustfmt::skip]
    let rows = [
        // what is pinned           the tag now     the pinned tag   moved
        ("an index",                both,           "1.0.0",         true),
        ("an image",                arm,            "1.0.0",         true),
        ("a platform of the index", both,           "arm64",         false),
        ("the current digest",      both,           "now",           false),
    ];
    for (name, platforms, pinned, is_moved) in rows {
        let folder = Folder::new("policy: release", "1.0.0").await;
        let first = if name == "an index" { both } else { arm };
        let old = folder.push("1.0.0", ago(9), first);
        // The same image again, as a member of the index that the tag names now.
        let created = ago(8);
        let member = folder.push("arm64", created, arm);
        let now = folder.push("1.0.0", created, platforms);
        let digest = match pinned {
            "arm64" => &member,
            "now" => &now,
            _ => &old,
        };
        folder.push("1.1.0", ago(7), both);
        folder.write(&format!("1.0.0@{digest}"));
        let report = folder.explain(&[]);
        let text =
            format!("newest matching tag; 1.0.0 moved from the pinned digest {} to {}", old.short(), now.short());
        let expected =
            if is_moved { (text.as_str(), now.to_string().into()) } else { ("newest matching tag", Value::Null) };
        assert_eq!((reason(&report), report["moved-digest"].clone()), expected, "{name}: {report:#}");
        let files = ["r.txt", "r.md", "r.html", "r.annotations"].map(|file| folder.tagboat.home().join(file));
        let reports = files.iter().flat_map(|file| ["--report", file.to_str().unwrap()]);
        assert_eq!(folder.tagboat.run(&["edit"].into_iter().chain(reports).collect::<Vec<_>>()).code, 0);
        for text in files.iter().map(|file| std::fs::read_to_string(file).unwrap()) {
            assert_eq!(text.contains("1.0.0 moved from the pinned digest"), is_moved, "{name}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn follows_tag_and_digest_under_a_rule_with_pin_follow() {
    let folder = Folder::new("policy: release, pin: follow, min-age: 3d", "1.0.0").await;
    let old = folder.push("1.0.0", ago(200), &[]);
    let new = folder.push("1.0.0", ago(100), &[]);
    folder.write(&format!("1.0.0@{old}"));
    assert_eq!(folder.tagboat.run(&["edit"]).code, 0);
    assert_eq!(folder.reference(), format!("1.0.0@{new}"));
    assert!(folder.tagboat.run(&["edit"]).stdout.contains("nothing to change"));
    // A gate delays the digest as it delays a tag.
    folder.push("1.0.0", ago(1), &[]);
    let edited = folder.tagboat.run(&["edit"]);
    assert!(edited.stdout.contains("1.0.0 not eligible yet: younger than `min-age` 3d"), "{edited:?}");
    assert_eq!(folder.reference(), format!("1.0.0@{new}"));
    let newer = folder.push("1.1.0", ago(80), &[]);
    assert_eq!(folder.tagboat.run(&["edit"]).code, 0);
    assert_eq!(folder.reference(), format!("1.1.0@{newer}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_platform_of_a_pinned_digest() {
    let both = ["linux/amd64", "linux/arm64"];
    let folder = Folder::new("policy: release, pin: follow", "1.0.0").await;
    // Pushes an image for several platforms, and returns the digest of the manifest for one.
    let push = |tag: &str, hours: i64| {
        let created = ago(hours);
        folder.push(tag, created, &both);
        folder.push("one-platform", created, &["linux/arm64"])
    };
    let old = push("1.0.0", 90);
    folder.write(&format!("1.0.0@{old}"));
    let report = folder.explain(&[]);
    assert_eq!((&report["outcome"], &report["moved-digest"]), (&"up-to-date".into(), &Value::Null), "{report:#}");
    assert!(folder.tagboat.run(&["edit"]).stdout.contains("nothing to change"));
    assert_eq!(folder.explain(&["--policy", "digest"])["outcome"], "up-to-date");
    for (tag, hours) in [("1.1.0", 80), ("1.1.0", 70)] {
        let new = push(tag, hours);
        let edited = folder.tagboat.run(&["edit"]);
        assert_eq!(folder.reference(), format!("{tag}@{new}"), "{edited:?}");
        assert!(folder.tagboat.run(&["edit"]).stdout.contains("nothing to change"));
    }
    // The current tag moved to an image of which the pinned manifest is no part, and a newer tag exists.
    push("1.1.0", 60);
    let newest = push("1.2.0", 50);
    assert_eq!(folder.tagboat.run(&["edit"]).code, 0);
    assert_eq!(folder.reference(), format!("1.2.0@{newest}"));
    folder.push("1.3.0", ago(40), &["linux/amd64", "linux/s390x"]);
    let edited = folder.tagboat.run(&["edit"]);
    assert!(edited.stdout.contains("1.3.0 not eligible yet: not available for linux/arm64"), "{edited:?}");
    // A digest of all platforms stays one.
    let index = folder.push("1.4.0", ago(30), &both);
    folder.write(&format!("1.4.0@{index}"));
    let newer = folder.push("1.5.0", ago(20), &both);
    assert_eq!(folder.tagboat.run(&["edit"]).code, 0);
    assert_eq!(folder.reference(), format!("1.5.0@{newer}"));
}
