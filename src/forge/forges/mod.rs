//! The forges: one file for each, and their table.

mod azure_devops;
mod bitbucket_cloud;
mod bitbucket_data_center;
mod gitea;
mod github;
mod github_client;
mod github_graphql;
mod gitlab;
mod local;

use super::forge::ForgeKind;
use super::remote::RemoteUrl;
use crate::plan::LinkStyle;

/// All forges. The first that recognizes a remote is used.
pub const FORGES: &[ForgeKind] = &[
    github::KIND,
    gitlab::KIND,
    gitea::KIND,
    bitbucket_cloud::KIND,
    bitbucket_data_center::KIND,
    azure_devops::KIND,
    local::KIND,
];

/// Returns the forge of that name.
pub fn named(name: &str) -> Option<&'static ForgeKind> {
    FORGES.iter().find(|kind| kind.name == name)
}

/// Returns the forge that certainly hosts a remote.
pub fn recognize(remote: &RemoteUrl) -> Option<&'static ForgeKind> {
    FORGES.iter().find(|kind| (kind.recognizes)(remote))
}

/// Returns the link styles of all forges.
pub fn link_styles() -> Vec<LinkStyle> {
    FORGES.iter().filter_map(|kind| kind.links).collect()
}
