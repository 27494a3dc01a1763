//! One node of a JSON Schema, gathered from where it is spread: behind `$ref`, in the branches of `allOf`.

use super::to_subset::{Target, Writer};
use crate::scan::{Kind, ScanError, Scanner};
use crate::schema::{Value, elements, string};

/// A node, without what only refers.
#[derive(Debug, Default)]
pub(super) struct Node<'a> {
    pub(super) types: Vec<String>,
    pub(super) nullable: bool,
    pub(super) title: Option<Value<'a>>,
    pub(super) description: Option<Value<'a>>,
    pub(super) default: Option<Value<'a>>,
    pub(super) format: Option<String>,
    /// Values of `enum`, or the one of `const`.
    pub(super) values: Vec<Value<'a>>,
    /// Names, as text, and the schema of each.
    pub(super) properties: Vec<(String, Value<'a>)>,
    pub(super) required: Vec<String>,
    pub(super) items: Option<Value<'a>>,
    pub(super) branches: Vec<Value<'a>>,
    /// Limits that mean the same there, by name.
    pub(super) limits: Vec<(&'static str, Value<'a>)>,
    /// Whether a reference led nowhere, or back to where it came from.
    pub(super) is_cut: bool,
    /// How many references were being followed before this node.
    mark: usize,
}

/// The types of JSON Schema, `null` apart.
const TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "object", "array"];

/// Limits that are kept as they are.
const LIMITS: [&str; 9] = [
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
];

impl<'a> Node<'a> {
    pub(super) fn new(mark: usize) -> Self {
        Self { mark, ..Self::default() }
    }

    /// Takes in the schema `value`. What was there before wins: a node's own words count before those that it refers to.
    pub(super) fn gather(&mut self, value: Value<'a>, writer: &mut Writer<'a>) -> Result<(), ScanError> {
        if !writer.may_read(value) {
            self.is_cut = true;
            return Ok(());
        }
        let mut scan = Scanner::new(value)?;
        if scan.kind()? != Kind::Object {
            return Ok(());
        }
        let (mut refers_to, mut all) = (None, Vec::new());
        scan.object(|scan, name| {
            let kind = scan.kind()?;
            let range = scan.range()?;
            let value = scan.slice(range);
            match name {
                b"$ref" => refers_to = string(value),
                b"allOf" if kind == Kind::Array => all = elements(value)?,
                _ => self.member(name, kind, value, writer)?,
            }
            Ok::<_, ScanError>(())
        })?;
        for part in all {
            self.gather(part, writer)?;
        }
        match refers_to {
            Some(pointer) => self.follow(&pointer, writer),
            None => Ok(()),
        }
    }

    fn follow(&mut self, pointer: &str, writer: &mut Writer<'a>) -> Result<(), ScanError> {
        match writer.enter(pointer, self.mark)? {
            Target::Found(value) => self.gather(value, writer),
            Target::HadAlready => Ok(()),
            Target::None => {
                self.is_cut = true;
                Ok(())
            }
        }
    }

    fn member(
        &mut self,
        name: &[u8],
        kind: Kind,
        value: Value<'a>,
        writer: &mut Writer<'a>,
    ) -> Result<(), ScanError> {
        match name {
            b"type" if self.types.is_empty() => self.types(kind, value, writer)?,
            b"nullable" => self.nullable |= kind == Kind::True,
            b"title" => keep(&mut self.title, value),
            b"description" => keep(&mut self.description, value),
            b"default" => keep(&mut self.default, value),
            b"format" => self.format = self.format.take().or_else(|| string(value)),
            b"enum" if kind == Kind::Array && self.values.is_empty() => self.values = elements(value)?,
            b"const" if self.values.is_empty() => self.values = vec![value],
            b"properties" if kind == Kind::Object => self.properties(value, writer)?,
            b"required" if kind == Kind::Array => {
                let names = elements(value)?.into_iter().filter_map(string);
                self.required.extend(names);
            }
            b"items" if kind == Kind::Object => keep(&mut self.items, value),
            b"anyOf" | b"oneOf" if kind == Kind::Array && self.branches.is_empty() => {
                if name == b"oneOf" {
                    writer.lose("oneOf", "said as anyOf: more than one may match");
                }
                self.branches = elements(value)?;
            }
            // Where to look things up, and words to readers.
            b"$defs" | b"definitions" | b"$schema" | b"$id" | b"$comment" | b"$anchor" => {}
            // What says nothing, or what holds there anyway.
            b"items" if kind == Kind::True => {}
            b"required" | b"type" | b"enum" | b"const" if kind == Kind::Null => {}
            _ => match LIMITS.iter().find(|limit| limit.as_bytes() == name) {
                Some(limit) if self.limits.iter().all(|(known, _)| known != limit) => {
                    self.limits.push((limit, value));
                }
                Some(_) => {}
                None => {
                    writer.lose(&String::from_utf8_lossy(name), "not in the schemas that the model takes");
                }
            },
        }
        Ok(())
    }

    fn types(&mut self, kind: Kind, value: Value<'a>, writer: &mut Writer<'a>) -> Result<(), ScanError> {
        let names = if kind == Kind::Array { elements(value)? } else { vec![value] };
        for name in names.into_iter().filter_map(string) {
            match name.to_lowercase().as_str() {
                "null" => self.nullable = true,
                name if TYPES.contains(&name) => self.types.push(name.to_owned()),
                _ => writer.lose("type", "a type that JSON Schema does not have"),
            }
        }
        Ok(())
    }

    fn properties(&mut self, value: Value<'a>, writer: &mut Writer<'a>) -> Result<(), ScanError> {
        Scanner::new(value)?.object(|scan, name| {
            let name = String::from_utf8_lossy(name).into_owned();
            let range = scan.range()?;
            if self.properties.iter().any(|(known, _)| *known == name) {
                writer.lose("allOf", "of two schemas for one property the first is said");
            } else {
                self.properties.push((name, scan.slice(range)));
            }
            Ok(())
        })
    }
}

fn keep<'a>(place: &mut Option<Value<'a>>, value: Value<'a>) {
    if value != b"null" {
        place.get_or_insert(value);
    }
}
