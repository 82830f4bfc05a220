//! The held places, as comments: what stays held, with a rule that ignores it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::image::{ImageName, Tag};
use crate::text::{count_of, flow_string, visible};

use super::found::{FoundImage, HeldPlace};

/// The number of entries; `tagboat list` shows all places.
const MOST_ENTRIES: usize = 20;

/// The number of places that an entry names.
const MOST_PLACES: usize = 3;

/// The number of files of an image that a rule names. More hide the other entries.
const MOST_FILES: usize = 8;

/// The greatest length of a line that words are added to.
const MOST_CHARACTERS: usize = 108;

/// Writes an entry for each reason: the places, and commented rules for their images.
pub(super) fn write(out: &mut String, held: &[HeldPlace], images: &[FoundImage]) {
    if held.is_empty() {
        return;
    }
    out.push_str("  # These places are held: Tagboat changes none of them before a person acts.\n");
    let mut entries: Vec<(String, Vec<&HeldPlace>)> = Vec::new();
    for place in held {
        let kind = kind(place);
        match entries.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, places)) => places.push(place),
            None => entries.push((kind, vec![place])),
        }
    }
    for (kind, places) in entries.iter().take(MOST_ENTRIES) {
        write_reason(out, kind, places);
        write_rules(out, places, (held, images));
    }
    if entries.len() > MOST_ENTRIES {
        let _ = writeln!(out, "  # And {} more; `tagboat list` shows them.", entries.len() - MOST_ENTRIES);
    }
}

/// Writes the first places and the reason. Each setting that corrects a place is in a line of its own.
fn write_reason(out: &mut String, kind: &str, places: &[&HeldPlace]) {
    let mut named: Vec<String> =
        places.iter().take(MOST_PLACES).map(|place| format!("{}:{}", place.path, place.line)).collect();
    while named.len() > 1 && named.iter().map(String::len).sum::<usize>() > MOST_CHARACTERS - 20 {
        named.pop();
    }
    let more = places.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let is_same = places.iter().all(|place| place.reason == places[0].reason);
    let reason = if is_same { &places[0].reason } else { kind };
    comment(out, &format!("{}{more}: {reason}", named.join(", ")));
    let settings: BTreeSet<&str> = places.iter().filter_map(|place| Some(setting(&place.reason)?.1)).collect();
    if !is_same {
        for setting in settings {
            let _ = writeln!(out, "  #   {}", visible(setting));
        }
    }
}

/// Returns the reason without what differs between places with the same reason: the tag, and a setting at the end.
fn kind(place: &HeldPlace) -> String {
    let tag = place.tag.as_ref().map_or("", Tag::as_str);
    let reason = setting(&place.reason).map_or(&*place.reason, |(reason, _)| reason);
    reason.replacen(&format!("the tag {tag} "), "the tag ", 1)
}

/// Splits a reason that ends with a setting into the text before it and the setting, with its backticks.
fn setting(reason: &str) -> Option<(&str, &str)> {
    let start = reason.strip_suffix('`')?.rfind('`')?;
    let (before, setting) = reason.split_at(start);
    setting.contains(": ").then(|| (before.trim_end(), setting))
}

/// Writes a rule for the images that are held everywhere, and one for those that are managed in other files; one for each of these
/// if it would match another reference. `all` are all held places and all images.
fn write_rules(out: &mut String, places: &[&HeldPlace], all: (&[HeldPlace], &[FoundImage])) {
    let images = all.1;
    let mut held = BTreeMap::<&ImageName, BTreeSet<&str>>::new();
    let mut mixed = BTreeSet::new();
    for place in places {
        let Some(name) = &place.name else { continue };
        if is_beside_others(name, &place.path, all) {
            mixed.insert((name, &place.path));
        } else {
            held.entry(name).or_default().insert(&place.path);
        }
    }
    let files = |name: &ImageName| {
        let found = images.iter().filter(|image| image.name == *name).flat_map(|image| &image.references);
        found.map(|found| found.path.as_str()).collect::<BTreeSet<_>>()
    };
    let (everywhere, partly): (Vec<_>, Vec<_>) =
        held.into_iter().partition(|(name, paths)| files(name).is_subset(paths));
    let all: BTreeSet<&str> = partly.iter().flat_map(|(_, paths)| paths).copied().collect();
    let is_exact = partly.iter().all(|(name, paths)| files(name).intersection(&all).all(|path| paths.contains(path)));
    if is_exact && all.len() <= MOST_FILES {
        write_rule(out, partly.iter().map(|(name, _)| *name), &all);
    } else {
        for (name, paths) in &partly {
            if paths.len() <= MOST_FILES {
                write_rule(out, std::iter::once(*name), paths);
            } else {
                let (image, files) = (name.familiar(), count_of(paths.len(), "file"));
                let _ = writeln!(out, "  # {image} is held in {files}; `tagboat list` shows them.");
            }
        }
    }
    write_rule(out, everywhere.iter().map(|(name, _)| *name), &BTreeSet::new());
    // A rule would also ignore the others.
    for (name, path) in mixed {
        let name = name.familiar();
        comment(
            out,
            &format!("{path} has other references to {name}: write `# tagboat: ignore` beside the held ones."),
        );
    }
}

/// Returns whether a file has references to an image beside those that are held.
fn is_beside_others(name: &ImageName, path: &str, (held, images): (&[HeldPlace], &[FoundImage])) -> bool {
    let is_held = |tag: Option<&Tag>| {
        held.iter().any(|one| one.name.as_ref() == Some(name) && one.path == path && one.tag.as_ref() == tag)
    };
    let mut found = images.iter().filter(|image| image.name == *name).flat_map(|image| &image.references);
    found.any(|found| found.path == path && (found.is_decided || !is_held(found.tag.as_ref())))
}

fn write_rule<'i>(out: &mut String, images: impl Iterator<Item = &'i ImageName>, paths: &BTreeSet<&str>) {
    let images: Vec<String> = images.map(|name| flow_string(name.familiar())).collect();
    if images.is_empty() {
        return;
    }
    list(out, "- images", &images);
    if !paths.is_empty() {
        list(out, "  paths", &paths.iter().map(|path| flow_string(&globset::escape(path))).collect::<Vec<_>>());
    }
    out.push_str("  #   policy: ignore\n");
}

/// Writes a key with a list, over several lines if it is long.
fn list(out: &mut String, key: &str, items: &[String]) {
    let line = format!("  # {key}: [{}]", items.join(", "));
    if line.chars().count() <= MOST_CHARACTERS {
        let _ = writeln!(out, "{line}");
        return;
    }
    let _ = writeln!(out, "  # {key}:");
    for item in items {
        let _ = writeln!(out, "  #     - {item}");
    }
}

/// Adds a text as comment lines of at most 110 characters, if its words are shorter. Code between backticks is one word.
fn comment(out: &mut String, text: &str) {
    let text = visible(text);
    let mut words: Vec<String> = Vec::new();
    let mut is_code = false;
    for word in text.split(' ') {
        match words.last_mut() {
            Some(last) if is_code => *last = format!("{last} {word}"),
            _ => words.push(word.to_owned()),
        }
        is_code ^= word.matches('`').count() % 2 == 1;
    }
    let mut line = String::from("  #");
    for word in words {
        if line.chars().count() + word.chars().count() > MOST_CHARACTERS && line.len() > 4 {
            let _ = writeln!(out, "{line}");
            line = String::from("  #  ");
        }
        line.push(' ');
        line.push_str(&word);
    }
    let _ = writeln!(out, "{line}");
}
