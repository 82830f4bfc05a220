//! Kubernetes objects in the manifests that configure image updates by other tools. The folder of each tool interprets them.
//! [`manifest`](crate::manifest) reports malformed documents.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::text::{self, LineIndex, NodeId, NodeKind, Position, Tree};

/// An API group of a tool, and the kinds of its objects that are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ApiGroup {
    pub(super) name: &'static str,
    pub(super) kinds: &'static [&'static str],
}

impl ApiGroup {
    /// Returns whether a file may contain such an object. Cheap: searches for the names.
    pub(super) fn may_be_in(&self, bytes: &[u8]) -> bool {
        let contains = |name: &str| memchr::memmem::find(bytes, name.as_bytes()).is_some();
        contains(self.name) && self.kinds.iter().any(|kind| contains(kind))
    }
}

/// A Kubernetes object with the positions of its values.
#[derive(Debug, Clone)]
pub struct Object {
    pub(crate) path: String,
    pub(crate) kind: String,
    /// Empty if the manifest leaves the namespace to a kustomization.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) value: Value,
    /// The first and the last line.
    pub(crate) lines: (usize, usize),
    /// The field path of the object in its document, with its separator: empty, or `items[2].`.
    pub(crate) field_prefix: String,
    /// The positions of values by JSON pointer, whose keys are not escaped.
    places: BTreeMap<String, Position>,
}

impl Object {
    /// Returns the objects of a file that are in one of the groups, including the items of lists.
    pub(super) fn all(path: &str, text: &str, groups: &[ApiGroup]) -> Vec<Self> {
        let lines = LineIndex::new(text.as_bytes());
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let skipped = text.len() - body.len();
        let mut objects = Vec::new();
        for span in text::documents(body) {
            for tree in text::parse(&body[span.range()], false).into_iter().flatten() {
                let reader =
                    ObjectReader { path, text, groups, lines: &lines, start: skipped + span.start, tree: &tree };
                objects.extend(tree.root().into_iter().flat_map(|root| reader.objects(root, "")));
            }
        }
        objects
    }

    /// Returns the kind and place for messages: `the ImagePolicy at apps/policy.yaml:7`.
    pub(crate) fn source(&self) -> String {
        format!("the {} at {}:{}", self.kind, self.path, self.lines.0)
    }

    /// Returns the position of a value; the position of the object if it has no such value.
    pub(crate) fn place(&self, pointer: &str) -> Position {
        self.places.get(pointer).copied().unwrap_or(Position { line: self.lines.0, column: 1 })
    }

    /// Returns whether a value of the object is encrypted with SOPS.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.value.to_string().contains("\"ENC[AES256_GCM,")
    }
}

/// Reads the objects of one document.
struct ObjectReader<'a> {
    path: &'a str,
    text: &'a str,
    groups: &'a [ApiGroup],
    lines: &'a LineIndex,
    /// The offset of the document in the file.
    start: usize,
    tree: &'a Tree<'a>,
}

/// The maximum number of values of an object. Real objects have hundreds; nested aliases can expand to any number.
const MAX_VALUES: usize = 20_000;

