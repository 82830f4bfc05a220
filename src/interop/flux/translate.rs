//! `tagboat init --from flux`: translates the policies of Flux into a `tagboat.yaml` that replaces the objects.

use std::collections::BTreeSet;

use super::automations::FluxAutomations;
use super::policies::FluxPolicies;
use crate::interop::draft::{Translation, TranslationDraft};
use crate::interop::objects::Object;
use crate::interop::policy_rules::{FoundReference, Groups, add, finish, group};
use crate::policy::Pinning;

/// Translates the policies that markers name.
pub fn translate(
    policies: &FluxPolicies,
    automations: &FluxAutomations,
    objects: &[Object],
    references: &[FoundReference<'_>],
) -> Translation {
    let mut draft = TranslationDraft::default();
    let mut groups = Groups::new();
    let mut used = BTreeSet::new();
    let mut not_applied = Vec::new();
    for place in references {
        let Some(marker) = place.flux else { continue };
        let at = format!("the marker at {}:{}", place.path, place.line);
        let found = match policies.find(marker, place.path) {
            Some(Ok(found)) => found,
            Some(Err(reason)) => {
                draft.leave(at, reason);
                continue;
            }
            None => {
                draft.leave(at, format!("no ImagePolicy {marker} in this repository"));
                continue;
            }
        };
        used.insert(found.source.clone());
        let settings = match &found.policy {
            Ok((_, settings)) => settings,
            Err(reason) => {
                draft.leave(at, reason.clone());
                continue;
            }
        };
        if let Some(obstacle) = automations.obstacle(found, place.path) {
            not_applied.push((marker, at, obstacle));
            continue;
        }
        let group = group(&mut groups, marker, settings, &found.source);
        group.has_markers = true;
        // Beside a value that is only a tag, Flux writes only the tag.
        add(group, &mut draft, place, if place.can_pin { found.pinning } else { Pinning::Keep });
    }
    for (marker, at, obstacle) in not_applied {
        let is_translated = groups.contains_key(marker);
        draft.leave(
            at,
            if is_translated {
                format!("Tagboat applies it, because its policy is in this file; Flux does not: {obstacle}")
            } else {
                obstacle
            },
        );
    }
    for unused in policies.iter().filter(|policy| !used.contains(&policy.source)) {
        draft.leave(unused.source.clone(), "no marker names it");
    }
    automation_settings(&mut draft, objects);
    finish(draft, groups, "the objects of Flux's image automation")
}

/// Adds the author of commits, and records settings that are not translated.
fn automation_settings(draft: &mut TranslationDraft, objects: &[Object]) {
    let mut authors = BTreeSet::new();
    for object in objects {
        let spec = &object.value["spec"];
        match object.kind.as_str() {
            "ImageUpdateAutomation" => {
                let author = &spec["git"]["commit"]["author"];
                if let (Some(name), Some(email)) = (author["name"].as_str(), author["email"].as_str()) {
                    authors.insert((name.to_owned(), email.to_owned()));
                }
                for (pointer, reason) in AUTOMATION.iter().filter(|(pointer, _)| spec.pointer(pointer).is_some()) {
                    draft.leave(format!("{}: {}", object.source(), pointer[1..].replace('/', ".")), *reason);
                }
            }
            "ImageRepository" => {
                for (pointer, reason) in REPOSITORY.iter().filter(|(pointer, _)| spec.pointer(pointer).is_some()) {
                    draft.leave(format!("{}: {}", object.source(), &pointer[1..]), *reason);
                }
            }
            _ => {}
        }
    }
    match authors.pop_first() {
        Some((name, email)) if authors.is_empty() => {
            draft.git.push(("author", serde_json::json!({ "name": name, "email": email })));
        }
        Some(_) => draft.leave("ImageUpdateAutomation: git.commit.author", "several authors; Tagboat supports one"),
        None => {}
    }
}

/// Fields of an `ImageUpdateAutomation` that are not translated, and why.
const AUTOMATION: &[(&str, &str)] = &[
    ("/git/commit/messageTemplate", "templates differ; set `pull-requests: { commit-message: … }`"),
    ("/git/commit/signingKey", "git signs commits if its configuration sets `commit.gpgSign`"),
    ("/git/push/branch", "each pull request has its own branch; set `pull-requests: { branch-prefix: … }`"),
    ("/git/push/refspec", "each pull request has its own branch"),
    ("/interval", "CI or a CronJob starts each run"),
];

/// Fields of an `ImageRepository` that are not translated, and why.
const REPOSITORY: &[(&str, &str)] = &[
    ("/secretRef", "credentials come from docker's config.json or the environment"),
    ("/serviceAccountName", "credentials come from docker's config.json or the environment"),
    ("/certSecretRef", "certificates are files; set `registries: { HOST: { ca-file: … } }`"),
    ("/proxySecretRef", "proxies come from the environment"),
    ("/insecure", "set `registries: { HOST: { plain-http: true } }`"),
];
