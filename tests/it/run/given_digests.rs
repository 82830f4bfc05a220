//! `tagboat run --image` with digests, tags that the registry lacks, and references that are pinned: what is given is confirmed before
//! it is written.

use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};
use tagboat::report::ImageStatus;

use crate::support::github::GITHUB;
use crate::support::tagboat::Tagboat;
use crate::support::world::World;

use super::given_images::Step::*;
use super::given_images::{Scenario, perform_all};

/// The images in the registry; `multi` has two platforms.
const IMAGES: &str = "api:1.2 api:1.3 api:1.4 api:latest multi:1.2+ multi:1.3+ single:1.2+ single:1.3 \
    rel:5.33.2~ rel:0.6.23";
const API: &str = "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/api:1.2 }] }\n";
const PINNED: &str = "kind: Pod\nspec: { containers: [{ image: <api:1.2@> }] }\n";
const AMD64: &str = "kind: Pod\nspec: { containers: [{ image: <multi:1.2@1.2-amd64> }] }\n";
const REL: &str = "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/rel:0.6.23 }] }\n";
const PIN: &str = "rules: [{ pin: true }]";
const FOLLOW: &str = "rules: [{ pin: follow }]";
const OPEN: &[&str] = &["open tagboat/api: …"];
const NOT_IN_REGISTRY: &str =
    "failed ghcr.io/acme/api: 1.9, given with --image, is not in the registry: not found at …";

