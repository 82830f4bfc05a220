//! Lists all tags of an image, page by page. An incomplete list is an error.

use std::collections::HashSet;

use crate::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use crate::http::{Request, Response, StatusCode, Url};
use crate::image::{ImageName, Tag};
use crate::text::count_of;

use super::super::cache::{Cache, CachedList};
use super::super::error::RegistryError;
use super::super::remote::RemoteRegistry;
use super::link::next_page;
use super::tag_page::{Page, read_page};

/// The default page size: the most that many registries send.
const PAGE_SIZE: u32 = 1000;

/// The pages of one tag list so far.
struct Pages {
    size: usize,
    urls: HashSet<String>,
    /// The first entry of the first page.
    first: Option<String>,
    previous: Page,
    /// Whether the registry linked to a next page.
    has_link: bool,
    /// Whether the registry truncates the list without a link to the rest.
    is_truncated: bool,
}

/// How to get the page after a page.
enum NextPage {
    /// The page that the registry links to.
    Linked(Url),
    /// The page after the last entry: this registry truncates the list without a link.
    AfterLast,
    /// Perhaps more: the page is exactly as long as requested, and has no link.
    Unknown,
    /// No further page follows.
    End,
}

impl Pages {
    fn new(size: u32, first: &Url) -> Self {
        let urls = HashSet::from([first.to_string()]);
        Self { size: size as usize, urls, first: None, previous: Page::default(), has_link: false, is_truncated: false }
    }

    /// Adds a page and returns what follows it; an error if the pages repeat.
    fn add(&mut self, page: Page, link: Option<Url>) -> Result<NextPage, &'static str> {
        // After the last tag, go-containerregistry's registry starts over.
        let starts_over = self.is_truncated && page.first == self.first;
        if page.entries > 0 && page == self.previous && !starts_over {
            return Err("its pages repeat");
        }
        self.has_link |= link.is_some();
        let may_continue = page.entries == self.size && !starts_over && !self.has_link;
        if self.first.is_none() {
            self.first.clone_from(&page.first);
        }
        self.previous = page;
        Ok(match link {
            Some(link) => NextPage::Linked(link),
            None if !may_continue => NextPage::End,
            None if self.is_truncated => NextPage::AfterLast,
            None => NextPage::Unknown,
        })
    }
}

impl RemoteRegistry {
    /// Returns all tags in the registry's order, each once.
    pub(crate) async fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError> {
        let label = name.familiar();
        let first = self.endpoint.tags(name, self.page_size(), None);
        let cached = self.cache.as_ref().and_then(|cache| cache.list(&first));
        let request = conditional(Request::get(first.clone()), cached.as_ref());
        let mut response = match (self.send(name, label, request).await, cached) {
            (Err(error), Some(list)) if is_unchanged(&error) => return Ok(list.tags),
            (response, _) => response.map_err(incomplete_if_partial)?,
        };
        let mut tags = Vec::new();
        let mut pages = Pages::new(self.page_size(), &first);
        while let Some(next) = self.next_page(name, &response, &mut pages, &mut tags).await? {
            if pages.urls.len() >= self.limits.max_pages {
                return Err(too_long(label, "page", self.limits.max_pages));
            }
            if !pages.urls.insert(next.to_string()) {
                return Err(incomplete(name, "the links to its next page form a cycle"));
            }
            let page = self.send(name, label, Request::get(next)).await;
            response = page.map_err(incomplete_if_later_page).map_err(incomplete_if_partial)?;
        }
        let tags = deduplicated(tags);
        if let (Some(cache), 1) = (&self.cache, pages.urls.len()) {
            keep(cache, &first, &response, &tags);
        }
        Ok(tags)
    }

    fn page_size(&self) -> u32 {
        self.settings.page_size.unwrap_or(PAGE_SIZE)
    }

    /// Adds the page in a response to the list and returns the URL of the next one, if there is one.
    async fn next_page(
        &self,
        name: &ImageName,
        response: &Response,
        pages: &mut Pages,
        tags: &mut Vec<Tag>,
    ) -> Result<Option<Url>, RegistryError> {
        let (page, link) = self.page(name, response, tags)?;
        let next = pages.add(page, link).map_err(|cause| incomplete(name, cause))?;
        if tags.len() > self.limits.max_tags {
            return Err(too_long(name.familiar(), "tag", self.limits.max_tags));
        }
        match next {
            NextPage::Linked(url) => return Ok(Some(url)),
            NextPage::End => return Ok(None),
            NextPage::AfterLast => {}
            NextPage::Unknown => {
                if self.is_whole(name, &pages.previous).await? {
                    return Ok(None);
                }
                pages.is_truncated = true;
            }
        }
        Ok(Some(self.endpoint.tags(name, self.page_size(), pages.previous.last.as_deref())))
    }

    /// Parses the page in a response and its link to the next one.
    fn page(
        &self,
        name: &ImageName,
        response: &Response,
        kept: &mut Vec<Tag>,
    ) -> Result<(Page, Option<Url>), RegistryError> {
        let label = name.familiar();
        let page = read_page(&response.body, kept).map_err(|error| RegistryError::Malformed {
            image: label.to_owned(),
            url: crate::http::redacted(&response.url),
            expected: "a tag list",
            cause: error.to_string(),
        })?;
        let next = next_page(&response.headers, &response.url, self.endpoint.base())
            .map_err(|cause| RegistryError::RefusedLink { image: name.familiar().to_owned(), cause })?;
        Ok((page, next))
    }

