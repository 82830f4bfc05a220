//! Renovate's comments: `# renovate: datasource=docker depName=ghcr.io/acme/api versioning=semver`.

use super::parsed::ParsedMarker;
use crate::image::{ImageName, begins_with_registry};
use crate::manifest::occurrence::MarkerKind;
use crate::text::is_misspelling_of;

const NAME: &str = "renovate";

/// The keys that name the package, the strongest first: `packageName`, and `lookupName`, which is its old name, win over `depName`,
/// which may be a display name (Renovate's custom managers).
const NAMES: [&str; 4] = ["packageName", "lookupName", "depName", "image"];

/// The other keys of Renovate's custom managers.
const KEYS: [&str; 6] = ["datasource", "versioning", "extractVersion", "registryUrl", "depType", "currentValue"];

const FORM: &str = "write `# renovate: datasource=docker depName=NAME`";

/// Parses the text of a comment. Returns `None` if it is not meant as a comment for Renovate.
pub(super) fn parse(text: &str) -> Option<ParsedMarker> {
    let malformed = |problem| Some(ParsedMarker::malformed(MarkerKind::Renovate, problem));
    if let Some(rest) = misspelled(text) {
        return malformed(format!("misspelled Renovate comment: write `# renovate: {rest}`"));
    }
    let comment = Comment(text.strip_prefix("renovate:")?.trim());
    // A regular expression that finds such comments, as in the configuration of Renovate.
    if comment.0.contains("(?") && comment.word("datasource").is_some_and(|source| !is_datasource(source)) {
        return None;
    }
    match comment.read() {
        Ok(marker) => Some(marker),
        Err(cause) => malformed(format!("cannot read the Renovate comment: {cause}")),
    }
}

/// Returns the words after a misspelled name: `rennovate: depName=a` or `renovate datasource=docker`. Prose about Renovate is not
/// meant as a comment for it.
fn misspelled(text: &str) -> Option<&str> {
    let end = text.bytes().take(16).position(|byte| byte == b':' || byte.is_ascii_whitespace())?;
    let (word, rest) = text.split_at(end);
    let is_exact = word == NAME && rest.starts_with(':');
    if is_exact || !is_misspelling_of(word, NAME) {
        return None;
    }
    let rest = rest.trim_start().trim_start_matches(':').trim();
    let key = rest.split_once('=').map(|(key, _)| key);
    key.is_some_and(|key| KEYS.iter().chain(&NAMES).any(|known| *known == key)).then_some(rest)
}

/// The words of a comment: `datasource=docker depName=ghcr.io/acme/api`, in any order (Renovate's presets of custom managers).
struct Comment<'a>(&'a str);

impl<'a> Comment<'a> {
    fn word(&self, key: &str) -> Option<&'a str> {
        self.0.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    fn first_word(&self) -> Option<&'a str> {
        self.0.split_whitespace().next()
    }

    fn read(&self) -> Result<ParsedMarker, String> {
        self.expect_known_keys()?;
        let named = NAMES.into_iter().find_map(|key| self.word(key));
        let name = || named.ok_or_else(|| format!("it names no image; {FORM}"));
        let oci = self.word("registryUrl").and_then(|url| url.strip_prefix("oci://"));
        let (image, foreign_datasource) = match (self.word("datasource"), oci) {
            (Some("docker"), _) => (Some(in_registry(name()?, self.word("registryUrl"))), None),
            // A chart in an OCI registry is pulled like an image.
            (Some("helm"), Some(oci)) => (Some(format!("{}/{}", oci.trim_end_matches('/'), name()?)), None),
            (Some(other), _) if is_datasource(other) => (None, Some(other.to_owned())),
            (Some(other), _) => return Err(format!("`{other}` is not a datasource; {FORM}")),
            (None, _) if self.word("image").is_some() => (self.word("image").map(str::to_owned), None),
            // As the regular expressions of some repositories read it: `custom-release depName=acme/tool`.
            (None, _) if named.is_some() && self.first_word().is_some_and(is_datasource) => {
                (None, self.first_word().map(str::to_owned))
            }
            (None, _) => return Err(format!("it names no datasource; {FORM}")),
        };
        if let Some(invalid) = image.as_ref().filter(|image| ImageName::new(image).is_err()) {
            return Err(format!("`{invalid}` is not the name of an image; {FORM}"));
        }
        let is_surplus = |word: &&str| !word.contains('=');
        if image.is_some()
            && let Some(word) = self.0.split_whitespace().find(is_surplus)
        {
            return Err(format!("it has the surplus word `{word}`; end the comment before it"));
        }
        let is_about_versions = |word: &&str| word.starts_with("versioning=") || word.starts_with("extractVersion=");
        let policy = self.0.split_whitespace().filter(is_about_versions).collect::<Vec<_>>().join(" ");
        let is_chart = self.word("datasource") == Some("helm") && image.is_some();
        Ok(ParsedMarker { image, is_chart, foreign_datasource, ..ParsedMarker::new(MarkerKind::Renovate, policy) })
    }

    /// Fails for a key that is almost one of Renovate's. Other keys are those of the regular expressions of a repository.
    fn expect_known_keys(&self) -> Result<(), String> {
        let known = || KEYS.iter().chain(&NAMES);
        for key in self.0.split_whitespace().filter_map(|word| Some(word.split_once('=')?.0)) {
            if !known().any(|known| *known == key)
                && let Some(meant) = known().find(|known| is_misspelling_of(key, &known.to_ascii_lowercase()))
            {
                return Err(format!("it has no key `{key}`; write `{meant}=`"));
            }
        }
        Ok(())
    }
}

fn is_datasource(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

/// Returns the name of an image in the registry of its comment. A registry in the name wins (Renovate's `datasource/docker`).
fn in_registry(name: &str, url: Option<&str>) -> String {
    let registry = url.map(|url| url.split_once("://").map_or(url, |(_, host)| host).trim_end_matches('/'));
    match registry {
        Some(registry) if !begins_with_registry(name) => format!("{registry}/{name}"),
        _ => name.to_owned(),
    }
}
