//! Conditions on an image before it may be proposed: its age and its platforms.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::image::{ImageFacts, Platform, Tag};
use crate::policy::candidate::Need;
use crate::policy::decision::Outcome;
use crate::policy::reason::{Hold, Ineligibility, Unknown};

/// Conditions on an image, whichever policy selects it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gates {
    /// How old it must be at least.
    pub min_age: Option<Duration>,
    /// The platforms that it must run on.
    pub platforms: Vec<Platform>,
}

/// The result of the gates for one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GateResult {
    /// It may be proposed.
    Eligible,
    /// It is delayed; the next best tag may be eligible.
    NotYet(Ineligibility),
    /// It stays ineligible until a person acts.
    Stuck(Ineligibility),
    /// The registry does not report what the gate needs.
    Unknown(Ineligibility),
}

impl GateResult {
    /// Returns what it means for the only candidate.
    pub(super) fn outcome(self, tag: &Tag) -> Option<Outcome> {
        match self {
            Self::Eligible => None,
            Self::NotYet(cause) => Some(delayed(tag.clone(), cause)),
            Self::Stuck(cause) => Some(Outcome::Held(Hold::NotEligibleYet(tag.clone(), cause).into())),
            Self::Unknown(cause) => Some(Outcome::Unknown(Unknown::Gate(tag.clone(), cause).into())),
        }
    }
}

/// Returns the outcome where the best successor is delayed. Only its age changes without a person.
pub(super) fn delayed(tag: Tag, cause: Ineligibility) -> Outcome {
    let is_delay = matches!(cause, Ineligibility::TooYoung { .. });
    let reason = Hold::NotEligibleYet(tag, cause).into();
    if is_delay { Outcome::Delayed(reason) } else { Outcome::Held(reason) }
}

impl Gates {
    /// Returns whether there are no conditions.
    pub fn is_empty(&self) -> bool {
        self.min_age.is_none() && self.platforms.is_empty()
    }

    /// Returns the conditions that a chart can meet: it runs on no platform.
    #[must_use]
    pub fn of_chart(&self) -> Self {
        Self { platforms: Vec::new(), ..self.clone() }
    }

    /// Returns which facts the conditions need.
    pub(super) fn need(&self) -> Need {
        match (&self.min_age, &self.platforms[..]) {
            (None, []) => Need::Tag,
            (None, _) => Need::Facts,
            (Some(_), _) => Need::Age,
        }
    }

    /// Checks an image by its facts. An artifact, such as a chart, runs on no platform, and may record no time.
    pub(super) fn check(&self, facts: &ImageFacts, now: Timestamp) -> GateResult {
        let is_artifact = facts.artifact_type.is_some();
        let has = |wanted: &&Platform| is_artifact || facts.platforms.iter().any(|offered| wanted.accepts(offered));
        let lacking: Vec<Platform> = self.platforms.iter().filter(|wanted| !has(wanted)).cloned().collect();
        if !lacking.is_empty() && facts.platforms.is_empty() {
            return GateResult::NotYet(Ineligibility::PlatformsUnknown);
        }
        if !lacking.is_empty() {
            return GateResult::NotYet(Ineligibility::Platforms(lacking));
        }
        self.min_age.map_or(GateResult::Eligible, |min_age| check_age(facts, min_age, now))
    }
}

fn check_age(facts: &ImageFacts, min_age: Duration, now: Timestamp) -> GateResult {
    let times = [(facts.pushed, "pushed"), (facts.build_time(), "built"), (facts.first_seen, "first seen")];
    let Some((since, event)) = times.into_iter().find_map(|(time, event)| Some((time?, event))) else {
        if facts.artifact_type.is_some() {
            return GateResult::Eligible;
        }
        return GateResult::Stuck(Ineligibility::AgeUnknown(facts.created));
    };
    if SignedDuration::try_from(min_age).is_ok_and(|min_age| since.duration_until(now) >= min_age) {
        GateResult::Eligible
    } else {
        GateResult::NotYet(Ineligibility::TooYoung { min_age, event, since })
    }
}
