//! All YAML and JSON that no other format reads; the configuration of CI jobs is ignored.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::super::keys::walk;
use super::super::screen::{Ignored, IgnoredScope};

/// The format of YAML and JSON files that no other format reads.
pub(crate) struct Yaml;

const NAME: &str = "yaml";

/// Configuration of CI systems: jobs run in its images, nothing deploys them.
const IGNORED: &[Ignored] = &[
    job(".github/workflows/", "GitHub Actions"),
    job(".gitea/workflows/", "Gitea Actions"),
    job(".forgejo/workflows/", "Forgejo Actions"),
    job(".circleci/", "CircleCI"),
    job(".woodpecker/", "Woodpecker"),
    job(".buildkite/", "Buildkite"),
    job(".gitlab-ci.yml", "GitLab CI"),
    job(".drone.yml", "Drone"),
    job(".woodpecker.yml", "Woodpecker"),
    job(".travis.yml", "Travis CI"),
    job("appveyor.yml", "AppVeyor"),
    job(".appveyor.yml", "AppVeyor"),
    job("azure-pipelines.yml", "Azure Pipelines"),
    job("bitbucket-pipelines.yml", "Bitbucket Pipelines"),
    job(".cirrus.yml", "Cirrus CI"),
    job("codefresh.yml", "Codefresh"),
    job(".semaphore/", "Semaphore"),
    Ignored { scope: IgnoredScope::ObjectsIn(".tekton/", "tekton.dev", "Pipelines as Code"), reason: CI_JOB },
];

const CI_JOB: &str = "the image of a CI job, which is not deployed";

const fn job(path: &'static str, tool: &'static str) -> Ignored {
    Ignored { scope: IgnoredScope::File(path, tool), reason: CI_JOB }
}

impl Format for Yaml {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "any other YAML or JSON: values of keys such as `image`, at any depth"
    }

    fn needles(&self) -> &'static [&'static str] {
        walk::NEEDLES
    }

    fn ignored(&self) -> &'static [Ignored] {
        IGNORED
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        document.text_format().is_none()
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        walk::walk(document, found, NAME);
    }
}
