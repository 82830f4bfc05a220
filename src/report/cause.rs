//! Failures and held values that share a cause: people read the cause once, scripts get one entry for each image.

use super::run_report::{FailureRow, HeldRow};
use super::subject::Subject;
use crate::text::count_of;

/// Failures for the same reason, such as those of all images of a registry that cannot be reached.
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
        let mut causes = Vec::<Self>::new();
        for row in failures {
            let is_image = |one: &FailureRow| matches!(one.subject, Subject::Image(_));
            let is_same = |cause: &Self| {
                is_image(cause.first) && (&cause.first.reason, &cause.first.hint) == (&row.reason, &row.hint)
            };
            let known = if is_image(row) { causes.iter_mut().find(|cause| is_same(cause)) } else { None };
            match known {
                Some(cause) => {
                    cause.subjects.push(row.subject.as_str());
                    cause.locations.extend(row.locations.iter().cloned());
                }
                None => causes.push(Self {
                    first: row,
                    subjects: vec![row.subject.as_str()],
                    locations: row.locations.clone(),
                }),
            }
        }
        causes
    }

    /// Returns the subject, or the number of the images.
    pub(super) fn label(&self) -> String {
        match self.subjects[..] {
            [only] => only.to_owned(),
            _ => count_of(self.subjects.len(), "image"),
        }
    }

    /// Returns the images, if there are several.
    pub(super) fn images(&self) -> Option<String> {
        (self.subjects.len() > 1).then(|| self.subjects.join(", "))
    }
}

/// Returns held values by their reason and hint, in the order of the first value of each.
pub(super) fn held_by_reason(held: &[HeldRow]) -> Vec<Vec<&HeldRow>> {
    let mut alike = Vec::<Vec<&HeldRow>>::new();
    for row in held {
        let is_same = |one: &HeldRow| (&one.reason, &one.hint) == (&row.reason, &row.hint);
        match alike.iter_mut().find(|rows| rows.first().is_some_and(|first| is_same(first))) {
            Some(rows) => rows.push(row),
            None => alike.push(vec![row]),
        }
    }
    alike
}
