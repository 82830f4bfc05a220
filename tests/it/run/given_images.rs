//! `tagboat run --image`: a table of scenarios with the double of a forge. Each step is a run for some images; it is repeated and must
//! change nothing.

use tagboat::config;
use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};

use crate::support::github::GITHUB;
use crate::support::tagboat::Tagboat;
use crate::support::world::{World, lines};

use Step::*;

/// An event of a scenario, or an expectation. Texts have references as [`World::expand`] reads them.
pub(super) enum Step {
    /// `tagboat run --image …`, or for everything: the images, the lines of the report, and the held values.
    Run(&'static str, &'static [&'static str], &'static [&'static str]),
    /// A person commits a text to this file.
    Commit(&'static str, &'static str),
    /// The configuration is another one from now on.
    Configure(&'static str),
    /// CI pushes an image.
    Build(&'static str),
    /// A file on a branch contains this text.
    Contains(&'static str, &'static str, &'static str),
}

pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) config: &'static str,
    /// Manifests and their texts.
    pub(super) files: &'static [(&'static str, &'static str)],
    pub(super) steps: &'static [Step],
}

/// The images in the registry.
const IMAGES: &str =
    "api:1.0 api:1.1 api:1.2 api:1.3 api:1.4 api:1c0ffee api:3d9b390 api:beef123 web:1.0.0 web:2.0 web:2.1";
const API: &str = "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/api:1.0 }] }\n";
const COMMIT: &str = "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/api:1c0ffee }] }\n";
const WEB: &str = "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/web:2.0 }] }\n";
const ONE_GROUP: &str = "pull-requests: { group: all }";
const OUTSIDE: &str = "leave tagboat/api: outside the scope of this run";

#[rustfmt::skip]
const SCENARIOS: &[Scenario] = &[
    // A reference without a tag.
    Scenario { name: "a tag is written where the value can hold one", config: "", steps: &[
        Run("api:1.2", &["open tagboat/api: Update ghcr.io/acme/api from no tag to 1.2 in api"], &[]),
        Contains("tagboat/api", "api/app.yaml", "image: ghcr.io/acme/api:1.2 }"),
    ], files: &[("api/app.yaml", "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/api }] }\n")] },
    Scenario { name: "a kustomization without newTag is held", config: "", steps: &[
        Run("api:1.2", &[], &["api/kustomization.yaml:2: ghcr.io/acme/api has no tag to change"]),
    ], files: &[("api/kustomization.yaml", "images:\n- { name: api, newName: ghcr.io/acme/api }\n")] },
    Scenario { name: "values without a tag fail", config: "", steps: &[
        Run("api:1.2", &["failed ghcr.io/acme/api: no tag to change: no tag set here; the chart's default applies"], &[]),
    ], files: &[("api/values.yaml", "image:\n  repository: ghcr.io/acme/api\n  pullPolicy: Always\n")] },
    Scenario { name: "a kustomization with a name only fails", config: "", steps: &[
        Run("api:1.2", &["failed ghcr.io/acme/api: no tag to change: the entry sets neither `newName`, `newTag` nor `digest`"], &[]),
    ], files: &[("api/kustomization.yaml", "images:\n- { name: ghcr.io/acme/api }\n")] },
    Scenario { name: "a Dockerfile without a tag", config: "", steps: &[
        Run("api:1.2", &["open tagboat/api: …"], &[]),
        Contains("tagboat/api", "api/Dockerfile", "FROM ghcr.io/acme/api:1.2 AS base"),
    ], files: &[("api/Dockerfile", "FROM ghcr.io/acme/api AS base\n")] },

    // Absent, or without a policy.
    Scenario { name: "an image that no manifest uses", config: "", steps: &[
        Run("other:1.0", &["failed ghcr.io/acme/other: no manifest uses it"], &[]),
        Run("other:1.0 api:1.1", &["open tagboat/api: …", "failed ghcr.io/acme/other: …"], &[]),
        Run("other", &[OUTSIDE, "failed ghcr.io/acme/other: no manifest uses it"], &[]),
    ], files: &[("api/app.yaml", API)] },
    Scenario { name: "an image that no rule covers", config: "rules: [{ images: [ghcr.io/acme/web] }]", steps: &[
        Run("api:1.1", &["failed ghcr.io/acme/api: no policy manages it: no rule matches"], &[]),
    ], files: &[("api/app.yaml", API), ("web/app.yaml", WEB)] },
    Scenario { name: "an image that is ignored", config: "rules: [{ images: [ghcr.io/acme/api], policy: ignore }, {}]", steps: &[
        Run("api:1.1", &["failed ghcr.io/acme/api: no policy manages it: the rule at tagboat.yaml:1 has the policy `ignore`"], &[]),
    ], files: &[("api/app.yaml", API)] },
    Scenario { name: "one place with a policy is enough", config: "rules: [{ paths: ['one/**'] }]", steps: &[
        Run("api:1.1", &["open tagboat/one: …"], &[]),
    ], files: &[("one/app.yaml", API), ("two/app.yaml", API)] },

    // Newer by the policy.
    Scenario { name: "a tag that the policy cannot compare", config: "", steps: &[
        Run("api:pr-123", &[], &["api/app.yaml:2: pr-123, given with --image, is rejected: the policy cannot compare it with the current tag stable; give another tag, or change the policy"]),
    ], files: &[("api/app.yaml", "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/api:stable }] }\n")] },
    Scenario { name: "an older tag", config: "", steps: &[
        Run("api:0.9", &[], &["api/app.yaml:2: 0.9, given with --image, is rejected: older than the current tag 1.0; give another tag, or change the policy"]),
    ], files: &[("api/app.yaml", API)] },

    // What is proposed already.
    Scenario { name: "builds end out of order", config: "", steps: &[
        Run("api:1.3", &["open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.3 in api"], &[]),
        Run("api:1.2", &["unchanged tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.3 in api"], &[]),
        Contains("tagboat/api", "api/app.yaml", "api:1.3"),
        Run("api:1.4", &["update tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.4 in api"], &[]),
        Run("api:0.9", &["unchanged tagboat/api: …"], &["api/app.yaml:2: 0.9, given with --image, is rejected: older than the current tag 1.0; give another tag, or change the policy"]),
    ], files: &[("api/app.yaml", API)] },
    Scenario { name: "builds of two images in one group end out of order", config: ONE_GROUP, steps: &[
        Run("", &["open tagboat/all: …"], &[]),
        Build("web:2.2"),
        Run("api:1.2 web:2.2", &["update tagboat/all: …"], &[]),
        Contains("tagboat/all", "api/app.yaml", "api:1.4"),
        Contains("tagboat/all", "web/app.yaml", "web:2.2"),
    ], files: &[("api/app.yaml", API), ("web/app.yaml", WEB)] },
    Scenario { name: "builds end out of order by build time", config: "policies: { main: { newest-build: true } }\nrules: [{ policy: main }]", steps: &[
        Run("api:beef123", &["open tagboat/api: Update ghcr.io/acme/api from 1c0ffee to beef123 in api"], &[]),
        Run("api:3d9b390", &["unchanged tagboat/api: Update ghcr.io/acme/api from 1c0ffee to beef123 in api"], &[]),
        Run("api:1.3", &["unchanged tagboat/api: …"], &["api/app.yaml:2: 1.3, given with --image, is rejected: older than the current tag 1c0ffee; give another tag, or change the policy"]),
    ], files: &[("api/app.yaml", COMMIT)] },
    Scenario { name: "another place has its own proposal", config: "", steps: &[
        Run("api:1.1", &["open tagboat/one: …", "open tagboat/two: …"], &[]),
        Commit("two/app.yaml", "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/api:1.1 }] }\n"),
        Run("api:1.2", &["update tagboat/one: Update ghcr.io/acme/api from 1.0 to 1.2 in one", "update tagboat/two: Update ghcr.io/acme/api from 1.1 to 1.2 in two"], &[]),
    ], files: &[("one/app.yaml", API), ("two/app.yaml", API)] },
    Scenario { name: "a rejected tag leaves what is proposed beside other images", config: ONE_GROUP, steps: &[
        Run("api:3d9b390 web:2.1", &["open tagboat/all: …"], &[]),
        Build("web:2.2"),
        Run("api:pr-1 web:2.2", &["update tagboat/all: …"], &["api/app.yaml:2: pr-1, given with --image, is rejected: …"]),
        Contains("tagboat/all", "api/app.yaml", "api:3d9b390"),
        Contains("tagboat/all", "web/app.yaml", "web:2.2"),
    ], files: &[("api/app.yaml", COMMIT), ("web/app.yaml", WEB)] },

    // A commit has no order: a run without --image keeps its pull request.
    Scenario { name: "a given commit stays proposed", config: "", steps: &[
        Run("api:3d9b390", &["open tagboat/api: Update ghcr.io/acme/api from 1c0ffee to 3d9b390 in api"], &[]),
        Run("", &["unchanged tagboat/api: …"], &[]),
        Run("web", &["leave tagboat/api: outside the scope of this run", "failed ghcr.io/acme/web: …"], &[]),
        Run("api:beef123", &["update tagboat/api: Update ghcr.io/acme/api from 1c0ffee to beef123 in api"], &[]),
        // The commit that was given is for the old base.
        Commit("api/app.yaml", "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/api:a1b2c3d }] }\n"),
        Run("", &["close tagboat/api: superseded: …"], &["api/app.yaml:2: the tag a1b2c3d is named after a commit …"]),
    ], files: &[("api/app.yaml", COMMIT)] },
    Scenario { name: "a given commit stays proposed beside other images", config: ONE_GROUP, steps: &[
        Run("api:3d9b390", &["open tagboat/all: …"], &[]),
        Run("", &["update tagboat/all: …"], &[]),
        Contains("tagboat/all", "api/app.yaml", "api:3d9b390"),
        Contains("tagboat/all", "web/app.yaml", "web:2.1"),
        Build("web:2.2"),
        Run("web:2.2", &["update tagboat/all: …"], &[]),
        Contains("tagboat/all", "api/app.yaml", "api:3d9b390"),
        Contains("tagboat/all", "web/app.yaml", "web:2.2"),
    ], files: &[("api/app.yaml", COMMIT), ("web/app.yaml", WEB)] },

    // A marker of another tool.
    Scenario { name: "a versioning that cannot compare the current tag", config: "", steps: &[
        Run("", &[], &["values.yaml:2: the policy cannot compare the current tag alpine with 1.0.0; …"]),
        Run("web:1.0.0", &[], &["values.yaml:2: 1.0.0, given with --image, is rejected: the policy cannot compare it with the current tag alpine; give another tag, or change the policy"]),
    ], files: &[("values.yaml", "web:\n  image: ghcr.io/acme/web\n  tag: alpine # renovate: datasource=docker depName=ghcr.io/acme/web versioning=semver\n")] },

    Scenario { name: "a versioning of an image that a rule names in full", config: "rules: [{ images: [ghcr.io/acme/web] }]", steps: &[
        Run("", &["open …"], &[]),
    ], files: &[("values.yaml", "web:\n  image: ghcr.io/acme/web\n  tag: alpine # renovate: datasource=docker depName=ghcr.io/acme/web versioning=semver\n")] },

    // A pull request that the base branch overtook.
    Scenario { name: "a proposal that is older than the base branch is closed", config: "", steps: &[
        Run("api:1.3", &["open tagboat/api: …"], &[]),
        Commit("api/app.yaml", "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/api:1.4 }] }\n"),
        Run("api:1.3", &["close tagboat/api: superseded: …"], &["api/app.yaml:2: 1.3, given with --image, is rejected: older than the current tag 1.4; give another tag, or change the policy"]),
    ], files: &[("api/app.yaml", API)] },
    Scenario { name: "a proposal that the base branch has is closed", config: "", steps: &[
        Run("api:1.3", &["open tagboat/api: …"], &[]),
        Commit("api/app.yaml", "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/api:1.3 }] }\n"),
        Run("api:1.3", &["close tagboat/api: superseded: …"], &[]),
    ], files: &[("api/app.yaml", API)] },

    // Only the images that are named.
    Scenario { name: "held values of other images are left out", config: "", steps: &[
        Run("api:1.1", &["open tagboat/api: …"], &[]),
        Run("web", &[OUTSIDE], &["web/app.yaml:2: the tag stable has no version …", "web/other.yaml:2: …"]),
    ], files: &[
        ("api/app.yaml", API),
        ("web/app.yaml", "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/web:stable }] }\n"),
        ("web/other.yaml", "kind: Pod\nspec: { containers: [{ image: 'ghcr.io/acme/web:${TAG}' }] }\n"),
    ] },
    Scenario { name: "a value of the image that cannot be read is held", config: "", steps: &[
        Run("api:1.1", &[], &["api/app.yaml:2: …"]),
    ], files: &[("api/app.yaml", "kind: Pod\nspec: { containers: [{ image: 'ghcr.io/acme/api:${TAG}' }] }\n")] },
];

fn matches(actual: &[String], expected: &[String]) -> bool {
    let same = |(actual, expected): (&String, &String)| match expected.strip_suffix('…') {
        Some(start) => actual.starts_with(start),
        None => actual == expected,
    };
    actual.len() == expected.len() && actual.iter().zip(expected).all(same)
}

/// Performs the steps of a scenario up to the first that ends otherwise.
async fn perform(scenario: &Scenario, images: &str) -> Result<(), String> {
    let mut world = World::new(Some(&GITHUB), scenario.config, images, &[]).await;
    let files: Vec<_> = scenario.files.iter().map(|(path, text)| (*path, world.expand(text))).collect();
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    world.forge.bare.commit("main", &files, "Manifests");
    for step in scenario.steps {
        match *step {
            Commit(path, text) => drop(world.forge.bare.commit("main", &[(path, &world.expand(text))], "By hand")),
            Configure(text) => world.config = config::parse(text, config::FILE_NAME).unwrap(),
            Build(image) => world.build(image),
            Contains(branch, path, part) => {
                let text = String::from_utf8(world.forge.bare.file(branch, path)).unwrap();
                if !text.contains(&world.expand(part)) {
                    return Err(format!("{path} on {branch} lacks {part}:\n{text}"));
                }
            }
            Run(images, expected, held) => run(&world, images, expected, held).await?,
        }
    }
    Ok(())
}

/// Runs twice, and compares the first report with what is expected.
async fn run(world: &World, images: &str, expected: &[&str], held: &[&str]) -> Result<(), String> {
    let report = world.run(images).await;
    let actual = lines(&report);
    let expand = |texts: &[&str]| texts.iter().map(|text| world.expand(text)).collect::<Vec<_>>();
    let held_values: Vec<String> =
        report.held.iter().map(|one| format!("{}:{}: {}", one.path, one.line, one.reason)).collect();
    if !matches(&actual, &expand(expected)) || !matches(&held_values, &expand(held)) {
        return Err(format!("--image {images:?}: {actual:#?}, held: {held_values:#?}"));
    }
    let changes = report.changes.iter().chain(&report.already_proposed).map(|one| (&one.path, one.line));
    let places: Vec<_> = changes.chain(report.held.iter().map(|one| (&one.path, one.line))).collect();
    if images.is_empty() && places.iter().any(|one| places.iter().filter(|other| *other == one).count() > 1) {
        return Err(format!("--image {images:?}: a place has two rows: {places:?}"));
    }
    if report.failed.iter().any(|failed| failed.hint.is_none())
        || report.files.iter().any(|one| one.before == one.after)
    {
        return Err(format!("--image {images:?}: no hint, or an empty change: {report:?}"));
    }
    let state = world.state();
    let again = world.run(images).await;
    if again.has_changes() || world.state() != state {
        return Err(format!("--image {images:?}: the second run reports {:?}", lines(&again)));
    }
    Ok(())
}

/// Performs scenarios with these images in the registry, and fails with the text of each that ends otherwise.
pub(super) async fn perform_all(scenarios: &[Scenario], images: &str) {
    let mut wrong = Vec::new();
    for scenario in scenarios {
        wrong.extend(perform(scenario, images).await.err().map(|error| format!("{}: {error}", scenario.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn follows_the_scenarios() {
    perform_all(SCENARIOS, IMAGES).await;
}

/// The program fails for an image that it cannot update, and reports nothing about other images.
#[tokio::test(flavor = "multi_thread")]
async fn reports_only_the_images_that_are_named() {
    let registry = EmbeddedRegistry::start().await.unwrap();
    for tag in ["1.1", "1.2"] {
        registry.push("acme/api", tag, &ImageSpec::default()).unwrap();
    }
    let mirror = format!("registries: {{ ghcr.io: {{ mirror: 'http://{}' }} }}", registry.host());
    let tagboat = Tagboat::new().with_config(&mirror);
    std::fs::create_dir(tagboat.home().join("apps")).unwrap();
    let values = "web: { image: 'ghcr.io/acme/web:${TAG}' }\napi: { image: 'ghcr.io/acme/api:1.0' }\nimage: 'ghcr.io/acme/job:stable'\n";
    std::fs::write(tagboat.home().join("apps/values.yaml"), values).unwrap();
    let none: &[&str] = &[];
    #[rustfmt::skip]
    let rows = [
        // images                                              exit  failed                       held
        (&["ghcr.io/acme/other:1.0"][..],                      1,    &["ghcr.io/acme/other"][..], none),
        (&["other"],                                           1,    &["docker.io/library/other"], none),
        (&["ghcr.io/acme/api:1.0"],                            0,    none,                        none),
        (&["ghcr.io/acme/api:1.1"],                            0,    none,                        none),
        (&["ghcr.io/acme/api:1.2", "ghcr.io/acme/other:1.0"],  3,    &["ghcr.io/acme/other"],     none),
        (&["ghcr.io/acme/api:1.0"],                            0,    none,                        &["ghcr.io/acme/api"]),
        (&["ghcr.io/acme/job:pr-1"],                           0,    none,                        &["ghcr.io/acme/job"]),
        (&["ghcr.io/acme/web:1.0"],                            0,    none,                        &[""]),
    ];
    for (images, code, failed, held) in rows {
        let options: Vec<&str> = images.iter().flat_map(|image| ["--image", *image]).collect();
        let output = tagboat.run(&[&["edit", "-C", "apps", "--format", "json"][..], &options].concat());
        let report = output.json();
        let texts = |list: &str, key: &str| {
            let rows = report[list].as_array().unwrap().iter();
            rows.map(|row| row[key].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            (output.code, texts("failed", "subject")),
            (code, failed.iter().map(|one| (*one).to_owned()).collect()),
            "{output:?}"
        );
        assert_eq!(texts("held", "name"), held, "{images:?}: {report}");
    }
}
