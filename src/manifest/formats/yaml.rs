//! All YAML and JSON that no other format reads; the configuration of CI jobs is ignored.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::super::keys::jobs::{BITBUCKET, CLOUD_BUILD, GITLAB};
use super::super::keys::walk;
use super::super::screen::{BUILT, Ignored, IgnoredScope};

/// The format of YAML and JSON files that no other format reads.
pub(crate) struct Yaml;

const NAME: &str = "yaml";

/// Configuration of CI systems (jobs run in its images, nothing deploys them), and what tools build by their files.
const IGNORED: &[Ignored] = &[
    job(".github/workflows/", "GitHub Actions"),
    job(".gitea/workflows/", "Gitea Actions"),
    job(".forgejo/workflows/", "Forgejo Actions"),
    action("action.yml"),
    action("action.yaml"),
    job(".circleci/", "CircleCI"),
    job(".woodpecker/", "Woodpecker"),
    job(".woodpecker.*", "Woodpecker"),
    job(".buildkite/", "Buildkite"),
    job(".gitlab/ci/", GITLAB),
    job(".gitlab-ci/", GITLAB),
    job("*.gitlab-ci.yml", GITLAB),
    job("*.gitlab-ci.yaml", GITLAB),
    job(".drone.*", "Drone"),
    job(".vela.*", "Vela"),
    job(".travis.*", "Travis CI"),
    job("appveyor.*", "AppVeyor"),
    job(".appveyor.*", "AppVeyor"),
    job("azure-pipelines*", "Azure Pipelines"),
    job(".azure-pipelines/", "Azure Pipelines"),
    job(".azuredevops/", "Azure Pipelines"),
    job("bitbucket-pipelines.*", BITBUCKET),
    job("cloudbuild*", CLOUD_BUILD),
    job(".cirrus.*", "Cirrus CI"),
    job("codefresh.*", "Codefresh"),
    job(".semaphore/", "Semaphore"),
    job("buildspec*", "AWS CodeBuild"),
    Ignored { scope: IgnoredScope::ObjectsIn(".tekton/", "tekton.dev", "Pipelines as Code"), reason: CI_JOB },
    built("cloudbuild*", "images"),
    built("docker-bake*", "target.*.tags"),
    built("devspace.*", "images.*.image"),
    built("okteto.*", "build.*.image"),
    // Functions of Knative, built by `func build`.
    built("func.*", "image"),
];

const CI_JOB: &str = "the image of a CI job, which is not deployed";

const fn job(path: &'static str, tool: &'static str) -> Ignored {
    Ignored { scope: IgnoredScope::File(path, tool), reason: CI_JOB }
}

const fn action(file: &'static str) -> Ignored {
    Ignored { scope: IgnoredScope::FileWithKey(file, "runs", "GitHub Actions"), reason: CI_JOB }
}

const fn built(file: &'static str, field: &'static str) -> Ignored {
    Ignored { scope: IgnoredScope::FieldOfFile(file, field), reason: BUILT }
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
