//! The digest of a tag, and the facts in its manifest and configuration.

use std::sync::Arc;

use jiff::Timestamp;

use crate::http::{Request, Response, Url, header::ACCEPT, redacted};
use crate::image::{Digest, ImageFacts, ImageName, Tag};

use super::content;
use super::error::RegistryError;
use super::inspection::{Inspection, NextDocument};
use super::remote::RemoteRegistry;

/// The header with the digest of a response (distribution specification, "Pulling manifests").
const DIGEST_HEADER: &str = "docker-content-digest";

/// The document that a tag points at, for errors.
const MANIFEST: &str = "an image manifest";

/// A manifest with its digest.
struct FetchedManifest {
    body: Vec<u8>,
    digest: Digest,
    /// Whether the digest was requested or reported: then the content is what was pushed, and not the page of a portal.
    is_verified: bool,
}

impl RemoteRegistry {
    /// Returns the digest of a tag. Requests only headers, unless the registry does not send the digest there.
    pub(super) async fn digest(&self, name: &ImageName, tag: &Tag) -> Result<Digest, RegistryError> {
        let label = format!("{}:{tag}", name.familiar());
        if self.refuses_head.get().is_some() {
            return Ok(self.manifest(name, &label, tag.as_str()).await?.digest);
        }
        let url = self.endpoint.manifest(name, tag.as_str());
        let response = match self.content(name, &label, accepting(Request::head(url))).await {
            Err(error) if error.refuses_method() => {
                // A concurrent request sets the same.
                let _ = self.refuses_head.set(());
                return Ok(self.manifest(name, &label, tag.as_str()).await?.digest);
            }
            response => response?,
        };
        if response.header("content-type").is_some_and(content::is_schema1) {
            return Err(RegistryError::Schema1 { image: label });
        }
        match reported_digest(&response) {
            Some(digest) => Ok(digest),
            None => Ok(self.manifest(name, &label, tag.as_str()).await?.digest),
        }
    }

    /// Returns all facts in the manifest and configuration of a tag.
    pub(super) async fn facts(&self, name: &ImageName, tag: &Tag) -> Result<ImageFacts, RegistryError> {
        let label = format!("{}:{tag}", name.familiar());
        let top = match &self.cache {
            // With a cache, the headers show whether the manifest is in it.
            Some(_) => {
                let digest = self.digest(name, tag).await?;
                self.manifest(name, &label, digest.as_str()).await?
            }
            None => self.manifest(name, &label, tag.as_str()).await?,
        };
        self.facts_in(name, label, tag.as_str(), top).await
    }

    /// Returns all facts in a manifest and its configuration.
    pub(super) async fn facts_of(&self, name: &ImageName, digest: &Digest) -> Result<ImageFacts, RegistryError> {
        let label = format!("{}@{digest}", name.familiar());
        let top = self.manifest(name, &label, digest.as_str()).await?;
        self.facts_in(name, label, digest.as_str(), top).await
    }

    /// Returns the facts in a manifest and its configuration. Of an index, one manifest is read; another one replaces it if it is
    /// gone or unreadable.
    async fn facts_in(
        &self,
        name: &ImageName,
        label: String,
        reference: &str,
        top: FetchedManifest,
    ) -> Result<ImageFacts, RegistryError> {
        let mut inspection = Inspection::new(top.digest.clone());
        let url = self.endpoint.manifest(name, reference);
        if let Err(cause) = inspection.read(&top.body) {
            return Err(unreadable(label, &url, MANIFEST, cause, top.is_verified));
        }
        let mut first = None;
        loop {
            let next = inspection.next().clone();
            if next == NextDocument::End {
                return Ok(inspection.into_facts());
            }
            let read = self.document(name, &label, &next).await.and_then(|(url, expected, body)| {
                inspection.read(&body).map_err(|cause| unreadable(label.clone(), &url, expected, cause, true))
            });
            let Err(error) = read.map_err(RegistryError::into_missing_content) else { continue };
            if !error.is_permanent() {
                return Err(error);
            }
            let first = first.get_or_insert(error);
            if !inspection.skip() {
                return Err(first.clone());
            }
        }
    }

    /// Returns a document that a manifest names, with its URL and what it should be.
    async fn document(
        &self,
        name: &ImageName,
        label: &str,
        next: &NextDocument,
    ) -> Result<(Url, &'static str, Vec<u8>), RegistryError> {
        Ok(match next {
            NextDocument::Manifest(digest) => {
                let url = self.endpoint.manifest(name, digest.as_str());
                (url, MANIFEST, self.manifest(name, label, digest.as_str()).await?.body)
            }
            NextDocument::Config(digest) => {
                let url = self.endpoint.blob(name, digest.as_str());
                let body = self.config(name, label, &url, digest).await?;
                (url, "an image configuration", body)
            }
            NextDocument::End => (self.endpoint.base().clone(), MANIFEST, Vec::new()),
        })
    }

