//! The configuration together with what other tools' objects in the manifests say.

use std::collections::BTreeMap;

use globset::GlobBuilder;

use super::config::{Config, TagValue};
use super::flux::{FluxPolicy, nearest};
use super::notice::Notice;
use super::objects::Object;
use super::{argo, flux};
use crate::image::ImageName;

impl Config {
    /// The same configuration with the policies that stand in the manifests: Flux's under the names that markers call
    /// them, Argo CD's bound to the files of their applications. A policy of the same name in `tagboat.yaml` goes before.
    #[must_use]
    pub fn with_objects(mut self, objects: &[Object]) -> Self {
        self.flux = flux::policies(objects);
        let bound = argo::bind(objects);
        for watch in bound.watches {
            self.watches.entry(watch.name.clone()).or_default().push(watch);
        }
        self.notices = bound.notices;
        let tag = |one: argo::NamedTag| {
            let glob = GlobBuilder::new(&one.glob).literal_separator(true).build().ok()?;
            Some(TagValue { paths: glob.compile_matcher(), field: one.field, image: one.image })
        };
        self.manifests.tags.extend(bound.tags.into_iter().filter_map(tag));
        self
    }

    /// What Argo CD's applications ask for and nothing can come of, because the image stands in none of their files.
    /// `stands` tells every reference: its image, file and line.
    pub fn idle_watches<'a>(
        &self,
        paths: &[impl AsRef<str>],
        stands: impl Iterator<Item = (&'a ImageName, &'a str, usize)>,
    ) -> Vec<Notice> {
        let mut idle: Vec<_> = self.watches.values().flatten().map(|watch| (watch, true)).collect();
        if idle.is_empty() {
            return Vec::new();
        }
        for (name, path, line) in stands.filter(|(name, ..)| self.watches.contains_key(*name)) {
            let here = |watch: &argo::Watch| watch.name == *name && watch.scope.holds(path, line);
            idle.iter_mut().filter(|(watch, _)| here(watch)).for_each(|(_, idle)| *idle = false);
        }
        let idle = idle.into_iter().filter(|(_, idle)| *idle).map(|(watch, _)| {
            let (said, globs) = (watch.said.clone(), watch.scope.globs.join(", "));
            if paths.iter().any(|path| watch.scope.may_be(path.as_ref())) {
                let name = watch.name.familiar();
                said.held(format!(
                    "{name} stands nowhere in the files of the application ({globs}), so there is no tag to update; write it \
                     there, or say with helm.image-tag which value is its tag"
                ))
            } else if globs.is_empty() {
                said.not_ours("nothing tells which files of this repository the application is made of")
            } else {
                said.not_ours(format!("the files of the application are not in this repository: {globs}"))
            }
        });
        idle.collect()
    }

    /// Whether there are policies of Flux's.
    pub fn has_flux(&self) -> bool {
        !self.flux.is_empty()
    }

    /// Whether there are applications of Argo CD's that have images updated, or say something about it.
    pub fn has_applications(&self) -> bool {
        !(self.watches.is_empty() && self.notices.is_empty())
    }

    /// The image of each Flux policy, by the name that markers call it; not where two of one name differ in it.
    pub fn flux_images(&self) -> BTreeMap<String, String> {
        let image = |(name, policies): (&String, &Vec<FluxPolicy>)| {
            let mut images = policies.iter().map(|policy| policy.image.as_ref());
            let first = images.next().flatten()?;
            images.all(|other| other == Some(first)).then(|| (name.clone(), first.to_string()))
        };
        self.flux.iter().filter_map(image).collect()
    }

    /// The policy in the manifests that a marker in a file means. A manifest may leave the namespace to a kustomization:
    /// then its name alone has to do.
    pub(super) fn flux_policy(&self, marker: &str, path: &str) -> Option<Result<&FluxPolicy, String>> {
        let bare = || self.flux.get(marker.get(marker.find(':')?..)?);
        let found = self.flux.get(marker).or_else(bare)?;
        let settings = |policy: &FluxPolicy| policy.read.as_ref().ok().map(|(_, settings)| settings.clone());
        let same = |a: &FluxPolicy, b: &FluxPolicy| {
            settings(a).is_some() && settings(a) == settings(b) && (a.pin, &a.image) == (b.pin, &b.image)
        };
        match nearest(found, path, |policy| &policy.path, same) {
            Ok(policy) => policy.map(Ok),
            Err([one, other]) => Some(Err(format!(
                "two different objects are called {marker}, and neither is nearer: {} and {}; name the policy that is meant in \
                 tagboat.yaml, or exclude the other's file with `paths`",
                one.source, other.source
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Marker, Spot};

    const REPOSITORY: &str = "
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: { name: podinfo, namespace: flux-system }
spec: { image: ghcr.io/stefanprodan/podinfo, interval: 5m }
---
";

    fn policy(name: &str, range: &str) -> String {
        format!(
            "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata: {name}\nspec:\n  imageRepositoryRef: \
             {{ name: podinfo, namespace: flux-system }}\n  policy: {{ semver: {{ range: {range} }} }}\n---\n"
        )
    }

    fn config(files: &[(&str, String)]) -> Config {
        let objects = files.iter().flat_map(|(path, text)| Object::all(path, text)).collect::<Vec<_>>();
        Config::default().with_objects(&objects)
    }

    fn told(config: &Config, policy: &str, image: &str, path: &str) -> String {
        let name = ImageName::new(image).unwrap();
        let marker = Some((Marker::Flux { policy, whole: true }, 3));
        match config.select(&Spot { name: &name, path, line: 3, marker }) {
            Ok(found) => format!("{} from {}", found.entry.describe(), found.source),
            Err(why) => why.to_string(),
        }
    }

    const IMAGE: &str = "ghcr.io/stefanprodan/podinfo";

    #[test]
    fn markers_find_their_policy() {
        let known = "{ name: podinfo, namespace: flux-system }";
        let sops = "{ name: secret, namespace: flux-system }";
        let list = format!(
            "apiVersion: v1\nkind: List\nitems:\n- {}",
            policy("{ name: listed }", "2.x").replace('\n', "\n  ")
        );
        let config = config(&[
            ("a/policy.yaml", format!("{REPOSITORY}{}", policy(known, "5.0.x"))),
            ("b/policy.yaml", policy("{ name: broken }", "nope")),
            ("b/sops.yaml", policy(sops, "'ENC[AES256_GCM,data:x]'")),
            ("b/list.yaml", list.trim_end_matches("  ---\n  ").to_owned()),
            ("b/template.yaml", format!("a: {{{{ b }}}}: c\n---\n{}", policy("{ name: templated }", "3.x"))),
            (
                "b/alone.yaml",
                policy("{ name: alone, namespace: c }", "1.x").replace("podinfo, namespace: flux-system", "none"),
            ),
        ]);
        #[rustfmt::skip]
        let rows = [
            ("flux-system:podinfo",   IMAGE,       "semver: 5.0.x from the ImagePolicy at a/policy.yaml:7"),
            ("flux-system:podinfo",   "nginx",     "the ImagePolicy at a/policy.yaml:7 is about ghcr.io/stefanprodan/podinfo: Flux would put that name here"),
            // The manifest leaves the namespace to a kustomization, so the marker's is taken for it.
            ("any:broken",            IMAGE,       "the ImagePolicy at b/policy.yaml:1 can't be used: `semver`: "),
            ("flux-system:secret",    IMAGE,       "SOPS encrypted it"),
            ("any:listed",            IMAGE,       "semver: 2.x from the ImagePolicy at b/list.yaml:4"),
            ("any:templated",         IMAGE,       "semver: 3.x from the ImagePolicy at b/template.yaml:3"),
            ("c:alone",               IMAGE,       "no ImageRepository c:none stands in this repository; add it, or a policy called \"c:alone\""),
            ("other:podinfo",         IMAGE,       "no ImagePolicy of that name stands in this repository"),
        ];
        for (marker, image, expected) in rows {
            let told = told(&config, marker, image, "x.yaml");
            assert!(told.contains(expected), "{marker}: {told}");
        }
        assert_eq!(config.flux_images().get("flux-system:podinfo").map(String::as_str), Some(IMAGE));
    }

    /// A repository of several clusters has the same names in each.
    #[test]
    fn of_two_of_one_name_the_nearer_counts() {
        let policy = |range: &str| policy("{ name: podinfo, namespace: flux-system }", range);
        let config = config(&[
            ("clusters/a/images.yaml", format!("{REPOSITORY}{}", policy("1.x"))),
            ("clusters/b/flux/images.yaml", format!("{REPOSITORY}{}", policy("2.x"))),
        ]);
        let told = |path: &str| told(&config, "flux-system:podinfo", IMAGE, path);
        assert!(told("clusters/a/apps/podinfo.yaml").starts_with("semver: 1.x"));
        assert!(told("clusters/b/apps/podinfo.yaml").starts_with("semver: 2.x"));
        let both = told("apps/podinfo.yaml");
        assert!(both.contains("clusters/a/images.yaml:7") && both.contains("clusters/b/flux/images.yaml:7"), "{both}");
    }
}
