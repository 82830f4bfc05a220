//! The package rules of Renovate, in the order in which Tagboat applies them.
//!
//! Renovate merges all rules that match, so a rule has the settings of those that contain it, and two rules that overlap
//! give another one for what both match.

use serde_json::{Map, Value};

use super::common_settings::CommonSettings;
use super::matchers::{NOT_IMAGES, Overlap, covers, narrow, overlap, texts};
use super::untranslated::reason_left;
use crate::config::{PatternError, image_pattern, path_pattern};
use crate::interop::draft::{RuleDraft, TranslationDraft};

/// The maximum number of rules, with those for overlaps. Real files have 50.
const MAX_RULES: usize = 200;

/// A package rule that translates, or what several of them match.
#[derive(Debug, Clone)]
pub(super) struct PackageRule<'r> {
    /// The positions in `packageRules`.
    places: Vec<usize>,
    /// The comment above the rule.
    pub(super) about: String,
    /// The images and paths.
    pub(super) written: RuleDraft,
    /// Keys and values that a rule and the top level have in common. Empty for an overlap.
    settings: Vec<(&'r str, &'r Value)>,
    /// The greatest change that is still allowed if the rule disables update types.
    max_bump: Option<&'static str>,
}

/// Reads the rules that translate. Adds one for each overlap of two that are not one in the other.
pub(super) fn read<'r>(root: &'r Map<String, Value>, draft: &mut TranslationDraft) -> Vec<PackageRule<'r>> {
    let rules = root.get("packageRules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let read = rules.iter().enumerate().filter_map(|(at, rule)| Some((at, rule.as_object()?)));
    let mut rules: Vec<PackageRule<'r>> =
        read.filter_map(|(at, rule)| PackageRule::read(at, rule, draft)).take(MAX_RULES).collect();
    let (mut is_complete, mut at) = (true, 0);
    while at < rules.len() {
        for earlier in 0..at {
            match rules[earlier].overlap(&rules[at]) {
                Overlap::None => {}
                Overlap::Exact(written) if rules.len() < MAX_RULES => {
                    let is_same =
                        |rule: &PackageRule<'_>| covers(&rule.written, &written) && covers(&written, &rule.written);
                    if !rules.iter().any(is_same) {
                        let both = rules[earlier].with(&rules[at], written);
                        rules.push(both);
                    }
                }
                Overlap::Exact(_) | Overlap::Partial => is_complete = false,
            }
        }
        at += 1;
    }
    if !is_complete {
        let cause = "Renovate merges all matching rules; Tagboat applies the first matching rule. A rule has the settings of those \
                   that contain it, and comes before them; check those that overlap in part";
        draft.leave("packageRules", cause);
    }
    rules
}

/// Returns the rules with their settings so that each comes before those that contain it, and else the last one first. Leaves out
/// the first of two for the same images, because the last one has its settings too, and an overlap that changes nothing.
pub(super) fn in_order<'p, 'r>(
    rules: &'p [PackageRule<'r>],
    common: &CommonSettings,
) -> Vec<(&'p PackageRule<'r>, CommonSettings)> {
    let mut ordered: Vec<(&PackageRule<'r>, CommonSettings)> = Vec::new();
    for rule in rules.iter().rev() {
        let covered = |other: &PackageRule<'_>| covers(&rule.written, &other.written);
        let covering = |other: &PackageRule<'_>| covers(&other.written, &rule.written);
        if ordered.iter().any(|(other, _)| covering(other) && covered(other)) {
            continue;
        }
        let settings = rule.merged(rules, common);
        // In Renovate, a later rule does not enable what this one disables, unless it says so.
        let keeps_off = |other: &PackageRule<'_>| {
            settings.off && other.enables().is_none() && matches!(rule.overlap(other), Overlap::Partial)
        };
        let first = ordered.iter().position(|(other, _)| covering(other) || keeps_off(other)).unwrap_or(ordered.len());
        let last = ordered.iter().rposition(|(other, _)| covered(other)).map_or(0, |at| at + 1);
        ordered.insert(first.max(last), (rule, settings));
    }
    let changes = |at: usize| {
        let (rule, settings) = &ordered[at];
        let next = ordered[at + 1..].iter().find(|(other, _)| covers(&other.written, &rule.written));
        !rule.is_overlap() || next.is_none_or(|(_, other)| other != settings)
    };
    let kept: Vec<bool> = (0..ordered.len()).map(changes).collect();
    ordered.into_iter().zip(kept).filter_map(|(rule, is_kept)| is_kept.then_some(rule)).collect()
}

