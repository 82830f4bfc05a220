//! One question prepared for many candidates: the filter, the policy and the bounds, in this order.

use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Ordering;

use regex::CaptureLocations;

use super::bounds::{Bounds, OutOfBounds};
use super::build_time::{JumpResult, judge};
use super::commit_places::{CurrentCommit, ImageCommits, shape_among};
use super::jump::{Jump, KnownVersions};
use super::not_newer::NotNewer;
use super::question::{Lookups, Question};
use super::released_line::{is_release_of_line, is_same_version};
use super::variant_guard::VariantGuard;
use crate::image::{Shape, Tag, timestamp_millis};
use crate::policy::candidate::{Candidate, Known, Need};
use crate::policy::entry::PolicyEntry;
use crate::policy::ordered_policy::{Floor, OrderedPolicy, TagReadError, TagReader};
use crate::policy::reason::{Acceptance, Ineligibility, Reason, Rejection, Unknown};
use crate::policy::versions::{
    OrderKey, Readings, VersionFloor, compare_leading_dates, compare_padded, has_longer_year, has_same_words,
    leads_with_version,
};

/// Compares candidates with the current tag.
pub(super) struct CandidateFilter<'q> {
    entry: &'q PolicyEntry,
    policy: &'q dyn OrderedPolicy,
    reader: &'q dyn TagReader,
    candidates: &'q [Candidate],
    current: &'q Tag,
    /// The current tag among the candidates.
    listed: Option<&'q Candidate>,
    /// The shape of the text that the policy reads of the current tag.
    shape: Option<&'q Shape<'q>>,
    /// The shape of the current tag as written.
    written: Shape<'q>,
    /// The current tag, if it has a commit: a number of a version is none.
    commit: Option<CurrentCommit<'q>>,
    variant: VariantGuard<'q>,
    place: Option<OrderKey>,
    /// The version that no candidate may lower, where the order of the policy does not show it.
    floor: Option<VersionFloor<'q>>,
    bounds: Bounds,
    names_image: bool,
    /// Whether the reference is to a chart, and so to an artifact.
    is_chart: bool,
    /// Whether pre-releases are no longer candidates.
    releases_only: bool,
    /// Whether the line of the current tag, a pre-release, is released in a way that the policy does not read.
    is_line_released: bool,
    commits: ImageCommits<'q>,
    /// What shows whether a step is suspicious.
    versions: Option<KnownVersions<'q>>,
    /// The buffer for the groups that the filter extracts.
    groups: RefCell<Option<CaptureLocations>>,
}

