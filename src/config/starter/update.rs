//! How each reference to an image is updated, from the kind of its tag.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::{Part, Shape, Tag, commit_hash_at};

use super::found::{FoundImage, FoundTag};
use super::placeholder::{is_local, is_placeholder_tag};

/// How references are updated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Update {
    /// Not at all: the image is local or a placeholder, so that no registry has its build or digest.
    Ignored,
    /// By the build time of the image, because the tags are commits. Only tags that match this regular expression are candidates.
    Builds(String),
    /// The digest of one tag changes, such as `latest`.
    Floating,
    /// By the numbers in the tags, within one major version, because the image holds state.
    SameMajor,
    /// By the numbers in the tags.
    Numbers,
    /// Not before a person decides: the tag has no order, or it moves and the image holds state.
    Undecided,
}

/// The last part of names of databases, queues and other images that hold state. Their data rarely survives a change to another
/// major version without a migration. docs/command-line.md lists them.
const HOLD_STATE: &[&str] = &[
    "cassandra",
    "clickhouse",
    "clickhouse-server",
    "consul",
    "couchdb",
    "elasticsearch",
    "etcd",
    "influxdb",
    "kafka",
    "mariadb",
    "mongo",
    "mongodb",
    "mysql",
    "neo4j",
    "opensearch",
    "pgvector",
    "postgis",
    "postgres",
    "postgresql",
    "rabbitmq",
    "redis",
    "timescaledb",
    "valkey",
    "vault",
    "zookeeper",
];

/// The files in which references are updated in one way; `None` for all files.
pub(super) type Files<'i> = Option<BTreeSet<&'i str>>;

impl FoundImage {
    /// Returns how its references are updated, and where. One tag with numbers is enough: the others are then held, whereas another
    /// policy would stop updates of that tag.
    pub(super) fn updates(&self) -> BTreeMap<Update, Files<'_>> {
        let own = |found: &FoundTag| (!found.is_decided).then(|| self.update(found));
        let numbers = [Update::SameMajor, Update::Numbers]
            .into_iter()
            .find(|numbers| self.references.iter().any(|found| own(found).as_ref() == Some(numbers)));
        let mut paths = BTreeMap::<Option<Update>, BTreeSet<&str>>::new();
        // Without a tag, a reference is held under each policy.
        for found in self.references.iter().filter(|found| found.tag.is_some()) {
            let update = own(found).map(|update| numbers.clone().unwrap_or(update));
            paths.entry(update).or_default().insert(&found.path);
        }
        let mut updates = BTreeMap::new();
        for (update, here) in &paths {
            let others: BTreeSet<&str> =
                paths.iter().filter(|(other, _)| *other != update).flat_map(|(_, there)| there).copied().collect();
            // A rule cannot distinguish two places in a file.
            let here: BTreeSet<&str> = here.difference(&others).copied().collect();
            if let (Some(update), false) = (update, here.is_empty()) {
                updates.insert(update.clone(), (!others.is_empty()).then_some(here));
            }
        }
        updates
    }

    fn update(&self, found: &FoundTag) -> Update {
        let tag = found.tag.as_ref().map_or("", Tag::as_str);
        let shape = Shape::of(tag);
        let holds_state = HOLD_STATE.contains(&self.name.familiar().rsplit('/').next().unwrap_or_default());
        match (shape.has_order(), holds_state) {
            (true, true) => Update::SameMajor,
            (true, false) => Update::Numbers,
            (false, _) if is_local(&self.name, tag) || is_placeholder_tag(tag) => Update::Ignored,
            (false, _) if found.is_chart || shape.has_identity() => Update::Undecided,
            (false, _) => match build_pattern(&shape) {
                Some(pattern) => Update::Builds(pattern),
                None if holds_state || tag.contains(|c: char| c.is_ascii_digit()) => Update::Undecided,
                None => Update::Floating,
            },
        }
    }
}

/// Returns a regular expression for tags that differ from one only in the commit; `None` if it has none.
fn build_pattern(shape: &Shape<'_>) -> Option<String> {
    let tag = shape.tag();
    let is_commit = commit_hash_at(tag, false) == Some(tag);
    let parts = if is_commit { &[Part::Hash(tag)] } else { shape.parts() };
    let pattern = |part: &Part<'_>| match part {
        Part::Hash(hash) if hash.contains('_') => "v[0-9a-f_]+".to_owned(),
        Part::Hash(hash) => {
            let prefix = if hash.starts_with('g') { "g" } else { "" };
            let length = hash.len() - prefix.len();
            format!("{prefix}[0-9a-f]{{{},{}}}", length.min(7), length.max(40))
        }
        other => other.text().replace('.', "[.]"),
    };
    let patterns: String = parts.iter().map(pattern).collect();
    parts.iter().any(|part| matches!(part, Part::Hash(_))).then(|| format!("^{patterns}$"))
}
