//! The rules that Renovate's settings become.

use serde_json::{Map, Value};

use super::common_settings::CommonSettings;
use super::matchers::{NO_FILES, covers, files_of, names};
use super::package_rules;
use crate::interop::draft::{RuleDraft, TranslationDraft};

/// Writes the rules and their policies.
pub(super) fn write(root: &Map<String, Value>, common: &CommonSettings, draft: &mut TranslationDraft) {
    write_rules(root, common, draft);
    join_policies(draft);
}

/// Writes the rules: images that are ignored, package rules from the last to the first, then everything else.
fn write_rules(root: &Map<String, Value>, common: &CommonSettings, draft: &mut TranslationDraft) {
    let ignored: Vec<String> = common.ignored.iter().flat_map(|text| names(text).unwrap_or_default()).collect();
    if !ignored.is_empty() {
        draft.rules.push(RuleDraft { about: "ignoreDeps".to_owned(), images: ignored, ..ignoring() });
    }
    for manager in &common.disabled_managers {
        match files_of(manager) {
            Some(files) => {
                let (about, images) = (format!("{manager}.enabled"), vec!["**".to_owned()]);
                draft.rules.push(RuleDraft { about, images, paths: vec![files], ..ignoring() });
            }
            None => draft.leave(format!("{manager}.enabled"), NO_FILES),
        }
    }
    let rules = package_rules::read(root, draft);
    for (rule, settings) in package_rules::in_order(&rules, common) {
        let mut written = rule.written.clone();
        written.about = rule.about.clone();
        if !settings.off {
            let RuleDraft { min_age, pinning, .. } = settings.rule();
            (written.min_age, written.pinning) = (min_age, pinning);
        }
        match name_policy(&mut written, &rule.policy_name(), &settings, draft) {
            Ok(()) => draft.rules.push(written),
            // One of the rules that overlap has the same cause.
            Err(_) if rule.is_overlap() => {}
            Err(cause) => draft.leave(rule.name(), cause),
        }
    }
    let all = RuleDraft { about: "All other images.".to_owned(), images: vec!["**".to_owned()], ..common.rule() };
    // A package rule for all images leaves nothing to this one.
    if rules.iter().any(|rule| covers(&rule.written, &all)) {
        return;
    }
    let mut all = all;
    if let Err(cause) = name_policy(&mut all, "all", common, draft) {
        draft.leave("settings of every image", cause);
    }
    draft.rules.push(all);
}

/// Keeps one of several policies with the same settings: that with the shortest name.
fn join_policies(draft: &mut TranslationDraft) {
    let policies = draft.policies.clone();
    let kept = |name: &str| {
        let (_, settings) = policies.iter().find(|(known, _)| known == name)?;
        let same = policies.iter().filter(|(_, other)| other == settings).map(|(name, _)| name);
        same.min_by_key(|name| (name.len(), *name)).cloned()
    };
    draft.policies.retain(|(name, _)| kept(name).as_ref() == Some(name));
    for rule in &mut draft.rules {
        rule.policy = rule.policy.take().map(|name| kept(&name).unwrap_or(name));
    }
}

/// Returns a rule that ignores what it matches.
fn ignoring() -> RuleDraft {
    RuleDraft { policy: Some("ignore".to_owned()), ..RuleDraft::default() }
}

/// Names the policy of a rule and adds it to the draft. Fails with the reason if it does not translate.
fn name_policy(
    rule: &mut RuleDraft,
    name: &str,
    settings: &CommonSettings,
    draft: &mut TranslationDraft,
) -> Result<(), String> {
    if settings.off {
        rule.policy = ignoring().policy;
    } else if let Some(found) = settings.settings()? {
        draft.policies.push((name.to_owned(), found));
        rule.policy = Some(name.to_owned());
    }
    Ok(())
}
