//! What governs each finding: a policy, or a reason why none does. Every finding gets exactly one status.

use super::policies::Policies;
use super::select::{Selection, Spot, Ungoverned};
use crate::manifest::{Finding, NoticeStatus, Occurrence, Place};
use crate::policy;

/// A finding and what becomes of it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// What stands there.
    pub finding: Finding,
    /// Who decides about it.
    pub status: Status,
}

/// Who decides about a finding.
#[derive(Debug, Clone)]
pub enum Status {
    /// A policy does.
    Governed(Selection),
    /// A policy would, but has no order for what stands there: a person has to name another policy, or the tag.
    Unordered(Selection, String),
    /// A person has to do something first: a lower-case fragment says what is wrong.
    Held(String),
    /// Nobody here: a lower-case fragment says why.
    NotOurs(String),
}

/// Says what governs a finding.
pub fn govern(finding: Finding, policies: &Policies) -> Listed {
    let status = match &finding {
        Finding::Notice(notice) if notice.status == NoticeStatus::Held => Status::Held(notice.reason.clone()),
        Finding::Notice(notice) => Status::NotOurs(notice.reason.clone()),
        Finding::Occurrence(occurrence) => select(occurrence, policies),
    };
    Listed { finding, status }
}

fn select(occurrence: &Occurrence, policies: &Policies) -> Status {
    let place = &occurrence.place;
    let spot = Spot {
        name: occurrence.reference.name(),
        path: &place.path,
        line: place.position.line,
        marker: occurrence.marker.as_ref(),
        holds_name: occurrence.spans.name.is_some(),
    };
    match policies.select(&spot) {
        Ok(selection) => match policy::undecidable(&occurrence.reference, &selection.entry) {
            Some(reason) => Status::Unordered(selection, reason.to_string()),
            None => Status::Governed(selection),
        },
        Err(why @ (Ungoverned::NoRule | Ungoverned::Ignored(_))) => Status::NotOurs(why.to_string()),
        Err(why) => Status::Held(why.to_string()),
    }
}

impl Listed {
    /// Where it stands.
    pub fn place(&self) -> &Place {
        match &self.finding {
            Finding::Occurrence(occurrence) => &occurrence.place,
            Finding::Notice(notice) => &notice.place,
        }
    }
}
