//! `pattern`: a regular expression with named groups, and the order in which the groups count.

use std::cell::RefCell;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use regex::{CaptureLocations, Regex};

use crate::image::{ImageFacts, Shape};
use crate::policy::external_facts::ExternalFacts;
use crate::policy::ordered_policy::{Floor, OrderedPolicy, TagReadError, TagReader};
use crate::policy::policy::Policy;
use crate::policy::reason::{Rejection, Unknown};
use crate::policy::settings::{Direction, OptionDoc, PolicyError, Settings, pattern};
use crate::policy::versions::{OrderKey, Version};
use crate::text::suggestion;

/// Tags whose groups a pattern names.
#[derive(Debug)]
pub(crate) struct Pattern {
    pattern: Regex,
    order: Vec<Term>,
}

/// One group, how it is read, and its direction.
#[derive(Debug)]
struct Term {
    group: usize,
    name: Box<str>,
    kind: GroupOrder,
    direction: Direction,
}

#[derive(Debug)]
enum GroupOrder {
    /// Numeric where it is numeric, else alphabetical.
    Natural,
    Numeric,
    /// Numeric, and zero where the group did not match.
    NumericOrZero,
    Alphabetical,
    SemVer,
    Time(Box<str>),
}

/// Keys of this policy besides those of all policies.
#[rustfmt::skip]
pub(crate) const OPTIONS: &[OptionDoc] = &[
    OptionDoc { key: "order", about: "groups, most significant first: `ts`, `ts desc`, with how to read them: `n numeric`, `n numeric-or-zero` (a missing group is 0), `w alphabetical`, `v semver`, `d time(%Y-%m-%d)`" },
];

/// Reads `{ pattern: '^main-[0-9a-f]{7,40}-(?<ts>\d+)$', order: [ts] }`.
pub(crate) fn build(settings: &Settings) -> Result<Policy, PolicyError> {
    let pattern = pattern("pattern", settings.text("pattern")?.unwrap_or_default())?;
    let named: Vec<&str> = pattern.capture_names().flatten().collect();
    if named.is_empty() {
        return Err(PolicyError::at("pattern", "missing a named group to order by")
            .with_hint("name the group to order by, as in `'^main-[0-9a-f]+-(?<time>\\d+)$'`"));
    }
    let written = settings.texts("order")?;
    let order = if written.is_empty() { named.clone() } else { written };
    let order = order.into_iter().map(|text| Term::new(text, &pattern, &named)).collect::<Result<_, _>>()?;
    Ok(Policy::ordered(Pattern { pattern, order }))
}

impl Term {
    fn new(text: &str, pattern: &Regex, named: &[&str]) -> Result<Self, PolicyError> {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default();
        let group = pattern.capture_names().position(|known| known == Some(name)).ok_or_else(|| {
            let error =
                PolicyError::at("order", format!("unknown group `{name}` of the pattern `{}`", pattern.as_str()));
            error.with_hint(suggestion(name, named.iter().copied()).unwrap_or_default())
        })?;
        let mut term = Self { group, name: name.into(), kind: GroupOrder::Natural, direction: Direction::Ascending };
        for word in words {
            if let Some(direction) = Direction::new(word) {
                term.direction = direction;
            } else {
                term.kind = GroupOrder::new(word)?;
            }
        }
        Ok(term)
    }
}

impl GroupOrder {
    fn new(word: &str) -> Result<Self, PolicyError> {
        let layout = word.strip_prefix("time(").and_then(|rest| rest.strip_suffix(')'));
        match (word, layout) {
            ("numeric", _) => Ok(Self::Numeric),
            ("numeric-or-zero", _) => Ok(Self::NumericOrZero),
            ("alphabetical", _) => Ok(Self::Alphabetical),
            ("semver", _) => Ok(Self::SemVer),
            (_, Some(layout)) => {
                let sample = Zoned::new(Timestamp::constant(1_700_000_000, 0), TimeZone::UTC);
                let written = strtime::format(layout, &sample).map_err(|error| error.to_string());
                match written.and_then(|text| instant(layout, &text).ok_or_else(|| "it has no day".to_owned())) {
                    Ok(_) => Ok(Self::Time(layout.into())),
                    Err(cause) => Err(PolicyError::at("order", format!("invalid time layout `{layout}`: {cause}"))
                        .with_hint("write a layout such as `%Y%m%d%H%M%S`, or `%s` for seconds since 1970")),
                }
            }
            _ => Err(PolicyError::at("order", format!("unknown order `{word}` of a group")).with_hint(
                "use `numeric`, `alphabetical`, `numeric-or-zero`, `semver` or `time(%Y-%m-%d)`, and `asc` or `desc`",
            )),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Natural => "text".to_owned(),
            Self::Numeric => "numeric".to_owned(),
            Self::NumericOrZero => "numeric-or-zero".to_owned(),
            Self::Alphabetical => "alphabetical".to_owned(),
            Self::SemVer => "semver".to_owned(),
            Self::Time(layout) => format!("time({layout})"),
        }
    }

