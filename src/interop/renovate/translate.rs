//! `tagboat init --from renovate`: translates a Renovate configuration. It lists the settings that have no counterpart
//! without their values, which may be passwords.
//!
//! Renovate merges all matching package rules, and the last one takes precedence; Tagboat applies the first matching rule.
//! Therefore a translated rule comes before those that contain it, with their settings and those of every image.

use serde_json::{Value, json};

use super::common_settings::CommonSettings;
use super::files::is_package_json;
use super::rules;
use super::untranslated::reason_left;
use crate::interop::draft::{Translation, TranslationDraft};
use crate::policy::Pinning;

/// Why a text is not a valid Renovate configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {path}: {cause}")]
pub struct RenovateError {
    path: String,
    cause: String,
}

/// The maximum depth of nested brackets. Real files have ten.
const MAX_DEPTH: usize = 100;

/// Translates a file in JSON5. In a `package.json`, the configuration is the value of `renovate`.
pub fn translate(path: &str, text: &str) -> Result<Translation, RenovateError> {
    let invalid = |cause: String| RenovateError { path: path.to_owned(), cause };
    let mut depth = 0_usize;
    let deepest = text.bytes().map(|b| {
        depth = if matches!(b, b'[' | b'{') {
            depth + 1
        } else {
            depth.saturating_sub(usize::from(matches!(b, b']' | b'}')))
        };
        depth
    });
    if deepest.max() > Some(MAX_DEPTH) {
        return Err(invalid("values are nested too deeply".to_owned()));
    }
    let read: Value = json5::from_str(text).map_err(|error| invalid(error.to_string()))?;
    let root = if is_package_json(path) { &read["renovate"] } else { &read };
    let root = root.as_object().ok_or_else(|| invalid("expected a map".to_owned()))?;
    let (mut draft, mut common) = (TranslationDraft::default(), CommonSettings::default());
    for preset in root.get("extends").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        apply_preset(preset, &mut draft, &mut common);
    }
    for (key, value) in root {
        apply_key(key, value, &mut draft, &mut common);
    }
    if root.get("automerge") == Some(&Value::Bool(true)) {
        let how = match root.get("automergeStrategy").and_then(Value::as_str) {
            Some("squash") => "squash",
            Some("rebase" | "fast-forward") => "rebase",
            _ => "merge",
        };
        draft.pull_requests.push(("auto-merge", how.into()));
    }
    rules::write(root, &common, &mut draft);
    Ok(draft.finish(path))
}

/// Translates a preset of `extends`, if it is a known one.
fn apply_preset(preset: &str, draft: &mut TranslationDraft, common: &mut CommonSettings) {
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
        ("docker:pinDigests" | ":pinDigests", _) => common.pinning = Pinning::Follow,
        ("config:best-practices", _) => {
            common.pinning = Pinning::Follow;
            draft.leave(format!("extends: {preset}"), "only docker:pinDigests of this preset is translated");
        }
        ("docker:disableMajor" | ":disableMajorUpdates", _) => common.max_bump = Some("minor"),
        ("docker:enableMajor" | "config:base" | "config:recommended" | ":ignoreUnstable", _) => {}
        (":label" | ":labels", _) => apply_key("labels", &Value::Array(arguments), draft, common),
        (":assignee", _) => apply_key("assignees", &Value::Array(arguments), draft, common),
        (":reviewer", _) => apply_key("reviewers", &Value::Array(arguments), draft, common),
        (_, Some(limit)) => apply_key("prConcurrentLimit", &limit.into(), draft, common),
        _ => draft
            .leave(format!("extends: {preset}"), "presets are not read; copy their settings about images to the file"),
    }
}

/// Managers of Renovate whose files Tagboat reads by default.
const MANAGERS: &[&str] =
    &["argocd", "docker-compose", "dockerfile", "flux", "helm-values", "helmv3", "helmfile", "kubernetes", "kustomize"];

/// Translates a top-level key.
fn apply_key(key: &str, value: &Value, draft: &mut TranslationDraft, common: &mut CommonSettings) {
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
            _ => draft.leave(key, "a limit is required; set `pull-requests: { max-open: … }`"),
        },
        "branchPrefix" => draft.pull_requests.extend(value.as_str().map(|text| ("branch-prefix", text.into()))),
        "groupName" => draft.pull_requests.push(("group", "all".into())),
        "baseBranches" | "baseBranchPatterns" => match (texts().next(), texts().count()) {
            (Some(branch), 1) if !branch.starts_with('/') => draft.git.push(("base", branch.into())),
            _ => draft
                .leave(key, "a configuration has one base branch: run Tagboat once for each branch, with `--config`"),
        },
        "gitAuthor" => match value.as_str().and_then(|text| text.trim_end_matches('>').split_once(" <")) {
            Some((name, email)) => draft.git.push(("author", json!({ "name": name, "email": email }))),
            None => draft.leave(key, "expected a name and an email address"),
        },
        "ignorePaths" => draft.paths[1].extend(texts().flat_map(|text| folders(&text))),
        "includePaths" => draft.paths[0].extend(texts().flat_map(|text| folders(&text))),
        "ignoreDeps" => common.ignored.extend(texts()),
        "customManagers" | "regexManagers" => apply_custom_managers(key, value, draft),
        "docker" => {
            value.as_object().into_iter().flatten().for_each(|(key, value)| apply_key(key, value, draft, common))
        }
        manager if MANAGERS.contains(&manager) => {
            if value["enabled"] == false {
                common.disabled_managers.push(manager.to_owned());
                return;
            }
            draft.leave(manager, "not needed: Tagboat reads every file that can contain an image");
        }
        _ if common.take(key, value) => {}
        _ => draft.leave(key, reason_left(key)),
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

/// Returns globs for an entry of `ignorePaths`. Renovate matches an entry without wildcards anywhere in a path.
fn folders(text: &str) -> Vec<String> {
    let text = text.trim_start_matches("./").trim_start_matches('/');
    if text.contains(['*', '?', '{']) {
        return vec![if text.ends_with('/') { format!("{text}**") } else { text.to_owned() }];
    }
    let text = text.trim_end_matches('/');
    vec![text.to_owned(), format!("{text}/**"), format!("**/{text}/**")]
}

fn apply_custom_managers(key: &str, managers: &Value, draft: &mut TranslationDraft) {
    for (at, manager) in managers.as_array().into_iter().flatten().enumerate() {
        let by_comment = manager["matchStrings"].to_string().contains("renovate:");
        let reason = if by_comment {
            "`# renovate:` comments for images need no translation: Tagboat reads them"
        } else {
            "set `manifests: { patterns: … }` to a regular expression with the groups name, tag and digest"
        };
        draft.leave(format!("{key}[{at}]"), reason);
    }
}
