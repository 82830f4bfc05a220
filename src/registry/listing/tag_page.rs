//! One page of a tag list, parsed directly into the list of all tags. Pure.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::image::Tag;

/// The data about a page that paging needs in addition to its tags.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// The number of entries, including omitted ones.
    pub(super) entries: usize,
    /// The first entry.
    pub(super) first: Option<String>,
    /// The last entry: the next page starts after it.
    pub(super) last: Option<String>,
}

/// Parses `{"name": …, "tags": [ … ]}` and adds the tags to `kept`.
///
/// Several registries send `null` for no tags. Omits entries that are not valid tags.
pub(super) fn read_page(body: &[u8], kept: &mut Vec<Tag>) -> Result<Page, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let page = TagList(kept).deserialize(&mut json)?;
    json.end()?;
    Ok(page)
}

/// Parses the whole response.
struct TagList<'a>(&'a mut Vec<Tag>);

impl<'de> DeserializeSeed<'de> for TagList<'_> {
    type Value = Page;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Page, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for TagList<'_> {
    type Value = Page;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a list `tags`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page, A::Error> {
        let mut page = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == "tags" {
                page = Some(map.next_value_seed(Tags(&mut *self.0))?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        page.ok_or_else(|| A::Error::missing_field("tags"))
    }
}

/// Parses the tags.
struct Tags<'a>(&'a mut Vec<Tag>);

impl<'de> DeserializeSeed<'de> for Tags<'_> {
    type Value = Page;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Page, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tags<'_> {
    type Value = Page;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tags, or null")
    }

    fn visit_unit<E>(self) -> Result<Page, E> {
        Ok(Page::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Page, A::Error> {
        let mut page = Page::default();
        let mut text = String::new();
        while entries.next_element_seed(TagEntry(&mut text))?.is_some() {
            page.entries += 1;
            page.first.get_or_insert_with(|| text.clone());
            self.0.extend(Tag::new(&text).ok());
        }
        page.last = (page.entries > 0).then_some(text);
        Ok(page)
    }
}

/// Parses one entry into a buffer that all entries share.
struct TagEntry<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for TagEntry<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TagEntry<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tag")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.clear();
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str) -> Option<(usize, Vec<String>)> {
        let mut kept = Vec::new();
        let page = read_page(body.as_bytes(), &mut kept).ok()?;
        Some((page.entries, kept.iter().map(Tag::to_string).collect()))
    }

    #[test]
    fn parses_pages_and_keeps_valid_tags() {
        #[rustfmt::skip]
        let rows = [
            (r#"{"name":"a","tags":["v1","v2"]}"#,              Some((2, vec!["v1", "v2"]))),
            (r#"{"tags":["v1"],"name":"a","child":{"x":[1]}}"#, Some((1, vec!["v1"]))),
            (r#"{"name":"a","tags":null}"#,                     Some((0, vec![]))),
            (r#"{"name":"a","tags":[]}"#,                       Some((0, vec![]))),
            (r#"{"tags":["v1","-bad","a b","","ok"]}"#,         Some((5, vec!["v1", "ok"]))),
            (r#"{"tags":["v1\u002e2"]}"#,                       Some((1, vec!["v1.2"]))),
            (r#"{"name":"a"}"#,                                 None),
            (r#"{"tags":"v1"}"#,                                None),
            (r#"{"tags":[1]}"#,                                 None),
            (r#"["v1"]"#,                                       None),
            (r#"{"tags":["v1","#,                               None),
            (r#"{"tags":["v1"]} trailing"#,                     None),
        ];
        for (body, expected) in rows {
            let expected = expected.map(|(n, tags)| (n, tags.into_iter().map(str::to_owned).collect()));
            assert_eq!(read(body), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn rejects_a_truncated_page(tags in proptest::collection::vec("[a-z0-9.]{1,8}", 0..20), cut in 0.0..1.0f64) {
            let body = serde_json::json!({ "name": "a", "tags": tags }).to_string();
            prop_assert!(read(&body).is_some());
            let end = ((body.len() as f64) * cut) as usize;
            prop_assert_eq!(read(&body[..end]), None);
        }
    }
}
