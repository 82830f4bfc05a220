//! Labels and people of a pull request: what is wanted, what is missing, and what was added. Pure data.

use serde::{Deserialize, Serialize};

/// Labels, reviewers and assignees of a pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Metadata {
    /// Names of labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Users to request a review from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<String>,
    /// Teams to request a review from, on forges with teams.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub team_reviewers: Vec<String>,
    /// Users to assign.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
}

impl Metadata {
    /// Returns whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.lists().into_iter().all(<[String]>::is_empty)
    }

    /// Returns what `other` does not have. Forges ignore the case of names.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let missing = |(mine, theirs): (&[String], &[String])| -> Vec<String> {
            let is_missing = |name: &&String| !theirs.iter().any(|one| one.eq_ignore_ascii_case(name));
            mine.iter().filter(is_missing).cloned().collect()
        };
        let [labels, reviewers, team_reviewers, assignees] = self.lists();
        let [other_labels, other_reviewers, other_teams, other_assignees] = other.lists();
        Self {
            labels: missing((labels, other_labels)),
            reviewers: missing((reviewers, other_reviewers)),
            team_reviewers: missing((team_reviewers, other_teams)),
            assignees: missing((assignees, other_assignees)),
        }
    }

    /// Adds what `other` has and this has not.
    pub fn add(&mut self, other: &Self) {
        let new = other.without(self);
        self.labels.extend(new.labels);
        self.reviewers.extend(new.reviewers);
        self.team_reviewers.extend(new.team_reviewers);
        self.assignees.extend(new.assignees);
    }

    fn lists(&self) -> [&[String]; 4] {
        [&self.labels, &self.reviewers, &self.team_reviewers, &self.assignees]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_and_subtracts_without_regard_to_case() {
        let of = |labels: &[&str], reviewers: &[&str]| Metadata {
            labels: labels.iter().map(|name| (*name).to_owned()).collect(),
            reviewers: reviewers.iter().map(|name| (*name).to_owned()).collect(),
            ..Metadata::default()
        };
        let mut done = of(&["Deploy"], &[]);
        let wanted = of(&["deploy", "bot"], &["ann"]);
        assert_eq!(wanted.without(&done), of(&["bot"], &["ann"]));
        done.add(&wanted);
        assert_eq!(done, of(&["Deploy", "bot"], &["ann"]));
        assert!(wanted.without(&done).is_empty());
    }
}
