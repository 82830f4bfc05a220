//! `git-history`: tags or labels that name commits, in the order of a branch of the source repository.
//!
//! Only the first-parent history counts, because only there every commit contains all earlier ones. An image of a merged
//! side branch may lack changes that the branch had long before, so it is rejected.

use std::borrow::Cow;

use crate::image::{ImageFacts, Shape};
use crate::policy::candidate::Need;
use crate::policy::external_facts::{ExternalFacts, ExternalNeed};
use crate::policy::history::{CommitLookup, History};
use crate::policy::ordered_policy::{Floor, OrderedPolicy, TagReadError, TagReader};
use crate::policy::policy::Policy;
use crate::policy::reason::{Rejection, Unknown};
use crate::policy::settings::{OptionDoc, PolicyError, Settings};
use crate::policy::versions::{OrderKey, ShapeMatcher};

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
        return Err(PolicyError::at("git-history", format!("expected the folder of a clone, found `{clone}`"))
            .with_hint(
                "clone the source repository first, without files: `git clone --bare --filter=tree:0 URL FOLDER`",
            ));
    }
    let branch = settings.text("branch")?.map(Into::into);
    let by_label = settings.word("commit", &[("tag", false), ("label", true)])?.unwrap_or(false);
    Ok(Policy::ordered(GitHistory { clone: clone.into(), branch, by_label }))
}

impl OrderedPolicy for GitHistory {
    fn need(&self) -> Need {
        if self.by_label { Need::Facts } else { Need::Tag }
    }

    fn external_need(&self) -> Option<ExternalNeed<'_>> {
        Some(ExternalNeed::History { clone: &self.clone, branch: self.branch.as_deref() })
    }

    fn floor(&self) -> Floor {
        // The history decides about tags that name a commit; beside a label, the tag may be a version.
        if self.by_label { Floor::Version } else { Floor::Release }
    }

    fn reader<'a>(
        &'a self,
        current: Option<&'a Shape<'a>>,
        external: &'a ExternalFacts,
    ) -> Result<Box<dyn TagReader + 'a>, Unknown> {
        let history = external.history()?;
        if self.by_label {
            return Ok(Box::new(ByCommit { history, by_label: true, around: None }));
        }
        let around = current.map(Shape::tag).and_then(|text| {
            let (commit, _) = CommitWord::in_text(history, text)?;
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
struct CommitWord {
    start: usize,
    end: usize,
}

impl CommitWord {
    /// Returns the word that names a commit of the history; else one that could. A timestamp looks like one.
    fn in_text(history: &History, text: &str) -> Option<(Self, CommitLookup)> {
        let mut best: Option<(Self, CommitLookup)> = None;
        for commit in Self::words(text) {
            let found = history.find(&commit.id(text));
            match (found, best) {
                (CommitLookup::At(one), Some((before, CommitLookup::At(other)))) if one != other => {
                    return Some((before, CommitLookup::Several));
                }
                (CommitLookup::At(_), Some((_, CommitLookup::Nothing | CommitLookup::Several)) | None)
                | (CommitLookup::Several, Some((_, CommitLookup::Nothing)) | None)
                | (CommitLookup::Nothing, None) => best = Some((commit, found)),
                (CommitLookup::Nothing, Some((before, CommitLookup::Nothing))) if !before.has_letter(text) => {
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
    fn find(&self, text: &str, facts: Option<&ImageFacts>) -> Result<CommitLookup, TagReadError> {
        if self.by_label {
            let revision = facts.and_then(|facts| facts.revision.as_deref()).ok_or(TagReadError::MissingFact)?;
            return Ok(self.history.find(&revision.trim().to_ascii_lowercase()));
        }
        let (commit, found) = CommitWord::in_text(self.history, text).ok_or(TagReadError::Unreadable)?;
        let (before, after) = commit.around(text);
        let ignored = &mut OrderKey::default();
        let fits = self
            .around
            .as_ref()
            .is_none_or(|(prefix, suffix)| prefix.matches(before, ignored) && suffix.matches(after, ignored));
        if fits { Ok(found) } else { Err(TagReadError::OtherVariant) }
    }

    /// Returns the commit that a text names.
    fn commit(&self, text: &str) -> Option<Box<str>> {
        if self.by_label {
            return None;
        }
        CommitWord::in_text(self.history, text).map(|(commit, _)| commit.id(text).into())
    }
}

impl TagReader for ByCommit<'_> {
    fn read(&self, text: &str, facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<(), TagReadError> {
        match self.find(text, facts)? {
            CommitLookup::At(place) => {
                key.instant(place.into());
                Ok(())
            }
            CommitLookup::Several => Err(TagReadError::MissingFact),
            CommitLookup::Nothing => Err(TagReadError::OutOfRange),
        }
    }

    fn read_current(&self, text: &str, facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<bool, Unknown> {
        match self.read(text, facts, key) {
            Ok(()) => Ok(true),
            // The deployed image may be newer than the clone: then every other tag would be a downgrade.
            Err(TagReadError::OutOfRange) => Err(Unknown::CurrentNotInHistory {
                text: text.into(),
                cause: self.rejection(text, TagReadError::OutOfRange),
                shallow: self.history.is_shallow(),
            }),
            Err(TagReadError::MissingFact) if facts.is_some() || !self.by_label => {
                Err(Unknown::Current { text: text.into(), cause: self.rejection(text, TagReadError::MissingFact) })
            }
            Err(_) => Ok(false),
        }
    }

    fn rejection(&self, text: &str, error: TagReadError) -> Rejection {
        let history = || self.history.to_string().into();
        match error {
            TagReadError::OutOfRange => Rejection::CommitNotFound { commit: self.commit(text), history: history() },
            TagReadError::OtherVariant => Rejection::SurroundingText,
            TagReadError::MissingFact if self.by_label => Rejection::NoRevisionLabel,
            TagReadError::MissingFact => Rejection::CommitAmbiguous { commit: self.commit(text), history: history() },
            TagReadError::Unreadable | TagReadError::PreRelease => Rejection::NoCommit,
        }
    }
}