impl<'q> CandidateFilter<'q> {
    /// Prepares a question. `shape` is the [`current_shape`]. Fails if the place of the current tag is unknown.
    pub(super) fn new(
        question: &Question<'q>,
        policy: &'q dyn OrderedPolicy,
        reader: &'q dyn TagReader,
        current: &'q Tag,
        shape: Option<&'q Shape<'q>>,
        candidates: &'q [Candidate],
    ) -> Result<Self, Unknown> {
        let entry = question.entry;
        let mut key = OrderKey::default();
        let listed = candidates.iter().find(|candidate| candidate.tag == *current);
        let written = shape_among(current.as_str(), candidates);
        // Only a policy for this image may replace a tag without a version, such as `latest`, also where `zzz` follows it.
        let is_unordered = policy.orders_texts() && !question.names_image && !written.has_order();
        let facts = listed.and_then(|candidate| candidate.facts.facts());
        let is_placed = match shape {
            Some(shape) if policy.reads_numbers() && is_commit(shape) => false,
            Some(_) if is_unordered && !entry.bounds.allows_downgrade => false,
            Some(shape) => match reader.read_current(shape.tag(), facts, &mut key) {
                // If any tag may be selected, the place of the current one is not needed.
                Err(_) if entry.bounds.allows_downgrade => false,
                read => read?,
            },
            None => false,
        };
        let release = shape.map(Shape::release).unwrap_or_default();
        // Between two times, no step is too large.
        let is_time = release.first().is_some_and(|first| timestamp_millis(first).is_some());
        let bounds = Bounds { rejects_outliers: entry.bounds.rejects_outliers && !is_time, ..entry.bounds };
        let readings = match policy {
            policy if policy.floor() == Floor::Release => Readings::Stages,
            policy if !policy.reads_versions() || entry.filter.extracts() => Readings::All,
            policy if policy.orders_counters_as_text() => Readings::OtherFormsAndCounters,
            _ => Readings::OtherForms,
        };
        let has_floor = policy.floor() != Floor::Nothing && !bounds.allows_downgrade;
        let floor = if has_floor { VersionFloor::of(written.clone(), readings) } else { None };
        // Under a rule with wildcards, no order of texts replaces a commit either.
        let keeps_commit = policy.reads_numbers() || (policy.orders_texts() && !question.names_image);
        let ordered = shape.filter(|shape| policy.reads_versions() && shape.has_order());
        let extract = entry.filter.extracts().then_some(&entry.filter);
        let mut filter = Self {
            entry,
            policy,
            reader,
            candidates,
            current,
            listed,
            shape,
            variant: VariantGuard::new(&written, policy, question, is_placed),
            commit: if keeps_commit { CurrentCommit::new(&written) } else { None },
            written,
            place: is_placed.then_some(key),
            floor,
            bounds,
            names_image: question.names_image,
            is_chart: question.current.is_chart(),
            releases_only: false,
            is_line_released: false,
            commits: ImageCommits::new(candidates),
            versions: ordered.map(|shape| KnownVersions::new(shape, candidates, extract, question.is_listed)),
            groups: RefCell::default(),
        };
        filter.releases_only = filter.has_newer_release();
        filter.is_line_released = filter.has_released_line();
        Ok(filter)
    }

    /// Returns whether the current tag is a pre-release, and a newer release may be selected.
    fn has_newer_release(&self) -> bool {
        let is_pre_release = self.policy.prefers_releases() && self.shape.is_some_and(|shape| shape.stage().is_some());
        let mut key = OrderKey::default();
        is_pre_release
            && self.candidates.iter().any(|one| {
                let is_candidate = self.is_readable_image(one)
                    && self.check(one, &mut key).is_ok()
                    && self.place.as_ref().is_some_and(|place| key > *place);
                is_candidate
                    && self.entry.filter.read(one.tag.as_str()).is_some_and(|text| Shape::of(&text).stage().is_none())
            })
    }

    /// Returns whether the current tag is a pre-release, and a release of its line is a tag, in whatever way it is written.
    fn has_released_line(&self) -> bool {
        let pre_release = self.shape.filter(|shape| self.policy.prefers_releases() && shape.stage().is_some());
        pre_release.is_some_and(|current| {
            self.candidates.iter().any(|one| {
                let text = self.entry.filter.read(one.tag.as_str());
                text.is_some_and(|text| is_release_of_line(&Shape::of(&text), current)) && self.is_readable_image(one)
            })
        })
    }

    /// Returns whether a text is a pre-release where only a release is a successor of the current tag.
    fn is_late_pre_release(&self, text: &str) -> bool {
        if !self.releases_only && !self.is_line_released {
            return false;
        }
        let shape = Shape::of(text);
        let is_other_version = || self.shape.is_some_and(|current| !is_same_version(&shape, current));
        shape.stage().is_some() && (self.releases_only || is_other_version())
    }

