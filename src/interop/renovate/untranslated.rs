//! Keys of Renovate's configuration that are not translated, and what to do instead. A table; decides nothing.

/// Keys that need no translation, or have none, and why.
const LEFT: &[(&str, &str)] = &[
    ("automerge", "for all pull requests or for none: see `pull-requests: { auto-merge: … }`"),
    ("automergeType", "there is always a pull request: see `pull-requests: { auto-merge: … }`"),
    ("schedule", "its words differ: see `pull-requests: { schedule: … }`"),
    ("timezone", "see `pull-requests: { schedule: [{ time-zone: … }] }`"),
    ("prHourlyLimit", "see `pull-requests: { max-per-run: … }`"),
    ("branchConcurrentLimit", "see `pull-requests: { max-open: … }`"),
    (
        "hostRules",
        "credentials come from docker's config.json or the environment; what is special about a registry stands under `registries`",
    ),
    ("registryAliases", "see `registries: { HOST: { mirror: … } }`"),
    ("enabledManagers", "every manifest is read: see `paths: { include: … }`"),
    ("dependencyDashboard", "there is no dashboard: `tagboat run --report FILE` writes what a run says"),
    ("semanticCommits", "see `pull-requests: { title: …, commit-message: … }`"),
    ("prTitle", "templates differ: see `pull-requests: { title: … }`"),
    ("prBodyTemplate", "templates differ: see `pull-requests: { body: … }`"),
    ("commitMessagePrefix", "see `pull-requests: { commit-message: … }`"),
    ("commitMessageTopic", "see `pull-requests: { commit-message: … }`"),
    ("rebaseWhen", "a branch is rebuilt whenever its changes or the base branch change"),
    ("recreateWhen", "a version whose pull request was closed is not proposed again"),
    ("groupName", "groups are for all: see `pull-requests: { group: … }`"),
    ("platform", "derived from the git remote: see `forge: { kind: … }`"),
    ("endpoint", "see `forge: { url: … }`"),
];

/// Why a key is not translated.
pub(super) fn why_left(key: &str) -> &'static str {
    LEFT.iter().find(|(known, _)| *known == key).map_or("has no counterpart", |(_, why)| *why)
}