    /// Returns when the registry received the manifest that a tag points at, if the vendor publishes that.
    pub(super) async fn pushed(&self, name: &ImageName, tag: &Tag) -> Result<Option<Timestamp>, RegistryError> {
        let pushed = self.vendor.pushed(&self.endpoint.path(name), tag.as_str(), self.keychain.platform_env()).await;
        pushed.map_err(|source| RegistryError::Http {
            image: format!("{}:{tag}", name.familiar()),
            source: Arc::new(source),
        })
    }

    /// Sends a request for a manifest or a configuration.
    async fn content(&self, name: &ImageName, label: &str, request: Request) -> Result<Response, RegistryError> {
        self.send(name, label, request).await.map_err(RegistryError::into_refused_content)
    }

    /// Returns an image configuration that matches its digest.
    async fn config(
        &self,
        name: &ImageName,
        label: &str,
        url: &Url,
        digest: &Digest,
    ) -> Result<Vec<u8>, RegistryError> {
        if let Some(body) = self.cache.as_ref().and_then(|cache| cache.content(digest)) {
            return Ok(body);
        }
        let response = self.content(name, label, Request::get(url.clone())).await?;
        verify(label, url, &response.body, digest.as_str())?;
        self.keep(digest, &response.body);
        Ok(response.body)
    }

    fn keep(&self, digest: &Digest, body: &[u8]) {
        if let Some(cache) = &self.cache {
            cache.keep_content(digest, body);
        }
    }

    /// Returns a manifest with its digest, verified against the requested digest and the one that the registry reports.
    async fn manifest(&self, name: &ImageName, label: &str, reference: &str) -> Result<FetchedManifest, RegistryError> {
        if reference.contains(':') {
            let digest = self.checked(label, reference)?;
            if let Some(body) = self.cache.as_ref().and_then(|cache| cache.content(&digest)) {
                return Ok(FetchedManifest { body, digest, is_verified: true });
            }
        }
        let url = self.endpoint.manifest(name, reference);
        let response = self.content(name, label, accepting(Request::get(url.clone()))).await?;
        if response.header("content-type").is_some_and(content::is_schema1) || content::is_schema1_body(&response.body)
        {
            return Err(RegistryError::Schema1 { image: label.to_owned() });
        }
        let reported = reported_digest(&response);
        let expected = if reference.contains(':') { Some(reference) } else { reported.as_ref().map(Digest::as_str) };
        if let Some(expected) = expected {
            verify(label, &url, &response.body, expected)?;
        }
        let is_verified = expected.is_some();
        let actual = expected.map_or_else(|| content::digest_of(&response.body, None), str::to_owned);
        let digest = self.checked(label, &actual)?;
        self.keep(&digest, &response.body);
        Ok(FetchedManifest { body: response.body, digest, is_verified })
    }

    /// Parses a digest of a response before it becomes part of a URL.
    fn checked(&self, label: &str, text: &str) -> Result<Digest, RegistryError> {
        Digest::new(text).map_err(|error| RegistryError::Malformed {
            image: label.to_owned(),
            url: redacted(self.endpoint.base()),
            expected: "a manifest with usable digests",
            cause: error.to_string(),
        })
    }
}

/// Returns the error for content that cannot be read. Content that was verified stays as it is.
fn unreadable(image: String, url: &Url, expected: &'static str, cause: String, is_verified: bool) -> RegistryError {
    let url = redacted(url);
    if is_verified {
        RegistryError::NotAnImage { image, url, expected, cause }
    } else {
        RegistryError::Malformed { image, url, expected, cause }
    }
}

fn accepting(request: Request) -> Request {
    request.header(ACCEPT, &content::ACCEPT.join(", "))
}

/// Returns the digest that the registry reports for its response.
fn reported_digest(response: &Response) -> Option<Digest> {
    Digest::new(response.header(DIGEST_HEADER)?.trim()).ok()
}

fn verify(label: &str, url: &Url, body: &[u8], expected: &str) -> Result<(), RegistryError> {
    let actual = content::digest_of(body, Digest::new(expected).ok().as_ref());
    if actual == expected {
        return Ok(());
    }
    Err(RegistryError::WrongDigest {
        image: label.to_owned(),
        url: redacted(url),
        expected: expected.to_owned(),
        actual,
    })
}
