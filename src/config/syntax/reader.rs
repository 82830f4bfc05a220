//! Reads serde types from a tree and continues after a problem, so that all problems of a file are reported at once.
//!
//! A value that does not fit is recorded and skipped, and the rest is read again without it. Unknown keys are recorded with
//! the most similar known one.

use schemars::JsonSchema;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::expected::Expected;
use super::node::{MapEntry, Node, Value};
use super::read_error::{ReadError, Recovery};
use crate::config::error::Problem;
use crate::docs::page;
use crate::text::Position;

/// Reads all of `root`, the tree of the file with this index, that fits into `T`, and adds what does not fit to `problems`.
pub(in crate::config) fn read<T: DeserializeOwned + Default + JsonSchema>(
    root: &Node,
    file: usize,
    problems: &mut Vec<Problem>,
) -> T {
    let recovery = Recovery::new(file, || schemars::schema_for!(T).to_value());
    let read = loop {
        match T::deserialize(Reader { node: root, label: None, recovery: &recovery }) {
            Ok(read) => break read,
            Err(error) => {
                if !recovery.skip(error) {
                    break T::default();
                }
            }
        }
    };
    problems.extend(recovery.into_problems().into_iter().map(|problem| documented(problem, root)));
    read
}

/// Returns a problem with the section about policies if it is below the key `policies`.
fn documented(problem: Problem, root: &Node) -> Problem {
    let Value::Map(entries) = &root.value else { return problem };
    let position = problem.place.position;
    let above = entries.iter().take_while(|entry| entry.position < position).last();
    if above.is_some_and(|entry| entry.key == "policies") {
        return problem.documented_at(page!("policies.md#all-policies"));
    }
    problem
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    node: &'a Node,
    /// The key whose value this is, for messages.
    label: Option<&'a str>,
    recovery: &'a Recovery,
}

impl<'a> Reader<'a> {
    /// Returns the reader of a value in this one.
    fn at(&self, node: &'a Node) -> Self {
        Self { node, ..*self }
    }

    /// Returns the error of a value that is not what the key takes.
    fn unexpected(&self, expected: Expected<'_>) -> ReadError {
        let found = &self.node.value;
        ReadError {
            position: Some(self.node.position),
            message: expected.message(self.label, found),
            hint: Some(expected.hint(self.label, found)),
            node: None,
        }
    }

    /// Reads a whole number of `least` to `most`. Messages say the one of both that a number exceeds.
    fn number<T: std::str::FromStr>(&self, least: u64, most: u64) -> Result<T, ReadError> {
        let Value::Number(text) = &self.node.value else { return Err(self.unexpected(Expected::Integer)) };
        text.parse().map_err(|_| match text.parse::<i128>() {
            Ok(number) if number < 0 => self.unexpected(Expected::AtLeast(least)),
            Ok(_) => self.unexpected(Expected::AtMost(most)),
            Err(_) => self.unexpected(Expected::Integer),
        })
    }
}

/// The name of the tuple struct as which a [`Located`](super::located::Located) is read.
pub(in crate::config) const LOCATED: &str = "$located";

impl<'de, 'a: 'de> Deserializer<'de> for Reader<'a> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            // Where any type is allowed, a number that would lose its notation (`1.20`) was meant as text. It is recorded
            // here, because no later check gets the notation, and read as that text.
            Value::Number(text) => match text.parse::<i64>() {
                Ok(number) if number.to_string() == *text => visitor.visit_i64(number),
                _ => {
                    self.recovery.record(self.unexpected(Expected::Text));
                    visitor.visit_str(text)
                }
            },
            Value::Text(text) => visitor.visit_str(text),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.node.value {
            Value::Bool(value) => visitor.visit_bool(value),
            _ => Err(self.unexpected(Expected::Bool)),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        // Every key of this type is a limit or a size, for which the validation accepts no 0.
        visitor.visit_u32(self.number(1, u64::from(u32::MAX))?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_u64(self.number(0, u64::MAX)?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Text(text) => visitor.visit_str(text),
            _ => Err(self.unexpected(Expected::Text)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::List(items) => visitor.visit_seq(Items { reader: self, rest: items.iter() }),
            _ => Err(self.unexpected(Expected::List)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Map(entries) => visitor.visit_map(Entries { reader: self, rest: entries.iter(), value: None }),
            _ => Err(self.unexpected(Expected::Map)),
        }
    }

    /// Passes on only the entries that the type has; a key without a value counts as absent.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let Value::Map(entries) = &self.node.value else {
            return Err(self.unexpected(Expected::MapWith(fields.first().unwrap_or(&""))));
        };
        let (known, unknown): (Vec<&MapEntry>, Vec<&MapEntry>) =
            entries.iter().partition(|entry| fields.contains(&entry.key.as_str()));
        unknown.into_iter().for_each(|entry| self.recovery.unknown_key(entry, fields));
        let rest = known.into_iter().filter(|entry| entry.value.value != Value::Null);
        visitor.visit_map(Entries { reader: self, rest: rest.collect::<Vec<_>>().into_iter(), value: None })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        debug_assert_eq!(name, LOCATED, "no other tuple struct is read from a configuration");
        visitor.visit_seq(Placed { file: self.recovery.file(), position: self.node.position, value: self, next: 0 })
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple enum identifier
        ignored_any
    }
}

/// A key of a map, with its position.
#[derive(Clone, Copy)]
struct Key<'a> {
    entry: &'a MapEntry,
    file: usize,
}

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_str(&self.entry.key)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_seq(Placed { file: self.file, position: self.entry.position, value: self, next: 0 })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple map struct enum identifier ignored_any
    }
}

/// File, line, column, value: what a [`Located`](super::located::Located) reads.
struct Placed<D> {
    file: usize,
    position: Position,
    value: D,
    next: u8,
}

impl<'de, D: Deserializer<'de, Error = ReadError> + Copy> de::SeqAccess<'de> for Placed<D> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        self.next += 1;
        match self.next {
            1 => seed.deserialize(self.file.into_deserializer()).map(Some),
            2 => seed.deserialize(self.position.line.into_deserializer()).map(Some),
            3 => seed.deserialize(self.position.column.into_deserializer()).map(Some),
            _ => seed.deserialize(self.value).map(Some),
        }
    }
}

struct Items<'a> {
    reader: Reader<'a>,
    rest: std::slice::Iter<'a, Node>,
}

impl<'de, 'a: 'de> de::SeqAccess<'de> for Items<'a> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let next = self.rest.by_ref().find(|node| !self.reader.recovery.is_skipped(node));
        let read = |node| seed.deserialize(self.reader.at(node)).map_err(|error| error.within(node));
        next.map(read).transpose()
    }
}

struct Entries<'a, I> {
    reader: Reader<'a>,
    rest: I,
    value: Option<&'a MapEntry>,
}

impl<'de, 'a: 'de, I: Iterator<Item = &'a MapEntry>> de::MapAccess<'de> for Entries<'a, I> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        self.value = self.rest.by_ref().find(|entry| !self.reader.recovery.is_skipped(&entry.value));
        self.value.map(|entry| seed.deserialize(Key { entry, file: self.reader.recovery.file() })).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let entry = self.value.take().ok_or_else(|| de::Error::custom("a value was read before its key"))?;
        let reader = Reader { label: Some(&entry.key), ..self.reader.at(&entry.value) };
        seed.deserialize(reader).map_err(|error| error.within(&entry.value))
    }
}
