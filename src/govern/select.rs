//! Selects the policy that manages one reference: precedence, and conflicts.
//!
//! A marker beside the reference, a rule with the image's full name, and an application of Argo CD name a policy for this
//! image. They take precedence over rules with globs. Two of them that differ are a conflict, because a wrong guess would
//! be deployed. A rule of the operator with the policy `ignore` takes precedence over all of them: a person who can edit a manifest
//! can write a marker.

use std::borrow::Cow;
use std::sync::Arc;

use super::policies::Policies;
use crate::config::{ConfigSource, IGNORE, Mode, Rule, SHAPE};
use crate::image::{ImageName, Platform};
use crate::interop::renovate;
use crate::manifest::{Marker, MarkerKind};
use crate::policy::{Gates, Pinning, PolicyEntry, Settings};

/// What determines the policy of a reference.
#[derive(Debug, Clone, Copy)]
pub struct PolicyQuery<'a> {
    /// The normalized name of the image.
    pub name: &'a ImageName,
    /// The file, from the root of the repository; empty for a reference that is in no file.
    pub path: &'a str,
    /// The line, from 1.
    pub line: usize,
    /// The marker beside it.
    pub marker: Option<&'a Marker>,
    /// Whether the value beside the marker holds the name as well as the tag: Flux would replace both.
    pub holds_name: bool,
    /// Whether the digest has a value of its own.
    pub has_own_digest: bool,
    /// Whether the reference is to a chart.
    pub is_chart: bool,
}

/// The policy of one reference, with what its rule adds.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The name of the policy: `shape`, `release`.
    pub name: String,
    /// The policy with its filters and bounds.
    pub entry: Arc<PolicyEntry>,
    /// Whether the policy is named for this image: by a marker, by a rule with the full name, or by an application of Argo CD.
    pub names_image: bool,
    /// The gates of the matching rule: conditions that an image must meet before it is proposed.
    pub gates: Gates,
    /// Whether the digest is written beside the tag, where the manifest has a place for it.
    pub pinning: Pinning,
    /// Whether a comment that repeats the tag is updated too.
    pub comments: bool,
    /// Whether a change is committed directly or proposed in a pull request.
    pub mode: Mode,
    /// The source that names it: `the rule at tagboat.yaml:12`.
    pub source: String,
}

/// The source of the policy that applies without rules.
const DEFAULT: &str = "the default";

impl Selection {
    /// Returns whether both select the same policy from the same source with the same settings. The name alone does not
    /// identify a policy: two clusters may have an ImagePolicy of the same name, and two rules may name one policy.
    pub fn is_same(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    /// Returns whether no rule and nothing beside the reference names the policy.
    pub fn is_default(&self) -> bool {
        self.source == DEFAULT
    }

    fn identity(&self) -> (&str, &str, &Gates, Pinning, bool, Mode) {
        (&self.name, &self.source, &self.gates, self.pinning, self.comments, self.mode)
    }
}

/// Why no policy manages a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unmanaged {
    /// There are rules, and none of them matches.
    #[error("no rule matches")]
    NoRule,
    /// Only a rule with wildcards matches a chart, and its policy is for images.
    #[error("{0} has a policy for images, and charts have no builds or digests; name the chart in full to apply it")]
    ForImages(String),
    /// A rule or a marker names the policy `ignore`.
    #[error("{0} has the policy `ignore`")]
    Ignored(String),
    /// The marker names a policy that the configuration does not have.
    #[error("the marker names the policy `{0}`, which is not in the configuration; correct it, or add the policy")]
    UnknownPolicy(String),
    /// The marker names an ImagePolicy that does not exist.
    #[error(
        "the marker names the policy `{0}`: neither an ImagePolicy in this repository nor a policy in the configuration has that name; correct it, or add one"
    )]
    UnknownObject(String),
    /// Two sources name different policies for this image: each policy with its source.
    #[error("conflicting policies: `{}` from {} and `{}` from {}; remove one of them, or name the same policy in both", .0[0].0, .0[0].1, .0[1].0, .0[1].1)]
    Conflict([(String, String); 2]),
    /// The marker names a policy of the manifests that is invalid.
    #[error("{0}")]
    Unusable(String),
}

