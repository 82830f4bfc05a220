//! Which documents to read for the facts of a tag, from its manifest to a configuration. Pure.

use crate::image::{Digest, ImageFacts};

use super::content::{self, ManifestContent};

/// How many documents are read for one tag: a clean-up may have removed many manifests of an index, and an index may contain
/// indexes.
const MAX_DOCUMENTS: usize = 20;

/// The document to read next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NextDocument {
    /// The manifest with this digest.
    Manifest(Digest),
    /// The configuration with this digest.
    Config(Digest),
    /// None: the facts are complete.
    End,
}

/// The facts of one tag so far, and what is left to read.
#[derive(Debug)]
pub(super) struct Inspection {
    facts: ImageFacts,
    next: NextDocument,
    /// Manifests of an index that replace one that cannot be read, the next one last, each with the facts of the index.
    others: Vec<(ImageFacts, Digest)>,
    /// The image that is read now, of an index that names no platforms.
    unnamed: Option<Digest>,
    /// The facts of the images that were read of such an index: each may be for another platform.
    found: Option<ImageFacts>,
    documents: usize,
}

impl Inspection {
    /// Starts at the manifest that a tag points at.
    pub(super) fn new(digest: Digest) -> Self {
        let facts = ImageFacts { digest: Some(digest.clone()), ..ImageFacts::default() };
        let (next, others) = (NextDocument::Manifest(digest), Vec::new());
        Self { facts, next, others, unnamed: None, found: None, documents: 0 }
    }

    /// Returns the document to read next.
    pub(super) fn next(&self) -> &NextDocument {
        &self.next
    }

    /// Reads that document. Fails with its problem.
    pub(super) fn read(&mut self, body: &[u8]) -> Result<(), String> {
        if matches!(self.next, NextDocument::Config(_)) {
            content::read_config(body, &mut self.facts)?;
            self.next = NextDocument::End;
            if let Some(image) = self.unnamed.take() {
                self.keep(image);
            }
            return Ok(());
        }
        self.documents += 1;
        match content::read_manifest(body, &mut self.facts)? {
            ManifestContent::Index(children) => {
                self.others.extend(children.into_iter().rev().map(|child| (self.facts.clone(), child)));
                if !self.skip() {
                    return Err("its indexes nest too deep".to_owned());
                }
            }
            ManifestContent::Image(config) => self.next = NextDocument::Config(config),
            ManifestContent::Artifact => self.next = NextDocument::End,
        }
        Ok(())
    }

    /// Goes to the next manifest of an index after one that cannot be read. Returns `false` if none is left.
    pub(super) fn skip(&mut self) -> bool {
        self.documents += 1;
        let other = if self.documents < MAX_DOCUMENTS { self.others.pop() } else { None };
        let Some((facts, child)) = other else { return self.end() };
        self.unnamed = facts.platforms.is_empty().then(|| child.clone());
        (self.facts, self.next) = (facts, NextDocument::Manifest(child));
        true
    }

    /// Keeps the facts of one image of an index that names no platforms, and goes to the next.
    fn keep(&mut self, image: Digest) {
        let facts = std::mem::take(&mut self.facts);
        let platforms = facts.platforms.clone();
        let found = self.found.get_or_insert(ImageFacts { platforms: Vec::new(), ..facts });
        found.members.extend(platforms.first().map(|platform| (platform.clone(), image)));
        found.platforms.extend(platforms);
        self.skip();
    }

    /// Ends with the images that were read. Returns `false` if none was.
    fn end(&mut self) -> bool {
        let Some(found) = self.found.take() else { return false };
        (self.facts, self.next) = (found, NextDocument::End);
        true
    }

