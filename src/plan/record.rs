//! The hidden record in the body of a pull request, the only state that Tagboat keeps between runs. Tagboat leaves a pull
//! request without a record alone.

use serde::{Deserialize, Serialize};

use super::pr_commands::check_boxes;
use super::proposal::Change;
use super::pull_request::PullRequest;

/// The beginning of Tagboat's part of a body. Text by people before and after the part stays.
const BEGIN: &str = "<!-- tagboat:begin -->";
/// The end of Tagboat's part of a body.
const END: &str = "<!-- tagboat:end -->";
/// The beginning of the record in that part.
const RECORD: &str = "<!-- tagboat:record ";

/// What Tagboat wrote to a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// The version of the format.
    pub version: u32,
    /// The name of the group.
    pub group: String,
    /// The title that Tagboat wrote. If the pull request has another title, a person changed it.
    pub title: String,
    /// The changes.
    pub changes: Vec<RecordedChange>,
    /// The labels that Tagboat added. If one is missing, a person removed it.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Whether Tagboat closed the pull request. It stays false when a person closes it.
    #[serde(default)]
    pub closed_by_tagboat: bool,
}

/// One change of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RecordedChange {
    /// The file.
    pub path: String,
    /// The field path, such as `spec.containers[0].image`.
    pub field: String,
    /// The normalized name of the image.
    pub image: String,
    /// The new reference, as written.
    pub to: String,
}

/// The version of [`Record`] that this build writes. A record of another version is ignored.
const VERSION: u32 = 1;

impl Record {
    /// Creates the record of a group.
    pub fn new(group: &str, title: &str, changes: &[Change], labels: &[String]) -> Self {
        Self {
            version: VERSION,
            group: group.to_owned(),
            title: title.to_owned(),
            changes: changes.iter().map(RecordedChange::of).collect(),
            labels: labels.to_vec(),
            closed_by_tagboat: false,
        }
    }

    /// Returns the record in a body.
    pub fn find(body: &str) -> Option<Self> {
        let (_, rest) = body.split_once(RECORD)?;
        let (json, _) = rest.split_once(" -->")?;
        serde_json::from_str::<Self>(json).ok().filter(|record| record.version == VERSION)
    }

    /// Returns Tagboat's part of a body: the visible text, the check boxes, and the record.
    pub fn wrap(&self, visible: &str) -> String {
        format!("{BEGIN}\n{}\n\n{}\n\n{RECORD}{} -->\n{END}", visible.trim_end(), check_boxes(), self.json())
    }

    /// Returns the `labels` that a pull request lacks, except those that a person removed. Forges ignore
    /// the case of labels.
    pub fn missing_labels(existing: &PullRequest, labels: &[String]) -> Vec<String> {
        let added = Self::find(&existing.body).map(|record| record.labels).unwrap_or_default();
        let is_present =
            |label: &&String| existing.labels.iter().chain(&added).any(|one| one.eq_ignore_ascii_case(label));
        labels.iter().filter(|label| !is_present(label)).cloned().collect()
    }

    /// Returns the same body with a record that Tagboat closed the pull request.
    pub fn mark_closed(body: &str) -> String {
        let Some(mut record) = Self::find(body) else { return body.to_owned() };
        record.closed_by_tagboat = true;
        let (before, rest) = body.split_once(RECORD).unwrap_or((body, ""));
        let after = rest.split_once(" -->").map_or("", |(_, after)| after);
        format!("{before}{RECORD}{} -->{after}", record.json())
    }

    /// Returns the record as JSON. Escapes `<` and `>`, which occur in strings only, because `-->` would end the comment.
    fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default().replace('>', "\\u003e").replace('<', "\\u003c")
    }
}

impl RecordedChange {
    /// Creates the record of one change.
    pub fn of(change: &Change) -> Self {
        Self {
            path: change.path.to_string(),
            field: change.field.clone(),
            image: change.to.name().to_string(),
            to: change.to.to_string(),
        }
    }

    /// Returns whether the change is at this place. Path and field identify a place across runs: an
    /// [`OccurrenceId`](crate::manifest::OccurrenceId) counts the occurrences of a file in one snapshot.
    pub fn is_at(&self, path: &str, field: &str) -> bool {
        self.path == path && self.field == field
    }
}

/// Replaces Tagboat's part of a body, or appends it. Text by people before and after it stays.
pub(super) fn merge_body(existing: &str, part: &str) -> String {
    let cut = existing.find(BEGIN).and_then(|start| {
        let length = existing[start..].find(END)? + END.len();
        Some((&existing[..start], &existing[start + length..]))
    });
    match cut {
        Some((before, after)) => format!("{before}{part}{after}"),
        None if existing.trim().is_empty() => part.to_owned(),
        None => format!("{}\n\n{part}", existing.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let change = RecordedChange {
            path: "a-->b.yaml".into(),
            field: "spec.image".into(),
            image: "docker.io/library/nginx".into(),
            to: "nginx:1.28".into(),
        };
        Record {
            version: 1,
            group: "<all>".into(),
            title: "t".into(),
            changes: vec![change],
            labels: vec![],
            closed_by_tagboat: true,
        }
    }

    #[test]
    fn finds_record_in_wrapped_body() {
        let body = record().wrap("| a table |");
        assert_eq!(Record::find(&body), Some(record()));
        assert_eq!(body.matches("-->").count(), 5, "{body}");
        assert_eq!(Record::find(&body.replace("\"version\":1", "\"version\":99")), None);
        assert_eq!(Record::find("nothing here"), None);
        let open = Record { closed_by_tagboat: false, ..record() };
        assert_eq!(Record::mark_closed(&open.wrap("| a table |")), body);
    }

    #[test]
    fn keeps_text_by_people() {
        let (old, new) = (record().wrap("old"), record().wrap("new"));
        assert_eq!(merge_body(&format!("Hello\n{old}\nbye"), &new), format!("Hello\n{new}\nbye"));
        assert_eq!(merge_body("", &new), new);
        assert_eq!(merge_body("A person removed the part", &new), format!("A person removed the part\n\n{new}"));
    }
}
