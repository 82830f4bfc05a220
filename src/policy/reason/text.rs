//! The text of every reason, in one place. A text never repeats the column beside it.

use std::fmt::{Display, Formatter, Result};
use std::time::Duration;

use super::{
    Acceptance, Hold, Ineligibility, MovedDigest, Newest, PassedOver, PinSource, Reason, Rejection, Remarks, Unknown,
    Unread,
};
use crate::image::Tag;

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Accepted(reason) => reason.fmt(f),
            Self::Rejected(reason) => reason.fmt(f),
            Self::NotEligibleYet(reason) => reason.fmt(f),
            Self::Held(reason) => reason.fmt(f),
            Self::Unknown(reason) => reason.fmt(f),
        }
    }
}

impl Display for Acceptance {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Newest(newest) => newest.fmt(f),
            Self::Outranked(by) => write!(f, "eligible; {by} ranks higher"),
            Self::Eligible => f.write_str("eligible"),
            Self::CurrentTag => f.write_str("current tag"),
            Self::CurrentIsNewest(remarks) => write!(f, "the current tag is the newest matching tag{remarks}"),
            Self::NothingNewer(remarks) => write!(f, "no newer matching tag{remarks}"),
            Self::PinnedAlready { tag, digest: Some(digest), .. } => {
                write!(f, "{tag} still resolves to {}", digest.short())
            }
            Self::PinnedAlready { tag, digest: None, moved } => write!(f, "{tag} is the current tag{}", Moved(moved)),
            Self::Pinned { tag, source: PinSource::Floating, digest: Some(digest), old: Some(old) } => {
                write!(f, "{tag} moved from {} to {}", old.short(), digest.short())
            }
            Self::Pinned { tag, source: PinSource::Floating, digest: Some(digest), .. } => {
                write!(f, "{tag} resolves to {}", digest.short())
            }
            Self::Pinned { tag, source, digest, .. } => {
                let digest =
                    digest.as_ref().map(|digest| format!(" with digest {}", digest.short())).unwrap_or_default();
                match source {
                    PinSource::Promoted(place) => write!(f, "{place} uses {tag}{digest}"),
                    PinSource::Exact | PinSource::Floating => write!(f, "the policy names this tag{digest}"),
                }
            }
            Self::DigestMoved(MovedDigest { tag, from, to }) => {
                write!(f, "{tag} moved from {} to {}", from.short(), to.short())
            }
            Self::DigestAdded => f.write_str("pinned to the digest of the current tag"),
            Self::Given => f.write_str("given with --image"),
            Self::GivenAllowed { is_newer, newest: newest @ Newest { unread: None, .. } } => {
                let verdict = if *is_newer { "newer than the current tag by the policy" } else { "allowed by the policy" };
                write!(f, "given with --image, {verdict}{}", Found(newest))
            }
            Self::GivenAllowed { newest, .. } => write!(f, "given with --image{}", Found(newest)),
            Self::GivenAlready => f.write_str("already the image given with --image"),
            Self::GivenUnpinned => f.write_str(
                "the current tag resolves to the digest given with --image, which is written only where the reference has one or `pin` is set",
            ),
            Self::ProposedEarlier => f.write_str("proposed by an earlier run"),
        }
    }
}

impl Display for Newest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.matching {
            1 => f.write_str("newest matching tag")?,
            count => write!(f, "newest of {count} matching tags")?,
        }
        Found(self).fmt(f)
    }
}

/// What is to be said about a selected tag beside its rank.
struct Found<'n>(&'n Newest);

impl Display for Found<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Newest { built, is_older_build, unread, passed_over, .. } = self.0;
        if let Some(built) = built {
            write!(f, ", built {built}")?;
        }
        if *is_older_build {
            f.write_str("; built before the current tag")?;
        }
        match unread {
            Some(Unread { tag, is_lower: true }) => {
                write!(f, "; a greater version than the current tag {tag}, which the policy cannot read")?;
            }
            Some(Unread { tag, is_lower: false }) => write!(f, "; cannot compare with the current tag {tag}")?,
            None => {}
        }
        passed_over.as_ref().map_or(Ok(()), |passed_over| passed_over.fmt(f))
    }
}

impl Display for PassedOver {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { tag, cause } = self;
        let verdict = if matches!(**cause, Reason::NotEligibleYet(_)) { "not eligible yet" } else { "rejected" };
        write!(f, "; {tag} {verdict}: {cause}")
    }
}

