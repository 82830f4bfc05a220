//! The web page of a CI run, from variables that CI sets. Reads no environment.

use url::Url;

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
        address if address.contains("://") => without_login(&address)?,
        name => name.split('/').map(segment).collect::<Vec<_>>().join("/"),
    };
    Some(format!("{before}{shown}{}", fill(after, variable)?))
}

/// Returns a web address of a CI system without user name, password, query and fragment, any of which may be a secret: it is
/// shown in pull requests. `None` if it is no web address.
pub fn without_login(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    // These fail only for URLs without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    // The parser adds a slash after the host alone.
    let shown = url.as_str();
    Some(if address.ends_with('/') { shown } else { shown.trim_end_matches('/') }.to_owned())
}

/// Words in the name of a parameter whose value is a secret.
const SECRETIVE: &[&str] = &["auth", "credential", "jwt", "key", "pass", "pat", "secret", "sig", "token"];

/// Returns whether the address of a page may have a secret, which everyone who reads a pull request would see: a user name, or a
/// parameter that is named like one. Others name the page.
pub fn may_have_secret(page: &Url) -> bool {
    let is_secretive = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.split(|c: char| !c.is_alphanumeric()).any(|word| SECRETIVE.contains(&word))
            || ["token", "secret", "password", "signature", "credential"].iter().any(|word| name.contains(word))
    };
    let parameters = |text: &str| {
        text.split(['&', ';', '?', '/']).filter_map(|one| one.split_once('=')).any(|(name, _)| is_secretive(name))
    };
    !page.username().is_empty()
        || page.password().is_some()
        || page.query().is_some_and(parameters)
        || page.fragment().is_some_and(parameters)
        || parameters(page.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_secrets_in_the_address_of_a_page() {
        for (page, expected) in [
            ("https://ci.acme.test/jobs/7?buildId=7&view=logs#step:3", false),
            ("https://ci.acme.test/#/namespaces/token/runs/7", false),
            ("https://ci.acme.test/tokens/7", false),
            ("https://t0ken@ci.acme.test/jobs/7", true),
            ("https://me:t0ken@ci.acme.test/jobs/7", true),
            ("https://ci.acme.test/jobs/7?view=logs&private_token=t0ken", true),
            ("https://ci.acme.test/jobs/7?api-key=t0ken", true),
            ("https://ci.acme.test/jobs/7?X-Amz-Signature=t0ken", true),
            ("https://ci.acme.test/jobs/7;token=t0ken", true),
            ("https://ci.acme.test/jobs/7#access_token=t0ken", true),
        ] {
            assert_eq!(may_have_secret(&Url::parse(page).unwrap()), expected, "{page}");
        }
    }

    #[test]
    fn finds_the_page_on_every_forge() {
        #[rustfmt::skip]
        let rows = [
            ("",                                                                             None),
            ("CI_JOB_URL=https://gitlab.com/a/b/-/jobs/7",                   Some("https://gitlab.com/a/b/-/jobs/7")),
            ("GITHUB_SERVER_URL=https://github.com;GITHUB_REPOSITORY=a/b;GITHUB_RUN_ID=7",   Some("https://github.com/a/b/actions/runs/7")),
            ("GITHUB_SERVER_URL=https://github.com;GITHUB_REPOSITORY=;GITHUB_RUN_ID=7",      None),
            ("CI_JOB_URL=https://t0ken@gitlab.com/a/b/-/jobs/7?private_token=t0ken#t0ken",   Some("https://gitlab.com/a/b/-/jobs/7")),
            ("GITHUB_SERVER_URL=https://me:t0ken@github.com;GITHUB_REPOSITORY=a/b;GITHUB_RUN_ID=7", Some("https://github.com/a/b/actions/runs/7")),
            ("SYSTEM_COLLECTIONURI=https://t0ken@dev.azure.com/a/;SYSTEM_TEAMPROJECT=b;BUILD_BUILDID=7",
                                                                                             Some("https://dev.azure.com/a/b/_build/results?buildId=7")),
            ("CI_JOB_URL=ftp://t0ken@gitlab.com/a",                                          None),
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
