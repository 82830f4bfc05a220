//! Settings of Renovate that apply to images.

use serde_json::{Value, json};

use super::settings;
use crate::interop::draft::RuleDraft;
use crate::policy::{self, Pinning, Settings};

/// Settings outside package rules, which apply to every image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CommonSettings {
    pub(super) pinning: Pinning,
    /// The greatest change that is allowed: `minor`, `patch`.
    pub(super) max_bump: Option<&'static str>,
    pub(super) ignored: Vec<String>,
    /// Managers whose files are not updated.
    pub(super) disabled_managers: Vec<String>,
    min_age: Option<String>,
    versioning: Option<String>,
    extract: Option<String>,
    allowed: Option<String>,
    pre_releases: bool,
    /// Whether updates are disabled.
    pub(super) off: bool,
}

impl CommonSettings {
    /// Reads a setting that rules have as well. Returns false if the key is not one, or its value does not translate.
    pub(super) fn take(&mut self, key: &str, value: &Value) -> bool {
        let text = value.as_str().map(str::to_owned);
        match (key, text) {
            ("minimumReleaseAge" | "stabilityDays", _) => match age(value) {
                Some(age) => self.min_age = age,
                None => return false,
            },
            ("pinDigests", _) => self.pinning = if value == true { Pinning::Follow } else { Pinning::Keep },
            ("ignoreUnstable", _) => self.pre_releases = value == false,
            ("enabled", _) => self.off = value == false,
            ("major" | "minor", _) if *value == json!({ "enabled": false }) => {
                self.limit(if key == "major" { "minor" } else { "patch" });
            }
            ("versioning", Some(text)) => self.versioning = Some(text),
            ("extractVersion", Some(text)) => self.extract = Some(text),
            ("allowedVersions", Some(text)) if !text.contains("{{") => self.allowed = Some(text),
            _ => return false,
        }
        true
    }

    /// Allows no greater change than this one.
    pub(super) fn limit(&mut self, bump: &'static str) {
        if self.max_bump != Some("patch") {
            self.max_bump = Some(bump);
        }
    }

    /// Returns a rule with these settings and without images.
    pub(super) fn rule(&self) -> RuleDraft {
        RuleDraft { min_age: self.min_age.clone(), pinning: self.pinning, ..RuleDraft::default() }
    }

    /// Returns the settings of the policy; `None` is `shape` without options.
    pub(super) fn settings(&self) -> Result<Option<Settings>, String> {
        let versioning = self.versioning.as_deref().unwrap_or("docker");
        let message = |error: policy::PolicyError| error.reason();
        let read = settings::settings(versioning, self.extract.as_deref()).map_err(message)?;
        let mut pairs: Vec<(&str, Value)> =
            read.keys().filter_map(|key| Some((key, read.value(key)?.clone()))).collect();
        let is_pattern = pairs.iter().any(|(key, _)| *key == "pattern");
        match self.allowed.as_deref().map(|text| (text.strip_prefix('!').unwrap_or(text), text)) {
            Some((pattern, text)) if pattern.len() > 1 && pattern.starts_with('/') && pattern.ends_with('/') => {
                let inner = &pattern[1..pattern.len() - 1];
                pairs.push((if text.starts_with('!') { "exclude" } else { "include" }, inner.into()));
            }
            Some((_, range)) if is_pattern => {
                let name = versioning.split(':').next().unwrap_or_default();
                return Err(format!("the range {range} does not apply to a `{name}` versioning"));
            }
            Some((_, range)) => {
                pairs.retain(|(key, _)| *key != "shape");
                pairs.retain(|(key, _)| *key != "semver");
                pairs.insert(0, ("semver", range.into()));
            }
            None => {}
        }
        // Every version of the others is stable in Renovate.
        let is_loose = pairs.iter().any(|(key, value)| *key == "shape" && value == "loose");
        if self.pre_releases && !is_pattern && !is_loose {
            pairs.retain(|(key, _)| *key != "shape" && *key != "pre-releases");
            if !pairs.iter().any(|(key, _)| *key == "semver") {
                pairs.insert(0, ("semver", true.into()));
            }
            pairs.push(("pre-releases", true.into()));
        }
        pairs.extend(self.max_bump.map(|bump| ("max-bump", bump.into())));
        if pairs == [("shape", "same".into())] {
            return Ok(None);
        }
        let settings = Settings::from_pairs(pairs);
        policy::build(&settings).map_err(message)?;
        Ok(Some(settings))
    }
}

/// Units of durations as Renovate writes them, with their length in a unit of Tagboat.
const UNITS: &[(&[&str], u32, &str)] = &[
    (&["minutes", "minute", "mins", "min", "m"], 1, "m"),
    (&["hours", "hour", "hrs", "hr", "h"], 1, "h"),
    (&["days", "day", "d", ""], 1, "d"),
    (&["weeks", "week", "w"], 1, "w"),
    (&["months", "month"], 30, "d"),
    (&["years", "year", "y"], 365, "d"),
];

/// Returns `3d` for `3 days`, and `Some(None)` for no age; `None` if the duration is not understood.
fn age(value: &Value) -> Option<Option<String>> {
    let written = match value {
        Value::Null => return Some(None),
        Value::Number(days) => days.to_string(),
        Value::String(text) => text.trim().to_ascii_lowercase(),
        _ => return None,
    };
    let unit = written.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u32 = written[..written.len() - unit.len()].parse().ok()?;
    let (_, length, letter) = UNITS.iter().find(|(words, ..)| words.contains(&unit.trim()))?;
    let number = number.checked_mul(*length)?;
    Some((number > 0).then(|| format!("{number}{letter}")))
}
