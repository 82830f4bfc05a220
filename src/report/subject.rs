//! The subject of a failure, which connects the failure with the images that show it.

use serde::{Serialize, Serializer};

use crate::plan::ActionId;

/// The subject of a failure: the keys `kind` and `subject` in JSON.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", content = "subject", rename_all = "kebab-case")]
pub enum Subject {
    /// The lookup of an image, by its normalized name.
    Image(String),
    /// The pull request of a group.
    Group(GroupSubject),
    /// The direct commit, by the base branch.
    DirectCommit(GroupSubject),
    /// A request that the forge refused for a pull request that exists, such as its labels: the group.
    PullRequestSettings(GroupSubject),
    /// The edit of a file in the working tree, or a glob of `--path` that matches no file.
    File(String),
    /// A key of the configuration.
    Setting(&'static str),
}

/// A group, a pull request or the base branch, as the subject of a failure. JSON has its name only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupSubject {
    /// The identity: several closed pull requests may have had the same group.
    pub id: ActionId,
    /// The name of the group.
    pub name: String,
}

impl Serialize for GroupSubject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl Subject {
    /// Returns the name of the image, group, file or key.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Image(name) | Self::File(name) => name,
            Self::Group(group) | Self::DirectCommit(group) | Self::PullRequestSettings(group) => &group.name,
            Self::Setting(key) => key,
        }
    }
}
