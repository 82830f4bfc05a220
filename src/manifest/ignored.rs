//! What looks like an image reference but is someone else's: told by name, with the reason. A table of facts.

use super::document::Document;
use crate::text::NodeId;

/// Objects of which nothing is ours: API group, kind (`*`: any), why.
const KINDS: [(&str, &str, &str); 14] = [
    ("image.toolkit.fluxcd.io", "*", "configures Flux's own image automation"),
    ("argocd-image-updater.argoproj.io", "*", "configures Argo CD Image Updater"),
    ("kyverno.io", "*", "a policy matches images, it does not run them"),
    ("policies.kyverno.io", "*", "a policy matches images, it does not run them"),
    ("cli.kyverno.io", "*", "a test of policies"),
    ("admissionregistration.k8s.io", "*", "an admission policy matches images, it does not run them"),
    ("constraints.gatekeeper.sh", "*", "a policy matches images, it does not run them"),
    ("templates.gatekeeper.sh", "*", "a policy matches images, it does not run them"),
    ("policy.sigstore.dev", "*", "a policy matches images, it does not run them"),
    ("config.openshift.io", "ImageContentPolicy", "maps registries to mirrors"),
    ("operator.openshift.io", "ImageContentSourcePolicy", "maps registries to mirrors"),
    ("config.openshift.io", "ImageDigestMirrorSet", "maps registries to mirrors"),
    ("config.openshift.io", "ImageTagMirrorSet", "maps registries to mirrors"),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "a schema describes images, it does not run them"),
];

/// Files of continuous integration: the images that their jobs run in. Path prefix or file name, whose.
const PIPELINES: [(&str, &str); 17] = [
    (".github/workflows/", "GitHub Actions"),
    (".gitea/workflows/", "Gitea Actions"),
    (".forgejo/workflows/", "Forgejo Actions"),
    (".circleci/", "CircleCI"),
    (".woodpecker/", "Woodpecker"),
    (".buildkite/", "Buildkite"),
    (".gitlab-ci.yml", "GitLab CI"),
    (".drone.yml", "Drone"),
    (".woodpecker.yml", "Woodpecker"),
    (".travis.yml", "Travis CI"),
    ("appveyor.yml", "AppVeyor"),
    (".appveyor.yml", "AppVeyor"),
    ("azure-pipelines.yml", "Azure Pipelines"),
    ("bitbucket-pipelines.yml", "Bitbucket Pipelines"),
    (".cirrus.yml", "Cirrus CI"),
    ("codefresh.yml", "Codefresh"),
    (".semaphore/", "Semaphore"),
];

/// Why what stands at a node is not ours; `None` if it may be.
pub(super) fn reason(document: &Document<'_>, node: NodeId) -> Option<String> {
    let by_kind =
        KINDS.iter().find(|(group, kind, _)| document.group() == *group && (*kind == "*" || document.kind == *kind));
    if let Some((_, _, why)) = by_kind {
        return Some(format!("{}: {why}", document.kind));
    }
    if document.is_object() && is_status(document, node) {
        return Some("status is written by controllers".to_owned());
    }
    if let Some(why) = inner_object(document, node) {
        return Some(why);
    }
    let whose = pipeline(document.path).filter(|_| !document.is_object())?;
    Some(format!("the image that a job of {whose} runs in"))
}

/// Whose continuous integration a file configures, by its path.
pub(super) fn pipeline(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_it = |pattern: &str| match pattern.ends_with('/') {
        true => path.starts_with(pattern) || path.contains(&format!("/{pattern}")),
        false => name == pattern,
    };
    PIPELINES.iter().find(|(pattern, _)| is_it(pattern)).map(|(_, whose)| *whose)
}

/// Below the top-level `status` of an object, or of an object in a `List`.
fn is_status(document: &Document<'_>, node: NodeId) -> bool {
    let tree = document.tree;
    tree.ancestors(node).any(|at| {
        tree.key_text(at) == Some("status")
            && tree.parent(at).is_some_and(|map| {
                map == document.root || (tree.get(map, "apiVersion").is_some() && tree.get(map, "kind").is_some())
            })
    })
}

/// An object of a kind that is not ours within another one: `kind: List`, a generated policy.
fn inner_object(document: &Document<'_>, node: NodeId) -> Option<String> {
    let tree = document.tree;
    tree.ancestors(node).filter(|at| *at != document.root).find_map(|at| {
        let api_version = tree.text_at(at, &["apiVersion"])?;
        let kind = tree.text_at(at, &["kind"])?;
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let row = KINDS.iter().find(|(g, k, _)| *g == group && (*k == "*" || *k == kind))?;
        Some(format!("{kind}: {}", row.2))
    })
}
