//! `git-history`: tags or labels that name commits, in the order of a branch of the source repository.
//!
//! Only the first-parent history counts, because only there every commit contains all earlier ones. An image of a merged
//! side branch may lack changes that the branch had long before, so it is rejected.

use std::borrow::Cow;

use crate::image::{ImageFacts, Shape};
use crate::policy::candidate::Need;
use crate::policy::external_facts::{ExternalFacts, ExternalNeed};
use crate::policy::history::{Found, History};
use crate::policy::ordered_policy::{OrderedPolicy, ReadError, TagReader};
use crate::policy::policy::Policy;
use crate::policy::reason::{Rejection, Unknown};
use crate::policy::settings::{OptionDoc, PolicyError, Settings};
use crate::policy::versions::{Key, ShapeMatcher};

/// Commits of one branch of one clone.
#[derive(Debug)]
pub(crate) struct GitHistory {
    clone: Box<str>,
    branch: Option<Box<str>>,
    by_label: bool,
}

/// Keys of this policy besides those of all policies.
#[rustfmt::skip]
pub(crate) const OPTIONS: &[OptionDoc] = &[
    OptionDoc { key: "branch", about: "a branch, tag or commit of the clone whose history counts, such as origin/main; without it, what is checked out" },
    OptionDoc { key: "commit", about: "tag (default) or label: whether the tag names the commit, or the label org.opencontainers.image.revision" },
];

/// Reads `{ git-history: ../api, branch: origin/main }`.
pub(crate) fn build(settings: &Settings) -> Result<Policy, PolicyError> {
    let clone = settings.text("git-history")?.unwrap_or_default();
    if clone.is_empty() || clone.contains("://") || clone.starts_with("git@") {
        return Err(PolicyError::at("git-history", format!("{clone:?} is not the folder of a clone")).with_hint(
            "clone the source repository first; no files are needed: git clone --bare --filter=tree:0 URL FOLDER",
        ));
    }
    let branch = settings.text("branch")?.map(Into::into);
    let by_label = settings.word("commit", &[("tag", false), ("label", true)])?.unwrap_or(false);
    Ok(Policy::ordered(GitHistory { clone: clone.into(), branch, by_label }))
}

impl OrderedPolicy for GitHistory {
    fn describe(&self) -> String {
        let branch = self.branch.as_ref().map(|branch| format!(", {branch}")).unwrap_or_default();
        format!("git-history: {}{branch}{}", self.clone, if self.by_label { ", by label" } else { "" })
    }

    fn need(&self) -> Need {
        if self.by_label { Need::Facts } else { Need::Tag }
    }

    fn external_need(&self) -> Option<ExternalNeed<'_>> {
        Some(ExternalNeed::History { clone: &self.clone, branch: self.branch.as_deref() })
    }

    fn reader<'a>(
        &'a self,
        current: Option<&'a str>,
        external: &'a ExternalFacts,
    ) -> Result<Box<dyn TagReader + 'a>, Unknown> {
        let history = external.history()?;
        if self.by_label {
            return Ok(Box::new(ByCommit { history, by_label: true, around: None }));
        }
        let around = current.and_then(|text| {
            let (commit, _) = Commit::in_text(history, text)?;
            let (before, after) = commit.around(text);
            Some((ShapeMatcher::new(&Shape::of(before)), ShapeMatcher::new(&Shape::of(after))))
        });
        Ok(Box::new(ByCommit { history, by_label: false, around }))
    }
}

/// Git's default length of an abbreviated id; fewer hexadecimal digits may be a word or a number.
const SHORTEST: usize = 7;
/// The shortest abbreviation that git accepts: enough if the text is nothing but the commit.
const SHORTEST_ALONE: usize = 4;

/// A word of a text that names a commit.
#[derive(Clone, Copy)]
struct Commit {
    start: usize,
    end: usize,
}

impl Commit {
    /// Returns the word that names a commit of the history; else one that could. A timestamp looks like one.
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
    /// The text around the commit in the current tag: `-debug` is another kind of image. Numbers in it may change.
    around: Option<(ShapeMatcher<'p>, ShapeMatcher<'p>)>,
}

impl ByCommit<'_> {
    fn find(&self, text: &str, facts: Option<&ImageFacts>) -> Result<Found, ReadError> {
        if self.by_label {
            let revision = facts.and_then(|facts| facts.revision.as_deref()).ok_or(ReadError::MissingFact)?;
            return Ok(self.history.find(&revision.trim().to_ascii_lowercase()));
        }
        let (commit, found) = Commit::in_text(self.history, text).ok_or(ReadError::Unreadable)?;
        let (before, after) = commit.around(text);
        let ignored = &mut Key::default();
        let fits = self
            .around
            .as_ref()
            .is_none_or(|(prefix, suffix)| prefix.matches(before, ignored) && suffix.matches(after, ignored));
        if fits { Ok(found) } else { Err(ReadError::OtherVariant) }
    }

    /// Returns the commit that a text names.
    fn commit(&self, text: &str) -> Option<Box<str>> {
        if self.by_label {
            return None;
        }
        Commit::in_text(self.history, text).map(|(commit, _)| commit.id(text).into())
    }
}

impl TagReader for ByCommit<'_> {
    fn read(&self, text: &str, facts: Option<&ImageFacts>, key: &mut Key) -> Result<(), ReadError> {
        match self.find(text, facts)? {
            Found::At(place) => {
                key.instant(place.into());
                Ok(())
            }
            Found::Several => Err(ReadError::MissingFact),
            Found::Nothing => Err(ReadError::OutOfRange),
        }
    }

    fn read_current(&self, text: &str, facts: Option<&ImageFacts>, key: &mut Key) -> Result<bool, Unknown> {
        match self.read(text, facts, key) {
            Ok(()) => Ok(true),
            // The deployed image may be newer than the clone: then every other tag would be a downgrade.
            Err(ReadError::OutOfRange) => Err(Unknown::CurrentNotInHistory {
                text: text.into(),
                why: self.rejection(text, ReadError::OutOfRange),
                shallow: self.history.is_shallow(),
            }),
            Err(ReadError::MissingFact) if facts.is_some() || !self.by_label => {
                Err(Unknown::Current { text: text.into(), why: self.rejection(text, ReadError::MissingFact) })
            }
            Err(_) => Ok(false),
        }
    }

    fn rejection(&self, text: &str, error: ReadError) -> Rejection {
        let history = || self.history.to_string().into();
        match error {
            ReadError::OutOfRange => Rejection::CommitNotFound { commit: self.commit(text), history: history() },
            ReadError::OtherVariant => Rejection::AroundCommit,
            ReadError::MissingFact if self.by_label => Rejection::NoRevisionLabel,
            ReadError::MissingFact => Rejection::CommitAmbiguous { commit: self.commit(text), history: history() },
            ReadError::Unreadable | ReadError::PreRelease => Rejection::NoCommit,
        }
    }
}
