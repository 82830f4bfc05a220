//! What Tagboat says about settings of Argo CD Image Updater that it does not follow: a table of those that have no
//! meaning here, and names that nobody knows. Decides nothing about images.

use serde_json::Value;

use super::application::Application;
use super::settings::{ApplicationRef, PREFIX, Watched};
use crate::config::nearest;
use crate::interop::notice::Notice;
use crate::interop::objects::Object;

/// What a key is to us.
#[derive(Clone, Copy)]
enum Key {
    /// It is followed.
    Read,
    /// It has no meaning here, and why.
    Idle(&'static str),
}

const SECRETS: &str = "credentials come from docker's config.json or the environment, not from the cluster";
const FORCED: &str = "what stands in the manifests is updated whether or not it runs";
const BRANCH: &str = "pull requests are for the branch that `git: { base: … }` of tagboat.yaml names";
const ELSEWHERE: &str = "the paths are looked for in this repository";
const CLUSTER: &str = "changes are made in this repository, by pull requests, and not in the cluster";
const PLUGIN: &str = "parameters of plugins are not known here";
const REVIEW: &str = "pull requests are as `pull-requests` of tagboat.yaml has them";

/// Keys for one image, behind its alias.
const OF_IMAGES: &[(&str, Key)] = &[
    ("update-strategy", Key::Read),
    ("allow-tags", Key::Read),
    ("ignore-tags", Key::Read),
    ("platforms", Key::Read),
    ("helm.image-name", Key::Read),
    ("helm.image-tag", Key::Read),
    ("helm.image-spec", Key::Read),
    ("kustomize.image-name", Key::Read),
    ("force-update", Key::Idle(FORCED)),
    ("pull-secret", Key::Idle(SECRETS)),
];

/// Keys for a whole application.
const OF_APPLICATIONS: &[(&str, Key)] = &[
    ("image-list", Key::Read),
    ("update-strategy", Key::Read),
    ("allow-tags", Key::Read),
    ("ignore-tags", Key::Read),
    ("write-back-target", Key::Read),
    ("write-back-method", Key::Read),
    ("force-update", Key::Idle(FORCED)),
    ("pull-secret", Key::Idle(SECRETS)),
    ("git-branch", Key::Idle(BRANCH)),
    ("git-repository", Key::Idle(ELSEWHERE)),
];

/// Fields of an `ImageUpdater` that have no meaning here, wherever they may stand.
const OF_OBJECTS: &[(&str, &str)] = &[
    ("commonUpdateSettings/forceUpdate", FORCED),
    ("commonUpdateSettings/pullSecret", SECRETS),
    ("manifestTargets/plugin", PLUGIN),
    ("writeBackConfig/gitConfig/branch", BRANCH),
    ("writeBackConfig/gitConfig/repository", ELSEWHERE),
    ("writeBackConfig/gitConfig/pullRequest", REVIEW),
];

/// About the annotations of an application.
pub(crate) fn of_annotations(application: &Application<'_>, watched: &[Watched]) -> Vec<Notice> {
    let aliases: Vec<String> = watched.iter().filter_map(|one| Some(one.alias.as_ref()?.replace('/', "_"))).collect();
    let mut notices = Vec::new();
    for (annotation, value) in &application.annotations {
        let Some(key) = annotation.strip_prefix(PREFIX) else { continue };
        let text = value.as_str().unwrap_or_default();
        let pointer = format!("{}/annotations/{annotation}", application.metadata);
        let said = Notice::at(application.object, &pointer, text.to_owned());
        match key {
            "write-back-method" => notices.extend(method(said, text)),
            "write-back-target"
                if !["kustomization", "helmvalues"].contains(&text.split(':').next().unwrap_or_default()) =>
            {
                let reason = format!("{text:?} is neither `kustomization[:folder]` nor `helmvalues[:file]`");
                notices.push(said.held(reason));
            }
            _ if value.as_str().is_none() => {
                notices.push(said.held("annotations are texts: put quotes around the value".to_owned()));
            }
            _ => match meaning(key, &aliases) {
                Ok(Key::Read) => {}
                Ok(Key::Idle(why)) => notices.push(said.not_ours(why)),
                Err(why) => notices.push(said.held(why)),
            },
        }
    }
    notices
}

/// What a key means, or why it means nothing to anybody.
fn meaning(key: &str, aliases: &[String]) -> Result<Key, String> {
    let known = |keys: &[(&str, Key)], name: &str| keys.iter().find(|(key, _)| *key == name).map(|(_, key)| *key);
    if let Some(found) = known(OF_APPLICATIONS, key) {
        return Ok(found);
    }
    let of_image = aliases.iter().filter_map(|alias| key.strip_prefix(alias.as_str())?.strip_prefix('.'));
    let of_image = of_image.min_by_key(|rest| rest.len());
    if let Some(found) = of_image.and_then(|name| known(OF_IMAGES, name)) {
        return Ok(found);
    }
    let names = |keys: &'static [(&'static str, Key)]| keys.iter().map(|(key, _)| *key).collect::<Vec<_>>();
    let alias = OF_IMAGES.iter().find_map(|(name, _)| key.strip_suffix(name)?.strip_suffix('.'));
    let near = match (of_image, alias) {
        (Some(name), _) => nearest(name, &names(OF_IMAGES)).map(str::to_owned),
        (None, Some(alias)) => {
            let known = if aliases.is_empty() { "no image has one".to_owned() } else { aliases.join(", ") };
            return Err(format!("no image of image-list has the alias `{alias}`: {known}"));
        }
        (None, None) => nearest(key, &names(OF_APPLICATIONS)).map(str::to_owned),
    };
    let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Err(format!("Argo CD Image Updater has no such annotation{hint}"))
}

