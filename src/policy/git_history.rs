//! `git-history`: tags or labels that name commits, in the order in which a branch of the source repository took them in.
//!
//! Only the line of first parents counts, since only on it every commit contains all those before it: an image of a merged
//! side branch may lack what the branch had long before, so it is refused rather than put in some order.

use std::borrow::Cow;
use std::sync::Arc;

use super::external_facts::{ExternalFacts, ExternalNeed};
use super::history::{Found, History};
use super::key::Key;
use super::mould::Mould;
use super::policy::{Need, Policy, Reader, Reason, Rejection};
use super::settings::{OptionDoc, PolicyError, Settings};
use crate::image::ImageFacts;
use crate::image::version::Shape;

/// Commits of one branch of one clone.
#[derive(Debug)]
pub(super) struct GitHistory {
    clone: Box<str>,
    branch: Option<Box<str>>,
    by_label: bool,
}

/// Keys of this policy beside the common ones.
#[rustfmt::skip]
pub(super) const OPTIONS: &[OptionDoc] = &[
    OptionDoc { key: "branch", about: "whose commits count: a branch, a tag or a commit of the clone, such as origin/main; without it what is checked out there" },
    OptionDoc { key: "commit", about: "tag (without it) or label: whether the tag names the commit, or the label org.opencontainers.image.revision" },
];

/// Reads `{ git-history: ../api, branch: origin/main }`.
pub(super) fn build(settings: &Settings) -> Result<Arc<dyn Policy>, PolicyError> {
    let clone = settings.text("git-history")?.unwrap_or_default();
    if clone.is_empty() || clone.contains("://") || clone.starts_with("git@") {
        return Err(PolicyError::at("git-history", format!("{clone:?} is not the folder of a clone")).with_hint(
            "clone the source repository first, which needs no files: git clone --bare --filter=tree:0 URL FOLDER",
        ));
    }
    let branch = settings.text("branch")?.map(Into::into);
    let by_label = settings.word("commit", &[("tag", false), ("label", true)])?.unwrap_or(false);
    Ok(Arc::new(GitHistory { clone: clone.into(), branch, by_label }))
}

impl Policy for GitHistory {
    fn describe(&self) -> String {
        let branch = self.branch.as_ref().map(|branch| format!(", {branch}")).unwrap_or_default();
        format!("git-history: {}{branch}{}", self.clone, if self.by_label { ", by label" } else { "" })
    }

    fn needs(&self) -> Need {
        if self.by_label { Need::Facts } else { Need::Nothing }
    }

    fn external_need(&self) -> Option<ExternalNeed<'_>> {
        Some(ExternalNeed::History { clone: &self.clone, branch: self.branch.as_deref() })
    }

    fn reader<'a>(
        &'a self,
        current: Option<&'a str>,
        external: &'a ExternalFacts,
    ) -> Result<Box<dyn Reader + 'a>, Reason> {
        let history = external.history()?;
        if self.by_label {
            return Ok(Box::new(ByCommit { history, by_label: true, form: None }));
        }
        let form = current.and_then(|text| {
            let (commit, _) = Commit::in_text(history, text)?;
            let (before, after) = commit.around(text);
            Some((Mould::new(&Shape::of(before)), Mould::new(&Shape::of(after))))
        });
        Ok(Box::new(ByCommit { history, by_label: false, form }))
    }
}

/// Fewer hexadecimal digits than git ever writes by itself may be a word, or a number.
const SHORTEST: usize = 7;
/// The shortest abbreviation that git takes: enough where the filter extracts nothing but the commit.
const SHORTEST_ALONE: usize = 4;

/// A word of a text that names a commit.
#[derive(Clone, Copy)]
struct Commit {
    start: usize,
    end: usize,
}

impl Commit {
    /// The word that names a commit of the history; else one that could name a commit. A time stamp looks like one.
    fn in_text(history: &History, text: &str) -> Option<(Self, Found)> {
        let mut best: Option<(Self, Found)> = None;
        for commit in Self::words(text) {
            let found = history.find(&commit.id(text));
            match (found, best) {
                (Found::At(one), Some((before, Found::At(other)))) if one != other => {
                    return Some((before, Found::Several));
                }
                (Found::At(_), Some((_, Found::Nothing | Found::Several)) | None)
                | (Found::Several, Some((_, Found::Nothing)) | None)
                | (Found::Nothing, None) => best = Some((commit, found)),
                (Found::Nothing, Some((before, Found::Nothing))) if !before.has_letter(text) => {
                    best = Some((commit, found));
                }
                _ => {}
            }
        }
        best
    }

