//! The forges: one file for each, and their table.

mod azure_devops;
mod azure_devops_model;
mod bitbucket_cloud;
mod bitbucket_data_center;
mod bitbucket_data_center_model;
mod gitea;
mod gitea_model;
mod github;
mod github_client;
mod github_graphql;
mod github_model;
mod gitlab;
mod gitlab_model;
mod local;

use url::Url;

use super::forge::ForgeKind;
use super::remote::RemoteUrl;
use crate::http::identity::JobToken;
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

/// Returns the forge whose own CI runs this process on the host of a remote. `variable` returns the value of an environment
/// variable.
pub fn recognize_by_runner(
    remote: &RemoteUrl,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<&'static ForgeKind> {
    let tokens = |kind: &'static ForgeKind| kind.token_variables.iter().chain(kind.other_job_tokens);
    let runners = FORGES.iter().flat_map(|kind| tokens(kind).filter_map(move |token| Some((kind, token.runner?))));
    let jobs = runners.filter_map(|(kind, runner)| Some((kind, runner, runner.server_of_job(&variable)?)));
    let (own, shared): (Vec<_>, Vec<_>) = jobs.partition(|(_, runner, _)| runner.has_own_marker());
    // Gitea and Forgejo set the variables of GitHub too, and a variable that marks them.
    let mut found = if own.is_empty() { shared } else { own }.into_iter();
    let host = |server: &str| Some(Url::parse(server).ok()?.host_str()?.to_ascii_lowercase());
    found.find(|(_, _, server)| host(server).as_ref() == Some(&remote.host)).map(|(kind, ..)| kind)
}

/// Returns the tokens that a CI system set for this job. `variable` returns the value of an environment variable.
pub fn job_tokens(variable: impl Fn(&str) -> Option<String>) -> Vec<JobToken> {
    let variables = FORGES.iter().flat_map(|kind| kind.token_variables.iter().chain(kind.other_job_tokens));
    variables.filter_map(|one| one.job_token(&variable)).collect()
}

