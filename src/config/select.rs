//! What governs one reference: who speaks of it, who goes before whom, and what happens where two say different things.
//!
//! What names this very image or stands beside it (a marker, a rule with the image's full name, an application of Argo CD)
//! goes before rules with patterns, which speak of many. Two of them that differ are a conflict: nobody can know which is
//! meant, and a wrong guess would be deployed.

use std::sync::Arc;

use super::config::{Config, IGNORE, Mode, Rule, SHAPE};
use super::renovate_comment;
use crate::image::{ImageName, Platform};
use crate::policy::{Entry, Gates, Settings};

/// A reference, as far as it matters for who governs it.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'a> {
    /// The image.
    pub name: &'a ImageName,
    /// The file, from the root of the repository; empty for a reference that stands nowhere.
    pub path: &'a str,
    /// The line, from 1.
    pub line: usize,
    /// The comment beside it, and its line.
    pub marker: Option<(Marker<'a>, usize)>,
}

/// A comment beside a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker<'a> {
    /// Tagboat's: names a policy; or only the image, and is empty.
    Tagboat(&'a str),
    /// Flux's: names an `ImagePolicy`.
    Flux {
        /// `namespace:name`
        policy: &'a str,
        /// Whether the value beside it is a whole reference, which Flux would replace with its name.
        whole: bool,
    },
    /// Renovate's: what it says besides the image, such as `versioning=semver`.
    Renovate(&'a str),
}

/// What governs one reference.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The name of the policy: `shape`, `release`.
    pub name: String,
    /// The policy.
    pub entry: Arc<Entry>,
    /// What the matching rule asks for before an image is proposed.
    pub gates: Gates,
    /// Whether the digest is written beside the tag, where the manifest has a place for it.
    pub pin: bool,
    /// Whether a comment that repeats the tag is changed with it.
    pub comments: bool,
    /// How a change gets into the repository.
    pub mode: Mode,
    /// Where that is said: `the rule at tagboat.yaml:12`.
    pub source: String,
}

impl Selection {
    /// Whether both decide alike: the same policy, said in the same place, with the same demands. Two markers are called
    /// alike and may name two policies; one policy may stand under two rules.
    pub fn is_same(&self, other: &Self) -> bool {
        let all =
            |one: &Self| (one.name.clone(), one.source.clone(), one.gates.clone(), one.pin, one.comments, one.mode);
        all(self) == all(other)
    }
}

/// Why nothing governs a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ungoverned {
    /// There are rules, and none of them matches.
    #[error("no rule matches")]
    NoRule,
    /// It is to be left alone.
    #[error("ignored by {0}")]
    Ignored(String),
    /// The marker on it names a policy that the configuration does not have.
    #[error("the marker names the policy `{0}`, which is not in the configuration")]
    UnknownPolicy(String),
    /// The marker on it names a policy of Flux's that is nowhere.
    #[error(
        "the marker names the policy `{0}`: no ImagePolicy of that name stands in this repository, and no policy in the configuration"
    )]
    UnknownObject(String),
    /// Two that speak of this very image say different things: the policies, and who names each.
    #[error("two policies are named for it: `{}` by {} and `{}` by {}; keep one of them, or name the same policy in both", .0[0].0, .0[0].1, .0[1].0, .0[1].1)]
    Conflict([(String, String); 2]),
    /// The marker on it names a policy that stands in the manifests and can't be used.
    #[error("{0}")]
    Unusable(String),
}

/// One that says how this very image is updated.
struct Claim<'a> {
    name: String,
    entry: Result<Arc<Entry>, Ungoverned>,
    settings: Option<&'a Settings>,
    pin: bool,
    platforms: &'a [Platform],
    /// Where that is said, for who reads the list.
    source: String,
    /// The same with file and line, for who has to mend it.
    place: String,
}

impl Claim<'_> {
    /// Whether both come to the same policy.
    fn agrees(&self, other: &Self) -> bool {
        match (self.settings, other.settings) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => self.name == other.name,
        }
    }
}

impl Config {
    /// What governs a reference: what speaks of this very image, else the first rule that matches, else, if there are no
    /// rules at all, `shape`. Whatever policy it is, what the rule asks for besides stays.
    pub fn select(&self, spot: &Spot<'_>) -> Result<Selection, Ungoverned> {
        let rule =
            self.rules.iter().find(|rule| rule.images.match_image(spot.name) && rule.paths.match_path(spot.path));
        let marker = self.marker(spot)?;
        let named = rule.filter(|rule| rule.names_policy && rule.images.names(spot.name));
        if let (Some(rule), None) = (named.filter(|rule| rule.policy == IGNORE), &marker) {
            return Err(Ungoverned::Ignored(rule.place()));
        }
        let watches = self.watches.get(spot.name).into_iter().flatten();
        let watches = watches.filter(|watch| watch.scope.holds(spot.path, spot.line)).map(|watch| Claim {
            name: watch.label.clone(),
            entry: watch
                .read
                .as_ref()
                .map(|(entry, _)| Arc::clone(entry))
                .map_err(|why| Ungoverned::Unusable(why.clone())),
            settings: watch.read.as_ref().ok().map(|(_, settings)| settings),
            pin: false,
            platforms: &watch.platforms,
            source: watch.source.clone(),
            place: watch.source.clone(),
        });
        let mut claims = marker.into_iter().chain(named.map(|rule| self.claim(rule))).chain(watches);
        let Some(first) = claims.next() else { return self.general(spot, rule) };
        let mut gates = rule.map(|rule| rule.gates.clone()).unwrap_or_default();
        gates.platforms.extend_from_slice(first.platforms);
        for other in claims {
            if !first.agrees(&other) {
                return Err(Ungoverned::Conflict([(first.name, first.place), (other.name, other.place)]));
            }
            gates.platforms.extend_from_slice(other.platforms);
        }
        gates.platforms.sort_by_key(ToString::to_string);
        gates.platforms.dedup();
        let (pin, comments) = (first.pin || rule.is_some_and(|rule| rule.pin), rule.is_some_and(|rule| rule.comments));
        let mode = rule.map(|rule| rule.mode).unwrap_or_default();
        Ok(Selection { name: first.name, entry: first.entry?, gates, pin, comments, mode, source: first.source })
    }