impl ObjectReader<'_> {
    fn objects(&self, node: NodeId, prefix: &str) -> Vec<Object> {
        let tree = self.tree;
        let text = |path: &[&str]| tree.text_at(node, path).unwrap_or_default();
        let kind = text(&["kind"]);
        if let (true, Some(items)) = (kind.ends_with("List"), tree.get(node, "items")) {
            let item = |(at, item)| self.objects(tree.follow(item), &format!("{prefix}items[{at}]."));
            return tree.items(items).enumerate().flat_map(item).collect();
        }
        let group = text(&["apiVersion"]).split_once('/').map_or("", |(group, _)| group);
        if !self.groups.iter().any(|known| known.name == group && known.kinds.contains(&kind)) {
            return Vec::new();
        }
        let (mut places, mut budget) = (BTreeMap::new(), MAX_VALUES);
        let Some(value) = self.value(node, String::new(), &mut places, &mut budget) else { return Vec::new() };
        let span = tree.span(node);
        let end = span.start + tree.text()[span.range()].trim_end().len();
        vec![Object {
            path: self.path.to_owned(),
            kind: kind.to_owned(),
            namespace: text(&["metadata", "namespace"]).to_owned(),
            name: text(&["metadata", "name"]).to_owned(),
            value,
            lines: (self.position(span.start).line, self.position(end).line),
            field_prefix: prefix.to_owned(),
            places,
        }]
    }

    fn position(&self, offset: usize) -> Position {
        self.lines.position(self.text.as_bytes(), self.start + offset)
    }

    /// Returns the value of a node, and adds the positions to `places`; `None` if the object has more than [`MAX_VALUES`].
    fn value(
        &self,
        node: NodeId,
        pointer: String,
        places: &mut BTreeMap<String, Position>,
        budget: &mut usize,
    ) -> Option<Value> {
        *budget = budget.checked_sub(1)?;
        let tree = self.tree;
        let target = tree.follow(node);
        let value = match tree.kind(target) {
            NodeKind::Mapping => {
                let mut map = Map::new();
                for (key, value) in tree.entries(target) {
                    let Some(key) = tree.text_of(key) else { continue };
                    map.insert(key.to_owned(), self.value(value, format!("{pointer}/{key}"), places, budget)?);
                }
                Value::Object(merged(map))
            }
            NodeKind::Sequence => {
                let item = |(at, item)| self.value(item, format!("{pointer}/{at}"), places, budget);
                Value::Array(tree.items(target).enumerate().map(item).collect::<Option<_>>()?)
            }
            _ => match (tree.string(target), tree.text_of(target)) {
                (Some(text), _) => text.into(),
                (None, Some(plain)) => serde_json::from_str(plain).unwrap_or(Value::Null),
                (None, None) => Value::Null,
            },
        };
        places.insert(pointer, self.position(tree.span(node).start));
        Some(value)
    }
}

/// Returns a map with the entries of its merge key (`<<`); its own entries take precedence.
fn merged(mut map: Map<String, Value>) -> Map<String, Value> {
    let more = match map.remove("<<") {
        Some(Value::Object(more)) => vec![more],
        Some(Value::Array(list)) => {
            list.into_iter().filter_map(|one| if let Value::Object(more) = one { Some(more) } else { None }).collect()
        }
        _ => Vec::new(),
    };
    for (key, value) in more.into_iter().flatten() {
        map.entry(key).or_insert(value);
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: &[ApiGroup] = &[
        ApiGroup { name: "image.toolkit.fluxcd.io", kinds: &["ImagePolicy"] },
        ApiGroup { name: "argoproj.io", kinds: &["Application"] },
    ];

    #[test]
    fn reads_objects_of_streams_lists_and_malformed_files() {
        let policy = "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata: { name: a }\n";
        let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: argoproj.io/v1alpha1\n  kind: Application\n  \
                    metadata: { name: b, annotations: { x/y: '1' } }\n";
        #[rustfmt::skip]
        let rows = [
            (policy.to_owned(),                                        "a 1-3"),
            (format!("\u{feff}# c\n---\n{policy}"),                    "a 3-5"),
            (format!("{{ not: yaml\n---\n{policy}---\n{policy}"),      "a 3-5, a 7-9"),
            (format!("a: {{{{ x }}}}\n---\n{list}"),                   "b 6-8"),
            (policy.replace("ImagePolicy", "Other"),                   ""),
            ("a: &a [1]\nb: *a\n".to_owned(),                          ""),
        ];
        for (text, expected) in rows {
            let found = Object::all("x.yaml", &text, GROUPS);
            let found: Vec<String> = found.iter().map(|o| format!("{} {}-{}", o.name, o.lines.0, o.lines.1)).collect();
            assert_eq!(found.join(", "), expected, "{text}");
        }
        let found = &Object::all("x.yaml", list, GROUPS)[0];
        let at = "/metadata/annotations/x/y";
        assert_eq!((found.field_prefix.as_str(), found.place(at).line, found.place("/none").line), ("items[0].", 6, 4));
    }

    #[test]
    fn follows_merge_keys_and_rejects_exponential_aliases() {
        let text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  annotations:\n    <<: &m { a: '1' }\n    b: '2'\n";
        assert_eq!(
            Object::all("x", text, GROUPS)[0].value["metadata"]["annotations"],
            serde_json::json!({ "a": "1", "b": "2" })
        );
        let bomb = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
            text + &format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1)
        });
        assert!(Object::all("x", &format!("apiVersion: argoproj.io/v1\nkind: Application\n{bomb}"), GROUPS).is_empty());
    }
}