#[rustfmt::skip]
const SCENARIOS: &[Scenario] = &[
    Scenario { name: "a tag that the registry lacks", config: "", files: &[("api/app.yaml", API)], steps: &[
        Run("api:1.9", &[NOT_IN_REGISTRY], &[]),
        Run("api:1.9@1.2", &[NOT_IN_REGISTRY], &[]),
        Run("api:1.9@none", &[NOT_IN_REGISTRY], &[]),
        Build("api:1.9"),
        Run("api:1.9", OPEN, &[]),
    ] },
    Scenario { name: "a tag that the registry lacks and build times", files: &[("api/app.yaml", API)],
        config: "policies: { main: { newest-build: true } }\nrules: [{ policy: main }]", steps: &[
        Run("api:1.9", &[NOT_IN_REGISTRY], &[]),
        Run("api:1.3@1.4", &["failed ghcr.io/acme/api: 1.3 resolves to <=api:1.3>, not to <=api:1.4>, which --image gives"], &[]),
        Run("api:1.3@", OPEN, &[]),
    ] },
    Scenario { name: "a digest that the registry lacks", config: "", files: &[("api/app.yaml", API)], steps: &[
        Run("api:1.3@none", &["failed ghcr.io/acme/api: 1.3 resolves to <=api:1.3>, not to <=api@none>, which --image gives"], &[]),
    ] },
    Scenario { name: "a digest of another tag", config: "", files: &[("api/app.yaml", PINNED)], steps: &[
        Run("api:1.4@1.3", &["failed ghcr.io/acme/api: 1.4 resolves to <=api:1.4>, not to <=api:1.3>, which --image gives"], &[]),
        Run("api:1.4@", OPEN, &[]),
        Contains("tagboat/api", "api/app.yaml", "<api:1.4@>"),
        // What is proposed stays, whatever is given by mistake.
        Run("api:1.3@1.2", &["unchanged tagboat/api: …"], &[]),
        Contains("tagboat/api", "api/app.yaml", "<api:1.4@>"),
    ] },
    Scenario { name: "a digest of another tag for a reference without a tag", config: "", steps: &[
        Run("api:1.4@1.3", &["failed ghcr.io/acme/api: 1.4 resolves to <=api:1.4>, not to …"], &[]),
        Run("api:1.4@", OPEN, &[]),
        Contains("tagboat/api", "api/app.yaml", "image: <api@1.4> }"),
    ], files: &[("api/app.yaml", "kind: Pod\nspec: { containers: [{ image: <api@1.2> }] }\n")] },
    Scenario { name: "a digest of another tag for a tag without an order", config: "", steps: &[
        Run("api:latest@1.3", &["failed ghcr.io/acme/api: latest resolves to <=api:latest>, not to …"], &[]),
        Run("api:latest@", &[], &[]),
        Build("api:latest"),
        // An older build is reported again: there is nothing to write.
        Run("api:latest@1.2", &["failed ghcr.io/acme/api: latest resolves to …"], &[]),
        Run("api:latest@", OPEN, &[]),
    ], files: &[("api/app.yaml", "kind: Pod\nspec: { containers: [{ image: <api:latest@> }] }\n")] },

    Scenario { name: "builds end out of order where the reference has only a digest", config: "", steps: &[
        Run("api:1.4", OPEN, &[]),
        Run("api:1.3", &["unchanged tagboat/api: …"], &[]),
        Run("api:1.3@", &["unchanged tagboat/api: …"], &[]),
        Contains("tagboat/api", "api/app.yaml", "image: <api@1.4> }"),
    ], files: &[("api/app.yaml", "kind: Pod\nspec: { containers: [{ image: <api@1.2> }] }\n")] },
    Scenario { name: "a proposed digest stays beside other images", config: "pull-requests: { group: all }", steps: &[
        Run("api:1.4 multi:1.2", &["open tagboat/all: …"], &[]),
        Run("multi:1.3", &["update tagboat/all: …"], &[]),
        Contains("tagboat/all", "app.yaml", "image: <api@1.4> }"),
        Contains("tagboat/all", "app.yaml", "image: <multi@1.3> }"),
    ], files: &[("app.yaml", "kind: Pod\nspec: { containers: [{ image: <api@1.2> }, { image: <multi@1.2> }] }\n")] },

    // A suspicious step is judged by build times, as without --image.
    Scenario { name: "an image that was built long before the current one", config: "", files: &[("rel/app.yaml", REL)], steps: &[
        Run("rel:5.33.2", &[], &["rel/app.yaml:2: 5.33.2, given with --image, is rejected: built …"]),
        Run("", &[], &[]),
    ] },
    Scenario { name: "`allow-older-build` accepts an image that was built long before", files: &[("rel/app.yaml", REL)],
        config: "policies: { main: { shape: same, allow-older-build: true } }\nrules: [{ policy: main }]", steps: &[
        Run("rel:5.33.2", &["open tagboat/rel: …"], &[]),
    ] },
    Scenario { name: "a current tag that was deleted has no build time", config: "", steps: &[
        Run("rel:5.33.2", &["open tagboat/rel: …"], &[]),
    ], files: &[("rel/app.yaml", "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/rel:0.5.0 }] }\n")] },

    // A digest without a tag is for the current tag.
    Scenario { name: "a digest without a tag and `pin: true`", config: PIN, files: &[("api/app.yaml", API)], steps: &[
        Run("api@1.4", &["failed ghcr.io/acme/api: --image gives <=api:1.4> without a tag, but the current tag 1.2 resolves to <=api:1.2>"], &[]),
        Run("api@none", &["failed ghcr.io/acme/api: --image gives <=api@none> without a tag, but the current tag 1.2 resolves to <=api:1.2>"], &[]),
        Run("api@1.2", OPEN, &[]),
        Contains("tagboat/api", "api/app.yaml", "<api:1.2@>"),
    ] },
    Scenario { name: "a digest without a tag and `pin: follow`", config: FOLLOW, files: &[("api/app.yaml", PINNED)], steps: &[
        Run("api@1.4", &["failed ghcr.io/acme/api: --image gives <=api:1.4> without a tag, but …"], &[]),
        Run("api@1.2", &[], &[]),
        Build("api:1.2"),
        Run("api@1.2", OPEN, &[]),
        Contains("tagboat/api", "api/app.yaml", "<api:1.2@>"),
    ] },
    Scenario { name: "a digest without a tag and the policy `digest`", config: "policies: { main: { digest: true } }\nrules: [{ policy: main }]", steps: &[
        Run("api@1.4", &["failed ghcr.io/acme/api: --image gives <=api:1.4> without a tag, but …"], &[]),
    ], files: &[("api/app.yaml", PINNED)] },
    Scenario { name: "a digest without a tag where nothing is pinned", config: "", files: &[("api/app.yaml", API)], steps: &[
        Run("api@1.4", &["failed ghcr.io/acme/api: --image gives <=api:1.4> without a tag, but …"], &[]),
        Run("api@1.2", &[], &[]),
    ] },

    // The digest of one platform stays one of this platform.
    Scenario { name: "a digest of another platform", config: "", files: &[("multi/app.yaml", AMD64)], steps: &[
        Run("multi:1.3@1.3-arm64", &["failed ghcr.io/acme/multi: --image gives the digest of 1.3 for linux/arm64, but the current digest is for linux/amd64"], &[]),
        Run("multi:1.3@", &["open tagboat/multi: …"], &[]),
        Contains("tagboat/multi", "multi/app.yaml", "<multi:1.3@1.3-amd64>"),
        Run("multi:1.3@1.3-amd64", &["unchanged tagboat/multi: …"], &[]),
        Run("multi:1.3", &["unchanged tagboat/multi: …"], &[]),
    ] },
    Scenario { name: "a digest of one platform where none is", config: PIN, steps: &[
        Run("multi:1.3@1.3-arm64", &["open tagboat/multi: …"], &[]),
        Contains("tagboat/multi", "multi/app.yaml", "<multi:1.3@1.3-arm64>"),
    ], files: &[("multi/app.yaml", "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/multi:1.2 }] }\n")] },
    Scenario { name: "a digest of one platform where the reference has that of the index", config: "", steps: &[
        Run("multi:1.3@1.3-arm64", &["failed ghcr.io/acme/multi: --image gives the digest of 1.3 for linux/arm64, but the current digest is for all platforms of its tag"], &[]),
        Run("multi:1.3@", &["open tagboat/multi: …"], &[]),
    ], files: &[("multi/app.yaml", "kind: Pod\nspec: { containers: [{ image: <multi:1.2@> }] }\n")] },
    Scenario { name: "an image without the platform", config: "", steps: &[
        Run("single:1.3@", &[], &["single/app.yaml:2: 1.3 not eligible yet: not available for linux/arm64; push it for them, or change `platforms`"]),
        Run("single:1.3", &[], &["single/app.yaml:2: 1.3 not eligible yet: not available for linux/arm64; push it for them, or change `platforms`"]),
    ], files: &[("single/app.yaml", "kind: Pod\nspec: { containers: [{ image: <single:1.2@1.2-arm64> }] }\n")] },
];

