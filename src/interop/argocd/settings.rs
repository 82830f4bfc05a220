//! Argo CD Image Updater's annotations and `ImageUpdater` objects as policies. Reads what they say; finding them, and the
//! files that an application is made of, is done elsewhere.
//!
//! Its answers, but for these: a strategy or an `allow-tags` that it does not know is an error, where the updater takes
//! another or rejects every tag; verification of signatures is an error, because it is not supported; and no tag is ever
//! lower than the current one. An error of one image does not affect the others.

use globset::Glob;
use serde_json::{Map, Value};

use crate::image::Platform;
use crate::policy::{PolicyError, Settings};
use crate::text::nearest_name;

/// What all keys of the annotations begin with.
pub const PREFIX: &str = "argocd-image-updater.argoproj.io/";

/// One image that an application has updated.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// What the image is called in the annotations.
    pub alias: Option<String>,
    /// Its name, without tag and digest, as written.
    pub image: String,
    /// The policy entry, or why there is none.
    pub settings: Result<Settings, PolicyError>,
    /// What the image has to run on.
    pub platforms: Vec<Platform>,
    /// Where the tag is written.
    pub target: Target,
}

/// Where the tag of an image is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Target {
    /// Where the kind of application keeps it.
    #[default]
    Default,
    /// Paths into the values of a chart: name, tag, or both in one.
    Helm {
        /// Where the name stands.
        name: Option<String>,
        /// Where the tag stands.
        tag: Option<String>,
        /// Where `name:tag` stands, which the other two give way to.
        spec: Option<String>,
    },
    /// The `name` of an entry in `images`.
    Kustomize(String),
}

/// How changes get into git.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteBack {
    /// `argocd`, `git` or `git:…`.
    pub method: Option<String>,
    /// `kustomization[:folder]` or `helmvalues[:file]`.
    pub target: Option<String>,
    /// `base[:write]`.
    pub branch: Option<String>,
    /// Another repository than the application's source.
    pub repository: Option<String>,
}

/// What an `ImageUpdater` object says about some applications.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationRef {
    /// A glob on the application's name.
    pub name_pattern: String,
    /// The label selector, as written.
    pub label_selectors: Option<Value>,
    /// Whether the annotations of the application say everything, and `images` nothing.
    pub use_annotations: bool,
    /// The images.
    pub images: Vec<Watched>,
    /// How changes get into git.
    pub write_back: WriteBack,
}

impl ApplicationRef {
    /// Whether it is about an application of this name and with these labels.
    pub fn selects(&self, name: &str, labels: &Value) -> bool {
        let glob = Glob::new(&self.name_pattern);
        glob.is_ok_and(|glob| glob.compile_matcher().is_match(name))
            && self.label_selectors.as_ref().is_none_or(|selector| is_selected(selector, labels))
    }

    /// Of several that are about one application the most specific counts (the updater's `calculateSpecificity`): an exact
    /// name goes before any pattern, then a selector of labels, then the longer one.
    pub fn specificity(&self) -> usize {
        let exact = !self.name_pattern.contains(['*', '?', '[']);
        let outside_set = |inside: &mut bool, c: char| {
            *inside = (*inside && c != ']') || c == '[';
            Some(!*inside && !matches!(c, '*' | '?' | ']'))
        };
        let length = self.name_pattern.chars().scan(false, outside_set).filter(|counts| *counts).count();
        let count = |selector: &Value| {
            let labels = selector["matchLabels"].as_object().map_or(0, Map::len);
            10_000 + 100 * (labels + selector["matchExpressions"].as_array().map_or(0, Vec::len))
        };
        usize::from(exact) * 1_000_000 + length + self.label_selectors.as_ref().map_or(0, count)
    }
}

/// A label selector of Kubernetes; an operator that is not known selects nothing.
fn is_selected(selector: &Value, labels: &Value) -> bool {
    let mut equal = selector["matchLabels"].as_object().into_iter().flatten();
    let mut expressions = selector["matchExpressions"].as_array().into_iter().flatten();
    equal.all(|(key, value)| labels.get(key) == Some(value))
        && expressions.all(|one| {
            let label = one["key"].as_str().and_then(|key| labels.get(key));
            let among = label.is_some_and(|label| one["values"].as_array().is_some_and(|list| list.contains(label)));
            match one["operator"].as_str() {
                Some("In") => among,
                Some("NotIn") => !among,
                Some("Exists") => label.is_some(),
                Some("DoesNotExist") => label.is_none(),
                _ => false,
            }
        })
}

/// What may be said for all images, for an application, or for one image.
#[derive(Debug, Clone, Default)]
struct Update {
    strategy: Option<String>,
    allow: Option<String>,
    ignore: Option<Vec<String>>,
    platforms: Option<Vec<String>>,
    verified: Option<bool>,
}

