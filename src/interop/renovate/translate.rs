//! `tagboat init --from renovate`: a configuration of Renovate's in our own words, as far as there are any. Shows no
//! values of what it leaves: they may hold passwords.
//!
//! Renovate merges all package rules that match, the last one strongest; here the first rule that matches decides. So
//! they are written from the last to the first, each with what holds for everything.

use serde_json::{Value, json};

use super::files::is_package_json;
use super::rules::{self, CommonSettings};
use super::untranslated::why_left;
use crate::interop::draft::{Translation, TranslationDraft};

/// Why a text is no configuration of Renovate's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} is not a valid Renovate configuration: {why}")]
pub struct RenovateError {
    path: String,
    why: String,
}

/// Brackets in brackets: honest files have ten.
const DEEPEST: usize = 100;

/// Translates a file, which may be JSON5. In a `package.json` it stands under `renovate`.
pub fn translate(path: &str, text: &str) -> Result<Translation, RenovateError> {
    let bad = |why: String| RenovateError { path: path.to_owned(), why };
    let mut depth = 0_usize;
    let deepest = text.bytes().map(|b| {
        depth = if matches!(b, b'[' | b'{') {
            depth + 1
        } else {
            depth.saturating_sub(usize::from(matches!(b, b']' | b'}')))
        };
        depth
    });
    if deepest.max() > Some(DEEPEST) {
        return Err(bad("its values are nested too deep".to_owned()));
    }
    let read: Value = json5::from_str(text).map_err(|error| bad(error.to_string()))?;
    let root = if is_package_json(path) { &read["renovate"] } else { &read };
    let root = root.as_object().ok_or_else(|| bad("a map is expected".to_owned()))?;
    let (mut draft, mut base) = (TranslationDraft::default(), CommonSettings::default());
    for preset in root.get("extends").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        preset_of(preset, &mut draft, &mut base);
    }
    for (key, value) in root {
        top(key, value, &mut draft, &mut base);
    }
    if root.get("automerge") == Some(&Value::Bool(true)) {
        let how = match root.get("automergeStrategy").and_then(Value::as_str) {
            Some("squash") => "squash",
            Some("rebase" | "fast-forward") => "rebase",
            _ => "merge",
        };
        draft.pull_requests.push(("auto-merge", how.into()));
    }
    rules::write(root, &base, &mut draft);
    Ok(draft.finish(path))
}

/// What a preset says, if it is one of those that are known.
fn preset_of(preset: &str, draft: &mut TranslationDraft, base: &mut CommonSettings) {
    let (name, arguments) = preset.split_once('(').unwrap_or((preset, ""));
    let arguments: Vec<Value> = arguments
        .trim_end_matches(')')
        .split(',')
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .map(Value::from)
        .collect();
    let limit = name.strip_prefix(":prConcurrentLimit").and_then(|number| number.parse::<u64>().ok());
    match (name, limit) {
        ("docker:pinDigests" | ":pinDigests", _) => base.pin = true,
        ("config:best-practices", _) => {
            base.pin = true;
            draft.leave(format!("extends: {preset}"), "of this preset only docker:pinDigests is translated");
        }
        ("docker:disableMajor" | ":disableMajorUpdates", _) => base.max_bump = Some("minor"),
        ("docker:enableMajor" | "config:base" | "config:recommended" | ":ignoreUnstable", _) => {}
        (":label" | ":labels", _) => top("labels", &Value::Array(arguments), draft, base),
        (":assignee", _) => top("assignees", &Value::Array(arguments), draft, base),
        (":reviewer", _) => top("reviewers", &Value::Array(arguments), draft, base),
        (_, Some(limit)) => top("prConcurrentLimit", &limit.into(), draft, base),
        _ => draft
            .leave(format!("extends: {preset}"), "presets are not read; what it says about images has to be said here"),
    }
}

/// Managers of Renovate whose files Tagboat reads without configuration.
const MANAGERS: &[&str] =
    &["argocd", "docker-compose", "dockerfile", "flux", "helm-values", "helmv3", "helmfile", "kubernetes", "kustomize"];

