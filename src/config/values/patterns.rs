//! Globs on image names and on paths.

use std::sync::Arc;

use globset::{Glob, GlobBuilder, GlobSet};

use crate::image::{ImageName, registry_host};

/// A list of globs, which matches what any of them matches. `*` matches no slash, `**` does.
#[derive(Debug, Clone)]
pub struct Patterns {
    written: Vec<String>,
    /// `None` matches everything.
    set: Option<GlobSet>,
}

/// Why a text is not a valid glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The glob is malformed.
    #[error("invalid glob `{0}`: {1}")]
    Glob(String, String),
    /// A glob on image names has a tag.
    #[error("invalid glob `{0}`: it has a tag, and globs of images match names without tags")]
    Tag(String),
    /// A glob on image names starts with `!`, which other tools write before one that excludes.
    #[error("invalid glob `{0}`: it starts with `!`, and no glob excludes what another one matches")]
    Negated(String),
    /// A path does not start at the root of the repository.
    #[error("invalid glob `{0}`: it starts with `{1}`, and paths are relative to the root of the repository")]
    Rooted(String, &'static str),
    /// A path ends with a slash, so it matches no file.
    #[error("invalid glob `{0}`: it ends with a slash, so it matches no file")]
    Folder(String),
}

impl PatternError {
    /// Returns what to write instead.
    pub fn hint(&self) -> String {
        match self {
            Self::Glob(..) => {
                "use `*` for any text without a slash, `**` for any text, `{a,b}` for alternatives".to_owned()
            }
            Self::Tag(text) => format!("write `{}`", text.rsplit_once(':').map_or(text.as_str(), |(name, _)| name)),
            Self::Negated(text) => {
                format!("write a rule with `policy: ignore` for `{}` before this rule", &text[1..])
            }
            Self::Rooted(text, start) => format!("write `{}`", &text[start.len()..]),
            Self::Folder(text) => format!("write `{text}**`"),
        }
    }
}

impl Patterns {
    /// Returns the list that matches everything.
    pub fn everything() -> Self {
        Self { written: vec!["**".to_owned()], set: None }
    }

    /// Returns the list that matches nothing.
    pub fn nothing() -> Self {
        Self { written: Vec::new(), set: Some(GlobSet::empty()) }
    }

    /// Returns the list of globs that [`image_pattern`] or [`path_pattern`] has parsed.
    pub(in crate::config) fn new(globs: Vec<Glob>) -> Result<Self, PatternError> {
        let written: Vec<String> = globs.iter().map(|glob| glob.glob().to_owned()).collect();
        let set = GlobSet::new(globs).map_err(|error| PatternError::Glob(written.join(", "), error.kind().to_string()));
        Ok(Self { set: Some(set?), written })
    }

    /// Parses globs on paths.
    pub fn of_paths(written: &[String]) -> Result<Self, PatternError> {
        Self::new(written.iter().map(|text| path_pattern(text)).collect::<Result<_, _>>()?)
    }

    /// Returns the globs, with hosts as in normalized names.
    pub fn written(&self) -> &[String] {
        &self.written
    }

    /// Returns whether one of the globs matches the name, normalized (`docker.io/library/nginx`) or familiar (`nginx`).
    pub fn match_image(&self, name: &ImageName) -> bool {
        self.set.as_ref().is_none_or(|set| set.is_match(name.as_str()) || set.is_match(name.familiar()))
    }

    /// Returns whether one of the globs is the name of this image: written in full, or as one of the alternatives in `{a,b}`.
    pub(crate) fn names(&self, name: &ImageName) -> bool {
        let is_name = |text: &String| ImageName::new(text).is_ok_and(|written| written == *name);
        self.written.iter().any(|glob| alternatives(glob).is_some_and(|texts| texts.iter().any(is_name)))
    }

    /// Returns whether one of the globs that match a path names it: a part between its slashes has no wildcard, unlike `**/*.yml`.
    pub(crate) fn name_path(&self, path: &str) -> bool {
        let is_named = |glob: &&String| glob.split('/').any(|part| !part.contains(['*', '?', '[', '{']));
        let matches = |glob: &String| path_pattern(glob).is_ok_and(|glob| glob.compile_matcher().is_match(path));
        self.written.iter().filter(is_named).any(matches)
    }

