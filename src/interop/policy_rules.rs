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
    /// Whether Flux writes a digest there: the value has the name beside the tag, or a digest.
    pub can_pin: bool,
}

/// References that one policy manages.
#[derive(Debug, Default)]
pub(crate) struct Managed {
    settings: Settings,
    source: String,
    /// Files by images, and by what is done with digests there.
    images: BTreeMap<(String, Pinning), BTreeSet<String>>,
    pub(crate) platforms: Vec<Platform>,
    /// Whether markers name the policy, so that it is needed without a rule.
    pub(crate) has_markers: bool,
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
pub(crate) fn add(group: &mut Managed, draft: &mut TranslationDraft, place: &FoundReference<'_>, pinning: Pinning) {
    let image = place.name.familiar().to_owned();
    group.images.entry((image, pinning)).or_default().insert(place.path.to_owned());
    if place.nameless {
        draft.tags.push([escaped(place.path), place.field.to_owned(), place.name.familiar().to_owned()]);
    }
}

/// An image in a file.
type ImageInFile = (String, String);

/// Adds one rule for each policy and image, for the files that contain the image. A rule cannot distinguish two places in a
/// file: a file in which two policies manage the same image gets no rule, and one with different settings for digests gets that
/// which changes less.
pub(crate) fn finish(mut draft: TranslationDraft, groups: Groups, from: &str) -> Translation {
    let mut claims = BTreeMap::<ImageInFile, BTreeSet<(&String, Pinning)>>::new();
    for (name, managed) in &groups {
        for ((image, pinning), paths) in &managed.images {
            for path in paths {
                claims.entry((image.clone(), path.clone())).or_default().insert((name, *pinning));
            }
        }
    }
    let mut rules = BTreeMap::<(&String, String, Pinning), Vec<String>>::new();
    let mut conflicting = BTreeSet::new();
    for ((image, path), names) in claims {
        let settings = |name: &String| groups.get(name).map(|managed| (&managed.settings, &managed.platforms));
        let (Some((first, _)), Some(pinning)) = (names.first(), names.iter().map(|(_, pinning)| *pinning).min()) else {
            continue;
        };
        if names.iter().all(|(name, _)| settings(name) == settings(first)) {
            if names.iter().any(|(_, other)| *other != pinning) {
                draft.leave(format!("{image} in {path}"), DIGESTS);
            }
            rules.entry((first, image, pinning)).or_default().push(escaped(&path));
            continue;
        }
        let names: BTreeSet<&String> = names.iter().map(|(name, _)| *name).collect();
        let list = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" and ");
        let reason = format!(
            "{list} manage different places in one file, which rules cannot distinguish; write a marker beside each"
        );
        draft.leave(format!("{image} in {path}"), reason);
        conflicting.extend(names);
    }
    for ((name, image, pinning), paths) in &rules {
        draft.rules.push(RuleDraft {
            about: groups[*name].source.clone(),
            images: vec![image.clone()],
            paths: paths.clone(),
            policy: Some((*name).clone()),
            platforms: groups[*name].platforms.iter().map(ToString::to_string).collect(),
            pinning: *pinning,
            ..RuleDraft::default()
        });
    }
    let is_used = |name: &String| conflicting.contains(name) || rules.keys().any(|(used, ..)| *used == name);
    for (name, managed) in &groups {
        if managed.has_markers || is_used(name) {
            draft.policies.push((name.clone(), managed.settings.clone()));
        }
    }
    draft.finish(from)
}

/// Why a file gets no digests.
const DIGESTS: &str = "Flux writes digests only beside some of its tags, which rules cannot distinguish; add `pin` to the rule for all of them";

/// Returns a glob that matches only this path.
fn escaped(path: &str) -> String {
    globset::escape(path)
}
