//! The table of what formats declare about files and texts. It decides before parsing whether a text is worth reading.

use regex::bytes::Regex;

use super::value::{is_full_reference, is_unambiguous_reference};

/// The reason to ignore the image that a build writes.
pub(super) const BUILT: &str = "what a build writes, not what runs";

/// Objects or files that a format ignores, and the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ignored {
    /// Which objects or files.
    pub scope: IgnoredScope,
    /// A lower-case fragment. Notices put the kind or the owner of the file before it.
    pub reason: &'static str,
}

/// Which objects or files a format ignores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoredScope {
    /// Kubernetes objects of an API group: those of one kind, or all of them (`*`).
    Kind(&'static str, &'static str),
    /// Objects of a group and kind that are large and hold no reference: they are not even parsed.
    Schema(&'static str, &'static str),
    /// A field of Kubernetes objects of an API group, or of one kind (`*` is any), with all that is in it: the keys from the object
    /// on, with dots and without the indices of lists.
    Field(&'static str, &'static str, &'static str),
    /// A field of files with a name (`*` at one end is any text), with all that is in it: the keys from the root on, where `*` is any.
    FieldOfFile(&'static str, &'static str),
    /// Files of another tool: a folder with a slash at its end, or a file name; and the name of the tool. It applies unless a
    /// marker, or a rule that names the file, makes a reference managed, and not to Kubernetes objects.
    File(&'static str, &'static str),
    /// Files of another tool whose name is not enough, as above: the file, a key of its root, the name of the tool.
    FileWithKey(&'static str, &'static str, &'static str),
    /// Kubernetes objects of an API group in files of another tool, as above: the file, the group, the name of the tool.
    ObjectsIn(&'static str, &'static str, &'static str),
}

/// The joined declarations of some formats.
#[derive(Debug)]
pub(super) struct Screen {
    /// Matches any of the needles in one pass; `None` keeps every text.
    needles: Option<Regex>,
    ignored: Vec<Ignored>,
    schemas: Vec<SchemaLines>,
    /// Keys whose value is a text that is not YAML: `dockerfile`, `app.env`; `*` at one end matches any text.
    text_keys: Vec<&'static str>,
}

/// The two lines by which a schema is recognized without parsing it.
#[derive(Debug)]
struct SchemaLines {
    group: String,
    kind: String,
    ignored: Ignored,
}

impl Screen {
    pub(super) fn new(needles: &[&'static str], ignored: Vec<Ignored>, text_keys: Vec<&'static str>) -> Self {
        let literals: Vec<String> = shortest(needles).into_iter().map(regex::escape).collect();
        let schema = |ignored: &Ignored| match ignored.scope {
            IgnoredScope::Schema(group, kind) => Some(SchemaLines {
                group: format!("\napiVersion: {group}/"),
                kind: format!("\nkind: {kind}"),
                ignored: *ignored,
            }),
            _ => None,
        };
        let schemas = ignored.iter().filter_map(schema).collect();
        Self { needles: Regex::new(&literals.join("|")).ok(), ignored, schemas, text_keys }
    }

    /// Returns whether bytes may hold a reference, judged without parsing them.
    pub(super) fn may_hold(&self, bytes: &[u8]) -> bool {
        self.needles.as_ref().is_none_or(|needles| needles.is_match(bytes))
    }

    /// Returns whether the value of a key is a text that a format reads and that is not YAML.
    pub(super) fn is_text_key(&self, key: &str) -> bool {
        self.text_keys.iter().any(|pattern| matches_name(pattern, key))
    }

    /// Returns why a document is not worth parsing, if it is the schema of an ignored kind.
    pub(super) fn schema(&self, document: &str) -> Option<String> {
        let row = self.schemas.iter().find(|lines| lines.are_in(document))?;
        row.ignored.of_kind()
    }

    /// Returns why objects of a kind are ignored, if they are.
    pub(super) fn ignored_kind(&self, group: &str, kind: &str) -> Option<String> {
        let includes = |scope: IgnoredScope| match scope {
            IgnoredScope::Kind(of_group, of_kind) | IgnoredScope::Schema(of_group, of_kind) => {
                of_group == group && (of_kind == "*" || of_kind == kind)
            }
            _ => false,
        };
        let row = self.ignored.iter().find(|ignored| includes(ignored.scope))?;
        Some(format!("{kind}: {}", row.reason))
    }

    /// Returns why a field of an object is ignored, if it is: the group and the kind of the object, and the keys from the object
    /// on.
    pub(super) fn ignored_field(&self, group: &str, kind: &str, keys: &[&str]) -> Option<String> {
        let includes = |scope: IgnoredScope| match scope {
            IgnoredScope::Field(of_group, of_kind, field) => {
                of_group == group && (of_kind == "*" || of_kind == kind) && is_within(keys, field)
            }
            _ => false,
        };
        let row = self.ignored.iter().find(|ignored| includes(ignored.scope))?;
        Some(format!("{kind}: {}", row.reason))
    }

    /// Returns why a field of a file is ignored, if it is: the name of the file, and the keys from the root on.
    pub(super) fn ignored_field_of_file(&self, name: &str, keys: &[&str]) -> Option<String> {
        let includes = |scope: IgnoredScope| match scope {
            IgnoredScope::FieldOfFile(file, field) => matches_name(file, name) && is_within(keys, field),
            _ => false,
        };
        let row = self.ignored.iter().find(|ignored| includes(ignored.scope))?;
        Some(row.reason.to_owned())
    }

    /// Returns the tool whose file this is and why it is ignored, judged by its path and the keys of its root.
    pub(super) fn ignored_file(
        &self,
        path: &str,
        has_key: impl Fn(&str) -> bool,
    ) -> Option<(&'static str, &'static str)> {
        self.ignored.iter().find_map(|ignored| match ignored.scope {
            IgnoredScope::File(pattern, owner) if matches_path(pattern, path) => Some((owner, ignored.reason)),
            IgnoredScope::FileWithKey(pattern, key, owner) if matches_path(pattern, path) && has_key(key) => {
                Some((owner, ignored.reason))
            }
            _ => None,
        })
    }

    /// Returns the tool whose file this is and why its objects of a group are ignored.
    pub(super) fn ignored_objects(&self, path: &str, group: &str) -> Option<(&'static str, &'static str)> {
        self.ignored.iter().find_map(|ignored| match ignored.scope {
            IgnoredScope::ObjectsIn(pattern, of_group, owner) if of_group == group && matches_path(pattern, path) => {
                Some((owner, ignored.reason))
            }
            _ => None,
        })
    }
}

impl Ignored {
    fn of_kind(&self) -> Option<String> {
        match self.scope {
            IgnoredScope::Kind(_, kind) | IgnoredScope::Schema(_, kind) => Some(format!("{kind}: {}", self.reason)),
            _ => None,
        }
    }
}

impl SchemaLines {
    fn are_in(&self, document: &str) -> bool {
        let Some(at) = memchr::memmem::find(document.as_bytes(), self.kind.as_bytes()) else { return false };
        if document.starts_with(&self.group[1..]) {
            return true;
        }
        let ends_line = matches!(document.as_bytes().get(at + self.kind.len()), None | Some(b'\n' | b'\r'));
        ends_line && document.contains(&self.group)
    }
}

/// Returns the last component of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns whether a file name matches the pattern: `*` at one end of the pattern matches any text.
pub(super) fn matches_name(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(ending), _) => name.ends_with(ending),
        (None, Some(beginning)) => name.starts_with(beginning),
        (None, None) => name == pattern,
    }
}

/// Returns whether keys are those of a field with dots, or of what is in it.
fn is_within(keys: &[&str], field: &str) -> bool {
    let mut keys = keys.iter();
    field.split('.').all(|wanted| keys.next().is_some_and(|key| wanted == "*" || wanted == *key))
}

/// Returns whether a path is in the folder (with a slash at its end) or has the file name.
fn matches_path(pattern: &str, path: &str) -> bool {
    if pattern.ends_with('/') {
        return path.starts_with(pattern) || path.contains(&format!("/{pattern}"));
    }
    matches_name(pattern, file_name(path))
}

/// Returns the needles without duplicates and without those that contain another one.
fn shortest<'a>(needles: &[&'a str]) -> Vec<&'a str> {
    let mut kept: Vec<&str> = Vec::new();
    let mut sorted = needles.to_vec();
    sorted.sort_by_key(|needle| needle.len());
    for needle in sorted {
        if !kept.iter().any(|shorter| needle.contains(shorter)) {
            kept.push(needle);
        }
    }
    kept
}

