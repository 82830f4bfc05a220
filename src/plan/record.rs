//! The hidden record in a pull request's body: what the next run has to know, kept where people can't lose it by
//! accident. The body is Tagboat's only memory; whoever deletes the record makes it careful, not wrong.

use serde::{Deserialize, Serialize};

use super::proposal::Change;
use super::pull_request::PullRequest;
use super::wish::boxes;

/// Our part of a body lies between these; what people write around it is theirs.
const BEGIN: &str = "<!-- tagboat:begin -->";
const END: &str = "<!-- tagboat:end -->";
/// The record itself, inside our part.
const RECORD: &str = "<!-- tagboat:record ";

/// What a pull request of ours was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// The format of this record.
    pub version: u32,
    /// The group.
    pub group: String,
    /// The title that we gave, to see whether a person changed it.
    pub title: String,
    /// What is changed to what.
    pub changes: Vec<RecordedChange>,
    /// The labels that we gave, to see whether a person took one away.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Whether it was Tagboat that closed the pull request. A person who closes one leaves this false.
    #[serde(default)]
    pub closed_by_tagboat: bool,
}

/// One change of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RecordedChange {
    /// The file.
    pub path: String,
    /// The YAML route.
    pub field: String,
    /// The normalised name of the image.
    pub image: String,
    /// The reference it becomes, as written.
    pub to: String,
}

/// The version of [`Record`] that this build writes. A record of another version is read as none.
const VERSION: u32 = 1;

impl Record {
    /// The record of a draft's changes.
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

    /// Finds the record in a body.
    pub fn find(body: &str) -> Option<Self> {
        let (_, rest) = body.split_once(RECORD)?;
        let (json, _) = rest.split_once(" -->")?;
        serde_json::from_str::<Self>(json).ok().filter(|record| record.version == VERSION)
    }

    /// Our part of a body: what people read, the boxes that they may tick, then the record.
    pub fn wrap(&self, visible: &str) -> String {
        format!("{BEGIN}\n{}\n\n{}\n\n{RECORD}{} -->\n{END}", visible.trim_end(), boxes(), self.json())
    }

    /// What of `labels` a pull request lacks, but for those that it had and a person took away. Forges take labels that
    /// differ in case for one.
    pub fn missing_labels(existing: &PullRequest, labels: &[String]) -> Vec<String> {
        let given = Self::find(&existing.body).map(|record| record.labels).unwrap_or_default();
        let known = |label: &&String| existing.labels.iter().chain(&given).any(|one| one.eq_ignore_ascii_case(label));
        labels.iter().filter(|label| !known(label)).cloned().collect()
    }

    /// The same body, with a record that says that it was Tagboat who closed the pull request.
    pub fn mark_closed(body: &str) -> String {
        let Some(mut record) = Self::find(body) else { return body.to_owned() };
        record.closed_by_tagboat = true;
        let (before, rest) = body.split_once(RECORD).unwrap_or((body, ""));
        let after = rest.split_once(" -->").map_or("", |(_, after)| after);
        format!("{before}{RECORD}{} -->{after}", record.json())
    }

    /// A `-->` inside the JSON would end the comment: `<` and `>` can only stand in strings, where they are escaped.
    fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default().replace('>', "\\u003e").replace('<', "\\u003c")
    }
}

impl RecordedChange {
    /// The record of one change.
    pub fn of(change: &Change) -> Self {
        Self {
            path: change.path.to_string(),
            field: change.field.clone(),
            image: change.to.name().to_string(),
            to: change.to.to_string(),
        }
    }

    /// Whether it is about the same place, whatever stands there.
    pub fn same_place(&self, path: &str, field: &str) -> bool {
        self.path == path && self.field == field
    }
}

/// Puts our part into a body that people may have written in: theirs stays, before and after.
pub(super) fn merge_body(existing: &str, ours: &str) -> String {
    let cut = existing.find(BEGIN).and_then(|start| {
        let length = existing[start..].find(END)? + END.len();
        Some((&existing[..start], &existing[start + length..]))
    });
    match cut {
        Some((before, after)) => format!("{before}{ours}{after}"),
        None if existing.trim().is_empty() => ours.to_owned(),
        None => format!("{}\n\n{ours}", existing.trim_end()),
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
    fn what_is_hidden_is_found_again() {
        let body = record().wrap("| a table |");
        assert_eq!(Record::find(&body), Some(record()));
        assert_eq!(body.matches("-->").count(), 5, "{body}");
        assert_eq!(Record::find(&body.replace("\"version\":1", "\"version\":99")), None);
        assert_eq!(Record::find("nothing here"), None);
        let open = Record { closed_by_tagboat: false, ..record() };
        assert_eq!(Record::mark_closed(&open.wrap("| a table |")), body);
    }

    #[test]
    fn what_people_wrote_stays() {
        let (old, new) = (record().wrap("old"), record().wrap("new"));
        assert_eq!(merge_body(&format!("Hello\n{old}\nbye"), &new), format!("Hello\n{new}\nbye"));
        assert_eq!(merge_body("", &new), new);
        assert_eq!(merge_body("They removed our part", &new), format!("They removed our part\n\n{new}"));
    }
}
