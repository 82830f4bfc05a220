//! Failures and held values that share a cause: people read the cause once, scripts get one entry for each image.

use std::collections::HashMap;
use std::hash::Hash;

use super::run_report::{FailureRow, HeldRow};
use super::subject::Subject;
use crate::text::count_of;

/// Failures with the same cause, such as those of all images of a registry that cannot be reached.
pub(super) struct FailureCause<'a> {
    /// The first failure.
    pub(super) first: &'a FailureRow,
    /// The subjects of all failures.
    pub(super) subjects: Vec<&'a str>,
    /// The locations of all failures.
    pub(super) locations: Vec<String>,
}

impl<'a> FailureCause<'a> {
    /// Returns the causes in the order of their first failures. Only images share one.
    pub(super) fn of(failures: &'a [FailureRow]) -> Vec<Self> {
        let is_image = |row: &FailureRow| matches!(row.subject, Subject::Image(_));
        let cause = |(at, row): (usize, &'a FailureRow)| {
            let own = if is_image(row) { None } else { Some(at) };
            let shared = row.cause.as_ref().map(|cause| &cause.key);
            let reason = if shared.is_none() { Some((&row.reason, row.hint.as_deref())) } else { None };
            ((&row.host, shared, reason, own), row)
        };
        let groups = alike(failures.iter().enumerate().map(cause));
        groups
            .into_iter()
            .map(|rows| Self {
                first: rows[0],
                subjects: rows.iter().map(|row| row.subject.as_str()).collect(),
                locations: rows.iter().flat_map(|row| row.locations.iter().cloned()).collect(),
            })
            .collect()
    }

    /// Returns whether several images failed for it.
    pub(super) fn is_shared(&self) -> bool {
        self.subjects.len() > 1
    }

    /// Returns the reason. That of several images names none of them.
    pub(super) fn reason(&self) -> &str {
        match &self.first.cause {
            Some(shared) if self.is_shared() => &shared.text,
            _ => &self.first.reason,
        }
    }

    /// Returns the subject, or the number of the images and their registry.
    pub(super) fn label(&self) -> String {
        let images = || count_of(self.subjects.len(), "image");
        match (&self.subjects[..], &self.first.host) {
            ([only], _) => (*only).to_owned(),
            (_, Some(host)) => format!("{} of {host}", images()),
            (_, None) => images(),
        }
    }

    /// Returns the images, if there are several.
    pub(super) fn images(&self) -> Option<String> {
        self.is_shared().then(|| self.subjects.join(", "))
    }
}

/// Returns held values by their reason and hint, in the order of the first value of each.
pub(super) fn held_by_reason<'a>(held: impl IntoIterator<Item = &'a HeldRow>) -> Vec<Vec<&'a HeldRow>> {
    alike(held.into_iter().map(|row| ((&row.reason, row.hint.as_deref()), row)))
}

/// Returns rows by their keys, in the order of the first row of each key. No group is empty.
pub(super) fn alike<K: Eq + Hash, R>(rows: impl Iterator<Item = (K, R)>) -> Vec<Vec<R>> {
    let mut groups: Vec<Vec<R>> = Vec::new();
    let mut indexes = HashMap::new();
    for (key, row) in rows {
        let index = *indexes.entry(key).or_insert(groups.len());
        if index == groups.len() {
            groups.push(Vec::new());
        }
        groups[index].push(row);
    }
    groups
}
