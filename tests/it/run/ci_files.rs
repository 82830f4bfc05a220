//! References that need a setting of a person: images of CI files, and digests without a tag.

use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};
use tagboat::image::Digest;
use tempfile::TempDir;

use crate::support::gitops;
use crate::support::repository::Bare;
use crate::support::tagboat::{ProgramOutput, Tagboat};

/// A remote repository, the registry of its images, and the program with a folder as its forge.
struct Repository {
    registry: EmbeddedRegistry,
    folder: TempDir,
    bare: Bare,
}

impl Repository {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { registry: gitops::registry().await, bare: Bare::new(folder.path(), "gitops"), folder }
    }

    fn image(&self) -> String {
        format!("{}/acme/api", self.registry.host())
    }

    fn push(&self, tag: &str, build: &str) -> Digest {
        let spec = ImageSpec { created: build.parse().unwrap(), ..ImageSpec::default() };
        self.registry.push("acme/api", tag, &spec).unwrap()
    }

    /// Commits a file and a configuration, and runs the program.
    fn run(&self, path: &str, text: &str, settings: &str) -> ProgramOutput {
        let config = format!("registries: {{ '{}': {{ plain-http: true }} }}\n{settings}", self.registry.host());
        self.bare.commit("main", &[(path, text), ("tagboat.yaml", &config)], "Configure");
        let forge = format!("forge: {{ kind: local, folder: {}/pulls }}\n", self.folder.path().display());
        let output = Tagboat::new().with_config(&forge).run(&["run", "-C", &self.bare.url(), "--format", "json"]);
        assert_eq!(output.code, 0, "{output:?}");
        output
    }

    /// Returns the file on the only branch of a pull request; `None` if there is no such branch.
    fn proposed(&self, path: &str) -> Option<String> {
        let branches = self.bare.branches();
        let branch = branches.keys().find(|branch| branch.starts_with("tagboat/"))?;
        Some(String::from_utf8(self.bare.file(branch, path)).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn images_of_ci_files_change_only_if_a_rule_names_the_file() {
    let repository = Repository::new().await;
    let text = format!("test:\n  image: {}:1.0\n", repository.image());
    let report = repository.run(".gitlab-ci.yml", &text, "rules: [{ paths: ['**'] }]\n").json();
    assert_eq!(
        (&report["images"][0]["status"], repository.proposed(".gitlab-ci.yml")),
        (&"ignored".into(), None),
        "{report:#}"
    );
    let report = repository.run(".gitlab-ci.yml", &text, "rules: [{ paths: [.gitlab-ci.yml] }]\n").json();
    assert_eq!(report["changes"][0]["from"], "1.0", "{report:#}");
    assert_eq!(repository.proposed(".gitlab-ci.yml"), Some(text.replace(":1.0", ":1.1")), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn digest_without_tag_follows_the_tag_of_its_policy() {
    let repository = Repository::new().await;
    let old = repository.push("stable", "2026-01-01T00:00:00Z");
    let text = format!("image: {}@{old}\n", repository.image());
    let report = repository.run("app.yaml", &text, "").json();
    assert_eq!((report["held"].as_array().unwrap().len(), repository.proposed("app.yaml")), (1, None), "{report:#}");
    let settings = "policies: { floating: { digest: stable } }\nrules: [{ policy: floating }]\n";
    let report = repository.run("app.yaml", &text, settings).json();
    assert_eq!((&report["up-to-date"], repository.proposed("app.yaml")), (&1.into(), None), "{report:#}");
    let new = repository.push("stable", "2026-02-01T00:00:00Z");
    let report = repository.run("app.yaml", &text, settings).json();
    assert_eq!(repository.proposed("app.yaml"), Some(text.replace(old.as_str(), new.as_str())), "{report:#}");
    let reason = report["changes"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("stable moved from "), "{report:#}");
}
