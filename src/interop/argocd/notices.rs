//! Notices about settings of Argo CD Image Updater that Tagboat does not apply: a table of settings without effect, and
//! unknown names.

use serde_json::Value;

use super::application::Application;
use super::notice::{held, ignored, place};
use super::settings::{ApplicationRef, PREFIX, Watched};
use crate::interop::objects::Object;
use crate::manifest::{Notice, Place};
use crate::policy::PolicyError;
use crate::text::{is_misspelling_of, nearest_match, nearest_name};

/// Whether Tagboat applies a key.
#[derive(Clone, Copy)]
enum KeyEffect {
    /// It is applied.
    Applied,
    /// It has no effect, for this reason.
    NoEffect(&'static str),
}

const GIT_SECRETS: &str = "the login for git comes from the environment or from git, not from the cluster";

const SECRETS: &str = "credentials come from docker's config.json or the environment, not from the cluster";
const FORCE_UPDATE: &str = "Tagboat updates the manifests whether or not the image runs";
const BRANCH: &str = "pull requests target the branch that `git: { base: … }` of tagboat.yaml names";
const REPOSITORY: &str = "Tagboat updates only this repository";
const CLUSTER: &str = "Tagboat changes this repository through pull requests, not the cluster";
const REVIEW: &str = "`pull-requests` of tagboat.yaml configures pull requests";

const NOT_A_STRING: &str = "an annotation must be a string; put the value in quotes";

/// Keys for one image, after its alias and a dot.
const IMAGE_KEYS: &[(&str, KeyEffect)] = &[
    ("update-strategy", KeyEffect::Applied),
    ("allow-tags", KeyEffect::Applied),
    ("ignore-tags", KeyEffect::Applied),
    ("platforms", KeyEffect::Applied),
    ("helm.image-name", KeyEffect::Applied),
    ("helm.image-tag", KeyEffect::Applied),
    ("helm.image-spec", KeyEffect::Applied),
    ("kustomize.image-name", KeyEffect::Applied),
    ("force-update", KeyEffect::NoEffect(FORCE_UPDATE)),
    ("pull-secret", KeyEffect::NoEffect(SECRETS)),
];

/// Keys for a whole application.
const APPLICATION_KEYS: &[(&str, KeyEffect)] = &[
    ("image-list", KeyEffect::Applied),
    ("update-strategy", KeyEffect::Applied),
    ("allow-tags", KeyEffect::Applied),
    ("ignore-tags", KeyEffect::Applied),
    ("write-back-target", KeyEffect::Applied),
    ("write-back-method", KeyEffect::Applied),
    ("force-update", KeyEffect::NoEffect(FORCE_UPDATE)),
    ("pull-secret", KeyEffect::NoEffect(SECRETS)),
    ("git-branch", KeyEffect::NoEffect(BRANCH)),
    ("git-repository", KeyEffect::NoEffect(REPOSITORY)),
];

/// Fields of an `ImageUpdater` without effect, in every scope that has them.
const UPDATER_FIELDS: &[(&str, &str)] = &[
    ("commonUpdateSettings/forceUpdate", FORCE_UPDATE),
    ("commonUpdateSettings/pullSecret", SECRETS),
    ("writeBackConfig/gitConfig/branch", BRANCH),
    ("writeBackConfig/gitConfig/repository", REPOSITORY),
    ("writeBackConfig/gitConfig/pullRequest", REVIEW),
];

/// Holds the images for which an annotation is meant that cannot be applied: without it, the others are too weak.
pub(crate) fn hold_images_of_unknown_annotations(application: &Application<'_>, watched: &mut [Watched]) {
    let aliases = aliases(watched);
    for (annotation, value) in &application.annotations {
        let Some(key) = annotation.strip_prefix(PREFIX) else { continue };
        let reason = match (value.as_str(), effect(key, &aliases)) {
            (_, Err(reason)) => reason,
            (None, Ok(KeyEffect::Applied)) => NOT_A_STRING.to_owned(),
            _ => continue,
        };
        for one in watched.iter_mut().filter(|one| one.settings.is_ok() && is_meant_for(key, one, &aliases)) {
            one.settings = Err(PolicyError::at(key, reason.clone()));
        }
    }
}

/// Returns whether the key of an annotation is meant for an image: by its alias, by an alias that is misspelled, or because it is a key
/// for the whole application. An alias that is like no other may be of an image that is no longer listed. For an image without an alias,
/// the last part of its name is meant.
fn is_meant_for(key: &str, image: &Watched, aliases: &[String]) -> bool {
    let is_own = |alias: &&String| key.strip_prefix(alias.as_str()).is_some_and(|rest| rest.starts_with('.'));
    let written = match (aliases.iter().filter(is_own).max_by_key(|alias| alias.len()), written_alias(key)) {
        (Some(alias), _) => return alias_of(image).as_ref() == Some(alias),
        (None, Some(written)) => written,
        (None, None) => return nearest_name(key, APPLICATION_KEYS.iter().map(|(name, _)| *name)).is_some(),
    };
    match alias_of(image) {
        Some(alias) => nearest_name(written, aliases.iter().map(String::as_str)) == Some(&*alias),
        None => image.image.rsplit('/').next().is_some_and(|base| nearest_name(written, [base]).is_some()),
    }
}

/// Returns the alias in a key for one image, also if the rest of the key is misspelled.
fn written_alias(key: &str) -> Option<&str> {
    let names = || IMAGE_KEYS.iter().map(|(name, _)| *name);
    let exact = names().find_map(|name| key.strip_suffix(name)?.strip_suffix('.'));
    let mut dots = key.match_indices('.').map(|(dot, _)| (&key[..dot], &key[dot + 1..]));
    exact.or_else(|| dots.find(|(_, rest)| names().any(|name| is_misspelling_of(rest, name))).map(|(alias, _)| alias))
}

/// Returns the alias of an image as annotations have it.
fn alias_of(image: &Watched) -> Option<String> {
    image.alias.as_ref().map(|alias| alias.replace('/', "_"))
}

fn aliases(watched: &[Watched]) -> Vec<String> {
    watched.iter().filter_map(alias_of).collect()
}

/// Returns the notices about the annotations of an application.
pub(crate) fn annotation_notices(application: &Application<'_>, watched: &[Watched]) -> Vec<Notice> {
    let aliases = aliases(watched);
    let mut notices = Vec::new();
    for (annotation, value) in &application.annotations {
        let Some(key) = annotation.strip_prefix(PREFIX) else { continue };
        let text = value.as_str().unwrap_or_default();
        let pointer = format!("{}/annotations/{annotation}", application.metadata);
        let setting = place(application.object, &pointer, text.to_owned());
        match key {
            "write-back-method" => notices.extend(method(setting, text)),
            "write-back-target"
                if !["kustomization", "helmvalues"].contains(&text.split(':').next().unwrap_or_default()) =>
            {
                let reason = format!("expected `kustomization[:folder]` or `helmvalues[:file]`, found `{text}`");
                notices.push(held(setting, reason));
            }
            _ if value.as_str().is_none() => {
                notices.push(held(setting, NOT_A_STRING));
            }
            _ => match effect(key, &aliases) {
                Ok(KeyEffect::Applied) => {}
                Ok(KeyEffect::NoEffect(reason)) => notices.push(ignored(setting, reason)),
                Err(reason) => notices.push(held(setting, reason)),
            },
        }
    }
    notices
}

/// Returns the effect of a key, or why it is unknown.
fn effect(key: &str, aliases: &[String]) -> Result<KeyEffect, String> {
    let known = |keys: &[(&str, KeyEffect)], name: &str| keys.iter().find(|(key, _)| *key == name).map(|(_, key)| *key);
    if let Some(found) = known(APPLICATION_KEYS, key) {
        return Ok(found);
    }
    let of_image = aliases.iter().filter_map(|alias| key.strip_prefix(alias.as_str())?.strip_prefix('.'));
    let of_image = of_image.min_by_key(|rest| rest.len());
    if let Some(found) = of_image.and_then(|name| known(IMAGE_KEYS, name)) {
        return Ok(found);
    }
    let names = |keys: &'static [(&'static str, KeyEffect)]| keys.iter().map(|(key, _)| *key);
    let near = match (of_image, written_alias(key)) {
        (Some(name), _) => nearest_name(name, names(IMAGE_KEYS)).map(str::to_owned),
        (None, Some(alias)) => {
            let known = if aliases.is_empty() {
                "no image has an alias".to_owned()
            } else {
                format!("the aliases are {}", aliases.join(", "))
            };
            return Err(format!("no image of image-list has the alias `{alias}`: {known}"));
        }
        (None, None) => nearest_name(key, names(APPLICATION_KEYS)).map(str::to_owned),
    };
    let hint = near.map(|near| format!("; use `{near}`")).unwrap_or_default();
    Err(format!("Argo CD Image Updater has no such annotation{hint}"))
}

