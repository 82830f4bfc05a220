//! `tagboat init --from flux|argocd`: the policies of other tools' objects in our own words, so that the objects may go.

use std::collections::{BTreeMap, BTreeSet};

use super::config::Config;
use super::draft::{Draft, RuleDraft, Translation};
use super::objects::Object;
use crate::image::{ImageName, Platform};
use crate::policy::Settings;

/// A reference as it was found.
#[derive(Debug, Clone)]
pub struct Stands<'a> {
    /// Its image.
    pub name: &'a ImageName,
    /// Its file.
    pub path: &'a str,
    /// Its line.
    pub line: usize,
    /// Its route.
    pub field: &'a str,
    /// The name in Flux's marker beside it.
    pub flux: Option<&'a str>,
    /// Whether its image is known only from the objects.
    pub nameless: bool,
}

/// References that one policy governs.
#[derive(Debug, Default)]
struct Governed {
    settings: Settings,
    source: String,
    /// Files by images.
    images: BTreeMap<String, BTreeSet<String>>,
    platforms: Vec<Platform>,
    pin: bool,
}

type Groups = BTreeMap<String, Governed>;

/// What Flux's objects say.
pub fn from_flux(config: &Config, objects: &[Object], stands: &[Stands<'_>]) -> Translation {
    let mut draft = Draft::default();
    let mut groups = Groups::new();
    let mut used = BTreeSet::new();
    for place in stands {
        let Some(marker) = place.flux else { continue };
        let at = format!("the marker at {}:{}", place.path, place.line);
        let found = match config.flux_policy(marker, place.path) {
            Some(Ok(found)) => found,
            Some(Err(why)) => {
                draft.leave(at, why);
                continue;
            }
            None => {
                draft.leave(at, format!("no ImagePolicy {marker} stands in this repository"));
                continue;
            }
        };
        used.insert(found.source.clone());
        let settings = match &found.read {
            Ok((_, settings)) => settings,
            Err(why) => {
                draft.leave(at, why.clone());
                continue;
            }
        };
        let group = group(&mut groups, marker, settings, &found.source);
        group.pin |= found.pin;
        add(group, &mut draft, place);
    }
    for unused in config.flux.values().flatten().filter(|policy| !used.contains(&policy.source)) {
        draft.leave(unused.source.clone(), "no marker that was found names it");
    }
    automations(&mut draft, objects);
    finish(draft, groups, "the objects of Flux's image automation")
}

/// What Argo CD's applications say.
pub fn from_argocd(config: &Config, stands: &[Stands<'_>]) -> Translation {
    let mut draft = Draft::default();
    let mut groups = Groups::new();
    for watch in config.watches.values().flatten() {
        let settings = match &watch.read {
            Ok((_, settings)) => settings,
            Err(why) => {
                draft.leave(watch.source.clone(), why.clone());
                continue;
            }
        };
        let held = stands.iter().filter(|place| *place.name == watch.name && watch.scope.holds(place.path, place.line));
        for place in held {
            let group = group(&mut groups, &watch.label, settings, &watch.source);
            group.platforms.clone_from(&watch.platforms);
            add(group, &mut draft, place);
        }
    }
    for notice in &config.notices {
        let at = format!("{}:{}: {}", notice.path, notice.position.line, notice.field);
        draft.leave(at, notice.reason.clone());
    }
    finish(draft, groups, "what Argo CD's applications have updated")
}

/// The group of a policy; of another name where one of that name says something else.
fn group<'g>(groups: &'g mut Groups, name: &str, settings: &Settings, source: &str) -> &'g mut Governed {
    let plain = name.replace(char::is_whitespace, "-");
    let names = std::iter::once(plain.clone()).chain((2..).map(|number| format!("{plain}-{number}")));
    let free = |name: &String| groups.get(name).is_none_or(|known| known.settings == *settings);
    let name = names.into_iter().find(free).unwrap_or(plain);
    let group = groups.entry(name).or_default();
    group.settings = settings.clone();
    source.clone_into(&mut group.source);
    group
}

fn add(group: &mut Governed, draft: &mut Draft, place: &Stands<'_>) {
    let paths = group.images.entry(place.name.familiar().to_owned()).or_default();
    paths.insert(place.path.to_owned());
    if place.nameless {
        draft.tags.push([escaped(place.path), place.field.to_owned(), place.name.familiar().to_owned()]);
    }
}