impl<'r> PackageRule<'r> {
    /// Reads each key of a rule. Returns `None` for a rule that changes nothing, or does not translate; the draft has the reason.
    fn read(at: usize, rule: &'r Map<String, Value>, draft: &mut TranslationDraft) -> Option<Self> {
        let about = format!("packageRules[{at}]");
        let mut read =
            Self { places: vec![at], about, written: RuleDraft::default(), settings: Vec::new(), max_bump: None };
        let name = read.name();
        let (mut update_types, mut untranslated, mut is_wider) = (Vec::new(), Vec::new(), false);
        for (key, value) in rule {
            match key.as_str() {
                "description" => read.about.extend(value.as_str().map(|text| format!(": {text}"))),
                "matchUpdateTypes" => update_types = texts(value),
                key if key.starts_with("match") || key.starts_with("exclude") => {
                    if let Err(cause) = narrow(key, value, &mut read.written) {
                        draft.leave(format!("{name}.{key}"), cause);
                        if cause == NOT_IMAGES {
                            return None;
                        }
                        is_wider = true;
                    }
                }
                key if CommonSettings::default().take(key, value) => read.settings.push((key, value)),
                key => untranslated.push(key),
            }
        }
        let is_off = read.enables() == Some(false);
        // What Renovate disables stays ignored, even if that is more than it disables.
        if is_wider && !(is_off && update_types.is_empty() && !read.written.images.is_empty()) {
            return None;
        }
        untranslated.iter().for_each(|key| draft.leave(format!("{name}.{key}"), reason_left(key)));
        if !update_types.is_empty() && !["major", "minor", "patch"].iter().all(|kind| update_types.contains(kind)) {
            let Some(bump) = is_off.then(|| bump(&update_types)).flatten() else {
                draft.leave(format!("{name}.matchUpdateTypes"), reason_left("matchUpdateTypes"));
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

    /// Returns its name for messages: `packageRules[0] and packageRules[1]`.
    pub(super) fn name(&self) -> String {
        let names: Vec<String> = self.places.iter().map(|at| format!("packageRules[{at}]")).collect();
        names.join(" and ")
    }

    /// Returns whether it is what several rules match.
    pub(super) fn is_overlap(&self) -> bool {
        self.places.len() > 1
    }

    /// Returns the name of its policy: `packageRules-0-1`.
    pub(super) fn policy_name(&self) -> String {
        self.places.iter().fold("packageRules".to_owned(), |name, at| format!("{name}-{at}"))
    }

    /// Returns the first glob of the rule that Tagboat does not accept.
    fn invalid_glob(&self) -> Option<PatternError> {
        let images = self.written.images.iter().map(|text| image_pattern(text));
        images.chain(self.written.paths.iter().map(|text| path_pattern(text))).find_map(Result::err)
    }

    /// Returns whether it enables or disables images; `None` if it leaves that to other rules.
    fn enables(&self) -> Option<bool> {
        self.settings.iter().find(|(key, _)| *key == "enabled").and_then(|(_, value)| value.as_bool())
    }

    /// Returns what both rules match, unless one contains the other.
    fn overlap(&self, other: &Self) -> Overlap {
        if covers(&self.written, &other.written) || covers(&other.written, &self.written) {
            return Overlap::None;
        }
        overlap(&self.written, &other.written)
    }

    /// Returns a rule for what both match.
    fn with(&self, other: &Self, written: RuleDraft) -> Self {
        let mut places = [&self.places[..], &other.places].concat();
        places.sort_unstable();
        places.dedup();
        let mut both = Self { places, about: String::new(), written, settings: Vec::new(), max_bump: None };
        both.about = both.name();
        both
    }

    /// Returns the settings of all rules that contain it, in Renovate's order.
    fn merged(&self, all: &[Self], common: &CommonSettings) -> CommonSettings {
        let mut settings = common.clone();
        for rule in all.iter().filter(|rule| covers(&rule.written, &self.written)) {
            for (key, value) in &rule.settings {
                settings.take(key, value);
            }
            if rule.enables() == Some(true) {
                settings.max_bump = common.max_bump;
            }
            rule.max_bump.iter().for_each(|bump| settings.limit(bump));
        }
        settings
    }
}

/// Returns the greatest bump that is still allowed if a rule disables update types; `None` if it disables patches.
fn bump(kinds: &[&str]) -> Option<Option<&'static str>> {
    let has = |kind: &str| kinds.contains(&kind);
    match (has("major"), has("minor"), has("patch")) {
        (_, _, true) => None,
        (_, true, _) => Some(Some("patch")),
        (true, ..) => Some(Some("minor")),
        // A digest is written only if `pin` is set.
        _ => Some(None),
    }
}
