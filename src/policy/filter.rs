//! Which tags a policy reads, and which text of them.

use std::borrow::Cow;

use globset::{Glob, GlobMatcher};
use regex::{CaptureLocations, Regex};

use super::reason::Rejection;
use super::settings::{OptionDoc, PolicyError, Settings, pattern};
use crate::image::is_attachment;

/// Selects the tags that a policy reads, and the text of each.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    include: Vec<TagPattern>,
    exclude: Vec<TagPattern>,
    allow: Vec<Name>,
    ignore: Vec<Name>,
    extract: Option<ExtractTemplate>,
}

/// Keys that every policy has.
#[rustfmt::skip]
pub(super) const OPTIONS: &[OptionDoc] = &[
    OptionDoc { key: "include", about: "regular expression, or a list: only tags that one of them matches" },
    OptionDoc { key: "exclude", about: "regular expression, or a list: no tag that one of them matches" },
    OptionDoc { key: "allow",   about: "tag, glob or /regular expression/, or a list: only these" },
    OptionDoc { key: "ignore",  about: "tag, glob or /regular expression/, or a list: never these" },
    OptionDoc { key: "extract", about: "the text that the policy reads of a tag, from the groups of `include`: '$1', '${major}.${minor}'" },
];

/// Why the filter rejects a tag, with the index of the pattern in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FilterError {
    /// It is attached to an image, such as a signature.
    Attachment,
    /// No pattern of `include` matches it.
    NotIncluded,
    /// This pattern of `exclude` matches it.
    Excluded(usize),
    /// No name of `allow` matches it.
    NotAllowed,
    /// This name of `ignore` matches it.
    Ignored(usize),
}

impl Filter {
    /// Reads the keys of [`OPTIONS`].
    pub fn new(settings: &Settings) -> Result<Self, PolicyError> {
        let names =
            |key: &str| settings.texts(key)?.into_iter().map(|text| Name::new(key, text)).collect::<Result<_, _>>();
        let include: Vec<TagPattern> = settings.patterns("include")?.into_iter().map(TagPattern::new).collect();
        let mut extract = settings.text("extract")?.map(ExtractTemplate::new).transpose()?;
        if let Some(template) = &mut extract {
            let [one] = &include[..] else {
                return Err(PolicyError::at("extract", "needs exactly one `include` pattern, whose groups it uses")
                    .with_hint("write one `include` with all alternatives, as in `'^(a|b)-(?<n>\\d+)$'`"));
            };
            template.resolve(&one.pattern)?;
        }
        Ok(Self {
            include,
            exclude: settings.patterns("exclude")?.into_iter().map(TagPattern::new).collect(),
            allow: names("allow")?,
            ignore: names("ignore")?,
            extract,
        })
    }

    /// Returns whether the policy reads another text than the tag.
    pub(super) fn extracts(&self) -> bool {
        self.extract.is_some()
    }