fn method(said: Notice, text: &str) -> Option<Notice> {
    match text.split(':').next() {
        Some("argocd") => Some(said.not_ours(CLUSTER)),
        Some("git") if text == "git" => None,
        Some("git") => Some(said.not_ours(SECRETS)),
        _ => Some(said.held(format!("{text:?} is neither `git` nor `argocd`"))),
    }
}

/// About the fields of an `ImageUpdater`.
pub(crate) fn of_updater(object: &Object) -> Vec<Notice> {
    let mut scopes = vec!["/spec".to_owned()];
    for (at, one) in object.value["spec"]["applicationRefs"].as_array().into_iter().flatten().enumerate() {
        let scope = format!("/spec/applicationRefs/{at}");
        let images = one["images"].as_array().map_or(0, Vec::len);
        scopes.extend((0..images).map(|image| format!("{scope}/images/{image}")));
        scopes.push(scope);
    }
    let mut notices = Vec::new();
    for scope in &scopes {
        for (field, why) in OF_OBJECTS {
            let pointer = format!("{scope}/{field}");
            if let Some(value) = object.value.pointer(&pointer) {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                notices.push(Notice::at(object, &pointer, text).not_ours(*why));
            }
        }
        let pointer = format!("{scope}/writeBackConfig/method");
        let written = object.value.pointer(&pointer).and_then(Value::as_str);
        notices.extend(written.and_then(|text| method(Notice::at(object, &pointer, text.to_owned()), text)));
    }
    notices
}

/// About parts of an updater that no application of this repository answers to.
pub(crate) fn unmatched(updater: &Object, refs: &[ApplicationRef], applications: &[Application<'_>]) -> Vec<Notice> {
    let none = |one: &ApplicationRef| !applications.iter().any(|application| application.is_selected(one));
    let refs = refs.iter().enumerate().filter(|(_, one)| none(one));
    refs.map(|(at, one)| {
        let said = Notice::at(updater, &format!("/spec/applicationRefs/{at}/namePattern"), one.name_pattern.clone());
        said.not_ours("it matches no Application in this repository")
    })
    .collect()
}
