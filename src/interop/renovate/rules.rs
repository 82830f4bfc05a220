//! Renovate's package rules as ours. Says of each matcher and each setting what becomes of it.

use serde_json::{Map, Value};

use super::settings;
use super::untranslated::why_left;
use crate::config::{image_pattern, path_pattern};
use crate::interop::draft::{Draft, RuleDraft};
use crate::policy::{self, Settings};

/// What holds for every image, whichever rule it is under.
#[derive(Debug, Clone, Default)]
pub(super) struct Base {
    pub(super) pin: bool,
    pub(super) max_bump: Option<&'static str>,
    pub(super) ignored: Vec<String>,
    min_age: Option<String>,
    versioning: Option<String>,
    extract: Option<String>,
    allowed: Option<String>,
    pre_releases: bool,
    /// Whether it is left alone.
    off: bool,
}

impl Base {
    /// Takes a setting that also rules have; false if it is none, or can't be taken.
    pub(super) fn take(&mut self, key: &str, value: &Value) -> bool {
        let text = value.as_str().map(str::to_owned);
        match (key, text) {
            ("minimumReleaseAge" | "stabilityDays", _) => match age(value) {
                Some(age) => self.min_age = age,
                None => return false,
            },
            ("pinDigests", _) => self.pin = value == true,
            ("ignoreUnstable", _) => self.pre_releases = value == false,
            ("enabled", _) => self.off = value == false,
            ("versioning", Some(text)) => self.versioning = Some(text),
            ("extractVersion", Some(text)) => self.extract = Some(text),
            ("allowedVersions", Some(text)) if !text.contains("{{") => self.allowed = Some(text),
            _ => return false,
        }
        true
    }

    /// A rule without images that says what holds for all.
    pub(super) fn rule(&self) -> RuleDraft {
        RuleDraft { min_age: self.min_age.clone(), pin: self.pin, ..RuleDraft::default() }
    }

    /// The policy of it all: `None` is the shape, without anything else.
    fn settings(&self) -> Result<Option<Settings>, String> {
        let versioning = self.versioning.as_deref().unwrap_or("docker");
        let told = |error: policy::PolicyError| error.to_string();
        let read = settings::settings(versioning, self.extract.as_deref()).map_err(told)?;
        let mut pairs: Vec<(&str, Value)> =
            read.keys().filter_map(|key| Some((key, read.value(key)?.clone()))).collect();
        match self.allowed.as_deref().map(|text| (text.strip_prefix('!').unwrap_or(text), text)) {
            Some((pattern, text)) if pattern.len() > 1 && pattern.starts_with('/') && pattern.ends_with('/') => {
                let inner = &pattern[1..pattern.len() - 1];
                pairs.push((if text.starts_with('!') { "exclude" } else { "include" }, inner.into()));
            }
            Some((_, range)) if versioning.starts_with("regex:") => {
                return Err(format!("a range ({range}) of what a regular expression reads"));
            }
            Some((_, range)) => {
                pairs.retain(|(key, _)| *key != "shape");
                pairs.retain(|(key, _)| *key != "semver");
                pairs.insert(0, ("semver", range.into()));
            }
            None => {}
        }
        if self.pre_releases {
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
        policy::build(&settings).map_err(told)?;
        Ok(Some(settings))
    }
}

/// `3 days` as `3d`; nothing for none. `None` if it is no length of time that is known here.
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
pub(super) fn write(root: &Map<String, Value>, base: &Base, draft: &mut Draft) {
    let ignored: Vec<String> = base.ignored.iter().flat_map(|text| names(text).unwrap_or_default()).collect();
    if !ignored.is_empty() {
        let policy = Some("ignore".to_owned());
        draft.rules.push(RuleDraft { about: "ignoreDeps".to_owned(), images: ignored, policy, ..RuleDraft::default() });
    }
    let rules = root.get("packageRules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if rules.len() > 1 {
        let why = "Renovate merges all that match, the last one strongest; here the first that matches governs alone: they stand \
                   from the last to the first, and those that overlap want a look";
        draft.leave("packageRules", why);
    }
    for (at, rule) in rules.iter().enumerate().rev().filter_map(|(at, rule)| Some((at, rule.as_object()?))) {
        package_rule(&format!("packageRules[{at}]"), rule, base, draft);
    }
    let mut all = RuleDraft { about: "All others.".to_owned(), images: vec!["**".to_owned()], ..base.rule() };
    name_policy(&mut all, "all", base, "the settings for everything", draft);
    draft.rules.push(all);
}

fn name_policy(rule: &mut RuleDraft, name: &str, settings: &Base, what: &str, draft: &mut Draft) -> bool {
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
        Err(why) => {
            draft.leave(what, why);
            false
        }
    }
}

