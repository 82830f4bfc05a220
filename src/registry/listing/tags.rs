//! All tags of an image: page after page, to the end or not at all.

use std::collections::HashSet;

use crate::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use crate::http::{Request, Response, StatusCode, Url};
use crate::image::{ImageName, Tag};

use super::super::cache::{Cache, CachedList};
use super::super::error::RegistryError;
use super::super::remote::RemoteRegistry;
use super::link::next_page;
use super::tag_page::{Page, read_page};

/// Tags to ask for at once: what most registries allow at most.
const PAGE: u32 = 1000;

impl RemoteRegistry {
    /// All tags, in the registry's order, each once. Signatures and the like are left out.
    pub(crate) async fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError> {
        let shown = name.familiar();
        let asked = self.settings.page_size.unwrap_or(PAGE);
        let mut url = self.endpoint.tags(name, asked, None);
        let known = self.cache.as_ref().and_then(|cache| cache.list(&url));
        let mut request = conditional(Request::get(url.clone()), known.as_ref());
        let mut kept = Vec::new();
        let mut seen = HashSet::new();
        let (mut before, mut start): (Option<Page>, Option<String>) = (None, None);
        // Whether this list turned out to be cut without a word, and whether the registry said where it goes on.
        let (mut cut, mut linked) = (false, false);
        loop {
            seen.insert(url.to_string());
            let answer = match (self.ask(name, shown, request).await, &known) {
                (Err(error), Some(list)) if seen.len() == 1 && is_unchanged(&error) => return Ok(list.tags.clone()),
                (Err(error), _) if seen.len() > 1 => return Err(lost(error)),
                (answer, _) => answer?,
            };
            let (page, next) = self.page(name, &answer, &mut kept)?;
            linked |= next.is_some();
            // Who has nothing after the last tag begins again (go-containerregistry's registry).
            let over = cut && page.first == start;
            let early = |why: &str| RegistryError::IncompleteTagList { image: shown.to_owned(), why: why.to_owned() };
            if page.entries > 0 && before.as_ref() == Some(&page) && !over {
                return Err(early("its pages repeat"));
            }
            if kept.len() > self.limits.max_tags {
                return Err(too_long(shown, "tags", self.limits.max_tags));
            }
            let full = page.entries == asked as usize;
            let next = match next {
                Some(next) => next,
                None if full && !over && !linked && (cut || !self.is_whole(name, &page).await?) => {
                    cut = true;
                    self.endpoint.tags(name, asked, page.last.as_deref())
                }
                None => {
                    let tags = once(kept);
                    if let (Some(cache), 1) = (&self.cache, seen.len()) {
                        keep(cache, &url, &answer, &tags);
                    }
                    return Ok(tags);
                }
            };
            if seen.contains(next.as_str()) {
                return Err(early("the links to its next page go in a circle"));
            }
            if seen.len() >= self.limits.max_pages {
                return Err(too_long(shown, "pages", self.limits.max_pages));
            }
            request = Request::get(next.clone());
            start = start.or_else(|| page.first.clone());
            (url, before) = (next, Some(page));
        }
    }

    /// What an answer says: one page, and where the next one is if the registry tells.
    fn page(
        &self,
        name: &ImageName,
        answer: &Response,
        kept: &mut Vec<Tag>,
    ) -> Result<(Page, Option<Url>), RegistryError> {
        let shown = name.familiar();
        let page = read_page(&answer.body, kept).map_err(|error| RegistryError::Malformed {
            image: shown.to_owned(),
            url: crate::http::redacted(&answer.url),
            expected: "a tag list",
            cause: error.to_string(),
        })?;
        let next = next_page(&answer.headers, &answer.url, self.endpoint.base())
            .map_err(|why| RegistryError::IncompleteTagList { image: shown.to_owned(), why })?;
        Ok((page, next))
    }

