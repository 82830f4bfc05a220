//! Translates the package rules of Renovate. A table defines the translation of each matcher.

use serde_json::{Map, Value};

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
    if rules.len() > 1 {
        let cause = "Renovate merges all matching rules, and the last one takes precedence; Tagboat applies the first matching rule. \
                   The rules are in reverse order; check those that overlap";
        draft.leave("packageRules", cause);
    }
    for (at, rule) in rules.iter().enumerate().rev().filter_map(|(at, rule)| Some((at, rule.as_object()?))) {
        package_rule(&format!("packageRules[{at}]"), rule, common, draft);
    }
    let mut all = RuleDraft { about: "All other images.".to_owned(), images: vec!["**".to_owned()], ..common.rule() };
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

/// A package rule of Renovate while it is translated.
struct PackageRule<'r> {
    written: RuleDraft,
    settings: CommonSettings,
    /// Values of `matchUpdateTypes`.
    update_types: Vec<&'r str>,
    /// Whether the rule has a setting that translates.
    has_settings: bool,
    /// Keys that do not translate.
    untranslated: Vec<&'r str>,
}

impl<'r> PackageRule<'r> {
    /// Reads each key of a rule.
    ///
    /// # Errors
    /// If a matcher has no counterpart: its key, and why.
    fn read(
        what: &str,
        rule: &'r Map<String, Value>,
        common: &CommonSettings,
    ) -> Result<Self, (&'r str, &'static str)> {
        let mut read = Self {
            written: RuleDraft { about: what.to_owned(), ..RuleDraft::default() },
            settings: CommonSettings { ignored: Vec::new(), ..common.clone() },
            update_types: Vec::new(),
            has_settings: false,
            untranslated: Vec::new(),
        };
        for (key, value) in rule {
            match key.as_str() {
                "description" => read.written.about.extend(value.as_str().map(|text| format!(": {text}"))),
                "matchUpdateTypes" => read.update_types = texts(value),
                key if key.starts_with("match") || key.starts_with("exclude") => {
                    narrow(key, value, &mut read.written).map_err(|cause| (key, cause))?;
                }
                key if read.settings.take(key, value) => read.has_settings = true,
                key => read.untranslated.push(key),
            }
        }
        Ok(read)
    }

    /// Translates disabled update types to the greatest bump that is still allowed. Returns false if that is impossible.
    fn limit_bump(&mut self, rule: &Map<String, Value>, common: &CommonSettings) -> bool {
        if self.update_types.is_empty() {
            return true;
        }
        let Some(bump) = bump(&self.update_types, rule) else { return false };
        self.settings.off = common.off;
        self.settings.max_bump = bump.or(self.settings.max_bump);
        true
    }

    /// Returns the first glob of the rule that Tagboat does not accept.
    fn invalid_glob(&self) -> Option<PatternError> {
        let images = self.written.images.iter().map(|text| image_pattern(text));
        images.chain(self.written.paths.iter().map(|text| path_pattern(text))).find_map(Result::err)
    }
}

fn package_rule(what: &str, rule: &Map<String, Value>, common: &CommonSettings, draft: &mut TranslationDraft) {
    let mut read = match PackageRule::read(what, rule, common) {
        Ok(read) => read,
        Err((key, cause)) => return draft.leave(format!("{what}.{key}"), cause),
    };
    read.untranslated.iter().for_each(|key| draft.leave(format!("{what}.{key}"), reason_left(key)));
    if !read.limit_bump(rule, common) {
        return draft.leave(format!("{what}.matchUpdateTypes"), "a rule cannot depend on the update type");
    }
    if !read.has_settings {
        return;
    }
    if let Some(error) = read.invalid_glob() {
        return draft.leave(what, format!("{error}; {}", error.hint()));
    }
    let PackageRule { mut written, settings, .. } = read;
    if written.images.is_empty() {
        written.images.push("**".to_owned());
    }
    if !settings.off {
        let RuleDraft { min_age, pinning, .. } = settings.rule();
        (written.min_age, written.pinning) = (min_age, pinning);
    }
    let name = what.replace(['[', ']'], "-").trim_end_matches('-').to_owned();
    if name_policy(&mut written, &name, &settings, what, draft) {
        draft.rules.push(written);
    }
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
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

/// Managers of Renovate, and a glob of their files; `None` if no file name identifies them.
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

/// How a matcher of a package rule translates.
#[derive(Clone, Copy)]
enum Matcher {
    /// Names of images, as globs or as regular expressions between slashes.
    Names,
    /// Regular expressions on names of images.
    NamePatterns,
    /// The start of names of images.
    NamePrefixes,
    /// The rule is about images if the values contain one of these.
    AboutImages(&'static [&'static str]),
    /// Paths of files.
    Paths,
    /// Managers, each with the names of its files.
    Managers,
}

