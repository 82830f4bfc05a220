//! Parses annotations and `ImageUpdater` objects of Argo CD Image Updater into policy settings. [`watches`](super::watches)
//! finds them, and [`scope`](super::scope) derives the files of an application.
//!
//! A policy selects the tag that the updater selects, with three exceptions. An unknown strategy or an invalid `allow-tags`
//! is an error; the updater uses another strategy or rejects every tag. Verification of signatures is an error, because it
//! is not supported. No policy selects a tag older than the current one. An error of one image does not affect the others.

use globset::Glob;
use serde_json::{Map, Value};

use crate::image::Platform;
use crate::interop::label_selector::selects;
use crate::policy::{PolicyError, Settings};
use crate::text::{is_misspelling_of, nearest_name};

/// The prefix of every annotation key.
pub const PREFIX: &str = "argocd-image-updater.argoproj.io/";

/// The settings of one image of an application.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// The alias: the name of the image in the annotations.
    pub alias: Option<String>,
    /// The name of the image as written, without tag and digest.
    pub image: String,
    /// The settings of the policy, or why they are invalid.
    pub settings: Result<Settings, PolicyError>,
    /// The platforms that the image must support.
    pub platforms: Vec<Platform>,
    /// Where the tag is written.
    pub target: Target,
}

/// Where the tag of an image is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Target {
    /// The default of the updater for the type of the application.
    #[default]
    Default,
    /// Field paths in the values of a chart.
    Helm {
        /// The field of the name.
        name: Option<String>,
        /// The field of the tag.
        tag: Option<String>,
        /// The field of `name:tag`. It takes precedence over the other two.
        spec: Option<String>,
    },
    /// The `name` of an entry in `images`.
    Kustomize(String),
    /// Variables in `env` of a config management plugin, or its parameters.
    Plugin {
        /// The variable of the tag.
        tag: Option<String>,
    },
}

impl Target {
    /// Returns the field or the variable that contains only the tag, if the settings name one.
    pub(super) fn tag(&self) -> Option<&str> {
        match self {
            Self::Helm { tag, spec: None, .. } | Self::Plugin { tag } => tag.as_deref(),
            _ => None,
        }
    }
}

/// How the updater writes changes to git.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteBack {
    /// `argocd`, `git` or `git:…`.
    pub method: Option<String>,
    /// `kustomization[:folder]` or `helmvalues[:file]`.
    pub target: Option<String>,
    /// `base[:write]`.
    pub branch: Option<String>,
    /// A repository other than the source of the application.
    pub repository: Option<String>,
}

/// An entry of `applicationRefs` in an `ImageUpdater` object: applications, and the settings for them.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationRef {
    /// A glob that matches the names of the applications.
    pub name_pattern: String,
    /// The label selector, as written.
    pub label_selectors: Option<Value>,
    /// Whether the annotations of the application apply instead of `images`.
    pub use_annotations: bool,
    /// Whether every image needs a signature, also those of the annotations.
    pub needs_signature: bool,
    /// The images that the annotations or objects list.
    pub images: Vec<Watched>,
    /// How the updater writes changes to git.
    pub write_back: WriteBack,
}

impl ApplicationRef {
    /// Returns whether it selects an application with this name and these labels.
    pub fn selects(&self, name: &str, labels: &Value) -> bool {
        let glob = Glob::new(&self.name_pattern);
        glob.is_ok_and(|glob| glob.compile_matcher().is_match(name))
            && self.label_selectors.as_ref().is_none_or(|selector| selects(selector, labels))
    }