impl Display for Remarks {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Moved(&self.moved).fmt(f)?;
        if let [first, others @ ..] = &self.other_shapes[..] {
            write!(f, "; newer tags of another shape exist: {first}")?;
            others.iter().try_for_each(|tag| write!(f, ", {tag}"))?;
        }
        self.passed_over.as_ref().map_or(Ok(()), |passed_over| passed_over.fmt(f))
    }
}

/// The addition for a tag that moved, if the policy keeps the current digest.
struct Moved<'m>(&'m Option<MovedDigest>);

impl Display for Moved<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.as_ref().map_or(Ok(()), |moved| write!(f, "; {moved}; `pin: follow` follows it"))
    }
}

impl Display for MovedDigest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} moved from the pinned digest {} to {}", self.tag, self.from.short(), self.to.short())
    }
}

/// Quoted patterns, joined by `or`.
struct Quoted<'q>(&'q [Box<str>]);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "`{}`", self.0.join("` or `"))
    }
}

impl Display for Rejection {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::InvalidTag(error) => error.fmt(f),
            Self::Attachment => f.write_str("a signature or another attachment of an image"),
            Self::NotIncluded(patterns) => write!(f, "not matched by `include`: {}", Quoted(patterns)),
            Self::Excluded(pattern) => write!(f, "matched by `exclude`: `{pattern}`"),
            Self::NotAllowed(names) => write!(f, "not matched by `allow`: {}", Quoted(names)),
            Self::Ignored(name) => write!(f, "matched by `ignore`: `{name}`"),
            Self::Bump { current, bump, max } => write!(f, "{bump} change from {current}; `max-bump` is {max}"),
            Self::Outlier { current } => {
                write!(f, "outlier: the step from {current} is too large for a release; `outliers: allow` accepts it")
            }
            Self::OlderBuild { built, current, than } => write!(
                f,
                "built {built}, long before the current tag {current} ({than}); `allow-older-build: true` accepts it"
            ),
            Self::LowerVersion(current) => {
                write!(f, "lower version than the current tag {current}; `allow-downgrade: true` accepts it")
            }
            Self::Incomparable(current) => write!(f, "the policy cannot compare it with the current tag {current}"),
            Self::NumericCommit => f.write_str("a commit, like the tags beside it"),
            Self::LineReleased(current) => {
                write!(f, "pre-release, and a release is newer than the current tag {current}")
            }
            Self::Older(current) => write!(f, "older than the current tag {current}"),
            Self::OtherYearFormat(current) => {
                write!(f, "its year has four digits, that of the current tag {current} two")
            }
            Self::LaterDate(current) => write!(f, "later date than the current tag {current}, but ranked lower"),
            Self::NotNewer(current) => write!(f, "not newer than the current tag {current}"),
            Self::NotPinned => f.write_str("not the tag that the policy selects"),
            Self::OutOfRange(range) => write!(f, "not in the range {range}"),
            Self::PreReleasesOff => f.write_str("pre-release, and `pre-releases` is not set"),
            Self::OtherVariant(variant) => write!(f, "not the variant {variant} of the current tag"),
            Self::NotSemVer => f.write_str("not a semantic version"),
            Self::PartialVersion => f.write_str("not a full version with three numbers"),
            Self::PreRelease => f.write_str("pre-release, and the current tag is not"),
            Self::EarlierStage => f.write_str("earlier pre-release stage than the current tag"),
            Self::OtherLayout(layout) => write!(f, "not in the layout {layout}"),
            Self::NotANumber => f.write_str("not a number"),
            Self::NumberFormat => f.write_str("zero padding of numbers differs from the current tag"),
            Self::OtherShape { shape, current } => write!(f, "shape {shape} differs from {current}"),
            Self::NoMatch(pattern) => write!(f, "not matched by `{pattern}`"),
            Self::UnreadableGroup { group, text, order } => {
                write!(f, "cannot read group `{group}` as {order}: `{text}`")
            }
            Self::NoBuildTime => f.write_str("no build time in the image metadata, or that of a reproducible build"),
            Self::NotListed => f.write_str("the registry does not list it"),
            Self::Unreadable(cause) => f.write_str(cause),
            Self::NotAnImage(kind) if kind.is_empty() => f.write_str("not a container image, but an untyped artifact"),
            Self::NotAnImage(kind) => write!(f, "not a container image, but an artifact of the type {kind}"),
            Self::NoCommit => f.write_str("no commit id in the tag"),
            Self::NoRevisionLabel => f.write_str("no label org.opencontainers.image.revision"),
            Self::SurroundingText => f.write_str("prefix or suffix differs from the current tag"),
            Self::CommitNotFound { commit, history } => write!(f, "{} is not in {history}", CommitText(commit)),
            Self::CommitAmbiguous { commit, history } => write!(f, "{} is ambiguous in {history}", CommitText(commit)),
            Self::Extracted(text, cause) => write!(f, "extracted text `{text}`: {cause}"),
            Self::Unorderable => f.write_str("the policy cannot order it"),
        }
    }
}