impl Update {
    /// What this says, and where it says nothing, what the wider scope says.
    fn or(self, wider: &Self) -> Self {
        let wider = wider.clone();
        Self {
            strategy: self.strategy.or(wider.strategy),
            allow: self.allow.or(wider.allow),
            ignore: self.ignore.or(wider.ignore),
            platforms: self.platforms.or(wider.platforms),
            verified: self.verified.or(wider.verified),
        }
    }
}

/// The images that an application's annotations name; none if there is no `image-list`.
pub fn annotations(annotations: &Map<String, Value>) -> Result<Vec<Watched>, PolicyError> {
    let Some(list) = annotations.get(&format!("{PREFIX}image-list")) else { return Ok(Vec::new()) };
    let list = list.as_str().unwrap_or_default();
    let entries: Vec<&str> = list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    if entries.is_empty() {
        return Err(PolicyError::at("image-list", "names no image"));
    }
    let wide = annotated(annotations, "");
    let watched = |entry: &&str| {
        let (alias, reference) = split_alias(entry);
        // The key of an annotation cannot contain a slash.
        let key = alias.map(|alias| format!("{}.", alias.replace('/', "_")));
        let update = key.as_ref().map(|key| annotated(annotations, key)).unwrap_or_default().or(&wide);
        let target = key.map_or(Ok(Target::Default), |key| {
            let get = |name: &str| text(annotations, &format!("{key}{name}"));
            target(get("helm.image-name"), get("helm.image-tag"), get("helm.image-spec"), get("kustomize.image-name"))
        });
        Watched::new(alias, reference, &update, target)
    };
    Ok(entries.iter().map(watched).collect())
}

/// What the annotations of an application say about writing.
pub fn write_back(annotations: &Map<String, Value>) -> WriteBack {
    WriteBack {
        method: text(annotations, "write-back-method"),
        target: text(annotations, "write-back-target"),
        branch: text(annotations, "git-branch"),
        repository: text(annotations, "git-repository"),
    }
}

/// The applications and images that the `spec` of an `ImageUpdater` object names.
pub fn object(spec: &Value) -> Result<Vec<ApplicationRef>, PolicyError> {
    let wide = common(spec);
    let refs =
        spec["applicationRefs"].as_array().ok_or_else(|| PolicyError::at("applicationRefs", "names no application"))?;
    let read = |one: &Value| {
        let scope = common(one).or(&wide);
        let images = one["images"].as_array().map(Vec::as_slice).unwrap_or_default();
        let written =
            if one["writeBackConfig"].is_object() { &one["writeBackConfig"] } else { &spec["writeBackConfig"] };
        ApplicationRef {
            name_pattern: string(&one["namePattern"]).unwrap_or_default(),
            label_selectors: one.get("labelSelectors").cloned(),
            use_annotations: one["useAnnotations"].as_bool().unwrap_or(false),
            images: images.iter().map(|image| object_image(image, &scope)).collect(),
            write_back: WriteBack {
                method: string(&written["method"]),
                target: string(&written["gitConfig"]["writeBackTarget"]),
                branch: string(&written["gitConfig"]["branch"]),
                repository: string(&written["gitConfig"]["repository"]),
            },
        }
    };
    Ok(refs.iter().map(read).collect())
}

fn object_image(image: &Value, scope: &Update) -> Watched {
    let (helm, kustomize) = (&image["manifestTargets"]["helm"], &image["manifestTargets"]["kustomize"]);
    let target = target(string(&helm["name"]), string(&helm["tag"]), string(&helm["spec"]), string(&kustomize["name"]));
    let alias = string(&image["alias"]);
    let reference = string(&image["imageName"]).unwrap_or_default();
    Watched::new(alias.as_deref(), &reference, &common(image).or(scope), target)
}

impl Watched {
    fn new(alias: Option<&str>, reference: &str, update: &Update, target: Result<Target, PolicyError>) -> Self {
        let reference = reference.split_once('@').map_or(reference, |(reference, _)| reference);
        let path = reference.rfind('/').map_or(0, |slash| slash + 1);
        let (image, constraint) = match reference[path..].find(':') {
            Some(colon) => (&reference[..path + colon], reference[path + colon + 1..].trim()),
            None => (reference, ""),
        };
        let read = || {
            if image.is_empty() {
                return Err(PolicyError::at(
                    "image-list",
                    format!("{} has no image name", alias.unwrap_or("an entry")),
                ));
            }
            let platforms = update.platforms.iter().flatten().map(|text| Platform::new(text));
            let platforms = platforms
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| PolicyError::at("platforms", error.to_string()))?;
            Ok((settings(update, constraint)?, platforms, target?))
        };
        let (alias, image) = (alias.map(str::to_owned), image.to_owned());
        match read() {
            Ok((settings, platforms, target)) => Self { alias, image, settings: Ok(settings), platforms, target },
            Err(why) => Self { alias, image, settings: Err(why), platforms: Vec::new(), target: Target::Default },
        }
    }
}

/// Names of strategies, with those that are deprecated.
const STRATEGIES: &[(&str, &str)] = &[
    ("semver", "semver"),
    ("newest-build", "newest-build"),
    ("latest", "newest-build"),
    ("alphabetical", "alphabetical"),
    ("name", "alphabetical"),
    ("digest", "digest"),
];

