//! A folder that saves requests: content by digest, and tag lists until the registry reports a change.
//!
//! It may disappear at any time, and its content may be wrong: content is used only if it matches its digest, a list only
//! if the registry confirms its validator. It contains no secrets.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::docs::{Hint, hint};
use crate::http::Url;
use crate::http::header::HeaderValue;
use crate::image::{Digest, Tag};
use crate::temporary::NewFile;

use super::content::digest_of;

/// The largest file that is read back.
const LIMIT: u64 = 64 << 20;

/// The cache folder.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    /// Whether a write has failed, which is reported once.
    has_failed: AtomicBool,
}

/// A tag list of one page, with the validators of its response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CachedList {
    url: String,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) tags: Vec<Tag>,
}

/// A tag list in its file.
#[derive(Serialize, Deserialize)]
struct ListFile<'a> {
    /// The requested URL: another request has another list.
    url: Cow<'a, str>,
    etag: Option<String>,
    last_modified: Option<String>,
    tags: Vec<Cow<'a, str>>,
}

impl CachedList {
    pub(super) fn new(url: &Url, etag: Option<&str>, last_modified: Option<&str>, tags: &[Tag]) -> Self {
        let text = |value: Option<&str>| value.map(str::to_owned);
        Self { url: url.to_string(), etag: text(etag), last_modified: text(last_modified), tags: tags.to_vec() }
    }
}

impl Cache {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), has_failed: AtomicBool::new(false) }
    }

    /// Writes a file and removes it again. If that fails, returns the error and what to do; no other write reports it then.
    pub(super) fn check(&self) -> Result<(), (String, Hint)> {
        let path = self.folder.join("check");
        new_file(&path, b"").map(drop).map_err(|error| {
            self.has_failed.store(true, Ordering::Relaxed);
            self.failure(&error)
        })
    }

    /// Writes a file completely or not at all. A cache that cannot be written is not an error.
    fn keep(&self, path: &Path, body: &[u8]) {
        let Err(error) = new_file(path, body).and_then(NewFile::replace_unsynced) else { return };
        if !self.has_failed.swap(true, Ordering::Relaxed) {
            let (message, hint) = self.failure(&error);
            tracing::warn!("{message}; {hint}");
        }
    }

    fn failure(&self, error: &io::Error) -> (String, Hint) {
        let hint = hint!(
            "registries.md#caching",
            "let the user of Tagboat write to the folder, or set another one with --cache-dir"
        );
        (format!("cannot write to the cache {}: {error}", self.folder.display()), hint)
    }

    /// Returns the content with a digest.
    pub(super) fn content(&self, digest: &Digest) -> Option<Vec<u8>> {
        let body = read(&self.content_path(digest))?;
        (digest_of(&body, Some(digest)) == digest.as_str()).then_some(body)
    }

    /// Stores content that was verified against its digest.
    pub(super) fn keep_content(&self, digest: &Digest, body: &[u8]) {
        self.keep(&self.content_path(digest), body);
    }

    /// Returns the tag list of a URL.
    pub(super) fn list(&self, url: &Url) -> Option<CachedList> {
        let body = read(&self.list_path(url.as_str()))?;
        let (sum, text) = body.split_at_checked(71)?;
        if digest_of(text, None).as_bytes() != sum {
            return None;
        }
        let written: ListFile<'_> = serde_json::from_slice(text).ok()?;
        if written.url != url.as_str() {
            return None;
        }
        // An invalid header value would make the request fail.
        let is_header = |text: &Option<String>| text.as_deref().is_none_or(|text| HeaderValue::from_str(text).is_ok());
        if !is_header(&written.etag) || !is_header(&written.last_modified) {
            return None;
        }
        let tags = written.tags.iter().map(|tag| Tag::new(tag).ok()).collect::<Option<_>>()?;
        Some(CachedList { url: url.to_string(), etag: written.etag, last_modified: written.last_modified, tags })
    }

    /// Stores a list, with a digest that detects damage.
    pub(super) fn keep_list(&self, list: &CachedList) {
        let written = ListFile {
            url: Cow::Borrowed(&list.url),
            etag: list.etag.clone(),
            last_modified: list.last_modified.clone(),
            tags: list.tags.iter().map(|tag| Cow::Borrowed(tag.as_str())).collect(),
        };
        if let Ok(text) = serde_json::to_vec(&written) {
            let mut body = digest_of(&text, None).into_bytes();
            body.extend(text);
            self.keep(&self.list_path(&list.url), &body);
        }
    }

    /// Returns when a run first recorded that this tag points at this digest: now, if that is not recorded yet. A tag that moves counts
    /// as new. `image` is its URL: what another server said about the same name counts for nothing. `None` if the folder cannot be
    /// written.
    pub(super) fn first_seen(
        &self,
        image: &str,
        tag: &Tag,
        digest: Option<&Digest>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let what = format!("{image}:{tag}@{}", digest.map(Digest::as_str).unwrap_or_default());
        let path = self.folder.join("seen").join(digest_of(what.as_bytes(), None).replace(':', "-"));
        let text = || String::from_utf8(read(&path)?).ok();
        let kept = || {
            let text = text()?;
            let (time, whose) = text.split_once(' ')?;
            time.parse().ok().filter(|time| *time <= now && whose == what)
        };
        kept().or_else(|| {
            self.keep(&path, format!("{now} {what}").as_bytes());
            text().map(|_| now)
        })
    }

    fn content_path(&self, digest: &Digest) -> PathBuf {
        self.folder.join("content").join(digest.as_str().replace(':', "-"))
    }

    fn list_path(&self, url: &str) -> PathBuf {
        self.folder.join("tags").join(digest_of(url.as_bytes(), None).replace(':', "-"))
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > LIMIT {
        return None;
    }
    std::fs::read(path).ok()
}