    fn write(&self, text: Option<&str>, key: &mut OrderKey) -> Option<()> {
        let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match (self, text) {
            (Self::NumericOrZero, None) => key.numeric_identifier("0"),
            // A group that did not match is less than any that did.
            (_, None) => key.end(),
            (Self::Natural, Some(text)) if all_digits(text) => key.numeric_identifier(text),
            (Self::Natural | Self::Alphabetical, Some(text)) => key.word_identifier(text),
            (Self::Numeric | Self::NumericOrZero, Some(text)) => {
                all_digits(text).then(|| key.numeric_identifier(text))?
            }
            (Self::SemVer, Some(text)) => {
                let version = Version::new(text)?;
                key.rank(1);
                version.write(key);
            }
            (Self::Time(layout), Some(text)) => {
                let instant = instant(layout, text)?;
                key.rank(1);
                key.instant(instant.as_nanosecond());
            }
        }
        Some(())
    }
}

/// Parses a time in a layout; without a zone it is UTC, without an hour midnight.
fn instant(layout: &str, text: &str) -> Option<Timestamp> {
    let read = strtime::parse(layout, text).ok()?;
    if let Ok(instant) = read.to_timestamp() {
        return Some(instant);
    }
    let at = read.to_datetime().or_else(|_| read.to_date().map(|date| date.at(0, 0, 0, 0))).ok()?;
    at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

impl OrderedPolicy for Pattern {
    fn orders_texts(&self) -> bool {
        true
    }

    fn floor(&self) -> Floor {
        let descending = self.order.iter().find(|term| term.direction == Direction::Descending);
        descending.map_or(Floor::Version, |term| Floor::of(term.direction))
    }

    fn reader<'a>(
        &'a self,
        _current: Option<&'a Shape<'a>>,
        _external: &'a ExternalFacts,
    ) -> Result<Box<dyn TagReader + 'a>, Unknown> {
        Ok(Box::new(ByGroups { policy: self, groups: RefCell::new(self.pattern.capture_locations()) }))
    }
}

struct ByGroups<'p> {
    policy: &'p Pattern,
    /// One buffer for all tags: capturing is the expensive part.
    groups: RefCell<CaptureLocations>,
}

impl ByGroups<'_> {
    /// Returns the first group whose text its order cannot read.
    fn unreadable(&self, text: &str) -> Option<(&Term, String)> {
        let captures = self.policy.pattern.captures(text)?;
        self.policy.order.iter().find_map(|term| {
            let found = captures.get(term.group).map(|group| group.as_str());
            let fits = term.kind.write(found, &mut OrderKey::default()).is_some();
            (!fits).then(|| (term, found.unwrap_or_default().to_owned()))
        })
    }
}

impl TagReader for ByGroups<'_> {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<(), TagReadError> {
        let mut groups = self.groups.borrow_mut();
        self.policy.pattern.captures_read(&mut groups, text).ok_or(TagReadError::Unreadable)?;
        for term in &self.policy.order {
            let found = groups.get(term.group).map(|(start, end)| &text[start..end]);
            let mark = key.mark();
            term.kind.write(found, key).ok_or(TagReadError::OutOfRange)?;
            if term.direction == Direction::Descending {
                key.reverse_from(mark);
            }
        }
        Ok(())
    }

    fn rejection(&self, text: &str, _error: TagReadError) -> Rejection {
        match self.unreadable(text) {
            Some((term, found)) => Rejection::UnreadableGroup {
                group: term.name.clone(),
                text: found.into(),
                order: term.kind.describe().into(),
            },
            None => Rejection::NoMatch(self.policy.pattern.as_str().into()),
        }
    }
}
