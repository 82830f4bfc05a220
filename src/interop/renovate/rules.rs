//! Translates the package rules of Renovate. A table defines the translation of each matcher.

use serde_json::{Map, Value};

use super::matchers::{covers, names, narrow, texts};
use super::settings;
use super::untranslated::reason_left;
use crate::config::{PatternError, image_pattern, path_pattern};
use crate::interop::draft::{RuleDraft, TranslationDraft};
use crate::policy::{self, Pinning, Settings};

/// Settings outside package rules, which apply to every image.
#[derive(Debug, Clone, Default)]
pub(super) struct CommonSettings {
    pub(super) pinning: Pinning,
    pub(super) max_bump: Option<&'static str>,
    pub(super) ignored: Vec<String>,
    min_age: Option<String>,
    versioning: Option<String>,
    extract: Option<String>,
    allowed: Option<String>,
    pre_releases: bool,
    /// Whether updates are disabled.
    off: bool,
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
            ("versioning", Some(text)) => self.versioning = Some(text),
            ("extractVersion", Some(text)) => self.extract = Some(text),
            ("allowedVersions", Some(text)) if !text.contains("{{") => self.allowed = Some(text),
            _ => return false,
        }
        true
    }

    /// Returns a rule with these settings and without images.
    pub(super) fn rule(&self) -> RuleDraft {
        RuleDraft { min_age: self.min_age.clone(), pinning: self.pinning, ..RuleDraft::default() }
    }

    /// Returns the settings of the policy; `None` is `shape` without options.
    fn settings(&self) -> Result<Option<Settings>, String> {
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

/// Returns `3d` for `3 days`, and `Some(None)` for no age; `None` if the duration is not understood.
fn age(value: &Value) -> Option<Option<String>> {
    let written = match value {
        Value::Null => return Some(None),
        Value::Number(days) => format!("{days} days"),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let (number, unit) = written.trim().split_once(' ').unwrap_or((&written, "days"));
    let number: u32 = number.parse().ok()?;
    let unit = [("minute", "m"), ("hour", "h"), ("day", "d"), ("week", "w")]
        .iter()
        .find(|(word, _)| unit.starts_with(word))?;
    Some((number > 0).then(|| format!("{number}{}", unit.1)))
}

/// Writes the rules: images that are ignored, package rules from the last to the first, then everything else.
pub(super) fn write(root: &Map<String, Value>, common: &CommonSettings, draft: &mut TranslationDraft) {
    let ignored: Vec<String> = common.ignored.iter().flat_map(|text| names(text).unwrap_or_default()).collect();
    if !ignored.is_empty() {
        let policy = Some("ignore".to_owned());
        draft.rules.push(RuleDraft { about: "ignoreDeps".to_owned(), images: ignored, policy, ..RuleDraft::default() });
    }
    let rules = root.get("packageRules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let read = rules.iter().enumerate().filter_map(|(at, rule)| Some((at, rule.as_object()?)));
    let read: Vec<PackageRule<'_>> =
        read.filter_map(|(at, rule)| PackageRule::read(&format!("packageRules[{at}]"), rule, draft)).collect();
    if read.iter().enumerate().any(|(at, rule)| read[..at].iter().any(|other| rule.overlaps_partly(other))) {
        let cause = "Renovate merges all matching rules; Tagboat applies the first matching rule. A rule has the settings of those \
                   that contain it, and comes before them; check those that overlap in part";
        draft.leave("packageRules", cause);
    }
    for rule in in_order(&read) {
        rule.write(&read, common, draft);
    }
    let all = RuleDraft { about: "All other images.".to_owned(), images: vec!["**".to_owned()], ..common.rule() };
    // A package rule for all images leaves nothing to this one.
    if read.iter().any(|rule| covers(&rule.written, &all)) {
        return;
    }
    let mut all = all;
    name_policy(&mut all, "all", common, "settings of every image", draft);
    draft.rules.push(all);
}

fn name_policy(
    rule: &mut RuleDraft,
    name: &str,
    settings: &CommonSettings,
    what: &str,
    draft: &mut TranslationDraft,
) -> bool {
    if settings.off {
        rule.policy = Some("ignore".to_owned());
        return true;
    }
    match settings.settings() {
        Ok(None) => true,
        Ok(Some(found)) => {
            draft.policies.push((name.to_owned(), found));
            rule.policy = Some(name.to_owned());
            true
        }
        Err(cause) => {
            draft.leave(what, cause);
            false
        }
    }
}

/// Returns the rules so that each comes before those that contain it, and else the last one first. Of two for the same images,
/// the first one is left out: the last one has its settings too.
fn in_order<'p, 'r>(rules: &'p [PackageRule<'r>]) -> Vec<&'p PackageRule<'r>> {
    let mut ordered: Vec<&PackageRule<'r>> = Vec::new();
    for rule in rules.iter().rev() {
        if ordered.iter().any(|other| covers(&other.written, &rule.written) && covers(&rule.written, &other.written)) {
            continue;
        }
        let at = ordered.iter().position(|other| covers(&other.written, &rule.written)).unwrap_or(ordered.len());
        ordered.insert(at, rule);
    }
    ordered
}

/// A package rule of Renovate that translates.
struct PackageRule<'r> {
    name: String,
    written: RuleDraft,
    /// Keys and values that a rule and the top level have in common.
    settings: Vec<(&'r str, &'r Value)>,
    /// The greatest change that is still allowed if the rule disables update types.
    max_bump: Option<&'static str>,
}

impl<'r> PackageRule<'r> {
    /// Reads each key of a rule. Returns `None` for a rule that changes nothing, or does not translate; the draft has the reason.
    fn read(name: &str, rule: &'r Map<String, Value>, draft: &mut TranslationDraft) -> Option<Self> {
        let written = RuleDraft { about: name.to_owned(), ..RuleDraft::default() };
        let mut read = Self { name: name.to_owned(), written, settings: Vec::new(), max_bump: None };
        let (mut update_types, mut untranslated) = (Vec::new(), Vec::new());
        for (key, value) in rule {
            match key.as_str() {
                "description" => read.written.about.extend(value.as_str().map(|text| format!(": {text}"))),
                "matchUpdateTypes" => update_types = texts(value),
                key if key.starts_with("match") || key.starts_with("exclude") => {
                    if let Err(cause) = narrow(key, value, &mut read.written) {
                        draft.leave(format!("{name}.{key}"), cause);
                        return None;
                    }
                }
                key if CommonSettings::default().take(key, value) => read.settings.push((key, value)),
                key => untranslated.push(key),
            }
        }
        untranslated.iter().for_each(|key| draft.leave(format!("{name}.{key}"), reason_left(key)));
        if !update_types.is_empty() {
            let Some(bump) = bump(&update_types, rule) else {
                draft.leave(format!("{name}.matchUpdateTypes"), "a rule cannot depend on the update type");
                return None;
            };
            // It disables these types, not the image.
            read.settings.retain(|(key, _)| *key != "enabled");
            read.max_bump = bump;
        }
        if let Some(error) = read.invalid_glob() {
            draft.leave(name, format!("{error}; {}", error.hint()));
            return None;
        }
        if read.written.images.is_empty() {
            read.written.images.push("**".to_owned());
        }
        (!read.settings.is_empty() || read.max_bump.is_some()).then_some(read)
    }

    /// Returns the first glob of the rule that Tagboat does not accept.
    fn invalid_glob(&self) -> Option<PatternError> {
        let images = self.written.images.iter().map(|text| image_pattern(text));
        images.chain(self.written.paths.iter().map(|text| path_pattern(text))).find_map(Result::err)
    }

    /// Returns whether some images may match both rules, and neither contains the other.
    fn overlaps_partly(&self, other: &Self) -> bool {
        !covers(&self.written, &other.written) && !covers(&other.written, &self.written)
    }

    /// Adds the rule and its policy to the draft, with the settings of all rules that contain it, in Renovate's order.
    fn write(&self, all: &[Self], common: &CommonSettings, draft: &mut TranslationDraft) {
        let mut settings = CommonSettings { ignored: Vec::new(), ..common.clone() };
        for rule in all.iter().filter(|rule| covers(&rule.written, &self.written)) {
            for (key, value) in &rule.settings {
                settings.take(key, value);
            }
            settings.max_bump = rule.max_bump.or(settings.max_bump);
        }
        let mut written = self.written.clone();
        if !settings.off {
            let RuleDraft { min_age, pinning, .. } = settings.rule();
            (written.min_age, written.pinning) = (min_age, pinning);
        }
        let name = self.name.replace(['[', ']'], "-").trim_end_matches('-').to_owned();
        if name_policy(&mut written, &name, &settings, &self.name, draft) {
            draft.rules.push(written);
        }
    }
}

/// Returns the greatest bump that is still allowed if a rule disables update types; `None` if it does not disable them, or
/// disables patches.
fn bump(kinds: &[&str], rule: &Map<String, Value>) -> Option<Option<&'static str>> {
    if rule.get("enabled") != Some(&Value::Bool(false)) {
        return None;
    }
    let has = |kind: &str| kinds.contains(&kind);
    match (has("major"), has("minor"), has("patch")) {
        (_, _, true) => None,
        (_, true, _) => Some(Some("patch")),
        (true, ..) => Some(Some("minor")),
        // A digest is written only if `pin` is set.
        _ => Some(None),
    }
}