#[tokio::test(flavor = "multi_thread")]
async fn confirms_what_is_given() {
    perform_all(SCENARIOS, IMAGES).await;
}

/// What is given without an effect is explained: `plan` and `run` print the same.
#[tokio::test(flavor = "multi_thread")]
async fn explains_a_digest_without_effect() {
    let registry = EmbeddedRegistry::start().await.unwrap();
    let digest = registry.push("acme/api", "1.2", &ImageSpec::default()).unwrap();
    let mirror = format!("registries: {{ ghcr.io: {{ mirror: 'http://{}' }} }}", registry.host());
    let tagboat = Tagboat::new().with_config(&mirror);
    std::fs::write(tagboat.home().join("app.yaml"), API).unwrap();
    let output = tagboat.run(&["edit", "-C", ".", "--image", &format!("ghcr.io/acme/api@{digest}")]);
    let expected = "Up to date, with a remark\n  ghcr.io/acme/api  1.2\n                    the current tag resolves to the digest given with \
        --image, which is written only where the reference has one or `pin` is set\n";
    assert!(output.code == 0 && output.stdout.starts_with(expected), "{output:?}");
    let output = tagboat.run(&["edit", "-C", ".", "--image", "ghcr.io/acme/api:1.2", "--path", "zzz"]);
    let expected = "hint: use a `--path` that matches app.yaml, which has this image, or omit it";
    assert!(output.code == 1 && output.stdout.contains(expected), "{output:?}");
    let output = tagboat.run(&["edit", "-C", ".", "--image", "ghcr.io/acme/api:1.3"]);
    let expected = "hint: push the image before this step, or correct the name and the tag";
    assert!(output.code == 1 && output.stdout.contains(expected), "{output:?}");
    std::fs::write(tagboat.home().join("app.yaml"), "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/api }] }\n")
        .unwrap();
    let output = tagboat.run(&["edit", "-C", ".", "--image", "ghcr.io/acme/api:1.2"]);
    assert!(output.code == 0 && output.stdout.contains("ghcr.io/acme/api  no tag → 1.2\n"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_the_relic_that_an_image_does_not_follow() {
    let world = World::new(Some(&GITHUB), "", "rel:5.33.2~ rel:0.6.23", &[("rel/app.yaml", "rel:0.6.23")]).await;
    let report = world.run("").await;
    let reasons: Vec<_> = report.remarkable_images().map(|row| row.reason.clone()).collect();
    assert!(matches!(&reasons[..], [one] if one.contains("5.33.2 rejected: built ")), "{reasons:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fails_an_image_whose_change_has_no_group() {
    let config = "pull-requests: { group: '{{ environment }}' }";
    let world = World::new(Some(&GITHUB), config, "api:1.2 api:1.3", &[("app.yaml", "api:1.2")]).await;
    let report = world.run("").await;
    let rows: Vec<_> = report.images.iter().map(|row| (row.status, row.failure.is_some())).collect();
    assert_eq!((rows, report.failed.len()), (vec![(ImageStatus::Failed, true)], 1), "{report:?}");
}
