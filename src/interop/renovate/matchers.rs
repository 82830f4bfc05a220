//! Translates the matchers of Renovate's package rules to globs on images and paths. A table defines the translation of each.

use globset::Glob;
use serde_json::Value;

use crate::config::{PatternError, image_pattern, path_pattern};
use crate::interop::draft::RuleDraft;

pub(super) fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
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

/// Why a rule does not translate, and needs no translation.
pub(super) const NOT_IMAGES: &str = "not about images";

/// Narrows a rule to what a matcher matches.
///
/// # Errors
/// If the matcher has no counterpart, with the reason.
pub(super) fn narrow(key: &str, value: &Value, rule: &mut RuleDraft) -> Result<(), &'static str> {
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
    if texts.iter().any(|text| text.starts_with('!')) {
        return Err(
            "`images` of a rule cannot exclude; write a rule with `policy: ignore` for what is excluded before it",
        );
    }
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

/// Why a rule for a manager does not translate.
pub(super) const NO_FILES: &str = "a rule cannot select a format; name the files with `paths`";

/// Returns a glob of the files of a manager; `None` if no file name identifies them.
pub(super) fn files_of(manager: &str) -> Option<String> {
    FILES.iter().find(|(name, _)| *name == manager).and_then(|(_, files)| files.map(str::to_owned))
}

fn manager_globs(texts: &[&str]) -> Result<Vec<String>, &'static str> {
    let known: Vec<_> = texts.iter().filter_map(|text| FILES.iter().find(|(name, _)| name == text)).collect();
    if known.is_empty() {
        return Err(NOT_IMAGES);
    }
    let files: Option<Vec<String>> = known.iter().map(|(_, files)| files.map(str::to_owned)).collect();
    files.ok_or(NO_FILES)
}

/// Returns globs for a name or pattern of Renovate; `None` if no glob is equivalent.
pub(super) fn names(text: &str) -> Option<Vec<String>> {
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

/// Returns whether a rule matches everything that another one matches. A rule without images or paths matches all of them.
pub(super) fn covers(rule: &RuleDraft, other: &RuleDraft) -> bool {
    let all_within = |globs: &[String], of: &[String], parse: Parse| {
        is_every(globs) || !is_every(of) && of.iter().all(|one| globs.iter().any(|glob| contains(glob, one, parse)))
    };
    all_within(&rule.images, &other.images, image_pattern) && all_within(&rule.paths, &other.paths, path_pattern)
}

/// Images and paths that two rules may both match.
pub(super) enum Overlap {
    /// There are none.
    None,
    /// These.
    Exact(RuleDraft),
    /// Globs cannot describe them.
    Partial,
}

/// Returns what two rules both match.
pub(super) fn overlap(rule: &RuleDraft, other: &RuleDraft) -> Overlap {
    let Some(images) = common(&rule.images, &other.images, image_pattern) else { return Overlap::Partial };
    let Some(paths) = common(&rule.paths, &other.paths, path_pattern) else { return Overlap::Partial };
    if [&images, &paths].into_iter().any(|globs| globs.as_ref().is_some_and(Vec::is_empty)) {
        return Overlap::None;
    }
    let every = || vec!["**".to_owned()];
    let (images, paths) = (images.unwrap_or_else(every), paths.unwrap_or_default());
    Overlap::Exact(RuleDraft { images, paths, ..RuleDraft::default() })
}

/// Returns globs for what two lists of globs both match, `Some(None)` for everything; `None` if globs cannot describe it.
fn common(globs: &[String], others: &[String], parse: Parse) -> Option<Option<Vec<String>>> {
    if is_every(globs) || is_every(others) {
        let narrower = if is_every(globs) { others } else { globs };
        return Some((!is_every(narrower)).then(|| narrower.to_vec()));
    }
    let mut common = Vec::new();
    for (glob, other) in globs.iter().flat_map(|glob| others.iter().map(move |other| (glob, other))) {
        let narrower = if contains(glob, other, parse) { other } else { glob };
        if contains(glob, other, parse) || contains(other, glob, parse) {
            common.push(narrower.clone());
        } else if !are_apart(glob, other) {
            return None;
        }
    }
    common.dedup();
    Some(Some(common))
}

/// Returns whether globs match everything. Without any, a rule does.
fn is_every(globs: &[String]) -> bool {
    globs.is_empty() || globs.iter().any(|glob| glob == "**")
}

/// Returns whether no text matches both globs, neither of which contains the other: one has no wildcard, or their starts differ.
fn are_apart(glob: &str, other: &str) -> bool {
    let start = |glob: &str| glob.split(WILDCARDS).next().unwrap_or_default().to_owned();
    let (start, other_start) = (start(glob), start(other));
    let is_plain = |text: &str| !text.contains(WILDCARDS);
    is_plain(glob) || is_plain(other) || !start.starts_with(&other_start) && !other_start.starts_with(&start)
}

/// The characters of a glob that match other characters.
const WILDCARDS: [char; 5] = ['*', '?', '[', '{', '\\'];

type Parse = fn(&str) -> Result<Glob, PatternError>;

/// Returns whether a glob matches all that another one matches: it is the same, the other has no wildcard, or only `**` at its
/// end is left of it after the start of the other.
fn contains(glob: &str, other: &str, parse: Parse) -> bool {
    let is_plain = |text: &str| !text.contains(WILDCARDS);
    let is_start = || glob.strip_suffix("**").is_some_and(|start| is_plain(start) && other.starts_with(start));
    glob == other
        || is_start()
        || is_plain(other) && parse(glob).is_ok_and(|glob| glob.compile_matcher().is_match(other))
}