/// A policy that one source names for an image.
struct Claim<'a> {
    name: String,
    entry: Result<Arc<PolicyEntry>, Unmanaged>,
    settings: Option<&'a Settings>,
    pinning: Pinning,
    platforms: &'a [Platform],
    /// The source, for `list`.
    source: String,
    /// The source with file and line, for conflicts.
    place: String,
}

impl Claim<'_> {
    /// Returns whether both name the same policy.
    fn agrees(&self, other: &Self) -> bool {
        match (self.settings, other.settings) {
            (Some(one), Some(another)) => one == another,
            _ => self.name == other.name,
        }
    }
}

impl Policies<'_> {
    /// Returns the policy of a reference: the one that is named for this image, else the one of the first rule that matches,
    /// else, without rules, `shape`. Gates, `pin` and `mode` of the matching rule apply to each of them.
    pub fn select(&self, query: &PolicyQuery<'_>) -> Result<Selection, Unmanaged> {
        let applied = self.rule(query);
        let rule = applied.as_ref().map(|applied| &*applied.rule);
        if let Some(rule) = rule.filter(|rule| rule.policy == IGNORE && rule.written_by == ConfigSource::Operator) {
            return Err(Unmanaged::Ignored(rule.place()));
        }
        let marker = self.marker(query)?;
        let named = rule.filter(|rule| rule.names_policy && rule.images.names(query.name));
        if let (Some(rule), None) = (named.filter(|rule| rule.policy == IGNORE), &marker) {
            return Err(Unmanaged::Ignored(rule.place()));
        }
        let watches = self.automation.applications.at(query.name, query.path, query.line).map(|watch| Claim {
            name: watch.label.clone(),
            entry: watch
                .policy
                .as_ref()
                .map(|(entry, _)| Arc::clone(entry))
                .map_err(|cause| Unmanaged::Unusable(format!("{} cannot be applied: {cause}", watch.source))),
            settings: watch.policy.as_ref().ok().map(|(_, settings)| settings),
            pinning: Pinning::Keep,
            platforms: &watch.platforms,
            source: watch.source.clone(),
            place: watch.source.clone(),
        });
        let mut claims = marker.into_iter().chain(named.map(|rule| self.claim_of_rule(rule))).chain(watches);
        let Some(first) = claims.next() else {
            let weaker = self.by_glob_or_default(query, applied.as_ref())?;
            // An application names a policy for this image, so no weaker rule takes over.
            let stray = self.automation.applications.stray(query.name);
            return stray.map_or(Ok(weaker), |reason| Err(Unmanaged::Unusable(reason.to_owned())));
        };
        let mut gates = rule.map(|rule| rule.gates.clone()).unwrap_or_default();
        gates.platforms.extend_from_slice(first.platforms);
        for other in claims {
            if !first.agrees(&other) {
                return Err(Unmanaged::Conflict([(first.name, first.place), (other.name, other.place)]));
            }
            // Neither of two sources that agree prevails over the other's error.
            other.entry?;
            gates.platforms.extend_from_slice(other.platforms);
        }
        gates.platforms.sort_by_key(ToString::to_string);
        gates.platforms.dedup();
        let comments = rule.is_some_and(|rule| rule.comments);
        let pinning = first.pinning.max(pinning(rule, query));
        let mode = rule.and_then(|rule| rule.mode).unwrap_or_default();
        Ok(Selection {
            name: first.name,
            entry: first.entry?,
            names_image: true,
            gates,
            pinning,
            comments,
            mode,
            source: first.source,
        })
    }

    /// Returns whether a person named a policy for this place: a marker beside it, or the rule that applies names its file.
    pub(super) fn name_place(&self, query: &PolicyQuery<'_>) -> bool {
        query.marker.is_some() || self.rule(query).is_some_and(|applied| applied.rule.paths.name_path(query.path))
    }

    /// Returns the rule that applies: the first one that matches and selects a policy. Rules of the operator that name no policy
    /// leave that to the rules after them, and add their gates to it.
    fn rule(&self, query: &PolicyQuery<'_>) -> Option<AppliedRule<'_>> {
        let matches = |rule: &&Rule| query.matches(rule) && !self.is_for_images(rule, query);
        let selects = |rule: &Rule| rule.names_policy || rule.written_by == ConfigSource::Repository;
        let mut gating = Vec::<&Rule>::new();
        for rule in self.config.rules.iter().filter(matches) {
            if selects(rule) {
                return Some(AppliedRule { rule: with_gates(rule, &gating), selects: true });
            }
            gating.push(rule);
        }
        let (first, others) = gating.split_first()?;
        // Without rules of the repository, the default policy applies.
        let is_left_to_rules = self.config.rules.iter().any(|rule| rule.written_by == ConfigSource::Repository);
        Some(AppliedRule { rule: with_gates(first, others), selects: !is_left_to_rules })
    }

    /// Returns whether a reference is to a chart, and a rule with wildcards has a policy that needs what only an image has.
    fn is_for_images(&self, rule: &Rule, query: &PolicyQuery<'_>) -> bool {
        let needs_image =
            || self.config.policies.get(&rule.policy).is_some_and(|named| named.entry.policy.is_for_images());
        query.is_chart && !rule.images.names(query.name) && needs_image()
    }

    /// Returns why no rule matches.
    fn no_rule(&self, query: &PolicyQuery<'_>) -> Unmanaged {
        let mut matching = self.config.rules.iter().filter(|rule| query.matches(rule));
        let for_images = matching.find(|rule| self.is_for_images(rule, query));
        for_images.map_or(Unmanaged::NoRule, |rule| Unmanaged::ForImages(rule.place()))
    }

    /// Returns the policy of a Renovate comment, else of the rule, else the default.
    fn by_glob_or_default(
        &self,
        query: &PolicyQuery<'_>,
        applied: Option<&AppliedRule<'_>>,
    ) -> Result<Selection, Unmanaged> {
        let rule = applied.map(|applied| &*applied.rule);
        let gates = rule.map(|rule| rule.gates.clone()).unwrap_or_default();
        let (pinning, comments) = (pinning(rule, query), rule.is_some_and(|rule| rule.comments));
        let mode = rule.and_then(|rule| rule.mode).unwrap_or_default();
        if let Some(Marker { kind: MarkerKind::Renovate, policy: text, position }) = query.marker
            && let Some(parsed) = renovate::policy(text)
        {
            let place = format!("the Renovate comment at line {}", position.line);
            let entry = parsed.map_err(|cause| Unmanaged::Unusable(format!("cannot apply {place}: {cause}")))?;
            let (name, source) = ("renovate".to_owned(), format!("the Renovate comment beside it ({text})"));
            return Ok(Selection {
                name,
                entry: Arc::new(entry),
                names_image: rule.is_some_and(|rule| rule.images.names(query.name)),
                gates,
                pinning,
                comments,
                mode,
                source,
            });
        }
        let (policy, source) = match rule {
            Some(_) if applied.is_some_and(|applied| !applied.selects) => return Err(self.no_rule(query)),
            Some(rule) => (rule.policy.as_str(), rule.place()),
            None if self.config.rules.is_empty() => (SHAPE, DEFAULT.to_owned()),
            None => return Err(self.no_rule(query)),
        };
        if policy == IGNORE {
            return Err(Unmanaged::Ignored(source));
        }
        let named = self.config.policies.get(policy);
        let entry =
            named.map(|named| Arc::clone(&named.entry)).ok_or_else(|| Unmanaged::UnknownPolicy(policy.to_owned()))?;
        Ok(Selection { name: policy.to_owned(), entry, names_image: false, gates, pinning, comments, mode, source })
    }

    /// Returns the policy that the marker names. A policy of the configuration takes precedence over one in the manifests.
    fn marker(&self, query: &PolicyQuery<'_>) -> Result<Option<Claim<'_>>, Unmanaged> {
        let Some(Marker { kind, policy, position }) = query.marker else { return Ok(None) };
        if *kind == MarkerKind::Renovate || policy.is_empty() {
            return Ok(None);
        }
        let replaces_name = *kind == MarkerKind::Flux && query.holds_name;
        let source = "the marker beside it".to_owned();
        if policy == IGNORE {
            return Err(Unmanaged::Ignored(source));
        }
        let place = format!("the marker at {}:{}", query.path, position.line);
        let claim = |entry, settings, pinning, source| {
            let name = policy.clone();
            Ok(Some(Claim { name, entry, settings, pinning, platforms: &[], source, place }))
        };
        if let Some(named) = self.config.policies.get(policy) {
            return claim(Ok(Arc::clone(&named.entry)), Some(&named.settings), Pinning::Keep, source);
        }
        let Some(found) = self.automation.flux.find(policy, query.path) else {
            return Err(if policy.contains(':') {
                Unmanaged::UnknownObject(policy.clone())
            } else {
                Unmanaged::UnknownPolicy(policy.clone())
            });
        };
        let found = found.map_err(Unmanaged::Unusable)?;
        if let Some(obstacle) = self.automation.flux_automations.obstacle(found, query.path) {
            return Err(Unmanaged::Unusable(obstacle));
        }
        let (entry, settings) = found.policy.as_ref().map_err(|cause| Unmanaged::Unusable(cause.clone()))?;
        if let Some(image) = found.image.as_ref().filter(|image| replaces_name && *image != query.name) {
            let cause = format!(
                "{} is for {image}; Flux would replace the name, and Tagboat never changes names",
                found.source
            );
            return Err(Unmanaged::Unusable(cause));
        }
        // Beside a value that is only a tag, with or without a digest, Flux writes only the tag.
        let can_pin = query.holds_name || query.has_own_digest;
        let pinning = if can_pin { found.pinning } else { Pinning::Keep };
        claim(Ok(Arc::clone(entry)), Some(settings), pinning, found.source.clone())
    }

    fn claim_of_rule(&self, rule: &Rule) -> Claim<'_> {
        let named = self.config.policies.get(&rule.policy);
        let unknown = || match rule.policy.as_str() {
            IGNORE => Unmanaged::Ignored(rule.place()),
            name => Unmanaged::UnknownPolicy(name.to_owned()),
        };
        Claim {
            name: rule.policy.clone(),
            entry: named.map(|named| Arc::clone(&named.entry)).ok_or_else(unknown),
            settings: named.map(|named| &named.settings),
            pinning: Pinning::Keep,
            platforms: &[],
            source: rule.place(),
            place: rule.place(),
        }
    }
}