    /// Returns the globs that match none of these paths.
    pub(crate) fn unmatched(&self, paths: &[Arc<str>]) -> Vec<String> {
        let is_unmatched = |glob: &&String| {
            path_pattern(glob).is_ok_and(|glob| {
                let matcher = glob.compile_matcher();
                !paths.iter().any(|path| matcher.is_match(&**path))
            })
        };
        self.written.iter().filter(is_unmatched).cloned().collect()
    }

    /// Returns whether one of the globs matches a path from the repository's root.
    pub fn match_path(&self, path: &str) -> bool {
        self.set.as_ref().is_none_or(|set| set.is_match(path))
    }
}

/// Parses a glob on image names.
pub(crate) fn image_pattern(text: &str) -> Result<Glob, PatternError> {
    if text.starts_with('!') {
        return Err(PatternError::Negated(text.to_owned()));
    }
    let last = text.rsplit('/').next().unwrap_or(text);
    if last.contains(':') {
        return Err(PatternError::Tag(text.to_owned()));
    }
    // Names have the host in its normalized form: `index.docker.io` and `docker.io:443` are `docker.io`.
    match text.split_once('/').and_then(|(host, path)| Some((registry_host(host)?, path))) {
        Some((host, path)) => checked(&format!("{host}/{path}")),
        None => checked(text),
    }
}

/// The greatest number of names that one glob writes out.
const MAX_ALTERNATIVES: usize = 256;

/// Returns one glob for each of the alternatives in `{a,b}`, or the glob itself without any. Returns `None` for too many.
fn alternatives(glob: &str) -> Option<Vec<String>> {
    let (mut done, mut rest) = (Vec::new(), vec![glob.to_owned()]);
    while let Some(text) = rest.pop() {
        match first_braces(&text) {
            Some((start, parts, end)) => rest.extend(parts.iter().map(|part| format!("{start}{part}{end}"))),
            None => done.push(text),
        }
        if done.len() + rest.len() > MAX_ALTERNATIVES {
            return None;
        }
    }
    Some(done)
}

/// Returns the text before the first braces, their parts, and the text after them.
fn first_braces(text: &str) -> Option<(&str, Vec<&str>, &str)> {
    let start = text.find('{')?;
    let (mut depth, mut from, mut parts) = (0, start + 1, Vec::new());
    for (at, c) in text[start..].char_indices().map(|(at, c)| (start + at, c)) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
        if depth == 0 {
            parts.push(&text[from..at]);
            return Some((&text[..start], parts, &text[at + 1..]));
        }
    }
    None
}

/// Parses a path that a policy follows: that of a file, or of a folder with everything in it.
pub(crate) fn followed_pattern(text: &str) -> Result<Glob, PatternError> {
    let path = text.trim_end_matches('/');
    path_pattern(path)?;
    let bad = |error: globset::Error| PatternError::Glob(text.to_owned(), error.kind().to_string());
    let glob = format!("{path}{{,/**}}");
    GlobBuilder::new(&glob).literal_separator(true).empty_alternates(true).build().map_err(bad)
}

/// Parses a glob on paths.
pub(crate) fn path_pattern(text: &str) -> Result<Glob, PatternError> {
    for start in ["/", "./"] {
        if text.starts_with(start) {
            return Err(PatternError::Rooted(text.to_owned(), start));
        }
    }
    if text.ends_with('/') {
        return Err(PatternError::Folder(text.to_owned()));
    }
    checked(text)
}

