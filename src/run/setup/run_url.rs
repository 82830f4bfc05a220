//! The address of the CI job, from variables of CI systems. Reads no environment.

/// Addresses with their variables in braces. The first one whose variables are all set is used. `TAGBOAT_RUN_URL` is for other
/// systems. Jenkins is last, since tools below it may set variables of their own.
const ADDRESSES: &[&str] = &[
    "{TAGBOAT_RUN_URL}",
    // Forgejo and Gitea set the variables of GitHub too, but their pages have the number of the run instead of its id.
    "{?FORGEJO_ACTIONS}{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_NUMBER}",
    "{?GITEA_ACTIONS}{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_NUMBER}",
    "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
    "{CI_JOB_URL}",
    "{BITBUCKET_GIT_HTTP_ORIGIN}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",
    "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
    "{BUILD_URL}",
];

/// Returns the address of this run. `variable` returns the value of an environment variable.
pub(super) fn run_url(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    ADDRESSES.iter().find_map(|address| fill(address, &variable))
}

/// Replaces the variables of an address by their values. One after a question mark must be set, and is replaced by nothing.
fn fill(address: &str, variable: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let Some((before, rest)) = address.split_once('{') else { return Some(address.to_owned()) };
    let (name, after) = rest.split_once('}')?;
    let (name, is_marker) = name.strip_prefix('?').map_or((name, false), |name| (name, true));
    let value = variable(name).filter(|value| !value.is_empty())?;
    let shown = if is_marker { String::new() } else { value.replace(' ', "%20") };
    Some(format!("{before}{shown}{}", fill(after, variable)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_address_on_every_ci() {
        #[rustfmt::skip]
        let rows = [
            ("",                                                                             None),
            ("BUILD_URL=https://ci.acme.dev/job/x/7/",                                       Some("https://ci.acme.dev/job/x/7/")),
            ("CI_JOB_URL=https://gitlab.com/a/b/-/jobs/7;BUILD_URL=other",                   Some("https://gitlab.com/a/b/-/jobs/7")),
            ("GITHUB_SERVER_URL=https://github.com;GITHUB_REPOSITORY=a/b;GITHUB_RUN_ID=7",   Some("https://github.com/a/b/actions/runs/7")),
            ("GITHUB_SERVER_URL=https://github.com;GITHUB_REPOSITORY=;GITHUB_RUN_ID=7",      None),
            ("FORGEJO_ACTIONS=true;GITHUB_SERVER_URL=https://git.acme.dev;GITHUB_REPOSITORY=a/b;GITHUB_RUN_ID=700;GITHUB_RUN_NUMBER=7",
                                                                                             Some("https://git.acme.dev/a/b/actions/runs/7")),
            ("GITEA_ACTIONS=true;GITHUB_SERVER_URL=https://git.acme.dev;GITHUB_REPOSITORY=a/b;GITHUB_RUN_ID=700;GITHUB_RUN_NUMBER=7",
                                                                                             Some("https://git.acme.dev/a/b/actions/runs/7")),
            ("BITBUCKET_GIT_HTTP_ORIGIN=https://bitbucket.org/a/b;BITBUCKET_BUILD_NUMBER=7", Some("https://bitbucket.org/a/b/pipelines/results/7")),
            ("SYSTEM_COLLECTIONURI=https://dev.azure.com/a/;SYSTEM_TEAMPROJECT=My Shop;BUILD_BUILDID=7",
                                                                                             Some("https://dev.azure.com/a/My%20Shop/_build/results?buildId=7")),
            ("TAGBOAT_RUN_URL=https://x/1;CI_JOB_URL=https://y/2",                           Some("https://x/1")),
        ];
        for (set, url) in rows {
            let variables = set.split(';').filter_map(|one| one.split_once('='));
            let variable =
                |name: &str| variables.clone().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned());
            assert_eq!(run_url(variable).as_deref(), url, "{set}");
        }
    }
}