    /// Returns the current tag among the candidates, if the registry lists it.
    pub(super) fn listed(&self) -> Option<&'q Candidate> {
        self.listed
    }

    /// Returns the shape of the current tag, whatever the policy reads of it.
    pub(super) fn current_as_written(&self) -> &Shape<'q> {
        &self.written
    }

    /// Returns whether the current tag has a place in the order.
    pub(super) fn has_place(&self) -> bool {
        self.place.is_some()
    }

    /// Returns whether the place of the current tag means more than that its text has one, as that of `latest` has.
    pub(super) fn orders_current(&self) -> bool {
        self.has_place() && (self.written.has_order() || !self.policy.orders_texts())
    }

    /// Writes the place of a candidate into `key`. Succeeds if the candidate may be selected.
    pub(super) fn check(&self, candidate: &Candidate, key: &mut OrderKey) -> Result<(), NotNewer> {
        let text = self.read(candidate, key)?;
        if self.policy.reads_numbers() && self.commits.is_whole(candidate.tag.as_str()) {
            return Err(NotNewer::NumericCommit);
        }
        match &self.place {
            None if candidate.tag == *self.current => return Err(NotNewer::SamePlace),
            None => self.check_without_place(candidate, &text)?,
            Some(place) => match (*key).cmp(place) {
                Ordering::Greater if self.lowers_version(candidate.tag.as_str()) => {
                    return Err(NotNewer::LowerVersion);
                }
                Ordering::Greater if self.variant.rejects_word(|| self.commits.shape_of(candidate.tag.as_str())) => {
                    return Err(NotNewer::Incomparable);
                }
                Ordering::Greater if self.replaces_commit(candidate.tag.as_str()) => {
                    return Err(NotNewer::SamePlace);
                }
                Ordering::Greater => {}
                Ordering::Equal if self.bounds.allows_downgrade && candidate.tag == *self.current => {}
                Ordering::Less if self.bounds.allows_downgrade => {}
                Ordering::Equal => return Err(NotNewer::SamePlace),
                Ordering::Less => return Err(NotNewer::Older),
            },
        }
        if candidate.tag != *self.current && self.variant.rejects(candidate.tag.as_str()) {
            return Err(NotNewer::OtherVariant);
        }
        if self.is_late_pre_release(&text) {
            return Err(NotNewer::LineReleased);
        }
        self.check_bounds(&text).map_err(NotNewer::OutOfBounds)
    }

    /// Returns whether a version is outside the range of the policy, if it has one.
    pub(super) fn is_out_of_range(&self, version: &str) -> bool {
        self.reader.read(version, None, &mut OrderKey::default()) == Err(TagReadError::OutOfRange)
    }

    /// Returns whether a tag differs from the current one in nothing but its commit.
    fn replaces_commit(&self, tag: &str) -> bool {
        self.commit.as_ref().is_some_and(|commit| commit.is_replaced_in(tag))
    }

    /// Returns whether a tag has a lower version than the current one, although its place is later.
    fn lowers_version(&self, tag: &str) -> bool {
        self.floor.as_ref().is_some_and(|floor| floor.is_greater_than(tag, || self.commits.shape_of(tag)))
    }

    /// Checks the step from the current tag to a text.
    pub(super) fn check_bounds(&self, text: &str) -> Result<(), OutOfBounds> {
        self.bounds.check(self.shape, text)
    }

    /// Compares a candidate with a current tag that the policy cannot read. Only a policy for this image alone may replace a tag
    /// that no reading compares, such as `latest`.
    fn check_without_place(&self, candidate: &Candidate, text: &str) -> Result<(), NotNewer> {
        let tag = Shape::of(candidate.tag.as_str());
        let (shape, current) = self.comparable(&tag, text);
        let (order, of_tags) = (compare_padded(&shape, current), compare_padded(&tag, &self.written));
        if [order, of_tags].contains(&Some(Ordering::Less)) && !self.bounds.allows_downgrade {
            return Err(NotNewer::LowerVersion);
        }
        let is_successor = || {
            let is_greater = order == Some(Ordering::Greater) || (self.bounds.allows_downgrade && order.is_some());
            is_greater && leads_with_version(current) && has_same_words(&shape, current)
        };
        // Only a tag without a version is replaced by any other.
        let is_free = self.bounds.allows_downgrade || !leads_with_version(current) || order == Some(Ordering::Greater);
        if (self.names_image && is_free) || is_successor() { Ok(()) } else { Err(NotNewer::Incomparable) }
    }

    /// Returns the shapes to compare where the policy cannot read the current tag: those of the texts that it reads. If the filter
    /// extracts nothing from the current tag, the tags as written may be versions.
    fn comparable<'t>(&self, tag: &Shape<'t>, text: &'t str) -> (Shape<'t>, &Shape<'q>) {
        self.shape.map_or_else(|| (tag.clone(), &self.written), |current| (Shape::of(text), current))
    }

    /// Compares a candidate with a current tag that the policy cannot read, by what every reading of versions can compare.
    pub(super) fn order_without_place(&self, candidate: &Candidate) -> Option<Ordering> {
        let text = self.entry.filter.text(candidate.tag.as_str()).ok()?;
        let tag = Shape::of(candidate.tag.as_str());
        let (shape, current) = self.comparable(&tag, &text);
        compare_padded(&shape, current)
    }

    /// Returns whether the current tag has a commit with digits only, such as `1.2.3-4808804`, and other tags differ from it in
    /// nothing else: read as a number, one of them may be newer.
    pub(super) fn has_other_commits(&self) -> bool {
        let is_other = |one: &Candidate| {
            let tag = one.tag.as_str();
            one.tag != *self.current && self.entry.filter.read(tag).is_some() && self.replaces_commit(tag)
        };
        !Shape::of(self.current.as_str()).has_hash() && self.candidates.iter().any(is_other)
    }

    /// Returns whether the image of a candidate is readable and a container image, or not known to be another.
    pub(super) fn is_readable_image(&self, candidate: &Candidate) -> bool {
        !matches!(self.judge_content(candidate), Ok(JumpResult::Rejected(_)))
    }

    /// Judges the content of a candidate whatever its tag is, or returns which facts of the current tag it needs: an artifact,
    /// such as a build cache, follows only an artifact of the same type.
    pub(super) fn judge_content(&self, candidate: &Candidate) -> Result<JumpResult, Lookups> {
        if let Known::Unreadable(cause) = &candidate.facts {
            return Ok(JumpResult::Rejected(Rejection::Unreadable(cause.clone())));
        }
        let kind = |facts: &Known| facts.facts().and_then(|facts| facts.artifact_type.clone());
        let Some(found) = kind(&candidate.facts) else { return Ok(JumpResult::Plausible) };
        match self.listed {
            _ if self.is_chart => Ok(JumpResult::Plausible),
            Some(listed) if !listed.facts.covers(Need::Facts) => Err(vec![(listed.tag.clone(), Need::Facts)]),
            Some(listed) if let Some(error) = listed.facts.failure() => {
                Ok(JumpResult::Unknown(Unknown::LookupFailed(listed.tag.clone(), error.into())))
            }
            Some(listed) if kind(&listed.facts).as_ref() == Some(&found) => Ok(JumpResult::Plausible),
            Some(_) | None => Ok(JumpResult::Rejected(Rejection::NotAnImage(found.into()))),
        }
    }

    /// Returns how suspicious the step from the current tag to a candidate is.
    pub(super) fn jump(&self, candidate: &Candidate) -> Jump {
        let bounds = &self.entry.bounds;
        let Some(known) = &self.versions else { return Jump::Usual };
        let Ok(text) = self.entry.filter.text(candidate.tag.as_str()) else { return Jump::Usual };
        match Jump::new(&Shape::of(&text), known) {
            Jump::Skip if bounds.allows_older_build => Jump::Usual,
            Jump::Outlier if !bounds.rejects_outliers && bounds.allows_older_build => Jump::Usual,
            Jump::Outlier if !bounds.rejects_outliers => Jump::Skip,
            jump => jump,
        }
    }

    /// Judges the step from the current tag to a candidate by the build times of both, or returns which facts it needs.
    pub(super) fn judge_jump(&self, candidate: &Candidate) -> Result<JumpResult, Lookups> {
        let jump = self.jump(candidate);
        if jump == Jump::Usual {
            return Ok(JumpResult::Plausible);
        }
        match judge(jump, candidate, (self.current, self.listed))? {
            JumpResult::Rejected(Rejection::OlderBuild { .. }) if self.bounds.allows_older_build => {
                Ok(JumpResult::Plausible)
            }
            result => Ok(result),
        }
    }

    /// Writes the place of a candidate into `key`, whether newer or not, and returns the text that was read.
    fn read<'t>(&self, candidate: &'t Candidate, key: &mut OrderKey) -> Result<Cow<'t, str>, NotNewer> {
        key.clear();
        let groups = &mut *self.groups.borrow_mut();
        let text = self.entry.filter.text_with(candidate.tag.as_str(), groups).map_err(NotNewer::Filtered)?;
        self.reader.read(&text, candidate.facts.facts(), key).map_err(|error| match error {
            TagReadError::MissingFact if !self.is_readable_image(candidate) => NotNewer::NoImage,
            error => NotNewer::Unreadable(error),
        })?;
        Ok(text)
    }

    /// Returns whether a tag begins with a later date than the current one.
    fn has_later_date(&self, tag: &str) -> bool {
        compare_leading_dates(&Shape::of(tag), &self.written) == Some(Ordering::Greater)
    }

    /// Returns the reason for an error of [`check`](Self::check), where the candidate is not the current tag.
    pub(super) fn rejection(&self, candidate: &Candidate, error: NotNewer) -> Rejection {
        let tag = candidate.tag.as_str();
        match error {
            NotNewer::Filtered(error) => self.entry.filter.rejection(error),
            NotNewer::Unreadable(error) => {
                let text = self.entry.filter.text(tag).unwrap_or(Cow::Borrowed(tag));
                let rejection = self.reader.rejection(&text, error);
                if text == tag { rejection } else { Rejection::Extracted(text.into(), Box::new(rejection)) }
            }
            NotNewer::OutOfBounds(OutOfBounds::Outlier) if has_longer_year(&Shape::of(tag), &self.written) => {
                Rejection::OtherYearFormat(self.current.clone())
            }
            NotNewer::OutOfBounds(error) => self.bounds.rejection(error, self.current),
            NotNewer::NoImage => match self.judge_content(candidate) {
                Ok(JumpResult::Rejected(cause)) => cause,
                Ok(JumpResult::Plausible | JumpResult::Unknown(_)) | Err(_) => Rejection::Unorderable,
            },
            NotNewer::OtherVariant => Rejection::OtherShape {
                shape: Shape::of(tag).to_string().into(),
                current: self.written.to_string().into(),
            },
            NotNewer::NumericCommit => Rejection::NumericCommit,
            NotNewer::LineReleased => Rejection::LineReleased(self.current.clone()),
            NotNewer::Incomparable => Rejection::Incomparable(self.current.clone()),
            NotNewer::LowerVersion => Rejection::LowerVersion(self.current.clone()),
            NotNewer::Older if self.has_later_date(tag) => Rejection::LaterDate(self.current.clone()),
            NotNewer::Older => Rejection::Older(self.current.clone()),
            NotNewer::SamePlace => Rejection::NotNewer(self.current.clone()),
        }
    }

    /// Returns the reason for an error of [`check`](Self::check).
    pub(super) fn reason(&self, candidate: &Candidate, error: NotNewer) -> Reason {
        match candidate.facts.failure() {
            Some(cause) if error == NotNewer::Unreadable(TagReadError::MissingFact) => {
                Ineligibility::LookupFailed(cause.into()).into()
            }
            _ if error == NotNewer::SamePlace && candidate.tag == *self.current => Acceptance::CurrentTag.into(),
            _ => self.rejection(candidate, error).into(),
        }
    }
}

/// Returns whether a tag is a commit, and has an order only if its digits are read as a number.
fn is_commit(shape: &Shape<'_>) -> bool {
    shape.has_hash() && !shape.has_order() && Shape::of(shape.tag()).has_order()
}