    /// Returns the text that the policy reads of a tag, or `None` for a rejected tag.
    pub fn read<'t>(&self, tag: &'t str) -> Option<Cow<'t, str>> {
        self.text(tag).ok()
    }

    /// Returns the text that the policy reads of a tag, or why the tag is rejected.
    pub(super) fn text<'t>(&self, tag: &'t str) -> Result<Cow<'t, str>, FilterError> {
        self.text_with(tag, &mut None)
    }

    /// Does the same for many tags, with one buffer for the groups of the match.
    pub(super) fn text_with<'t>(
        &self,
        tag: &'t str,
        groups: &mut Option<CaptureLocations>,
    ) -> Result<Cow<'t, str>, FilterError> {
        if is_attachment(tag) {
            return Err(FilterError::Attachment);
        }
        if !self.allow.is_empty() && !self.allow.iter().any(|name| name.is(tag)) {
            return Err(FilterError::NotAllowed);
        }
        if let Some(at) = self.ignore.iter().position(|name| name.is(tag)) {
            return Err(FilterError::Ignored(at));
        }
        if let Some(at) = self.exclude.iter().position(|pattern| pattern.is_match(tag)) {
            return Err(FilterError::Excluded(at));
        }
        match (&self.extract, self.include.first()) {
            (Some(template), Some(TagPattern { pattern, .. })) => {
                let groups = groups.get_or_insert_with(|| pattern.capture_locations());
                pattern.captures_read(groups, tag).ok_or(FilterError::NotIncluded)?;
                Ok(template.apply(groups, tag))
            }
            (None, Some(_)) if !self.include.iter().any(|pattern| pattern.is_match(tag)) => {
                Err(FilterError::NotIncluded)
            }
            _ => Ok(Cow::Borrowed(tag)),
        }
    }

    /// Returns the reason for an error of [`text`](Self::text).
    pub(super) fn rejection(&self, error: FilterError) -> Rejection {
        let names = |names: &[Name]| names.iter().map(|name| name.as_str().into()).collect();
        match error {
            FilterError::Attachment => Rejection::Attachment,
            FilterError::NotIncluded => {
                Rejection::NotIncluded(self.include.iter().map(|pattern| pattern.as_str().into()).collect())
            }
            FilterError::Excluded(at) => Rejection::Excluded(self.exclude[at].as_str().into()),
            FilterError::NotAllowed => Rejection::NotAllowed(names(&self.allow)),
            FilterError::Ignored(at) => Rejection::Ignored(self.ignore[at].as_str().into()),
        }
    }
}

/// A regular expression. Most are a text with an optional anchor, which is compared without the regex engine.
#[derive(Debug, Clone)]
struct TagPattern {
    pattern: Regex,
    plain: Option<Plain>,
}

/// A text, and whether it is anchored at the start and at the end.
#[derive(Debug, Clone)]
struct Plain {
    text: Box<str>,
    start: bool,
    end: bool,
}

impl TagPattern {
    fn new(pattern: Regex) -> Self {
        Self { plain: Plain::of(pattern.as_str()), pattern }
    }

    fn is_match(&self, tag: &str) -> bool {
        match &self.plain {
            None => self.pattern.is_match(tag),
            Some(Plain { text, start: true, end: true }) => tag == &**text,
            Some(Plain { text, start: true, .. }) => tag.starts_with(&**text),
            Some(Plain { text, end: true, .. }) => tag.ends_with(&**text),
            Some(Plain { text, .. }) => tag.contains(&**text),
        }
    }

    fn as_str(&self) -> &str {
        self.pattern.as_str()
    }
}

impl Plain {
    fn of(pattern: &str) -> Option<Self> {
        let (start, rest) = pattern.strip_prefix('^').map_or((false, pattern), |rest| (true, rest));
        let (end, rest) = rest.strip_suffix('$').map_or((false, rest), |rest| (true, rest));
        let text = rest.replace("\\.", "\0");
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | 0));
        (is_plain && !rest.contains('\0')).then(|| Self { text: text.replace('\0', ".").into(), start, end })
    }
}

/// A tag by its name, by a glob, or by a regular expression between slashes.
#[derive(Debug, Clone)]
enum Name {
    Exact(Box<str>),
    Glob(GlobMatcher),
    Pattern(Box<str>, Regex),
}

impl Name {
    fn new(key: &str, text: &str) -> Result<Self, PolicyError> {
        if let Some(inner) = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            return Ok(Self::Pattern(text.into(), pattern(key, inner)?));
        }
        if !text.contains(['*', '?', '[', '{']) {
            return Ok(Self::Exact(text.into()));
        }
        let glob = Glob::new(text).map_err(|error| {
            PolicyError::at(key, format!("invalid glob `{text}`: {}", error.kind())).with_hint(
                "use `*` for any text and `[ab]` for either letter, or write a regular expression between slashes",
            )
        });
        Ok(Self::Glob(glob?.compile_matcher()))
    }

    fn is(&self, tag: &str) -> bool {
        match self {
            Self::Exact(name) => **name == *tag,
            Self::Glob(glob) => glob.is_match(tag),
            Self::Pattern(_, pattern) => pattern.is_match(tag),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Pattern(text, _) => text,
            Self::Glob(glob) => glob.glob().glob(),
        }
    }
}