fn checked(text: &str) -> Result<Glob, PatternError> {
    let bad = |cause: String| PatternError::Glob(text.to_owned(), cause);
    if text.is_empty() {
        return Err(bad("it is empty".to_owned()));
    }
    GlobBuilder::new(text).literal_separator(true).build().map_err(|error| bad(error.kind().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_normalized_and_familiar_image_names() {
        #[rustfmt::skip]
        let rows = [
            ("ghcr.io/acme/*",    "ghcr.io/acme/api",       true),
            ("ghcr.io/acme/*",    "ghcr.io/acme/api/web",   false),
            ("ghcr.io/acme/**",   "ghcr.io/acme/api/web",   true),
            ("ghcr.io/acme/api",  "ghcr.io/acme/api",       true),
            ("**",                "nginx",                  true),
            ("nginx",             "nginx",                  true),
            ("nginx",             "docker.io/nginx",        true),
            ("docker.io/library/*", "nginx",                true),
            ("*",                 "nginx",                  true),
            ("*",                 "acme/api",               false),
            ("acme/*",            "acme/api",               true),
            ("{nginx,redis}",     "redis",                  true),
            ("localhost:5000/*",  "localhost:5000/api",     true),
            ("ghcr.io/**",        "ghcr.io:443/acme/api",   true),
            ("ghcr.io:443/**",    "ghcr.io/acme/api",       true),
            ("docker.io/**",      "docker.io:443/acme/api", true),
            ("acme/*",            "docker.io:443/acme/api", true),
            ("index.docker.io/acme/*", "acme/api",          true),
            ("ghcr.io:8443/**",   "ghcr.io/acme/api",       false),
        ];
        for (pattern, name, matches) in rows {
            let patterns = Patterns::new(vec![image_pattern(pattern).unwrap()]).unwrap();
            assert_eq!(patterns.match_image(&ImageName::new(name).unwrap()), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn finds_globs_that_are_names() {
        #[rustfmt::skip]
        let rows = [
            ("ghcr.io/acme/api",             "ghcr.io/acme/api",  true),
            ("nginx",                        "docker.io/nginx",   true),
            ("ghcr.io/acme/{api,web}",       "ghcr.io/acme/web",  true),
            ("{ghcr.io,quay.io}/acme/api",   "quay.io/acme/api",  true),
            ("ghcr.io/{acme/{api,web},job}", "ghcr.io/acme/web",  true),
            ("ghcr.io/{acme/{api,web},job}", "ghcr.io/job",       true),
            ("ghcr.io/acme/{api,web}-{a,b}", "ghcr.io/acme/api-b", true),
            ("{nginx,redis}",                "redis",             true),
            ("ghcr.io/acme/{api,w*}",        "ghcr.io/acme/api",  true),
            ("ghcr.io/acme/{api,w*}",        "ghcr.io/acme/web",  false),
            ("ghcr.io/acme/*",               "ghcr.io/acme/api",  false),
            ("ghcr.io/acme/ap?",             "ghcr.io/acme/api",  false),
            ("ghcr.io/acme/ap[ij]",          "ghcr.io/acme/api",  false),
            ("**",                           "ghcr.io/acme/api",  false),
        ];
        for (pattern, name, expected) in rows {
            let patterns = Patterns::new(vec![image_pattern(pattern).unwrap()]).unwrap();
            let name = ImageName::new(name).unwrap();
            assert!(patterns.match_image(&name), "{pattern} {name}");
            assert_eq!(patterns.names(&name), expected, "{pattern} {name}");
        }
        let many = format!("ghcr.io/{}", "{a,b}".repeat(20));
        assert!(
            !Patterns::new(vec![image_pattern(&many).unwrap()]).unwrap().names(&ImageName::new("ghcr.io/aa").unwrap())
        );
    }

    #[test]
    fn matches_paths_from_the_root() {
        #[rustfmt::skip]
        let rows = [
            ("**",              "a.yaml",                true),
            ("envs/prod/**",    "envs/prod/a/b.yaml",    true),
            ("envs/prod/**",    "envs/production.yaml",  false),
            ("envs/*/k.yaml",   "envs/prod/k.yaml",      true),
            ("envs/*/k.yaml",   "envs/prod/eu/k.yaml",   false),
            ("*.yaml",          "envs/k.yaml",           false),
            ("**/k.yaml",       "k.yaml",                true),
        ];
        for (pattern, path, matches) in rows {
            let patterns = Patterns::new(vec![path_pattern(pattern).unwrap()]).unwrap();
            assert_eq!(patterns.match_path(path), matches, "{pattern} {path}");
        }
    }
}