/// The commit of a tag, or of the label of its image.
struct CommitText<'c>(&'c Option<Box<str>>);

impl Display for CommitText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            Some(commit) => write!(f, "commit {commit}"),
            None => f.write_str("the commit of its label"),
        }
    }
}

impl Display for Ineligibility {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Platforms(lacking) => {
                let names: Vec<String> = lacking.iter().map(ToString::to_string).collect();
                write!(f, "not available for {}", names.join(" and "))
            }
            Self::PlatformsUnknown => f.write_str("the registry does not report its platforms"),
            Self::TooYoung { min_age, event, since } => {
                write!(f, "younger than `min-age` {}: {event} {since}, ", in_units(*min_age))?;
                match since.checked_add(*min_age) {
                    Ok(at) => write!(f, "eligible on {at}"),
                    Err(_) => f.write_str("eligible later"),
                }
            }
            Self::AgeUnknown(created) => {
                f.write_str("age unknown: the registry reports no push time, the image records ")?;
                match created {
                    Some(created) => write!(f, "{created} (a reproducible build)")?,
                    None => f.write_str("no build time")?,
                }
                f.write_str(
                    ", and no cache folder has a record of the tag; keep a cache folder between runs, or remove `min-age` for this image",
                )
            }
            Self::LookupFailed(error) => write!(f, "lookup failed: {error}"),
        }
    }
}

/// Units of a duration with their lengths in seconds, the greatest first.
const UNITS: &[(&str, u64)] = &[("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// Formats a duration as in a configuration: `3d`, `36h`.
fn in_units(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (unit, length) = UNITS.iter().find(|(_, length)| seconds.is_multiple_of(*length)).unwrap_or(&("s", 1));
    format!("{}{unit}", seconds / length)
}

/// What a tag with a commit needs: its text has no order.
const COMMIT_NEEDS_POLICY: &str = "is named after a commit and needs a policy, such as `git-history` or `newest-build`";

/// What to do if a policy names a tag that is rejected.
const NAME_ANOTHER: &str = "name another tag in the policy, or correct its filter";

/// Returns what to do about a tag that is not eligible yet, if waiting does not help.
fn remedy(cause: &Ineligibility) -> &'static str {
    match cause {
        Ineligibility::Platforms(_) => "; push it for them, or change `platforms`",
        Ineligibility::PlatformsUnknown => "; remove `platforms` for this image",
        Ineligibility::TooYoung { .. } | Ineligibility::AgeUnknown(_) | Ineligibility::LookupFailed(_) => "",
    }
}

fn all_rejected(f: &mut Formatter<'_>, count: usize, closest: Option<&(Tag, Rejection)>) -> Result {
    match count {
        1 => f.write_str("the only tag")?,
        _ => write!(f, "all {count} tags")?,
    }
    match (count, closest) {
        (1, Some((tag, cause))) => write!(f, " {tag} is rejected: {cause}")?,
        (1, None) => f.write_str(" is rejected")?,
        (_, Some((tag, cause))) => write!(f, " are rejected, for example {tag}: {cause}")?,
        (_, None) => f.write_str(" are rejected")?,
    }
    f.write_str("; correct the policy or its filter")
}

impl Display for Hold {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::NoTag { has_digest: true } => f.write_str(
                "the reference has only a digest; write its tag beside it, or name it in a policy `digest: TAG`",
            ),
            Self::NoTag { has_digest: false } => {
                f.write_str("the reference has no tag to compare with; write the first one into the manifest")
            }
            Self::NoVersion(tag) => {
                write!(f, "the tag {tag} has no version and needs a policy, such as `newest-build` or `digest`")
            }
            Self::Commit(tag) => write!(f, "the tag {tag} {COMMIT_NEEDS_POLICY}"),
            Self::NumericCommit(tag) => write!(f, "the tag {tag}, like the tags beside it, {COMMIT_NEEDS_POLICY}"),
            Self::Incomparable { newest, current, names_image: true } => write!(
                f,
                "the policy cannot compare the current tag {current} with {newest}; set a tag that the policy reads, or `allow-downgrade: true`"
            ),
            Self::Incomparable { newest, current, names_image: false } => write!(
                f,
                "the policy cannot compare the current tag {current} with {newest}; name the image in full in a rule to allow it"
            ),
            Self::CurrentFiltered(tag, cause) => write!(
                f,
                "the current tag {tag} is rejected: {cause}; write the whole tag as the registry has it, or correct the filter"
            ),
            Self::NoTags => f.write_str("the tag list of this image is empty; check its name, or push a tag"),
            Self::NotListed(tag) => write!(f, "the tag list does not contain {tag}; push it, or name another tag"),
            Self::CurrentUnreadable(tag, cause) => {
                write!(f, "cannot compare with the current tag {tag}: {cause}; write another tag by hand")
            }
            Self::PinnedRejected(tag, cause) => write!(f, "{tag} is rejected: {cause}; {NAME_ANOTHER}"),
            Self::GivenRejected { tag, cause, .. } => {
                write!(f, "{tag}, given with --image, is rejected: {cause}; give another tag, or change the policy")
            }
            Self::GivenWithoutTag => {
                f.write_str("the reference has only a digest, and --image gives no tag: write it as NAME:TAG@DIGEST")
            }
            Self::PromotedRejected { tag, place, cause } => {
                write!(f, "{place} uses {tag}, which is rejected: {cause}; change that tag, or the policy")
            }
            Self::PromotedIsLower { tag, place, current } => write!(
                f,
                "{place} uses {tag}, which is lower than the current tag {current}; `allow-downgrade: true` accepts it"
            ),
            Self::AmbiguousPlatform(tag, platform) => {
                write!(f, "several images of {tag} are for {platform}; write the digest of one of them")
            }
            Self::NotEligibleYet(tag, cause) => write!(f, "{tag} not eligible yet: {cause}{}", remedy(cause)),
            Self::NewestIsOlder { newest, current } => write!(
                f,
                "the newest matching tag {newest} is older than the current tag {current}; `allow-downgrade: true` accepts it"
            ),
            Self::NewestIsLower { newest, current } => write!(
                f,
                "the newest matching tag {newest} has a lower version than the current tag {current}; `allow-downgrade: true` accepts it"
            ),
            Self::AllRejected { count, closest } => all_rejected(f, *count, closest.as_ref()),
            Self::Unorderable(tag, cause) => write!(f, "cannot order {tag} ({cause}); exclude it with `exclude`"),
        }
    }
}