fn method(setting: Place, text: &str) -> Option<Notice> {
    match text.split(':').next() {
        Some("argocd") => Some(ignored(setting, CLUSTER)),
        Some("git") if text == "git" => None,
        Some("git") => Some(ignored(setting, GIT_SECRETS)),
        _ => Some(held(setting, format!("expected `git` or `argocd`, found `{text}`"))),
    }
}

/// Returns the notices about the fields of an `ImageUpdater`.
pub(crate) fn updater_notices(object: &Object) -> Vec<Notice> {
    let mut scopes = vec!["/spec".to_owned()];
    for (at, one) in object.value["spec"]["applicationRefs"].as_array().into_iter().flatten().enumerate() {
        let scope = format!("/spec/applicationRefs/{at}");
        let images = one["images"].as_array().map_or(0, Vec::len);
        scopes.extend((0..images).map(|image| format!("{scope}/images/{image}")));
        scopes.push(scope);
    }
    let mut notices = Vec::new();
    for scope in &scopes {
        for (field, cause) in UPDATER_FIELDS {
            let pointer = format!("{scope}/{field}");
            if let Some(value) = object.value.pointer(&pointer) {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                notices.push(ignored(place(object, &pointer, text), *cause));
            }
        }
        let pointer = format!("{scope}/writeBackConfig/method");
        let written = object.value.pointer(&pointer).and_then(Value::as_str);
        notices.extend(written.and_then(|text| method(place(object, &pointer, text.to_owned()), text)));
    }
    notices
}

/// Returns the notices about `applicationRefs` of an updater that match no application of this repository.
pub(crate) fn unmatched(updater: &Object, refs: &[ApplicationRef], applications: &[Application<'_>]) -> Vec<Notice> {
    let none = |one: &ApplicationRef| !applications.iter().any(|application| application.is_selected(one));
    // Without any application, those of the updater are in another repository.
    let status = if applications.is_empty() { ignored } else { held };
    let refs = refs.iter().enumerate().filter(|(_, one)| none(one));
    refs.map(|(at, one)| {
        let setting = place(updater, &format!("/spec/applicationRefs/{at}/namePattern"), one.name_pattern.clone());
        let near = nearest_match(&one.name_pattern, '-', applications.iter().map(|application| application.title));
        let near = near.map(|near| format!("; the nearest is `{near}`")).unwrap_or_default();
        status(setting, format!("matches no Application in this repository; correct it{near}"))
    })
    .collect()
}