/// The rule that applies to a reference, with the gates of the operator.
struct AppliedRule<'a> {
    rule: Cow<'a, Rule>,
    /// Whether it selects a policy: not if that is left to the rules of the repository, and none of them matches.
    selects: bool,
}

/// Returns a rule with the stricter gates of all of them.
fn with_gates<'a>(rule: &'a Rule, gating: &[&Rule]) -> Cow<'a, Rule> {
    gating.iter().fold(Cow::Borrowed(rule), |rule, gates| Cow::Owned(rule.into_owned().with_gates_of(gates)))
}

impl PolicyQuery<'_> {
    fn matches(&self, rule: &Rule) -> bool {
        rule.images.match_image(self.name) && rule.paths.match_path(self.path)
    }
}

/// Returns whether a rule adds digests. No chart has a place for one, so a rule with wildcards does not.
fn pinning(rule: Option<&Rule>, query: &PolicyQuery<'_>) -> Pinning {
    let applies = |rule: &&Rule| !query.is_chart || rule.images.names(query.name);
    rule.filter(applies).map_or(Pinning::Keep, |rule| rule.pinning)
}

impl Rule {
    fn place(&self) -> String {
        format!("the rule at {}", self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::interop::{self, Automation};
    use crate::text::Position;

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

    fn automation(files: &[(&str, String)]) -> Automation {
        Automation::new(
            &files.iter().flat_map(|(path, text)| interop::objects(path, text.as_bytes())).collect::<Vec<_>>(),
        )
    }

    fn describe_selection(automation: &Automation, policy: &str, image: &str, path: &str) -> String {
        let name = ImageName::new(image).unwrap();
        let position = Position { line: 3, column: 1 };
        let marker = Marker { kind: MarkerKind::Flux, policy: policy.to_owned(), position };
        let config = Config::default();
        match Policies::new(&config, automation).select(&PolicyQuery {
            name: &name,
            path,
            line: 3,
            marker: Some(&marker),
            holds_name: true,
            has_own_digest: false,
            is_chart: false,
        }) {
            Ok(found) => {
                let policy = found.entry.describe();
                format!("{} from {}", policy.split(',').next().unwrap_or_default(), found.source)
            }
            Err(cause) => cause.to_string(),
        }
    }

    const IMAGE: &str = "ghcr.io/stefanprodan/podinfo";

    #[test]
    fn marker_selects_image_policy_of_its_name() {
        let known = "{ name: podinfo, namespace: flux-system }";
        let sops = "{ name: secret, namespace: flux-system }";
        let list = format!(
            "apiVersion: v1\nkind: List\nitems:\n- {}",
            policy("{ name: listed }", "2.x").replace('\n', "\n  ")
        );
        let automation = automation(&[
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
            ("flux-system:podinfo",   IMAGE,       "{ semver: \"5.0.x\" from the ImagePolicy at a/policy.yaml:7"),
            ("flux-system:podinfo",   "nginx",     "the ImagePolicy at a/policy.yaml:7 is for ghcr.io/stefanprodan/podinfo; Flux would replace the name"),
            // The manifest leaves the namespace to a kustomization, so only the name has to match.
            ("any:broken",            IMAGE,       "the ImagePolicy at b/policy.yaml:1 cannot be applied: `semver`: "),
            ("flux-system:secret",    IMAGE,       "encrypted with SOPS"),
            ("any:listed",            IMAGE,       "{ semver: \"2.x\" from the ImagePolicy at b/list.yaml:4"),
            ("any:templated",         IMAGE,       "{ semver: \"3.x\" from the ImagePolicy at b/template.yaml:3"),
            ("c:alone",               IMAGE,       "no ImageRepository c:none in this repository; add it, or define the policy \"c:alone\" in tagboat.yaml"),
            ("other:podinfo",         IMAGE,       "neither an ImagePolicy in this repository nor a policy in the configuration"),
        ];
        for (marker, image, expected) in rows {
            let description = describe_selection(&automation, marker, image, "x.yaml");
            assert!(description.contains(expected), "{marker}: {description}");
        }
        assert_eq!(automation.flux.images().get("flux-system:podinfo").map(String::as_str), Some(IMAGE));
    }

    /// Flux writes only the tag beside a `:tag` marker.
    #[test]
    fn reflects_digest_where_value_can_hold_it() {
        let known = "{ name: podinfo, namespace: flux-system }";
        let reflecting = policy(known, "5.x").replace("spec:\n", "spec:\n  digestReflectionPolicy: IfNotPresent\n");
        let automation = automation(&[("a.yaml", format!("{REPOSITORY}{reflecting}"))]);
        let (name, position) = (ImageName::new(IMAGE).unwrap(), Position { line: 3, column: 1 });
        let marker = Marker { kind: MarkerKind::Flux, policy: "flux-system:podinfo".to_owned(), position };
        let config = Config::default();
        #[rustfmt::skip]
        let rows = [
            // holds_name has_own_digest pinning
            (true,        false,       Pinning::Add),
            (false,       true,        Pinning::Add),
            (false,       false,       Pinning::Keep),
        ];
        for (holds_name, has_own_digest, expected) in rows {
            let query = PolicyQuery {
                name: &name,
                path: "a",
                line: 3,
                marker: Some(&marker),
                holds_name,
                has_own_digest,
                is_chart: false,
            };
            let found = Policies::new(&config, &automation).select(&query).unwrap();
            assert_eq!(found.pinning, expected, "{holds_name} {has_own_digest}");
        }
    }

    /// A repository with several clusters has the same names in each.
    #[test]
    fn marker_selects_nearest_image_policy() {
        let policy = |range: &str| policy("{ name: podinfo, namespace: flux-system }", range);
        let automation = automation(&[
            ("clusters/a/images.yaml", format!("{REPOSITORY}{}", policy("1.x"))),
            ("clusters/b/flux/images.yaml", format!("{REPOSITORY}{}", policy("2.x"))),
        ]);
        let described = |path: &str| describe_selection(&automation, "flux-system:podinfo", IMAGE, path);
        assert!(described("clusters/a/apps/podinfo.yaml").starts_with("{ semver: \"1.x\""));
        assert!(described("clusters/b/apps/podinfo.yaml").starts_with("{ semver: \"2.x\""));
        let both = described("apps/podinfo.yaml");
        assert!(both.contains("clusters/a/images.yaml:7") && both.contains("clusters/b/flux/images.yaml:7"), "{both}");
    }
}