/// A rule for each image of each policy, for the files that it stands in. Rules can't tell two places of one file apart:
/// where two that differ share one for an image, there is none.
fn finish(mut draft: Draft, groups: Groups, from: &str) -> Translation {
    let mut claims = BTreeMap::<(String, String), Vec<String>>::new();
    for (name, governed) in &groups {
        for (image, paths) in &governed.images {
            paths.iter().for_each(|path| claims.entry((image.clone(), path.clone())).or_default().push(name.clone()));
        }
    }
    let settings = |name: &String| groups.get(name).map(|governed| &governed.settings);
    claims.retain(|_, names| names.iter().any(|name| settings(name) != settings(&names[0])));
    for ((image, path), names) in &claims {
        let why = format!(
            "{} govern places of one file, which no rule tells apart: a marker beside each has to",
            names.join(" and ")
        );
        draft.leave(format!("{image} in {path}"), why);
    }
    for (name, governed) in groups {
        for (image, paths) in governed.images {
            let sure = paths.into_iter().filter(|path| !claims.contains_key(&(image.clone(), path.clone())));
            let paths: Vec<String> = sure.map(|path| escaped(&path)).collect();
            if paths.is_empty() {
                continue;
            }
            draft.rules.push(RuleDraft {
                about: governed.source.clone(),
                images: vec![image],
                paths,
                policy: Some(name.clone()),
                platforms: governed.platforms.iter().map(ToString::to_string).collect(),
                pin: governed.pin,
                ..RuleDraft::default()
            });
        }
        draft.policies.push((name, governed.settings));
    }
    draft.finish(from)
}

/// A path as a glob that matches nothing else.
fn escaped(path: &str) -> String {
    globset::escape(path)
}

/// What is said about commits and credentials.
fn automations(draft: &mut Draft, objects: &[Object]) {
    let mut authors = BTreeSet::new();
    for object in objects {
        let spec = &object.value["spec"];
        match object.kind.as_str() {
            "ImageUpdateAutomation" => {
                let author = &spec["git"]["commit"]["author"];
                if let (Some(name), Some(email)) = (author["name"].as_str(), author["email"].as_str()) {
                    authors.insert((name.to_owned(), email.to_owned()));
                }
                for (pointer, why) in AUTOMATION.iter().filter(|(pointer, _)| spec.pointer(pointer).is_some()) {
                    draft.leave(format!("{}: {}", object.source(), pointer[1..].replace('/', ".")), *why);
                }
            }
            "ImageRepository" => {
                for (pointer, why) in REPOSITORY.iter().filter(|(pointer, _)| spec.pointer(pointer).is_some()) {
                    draft.leave(format!("{}: {}", object.source(), &pointer[1..]), *why);
                }
            }
            _ => {}
        }
    }
    match authors.pop_first() {
        Some((name, email)) if authors.is_empty() => {
            draft.git.push(("author", serde_json::json!({ "name": name, "email": email })));
        }
        Some(_) => draft.leave("ImageUpdateAutomation: git.commit.author", "there are several, and Tagboat has one"),
        None => {}
    }
}

/// What an `ImageUpdateAutomation` says and is not translated.
const AUTOMATION: &[(&str, &str)] = &[
    ("/git/commit/messageTemplate", "templates differ: see `pull-requests: { commit-message: … }`"),
    ("/git/commit/signingKey", "commits are signed by git's own configuration, if at all"),
    ("/git/push/branch", "there is a branch for each pull request: see `pull-requests: { branch-prefix: … }`"),
    ("/git/push/refspec", "there is a branch for each pull request"),
    ("/interval", "a run is started by CI or by a CronJob"),
    ("/policySelector", "what no marker names is not updated, whatever its labels are"),
    ("/update/path", "every file is read: see `paths: { include: … }`"),
];

/// What an `ImageRepository` says and is not translated.
const REPOSITORY: &[(&str, &str)] = &[
    ("/secretRef", "credentials come from docker's config.json or the environment"),
    ("/serviceAccountName", "credentials come from docker's config.json or the environment"),
    ("/certSecretRef", "certificates are files: see `registries: { HOST: { ca-file: … } }`"),
    ("/proxySecretRef", "proxies come from the environment"),
    ("/insecure", "see `registries: { HOST: { plain-http: true } }`"),
];
