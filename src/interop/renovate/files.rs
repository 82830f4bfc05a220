//! The files in which Renovate searches for its configuration.

/// The last file in which Renovate searches. In most repositories, it does not configure Renovate.
const PACKAGE_JSON: &str = "package.json";

/// The paths of these files, in the order in which Renovate tries them.
pub const FILES: &[&str] = &[
    "renovate.json",
    "renovate.json5",
    ".github/renovate.json",
    ".github/renovate.json5",
    ".gitlab/renovate.json",
    ".gitlab/renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".renovaterc.json5",
    PACKAGE_JSON,
];

/// Returns whether one of these files configures Renovate. A `package.json` does so only if it has the key `renovate`.
pub fn configures(path: &str, text: &str) -> bool {
    !is_package_json(path) || text.contains("\"renovate\"")
}

/// Returns whether a file is a `package.json`, in which the configuration is the value of the key `renovate`.
pub(super) fn is_package_json(path: &str) -> bool {
    path.rsplit('/').next() == Some(PACKAGE_JSON)
}