    /// What a comment of Renovate's says about versions, else the rule, else the default.
    fn general(&self, spot: &Spot<'_>, rule: Option<&Rule>) -> Result<Selection, Ungoverned> {
        let gates = rule.map(|rule| rule.gates.clone()).unwrap_or_default();
        let (pin, comments) = rule.map_or((false, false), |rule| (rule.pin, rule.comments));
        let mode = rule.map(|rule| rule.mode).unwrap_or_default();
        if let Some((Marker::Renovate(words), line)) = spot.marker
            && let Some(read) = renovate_comment::policy(words)
        {
            let place = format!("Renovate's comment at {}:{line}", spot.path);
            let entry = read.map_err(|why| Ungoverned::Unusable(format!("{place} can't be followed: {why}")))?;
            let (name, source) = ("renovate".to_owned(), format!("Renovate's comment beside it ({words})"));
            return Ok(Selection { name, entry: Arc::new(entry), gates, pin, comments, mode, source });
        }
        let (policy, source) = match rule {
            Some(rule) => (rule.policy.as_str(), rule.place()),
            None if self.rules.is_empty() => (SHAPE, "the default".to_owned()),
            None => return Err(Ungoverned::NoRule),
        };
        if policy == IGNORE {
            return Err(Ungoverned::Ignored(source));
        }
        let entry = self.policy(policy).ok_or_else(|| Ungoverned::UnknownPolicy(policy.to_owned()))?;
        Ok(Selection { name: policy.to_owned(), entry, gates, pin, comments, mode, source })
    }

    /// The claim of the marker, if it names a policy: one of the configuration goes before one in the manifests.
    fn marker(&self, spot: &Spot<'_>) -> Result<Option<Claim<'_>>, Ungoverned> {
        let (policy, line, whole) = match spot.marker {
            Some((Marker::Tagboat(policy), line)) if !policy.is_empty() => (policy, line, false),
            Some((Marker::Flux { policy, whole }, line)) => (policy, line, whole),
            _ => return Ok(None),
        };
        let source = "the marker beside it".to_owned();
        if policy == IGNORE {
            return Err(Ungoverned::Ignored(source));
        }
        let place = format!("the marker at {}:{line}", spot.path);
        let claim = |entry, settings, pin, source| {
            let name = policy.to_owned();
            Ok(Some(Claim { name, entry, settings, pin, platforms: &[], source, place }))
        };
        if let Some(named) = self.policies.get(policy) {
            return claim(Ok(Arc::clone(&named.entry)), Some(&named.settings), false, source);
        }
        let Some(found) = self.flux_policy(policy, spot.path) else {
            return Err(if policy.contains(':') {
                Ungoverned::UnknownObject(policy.to_owned())
            } else {
                Ungoverned::UnknownPolicy(policy.to_owned())
            });
        };
        let found = found.map_err(Ungoverned::Unusable)?;
        let (entry, settings) = found.read.as_ref().map_err(|why| Ungoverned::Unusable(why.clone()))?;
        if let Some(image) = found.image.as_ref().filter(|image| whole && *image != spot.name) {
            let why = format!(
                "{} is about {image}: Flux would put that name here, and Tagboat changes no names",
                found.source
            );
            return Err(Ungoverned::Unusable(why));
        }
        claim(Ok(Arc::clone(entry)), Some(settings), found.pin, found.source.clone())
    }

    fn claim(&self, rule: &Rule) -> Claim<'_> {
        let named = self.policies.get(&rule.policy);
        let unknown = || match rule.policy.as_str() {
            IGNORE => Ungoverned::Ignored(rule.place()),
            name => Ungoverned::UnknownPolicy(name.to_owned()),
        };
        Claim {
            name: rule.policy.clone(),
            entry: named.map(|named| Arc::clone(&named.entry)).ok_or_else(unknown),
            settings: named.map(|named| &named.settings),
            pin: false,
            platforms: &[],
            source: rule.place(),
            place: rule.place(),
        }
    }
}

impl Rule {
    fn place(&self) -> String {
        format!("the rule at {}", self.source)
    }
}