    fn words(text: &str) -> impl Iterator<Item = Self> + '_ {
        let least = if text.bytes().all(|b| b.is_ascii_hexdigit()) { SHORTEST_ALONE } else { SHORTEST };
        let mut start = 0;
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(move |word| {
            let (from, end) = (start, start + word.len());
            start = end + text[end..].chars().next().map_or(0, char::len_utf8);
            // As `git describe` writes it.
            let from = if word.starts_with('g') { from + 1 } else { from };
            let id = &text[from..end];
            let is_id = (least..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit());
            is_id.then_some(Self { start: from, end })
        })
    }

    fn id(self, text: &str) -> Cow<'_, str> {
        let id = &text[self.start..self.end];
        if id.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(id.to_ascii_lowercase()) } else { Cow::Borrowed(id) }
    }

    fn has_letter(self, text: &str) -> bool {
        text[self.start..self.end].bytes().any(|b| b.is_ascii_alphabetic())
    }

    fn around(self, text: &str) -> (&str, &str) {
        (&text[..self.start], &text[self.end..])
    }
}

struct ByCommit<'p> {
    history: &'p History,
    by_label: bool,
    /// What stands around the commit in the current tag: `-debug` is another kind of image. Numbers in it may change.
    form: Option<(Mould<'p>, Mould<'p>)>,
}

impl ByCommit<'_> {
    fn find(&self, text: &str, facts: Option<&ImageFacts>) -> Result<Found, Rejection> {
        if self.by_label {
            let revision = facts.and_then(|facts| facts.revision.as_deref()).ok_or(Rejection::NoFact)?;
            return Ok(self.history.find(&revision.trim().to_ascii_lowercase()));
        }
        let (commit, found) = Commit::in_text(self.history, text).ok_or(Rejection::Unreadable)?;
        let (before, after) = commit.around(text);
        let ignored = &mut Key::default();
        let fits = self.form.as_ref().is_none_or(|form| form.0.fit(before, ignored) && form.1.fit(after, ignored));
        if fits { Ok(found) } else { Err(Rejection::OtherVariant) }
    }

    fn named(&self, text: &str) -> String {
        let commit = Commit::in_text(self.history, text).filter(|_| !self.by_label);
        commit.map_or("its commit".to_owned(), |(commit, _)| format!("the commit {}", commit.id(text)))
    }
}

impl Reader for ByCommit<'_> {
    fn read(&self, text: &str, facts: Option<&ImageFacts>, key: &mut Key) -> Result<(), Rejection> {
        match self.find(text, facts)? {
            Found::At(place) => {
                key.instant(place.into());
                Ok(())
            }
            Found::Several => Err(Rejection::NoFact),
            Found::Nothing => Err(Rejection::Outside),
        }
    }

    fn place(&self, text: &str, facts: Option<&ImageFacts>, key: &mut Key) -> Result<bool, Reason> {
        match self.read(text, facts, key) {
            Ok(()) => Ok(true),
            // What is deployed may be newer than the clone knows: then every other tag would be a step back.
            Err(Rejection::Outside) => Err(Reason::new(format!(
                "what stands there, {text}, can't be placed: {} is not in {} ({})",
                self.named(text),
                self.history,
                self.history.remedy()
            ))),
            Err(Rejection::NoFact) if facts.is_some() || !self.by_label => Err(self.reason(text, Rejection::NoFact)),
            Err(_) => Ok(false),
        }
    }

    fn reason(&self, text: &str, refusal: Rejection) -> Reason {
        Reason::new(match refusal {
            Rejection::Outside => format!("{} is not in {}", self.named(text), self.history),
            Rejection::OtherVariant => {
                "something else stands around its commit than around that of the current tag".to_owned()
            }
            Rejection::NoFact if self.by_label => "its labels do not say which commit it was built from".to_owned(),
            Rejection::NoFact => format!("{} could be one of several in {}", self.named(text), self.history),
            _ => "names no commit".to_owned(),
        })
    }
}