/// Text with groups of a pattern in it, in Go's and RE2's notation: `$1`, `${1}`, `$name`, `$$` for a dollar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExtractTemplate(Vec<TemplatePiece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplatePiece {
    Text(String),
    /// A group by its name or number as written, and its index in the pattern.
    Group(String, usize),
}

impl ExtractTemplate {
    /// Parses a template. As in Go, `$1x` is the group named `1x`.
    pub(super) fn new(text: &str) -> Result<Self, PolicyError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            pieces.push(TemplatePiece::Text(before.to_owned()));
            if let Some(after) = after.strip_prefix('$') {
                pieces.push(TemplatePiece::Text("$".to_owned()));
                rest = after;
                continue;
            }
            let (name, tail) = match after.strip_prefix('{') {
                Some(inner) => inner.split_once('}').ok_or_else(|| {
                    PolicyError::at("extract", format!("invalid template `{text}`: `${{` without `}}`"))
                        .with_hint("write `${name}` for a group, and `$$` for a dollar sign")
                })?,
                None => after.split_at(after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len())),
            };
            pieces.push(TemplatePiece::Group(name.to_owned(), 0));
            rest = tail;
        }
        pieces.push(TemplatePiece::Text(rest.to_owned()));
        pieces.retain(|piece| *piece != TemplatePiece::Text(String::new()));
        Ok(Self(pieces))
    }

    /// Finds the groups in the pattern. A missing one is an error: it would extract nothing from every tag.
    fn resolve(&mut self, pattern: &Regex) -> Result<(), PolicyError> {
        for piece in &mut self.0 {
            let TemplatePiece::Group(name, place) = piece else { continue };
            let found = match name.parse::<usize>() {
                Ok(number) => Some(number).filter(|number| *number < pattern.captures_len()),
                Err(_) => pattern.capture_names().position(|known| known == Some(name)),
            };
            *place = found.ok_or_else(|| {
                PolicyError::at("extract", format!("unknown group `{name}` of the pattern `{}`", pattern.as_str()))
                    .with_hint("write `${1}` where letters or digits follow, or name a group with `(?<name>…)`")
            })?;
        }
        Ok(())
    }

    /// Fills in the groups. A group that did not match is empty.
    fn apply<'t>(&self, groups: &CaptureLocations, tag: &'t str) -> Cow<'t, str> {
        let group = |place: usize| groups.get(place).map_or("", |(start, end)| &tag[start..end]);
        match &self.0[..] {
            [TemplatePiece::Group(_, place)] => Cow::Borrowed(group(*place)),
            pieces => Cow::Owned(
                pieces
                    .iter()
                    .map(|piece| match piece {
                        TemplatePiece::Text(text) => text.as_str(),
                        TemplatePiece::Group(_, place) => group(*place),
                    })
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn plain_text_matches_as_the_regex_engine_does(
            start in "\\^?", text in "([a-c0]|\\\\\\.|-|_){0,3}|.{0,3}", end in "\\$?", tag in "[a-c0._-]{0,6}",
        ) {
            let Ok(pattern) = Regex::new(&format!("{start}{text}{end}")) else { return Ok(()) };
            let search = TagPattern::new(pattern);
            prop_assert_eq!(search.is_match(&tag), search.pattern.is_match(&tag), "{:?}", search);
        }
    }

    #[test]
    fn recognizes_patterns_that_are_plain_text() {
        for plain in ["-debug$", "^main-", r"^1\.2$", "rc", ""] {
            assert!(Plain::of(plain).is_some(), "{plain}");
        }
        for other in ["a.c", "a+", "(a)", r"\d", r"a\", "(?i)a", "[a]", "a|b", "a\0", "ä"] {
            assert!(Plain::of(other).is_none(), "{other}");
        }
    }
}
