//! All tags of an image: page after page, to the end or not at all.

use std::collections::HashSet;

use crate::http::{Request, Url};
use crate::image::{ImageName, Tag};

use super::error::RegistryError;
use super::link::next_page;
use super::remote::Remote;
use super::tag_page::{Page, read_page};

/// Tags to ask for at once: what most registries allow at most.
const PAGE: u32 = 1000;

impl Remote {
    /// All tags, in the registry's order, each once. Signatures and the like are left out.
    pub(super) async fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError> {
        let shown = name.familiar();
        let asked = self.settings.page_size.unwrap_or(PAGE);
        let mut kept = Vec::new();
        let mut seen = HashSet::new();
        let mut url = self.endpoint.tags(name, asked, None);
        let mut before: Option<Page> = None;
        // Whether this list turned out to be cut without a word.
        let mut cut = false;
        loop {
            seen.insert(url.to_string());
            let (page, next) = self.page(name, url, &mut kept).await?;
            let early = |why: &str| RegistryError::ListEndsEarly { image: shown.to_owned(), why: why.to_owned() };
            if page.entries > 0 && before.as_ref() == Some(&page) {
                return Err(early("its pages repeat"));
            }
            if kept.len() > self.limits.tags {
                return Err(too_long(shown, "tags", self.limits.tags));
            }
            let full = page.entries == asked as usize;
            let next = match next {
                Some(next) => next,
                None if full && (cut || !self.is_whole(name, &page).await?) => {
                    cut = true;
                    self.endpoint.tags(name, asked, page.last.as_deref())
                }
                None => return Ok(once(kept)),
            };
            if seen.contains(next.as_str()) {
                return Err(early("the links to its next page go in a circle"));
            }
            if seen.len() >= self.limits.pages {
                return Err(too_long(shown, "pages", self.limits.pages));
            }
            (url, before) = (next, Some(page));
        }
    }

    /// One page, and where the next one is if the registry says so.
    async fn page(
        &self,
        name: &ImageName,
        url: Url,
        kept: &mut Vec<Tag>,
    ) -> Result<(Page, Option<Url>), RegistryError> {
        let shown = name.familiar();
        let answer = self.ask(name, shown, Request::get(url)).await?;
        let page = read_page(&answer.body, kept).map_err(|error| RegistryError::Malformed {
            image: shown.to_owned(),
            url: crate::http::redacted(&answer.url),
            expected: "a tag list",
            cause: error.to_string(),
        })?;
        let next = next_page(&answer.headers, &answer.url, self.endpoint.base())
            .map_err(|why| RegistryError::ListEndsEarly { image: shown.to_owned(), why })?;
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
        let mut after = Vec::new();
        let url = self.endpoint.tags(name, 1, page.last.as_deref());
        let (probe, _) = self.page(name, url, &mut after).await?;
        match probe.entries {
            0 => Ok(true),
            1 if probe.first != page.first && probe.first != page.last => Ok(false),
            1 => Err(RegistryError::ListEndsEarly {
                image: name.familiar().to_owned(),
                why: format!("{} cuts it after {} tags and does not go on from there", self.registry, page.entries),
            }),
            _ => {
                let _ = self.ignores_page_size.set(());
                Ok(true)
            }
        }
    }
}

fn too_long(image: &str, what: &'static str, limit: usize) -> RegistryError {
    RegistryError::ListTooLong { image: image.to_owned(), what, limit }
}

/// Every tag once, where it first stood. Pages overlap when tags are pushed between two requests.
fn once(mut tags: Vec<Tag>) -> Vec<Tag> {
    let mut order: Vec<usize> = (0..tags.len()).collect();
    order.sort_unstable_by(|a, b| tags[*a].cmp(&tags[*b]).then(a.cmp(b)));
    let mut again = vec![false; tags.len()];
    for pair in order.windows(2) {
        again[pair[1]] = tags[pair[0]] == tags[pair[1]];
    }
    let mut again = again.into_iter();
    tags.retain(|_| !again.next().unwrap_or_default());
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
        assert_eq!(once(Vec::new()), Vec::new());
    }
}
