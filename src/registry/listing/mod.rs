//! Lists all tags of an image, page by page.

mod link;
mod tag_page;
mod tags;