    /// Returns whether a page without a link that is exactly as long as requested is the whole list.
    ///
    /// Some registries truncate the list there without a link (go-containerregistry's). Others ignore `n` (distribution
    /// before 3.0), so their lists are whole at any length. A request for one tag after the last distinguishes them: a
    /// whole list has none, and a truncated one has one. A registry that sends more ignores `n`. A registry that sends an old tag
    /// truncates the list and ignores `last`, so the rest cannot be read.
    async fn is_whole(&self, name: &ImageName, page: &Page) -> Result<bool, RegistryError> {
        if self.ignores_page_size.get().is_some() {
            return Ok(true);
        }
        // One probe finds out for all images that reach this point at the same time.
        let _probe = self.probe.lock().await;
        if self.ignores_page_size.get().is_some() {
            return Ok(true);
        }
        let next = self.one_after(name, page.last.as_deref()).await?;
        match next.entries {
            0 => Ok(true),
            1 if next.first == page.last => Err(self.truncated(name, page)),
            1 if next.first == page.first => {
                // The registry ignores `last`, or starts over after the end. A request after an earlier tag shows which.
                let second = self.one_after(name, page.first.as_deref()).await?;
                if second.first == page.first || second.first == page.last {
                    return Err(self.truncated(name, page));
                }
                Ok(true)
            }
            1 => Ok(false),
            _ => {
                // A concurrent probe sets the same.
                let _ = self.ignores_page_size.set(());
                Ok(true)
            }
        }
    }

    /// Requests one tag after another one.
    async fn one_after(&self, name: &ImageName, last: Option<&str>) -> Result<Page, RegistryError> {
        let url = self.endpoint.tags(name, 1, last);
        let response = self.send(name, name.familiar(), Request::get(url)).await.map_err(incomplete_if_later_page)?;
        Ok(self.page(name, &response, &mut Vec::new())?.0)
    }

    fn truncated(&self, name: &ImageName, page: &Page) -> RegistryError {
        let count = count_of(page.entries, "tag");
        incomplete(name, &format!("{} truncates it after {count} and ignores `last`", self.registry))
    }
}

fn incomplete(name: &ImageName, cause: &str) -> RegistryError {
    RegistryError::IncompleteTagList { image: name.familiar().to_owned(), cause: cause.to_owned() }
}

/// Makes a request conditional on the list having changed since it was cached.
fn conditional(mut request: Request, known: Option<&CachedList>) -> Request {
    let Some(known) = known else { return request };
    for (header, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
        if let Some(value) = value {
            request = request.header(header, value);
        }
    }
    request
}

/// Whether a response was 304: the cached list is current. No other request is conditional.
fn is_unchanged(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Http { source, .. } if source.status() == Some(StatusCode::NOT_MODIFIED))
}

/// Caches a list of one page, if the registry sent a validator for it.
fn keep(cache: &Cache, url: &Url, response: &Response, tags: &[Tag]) {
    let (etag, last_modified) = (response.header("etag"), response.header("last-modified"));
    if etag.is_some() || last_modified.is_some() {
        cache.keep_list(&CachedList::new(url, etag, last_modified, tags));
    }
}

fn too_long(image: &str, what: &'static str, limit: usize) -> RegistryError {
    RegistryError::TagListTooLong { image: image.to_owned(), what, limit }
}

/// Converts 206, the status of a part, which no request is for, to an incomplete list.
fn incomplete_if_partial(error: RegistryError) -> RegistryError {
    match &error {
        RegistryError::Http { image, source } if source.status() == Some(StatusCode::PARTIAL_CONTENT) => {
            RegistryError::IncompleteTagList { image: image.clone(), cause: source.to_string() }
        }
        _ => error,
    }
}

/// Converts a 404 for a later page to an incomplete list, because the image exists.
fn incomplete_if_later_page(error: RegistryError) -> RegistryError {
    match error {
        RegistryError::NotFound { image, url, .. } => {
            RegistryError::IncompleteTagList { image, cause: format!("{url} returned 404 for a later page") }
        }
        other => other,
    }
}

/// Returns each tag once, at its first position. Pages overlap when tags are pushed between two requests.
fn deduplicated(mut tags: Vec<Tag>) -> Vec<Tag> {
    // Most registries sort their lists, so this is usually the whole check.
    if !tags.is_sorted_by(|a, b| a < b) {
        let mut seen = HashSet::with_capacity(tags.len());
        let first: Vec<bool> = tags.iter().map(|tag| seen.insert(tag)).collect();
        let mut first = first.into_iter();
        tags.retain(|_| first.next().unwrap_or_default());
    }
    tags.shrink_to_fit();
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_each_tag_once_in_order() {
        let tags = |text: &str| text.split(' ').map(|tag| Tag::new(tag).unwrap()).collect::<Vec<_>>();
        assert_eq!(deduplicated(tags("b a b c a a")), tags("b a c"));
        assert_eq!(deduplicated(tags("a b c")), tags("a b c"));
        assert_eq!(deduplicated(tags("a b b")), tags("a b"));
        assert_eq!(deduplicated(Vec::new()), Vec::new());
    }
}