/// Returns the offsets of unambiguous references in a text that is not parsed.
pub(super) fn mentions(text: &str) -> impl Iterator<Item = usize> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"./:@_-".contains(byte);
    let bytes = text.as_bytes();
    let mut done = 0;
    std::iter::from_fn(move || {
        loop {
            // Slashes are rare in schemas, and every reference with a host has one.
            let slash = done + memchr::memchr(b'/', &bytes[done..])?;
            let start = slash - bytes[done..slash].iter().rev().take_while(|byte| is_part(byte)).count();
            done = slash + bytes[slash..].iter().take_while(|byte| is_part(byte)).count();
            if is_unambiguous_reference(text[start..done].trim_end_matches(['.', ':'])) {
                return Some(start);
            }
        }
    })
}

/// Returns whether a line of a text that is not YAML has a literal reference: `image: acme/api:1.2`, or one with a registry.
pub(super) fn names_image(text: &str) -> bool {
    let is_image = |line: &str| {
        let value = line.split_once("mage:").map(|(_, value)| value.trim().trim_matches(['"', '\'']));
        value.is_some_and(is_full_reference)
    };
    mentions(text).next().is_some() || text.lines().any(is_image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_needles_that_contain_no_other() {
        assert_eq!(shortest(&["$imagepolicy", "mage", "tag:", "mage", "Tag:"]), ["mage", "tag:", "Tag:"]);
    }

    #[test]
    fn matches_ignored_files_by_folder_or_name() {
        let folder = ".github/workflows/";
        assert!(matches_path(folder, ".github/workflows/a.yaml") && matches_path(folder, "b/.github/workflows/a.yaml"));
        assert!(matches_path(".drone.yml", "a/.drone.yml") && !matches_path(".drone.yml", "a.drone.yml"));
    }
}
