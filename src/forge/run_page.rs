//! The web page of a CI run, from variables that CI sets. Reads no environment.

use super::client::segment;
use super::forges::FORGES;

/// Returns the page of this run on the forge whose CI runs it. `variable` returns the value of an environment variable.
pub fn run_page(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let pages = || FORGES.iter().flat_map(|kind| kind.run_pages);
    // Gitea and Forgejo set the variables of GitHub too, and a variable that marks them.
    let (marked, other) = (pages().filter(|page| page.contains("{?")), pages().filter(|page| !page.contains("{?")));
    marked.chain(other).find_map(|page| fill(page, &variable))
}

/// Replaces the variables of a page by their values; `None` if one is not set. One after a question mark must be set, and is replaced by nothing.
fn fill(page: &str, variable: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let Some((before, rest)) = page.split_once('{') else { return Some(page.to_owned()) };
    let (name, after) = rest.split_once('}')?;
    let (name, is_marker) = name.strip_prefix('?').map_or((name, false), |name| (name, true));
    let value = variable(name).filter(|value| !value.is_empty())?;
    let shown = match value {
        _ if is_marker => String::new(),
        // An address is encoded already.
        address if address.contains("://") => address,
        name => name.split('/').map(segment).collect::<Vec<_>>().join("/"),
    };
    Some(format!("{before}{shown}{}", fill(after, variable)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_page_on_every_forge() {
        #[rustfmt::skip]
        let rows = [
            ("",                                                                             None),
            ("CI_JOB_URL=https://gitlab.com/a/b/-/jobs/7",                   Some("https://gitlab.com/a/b/-/jobs/7")),
            ("GITHUB_SERVER_URL=https://github.com;GITHUB_REPOSITORY=a/b;GITHUB_RUN_ID=7",   Some("https://github.com/a/b/actions/runs/7")),
            ("GITHUB_SERVER_URL=https://github.com;GITHUB_REPOSITORY=;GITHUB_RUN_ID=7",      None),
            ("FORGEJO_ACTIONS=true;GITHUB_SERVER_URL=https://git.acme.dev;GITHUB_REPOSITORY=a/b;GITHUB_RUN_ID=700;GITHUB_RUN_NUMBER=7",
                                                                                             Some("https://git.acme.dev/a/b/actions/runs/7")),
            ("GITEA_ACTIONS=true;GITHUB_SERVER_URL=https://git.acme.dev;GITHUB_REPOSITORY=a/b;GITHUB_RUN_ID=700;GITHUB_RUN_NUMBER=7",
                                                                                             Some("https://git.acme.dev/a/b/actions/runs/7")),
            ("BITBUCKET_GIT_HTTP_ORIGIN=https://bitbucket.org/a/b;BITBUCKET_BUILD_NUMBER=7", Some("https://bitbucket.org/a/b/pipelines/results/7")),
            ("SYSTEM_COLLECTIONURI=https://dev.azure.com/a/;SYSTEM_TEAMPROJECT=My Shop;BUILD_BUILDID=7",
                                                                                             Some("https://dev.azure.com/a/My%20Shop/_build/results?buildId=7")),
            ("SYSTEM_COLLECTIONURI=https://dev.azure.com/a/;SYSTEM_TEAMPROJECT=C# & (Apps)?;BUILD_BUILDID=7",
                                                                                             Some("https://dev.azure.com/a/C%23%20%26%20%28Apps%29%3F/_build/results?buildId=7")),
        ];
        for (set, url) in rows {
            let variables = set.split(';').filter_map(|one| one.split_once('='));
            let variable =
                |name: &str| variables.clone().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned());
            assert_eq!(run_page(variable).as_deref(), url, "{set}");
        }
    }
}
