//! Flux's `ImageRepository` and `ImagePolicy` objects as policies. Reads what they say; finding them and the markers that
//! name them is done elsewhere.
//!
//! Flux's answers, but for these: numbers are exact where Flux rounds them to 64-bit floats; a tie that Flux breaks at
//! random is broken the same way every time; a template that names no group is an error, where Flux reads nothing from
//! every tag; and no tag is ever lower than the current one.

use serde_json::Value;

use crate::policy::{PolicyError, Settings};

/// Tags that Flux leaves out where a repository says nothing: signatures beside the images (irc, `ImageRepository`).
const DEFAULT_EXCLUSION: &str = r"^.*\.sig$";

/// What the digest beside the tag does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestReflection {
    /// There is none.
    Never,
    /// It is written with a new tag and stays with it.
    IfNotPresent,
    /// It follows the tag.
    Always,
}

/// The policy entry of an `ImagePolicy`'s `spec`, together with the `spec` of the `ImageRepository` that it refers to.
pub fn settings(policy: &Value, repository: Option<&Value>) -> Result<Settings, PolicyError> {
    let filter = &policy["filterTags"];
    let pattern = text(filter, "pattern", "filterTags.pattern")?;
    let extract = text(filter, "extract", "filterTags.extract")?;
    let mut pairs = kind(&policy["policy"])?;
    if !pattern.is_empty() {
        pairs.push(("include", pattern.into()));
        if !extract.is_empty() {
            pairs.push(("extract", extract.into()));
        }
    }
    let exclude = match repository.map(|spec| &spec["exclusionList"]) {
        None | Some(Value::Null) => vec![DEFAULT_EXCLUSION.into()],
        Some(Value::Array(list)) => list.clone(),
        Some(_) => return Err(PolicyError::at("exclusionList", "is a list of regular expressions")),
    };
    pairs.push(("exclude", Value::Array(exclude)));
    pairs.push(("outliers", "allow".into()));
    // Of several tags that the same text is extracted from, Flux keeps the first; of `1.9.9` and `v1.9.9`, the last.
    pairs.push(("ties", if extract.is_empty() { "last" } else { "first" }.into()));
    Ok(Settings::from_pairs(pairs))
}

/// What `digestReflectionPolicy` of an `ImagePolicy` says.
pub fn digest_reflection(policy: &Value) -> Result<DigestReflection, PolicyError> {
    match text(policy, "digestReflectionPolicy", "digestReflectionPolicy")? {
        "" | "Never" => Ok(DigestReflection::Never),
        "IfNotPresent" => Ok(DigestReflection::IfNotPresent),
        "Always" => Ok(DigestReflection::Always),
        other => Err(PolicyError::at(
            "digestReflectionPolicy",
            format!("{other:?} is not one of Never, IfNotPresent, Always"),
        )),
    }
}

type Pairs = Vec<(&'static str, Value)>;

fn kind(policy: &Value) -> Result<Pairs, PolicyError> {
    if let Some(semver) = policy.get("semver") {
        let range = text(semver, "range", "policy.semver.range")?;
        return Ok(vec![("semver", range.into()), ("strict", true.into()), ("variant", "any".into())]);
    }
    if let Some(alphabetical) = policy.get("alphabetical") {
        return Ok(vec![("alphabetical", order(alphabetical, "policy.alphabetical.order")?)]);
    }
    if let Some(numerical) = policy.get("numerical") {
        return Ok(vec![("numerical", order(numerical, "policy.numerical.order")?), ("strict", true.into())]);
    }
    Err(PolicyError::at("policy", "names no policy").with_hint("Flux has semver, alphabetical and numerical"))
}

/// The reflector compares in upper case, though its API wants lower case.
fn order(policy: &Value, key: &str) -> Result<Value, PolicyError> {
    match text(policy, "order", key)?.to_ascii_lowercase().as_str() {
        "" | "asc" => Ok("asc".into()),
        "desc" => Ok("desc".into()),
        other => Err(PolicyError::at(key, format!("{other:?} is not one of asc, desc"))),
    }
}

fn text<'v>(object: &'v Value, name: &str, key: &str) -> Result<&'v str, PolicyError> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(PolicyError::at(key, format!("a text belongs here, not {other}"))
            .with_hint("put quotes around it: YAML reads an unquoted 1.10 as the number 1.1")),
    }
}
