//! Addresses of the documentation pages that messages name. A test checks that every page and section exists.

/// Expands to the full address of a page in `docs/`, or of a section of it, for this version of Tagboat:
/// `page!("troubleshooting.md#certificates")`.
macro_rules! page {
    ($page:literal) => {
        concat!("https://github.com/tagboat/tagboat/blob/v", env!("CARGO_PKG_VERSION"), "/docs/", $page)
    };
}

pub(crate) use page;
