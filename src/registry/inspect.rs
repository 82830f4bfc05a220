//! What one tag points at, and what is inside.

use std::sync::Arc;

use jiff::Timestamp;

use crate::http::{Request, Response, Url, header::ACCEPT, redacted};
use crate::image::{Digest, ImageFacts, ImageName, Tag};

use super::content::{self, Next};
use super::error::RegistryError;
use super::remote::RemoteRegistry;

/// How a registry tells the digest of what it answers (distribution specification, "Pulling manifests").
const DIGEST_HEADER: &str = "docker-content-digest";

/// An index may hold indexes; deeper than this nobody nests them.
const DEPTH: usize = 4;

impl RemoteRegistry {
    /// What a tag points at now. Asks for headers only, unless the registry does not tell the digest there.
    pub(super) async fn digest(&self, name: &ImageName, tag: &Tag) -> Result<Digest, RegistryError> {
        let shown = format!("{}:{tag}", name.familiar());
        let url = self.endpoint.manifest(name, tag.as_str());
        let answer = self.ask(name, &shown, accepting(Request::head(url))).await?;
        if answer.header("content-type").is_some_and(content::is_schema1) {
            return Err(RegistryError::Schema1 { image: shown });
        }
        match promised(&answer) {
            Some(digest) => Ok(digest),
            None => Ok(self.manifest(name, &shown, tag.as_str()).await?.1),
        }
    }

    /// Everything that manifest and configuration tell about a tag.
    pub(super) async fn facts(&self, name: &ImageName, tag: &Tag) -> Result<ImageFacts, RegistryError> {
        let shown = format!("{}:{tag}", name.familiar());
        let (mut body, digest) = match &self.cache {
            // With a cache, headers are enough to know what need not be fetched again.
            Some(_) => {
                let digest = self.digest(name, tag).await?;
                self.manifest(name, &shown, digest.as_str()).await?
            }
            None => self.manifest(name, &shown, tag.as_str()).await?,
        };
        let mut facts = ImageFacts { digest: Some(digest), ..ImageFacts::default() };
        for _ in 0..DEPTH {
            let next = content::read_manifest(&body, &mut facts).map_err(|error| RegistryError::Malformed {
                image: shown.clone(),
                url: redacted(&self.endpoint.manifest(name, tag.as_str())),
                expected: "an image manifest",
                cause: error.to_string(),
            })?;
            match next {
                Next::Manifest(digest) => body = self.manifest(name, &shown, &digest).await?.0,
                Next::Config(digest) => {
                    let digest = self.checked(&shown, &digest)?;
                    let url = self.endpoint.blob(name, digest.as_str());
                    let body = self.config(name, &shown, &url, &digest).await?;
                    content::read_config(&body, &mut facts).map_err(|error| RegistryError::Malformed {
                        image: shown.clone(),
                        url: redacted(&url),
                        expected: "an image configuration",
                        cause: error.to_string(),
                    })?;
                    break;
                }
                Next::End => break,
            }
        }
        Ok(facts)
    }

    /// When the registry took in what a tag points at now, where its vendor tells that to anybody.
    pub(super) async fn pushed(&self, name: &ImageName, tag: &Tag) -> Result<Option<Timestamp>, RegistryError> {
        let told = self.vendor.pushed(&self.endpoint.path(name), tag.as_str(), self.keychain.platform_env()).await;
        told.map_err(|source| RegistryError::Http {
            image: format!("{}:{tag}", name.familiar()),
            source: Arc::new(source),
        })
    }

    /// An image configuration, which is checked against its digest.
    async fn config(
        &self,
        name: &ImageName,
        shown: &str,
        url: &Url,
        digest: &Digest,
    ) -> Result<Vec<u8>, RegistryError> {
        if let Some(body) = self.cache.as_ref().and_then(|cache| cache.content(digest)) {
            return Ok(body);
        }
        let answer = self.ask(name, shown, Request::get(url.clone())).await?;
        verify(shown, url, &answer.body, digest.as_str())?;
        self.keep(digest, &answer.body);
        Ok(answer.body)
    }

    fn keep(&self, digest: &Digest, body: &[u8]) {
        if let Some(cache) = &self.cache {
            cache.keep_content(digest, body);
        }
    }

    /// A manifest and its digest, which is checked: against the digest asked for, and against what the registry says.
    async fn manifest(
        &self,
        name: &ImageName,
        shown: &str,
        reference: &str,
    ) -> Result<(Vec<u8>, Digest), RegistryError> {
        if reference.contains(':') {
            let digest = self.checked(shown, reference)?;
            if let Some(body) = self.cache.as_ref().and_then(|cache| cache.content(&digest)) {
                return Ok((body, digest));
            }
        }
        let url = self.endpoint.manifest(name, reference);
        let answer = self.ask(name, shown, accepting(Request::get(url.clone()))).await?;
        if answer.header("content-type").is_some_and(content::is_schema1) || content::is_schema1_body(&answer.body) {
            return Err(RegistryError::Schema1 { image: shown.to_owned() });
        }
        let told = promised(&answer);
        let promise = if reference.contains(':') { Some(reference) } else { told.as_ref().map(Digest::as_str) };
        if let Some(promise) = promise {
            verify(shown, &url, &answer.body, promise)?;
        }
        let actual = promise.map_or_else(|| content::digest_of(&answer.body, None), str::to_owned);
        let digest = self.checked(shown, &actual)?;
        self.keep(&digest, &answer.body);
        Ok((answer.body, digest))
    }

    /// A digest out of an answer goes into a URL only if it is one.
    fn checked(&self, shown: &str, text: &str) -> Result<Digest, RegistryError> {
        Digest::new(text).map_err(|error| RegistryError::Malformed {
            image: shown.to_owned(),
            url: redacted(self.endpoint.base()),
            expected: "a manifest with usable digests",
            cause: error.to_string(),
        })
    }
}

fn accepting(request: Request) -> Request {
    request.header(ACCEPT, &content::ACCEPT.join(", "))
}

/// The digest that the registry says its answer has.
fn promised(answer: &Response) -> Option<Digest> {
    Digest::new(answer.header(DIGEST_HEADER)?.trim()).ok()
}

fn verify(shown: &str, url: &Url, body: &[u8], promised: &str) -> Result<(), RegistryError> {
    let actual = content::digest_of(body, Digest::new(promised).ok().as_ref());
    if actual == promised {
        return Ok(());
    }
    Err(RegistryError::WrongDigest {
        image: shown.to_owned(),
        url: redacted(url),
        promised: promised.to_owned(),
        actual,
    })
}
