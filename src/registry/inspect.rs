//! The digest of a tag, and the facts in its manifest and configuration.

use std::sync::Arc;

use jiff::Timestamp;

use crate::http::{Request, Response, Url, header::ACCEPT, redacted};
use crate::image::{Digest, ImageFacts, ImageName, Tag};

use super::content::{self, NextDocument};
use super::error::RegistryError;
use super::remote::RemoteRegistry;

/// The header with the digest of a response (distribution specification, "Pulling manifests").
const DIGEST_HEADER: &str = "docker-content-digest";

/// How many manifests are followed: an index may contain indexes, but no known one nests deeper.
const DEPTH: usize = 4;

impl RemoteRegistry {
    /// Returns the digest of a tag. Requests only headers, unless the registry does not send the digest there.
    pub(super) async fn digest(&self, name: &ImageName, tag: &Tag) -> Result<Digest, RegistryError> {
        let label = format!("{}:{tag}", name.familiar());
        let url = self.endpoint.manifest(name, tag.as_str());
        let response = self.send(name, &label, accepting(Request::head(url))).await?;
        if response.header("content-type").is_some_and(content::is_schema1) {
            return Err(RegistryError::Schema1 { image: label });
        }
        match reported_digest(&response) {
            Some(digest) => Ok(digest),
            None => Ok(self.manifest(name, &label, tag.as_str()).await?.1),
        }
    }

    /// Returns all facts in the manifest and configuration of a tag.
    pub(super) async fn facts(&self, name: &ImageName, tag: &Tag) -> Result<ImageFacts, RegistryError> {
        let label = format!("{}:{tag}", name.familiar());
        let (mut body, digest) = match &self.cache {
            // With a cache, the headers show whether the manifest is in it.
            Some(_) => {
                let digest = self.digest(name, tag).await?;
                self.manifest(name, &label, digest.as_str()).await?
            }
            None => self.manifest(name, &label, tag.as_str()).await?,
        };
        let mut facts = ImageFacts { digest: Some(digest), ..ImageFacts::default() };
        for _ in 0..DEPTH {
            let next = content::read_manifest(&body, &mut facts).map_err(|error| RegistryError::Malformed {
                image: label.clone(),
                url: redacted(&self.endpoint.manifest(name, tag.as_str())),
                expected: "an image manifest",
                cause: error.to_string(),
            })?;
            match next {
                NextDocument::Manifest(digest) => body = self.manifest(name, &label, &digest).await?.0,
                NextDocument::Config(digest) => {
                    let digest = self.checked(&label, &digest)?;
                    let url = self.endpoint.blob(name, digest.as_str());
                    let body = self.config(name, &label, &url, &digest).await?;
                    content::read_config(&body, &mut facts).map_err(|error| RegistryError::Malformed {
                        image: label.clone(),
                        url: redacted(&url),
                        expected: "an image configuration",
                        cause: error.to_string(),
                    })?;
                    break;
                }
                NextDocument::End => break,
            }
        }
        Ok(facts)
    }

    /// Returns when the registry received the manifest that a tag points at, if the vendor publishes that.
    pub(super) async fn pushed(&self, name: &ImageName, tag: &Tag) -> Result<Option<Timestamp>, RegistryError> {
        let pushed = self.vendor.pushed(&self.endpoint.path(name), tag.as_str(), self.keychain.platform_env()).await;
        pushed.map_err(|source| RegistryError::Http {
            image: format!("{}:{tag}", name.familiar()),
            source: Arc::new(source),
        })
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
        let response = self.send(name, label, Request::get(url.clone())).await?;
        verify(label, url, &response.body, digest.as_str())?;
        self.keep(digest, &response.body);
        Ok(response.body)
    }

    fn keep(&self, digest: &Digest, body: &[u8]) {
        if let Some(cache) = &self.cache {
            cache.keep_content(digest, body);
        }
    }

    /// Returns a manifest and its digest, verified against the requested digest and the one that the registry reports.
    async fn manifest(
        &self,
        name: &ImageName,
        label: &str,
        reference: &str,
    ) -> Result<(Vec<u8>, Digest), RegistryError> {
        if reference.contains(':') {
            let digest = self.checked(label, reference)?;
            if let Some(body) = self.cache.as_ref().and_then(|cache| cache.content(&digest)) {
                return Ok((body, digest));
            }
        }
        let url = self.endpoint.manifest(name, reference);
        let response = self.send(name, label, accepting(Request::get(url.clone()))).await?;
        if response.header("content-type").is_some_and(content::is_schema1) || content::is_schema1_body(&response.body)
        {
            return Err(RegistryError::Schema1 { image: label.to_owned() });
        }
        let reported = reported_digest(&response);
        let expected = if reference.contains(':') { Some(reference) } else { reported.as_ref().map(Digest::as_str) };
        if let Some(expected) = expected {
            verify(label, &url, &response.body, expected)?;
        }
        let actual = expected.map_or_else(|| content::digest_of(&response.body, None), str::to_owned);
        let digest = self.checked(label, &actual)?;
        self.keep(&digest, &response.body);
        Ok((response.body, digest))
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