impl Display for Unknown {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::ListFailed(error) => f.write_str(error),
            Self::LookupFailed(tag, error) => write!(f, "lookup of {tag} failed: {error}"),
            Self::DigestFailed(tag, error) => write!(f, "lookup of the digest of {tag} failed: {error}"),
            Self::NoDigest(tag) => {
                write!(f, "the registry does not report the digest of {tag}; check that it can be pulled")
            }
            Self::Gate(tag, cause) => write!(f, "cannot decide whether {tag} is eligible: {cause}"),
            Self::Tie { tags, more } => {
                let tags = tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(", ");
                let more = if *more > 0 { format!(" and {more} more") } else { String::new() };
                write!(f, "tie between {tags}{more}: cannot tell which is newer; exclude all but one with `exclude`")
            }
            Self::MayBeNewest(tag, cause) => {
                write!(f, "{tag} may be the newest: {cause}; exclude it with `exclude` if it is not")
            }
            Self::Current { text, cause } => {
                write!(f, "cannot compare with the current tag {text}: {cause}; write another tag by hand")
            }
            Self::CurrentNotInHistory { text, cause, shallow } => {
                let remedy =
                    if *shallow { "the clone is shallow: run `git fetch --unshallow`" } else { "fetch in the clone" };
                write!(f, "cannot compare with the current tag {text}: {cause}; {remedy}")
            }
            Self::NoExternalFacts => f.write_str("the facts that the policy needs were not read"),
            Self::HistoryFailed { history, error } => {
                write!(f, "cannot read the history of {history}: {error}; correct `git-history`, or fetch in the clone")
            }
            Self::PromotedNoTag(place) => write!(f, "{place} has no tag to follow; write one there"),
            Self::NoManifests => f.write_str("`follow` needs a repository; omit --current to read its manifests"),
            Self::NotPromoted => f.write_str(
                "none of the followed paths uses this image; correct `follow`, or exclude the image from the rule",
            ),
            Self::PromotedDiffers([(one, place), (other, at)]) => {
                write!(
                    f,
                    "{place} uses {one} and {at} uses {other}: cannot follow both; correct `follow`, or one of them"
                )
            }
        }
    }
}