fn top(key: &str, value: &Value, draft: &mut TranslationDraft, base: &mut CommonSettings) {
    let texts = || value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    match key {
        "$schema" | "description" | "extends" | "packageRules" | "automerge" | "automergeStrategy"
        | "platformAutomerge" => {}
        "labels" | "addLabels" => extend(draft, "labels", texts()),
        "assignees" => extend(draft, "assignees", texts()),
        "reviewers" => {
            extend(draft, "reviewers", texts().filter(|one| !one.starts_with("team:")));
            let teams = texts().filter_map(|one| one.strip_prefix("team:").map(str::to_owned));
            extend(draft, "team-reviewers", teams.map(|team| team.rsplit('/').next().unwrap_or_default().to_owned()));
        }
        "draftPR" if value == true => draft.pull_requests.push(("draft", true.into())),
        "prConcurrentLimit" => match value.as_u64().and_then(|limit| u32::try_from(limit).ok()) {
            Some(limit) if limit > 0 => draft.pull_requests.push(("max-open", limit.into())),
            _ => draft.leave(key, "there is always a limit: see `pull-requests: { max-open: … }`"),
        },
        "branchPrefix" => draft.pull_requests.extend(value.as_str().map(|text| ("branch-prefix", text.into()))),
        "groupName" => draft.pull_requests.push(("group", "all".into())),
        "baseBranches" | "baseBranchPatterns" => match (texts().next(), texts().count()) {
            (Some(branch), 1) if !branch.starts_with('/') => draft.git.push(("base", branch.into())),
            _ => draft.leave(key, "one branch per configuration: run Tagboat once for each, with `--config`"),
        },
        "gitAuthor" => match value.as_str().and_then(|text| text.trim_end_matches('>').split_once(" <")) {
            Some((name, email)) => draft.git.push(("author", json!({ "name": name, "email": email }))),
            None => draft.leave(key, "a name and an address are expected"),
        },
        "ignorePaths" => draft.paths[1].extend(texts().flat_map(|text| folders(&text))),
        "includePaths" => draft.paths[0].extend(texts().flat_map(|text| folders(&text))),
        "ignoreDeps" => base.ignored.extend(texts()),
        "customManagers" | "regexManagers" => custom(key, value, draft),
        "docker" => value.as_object().into_iter().flatten().for_each(|(key, value)| top(key, value, draft, base)),
        manager if MANAGERS.contains(&manager) => {
            draft.leave(manager, "needs nothing: every file that can hold an image is read");
        }
        _ if base.take(key, value) => {}
        _ => draft.leave(key, why_left(key)),
    }
}

fn extend(draft: &mut TranslationDraft, key: &'static str, texts: impl Iterator<Item = String>) {
    let texts: Vec<Value> = texts.map(Value::from).collect();
    if texts.is_empty() {
        return;
    }
    match draft.pull_requests.iter_mut().find(|(known, _)| *known == key) {
        Some((_, Value::Array(list))) => list.extend(texts),
        _ => draft.pull_requests.push((key, Value::Array(texts))),
    }
}

/// Renovate takes a text without wildcards as a part of a path.
fn folders(text: &str) -> Vec<String> {
    let text = text.trim_start_matches("./").trim_start_matches('/');
    if text.contains(['*', '?', '{']) {
        return vec![if text.ends_with('/') { format!("{text}**") } else { text.to_owned() }];
    }
    let text = text.trim_end_matches('/');
    vec![text.to_owned(), format!("{text}/**"), format!("**/{text}/**")]
}

fn custom(key: &str, managers: &Value, draft: &mut TranslationDraft) {
    for (at, manager) in managers.as_array().into_iter().flatten().enumerate() {
        let by_comment = manager["matchStrings"].to_string().contains("renovate:");
        let why = if by_comment {
            "if it reads `# renovate:` comments: those for images are understood as they stand"
        } else {
            "see `manifests: { patterns: … }`: a regular expression with the groups name, tag and digest"
        };
        draft.leave(format!("{key}[{at}]"), why);
    }
}
