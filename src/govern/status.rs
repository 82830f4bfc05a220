//! The status of each finding: managed by a policy, held or ignored. Every finding has exactly one.

use super::policies::Policies;
use super::select::{PolicyQuery, Selection, Unmanaged};
use crate::manifest::{Finding, NoticeStatus, Occurrence, Place};
use crate::policy;

/// A finding and its status.
#[derive(Debug, Clone)]
pub struct Listed {
    /// What was found.
    pub finding: Finding,
    /// Whether it is managed, held or ignored.
    pub status: Status,
}

/// The status of a finding.
#[derive(Debug, Clone)]
pub enum Status {
    /// A policy manages it.
    Managed(Selection),
    /// A person has to act first.
    Held {
        /// Why, as a lower-case fragment.
        reason: String,
        /// The policy that applies but cannot order the current tag; `None` if no policy applies.
        selection: Option<Selection>,
    },
    /// It is deliberately left alone. The reason is a lower-case fragment.
    Ignored(String),
}

impl Status {
    /// Returns the status of a value that no policy manages before a person acts.
    fn held(reason: String) -> Self {
        Self::Held { reason, selection: None }
    }
}

/// Returns a finding with its status.
pub fn govern(finding: Finding, policies: &Policies) -> Listed {
    let status = match &finding {
        Finding::Notice(notice) if notice.status == NoticeStatus::Held => Status::held(notice.reason.clone()),
        Finding::Notice(notice) => Status::Ignored(notice.reason.clone()),
        Finding::Occurrence(occurrence) => select(occurrence, policies),
    };
    Listed { finding, status }
}

fn select(occurrence: &Occurrence, policies: &Policies) -> Status {
    let place = &occurrence.place;
    let query = PolicyQuery {
        name: occurrence.reference.name(),
        path: &place.path,
        line: place.position.line,
        marker: occurrence.marker.as_ref(),
        holds_name: occurrence.spans.name.is_some(),
    };
    match policies.select(&query) {
        Ok(selection) => match policy::undecidable(&occurrence.reference, &selection.entry) {
            Some(reason) => Status::Held { reason: reason.to_string(), selection: Some(selection) },
            None => Status::Managed(selection),
        },
        Err(cause @ (Unmanaged::NoRule | Unmanaged::Ignored(_))) => Status::Ignored(cause.to_string()),
        Err(cause) => Status::held(cause.to_string()),
    }
}

impl Listed {
    /// Returns its place.
    pub fn place(&self) -> &Place {
        match &self.finding {
            Finding::Occurrence(occurrence) => &occurrence.place,
            Finding::Notice(notice) => &notice.place,
        }
    }
}
