//! Asks code hosts about pull requests. [`FORGES`] lists them; a new one is one file and one row.

mod app;
mod azure_devops;
mod bitbucket_cloud;
mod bitbucket_data_center;
mod create;
mod error;
mod forge;
mod gitea;
mod github;
mod github_client;
mod github_graphql;
mod gitlab;
mod local;
mod remote;
mod rest;
mod retry;
mod settings;

pub use app::App;
pub use error::ForgeError;
pub use forge::{Access, ApiCommit, Commits, Forge, Limits, Written};
pub use remote::{RemoteUrl, RemoteUrlError, Scheme};
pub use settings::{Address, ForgeSettings, TokenVariable};

use crate::plan::LinkStyle;

/// A forge, as the table has it.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What it is, for people.
    pub about: &'static str,
    /// Whether a remote is surely on this forge. Hosts that say nothing need the configuration.
    pub recognises: fn(&RemoteUrl) -> bool,
    /// Where this forge has the repository of a remote, or `None` where the path is not one of its repositories.
    pub address: fn(&RemoteUrl) -> Option<Address>,
    /// Environment variables that hold a token where this forge's own CI and tools run, best first.
    pub token_variables: &'static [TokenVariable],
    /// The user name that a token goes with when git logs in over HTTPS.
    pub git_user: &'static str,
    /// The same where the token is that of an account, which is given with it; `None` where that makes no difference.
    pub git_user_of_account: Option<&'static str>,
    /// Whether an [`App`] can stand for a token.
    pub takes_app: bool,
    /// How it links to commits and comparisons; `None` where it shows none.
    pub links: Option<LinkStyle>,
    /// Makes a client; sends nothing. Must be called inside a tokio runtime.
    pub connect: fn(ForgeSettings) -> Result<Box<dyn Forge>, ForgeError>,
}

impl Entry {
    /// Whether a token that CI gave out for `server`, a web address, may be sent to this forge's API at `api`. Servers
    /// are the same when their APIs are.
    pub fn is_same_server(&self, server: &str, api: &str) -> bool {
        // An address is made for a repository; any will do.
        let server = server.trim_end_matches('/');
        let below = ["repository/name", "project/_git/name", "_git/name"];
        let addresses = below.iter().filter_map(|path| RemoteUrl::parse(&format!("{server}/{path}")).ok());
        addresses.filter_map(|remote| (self.address)(&remote)).any(|address| address.api == api.trim_end_matches('/'))
    }
}

/// All forges. The first that recognises a remote is asked.
pub const FORGES: &[Entry] = &[
    Entry {
        name: "github",
        about: "GitHub: github.com, Enterprise Cloud and Enterprise Server",
        recognises: github::recognises,
        address: github::address,
        token_variables: github::TOKEN_VARIABLES,
        git_user: github::GIT_USER,
        git_user_of_account: None,
        takes_app: true,
        links: Some(github::LINKS),
        connect: github::connect,
    },
    Entry {
        name: "gitlab",
        about: "GitLab: gitlab.com and self-managed",
        recognises: gitlab::recognises,
        address: gitlab::address,
        token_variables: gitlab::TOKEN_VARIABLES,
        git_user: gitlab::GIT_USER,
        git_user_of_account: None,
        takes_app: false,
        links: Some(gitlab::LINKS),
        connect: gitlab::connect,
    },
    Entry {
        name: "gitea",
        about: "Gitea and Forgejo, Codeberg among them",
        recognises: gitea::recognises,
        address: gitea::address,
        token_variables: gitea::TOKEN_VARIABLES,
        git_user: gitea::GIT_USER,
        git_user_of_account: None,
        takes_app: false,
        links: Some(gitea::LINKS),
        connect: gitea::connect,
    },
    Entry {
        name: "bitbucket-cloud",
        about: "Bitbucket Cloud: bitbucket.org",
        recognises: bitbucket_cloud::recognises,
        address: bitbucket_cloud::address,
        token_variables: bitbucket_cloud::TOKEN_VARIABLES,
        git_user: bitbucket_cloud::GIT_USER,
        git_user_of_account: Some(bitbucket_cloud::GIT_USER_OF_ACCOUNT),
        takes_app: false,
        links: Some(bitbucket_cloud::LINKS),
        connect: bitbucket_cloud::connect,
    },
    Entry {
        name: "bitbucket-data-center",
        about: "Bitbucket Data Center, on a server of one's own",
        recognises: bitbucket_data_center::recognises,
        address: bitbucket_data_center::address,
        token_variables: bitbucket_data_center::TOKEN_VARIABLES,
        git_user: bitbucket_data_center::GIT_USER,
        git_user_of_account: None,
        takes_app: false,
        links: Some(bitbucket_data_center::LINKS),
        connect: bitbucket_data_center::connect,
    },
    Entry {
        name: "azure-devops",
        about: "Azure DevOps Services and Server",
        recognises: azure_devops::recognises,
        address: azure_devops::address,
        token_variables: azure_devops::TOKEN_VARIABLES,
        git_user: azure_devops::GIT_USER,
        git_user_of_account: None,
        takes_app: false,
        links: Some(azure_devops::LINKS),
        connect: azure_devops::connect,
    },
    Entry {
        name: "local",
        about: "files in a folder: for trying out, for tests, and where there is no forge",
        recognises: local::recognises,
        address: local::address,
        token_variables: local::TOKEN_VARIABLES,
        git_user: local::GIT_USER,
        git_user_of_account: None,
        takes_app: false,
        links: None,
        connect: local::connect,
    },
];

/// The forge of that name.
pub fn named(name: &str) -> Option<&'static Entry> {
    FORGES.iter().find(|entry| entry.name == name)
}

/// The forge that a remote is surely on.
pub fn recognise(remote: &RemoteUrl) -> Option<&'static Entry> {
    FORGES.iter().find(|entry| (entry.recognises)(remote))
}

/// Returns the link styles of all forges.
pub fn link_styles() -> Vec<LinkStyle> {
    FORGES.iter().filter_map(|entry| entry.links).collect()
}
