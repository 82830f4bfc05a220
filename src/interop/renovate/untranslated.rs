//! Keys of a Renovate configuration that are not translated, and what to do instead.

/// Keys without a translation, each with the reason.
const LEFT: &[(&str, &str)] = &[
    ("automerge", "applies to all pull requests or to none: see `pull-requests: { auto-merge: … }`"),
    ("automergeType", "every update has a pull request: see `pull-requests: { auto-merge: … }`"),
    ("schedule", "the syntax differs: see `pull-requests: { schedule: … }`"),
    ("timezone", "see `pull-requests: { schedule: [{ time-zone: … }] }`"),
    ("prHourlyLimit", "see `pull-requests: { max-per-run: … }`"),
    ("branchConcurrentLimit", "see `pull-requests: { max-open: … }`"),
    ("hostRules", "credentials come from docker's config.json or the environment; see `registries: { HOST: … }`"),
    ("registryAliases", "see `registries: { HOST: { mirror: … } }`"),
    ("enabledManagers", "all formats are enabled: see `paths: { include: … }`"),
    ("dependencyDashboard", "there is no dashboard: see `tagboat run --report FILE`"),
    ("semanticCommits", "see `pull-requests: { title: …, commit-message: … }`"),
    ("prTitle", "templates differ: see `pull-requests: { title: … }`"),
    ("prBodyTemplate", "templates differ: see `pull-requests: { body: … }`"),
    ("commitMessagePrefix", "see `pull-requests: { commit-message: … }`"),
    ("commitMessageTopic", "see `pull-requests: { commit-message: … }`"),
    ("rebaseWhen", "a branch is rebuilt whenever its changes or the base branch change"),
    ("recreateWhen", "a version whose pull request was closed is not proposed again"),
    ("groupName", "a group applies to all images: see `pull-requests: { group: … }`"),
    ("platform", "derived from the git remote: see `forge: { kind: … }`"),
    ("endpoint", "see `forge: { url: … }`"),
];

/// Returns why a key is not translated.
pub(super) fn reason_left(key: &str) -> &'static str {
    LEFT.iter().find(|(known, _)| *known == key).map_or("has no counterpart", |(_, reason)| *reason)
}
