//! Links to commits and comparisons at the code host that an image says it comes from. Checked text only: what does not
//! look like a web address or a revision makes no link.

use url::Url;

/// The source repository that an image names in `org.opencontainers.image.source`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    base: String,
    style: Style,
}

/// How a code host writes its links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Style {
    commit: &'static str,
    /// `OLD` and `NEW` stand for the revisions.
    compare: &'static str,
}

/// GitHub, and all that does as GitHub does: Gitea, Forgejo, Codeberg.
const GITHUB: Style = Style { commit: "/commit/", compare: "/compare/OLD...NEW" };
const GITLAB: Style = Style { commit: "/-/commit/", compare: "/-/compare/OLD...NEW" };
/// Bitbucket writes the newer revision first.
const BITBUCKET_CLOUD: Style = Style { commit: "/commits/", compare: "/branches/compare/NEW..OLD" };
/// The source is what is new, the target what it is compared with.
const BITBUCKET_DATA_CENTER: Style =
    Style { commit: "/commits/", compare: "/compare/commits?sourceBranch=NEW&targetBranch=OLD" };
const AZURE_DEVOPS: Style =
    Style { commit: "/commit/", compare: "/branchCompare?baseVersion=GCOLD&targetVersion=GCNEW&_a=commits" };

/// Hosts by a part of their name; what no row knows is told by the path, else links as GitHub.
const HOSTS: &[(&str, Style)] = &[("gitlab", GITLAB), ("bitbucket.org", BITBUCKET_CLOUD)];