/// Writes the file that is to have a path.
fn new_file(path: &Path, body: &[u8]) -> io::Result<NewFile> {
    std::fs::create_dir_all(path.parent().unwrap_or(path))?;
    let mut new = NewFile::beside(path, 0o600)?;
    new.write_all(body)?;
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_when_a_tag_was_first_seen_with_a_digest() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let (image, tag) = ("https://r.acme/v2/a", Tag::new("v1").unwrap());
        let digest = |body: &[u8]| Digest::new(&digest_of(body, None)).unwrap();
        let time = |second| Timestamp::from_second(second).unwrap();
        let seen = |body: &[u8], now| cache.first_seen(image, &tag, Some(&digest(body)), time(now));
        assert_eq!(seen(b"one", 100), Some(time(100)));
        assert_eq!(seen(b"one", 200), Some(time(100)));
        assert_eq!(seen(b"two", 300), Some(time(300)), "the tag has moved");
        // A clock that was wrong: a time after now is not believed.
        assert_eq!(seen(b"two", 250), Some(time(250)));
        for entry in std::fs::read_dir(folder.path().join("seen")).unwrap() {
            cache.keep(&entry.unwrap().path(), b"1970-01-01T00:00:01Z r.acme/other:v1@");
        }
        assert_eq!(seen(b"one", 400), Some(time(400)), "damaged");
        let elsewhere = cache.first_seen("https://mirror.test/v2/a", &tag, Some(&digest(b"one")), time(500));
        assert_eq!(elsewhere, Some(time(500)), "another server has the same tag");
        let nowhere = Cache::new(Path::new("/dev/null/cache"));
        assert_eq!(nowhere.first_seen(image, &tag, None, time(1)), None);
    }

    #[test]
    fn ignores_damaged_and_foreign_entries() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let digest = Digest::new(&digest_of(b"content", None)).unwrap();
        assert_eq!(cache.content(&digest), None);
        cache.keep_content(&digest, b"content");
        assert_eq!(cache.content(&digest).as_deref(), Some(&b"content"[..]));
        cache.keep_content(&digest, b"something else");
        assert_eq!(cache.content(&digest), None);

        let url = Url::parse("http://r.acme/v2/a/tags/list?n=1000").unwrap();
        let list = CachedList::new(&url, Some("\"1\""), None, &[Tag::new("v1").unwrap()]);
        cache.keep_list(&list);
        assert_eq!(cache.list(&url), Some(list));
        let path = cache.list_path(url.as_str());
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 10, 71, whole.len() - 1] {
            cache.keep(&path, &whole[..cut]);
            assert_eq!(cache.list(&url), None, "{cut}");
        }
        let other = Url::parse("http://r.acme/v2/b/tags/list?n=1000").unwrap();
        cache.keep(&cache.list_path(other.as_str()), &whole);
        assert_eq!(cache.list(&other), None, "the list of another image");
        for (fault, rest) in [
            ("an invalid tag", r#""etag":"1","tags":["a b"]"#),
            ("an etag that is not a header value", r#""etag":"1\r\nx: y","tags":["v1"]"#),
            ("a date that is not a header value", r#""last_modified":"\u0000","tags":["v1"]"#),
        ] {
            let text = format!(r#"{{"url":"{url}",{rest}}}"#);
            cache.keep(&path, &[digest_of(text.as_bytes(), None).as_bytes(), text.as_bytes()].concat());
            assert_eq!(cache.list(&url), None, "{fault}");
        }
        // Neither a folder nor an endless file is read.
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(cache.list(&url), None, "a folder");
        cache.keep(&path, &whole);
        assert_eq!(cache.list(&url), None, "a failed write is not an error");
    }
}