fn package_rule(what: &str, rule: &Map<String, Value>, base: &Base, draft: &mut Draft) {
    let mut written = RuleDraft { about: what.to_owned(), ..RuleDraft::default() };
    let mut settings = Base { ignored: Vec::new(), ..base.clone() };
    let mut kinds = Vec::new();
    let (mut says, mut rest) = (false, Vec::new());
    for (key, value) in rule {
        let matcher = key.starts_with("match") || key.starts_with("exclude");
        if key == "description" {
            written.about.extend(value.as_str().map(|text| format!(": {text}")));
        } else if key == "matchUpdateTypes" {
            kinds = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        } else if matcher {
            match narrow(key, value, &mut written) {
                Ok(()) => {}
                Err(why) => return draft.leave(format!("{what}.{key}"), why),
            }
        } else if settings.take(key, value) {
            says = true;
        } else {
            rest.push(key);
        }
    }
    rest.iter().for_each(|key| draft.leave(format!("{what}.{key}"), why_left(key)));
    if !kinds.is_empty() {
        match bump(&kinds, rule) {
            Some(bump) => {
                settings.off = base.off;
                settings.max_bump = bump.or(settings.max_bump);
            }
            None => {
                return draft.leave(format!("{what}.matchUpdateTypes"), "a rule can't depend on the kind of update");
            }
        }
    }
    if !says {
        return;
    }
    let images = written.images.iter().map(|text| image_pattern(text));
    if let Some(Err(error)) = images.chain(written.paths.iter().map(|text| path_pattern(text))).find(Result::is_err) {
        return draft.leave(what, error.to_string());
    }
    if written.images.is_empty() {
        written.images.push("**".to_owned());
    }
    let base_rule = settings.rule();
    if !settings.off {
        (written.min_age, written.pin) = (base_rule.min_age, base_rule.pin);
    }
    let name = what.replace(['[', ']'], "-").trim_end_matches('-').to_owned();
    if name_policy(&mut written, &name, &settings, what, draft) {
        draft.rules.push(written);
    }
}

/// The greatest step that is left where kinds of updates are switched off; `None` if the rule says something else of them.
fn bump(kinds: &[&str], rule: &Map<String, Value>) -> Option<Option<&'static str>> {
    if rule.get("enabled") != Some(&Value::Bool(false)) {
        return None;
    }
    let has = |kind: &str| kinds.contains(&kind);
    match (has("major"), has("minor"), has("patch")) {
        (_, _, true) => None,
        (_, true, _) => Some(Some("patch")),
        (true, ..) => Some(Some("minor")),
        // Digests are written only where `pin` says so.
        _ => Some(None),
    }
}

/// Files of a kind that Renovate has a manager for; `None` for those whose files have no names of their own.
const FILES: &[(&str, Option<&str>)] = &[
    ("docker-compose", Some("**/*compose*.{yaml,yml}")),
    ("dockerfile", Some("**/*{Dockerfile,Containerfile}*")),
    ("helm-values", Some("**/*values*.{yaml,yml}")),
    ("kustomize", Some("**/{kustomization.yaml,kustomization.yml,Kustomization}")),
    ("argocd", None),
    ("flux", None),
    ("kubernetes", None),
    ("custom.regex", None),
    ("regex", None),
];

/// Narrows a rule to what a matcher matches, or says why it can't be.
fn narrow(key: &str, value: &Value, rule: &mut RuleDraft) -> Result<(), &'static str> {
    let texts: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let has_images = |text: &&str| matches!(*text, "docker" | "kubernetes" | "helm");
    match key {
        "matchPackageNames"
        | "matchDepNames"
        | "matchPackagePatterns"
        | "matchDepPatterns"
        | "matchPackagePrefixes"
        | "matchDepPrefixes" => {
            for text in texts {
                let pattern = match key {
                    "matchPackagePatterns" | "matchDepPatterns" if text != "*" => format!("/{text}/"),
                    "matchPackagePrefixes" | "matchDepPrefixes" => format!("{text}**"),
                    _ => text.to_owned(),
                };
                rule.images.extend(
                    names(&pattern).ok_or("patterns are globs here: * for anything but a slash, ** for anything")?,
                );
            }
            Ok(())
        }
        "matchDatasources" if texts.contains(&"docker") => Ok(()),
        "matchDatasources" => Err("not about images"),
        "matchCategories" if texts.iter().any(has_images) => Ok(()),
        "matchCategories" => Err("not about images"),
        "matchFileNames" | "matchPaths" => {
            let path = |text: &str| text.trim_start_matches("./").trim_start_matches('/').to_owned();
            if texts.iter().any(|text| text.starts_with('!')) {
                return Err("paths are matched, not excluded: name those that are meant");
            }
            let folder = |text: String| if text.ends_with('/') { text + "**" } else { text };
            rule.paths.extend(texts.iter().map(|text| folder(path(text))));
            Ok(())
        }
        "matchManagers" => {
            let known: Vec<_> = texts.iter().filter_map(|text| FILES.iter().find(|(name, _)| name == text)).collect();
            if known.is_empty() {
                return Err("not about images");
            }
            let files: Option<Vec<&str>> = known.iter().map(|(_, files)| *files).collect();
            let files = files.ok_or("a rule can't be for a format: say which files with `paths`")?;
            rule.paths.extend(files.into_iter().map(str::to_owned));
            Ok(())
        }
        _ => Err("a rule can't be narrowed to that"),
    }
}

/// Our globs for a name or pattern of Renovate's; `None` if there are none.
fn names(text: &str) -> Option<Vec<String>> {
    let prefix = |start: &str| match start.ends_with('/') || start.is_empty() {
        true => vec![format!("{start}**")],
        false => vec![format!("{start}*"), format!("{start}*/**")],
    };
    if let Some(pattern) = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        let pattern = pattern.strip_prefix('^')?;
        let (pattern, ends) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
        let plain = pattern.strip_suffix(".*").unwrap_or(pattern);
        let literal = plain.replace("\\.", ".").replace("\\/", "/").replace("\\-", "-");
        // An unescaped dot matches a dot, too; anything else is more than a name.
        if literal.contains(['\\', '(', '[', '|', '*', '+', '?', '{', '$', '^']) {
            return None;
        }
        return Some(if ends && plain == pattern { vec![literal] } else { prefix(&literal) });
    }
    if text.starts_with('!') {
        return None;
    }
    match text.strip_suffix("**").or_else(|| (text == "*").then_some("")) {
        Some(start) if !start.contains(['*', '?', '{', '[']) => Some(prefix(start)),
        _ => Some(vec![text.to_owned()]),
    }
}
