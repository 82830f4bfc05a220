//! The first half of every command that wants changes: find, govern, look up, choose.

use jiff::Timestamp;

use crate::config::Config;
use crate::govern::Listed;
use crate::manifest::{Finding, Options, Place, Refusal};
use crate::plan::{self, Background, Change};
use crate::policy::Outcome;
use crate::registry::Registry;

use super::discover::{Discovered, discover};
use super::lookup::{Answer, Failure, Lookup};
use super::snapshot::Snapshot;
use super::subjects::{Scope, subjects};
use super::supplies::Supplies;

/// What was found and decided, before anything is grouped or written.
#[derive(Debug)]
pub struct Decided {
    /// Every finding, with what governs it.
    pub listed: Vec<Listed>,
    /// What the files were read with.
    pub(super) options: Options,
    /// Every decision.
    pub answers: Vec<Answer>,
    /// Lookups that failed.
    pub failures: Vec<Failure>,
    /// What is to change, in the order of the decisions.
    pub changes: Vec<Change>,
    /// Places that can't be edited, and why.
    pub refused: Vec<(Place, Refusal)>,
    /// What was looked up about images for people only.
    pub(super) background: Background,
}

/// Finds what stands in a snapshot and decides what should. `scope` says what it is about.
pub(super) async fn decide(
    snapshot: &dyn Snapshot,
    config: &Config,
    registry: &dyn Registry,
    scope: &Scope,
    now: Timestamp,
) -> Decided {
    let Discovered { listed, options, .. } = discover(snapshot, config);
    let supplies = Supplies::new(&listed, &config.folder);
    let lookup = Lookup { registry, supplies: &supplies, now, verdicts: false };
    let (answers, failures) = lookup.decide(subjects(&listed, scope, false)).await;
    let (changes, refused) = changes(&listed, &answers);
    Decided { listed, options, answers, failures, changes, refused, background: Background::new() }
}

fn changes(listed: &[Listed], answers: &[Answer]) -> (Vec<Change>, Vec<(Place, Refusal)>) {
    let (mut changes, mut refused) = (Vec::new(), Vec::new());
    for answer in answers {
        let Outcome::Update(choice) = &answer.decision.outcome else { continue };
        for place in &answer.places {
            let Finding::Occurrence(occurrence) = &listed[*place].finding else { continue };
            match plan::change(occurrence, &answer.selection, choice) {
                Ok(change) => changes.push(change),
                Err(refusal) => refused.push((occurrence.place.clone(), refusal)),
            }
        }
    }
    (changes, refused)
}
