//! The images of CI jobs under keys that mean something else in other files.

use super::super::document::Document;
use crate::text::NodeId;

pub(in crate::manifest) const GITLAB: &str = "GitLab CI";
pub(in crate::manifest) const BITBUCKET: &str = "Bitbucket Pipelines";
pub(in crate::manifest) const CLOUD_BUILD: &str = "Google Cloud Build";

/// Returns whether the value of a key is the image of a job.
pub(super) fn is_image_of_job(document: &Document<'_>, map: NodeId, key: &str, text: &str) -> bool {
    let Some(runner) = document.job_runner() else { return false };
    let tree = document.tree;
    let list = || tree.parent(map).and_then(|list| tree.key_text(list));
    match key {
        _ if tree.get(map, "image").is_some() => false,
        "container" => !is_declared_container(document, text),
        "name" => matches!((runner, list()), (GITLAB, Some("services")) | (CLOUD_BUILD, Some("steps"))),
        "pipe" => runner == BITBUCKET && text.starts_with("docker://"),
        _ => false,
    }
}

/// Returns whether the items of a list are the services of a job. Elsewhere, they are names of services.
pub(super) fn are_services(document: &Document<'_>, key: &str) -> bool {
    key == "services" && document.job_runner() == Some(GITLAB)
}

/// Returns whether a pipeline of Azure declares a container of this name, with its image, in `resources`.
fn is_declared_container(document: &Document<'_>, name: &str) -> bool {
    let tree = document.tree;
    let containers = tree.at(document.root, &["resources", "containers"]);
    let mut declared = containers.into_iter().flat_map(|list| tree.items(list));
    declared.any(|item| tree.text_at(item, &["container"]) == Some(name))
}
