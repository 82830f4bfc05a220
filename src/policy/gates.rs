//! Conditions on what lies behind a tag before it may be proposed: its age, and its platforms.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::policy::{Need, Outcome, Reason};
use crate::image::{ImageFacts, Platform, Tag};

/// What an image must fulfil, whichever policy found it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gates {
    /// How long it must have been there.
    pub min_age: Option<Duration>,
    /// What it must run on.
    pub platforms: Vec<Platform>,
}

/// What the gates say of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gate {
    /// It may be proposed.
    Open,
    /// Not this one; the next best may do.
    Shut(String),
    /// It can never be known as things are: a person has to do something.
    Stuck(String),
    /// It isn't known.
    Unknown(String),
}

impl Gate {
    /// What it means for the only candidate there is.
    pub(super) fn against(self, tag: &Tag) -> Option<Outcome> {
        match self {
            Self::Open => None,
            Self::Shut(why) | Self::Stuck(why) => Some(Outcome::Held(Reason::new(format!("{tag} waits: {why}")))),
            Self::Unknown(why) => {
                Some(Outcome::Unknown(Reason::new(format!("nothing can be known about {tag}: {why}"))))
            }
        }
    }
}

/// No container image is older than containers; a time before that comes from a reproducible build.
const FIRST_CONTAINER: Timestamp = Timestamp::constant(1_356_998_400, 0);

impl Gates {
    /// Whether there is anything to ask.
    pub fn is_empty(&self) -> bool {
        self.min_age.is_none() && self.platforms.is_empty()
    }

    /// What has to be known of an image before it can be judged.
    pub(super) fn need(&self) -> Need {
        match (&self.min_age, &self.platforms[..]) {
            (None, []) => Need::Nothing,
            (None, _) => Need::Facts,
            (Some(_), _) => Need::Age,
        }
    }

    /// Judges an image by its facts.
    pub(super) fn judge(&self, facts: &ImageFacts, now: Timestamp) -> Gate {
        let lacking: Vec<String> = self
            .platforms
            .iter()
            .filter(|wanted| !facts.platforms.iter().any(|offered| wanted.accepts(offered)))
            .map(ToString::to_string)
            .collect();
        if !lacking.is_empty() && facts.platforms.is_empty() {
            return Gate::Unknown("the registry does not tell which platforms it is for".to_owned());
        }
        if !lacking.is_empty() {
            return Gate::Shut(format!("not there for {}", lacking.join(" and ")));
        }
        self.min_age.map_or(Gate::Open, |least| old_enough(facts, least, now))
    }
}

fn old_enough(facts: &ImageFacts, least: Duration, now: Timestamp) -> Gate {
    let created = facts.created.filter(|created| *created >= FIRST_CONTAINER);
    let times = [(facts.pushed, "pushed"), (created, "built"), (facts.first_seen, "first seen")];
    let Some((since, word)) = times.into_iter().find_map(|(time, word)| Some((time?, word))) else {
        let told = facts.created.map_or("nothing".to_owned(), |created| format!("{created} (a reproducible build)"));
        return Gate::Stuck(format!(
            "min-age can't be told: the registry gives no push time, the image says {told}, and no cache folder has seen the tag \
             before; keep a cache folder between runs, or drop min-age for this image"
        ));
    };
    if SignedDuration::try_from(least).is_ok_and(|least| since.duration_until(now) >= least) {
        return Gate::Open;
    }
    let wait = since.checked_add(least).map_or_else(|_| "later".to_owned(), |at| format!("on {at}"));
    Gate::Shut(format!("younger than {}: {word} {since}, old enough {wait}", written(least)))
}

/// Units of a duration, greatest first, in seconds.
const UNITS: &[(&str, u64)] = &[("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// As people write it: `3d`, `36h`.
fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (unit, length) = UNITS.iter().find(|(_, length)| seconds.is_multiple_of(*length)).unwrap_or(&("s", 1));
    format!("{}{unit}", seconds / length)
}
