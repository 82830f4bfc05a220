//! Translates `versioning` and `extractVersion` of Renovate, from a comment or a configuration, into policy settings.
//!
//! A policy selects the tag that Renovate selects, with two exceptions. `docker` and `loose` follow the shape of the current tag, so
//! that a suffix or a `v` never appears or disappears; Renovate's `loose` compares suffixes as texts, and takes `-slim` for `-alpine`. A versioning that depends on a release calendar
//! (`ubuntu`, `node`) or on the rules of another language is an error: an approximation could select a wrong version.

use regex::Regex;
use serde_json::Value;

use crate::policy::{PolicyError, Settings};
use crate::text::code_list;

/// Versionings: the name, the equivalent kind of policy, and the value of `strict`.
const VERSIONINGS: &[(&str, &str, Option<bool>)] = &[
    ("docker", "shape", None),
    ("semver", "semver", Some(true)),
    ("semver-coerced", "semver", Some(false)),
    ("npm", "semver", Some(true)),
    ("helm", "semver", Some(true)),
    ("cargo", "semver", Some(true)),
    ("hashicorp", "semver", Some(false)),
];

/// Versions of Red Hat as Renovate reads them (`versioning/redhat`): up to three numbers, and those of the release.
const RED_HAT: &str =
    r"^v?(?<major>\d+)(?:\.(?<minor>\d+))?(?:\.(?<patch>\d+))?(?:\.GA)?(?:-(?<release>\d+)(?:\.(?<build>\d+))?)?$";

/// Its groups. One that is missing is 0: `9.0` is `9.0.0-0.0`.
const RED_HAT_ORDER: [&str; 5] = ["major", "minor", "patch", "release", "build"];

/// Groups of a `regex:` versioning, the most significant first (Renovate's `versioning/regex`).
const NUMBERS: [&str; 5] = ["major", "minor", "patch", "build", "revision"];

/// Returns the policy settings of a `versioning` with its `extractVersion`.
pub fn settings(versioning: &str, extract: Option<&str>) -> Result<Settings, PolicyError> {
    let mut pairs: Vec<(&str, Value)> = match (versioning, versioning.strip_prefix("regex:")) {
        (_, Some(pattern)) => by_groups(pattern)?,
        ("loose", None) => vec![("shape", "loose".into())],
        ("redhat", None) => {
            let order = RED_HAT_ORDER.map(|group| Value::from(format!("{group} numeric-or-zero")));
            vec![("pattern", RED_HAT.into()), ("order", order.to_vec().into()), ("outliers", "reject".into())]
        }
        (_, None) => {
            let known = VERSIONINGS.iter().find(|(name, ..)| *name == versioning);
            let (_, kind, strict) = known.ok_or_else(|| {
                PolicyError::at("versioning", format!("unsupported versioning `{versioning}`"))
                    .with_hint("name a policy of tagboat.yaml in a marker, as in `# tagboat: release`")
            })?;
            let order = if *kind == "shape" { Value::from("same") } else { Value::from(true) };
            std::iter::once((*kind, order)).chain(strict.map(|strict| ("strict", strict.into()))).collect()
        }
    };
    if let Some(pattern) = extract {
        if !crate::policy::regex("extractVersion", pattern)?.capture_names().flatten().any(|name| name == "version") {
            return Err(PolicyError::at("extractVersion", format!("missing group `version` in `{pattern}`")));
        }
        pairs.extend([("include", pattern.into()), ("extract", "${version}".into())]);
    }
    Ok(Settings::from_pairs(pairs))
}

fn by_groups(text: &str) -> Result<Vec<(&'static str, Value)>, PolicyError> {
    let pattern: Regex = crate::policy::regex("versioning", text)?;
    let has = |group: &str| pattern.capture_names().flatten().any(|name| name == group);
    for (group, purpose) in [
        ("compatibility", "keeps a part of the tag; the policy `shape` does the same"),
        ("prerelease", "distinguishes pre-releases from releases; the policies `shape` and `semver` do the same"),
    ] {
        if has(group) {
            let error = PolicyError::at("versioning", format!("the group `{group}` of `{text}` {purpose}"));
            return Err(error.with_hint("name the policy in the marker `# tagboat: shape`"));
        }
    }
    let order: Vec<Value> =
        NUMBERS.iter().filter(|group| has(group)).map(|group| format!("{group} numeric").into()).collect();
    if order.is_empty() {
        return Err(PolicyError::at(
            "versioning",
            format!("missing one of the groups {} in `{text}`", code_list(NUMBERS)),
        ));
    }
    Ok(vec![("pattern", text.into()), ("order", Value::Array(order))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::build;

    #[test]
    fn translates_versionings() {
        #[rustfmt::skip]
        let rows = [
            ("docker",                                  None,                        "shape"),
            ("loose",                                   None,                        "shape: loose"),
            ("redhat",                                  None,                        "pattern: "),
            ("semver",                                  None,                        "{ semver: true, strict: true }"),
            ("semver-coerced",                          Some("^v(?<version>.+)$"),   "{ semver: true, "),
            ("regex:^b(?<major>\\d+)$",                 None,                        "pattern: "),
            ("regex:^(?<major>\\d+)-(?<compatibility>.*)$", None,                    "the group `compatibility`"),
            ("regex:^(?<major>\\d+)(?<prerelease>rc)?$", None,                       "the group `prerelease`"),
            ("regex:^(?<number>\\d+)$",                 None,                        "missing one of the groups"),
            ("regex:^(?!1)(?<major>\\d+)$",             None,                        "look-around"),
            ("ubuntu",                                  None,                        "unsupported versioning `ubuntu`"),
            ("semver",                                  Some("^v(.+)$"),             "missing group `version`"),
        ];
        for (versioning, extract, expected) in rows {
            let result = match settings(versioning, extract).and_then(|settings| build(&settings)) {
                Ok(entry) => entry.describe(),
                Err(error) => error.to_string(),
            };
            assert!(result.contains(expected), "{versioning}: {result}");
        }
    }
}
