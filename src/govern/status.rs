//! The status of each finding: managed by a policy, held or ignored. Every finding has exactly one.

use std::collections::BTreeSet;

use super::policies::Policies;
use super::select::{PolicyQuery, Selection, Unmanaged};
use crate::manifest::{Finding, NoticeStatus, Occurrence, Place};
use crate::policy;
use crate::text::count_of;

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
        /// The policy that its marker names and that does not exist.
        undefined: Option<String>,
    },
    /// It is deliberately left alone. The reason is a lower-case fragment.
    Ignored(String),
}

impl Status {
    /// Returns the status of a value that no policy manages before a person acts.
    fn held(reason: String) -> Self {
        Self::Held { reason, selection: None, undefined: None }
    }
}

/// Returns a finding with its status.
pub fn govern(finding: Finding, policies: &Policies) -> Listed {
    let status = match &finding {
        Finding::Notice(notice) if notice.status == NoticeStatus::Held => {
            set_elsewhere(&notice.place, policies).unwrap_or_else(|| Status::held(notice.reason.clone()))
        }
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
        has_own_digest: occurrence.spans.has_own_digest(),
        is_chart: occurrence.reference.is_chart(),
    };
    if let Some(reason) = &occurrence.ignored_by_default
        && !policies.name_place(&query)
    {
        return Status::Ignored(reason.clone());
    }
    match policies.select(&query) {
        Ok(selection) => match policy::undecidable(&occurrence.reference, &selection.entry) {
            Some(reason) => {
                let held = || Status::Held { reason: reason.to_string(), selection: Some(selection), undefined: None };
                // A person who put a marker there means this value.
                let unmarked = || occurrence.marker.is_none().then(|| set_elsewhere(place, policies)).flatten();
                unmarked().unwrap_or_else(held)
            }
            None => Status::Managed(selection),
        },
        Err(cause @ (Unmanaged::NoRule | Unmanaged::ForImages(_) | Unmanaged::Ignored(_))) => {
            Status::Ignored(cause.to_string())
        }
        Err(cause) => {
            let reason = cause.to_string();
            let undefined = match cause {
                Unmanaged::UnknownPolicy(name) | Unmanaged::UnknownObject(name) => Some(name),
                _ => None,
            };
            Status::Held { reason, selection: None, undefined }
        }
    }
}

/// Returns the status of a value that is not deployed, because kustomizations set the tag of its image; else `None`.
fn set_elsewhere(place: &Place, policies: &Policies) -> Option<Status> {
    let is_image = place.field.rsplit('.').next() == Some("image");
    let entries =
        if is_image { policies.automation.kustomizations.setting(&place.path, &place.value) } else { BTreeSet::new() };
    let entries = entries.into_iter().collect::<Vec<_>>();
    match &entries[..] {
        [] => None,
        [only] => Some(Status::Ignored(format!("the kustomization at {only} sets the tag of this image"))),
        [first, others @ ..] => {
            let others = count_of(others.len(), "other");
            Some(Status::Ignored(format!("the kustomizations at {first} and {others} set the tag of this image")))
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::interop::Automation;
    use crate::manifest::{self, FindOptions};
    use crate::policy::Pinning;

    /// Returns the status of each reference of a file under a configuration.
    fn statuses(path: &str, text: &str, config: &str) -> Vec<&'static str> {
        let config = config::parse(config, "tagboat.yaml").expect("a configuration");
        let automation = Automation::new(&[]);
        let policies = Policies::new(&config, &automation);
        let options = FindOptions { patterns: config.manifests.patterns.clone(), ..FindOptions::default() };
        let findings = manifest::find(path, text.as_bytes(), &options);
        let status = |finding| match govern(finding, &policies).status {
            Status::Managed(selection) if selection.pinning > Pinning::Keep => "pinned",
            Status::Managed(_) => "managed",
            Status::Held { .. } => "held",
            Status::Ignored(_) => "ignored",
        };
        findings.into_iter().map(status).collect()
    }

    #[test]
    fn applies_policies_for_images_to_charts_that_a_rule_names() {
        let chart = "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n  - { name: web, version: 1.0.0, repository: 'oci://ghcr.io/charts' }\n";
        let policies = "policies: { builds: { newest-build: true }, floating: { digest: true }, labels: { git-history: ../a, commit: label } }";
        #[rustfmt::skip]
        let rows = [
            ("rules: [{ images: ['**'], policy: builds }]",                             "ignored"),
            ("rules: [{ images: ['**'], policy: floating }]",                           "ignored"),
            ("rules: [{ images: ['ghcr.io/charts/*'], policy: labels }]",               "ignored"),
            ("rules: [{ paths: ['**'], policy: builds }]",                              "ignored"),
            ("rules: [{ images: ['**'], policy: builds }, { images: ['**'] }]",         "managed"),
            ("rules: [{ images: ['ghcr.io/charts/web'], policy: builds }]",             "managed"),
            ("rules: [{ images: ['ghcr.io/charts/{web,api}'], policy: builds }]",       "managed"),
            ("rules: [{ images: ['**'], pin: true }]",                                  "managed"),
            ("rules: [{ images: ['**'], pin: follow }]",                                "managed"),
            ("rules: [{ images: ['ghcr.io/charts/web'], pin: true }]",                  "pinned"),
        ];
        for (rules, expected) in rows {
            let found = statuses("Chart.yaml", chart, &format!("{policies}\n{rules}\n"));
            assert!(found.contains(&expected), "{rules}: {found:?}");
        }
    }

    #[test]
    fn manages_images_of_jobs_if_a_person_names_them() {
        let image = "image: golang:1.23.0\n";
        let marked = "image: golang:1.23.0 # tagboat: shape\n";
        #[rustfmt::skip]
        let rows = [
            (image,  "{}",                                                                        "ignored"),
            (marked, "{}",                                                                        "managed"),
            (image,  "rules: [{images: [\"**\"], policy: shape}]",                                "ignored"),
            (image,  "rules: [{images: [golang], policy: shape}]",                                "ignored"),
            (image,  "rules: [{paths: [\"**\"], policy: shape}]",                                 "ignored"),
            (image,  "rules: [{paths: [\"*.yml\"], policy: shape}]",                              "ignored"),
            (image,  "rules: [{paths: [\"**/.gitlab-ci.yml\"], policy: shape}]",                  "managed"),
            (image,  "rules: [{paths: [.gitlab-ci.yml], policy: ignore}]",                        "ignored"),
            (image,  "manifests: {patterns: [{paths: [.gitlab-ci.yml], regex: 'image: (?<name>[^:]+):(?<tag>.+)'}]}", "managed"),
        ];
        for (text, config, expected) in rows {
            let found = statuses(".gitlab-ci.yml", text, config);
            assert_eq!(found.first(), Some(&expected), "{text}{config}: {found:?}");
        }
    }
}
