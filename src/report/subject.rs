//! What a failure is about, which connects a failure with the images that show it.

use serde::Serialize;

/// What a failure is about: the keys `kind` and `subject` in JSON.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", content = "subject", rename_all = "kebab-case")]
pub enum Subject {
    /// The lookup of an image, by its normalized name.
    Image(String),
    /// The pull request of a group, or the group's direct commit.
    Group(String),
    /// A request that the forge refused for a pull request that exists, such as its labels: the group.
    PullRequestSettings(String),
    /// The edit of a file in the working tree.
    File(String),
    /// A key of the configuration.
    Setting(&'static str),
}

impl Subject {
    /// Returns the name of the image, group, file or key.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Image(name) | Self::Group(name) | Self::PullRequestSettings(name) | Self::File(name) => name,
            Self::Setting(key) => key,
        }
    }
}
