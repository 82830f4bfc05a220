//! Tags that can never be read, beside complete ones: the policies that look at images reject them with their reason, and the
//! next best tag is chosen. Against a double and against Debian's `docker-registry`.

use std::fs;

use serde_json::{Value, json};

use crate::support::docker_registry::DockerRegistry;
use crate::support::http_double::{Double, Manner, Reply};
use crate::support::registry_content::{CONFIG, Content, MANIFEST};
use crate::support::tagboat::Tagboat;

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CACHE: &str = "application/vnd.buildkit.cacheconfig.v0";
const SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

const BUILT: &str = "2024-03-01T00:00:00Z";

/// The policies that look at every candidate.
const RULES: [&str; 4] = [
    "policy: newest-build",
    "policy: release, min-age: 1d",
    "policy: release, platforms: [linux/amd64, linux/arm64]",
    "policy: shape, platforms: [linux/amd64]",
];

/// What becomes of the tag, and a part of its reason.
enum Expected {
    /// It is rejected under every policy.
    Rejected(&'static str),
    /// It is chosen under every policy.
    Chosen,
}

use Expected::{Chosen, Rejected};

/// A kind of tag: what it points at.
type Kind = (&'static str, fn(&mut Content) -> Value, Expected);

#[rustfmt::skip]
const KINDS: &[Kind] = &[
    ("an index that lost its children", lost,                                          Rejected("its content is gone: not found at")),
    ("an image without configuration",  no_config,                                     Rejected("its content is gone: not found at")),
    ("schema 1",                        |content| content.add(SCHEMA_1, SCHEMA_1_BODY), Rejected("")),
    ("a cache as an index",             cache_index,                                   Rejected("an artifact of the type application/vnd.buildkit.cacheconfig.v0")),
    ("a cache as a manifest",           |content| artifact(content, CACHE),            Rejected("an artifact of the type application/vnd.buildkit.cacheconfig.v0")),
    ("a Helm chart",                    |content| artifact(content, "application/vnd.cncf.helm.config.v1+json"), Rejected("an artifact of the type application/vnd.cncf.helm.config.v1+json")),
    ("a signature",                     |content| artifact(content, "application/vnd.dev.cosign.artifact.sig.v1+json"), Rejected("an artifact of the type application/vnd.dev.cosign")),
    ("an index without os",             without_os,                                    Rejected("names no platform with an operating system")),
    ("an empty index",                  |content| content.index(&[]),                  Rejected("lists no image")),
    ("only attestations",               attestations,                                  Rejected("lists no image")),
    ("garbage as a configuration",      garbage,                                       Rejected("is not an image configuration: ")),
    ("a sparse index",                  sparse,                                        Chosen),
    ("an index with attestations",      attested,                                      Chosen),
    ("an index without platforms",      unnamed,                                       Chosen),
];

const SCHEMA_1_BODY: &str = r#"{"schemaVersion":1,"name":"acme/app","tag":"1.2.0","architecture":"amd64","fsLayers":[],"history":[],"signatures":[]}"#;

fn lost(content: &mut Content) -> Value {
    let entries = ["amd64", "arm64"].map(|architecture| {
        let entry = content.image(BUILT, architecture);
        content.removed(entry)
    });
    content.index(&entries)
}

fn no_config(content: &mut Content) -> Value {
    let config = content.add(CONFIG, &json!({ "created": BUILT }).to_string());
    let config = content.removed(config);
    content.manifest(&config)
}

fn cache_index(content: &mut Content) -> Value {
    let entries = [content.add(LAYER, "layer"), content.add(CACHE, "{}")];
    content.index(&entries)
}

fn artifact(content: &mut Content, kind: &str) -> Value {
    let config = content.add(kind, r#"{"name":"app"}"#);
    content.manifest(&config)
}

fn without_os(content: &mut Content) -> Value {
    let mut entry = content.image(BUILT, "amd64");
    entry["platform"] = json!({ "architecture": "amd64" });
    content.index(&[entry])
}

fn attestation(content: &mut Content) -> Value {
    let mut entry = content.image(BUILT, "unknown");
    entry["platform"] = json!({ "os": "unknown", "architecture": "unknown" });
    entry
}

fn attestations(content: &mut Content) -> Value {
    let entry = attestation(content);
    content.index(&[entry])
}

fn garbage(content: &mut Content) -> Value {
    let config = content.add(CONFIG, "not JSON");
    content.manifest(&config)
}

/// The manifest of amd64, which is read by default, is gone.
fn sparse(content: &mut Content) -> Value {
    let first = content.image(BUILT, "amd64");
    let entries = [content.removed(first), content.image(BUILT, "arm64")];
    content.index(&entries)
}

/// Only the configurations of its images name their platforms.
fn unnamed(content: &mut Content) -> Value {
    let entries = ["arm64", "amd64"].map(|architecture| {
        let mut entry = content.image(BUILT, architecture);
        entry.as_object_mut().unwrap().remove("platform");
        entry
    });
    content.index(&entries)
}

fn attested(content: &mut Content) -> Value {
    let entries = [attestation(content), content.image(BUILT, "amd64"), content.image(BUILT, "arm64")];
    content.index(&entries)
}

/// Returns a repository with the current tag 1.0.0, a newer one, and 1.2.0 of a kind.
fn repository(top: fn(&mut Content) -> Value) -> Content {
    let mut content = Content::default();
    content.complete("1.0.0", "2024-01-01T00:00:00Z");
    content.complete("1.1.0", "2024-02-01T00:00:00Z");
    let top = top(&mut content);
    content.tag("1.2.0", &top);
    content
}

/// Writes a manifest with `app:1.0.0` of a registry, and a configuration with one rule.
fn folder(host: &str, rule: &str) -> Tagboat {
    let tagboat = Tagboat::new();
    let config = format!(
        "policies: {{ newest-build: {{ newest-build: true }}, release: {{ semver: ^1 }}, floating: {{ digest: 1.0.0 }} }}\n\
         rules: [{{ images: ['**'], {rule} }}]\nlimits: {{ request-timeout: 1s }}\n\
         registries: {{ '{host}': {{ plain-http: true }} }}\n"
    );
    fs::write(tagboat.home().join("tagboat.yaml"), config).unwrap();
    let pod = format!("kind: Pod\nspec:\n  containers:\n  - image: {host}/acme/app:1.0.0\n");
    fs::write(tagboat.home().join("pod.yaml"), pod).unwrap();
    tagboat
}

fn explain(tagboat: &Tagboat) -> Value {
    let output = tagboat.run(&["explain", "app", "--format", "json"]);
    let report = output.json();
    assert_eq!(output.code, i32::from(report["outcome"] == "unknown"), "{output:?}");
    report
}

/// Returns the verdict on a tag and its reason.
fn verdict(report: &Value, tag: &str) -> (String, String) {
    let row = report["candidates"].as_array().unwrap().iter().find(|row| row["tag"] == tag).unwrap();
    let text = |key: &str| row[key].as_str().unwrap().to_owned();
    (text("verdict"), text("reason"))
}

fn check(host: &str, kind: &str, expected: &Expected) {
    for rule in RULES {
        let tagboat = folder(host, rule);
        let report = explain(&tagboat);
        let (verdict, reason) = verdict(&report, "1.2.0");
        let (chosen, part) = match expected {
            Rejected(part) => ("1.1.0", *part),
            Chosen => ("1.2.0", ""),
        };
        assert_eq!(report["chosen"], chosen, "{kind} under {rule}: {report:#}");
        let is_rejected = matches!(expected, Rejected(_));
        assert_eq!(verdict == "rejected", is_rejected, "{kind} under {rule}: {report:#}");
        assert!(reason.contains(part) && !reason.contains("app:1.2.0"), "{kind} under {rule}: {reason}");
        // Nothing of it makes the run fail.
        let output = tagboat.run(&["edit"]);
        assert_eq!((output.code, &*output.stderr), (0, ""), "{kind} under {rule}: {output:?}");
        let pod = fs::read_to_string(tagboat.home().join("pod.yaml")).unwrap();
        assert!(pod.contains(&format!("app:{chosen}\n")), "{kind} under {rule}: {pod}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_unreadable_tags_and_chooses_the_next() {
    for (kind, top, expected) in KINDS {
        let content = repository(*top);
        let server = Double::start(move |request| content.reply(request)).await;
        check(&server.host(), kind, expected);
    }
}

#[test]
fn rejects_unreadable_tags_of_docker_registry() {
    for (kind, top, expected) in KINDS {
        let content = repository(*top);
        let Some(server) = DockerRegistry::start("http: {addr: $ADDR}", |folder| content.write(folder, "acme/app"))
        else {
            return;
        };
        check(&server.host(), kind, expected);
    }
}

/// A scanner may block one image, with a status of its own choice.
#[tokio::test(flavor = "multi_thread")]
async fn rejects_a_tag_that_the_registry_blocks() {
    for (status, part) in [(403, "403"), (405, "405"), (412, "412"), (451, "451")] {
        let content = repository(attested);
        let server = Double::start(move |request| match request.path() {
            "/v2/acme/app/manifests/1.2.0" => Reply::new(status, ""),
            _ => content.reply(request),
        })
        .await;
        check(&server.host(), &format!("status {status}"), &Rejected(part));
    }
    // Where nothing is served, the login may be why.
    let content = repository(attested);
    let server = Double::start(move |request| match request.path() {
        path if path.contains("/manifests/") => Reply::new(403, ""),
        _ => content.reply(request),
    })
    .await;
    let report = explain(&folder(&server.host(), RULES[3]));
    assert_eq!(report["outcome"], "unknown", "{report:#}");
}

/// A tag whose digest cannot be written is not proposed.
#[tokio::test(flavor = "multi_thread")]
async fn pins_the_next_tag_if_the_digest_of_one_is_gone() {
    for (kind, reply, reason, requests) in [
        ("gone", (|| Reply::new(404, "")) as fn() -> Reply, "1.2.0 rejected: not found at", 3),
        ("a refused format", || Reply::new(400, ""), "1.2.0 rejected: HEAD http", 3),
        ("an image that a scanner blocks", || Reply::new(412, ""), "1.2.0 rejected: HEAD http", 3),
        // One more tag shows that the others are served.
        ("a denied manifest", || Reply::new(403, ""), "1.2.0 rejected: 403", 4),
        (
            "schema 1",
            || Reply::new(200, SCHEMA_1_BODY).header("content-type", SCHEMA_1),
            "1.2.0 rejected: the manifest has",
            3,
        ),
    ] {
        let content = repository(attested);
        let digest = content.tags["1.1.0"].clone();
        let server = Double::start(move |request| match request.path() {
            "/v2/acme/app/manifests/1.2.0" => reply(),
            _ => content.reply(request),
        })
        .await;
        let tagboat = folder(&server.host(), "policy: shape, pin: true");
        let report = explain(&tagboat);
        assert_eq!(report["chosen"], format!("1.1.0@{digest}"), "{kind}: {report:#}");
        assert!(report["reason"].as_str().unwrap().contains(reason), "{kind}: {report:#}");
        assert_eq!(verdict(&report, "1.2.0").0, "rejected", "{kind}: {report:#}");
        assert_eq!(tagboat.run(&["edit"]).code, 0, "{kind}");
        // The list, and the digests of two tags, in each of the two runs.
        assert_eq!(server.received().len(), requests * 2, "{kind}: {:#?}", server.received());
    }
}

/// A current tag that cannot be read is held where the policy compares images, or has to write its digest.
#[tokio::test(flavor = "multi_thread")]
async fn holds_an_image_whose_current_tag_is_unreadable() {
    for (rule, reason) in [
        ("policy: newest-build", "cannot compare with the current tag 1.0.0: its content is gone"),
        ("policy: floating, platforms: [linux/amd64]", "1.0.0 is rejected: its content is gone"),
    ] {
        let mut content = Content::default();
        let top = lost(&mut content);
        content.tag("1.0.0", &top);
        content.complete("1.1.0", "2024-02-01T00:00:00Z");
        let server = Double::start(move |request| content.reply(request)).await;
        let report = explain(&folder(&server.host(), rule));
        assert_eq!(report["outcome"], "held", "{rule}: {report:#}");
        assert!(report["reason"].as_str().unwrap().contains(reason), "{rule}: {report:#}");
    }
    let server = Double::start(|request| match request.path() {
        "/v2/acme/app/tags/list" => Reply::tags(["1.0.0"]),
        _ => Reply::new(200, SCHEMA_1_BODY).header("content-type", SCHEMA_1),
    })
    .await;
    let report = explain(&folder(&server.host(), "policy: shape, pin: true"));
    assert_eq!(report["outcome"], "held", "{report:#}");
    assert!(report["reason"].as_str().unwrap().contains("1.0.0 is rejected: the manifest has"), "{report:#}");
}

/// An artifact follows an artifact of its own type: a WebAssembly module, for example.
#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_follows_one_of_its_type() {
    let mut content = Content::default();
    for (tag, built, kind) in
        [("1.0.0", "2024-01-01", "wasm"), ("1.1.0", "2024-02-01", "wasm"), ("1.2.0", "2024-03-01", "chart")]
    {
        let config = content.add(&format!("application/vnd.acme.{kind}"), "{}");
        let annotations = json!({ "org.opencontainers.image.created": format!("{built}T00:00:00Z") });
        let body = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [], "annotations": annotations });
        let top = content.add(MANIFEST, &body.to_string());
        content.tag(tag, &top);
    }
    let server = Double::start(move |request| content.reply(request)).await;
    for rule in RULES {
        let report = explain(&folder(&server.host(), rule));
        assert_eq!(report["chosen"], "1.1.0", "{rule}: {report:#}");
        assert!(verdict(&report, "1.2.0").1.contains("the type application/vnd.acme.chart"), "{rule}: {report:#}");
    }
}

/// A fault and the response.
type Fault = (&'static str, fn() -> Reply);

/// Faults of the registry, which say nothing about the tag.
#[rustfmt::skip]
const TRANSIENT: &[Fault] = &[
    ("500",             || Reply::new(500, "")),
    ("503",             || Reply::new(503, "")),
    ("429",             || Reply::new(429, "").header("retry-after", "0")),
    ("401",             || Reply::new(401, "")),
    ("408",             || Reply::new(408, "")),
    ("silence",         || Reply::new(200, "{}").manner(Manner::Silence)),
    ("a closed one",    || Reply::new(200, "{}").manner(Manner::Hangup)),
    ("a login portal",  || Reply::new(200, "<html>").header("content-type", "text/html")),
    ("another digest",  || Reply::new(200, "{}").header("docker-content-digest", &format!("sha256:{}", "0".repeat(64)))),
];

#[tokio::test(flavor = "multi_thread")]
async fn faults_that_may_pass_leave_the_image_unknown() {
    for (fault, reply) in TRANSIENT {
        for (of_child, rule) in [(false, RULES[0]), (true, RULES[2])] {
            let content = repository(attested);
            let top: Value = serde_json::from_str(&content.documents[&content.tags["1.2.0"]].1).unwrap();
            let child = top["manifests"][1]["digest"].as_str().unwrap().to_owned();
            let wanted = if of_child { child } else { "1.2.0".to_owned() };
            let server =
                Double::start(
                    move |request| {
                        if request.path().ends_with(&wanted) { reply() } else { content.reply(request) }
                    },
                )
                .await;
            let tagboat = folder(&server.host(), rule);
            let report = explain(&tagboat);
            assert_eq!(report["outcome"], "unknown", "{fault}, child {of_child}: {report:#}");
            assert_eq!(tagboat.run(&["edit"]).code, 1, "{fault}, child {of_child}");
        }
    }
}

/// A complete image costs its list, and one index, manifest and configuration for each tag that is looked up: with a gate, the best few.
#[tokio::test(flavor = "multi_thread")]
async fn reads_complete_images_with_few_requests() {
    for (rule, requests) in RULES.iter().zip([10, 7, 7, 7]) {
        let content = repository(attested);
        let server = Double::start(move |request| content.reply(request)).await;
        assert_eq!(explain(&folder(&server.host(), rule))["chosen"], "1.2.0");
        assert_eq!(server.received().len(), requests, "{rule}");
    }
}
