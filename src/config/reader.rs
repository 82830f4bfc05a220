//! Reads serde types from a tree and goes on after a problem, so that all problems of a file are told at once.
//!
//! A value that does not fit is noted and left out, and the rest is read again without it. Keys that a type does not
//! have are noted with the nearest one that it has.

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::error::Problem;
use super::node::{Entry, Node, Value};
use super::refusal::{Notes, Refusal};
use crate::text::Position;

/// Reads all of `root` that fits into `T`; what does not is added to `problems`.
pub(super) fn read<T: DeserializeOwned + Default>(root: &Node, problems: &mut Vec<Problem>) -> T {
    let notes = Notes::default();
    let read = loop {
        match T::deserialize(Reader { node: root, label: None, notes: &notes }) {
            Ok(read) => break read,
            Err(refusal) => {
                if !notes.leave_out(refusal) {
                    break T::default();
                }
            }
        }
    };
    problems.extend(notes.into_problems());
    read
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    node: &'a Node,
    /// The key that it is the value of, for messages.
    label: Option<&'a str>,
    notes: &'a Notes,
}

impl<'a> Reader<'a> {
    /// Reads a value below this one; a refusal learns where it happened, and what can be left out.
    fn below<T>(&self, node: &'a Node, read: impl FnOnce(Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        read(Self { node, ..*self }).map_err(|mut refusal| {
            refusal.position.get_or_insert(node.position);
            refusal.node.get_or_insert(std::ptr::from_ref(node));
            refusal
        })
    }

    fn wanted<T>(&self, what: &str, hint: Option<String>) -> Result<T, Refusal> {
        let found = self.node.value.describe();
        let label = self.label.map_or_else(|| "the configuration".to_owned(), |key| format!("`{key}`"));
        let message = format!("{label} takes {what}, not {found}");
        Err(Refusal { position: Some(self.node.position), message, hint, node: None })
    }

    /// A text that YAML reads as something else.
    fn quoted<T>(&self, text: &str) -> Result<T, Refusal> {
        self.wanted("text", Some(format!("put it in quotes: \"{text}\"")))
    }

    fn number<T: std::str::FromStr>(&self) -> Result<T, Refusal> {
        match &self.node.value {
            Value::Number(text) => text.parse().or_else(|_| self.wanted("a whole number that is not negative", None)),
            _ => self.wanted("a whole number", None),
        }
    }
}

/// The name by which a [`Located`](super::located::Located) asks for its position.
pub(super) const LOCATED: &str = "$located";

impl<'de, 'a: 'de> Deserializer<'de> for Reader<'a> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            // Where anything may stand, a number that would lose how it is written (`1.20`) was meant as a text. It is
            // told here, because nothing later can, and read on as that text.
            Value::Number(text) => match text.parse::<i64>() {
                Ok(number) if number.to_string() == *text => visitor.visit_i64(number),
                _ => {
                    self.notes.note(self.quoted::<()>(text));
                    visitor.visit_str(text)
                }
            },
            Value::Text(text) => visitor.visit_str(text),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.node.value {
            Value::Bool(value) => visitor.visit_bool(value),
            _ => self.wanted("true or false", None),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_u32(self.number()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.node.value {
            Value::Text(text) => visitor.visit_str(text),
            Value::Number(text) => self.quoted(text),
            Value::Bool(value) => self.quoted(&value.to_string()),
            Value::Map(_) => {
                self.wanted("text", Some("a value that starts with { is put in quotes: \"{{ image }}\"".to_owned()))
            }
            _ => self.wanted("text", None),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.node.value {
            Value::List(items) => visitor.visit_seq(Items { reader: self, rest: items.iter() }),
            Value::Text(text) => self.wanted("a list", Some(format!("write [\"{text}\"]"))),
            _ => self.wanted("a list", None),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.node.value {
            Value::Map(entries) => visitor.visit_map(Entries { reader: self, rest: entries.iter(), value: None }),
            _ => self.wanted("a map", None),
        }
    }

    /// Only the entries that the type knows are handed over; a key without a value is a key left out.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let Value::Map(entries) = &self.node.value else {
            return self.wanted(&format!("a map with keys such as `{}`", fields.first().unwrap_or(&"")), None);
        };
        let (known, unknown): (Vec<&Entry>, Vec<&Entry>) =
            entries.iter().partition(|entry| fields.contains(&entry.key.as_str()));
        unknown.into_iter().for_each(|entry| self.notes.unknown(entry, fields));
        let rest = known.into_iter().filter(|entry| entry.value.value != Value::Null);
        visitor.visit_map(Entries { reader: self, rest: rest.collect::<Vec<_>>().into_iter(), value: None })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match &self.node.value {
            Value::Text(text) => visitor.visit_enum(StrDeserializer::new(text)),
            _ => self.wanted(&format!("one of {}", variants.join(", ")), None),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        debug_assert_eq!(name, LOCATED, "no other tuple struct is read from a configuration");
        visitor.visit_seq(Placed { position: self.node.position, value: self, next: 0 })
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple identifier
        ignored_any
    }
}

/// A key of a map, with its position for who asks.
#[derive(Clone, Copy)]
struct Key<'a>(&'a Entry);

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_str(&self.0.key)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_seq(Placed { position: self.0.position, value: self, next: 0 })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple map struct enum identifier ignored_any
    }
}

/// Line, column, value: what a [`Located`](super::located::Located) reads.
struct Placed<D> {
    position: Position,
    value: D,
    next: u8,
}

impl<'de, D: Deserializer<'de, Error = Refusal> + Copy> de::SeqAccess<'de> for Placed<D> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        self.next += 1;
        match self.next {
            1 => seed.deserialize(self.position.line.into_deserializer()).map(Some),
            2 => seed.deserialize(self.position.column.into_deserializer()).map(Some),
            _ => seed.deserialize(self.value).map(Some),
        }
    }
}

struct Items<'a> {
    reader: Reader<'a>,
    rest: std::slice::Iter<'a, Node>,
}

impl<'de, 'a: 'de> de::SeqAccess<'de> for Items<'a> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        match self.rest.by_ref().find(|node| self.reader.notes.keeps(node)) {
            Some(node) => self.reader.below(node, |reader| seed.deserialize(reader)).map(Some),
            None => Ok(None),
        }
    }
}

struct Entries<'a, I> {
    reader: Reader<'a>,
    rest: I,
    value: Option<&'a Entry>,
}

impl<'de, 'a: 'de, I: Iterator<Item = &'a Entry>> de::MapAccess<'de> for Entries<'a, I> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        self.value = self.rest.by_ref().find(|entry| self.reader.notes.keeps(&entry.value));
        self.value.map(|entry| seed.deserialize(Key(entry))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let entry = self.value.take().ok_or_else(|| de::Error::custom("a value was asked for before its key"))?;
        self.reader.below(&entry.value, |reader| seed.deserialize(Reader { label: Some(&entry.key), ..reader }))
    }
}
