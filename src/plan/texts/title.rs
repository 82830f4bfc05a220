//! The built-in title of a pull request: what all its changes share, within the limit of the forge.

use std::collections::{BTreeMap, BTreeSet};

use super::markup::inert;
use crate::image::{Digest, ImageReference};
use crate::plan::proposal::{Change, major_mark};
use crate::plan::values::version;

/// Returns `Update api from 1.4.2 to 1.4.3 in envs/prod`, or the part of it that all changes share, in at most `limit` characters.
pub(in crate::plan) fn title(group: &str, changes: &[Change], limit: usize) -> String {
    let names = changes.iter().map(|change| change.to.name()).collect::<BTreeSet<_>>();
    let images = match names.len() {
        1 => "1 image".to_owned(),
        count => format!("{count} images"),
    };
    let major = changes.iter().map(|change| major_mark(change.bump())).max().unwrap_or_default();
    let (subject, mark) = match names.first() {
        Some(name) if names.len() == 1 => (name.familiar().to_owned(), major),
        _ => match &marked_names(changes)[..] {
            [a, b] => (format!("{a} and {b}"), ""),
            [a, b, c] => (format!("{a}, {b} and {c}"), ""),
            _ => (images.clone(), major),
        },
    };
    let versions = match names.len() {
        1 => versions(changes),
        _ => String::new(),
    };
    let is_in_group = changes.iter().all(|change| change.path.starts_with(&format!("{group}/")));
    let place = if is_in_group { format!(" in {group}") } else { String::new() };
    let titles = [
        format!("Update {subject}{versions}{mark}{place}"),
        format!("Update {subject}{versions}{mark}"),
        format!("Update {subject}{mark}{place}"),
        format!("Update {subject}{mark}"),
        format!("Update {images}{major}"),
    ];
    let [titles @ .., shortest] = titles.map(|title| inert(&title));
    titles.into_iter().find(|title| title.chars().count() <= limit).unwrap_or(shortest)
}

/// Returns the last part of each name, with a mark after those that have a new major version.
fn marked_names(changes: &[Change]) -> Vec<String> {
    let mut marks = BTreeMap::<&str, &str>::new();
    for change in changes {
        let mark = marks.entry(change.to.name().base()).or_default();
        *mark = major_mark(change.bump()).max(mark);
    }
    marks.into_iter().map(|(name, mark)| format!("{name}{mark}")).collect()
}

fn versions(changes: &[Change]) -> String {
    let one = |versions: BTreeSet<String>| (versions.len() == 1).then(|| versions.into_iter().next()).flatten();
    if changes.iter().all(|change| change.to.tag().is_some() && change.from.tag() == change.to.tag()) {
        let digests = |of: fn(&Change) -> &ImageReference| {
            let short = |change| of(change).digest().map_or("", Digest::short).to_owned();
            one(changes.iter().map(short).collect()).filter(|digest| !digest.is_empty())
        };
        let tag = one(changes.iter().map(|change| version(&change.to)).collect());
        let tag = tag.map_or_else(String::new, |tag| format!(" {tag}"));
        return match (digests(|change| &change.from), digests(|change| &change.to)) {
            (Some(from), Some(to)) => format!("{tag} from digest {from} to {to}"),
            (None, Some(to)) => format!("{tag} to digest {to}"),
            (_, None) => format!("{tag} to other digests"),
        };
    }
    let from = one(changes.iter().map(|change| version(&change.from)).collect());
    let to = one(changes.iter().map(|change| version(&change.to)).collect());
    match (from, to) {
        (Some(from), Some(to)) => format!(" from {from} to {to}"),
        (None, Some(to)) => format!(" to {to}"),
        _ => String::new(),
    }
}