impl Source {
    /// Reads the label. `git+https://`, a trailing `.git`, `#fragment`, `?query` and the way to a folder are dropped, as
    /// build tools add them.
    pub(super) fn new(label: &str) -> Option<Self> {
        let url = Url::parse(label.trim().strip_prefix("git+").unwrap_or(label.trim())).ok()?;
        let host = url.host_str()?;
        let path = ["/-/", "/tree/", "/blob/"].iter().find_map(|way| Some(url.path().split_once(way)?.0));
        let path = path.unwrap_or(url.path()).trim_end_matches('/').trim_end_matches(".git");
        let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._~-%".contains(&b));
        if !matches!(url.scheme(), "http" | "https") || path.len() < 2 || !plain {
            return None;
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let (path, style) = style(host, path);
        Some(Self { base: format!("{}://{host}{port}{path}", url.scheme()), style })
    }

    /// Where people see a commit.
    pub(super) fn commit(&self, revision: &str) -> String {
        format!("{}{}{revision}", self.base, self.style.commit)
    }

    /// Where people see what changed between two revisions.
    pub(super) fn compare(&self, old: &str, new: &str) -> String {
        format!("{}{}", self.base, self.style.compare.replace("OLD", old).replace("NEW", new))
    }
}

/// How a host writes its links, and where it shows the repository of that path to people.
fn style(host: &str, path: &str) -> (String, Style) {
    if let Some((_, style)) = HOSTS.iter().find(|(part, _)| host.contains(part)) {
        return (path.to_owned(), *style);
    }
    if path.contains("/_git/") {
        return (path.to_owned(), AZURE_DEVOPS);
    }
    // Bitbucket Data Center clones from `scm/KEY/NAME`, below whatever folder it is installed in.
    let clone = path.split_once("/scm/").and_then(|(above, rest)| Some((above, rest.split_once('/')?)));
    match clone {
        Some((above, (key, name))) if !name.contains('/') => {
            let project = key.strip_prefix('~').map_or(format!("projects/{key}"), |user| format!("users/{user}"));
            (format!("{above}/{project}/repos/{name}"), BITBUCKET_DATA_CENTER)
        }
        _ => match path.split_once("/repos/") {
            Some((above, _)) if above.contains("/projects/") || above.contains("/users/") => {
                (path.trim_end_matches("/browse").to_owned(), BITBUCKET_DATA_CENTER)
            }
            _ => (path.to_owned(), GITHUB),
        },
    }
}

/// Whether a label's text is a git revision and nothing else.
pub(super) fn is_revision(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether a text is a web address that can stand in Markdown's parentheses.
pub(super) fn is_web(text: &str) -> bool {
    let scheme = text.starts_with("https://") || text.starts_with("http://");
    scheme && text.bytes().all(|b| b.is_ascii_graphic() && !b"()<>[]`;\"\\".contains(&b))
}

/// Whether a text is the address of a page that may be linked: none of an issue or a pull request, which would be told
/// of every pull request that links it.
pub(super) fn is_page(text: &str) -> bool {
    const NUMBERED: [&str; 6] = ["issues", "pull", "pulls", "merge_requests", "pull-requests", "pullrequest"];
    let parts = || text.split(['/', '?', '#']);
    let numbered = parts()
        .zip(parts().skip(1))
        .any(|(what, number)| NUMBERED.contains(&what) && number.starts_with(|c: char| c.is_ascii_digit()));
    is_web(text) && text.len() <= 300 && !numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_hosts_way() {
        #[rustfmt::skip]
        let rows = [
            // label                                                the commit a                                              what changed from a to b
            ("https://github.com/acme/api.git",                     "https://github.com/acme/api/commit/a",                   "https://github.com/acme/api/compare/a...b"),
            ("git+https://github.com/acme/api#main",                "https://github.com/acme/api/commit/a",                   "https://github.com/acme/api/compare/a...b"),
            ("https://github.com/acme/mono/tree/main/api",          "https://github.com/acme/mono/commit/a",                  "https://github.com/acme/mono/compare/a...b"),
            ("https://github.acme.dev/acme/api",                    "https://github.acme.dev/acme/api/commit/a",              "https://github.acme.dev/acme/api/compare/a...b"),
            ("https://gitlab.acme.dev:8443/x/y/api",                "https://gitlab.acme.dev:8443/x/y/api/-/commit/a",        "https://gitlab.acme.dev:8443/x/y/api/-/compare/a...b"),
            ("https://gitlab.com/x/y/api/-/tree/main",              "https://gitlab.com/x/y/api/-/commit/a",                  "https://gitlab.com/x/y/api/-/compare/a...b"),
            ("https://bitbucket.org/acme/api",                      "https://bitbucket.org/acme/api/commits/a",               "https://bitbucket.org/acme/api/branches/compare/b..a"),
            ("https://git.acme.dev/scm/apps/api.git",               "https://git.acme.dev/projects/apps/repos/api/commits/a", "https://git.acme.dev/projects/apps/repos/api/compare/commits?sourceBranch=b&targetBranch=a"),
            ("https://git.acme.dev/bb/scm/~ann/api",                "https://git.acme.dev/bb/users/ann/repos/api/commits/a",  "https://git.acme.dev/bb/users/ann/repos/api/compare/commits?sourceBranch=b&targetBranch=a"),
            ("https://git.acme.dev/projects/APPS/repos/api/browse", "https://git.acme.dev/projects/APPS/repos/api/commits/a", "https://git.acme.dev/projects/APPS/repos/api/compare/commits?sourceBranch=b&targetBranch=a"),
            ("https://bot@dev.azure.com/acme/p/_git/api",           "https://dev.azure.com/acme/p/_git/api/commit/a",         "https://dev.azure.com/acme/p/_git/api/branchCompare?baseVersion=GCa&targetVersion=GCb&_a=commits"),
            ("https://tfs.acme.dev/tfs/Main/p/_git/api",            "https://tfs.acme.dev/tfs/Main/p/_git/api/commit/a",      "https://tfs.acme.dev/tfs/Main/p/_git/api/branchCompare?baseVersion=GCa&targetVersion=GCb&_a=commits"),
            ("https://codeberg.org/acme/api/",                      "https://codeberg.org/acme/api/commit/a",                 "https://codeberg.org/acme/api/compare/a...b"),
        ];
        for (label, commit, compare) in rows {
            let source = Source::new(label).unwrap();
            assert_eq!((source.commit("a").as_str(), source.compare("a", "b").as_str()), (commit, compare), "{label}");
            assert!(is_web(compare));
        }
        for bad in [
            "",
            "acme/api",
            "javascript:alert(1)",
            "https://github.com",
            "https://x.y/a)b",
            "https://x.y/a b@c",
            "ssh://git@x.y/a",
        ] {
            assert!(Source::new(bad).is_none(), "{bad}: {:?}", Source::new(bad));
        }
    }

    #[test]
    fn pages_that_may_be_linked() {
        #[rustfmt::skip]
        let rows = [
            ("https://acme.test/releases#v1",                   true),
            ("http://acme.test/issues/about",                   true),
            ("https://github.com/acme/api/issues/12",           false),
            ("https://github.com/acme/api/pull/12#note",        false),
            ("https://gitlab.com/acme/api/-/merge_requests/1",  false),
            ("https://acme.test/a)b",                           false),
            ("javascript:alert(1)",                             false),
        ];
        for (text, expected) in rows {
            assert_eq!(is_page(text), expected, "{text}");
        }
    }
}
