//! Judges a suspicious jump by the build times of both images: a relic was built long before the current tag.

use jiff::{SignedDuration, Timestamp};

use super::jump::Jump;
use super::question::Lookups;
use crate::image::{ImageFacts, Tag};
use crate::policy::candidate::{Candidate, Known, Need};
use crate::policy::reason::{Rejection, Unknown};

/// A successor may be built this much earlier than the current tag: a release of a line that is maintained longer.
const TOLERANCE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The verdict of the build times on a jump.
#[derive(Debug)]
pub(super) enum JumpResult {
    /// The candidate may follow the current tag.
    Plausible,
    /// It is no successor.
    Rejected(Rejection),
    /// A lookup failed that may succeed later.
    Unknown(Unknown),
}

/// Judges the jump to a candidate, or returns which facts it needs. `current` is the current tag among the candidates.
pub(super) fn judge(jump: Jump, best: &Candidate, current: (&Tag, Option<&Candidate>)) -> Result<JumpResult, Lookups> {
    let (tag, listed) = current;
    let both = || [Some(best), listed].into_iter().flatten();
    let lookups: Lookups =
        both().filter(|one| !one.facts.covers(Need::Facts)).map(|one| (one.tag.clone(), Need::Facts)).collect();
    if !lookups.is_empty() {
        return Err(lookups);
    }
    if let Some((tag, error)) = both().find_map(|one| match &one.facts {
        Known::Failed(error) => Some((&one.tag, error)),
        _ => None,
    }) {
        return Ok(JumpResult::Unknown(Unknown::LookupFailed(tag.clone(), error.clone())));
    }
    let built = |one: &Candidate| one.facts.facts().and_then(ImageFacts::build_time);
    Ok(match (built(best), listed.and_then(built)) {
        (Some(built), Some(than)) if is_older(built, than) => {
            JumpResult::Rejected(Rejection::OlderBuild { built, current: tag.clone(), than })
        }
        (Some(_), Some(_)) => JumpResult::Plausible,
        _ if jump == Jump::Outlier => JumpResult::Rejected(Rejection::Outlier { current: tag.clone() }),
        _ => JumpResult::Plausible,
    })
}

fn is_older(built: Timestamp, than: Timestamp) -> bool {
    built.duration_until(than) > TOLERANCE
}