    /// Whether a page that is exactly as long as was asked for, without a link to a next one, is all there is.
    ///
    /// Some registries cut the list there without a word (go-containerregistry's). Others never look at `n`
    /// (distribution before 3.0), so their lists are whole at any length. Asking for one tag after the last tells them
    /// apart: nothing comes if the list is whole, one if it goes on; whoever sends more does not look at `n`. Whoever
    /// sends an old tag cuts, but can't be asked to go on.
    async fn is_whole(&self, name: &ImageName, page: &Page) -> Result<bool, RegistryError> {
        if self.ignores_page_size.get().is_some() {
            return Ok(true);
        }
        // One image finds out for all that come to this point at the same time.
        let finding_out = self.probe.lock().await;
        if self.ignores_page_size.get().is_some() {
            return Ok(true);
        }
        let probe = self.one_after(name, page.last.as_deref()).await?;
        let whole = match probe.entries {
            0 => true,
            1 if probe.first == page.first => {
                // Either it never looks at `last`, or it begins again where nothing is left. A tag before the last tells.
                let second = self.one_after(name, page.first.as_deref()).await?;
                if second.first == page.first || second.first == page.last {
                    return Err(self.cut_for_good(name, page));
                }
                true
            }
            1 if probe.first == page.last => return Err(self.cut_for_good(name, page)),
            1 => false,
            _ => {
                // Whoever else comes to know it says the same.
                let _ = self.ignores_page_size.set(());
                true
            }
        };
        drop(finding_out);
        Ok(whole)
    }

    /// What an image has after one of its tags, if only one tag is wanted.
    async fn one_after(&self, name: &ImageName, last: Option<&str>) -> Result<Page, RegistryError> {
        let url = self.endpoint.tags(name, 1, last);
        let answer = self.ask(name, name.familiar(), Request::get(url)).await.map_err(lost)?;
        Ok(self.page(name, &answer, &mut Vec::new())?.0)
    }

    fn cut_for_good(&self, name: &ImageName, page: &Page) -> RegistryError {
        RegistryError::IncompleteTagList {
            image: name.familiar().to_owned(),
            why: format!("{} cuts it after {} tags and does not go on from there", self.registry, page.entries),
        }
    }
}

/// Asks for the list only if it is no longer the one at hand.
fn conditional(mut request: Request, known: Option<&CachedList>) -> Request {
    let Some(known) = known else { return request };
    for (header, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
        if let Some(value) = value {
            request = request.header(header, value);
        }
    }
    request
}

/// 304: the list at hand is the one. No other question is conditional.
fn is_unchanged(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Http { source, .. } if source.status() == Some(StatusCode::NOT_MODIFIED))
}

/// Keeps a list that took one answer, if the registry gave something to ask with next time.
fn keep(cache: &Cache, url: &Url, answer: &Response, tags: &[Tag]) {
    let (etag, last_modified) = (answer.header("etag"), answer.header("last-modified"));
    if etag.is_some() || last_modified.is_some() {
        cache.keep_list(&CachedList::new(url, etag, last_modified, tags));
    }
}

fn too_long(image: &str, what: &'static str, limit: usize) -> RegistryError {
    RegistryError::TagListTooLong { image: image.to_owned(), what, limit }
}

/// An image whose first page was there exists: 404 then means that a page of its list can't be had.
fn lost(error: RegistryError) -> RegistryError {
    match error {
        RegistryError::NotFound { image, url, .. } => RegistryError::IncompleteTagList {
            image,
            why: format!("{url} answers 404, though there are tags before it"),
        },
        other => other,
    }
}

/// Every tag once, where it first stood. Pages overlap when tags are pushed between two requests.
fn once(mut tags: Vec<Tag>) -> Vec<Tag> {
    // Most registries sort their lists.
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
    fn each_tag_once_in_the_order_of_the_registry() {
        let tags = |text: &str| text.split(' ').map(|tag| Tag::new(tag).unwrap()).collect::<Vec<_>>();
        assert_eq!(once(tags("b a b c a a")), tags("b a c"));
        assert_eq!(once(tags("a b c")), tags("a b c"));
        assert_eq!(once(tags("a b b")), tags("a b"));
        assert_eq!(once(Vec::new()), Vec::new());
    }
}