/// Matchers that translate.
const MATCHERS: &[(&str, Matcher)] = &[
    ("matchPackageNames", Matcher::Names),
    ("matchDepNames", Matcher::Names),
    ("matchPackagePatterns", Matcher::NamePatterns),
    ("matchDepPatterns", Matcher::NamePatterns),
    ("matchPackagePrefixes", Matcher::NamePrefixes),
    ("matchDepPrefixes", Matcher::NamePrefixes),
    ("matchDatasources", Matcher::AboutImages(&["docker"])),
    ("matchCategories", Matcher::AboutImages(&["docker", "kubernetes", "helm"])),
    ("matchFileNames", Matcher::Paths),
    ("matchPaths", Matcher::Paths),
    ("matchManagers", Matcher::Managers),
];

const NOT_IMAGES: &str = "not about images";

/// Narrows a rule to what a matcher matches.
///
/// # Errors
/// If the matcher has no counterpart, with the reason.
fn narrow(key: &str, value: &Value, rule: &mut RuleDraft) -> Result<(), &'static str> {
    let (_, matcher) = MATCHERS.iter().find(|(known, _)| *known == key).ok_or("rules do not support this matcher")?;
    let texts = texts(value);
    match matcher {
        Matcher::Names => rule.images.extend(image_globs(&texts, |text| text.to_owned())?),
        Matcher::NamePatterns => rule.images.extend(image_globs(&texts, |text| match text {
            "*" => text.to_owned(),
            pattern => format!("/{pattern}/"),
        })?),
        Matcher::NamePrefixes => rule.images.extend(image_globs(&texts, |text| format!("{text}**"))?),
        Matcher::AboutImages(known) => {
            if !texts.iter().any(|text| known.contains(text)) {
                return Err(NOT_IMAGES);
            }
        }
        Matcher::Paths => rule.paths.extend(path_globs(&texts)?),
        Matcher::Managers => rule.paths.extend(manager_globs(&texts)?),
    }
    Ok(())
}

fn image_globs(texts: &[&str], pattern: impl Fn(&str) -> String) -> Result<Vec<String>, &'static str> {
    let globs: Option<Vec<Vec<String>>> = texts.iter().map(|text| names(&pattern(text))).collect();
    globs.map(|globs| globs.concat()).ok_or("use globs: * matches anything but a slash, ** matches anything")
}

fn path_globs(texts: &[&str]) -> Result<Vec<String>, &'static str> {
    if texts.iter().any(|text| text.starts_with('!')) {
        return Err("`paths` of a rule cannot exclude; name the files that it matches");
    }
    let glob = |text: &&str| {
        let path = text.trim_start_matches("./").trim_start_matches('/');
        if path.ends_with('/') { format!("{path}**") } else { path.to_owned() }
    };
    Ok(texts.iter().map(glob).collect())
}

fn manager_globs(texts: &[&str]) -> Result<Vec<String>, &'static str> {
    let known: Vec<_> = texts.iter().filter_map(|text| FILES.iter().find(|(name, _)| name == text)).collect();
    if known.is_empty() {
        return Err(NOT_IMAGES);
    }
    let files: Option<Vec<String>> = known.iter().map(|(_, files)| files.map(str::to_owned)).collect();
    files.ok_or("a rule cannot select a format; name the files with `paths`")
}

/// Returns globs for a name or pattern of Renovate; `None` if no glob is equivalent.
fn names(text: &str) -> Option<Vec<String>> {
    let prefix = |start: &str| {
        if start.ends_with('/') || start.is_empty() {
            vec![format!("{start}**")]
        } else {
            vec![format!("{start}*"), format!("{start}*/**")]
        }
    };
    if let Some(pattern) = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        let pattern = pattern.strip_prefix('^')?;
        let (pattern, ends) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
        let plain = pattern.strip_suffix(".*").unwrap_or(pattern);
        let literal = plain.replace("\\.", ".").replace("\\/", "/").replace("\\-", "-");
        // An unescaped dot is read as a literal one. Other operators have no equivalent glob.
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
