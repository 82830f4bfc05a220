//! Images that no registry has: local builds, and placeholders for a real name or tag.

use crate::image::ImageName;

/// Top-level domains that no public registry has: those of RFC 2606, RFC 6761 and RFC 6762, and services of a cluster.
const LOCAL_DOMAINS: &[&str] = &["localhost", "local", "test", "example", "invalid", "svc"];

/// Second-level domains of RFC 2606, and names of the machine that runs a container or a cluster.
const RESERVED_DOMAINS: &[&str] =
    &["example.com", "example.net", "example.org", "docker.internal", "minikube.internal", "k3d.internal"];

/// Words in place of a real part of a name, or of a real tag.
const PLACEHOLDERS: &[&str] = &[
    "changeme",
    "custom-tag",
    "dummy",
    "example",
    "fixme",
    "image-tag",
    "local",
    "placeholder",
    "replace-me",
    "replaceme",
    "tag",
    "tbd",
    "test-tag",
    "todo",
    "username",
    "version",
    "xxx",
];

/// Words after `my` or `your` in a placeholder: `your-registry`, `myrepo`.
const OWNED: &[&str] = &[
    "account",
    "company",
    "dockerhub",
    "image",
    "name",
    "namespace",
    "org",
    "organization",
    "project",
    "registry",
    "repo",
    "repository",
    "tag",
    "user",
    "username",
];

/// Tags of local builds. No image without an owner on Docker Hub, which are the official ones, has them.
const LOCAL_TAGS: &[&str] = &["build", "ci", "debug", "dev", "development", "prod", "production", "staging", "test"];

/// Returns whether no registry can have an image: its registry is this machine, a name without a domain, or an example; a part of
/// its name is a placeholder; or its name and tag are those of a local build, such as `api:dev`.
pub(super) fn is_local(name: &ImageName, tag: &str) -> bool {
    let registry = name.registry();
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    let is_reserved = RESERVED_DOMAINS
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    let is_local_host = !host.contains('.')
        || host.starts_with("127.")
        || host.rsplit('.').next().is_some_and(|last| LOCAL_DOMAINS.contains(&last));
    let is_local_build = !name.familiar().contains('/') && LOCAL_TAGS.contains(&tag);
    is_reserved || is_local_host || is_local_build || name.familiar().split('/').any(is_placeholder)
}

/// Returns whether a tag is a placeholder, such as `REPLACE_ME`.
pub(super) fn is_placeholder_tag(tag: &str) -> bool {
    is_placeholder(tag)
}

/// Returns whether a word, or the first label of a host, is a placeholder.
fn is_placeholder(word: &str) -> bool {
    let label = word.split(['.', ':']).next().unwrap_or_default();
    let word = label.to_ascii_lowercase().replace('_', "-");
    let owned = word.strip_prefix("your").or_else(|| word.strip_prefix("my"));
    PLACEHOLDERS.contains(&&*word) || owned.is_some_and(|rest| OWNED.contains(&rest.trim_start_matches('-')))
}
