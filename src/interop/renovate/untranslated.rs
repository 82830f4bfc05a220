//! Keys of a Renovate configuration that are not translated, and what to do instead.

/// Why settings for one kind of update do not translate.
const UPDATE_TYPES: &str =
    "a rule cannot depend on the update type; `max-bump` limits it, and `min-age` delays every update";

/// Keys without a translation, each with the reason.
const LEFT: &[(&str, &str)] = &[
    ("automerge", "applies to all pull requests or to none; set `pull-requests: { auto-merge: … }`"),
    ("automergeType", "every update has a pull request; set `pull-requests: { auto-merge: … }`"),
    ("schedule", "the syntax differs; set `pull-requests: { schedule: … }`"),
    ("timezone", "set `pull-requests: { schedule: [{ time-zone: … }] }`"),
    ("prHourlyLimit", "the period differs; set `pull-requests: { max-per-run: … }`"),
    ("branchConcurrentLimit", "set `pull-requests: { max-open: … }`"),
    ("hostRules", "credentials come from docker's config.json or the environment; set `registries: { HOST: … }`"),
    ("registryAliases", "set `registries: { HOST: { mirror: … } }`"),
    ("enabledManagers", "all formats are enabled; to read fewer files, set `paths: { include: … }`"),
    ("dependencyDashboard", "there is no dashboard; use `tagboat run --report FILE`"),
    ("semanticCommits", "set `pull-requests: { title: …, commit-message: … }`"),
    ("prTitle", "templates differ; set `pull-requests: { title: … }`"),
    ("prBodyTemplate", "templates differ; set `pull-requests: { body: … }`"),
    ("commitMessagePrefix", "set `pull-requests: { commit-message: … }`"),
    ("commitMessageTopic", "set `pull-requests: { commit-message: … }`"),
    ("rebaseWhen", "a branch is rebuilt when the edit on the newest base gives other files than it has"),
    ("recreateWhen", "a version whose pull request was closed is not proposed again"),
    ("matchUpdateTypes", UPDATE_TYPES),
    ("major", UPDATE_TYPES),
    ("minor", UPDATE_TYPES),
    ("patch", UPDATE_TYPES),
    ("digest", UPDATE_TYPES),
    ("pin", UPDATE_TYPES),
    ("minimumReleaseAge", "unknown duration; set `min-age` in the rules, as in `min-age: 3d`"),
    ("groupName", "a group applies to all images; set `pull-requests: { group: … }`"),
    ("platform", "derived from the git remote, or set `forge: { kind: … }`"),
    ("endpoint", "set `forge: { url: … }`"),
];

/// Returns why a key is not translated.
pub(super) fn reason_left(key: &str) -> &'static str {
    LEFT.iter().find(|(known, _)| *known == key).map_or("has no counterpart", |(_, reason)| *reason)
}