/// Returns the link styles of all forges.
pub fn link_styles() -> Vec<LinkStyle> {
    FORGES.iter().filter_map(|kind| kind.links).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn returns_the_api_of_a_server_and_of_an_api() {
        #[rustfmt::skip]
        let rows = [
            // forge                 address                                 API
            ("gitea",                "https://git.acme.test",                "https://git.acme.test/api/v1"),
            ("gitea",                "https://git.acme.test/",               "https://git.acme.test/api/v1"),
            ("gitea",                "https://git.acme.test/api/v1/",        "https://git.acme.test/api/v1"),
            ("gitea",                "http://127.0.0.1:3000/git",            "http://127.0.0.1:3000/git/api/v1"),
            ("github",               "https://git.acme.test:8443",           "https://git.acme.test:8443/api/v3"),
            ("github",               "https://git.acme.test/api/v3",         "https://git.acme.test/api/v3"),
            ("github",               "https://github.com",                   "https://api.github.com"),
            ("github",               "https://api.github.com",               "https://api.github.com"),
            ("github",               "https://acme.ghe.com",                 "https://api.acme.ghe.com"),
            ("github",               "https://api.acme.ghe.com",             "https://api.acme.ghe.com"),
            ("gitlab",               "https://gitlab.com",                   "https://gitlab.com/api/v4"),
            ("gitlab",               "https://acme.test/gitlab",             "https://acme.test/gitlab/api/v4"),
            ("bitbucket-cloud",      "https://bitbucket.org",                "https://api.bitbucket.org/2.0"),
            ("bitbucket-cloud",      "https://api.bitbucket.org/2.0",        "https://api.bitbucket.org/2.0"),
            ("bitbucket-data-center", "https://acme.test/bitbucket",         "https://acme.test/bitbucket/rest"),
            ("bitbucket-data-center", "https://acme.test/rest",              "https://acme.test/rest"),
            ("azure-devops",         "https://dev.azure.com",                "https://dev.azure.com"),
        ];
        for (kind, address, api) in rows {
            assert_eq!(named(kind).unwrap().api_at(address), api, "{kind} {address}");
        }
    }

    #[test]
    fn recognizes_the_server_of_a_job_by_its_runner() {
        #[rustfmt::skip]
        let rows = [
            // variables of the job                                                          remote                               forge
            ("FORGEJO_ACTIONS=true;FORGEJO_SERVER_URL=https://git.acme.test",                "https://git.acme.test/a/b",         Some("gitea")),
            ("FORGEJO_ACTIONS=true;GITHUB_SERVER_URL=https://Git.acme.test/",                "git@git.acme.test:a/b.git",         Some("gitea")),
            ("GITEA_ACTIONS=true;GITHUB_SERVER_URL=http://127.0.0.1:3000",                   "http://127.0.0.1:3000/a/b",         Some("gitea")),
            ("GITEA_ACTIONS=true;GITHUB_SERVER_URL=https://git.acme.test",                   "https://mirror.acme.test/a/b",      None),
            ("GITEA_ACTIONS=true;GITEA_SERVER_URL=https://a.test;GITHUB_SERVER_URL=https://git.acme.test", "https://git.acme.test/a/b", None),
            ("GITHUB_ACTIONS=true;GITHUB_SERVER_URL=https://git.acme.test",                  "https://git.acme.test/a/b",         Some("github")),
            ("GITHUB_ACTIONS=true;GITHUB_SERVER_URL=https://github.com",                     "https://git.acme.test/a/b",         None),
            ("GITLAB_CI=true;CI_SERVER_URL=https://git.acme.test:8443",                      "git@git.acme.test:a/b",             Some("gitlab")),
            ("GITLAB_CI=true;CI_SERVER_URL=https://git.acme.test",                           "https://mirror.acme.test/a/b",      None),
            ("SYSTEM_COLLECTIONURI=https://tfs.acme.test/all/",                              "https://tfs.acme.test/all/p/_git/r", Some("azure-devops")),
            ("CI_SERVER_URL=https://git.acme.test",                                          "https://git.acme.test/a/b",         None),
            ("FORGEJO_SERVER_URL=https://git.acme.test",                                     "https://git.acme.test/a/b",         None),
        ];
        for (set, remote, forge) in rows {
            let variables: Vec<_> = set.split(';').filter_map(|one| one.split_once('=')).collect();
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            let found = recognize_by_runner(&RemoteUrl::parse(remote).unwrap(), variable);
            assert_eq!(found.map(|kind| kind.name), forge, "{set} and {remote}");
        }
    }

    #[test]
    fn returns_the_tokens_of_a_job_with_its_server() {
        #[rustfmt::skip]
        let rows = [
            // variables                                                                     the server that the token `t0ken` is for; `-` if unknown
            ("",                                                                             &[][..]),
            ("GITHUB_TOKEN=t0ken",                                                           &[]),
            ("GITHUB_TOKEN= ;GITHUB_SERVER_URL=https://a",                                   &[]),
            ("GITHUB_TOKEN=t0ken;GITHUB_SERVER_URL=https://a",                               &["https://a"]),
            ("GITHUB_TOKEN=t0ken\n;GITHUB_SERVER_URL=https://a",                             &["https://a"]),
            ("GITHUB_TOKEN=t0ken;GITHUB_ACTIONS=true",                                       &["-"]),
            ("ACTIONS_RUNTIME_TOKEN=t0ken;GITHUB_SERVER_URL=https://a",                      &["https://a"]),
            ("FORGEJO_TOKEN=t0ken;FORGEJO_ACTIONS=true;FORGEJO_SERVER_URL=https://a",        &["https://a"]),
            ("FORGEJO_TOKEN=t0ken;FORGEJO_ACTIONS=true",                                     &["-"]),
            ("GITEA_TOKEN=t0ken;GITEA_ACTIONS=true;GITHUB_SERVER_URL=https://a",             &["https://a"]),
            ("CI_JOB_TOKEN=t0ken;GITLAB_CI=true;CI_SERVER_URL=https://a",                    &["https://a"]),
            ("CI_JOB_TOKEN=t0ken;GITLAB_CI=true",                                            &["-"]),
            ("SYSTEM_ACCESSTOKEN=t0ken;SYSTEM_COLLECTIONURI=https://a/org/",                 &["https://a/org/"]),
            ("SYSTEM_ACCESSTOKEN=t0ken;TF_BUILD=True",                                       &["-"]),
            ("GITLAB_TOKEN=t0ken;GITLAB_CI=true;CI_SERVER_URL=https://a",                    &[]),
        ];
        for (set, expected) in rows {
            let variables: Vec<_> = set.split(';').filter_map(|one| one.split_once('=')).collect();
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            let mut tokens = job_tokens(variable);
            // Several forges read GITHUB_TOKEN.
            tokens.dedup();
            assert!(tokens.iter().all(|token| token.secret == Secret::new("t0ken")), "{set}");
            let servers: Vec<_> = tokens.into_iter().map(|token| token.server.unwrap_or("-".to_owned())).collect();
            assert_eq!(servers, expected, "{set}");
        }
    }
}