fn settings(update: &Update, constraint: &str) -> Result<Settings, PolicyError> {
    if update.verified == Some(true) {
        return Err(PolicyError::at(
            "imagesVerification",
            "asks for signatures to be verified, which Tagboat does not do",
        ));
    }
    let strategy = update.strategy.as_deref().unwrap_or("semver");
    let known = STRATEGIES.iter().find(|(name, _)| *name == strategy).map(|(_, kind)| *kind);
    let mut pairs: Vec<(&str, Value)> = match known {
        Some("semver") => {
            let range = if constraint.is_empty() { "*" } else { constraint };
            vec![
                ("semver", range.into()),
                ("strict", false.into()),
                ("variant", "any".into()),
                ("outliers", "allow".into()),
                ("ties", "last".into()),
            ]
        }
        Some("digest") if constraint.is_empty() => {
            return Err(PolicyError::at("update-strategy", "digest needs the tag to follow behind the image's name"));
        }
        Some("digest") => vec![("digest", constraint.into())],
        Some(kind) => vec![(kind, true.into())],
        None => {
            let error = PolicyError::at("update-strategy", format!("{strategy:?} is no strategy"));
            return Err(match nearest_name(strategy, STRATEGIES.iter().map(|(name, _)| *name)) {
                Some(name) => error.with_hint(format!("did you mean `{name}`?")),
                None => error.with_hint("the strategies are semver, newest-build, alphabetical and digest"),
            });
        }
    };
    if let Some(include) = update.allow.as_deref().map(allowed).transpose()?.flatten() {
        pairs.push(("include", include.into()));
    }
    // No tag has a slash in it, and between slashes our globs would be regular expressions.
    let ignore = update.ignore.iter().flatten().filter(|glob| !glob.is_empty() && !glob.contains('/'));
    let ignore: Vec<Value> = ignore.map(|glob| glob.as_str().into()).collect();
    if !ignore.is_empty() {
        pairs.push(("ignore", Value::Array(ignore)));
    }
    Ok(Settings::from_pairs(pairs))
}

/// `any` or `regexp:…`, whatever the case of the prefix.
fn allowed(text: &str) -> Result<Option<&str>, PolicyError> {
    match text.split_once(':') {
        None if text.is_empty() || text.eq_ignore_ascii_case("any") => Ok(None),
        Some((prefix, pattern)) if prefix.eq_ignore_ascii_case("regexp") => Ok(Some(pattern)),
        _ => Err(PolicyError::at("allow-tags", format!("{text:?} is neither `any` nor `regexp:` with a pattern"))
            .with_hint(format!("write regexp:{text}; the updater itself lets nothing through here"))),
    }
}

fn target(
    name: Option<String>,
    tag: Option<String>,
    spec: Option<String>,
    kustomize: Option<String>,
) -> Result<Target, PolicyError> {
    match (name.is_some() || tag.is_some() || spec.is_some(), kustomize) {
        (true, Some(_)) => {
            Err(PolicyError::whole("one image has both helm and kustomize targets").with_hint("keep one of them"))
        }
        (true, None) => Ok(Target::Helm { name, tag, spec }),
        (false, Some(name)) => Ok(Target::Kustomize(name)),
        (false, None) => Ok(Target::Default),
    }
}

/// Splits `alias=image`. The text before the first `=` of `image:>=1.0` is not an alias.
fn split_alias(entry: &str) -> (Option<&str>, &str) {
    match entry.split_once('=') {
        Some((alias, reference)) if !alias.contains([':', '<', '>', '!']) => {
            (Some(alias.trim()).filter(|alias| !alias.is_empty()), reference.trim())
        }
        _ => (None, entry),
    }
}

fn annotated(annotations: &Map<String, Value>, scope: &str) -> Update {
    let get = |name: &str| text(annotations, &format!("{scope}{name}"));
    let list = |name: &str| get(name).map(|text| text.split(',').map(|one| one.trim().to_owned()).collect());
    Update {
        strategy: get("update-strategy"),
        allow: get("allow-tags"),
        ignore: list("ignore-tags"),
        // There is no such annotation for the whole application.
        platforms: if scope.is_empty() { None } else { list("platforms") },
        verified: None,
    }
}

/// What an object, one of its applications or one of its images says.
fn common(scope: &Value) -> Update {
    let object = &scope["commonUpdateSettings"];
    let list = |name: &str| object[name].as_array().map(|list| list.iter().filter_map(string).collect());
    Update {
        verified: scope["imagesVerification"]["enabled"].as_bool(),
        strategy: string(&object["updateStrategy"]),
        allow: string(&object["allowTags"]),
        ignore: list("ignoreTags"),
        platforms: list("platforms"),
    }
}

fn text(annotations: &Map<String, Value>, name: &str) -> Option<String> {
    annotations.get(&format!("{PREFIX}{name}")).and_then(string)
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
