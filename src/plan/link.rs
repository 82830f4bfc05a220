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

const GITHUB: Style = Style { commit: "/commit/", compare: "/compare/OLD...NEW" };

/// Hosts by a part of their name, first match counts; everything else links as GitHub and Gitea do.
const STYLES: &[(&str, Style)] = &[
    ("gitlab", Style { commit: "/-/commit/", compare: "/-/compare/OLD...NEW" }),
    // Bitbucket writes the newer revision first.
    ("bitbucket.org", Style { commit: "/commits/", compare: "/branches/compare/NEW..OLD" }),
    ("dev.azure.com", Style { commit: "/commit/", compare: "/branchCompare?baseVersion=GCOLD&targetVersion=GCNEW" }),
];

impl Source {
    /// Reads the label. `git+https://`, a trailing `.git`, `#fragment` and `?query` are dropped, as build tools add them.
    pub(super) fn new(label: &str) -> Option<Self> {
        let url = Url::parse(label.trim().strip_prefix("git+").unwrap_or(label.trim())).ok()?;
        let host = url.host_str()?;
        let path = url.path().trim_end_matches('/').trim_end_matches(".git");
        let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._~-%".contains(&b));
        if !matches!(url.scheme(), "http" | "https") || path.len() < 2 || !plain {
            return None;
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let style = STYLES.iter().find(|(part, _)| host.contains(part)).map_or(GITHUB, |(_, style)| *style);
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

/// Whether a label's text is a git revision and nothing else.
pub(super) fn is_revision(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether a text is a web address that can stand in Markdown's parentheses.
pub(super) fn is_web(text: &str) -> bool {
    let scheme = text.starts_with("https://") || text.starts_with("http://");
    scheme && text.bytes().all(|b| b.is_ascii_graphic() && !b"()<>[]`\"\\".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_hosts_way() {
        #[rustfmt::skip]
        let rows = [
            ("https://github.com/acme/api.git",          "https://github.com/acme/api/compare/a...b"),
            ("git+https://github.com/acme/api#main",     "https://github.com/acme/api/compare/a...b"),
            ("https://gitlab.acme.dev:8443/x/y/api",     "https://gitlab.acme.dev:8443/x/y/api/-/compare/a...b"),
            ("https://bitbucket.org/acme/api",           "https://bitbucket.org/acme/api/branches/compare/b..a"),
            ("https://dev.azure.com/acme/p/_git/api",    "https://dev.azure.com/acme/p/_git/api/branchCompare?baseVersion=GCa&targetVersion=GCb"),
            ("https://codeberg.org/acme/api/",           "https://codeberg.org/acme/api/compare/a...b"),
        ];
        for (label, compare) in rows {
            assert_eq!(Source::new(label).unwrap().compare("a", "b"), compare);
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
}