    /// Returns the rank among the entries that select one application, of which the greatest applies, as in
    /// `calculateSpecificity` of the updater: an exact name precedes a pattern, then a label selector, then a longer name.
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

/// Settings that an object can have for all images, for an application and for one image.
#[derive(Debug, Clone, Default)]
struct UpdateSettings {
    strategy: Option<String>,
    allow: Option<String>,
    ignore: Option<Vec<String>>,
    platforms: Option<Vec<String>>,
    verified: Option<bool>,
}

impl UpdateSettings {
    /// Returns these settings, with those of the wider scope where they are not set.
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

/// Returns the images that the annotations of an application name; none without `image-list`. Those of a misspelled `image-list` are
/// meant, and to be held.
pub fn annotations(annotations: &Map<String, Value>) -> Result<Vec<Watched>, PolicyError> {
    let Some(key) = image_list(annotations) else { return Ok(Vec::new()) };
    let list = annotations.get(&format!("{PREFIX}{key}")).and_then(Value::as_str).unwrap_or_default();
    let entries: Vec<&str> = list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    if entries.is_empty() {
        return Err(PolicyError::at("image-list", "expected an image, found none"));
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

/// Returns the key of the list of images, which may be misspelled.
pub(super) fn image_list(annotations: &Map<String, Value>) -> Option<&str> {
    const LIST: &str = "image-list";
    let keys = || annotations.keys().filter_map(|key| key.strip_prefix(PREFIX));
    keys().find(|key| *key == LIST).or_else(|| keys().find(|key| is_misspelling_of(key, LIST)))
}

/// Returns how the annotations of an application configure writing to git.
pub fn write_back(annotations: &Map<String, Value>) -> WriteBack {
    WriteBack {
        method: text(annotations, "write-back-method"),
        target: text(annotations, "write-back-target"),
        branch: text(annotations, "git-branch"),
        repository: text(annotations, "git-repository"),
    }
}

/// Returns the applications and images that the `spec` of an `ImageUpdater` object names.
pub fn object(spec: &Value) -> Result<Vec<ApplicationRef>, PolicyError> {
    let wide = common(spec);
    let refs = spec["applicationRefs"]
        .as_array()
        .ok_or_else(|| PolicyError::at("applicationRefs", "expected an application, found none"))?;
    let application_ref = |one: &Value| {
        let scope = common(one).or(&wide);
        let images = one["images"].as_array().map(Vec::as_slice).unwrap_or_default();
        let written =
            if one["writeBackConfig"].is_object() { &one["writeBackConfig"] } else { &spec["writeBackConfig"] };
        ApplicationRef {
            name_pattern: string(&one["namePattern"]).unwrap_or_default(),
            label_selectors: one.get("labelSelectors").cloned(),
            use_annotations: one["useAnnotations"].as_bool().unwrap_or(false),
            needs_signature: scope.verified == Some(true),
            images: images.iter().map(|image| object_image(image, &scope)).collect(),
            write_back: WriteBack {
                method: string(&written["method"]),
                target: string(&written["gitConfig"]["writeBackTarget"]),
                branch: string(&written["gitConfig"]["branch"]),
                repository: string(&written["gitConfig"]["repository"]),
            },
        }
    };
    Ok(refs.iter().map(application_ref).collect())
}

fn object_image(image: &Value, scope: &UpdateSettings) -> Watched {
    let (helm, kustomize) = (&image["manifestTargets"]["helm"], &image["manifestTargets"]["kustomize"]);
    let plugin = &image["manifestTargets"]["plugin"];
    let target = if plugin.is_object() {
        let has_spec = string(&plugin["spec"]).is_some();
        Ok(Target::Plugin { tag: if has_spec { None } else { string(&plugin["tag"]) } })
    } else {
        target(string(&helm["name"]), string(&helm["tag"]), string(&helm["spec"]), string(&kustomize["name"]))
    };
    let alias = string(&image["alias"]);
    let reference = string(&image["imageName"]).unwrap_or_default();
    Watched::new(alias.as_deref(), &reference, &common(image).or(scope), target)
}

impl Watched {
    fn new(alias: Option<&str>, reference: &str, update: &UpdateSettings, target: Result<Target, PolicyError>) -> Self {
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
            Err(cause) => Self { alias, image, settings: Err(cause), platforms: Vec::new(), target: Target::Default },
        }
    }
}

/// Returns the error of an image that needs a signature; `required` is by whom, if the place of the error does not say it.
pub(super) fn unverifiable(required: &str) -> PolicyError {
    PolicyError::at("imagesVerification", format!("{required}signature verification is not supported"))
        .with_hint("update it by hand; if no signature is needed, write `imagesVerification: { enabled: false }`")
}

/// Names of strategies, including deprecated ones, and the policy of each.
const STRATEGIES: &[(&str, &str)] = &[
    ("semver", "semver"),
    ("newest-build", "newest-build"),
    ("latest", "newest-build"),
    ("alphabetical", "alphabetical"),
    ("name", "alphabetical"),
    ("digest", "digest"),
];

fn settings(update: &UpdateSettings, constraint: &str) -> Result<Settings, PolicyError> {
    if update.verified == Some(true) {
        return Err(unverifiable(""));
    }
    let strategy = update.strategy.as_deref().unwrap_or("semver");
    let known = STRATEGIES.iter().find(|(name, _)| *name == strategy).map(|(_, kind)| *kind);
    let mut pairs: Vec<(&str, Value)> = match known {
        Some("semver") => {
            let range = if constraint.is_empty() { "*" } else { constraint };
            vec![
                ("semver", range.into()),
                ("strict", false.into()),
                ("variant", "pre-release".into()),
                ("outliers", "allow".into()),
                ("ties", "last".into()),
            ]
        }
        Some("digest") if constraint.is_empty() => {
            return Err(PolicyError::at("update-strategy", "the strategy `digest` needs a tag after the image name"));
        }
        Some("digest") => vec![("digest", constraint.into())],
        Some(kind) => vec![(kind, true.into())],
        None => {
            let error = PolicyError::at("update-strategy", format!("unknown strategy `{strategy}`"));
            return Err(match nearest_name(strategy, STRATEGIES.iter().map(|(name, _)| *name)) {
                Some(name) => error.with_hint(format!("use `{name}`")),
                None => error.with_hint("use `semver`, `newest-build`, `alphabetical` or `digest`"),
            });
        }
    };
    if let Some(include) = update.allow.as_deref().map(allowed).transpose()?.flatten() {
        pairs.push(("include", include.into()));
    }
    // A tag never contains a slash, and a glob of Tagboat between slashes would be a regular expression.
    let ignore = update.ignore.iter().flatten().filter(|glob| !glob.is_empty() && !glob.contains('/'));
    let ignore: Vec<Value> = ignore.map(|glob| glob.as_str().into()).collect();
    if !ignore.is_empty() {
        pairs.push(("ignore", Value::Array(ignore)));
    }
    Ok(Settings::from_pairs(pairs))
}

/// Returns the regular expression of `allow-tags`: `regexp:…` in any case; `None` for `any`.
fn allowed(text: &str) -> Result<Option<&str>, PolicyError> {
    match text.split_once(':') {
        None if text.is_empty() || text.eq_ignore_ascii_case("any") => Ok(None),
        Some((prefix, pattern)) if prefix.eq_ignore_ascii_case("regexp") => Ok(Some(pattern)),
        _ => Err(PolicyError::at("allow-tags", format!("expected `any`, or `regexp:` with a pattern, found `{text}`"))
            .with_hint(format!("write `regexp:{text}`; Argo CD Image Updater rejects every tag with this value"))),
    }
}

fn target(
    name: Option<String>,
    tag: Option<String>,
    spec: Option<String>,
    kustomize: Option<String>,
) -> Result<Target, PolicyError> {
    match (name.is_some() || tag.is_some() || spec.is_some(), kustomize) {
        (true, Some(_)) => Err(PolicyError::whole("the image has both helm and kustomize targets")
            .with_hint("remove the `helm` or the `kustomize` one")),
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

fn annotated(annotations: &Map<String, Value>, scope: &str) -> UpdateSettings {
    let get = |name: &str| text(annotations, &format!("{scope}{name}"));
    let list = |name: &str| get(name).map(|text| text.split(',').map(|one| one.trim().to_owned()).collect());
    UpdateSettings {
        strategy: get("update-strategy"),
        allow: get("allow-tags"),
        ignore: list("ignore-tags"),
        // There is no such annotation for the whole application.
        platforms: if scope.is_empty() { None } else { list("platforms") },
        verified: None,
    }
}

/// Returns the settings in an object, in one of its applications or in one of its images.
fn common(scope: &Value) -> UpdateSettings {
    let object = &scope["commonUpdateSettings"];
    let list = |name: &str| object[name].as_array().map(|list| list.iter().filter_map(string).collect());
    UpdateSettings {
        // The CRD's default of `enabled` is true.
        verified: scope["imagesVerification"].as_object().map(|one| one.get("enabled") != Some(&Value::Bool(false))),
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
