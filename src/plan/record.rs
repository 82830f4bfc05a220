//! The hidden record in the body of a pull request, the only state that Tagboat keeps between runs. Tagboat leaves a pull
//! request without a record alone.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::metadata::Metadata;
use super::pr_commands::check_boxes;
use super::proposal::Change;
use super::pull_request::PullRequest;
use crate::refname::{BranchName, CommitId};

/// The beginning of Tagboat's part of a body. Text by people before and after the part stays.
const BEGIN: &str = "<!-- tagboat:begin -->";
/// The end of Tagboat's part of a body.
const END: &str = "<!-- tagboat:end -->";
/// The beginning of the record in that part.
const RECORD: &str = "<!-- tagboat:record ";

/// The beginning of every hidden mark.
const MARK: &str = "<!-- tagboat:";

/// What Tagboat wrote to a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// The version of the format.
    pub version: u32,
    /// The name of the group.
    pub group: String,
    /// The branch to merge into. If the pull request has another base, a person or the forge changed it.
    pub base: BranchName,
    /// The title that Tagboat wrote. If the pull request has another title, a person changed it.
    pub title: String,
    /// The changes of the pull request.
    pub changes: Vec<RecordedChange>,
    /// A hash of the references that the changes replace: the texts name them. Earlier versions recorded none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
    /// The places whose new tag a person or a script named. A later run keeps it, because no policy selects it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<GivenPlace>,
    /// What Tagboat has added to the pull request. If something of it is missing, a person removed it.
    #[serde(default)]
    pub done: Done,
    /// Whether Tagboat closed the pull request. It stays false when a person closes it.
    #[serde(default)]
    pub closed_by_tagboat: bool,
}

/// What Tagboat has added to a pull request, recorded after each was added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Done {
    /// Labels and people.
    #[serde(flatten)]
    pub metadata: Metadata,
    /// The head of the branch for which auto-merge was enabled. Some forges disable it at every push.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_merge: Option<String>,
    /// Whether a person disabled auto-merge since.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub auto_merge_declined: bool,
}

impl Done {
    /// Returns whether nothing is left to do about auto-merge for this head of the branch: it was enabled, or a person does not
    /// want it.
    pub fn is_auto_merge_settled(&self, head: Option<&CommitId>) -> bool {
        let is_enabled = self.auto_merge.is_some() && self.auto_merge.as_deref() == head.map(CommitId::as_str);
        is_enabled || self.auto_merge_declined
    }
}

/// One change of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RecordedChange {
    /// The file, from the root of the repository.
    pub path: String,
    /// The field path, such as `spec.containers[0].image`.
    pub field: String,
    /// The normalized name of the image.
    pub image: String,
    /// The new reference, as written.
    pub to: String,
    /// The tag that the new digest belongs to, where the reference has only a digest: a later run compares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_of: Option<String>,
}

/// A place whose new tag a person or a script named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct GivenPlace {
    /// The file, from the root of the repository.
    pub path: String,
    /// The field path.
    pub field: String,
    /// The reference that the change replaces, as written. If the base branch has another one, the tag was named for something else.
    pub from: String,
}

/// The version of [`Record`] that this build writes. A record of another version is ignored.
const VERSION: u32 = 1;

impl Record {
    /// Creates the record of a group. `done` is that of an earlier record of the pull request.
    pub fn new(group: &str, title: &str, base: &BranchName, changes: &[Change], done: Done) -> Self {
        Self {
            version: VERSION,
            group: group.to_owned(),
            base: base.clone(),
            title: title.to_owned(),
            changes: changes.iter().map(RecordedChange::of).collect(),
            replaced: Some(hash_of_replaced(changes)),
            given: changes.iter().filter(|change| change.is_given).map(GivenPlace::of).collect(),
            done,
            closed_by_tagboat: false,
        }
    }

    /// Returns whether the texts of the pull request are those of these changes.
    pub fn describes(&self, changes: &[Change]) -> bool {
        changes.iter().map(RecordedChange::of).eq(self.changes.iter().cloned())
            && self.replaced.as_ref().is_none_or(|replaced| *replaced == hash_of_replaced(changes))
    }

    /// Returns the record in a body.
    pub fn find(body: &str) -> Option<Self> {
        let (_, rest) = body.split_once(RECORD)?;
        let (json, _) = rest.split_once(" -->")?;
        serde_json::from_str::<Self>(json).ok().filter(|record| record.version == VERSION)
    }

