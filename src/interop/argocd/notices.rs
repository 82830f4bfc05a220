//! Notices about settings of Argo CD Image Updater that Tagboat does not apply: a table of settings without effect, and
//! unknown names.

use serde_json::Value;

use super::application::Application;
use super::notice::{held, ignored, place};
use super::settings::{ApplicationRef, PREFIX, Watched};
use crate::interop::objects::Object;
use crate::manifest::{Notice, Place};
use crate::text::nearest_name;

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

/// Returns the notices about the annotations of an application.
pub(crate) fn annotation_notices(application: &Application<'_>, watched: &[Watched]) -> Vec<Notice> {
    let aliases: Vec<String> = watched.iter().filter_map(|one| Some(one.alias.as_ref()?.replace('/', "_"))).collect();
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
                notices.push(held(setting, "an annotation must be a string; put the value in quotes"));
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
    let alias = IMAGE_KEYS.iter().find_map(|(name, _)| key.strip_suffix(name)?.strip_suffix('.'));
    let near = match (of_image, alias) {
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
    let refs = refs.iter().enumerate().filter(|(_, one)| none(one));
    refs.map(|(at, one)| {
        let setting = place(updater, &format!("/spec/applicationRefs/{at}/namePattern"), one.name_pattern.clone());
        ignored(setting, "matches no Application in this repository")
    })
    .collect()
}
