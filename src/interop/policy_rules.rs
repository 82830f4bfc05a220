//! Rules of a translated configuration: one per policy and image, for the files in which the policy manages the image.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{RuleDraft, Translation, TranslationDraft};
use crate::image::{ImageName, Platform};
use crate::policy::Settings;

/// A reference as it was found.
#[derive(Debug, Clone)]
pub struct FoundReference<'a> {
    /// Its image.
    pub name: &'a ImageName,
    /// Its file.
    pub path: &'a str,
    /// Its line.
    pub line: usize,
    /// Its route.
    pub field: &'a str,
    /// The name in Flux's marker beside it.
    pub flux: Option<&'a str>,
    /// Whether its image is known only from the objects.
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
    pub(crate) pin: bool,
}

pub(crate) type Groups = BTreeMap<String, Managed>;

/// The group of a policy; of another name where one of that name says something else.
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

pub(crate) fn add(group: &mut Managed, draft: &mut TranslationDraft, place: &FoundReference<'_>) {
    let paths = group.images.entry(place.name.familiar().to_owned()).or_default();
    paths.insert(place.path.to_owned());
    if place.nameless {
        draft.tags.push([escaped(place.path), place.field.to_owned(), place.name.familiar().to_owned()]);
    }
}

/// Writes one rule per image of each policy, for the files that hold the image. A rule cannot distinguish two places of a file:
/// where two that differ share one for an image, there is none.
pub(crate) fn finish(mut draft: TranslationDraft, groups: Groups, from: &str) -> Translation {
    let mut claims = BTreeMap::<(String, String), Vec<String>>::new();
    for (name, governed) in &groups {
        for (image, paths) in &governed.images {
            paths.iter().for_each(|path| claims.entry((image.clone(), path.clone())).or_default().push(name.clone()));
        }
    }
    let settings = |name: &String| groups.get(name).map(|governed| &governed.settings);
    claims.retain(|_, names| names.iter().any(|name| settings(name) != settings(&names[0])));
    for ((image, path), names) in &claims {
        let why = format!(
            "{} manage places of one file, which rules cannot distinguish; write a marker beside each",
            names.join(" and ")
        );
        draft.leave(format!("{image} in {path}"), why);
    }
    for (name, governed) in groups {
        for (image, paths) in governed.images {
            let sure = paths.into_iter().filter(|path| !claims.contains_key(&(image.clone(), path.clone())));
            let paths: Vec<String> = sure.map(|path| escaped(&path)).collect();
            if paths.is_empty() {
                continue;
            }
            draft.rules.push(RuleDraft {
                about: governed.source.clone(),
                images: vec![image],
                paths,
                policy: Some(name.clone()),
                platforms: governed.platforms.iter().map(ToString::to_string).collect(),
                pin: governed.pin,
                ..RuleDraft::default()
            });
        }
        draft.policies.push((name, governed.settings));
    }
    draft.finish(from)
}

/// A path as a glob that matches nothing else.
fn escaped(path: &str) -> String {
    globset::escape(path)
}