    /// Returns the facts.
    pub(super) fn into_facts(self) -> ImageFacts {
        self.facts
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    const CACHE: &str = "application/vnd.buildkit.cacheconfig.v0";
    const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

    fn digest(character: char) -> String {
        format!("sha256:{}", character.to_string().repeat(64))
    }

    fn entry(kind: &str, character: char, platform: Value) -> Value {
        let mut entry = json!({ "mediaType": kind, "digest": digest(character), "size": 7 });
        if !platform.is_null() {
            entry["platform"] = platform;
        }
        entry
    }

    fn index(entries: Vec<Value>) -> String {
        json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string()
    }

    fn image(config_type: &str) -> String {
        json!({ "schemaVersion": 2, "config": entry(config_type, 'c', Value::Null), "layers": [] }).to_string()
    }

    /// Returns the digests in the order in which they are read if no child can be, or the problem of the manifest.
    fn order(body: &str) -> Result<String, String> {
        let mut inspection = Inspection::new(Digest::new(&digest('0')).unwrap());
        inspection.read(body.as_bytes())?;
        let mut order = String::new();
        loop {
            match inspection.next() {
                NextDocument::Manifest(digest) => order.push_str(&digest.hex()[..1]),
                NextDocument::Config(_) => order.push_str("config"),
                NextDocument::End => break,
            }
            if !inspection.skip() {
                break;
            }
        }
        let facts = inspection.into_facts();
        if let Some(kind) = facts.artifact_type {
            order.push_str(&kind);
        }
        let platforms: Vec<String> = facts.platforms.iter().map(ToString::to_string).collect();
        Ok(format!("{order} {}", platforms.join(",")).trim_end().to_owned())
    }

    #[test]
    fn finds_the_images_of_manifests_and_indexes() {
        let (amd, arm) =
            (json!({"os": "linux", "architecture": "amd64"}), json!({"os": "linux", "architecture": "arm64"}));
        let unknown = json!({"os": "unknown", "architecture": "unknown"});
        let (no_os, null_os) = (json!({"architecture": "arm64"}), json!({"os": null, "architecture": "arm64"}));
        let none = || Value::Null;
        #[rustfmt::skip]
        let rows = [
            ("an image",               image(CONFIG),                                                              Ok("config")),
            ("a chart",                image("application/vnd.cncf.helm.config.v1+json"),                          Ok("application/vnd.cncf.helm.config.v1+json")),
            ("a build cache",          image(CACHE),                                                               Ok(CACHE)),
            ("the cache as an index",  index(vec![entry(LAYER, '1', none()), entry(CACHE, '2', none())]),          Ok(CACHE)),
            ("layers",                 index(vec![entry(LAYER, '1', none())]),                                     Ok(LAYER)),
            ("amd64 first",            index(vec![entry(MANIFEST, '1', arm.clone()), entry(MANIFEST, '2', amd.clone())]), Ok("21 linux/arm64,linux/amd64")),
            ("with an attestation",    index(vec![entry(MANIFEST, '1', unknown.clone()), entry(MANIFEST, '2', arm.clone())]), Ok("2 linux/arm64")),
            ("with a blob",            index(vec![entry(LAYER, '1', none()), entry(MANIFEST, '2', arm.clone())]),  Ok("2 linux/arm64")),
            ("no platform",            index(vec![entry(MANIFEST, '1', none())]),                                  Ok("1")),
            ("one without os",         index(vec![entry(MANIFEST, '1', no_os.clone()), entry(MANIFEST, '2', arm)]), Ok("12 linux/arm64")),
            ("none with os",           index(vec![entry(MANIFEST, '1', no_os), entry(MANIFEST, '2', null_os)]),    Err("names no platform with an operating system")),
            ("only attestations",      index(vec![entry(MANIFEST, '1', unknown)]),                                 Err("lists no image")),
            ("empty",                  index(vec![]),                                                              Err("lists no image")),
            ("a digest of md5",        index(vec![json!({"mediaType": MANIFEST, "digest": "md5:0"})]),             Err("unusable digest")),
            ("neither",                r#"{"schemaVersion":2}"#.to_owned(),                                        Err("neither `config` nor `manifests`")),
            ("a page",                 "<html>".to_owned(),                                                        Err("expected value")),
        ];
        for (case, body, expected) in rows {
            match (order(&body), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{case}"),
                (Err(problem), Err(part)) => assert!(problem.contains(part), "{case}: {problem}"),
                (found, expected) => panic!("{case}: {found:?}, not {expected:?}"),
            }
        }
        let artifact = json!({ "artifactType": "application/vnd.acme.report", "config": entry("application/vnd.oci.empty.v1+json", 'c', none()) });
        assert_eq!(order(&artifact.to_string()).unwrap(), "application/vnd.acme.report");
    }

    #[test]
    fn reads_a_bounded_number_of_documents() {
        let mut inspection = Inspection::new(Digest::new(&digest('0')).unwrap());
        let nested = index(vec![entry(INDEX, '1', Value::Null)]);
        let problem = (0..100).find_map(|_| inspection.read(nested.as_bytes()).err());
        assert_eq!(problem.as_deref(), Some("its indexes nest too deep"));
        let many = index((0..100).map(|_| entry(MANIFEST, '1', Value::Null)).collect());
        assert!(order(&many).unwrap().len() < MAX_DOCUMENTS);
    }
}
