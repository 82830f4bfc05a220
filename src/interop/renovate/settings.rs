//! Renovate's `versioning` and `extractVersion` as policies, wherever they are written: in a comment or in its
//! configuration. Reads what they say; finding them is done elsewhere.
//!
//! Renovate's answers, but for these: `docker`, `loose` and `redhat` are the shape of the current tag, so that a suffix
//! never freezes and a `v` never flips; what depends on calendars of releases (`ubuntu`, `node`) or on rules of another
//! language is an error, where guessing might lead to another version than the one that is meant.

use regex::Regex;
use serde_json::Value;

use crate::policy::{PolicyError, Settings};

/// Versionings by name, the kind of policy that is the same for tags, and whether it takes whole versions only.
const VERSIONINGS: &[(&str, &str, Option<bool>)] = &[
    ("docker", "shape", None),
    ("loose", "shape", None),
    ("redhat", "shape", None),
    ("semver", "semver", Some(true)),
    ("semver-coerced", "semver", Some(false)),
    ("npm", "semver", Some(true)),
    ("helm", "semver", Some(true)),
    ("cargo", "semver", Some(true)),
    ("hashicorp", "semver", Some(false)),
];

/// Groups of a `regex:` versioning, in the order in which they count (Renovate's `versioning/regex`).
const NUMBERS: [&str; 5] = ["major", "minor", "patch", "build", "revision"];

/// The policy entry of a `versioning`, with the `extractVersion` beside it.
pub fn settings(versioning: &str, extract: Option<&str>) -> Result<Settings, PolicyError> {
    let mut pairs: Vec<(&str, Value)> = match versioning.strip_prefix("regex:") {
        Some(pattern) => by_groups(pattern)?,
        None => {
            let known = VERSIONINGS.iter().find(|(name, ..)| *name == versioning);
            let (_, kind, strict) = known.ok_or_else(|| {
                PolicyError::at("versioning", format!("{versioning:?} has no counterpart here"))
                    .with_hint("name a policy of tagboat.yaml beside it: # tagboat: release")
            })?;
            let order = if *kind == "shape" { Value::from("same") } else { Value::from(true) };
            std::iter::once((*kind, order)).chain(strict.map(|strict| ("strict", strict.into()))).collect()
        }
    };
    if let Some(pattern) = extract {
        if !crate::policy::regex("extractVersion", pattern)?.capture_names().flatten().any(|name| name == "version") {
            return Err(PolicyError::at("extractVersion", format!("'{pattern}' has no group `version`")));
        }
        pairs.extend([("include", pattern.into()), ("extract", "${version}".into())]);
    }
    Ok(Settings::from_pairs(pairs))
}

fn by_groups(text: &str) -> Result<Vec<(&'static str, Value)>, PolicyError> {
    let pattern: Regex = crate::policy::regex("versioning", text)?;
    let has = |group: &str| pattern.capture_names().flatten().any(|name| name == group);
    for (group, why) in [
        ("compatibility", "keeps a part of the tag, which the policy `shape` does as well"),
        ("prerelease", "distinguishes pre-releases from releases, which the policies `shape` and `semver` do as well"),
    ] {
        if has(group) {
            let error = PolicyError::at("versioning", format!("the group `{group}` of '{text}' {why}"));
            return Err(error.with_hint("name one of them beside it: # tagboat: shape"));
        }
    }
    let order: Vec<Value> =
        NUMBERS.iter().filter(|group| has(group)).map(|group| format!("{group} numeric").into()).collect();
    if order.is_empty() {
        return Err(PolicyError::at("versioning", format!("'{text}' names none of the groups {}", NUMBERS.join(", "))));
    }
    Ok(vec![("pattern", text.into()), ("order", Value::Array(order))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::build;

    #[test]
    fn versionings() {
        #[rustfmt::skip]
        let rows = [
            ("docker",                                  None,                        "shape"),
            ("loose",                                   None,                        "shape"),
            ("semver",                                  None,                        "semver: *"),
            ("semver-coerced",                          Some("^v(?<version>.+)$"),   "semver: *"),
            ("regex:^b(?<major>\\d+)$",                 None,                        "pattern: "),
            ("regex:^(?<major>\\d+)-(?<compatibility>.*)$", None,                    "the group `compatibility`"),
            ("regex:^(?<major>\\d+)(?<prerelease>rc)?$", None,                       "the group `prerelease`"),
            ("regex:^(?<number>\\d+)$",                 None,                        "names none of the groups"),
            ("regex:^(?!1)(?<major>\\d+)$",             None,                        "look-around"),
            ("ubuntu",                                  None,                        "\"ubuntu\" has no counterpart"),
            ("semver",                                  Some("^v(.+)$"),             "has no group `version`"),
        ];
        for (versioning, extract, expected) in rows {
            let told = match settings(versioning, extract).and_then(|settings| build(&settings)) {
                Ok(entry) => entry.describe(),
                Err(error) => error.to_string(),
            };
            assert!(told.contains(expected), "{versioning}: {told}");
        }
    }
}
