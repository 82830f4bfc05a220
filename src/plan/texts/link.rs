//! Links to commits and comparisons at the code host that an image names as its source. Only checked text becomes a
//! link: an invalid web address or revision is left out.

use url::Url;

/// The form of links on one kind of code host.
#[derive(Debug, Clone, Copy)]
pub struct LinkStyle {
    /// Returns the path of the page of a repository, given host and path of its address; `None` for a repository
    /// on another kind of host.
    pub repository: fn(host: &str, path: &str) -> Option<String>,
    /// The path of a commit below that page; `NEW` is replaced by the revision.
    pub commit: &'static str,
    /// The path of a comparison; `OLD` and `NEW` are replaced by the revisions.
    pub compare: &'static str,
}

impl LinkStyle {
    /// The paths that most code hosts use, for a host without a style of its own.
    pub const COMMON: Self =
        Self { repository: |_, path| Some(path.to_owned()), commit: "/commit/NEW", compare: "/compare/OLD...NEW" };
}

/// The source repository that an image names in `org.opencontainers.image.source`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceRepository {
    /// The page of the repository.
    page: String,
    commit: &'static str,
    compare: &'static str,
}

impl SourceRepository {
    /// Parses the label. Drops what build tools add: `git+`, a trailing `.git`, `#fragment`, `?query` and the path of a
    /// folder.
    pub(super) fn new(label: &str, styles: &[LinkStyle]) -> Option<Self> {
        let url = Url::parse(label.trim().strip_prefix("git+").unwrap_or(label.trim())).ok()?;
        let host = url.host_str()?;
        let path = ["/-/", "/tree/", "/blob/"].iter().find_map(|folder| Some(url.path().split_once(folder)?.0));
        let path = path.unwrap_or(url.path()).trim_end_matches('/').trim_end_matches(".git");
        let is_plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._~-%".contains(&b));
        if !matches!(url.scheme(), "http" | "https") || path.len() < 2 || !is_plain {
            return None;
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let styles = styles.iter().chain([&LinkStyle::COMMON]);
        let (style, path) = styles.into_iter().find_map(|style| Some((style, (style.repository)(host, path)?)))?;
        let page = format!("{}://{host}{port}{path}", url.scheme());
        Some(Self { page, commit: style.commit, compare: style.compare })
    }

    /// Returns the address of a commit.
    pub(super) fn commit(&self, revision: &str) -> String {
        format!("{}{}", self.page, self.commit.replace("NEW", revision))
    }

    /// Returns the address of the changes between two revisions.
    pub(super) fn compare(&self, old: &str, new: &str) -> String {
        format!("{}{}", self.page, self.compare.replace("OLD", old).replace("NEW", new))
    }
}

/// Returns whether the text of a label is a git revision and nothing else.
pub(super) fn is_revision(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Returns whether a text is a web address that is safe in the parentheses of a Markdown link.
pub(super) fn is_web_address(text: &str) -> bool {
    let is_http = text.starts_with("https://") || text.starts_with("http://");
    is_http && text.bytes().all(|b| b.is_ascii_graphic() && !b"()<>[]`;\"\\".contains(&b))
}

/// Returns whether a text is the address of a page that may be linked. An issue or a pull request may not, because forges
/// show on it every pull request that links to it.
pub(super) fn is_linkable_page(text: &str) -> bool {
    const NUMBERED: [&str; 6] = ["issues", "pull", "pulls", "merge_requests", "pull-requests", "pullrequest"];
    let parts = || text.split(['/', '?', '#']);
    let is_numbered = parts()
        .zip(parts().skip(1))
        .any(|(kind, number)| NUMBERED.contains(&kind) && number.starts_with(|c: char| c.is_ascii_digit()));
    is_web_address(text) && text.len() <= 300 && !is_numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_the_style_of_the_host() {
        let toy = LinkStyle {
            repository: |host, path| host.starts_with("toy.").then(|| format!("/view{path}")),
            commit: "/c/NEW",
            compare: "/diff?from=OLD&to=NEW",
        };
        #[rustfmt::skip]
        let rows = [
            // label                                        the commit a                               the changes from a to b
            ("https://git.acme.dev/acme/api.git",           "https://git.acme.dev/acme/api/commit/a",  "https://git.acme.dev/acme/api/compare/a...b"),
            ("git+https://git.acme.dev/acme/api#main",      "https://git.acme.dev/acme/api/commit/a",  "https://git.acme.dev/acme/api/compare/a...b"),
            ("https://git.acme.dev/acme/mono/tree/main/api", "https://git.acme.dev/acme/mono/commit/a", "https://git.acme.dev/acme/mono/compare/a...b"),
            ("https://toy.acme.dev:8443/acme/api",          "https://toy.acme.dev:8443/view/acme/api/c/a", "https://toy.acme.dev:8443/view/acme/api/diff?from=a&to=b"),
        ];
        for (label, commit, compare) in rows {
            let source = SourceRepository::new(label, &[toy]).unwrap();
            assert_eq!((source.commit("a").as_str(), source.compare("a", "b").as_str()), (commit, compare), "{label}");
            assert!(is_web_address(compare));
        }
        for bad in [
            "",
            "acme/api",
            "javascript:alert(1)",
            "https://git.acme.dev",
            "https://x.y/a)b",
            "https://x.y/a b@c",
            "ssh://git@x.y/a",
        ] {
            assert!(SourceRepository::new(bad, &[]).is_none(), "{bad}: {:?}", SourceRepository::new(bad, &[]));
        }
    }

    #[test]
    fn links_pages_except_issues_and_pull_requests() {
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
            assert_eq!(is_linkable_page(text), expected, "{text}");
        }
    }
}
