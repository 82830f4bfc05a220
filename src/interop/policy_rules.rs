//! Rules of a translated configuration: one per policy and image, for the files in which the policy manages the image.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{RuleDraft, Translation, TranslationDraft};
use crate::image::{ImageName, Platform};
use crate::policy::{Pinning, Settings};

/// A reference in a file, with the data that a translation needs.
#[derive(Debug, Clone)]
pub struct FoundReference<'a> {
    /// The image that the policy selects tags of.
    pub name: &'a ImageName,
    /// The file that the image is in.
    pub path: &'a str,
    /// The line of the image in the file, from 1.
    pub line: usize,
    /// Its field path.
    pub field: &'a str,
    /// The name in Flux's marker beside it.
    pub flux: Option<&'a str>,
    /// Whether only the objects name its image: the value contains only a tag.
    pub nameless: bool,
}

/// References that one policy manages.
#[derive(Debug, Default)]
pub(crate) struct Managed {
    settings: Settings,
    source: String,
    /// Files by images.
    images: BTreeMap<String, BTreeSet<String>>,
    pub(crate) platforms: Vec<Platform>,
    pub(crate) pinning: Pinning,
}

pub(crate) type Groups = BTreeMap<String, Managed>;

/// Returns the group of a policy. Appends a number to the name if another policy has the same name.
pub(crate) fn group<'g>(groups: &'g mut Groups, name: &str, settings: &Settings, source: &str) -> &'g mut Managed {
    let plain = name.replace(char::is_whitespace, "-");
    let names = std::iter::once(plain.clone()).chain((2..).map(|number| format!("{plain}-{number}")));
    let free = |name: &String| groups.get(name).is_none_or(|known| known.settings == *settings);
    let name = names.into_iter().find(free).unwrap_or(plain);
    let group = groups.entry(name).or_default();
    group.settings = settings.clone();
    source.clone_into(&mut group.source);
    group
}

/// Adds a place to the files in which a policy manages an image.
pub(crate) fn add(group: &mut Managed, draft: &mut TranslationDraft, place: &FoundReference<'_>) {
    let paths = group.images.entry(place.name.familiar().to_owned()).or_default();
    paths.insert(place.path.to_owned());
    if place.nameless {
        draft.tags.push([escaped(place.path), place.field.to_owned(), place.name.familiar().to_owned()]);
    }
}

/// Adds one rule for each policy and image, for the files that contain the image. A rule cannot distinguish two places in a
/// file: a file in which two policies manage the same image gets no rule.
pub(crate) fn finish(mut draft: TranslationDraft, groups: Groups, from: &str) -> Translation {
    let mut claims = BTreeMap::<(String, String), Vec<String>>::new();
    for (name, managed) in &groups {
        for (image, paths) in &managed.images {
            paths.iter().for_each(|path| claims.entry((image.clone(), path.clone())).or_default().push(name.clone()));
        }
    }
    let settings = |name: &String| groups.get(name).map(|managed| &managed.settings);
    claims.retain(|_, names| names.iter().any(|name| settings(name) != settings(&names[0])));
    for ((image, path), names) in &claims {
        let reason = format!(
            "{} manage different places in one file, which rules cannot distinguish; write a marker beside each",
            names.join(" and ")
        );
        draft.leave(format!("{image} in {path}"), reason);
    }
    for (name, managed) in groups {
        for (image, paths) in managed.images {
            let unambiguous = paths.into_iter().filter(|path| !claims.contains_key(&(image.clone(), path.clone())));
            let paths: Vec<String> = unambiguous.map(|path| escaped(&path)).collect();
            if paths.is_empty() {
                continue;
            }
            draft.rules.push(RuleDraft {
                about: managed.source.clone(),
                images: vec![image],
                paths,
                policy: Some(name.clone()),
                platforms: managed.platforms.iter().map(ToString::to_string).collect(),
                pinning: managed.pinning,
                ..RuleDraft::default()
            });
        }
        draft.policies.push((name, managed.settings));
    }
    draft.finish(from)
}

/// Returns a glob that matches only this path.
fn escaped(path: &str) -> String {
    globset::escape(path)
}
