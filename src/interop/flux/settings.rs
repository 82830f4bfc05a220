//! Parses `ImageRepository` and `ImagePolicy` objects of Flux into policy settings. [`policies`](super::policies) finds them.
//!
//! A policy selects the tag that Flux selects, with four exceptions. Numbers are exact; Flux rounds them to 64-bit floats.
//! Ties are broken the same way in every run; Flux breaks some at random. An `extract` template without a group is an
//! error; Flux extracts an empty text from every tag. No policy selects a tag older than the current one.

use serde_json::Value;

use crate::policy::{Pinning, PolicyError, Settings};

/// The default of `exclusionList` in an `ImageRepository`: signatures that are stored as tags beside the images.
const DEFAULT_EXCLUSION: &str = r"^.*\.sig$";

/// Returns the policy settings of the `spec` of an `ImagePolicy` and of the `ImageRepository` that it refers to.
pub fn settings(policy: &Value, repository: Option<&Value>) -> Result<Settings, PolicyError> {
    let filter = &policy["filterTags"];
    let pattern = text(filter, "pattern", "filterTags.pattern")?;
    let extract = text(filter, "extract", "filterTags.extract")?;
    let mut pairs = ordering(&policy["policy"])?;
    if !pattern.is_empty() {
        pairs.push(("include", pattern.into()));
        if !extract.is_empty() {
            pairs.push(("extract", extract.into()));
        }
    }
    let exclude = match repository.map(|spec| &spec["exclusionList"]) {
        None | Some(Value::Null) => vec![DEFAULT_EXCLUSION.into()],
        Some(Value::Array(list)) => list.clone(),
        Some(_) => return Err(PolicyError::at("exclusionList", "expected a list of regular expressions")),
    };
    pairs.push(("exclude", Value::Array(exclude)));
    pairs.push(("outliers", "allow".into()));
    // Flux keeps the first of several tags with the same extracted text, but the last of `1.9.9` and `v1.9.9`.
    pairs.push(("ties", if extract.is_empty() { "last" } else { "first" }.into()));
    Ok(Settings::from_pairs(pairs))
}

/// Returns what the `digestReflectionPolicy` of an `ImagePolicy` means: `IfNotPresent` writes the digest with a new tag, `Always`
/// lets it follow the tag.
pub fn pinning(policy: &Value) -> Result<Pinning, PolicyError> {
    match text(policy, "digestReflectionPolicy", "digestReflectionPolicy")? {
        "" | "Never" => Ok(Pinning::Keep),
        "IfNotPresent" => Ok(Pinning::Add),
        "Always" => Ok(Pinning::Follow),
        other => Err(PolicyError::at(
            "digestReflectionPolicy",
            format!("expected `Never`, `IfNotPresent` or `Always`, found `{other}`"),
        )),
    }
}

type Pairs = Vec<(&'static str, Value)>;

fn ordering(policy: &Value) -> Result<Pairs, PolicyError> {
    if let Some(semver) = policy.get("semver") {
        let range = text(semver, "range", "policy.semver.range")?;
        return Ok(vec![("semver", range.into()), ("strict", true.into()), ("variant", "pre-release".into())]);
    }
    if let Some(alphabetical) = policy.get("alphabetical") {
        return Ok(vec![("alphabetical", order(alphabetical, "policy.alphabetical.order")?)]);
    }
    if let Some(numerical) = policy.get("numerical") {
        return Ok(vec![("numerical", order(numerical, "policy.numerical.order")?), ("strict", true.into())]);
    }
    Err(PolicyError::at("policy", "expected a policy, found none")
        .with_hint("set one of `semver`, `alphabetical` and `numerical`"))
}

/// Returns the order in lower case. Flux's reflector accepts any case; its API documents lower case.
fn order(policy: &Value, key: &str) -> Result<Value, PolicyError> {
    match text(policy, "order", key)?.to_ascii_lowercase().as_str() {
        "" | "asc" => Ok("asc".into()),
        "desc" => Ok("desc".into()),
        other => Err(PolicyError::at(key, format!("expected `asc` or `desc`, found `{other}`"))),
    }
}

fn text<'v>(object: &'v Value, name: &str, key: &str) -> Result<&'v str, PolicyError> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(PolicyError::at(key, format!("expected a string, found {other}"))
            .with_hint("put it in quotes: YAML reads `1.10` without quotes as the number 1.1")),
    }
}