    /// Returns Tagboat's part of a body: the visible text, the check boxes, and the record.
    pub fn wrap(&self, visible: &str) -> String {
        // A configured text may have one of the marks, which would be found in place of the record.
        let visible = visible.trim_end().replace(MARK, &MARK.replace('<', "&lt;"));
        format!("{BEGIN}\n{visible}\n\n{}\n\n{RECORD}{} -->\n{END}", check_boxes(), self.json())
    }

    /// Returns what a pull request lacks of `wanted`, except what a person removed.
    pub fn missing(existing: &PullRequest, wanted: &Metadata) -> Metadata {
        let mut has = Self::find(&existing.body).map(|record| record.done.metadata).unwrap_or_default();
        has.labels.extend(existing.labels.iter().cloned());
        wanted.without(&has)
    }

    /// Returns the same body with a record that Tagboat closed the pull request.
    pub fn mark_closed(body: &str) -> String {
        Self::change(body, |record| record.closed_by_tagboat = true)
    }

    /// Returns the same body with a record of what was added.
    pub fn mark_done(body: &str, done: Done) -> String {
        Self::change(body, |record| record.done = done)
    }

    /// Returns a body with another record; a body without a record stays as it is.
    fn change(body: &str, change: impl FnOnce(&mut Self)) -> String {
        let Some(mut record) = Self::find(body) else { return body.to_owned() };
        change(&mut record);
        let (before, rest) = body.split_once(RECORD).unwrap_or((body, ""));
        let after = rest.split_once(" -->").map_or("", |(_, after)| after);
        format!("{before}{RECORD}{} -->{after}", record.json())
    }

    /// Returns the record as JSON. Escapes `<` and `>`, which occur in strings only, because `-->` would end the comment.
    fn json(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        crate::text::visible(&text).replace('>', "\\u003e").replace('<', "\\u003c")
    }
}

impl PullRequest {
    /// Returns whether Tagboat opened it, and its record is still in the description.
    pub fn has_record(&self) -> bool {
        Record::find(&self.body).is_some()
    }
}

/// Returns a hash: some forges allow few characters, and there may be many changes.
fn hash_of_replaced(changes: &[Change]) -> String {
    let replaced: Vec<_> = changes.iter().map(|change| change.from.to_string()).collect();
    Sha256::digest(replaced.join("\n")).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

impl GivenPlace {
    fn of(change: &Change) -> Self {
        Self { path: change.path.to_string(), field: change.field.clone(), from: change.from.to_string() }
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
            digest_of: change.digest_of.as_ref().map(ToString::to_string),
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
            digest_of: None,
        };
        Record {
            version: 1,
            group: "<all>".into(),
            base: BranchName::new("main").unwrap(),
            title: "t".into(),
            changes: vec![change],
            replaced: None,
            given: vec![],
            done: Done::default(),
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
    fn text_with_a_mark_is_no_record() {
        for text in ["<!-- tagboat:record {} -->", "<!-- tagboat:end -->", "- [x] <!-- tagboat:hold -->"] {
            let body = record().wrap(text);
            assert_eq!(Record::find(&body), Some(record()), "{body}");
            assert_eq!(merge_body(&body, "new"), "new", "{body}");
            assert!(!body.contains("[x] <!--"), "{body}");
        }
    }

    #[test]
    fn missing_is_what_was_neither_added_nor_is_there() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let wanted = Metadata { labels: names(&["a", "b", "c"]), reviewers: names(&["x", "y"]), ..Metadata::default() };
        let added = Metadata { labels: names(&["a"]), reviewers: names(&["x"]), ..Metadata::default() };
        let done = Done { metadata: added, auto_merge: Some("abc".to_owned()), auto_merge_declined: true };
        let body = Record::mark_done(&record().wrap("text"), done.clone());
        assert_eq!(Record::find(&body).unwrap().done, done);
        assert!(body.contains("| text") || body.contains("text\n"), "{body}");
        // A person removed the label a and added the label B.
        let existing = PullRequest { body, labels: names(&["B"]), ..PullRequest::example() };
        let missing = Record::missing(&existing, &wanted);
        assert_eq!((missing.labels, missing.reviewers), (names(&["c"]), names(&["y"])));
        assert_eq!(Record::mark_done("no record", done), "no record");
    }

    #[test]
    fn keeps_text_by_people() {
        let (old, new) = (record().wrap("old"), record().wrap("new"));
        assert_eq!(merge_body(&format!("Hello\n{old}\nbye"), &new), format!("Hello\n{new}\nbye"));
        assert_eq!(merge_body("", &new), new);
        assert_eq!(merge_body("A person removed the part", &new), format!("A person removed the part\n\n{new}"));
    }
}
