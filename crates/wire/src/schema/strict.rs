//! Whether a schema lies inside the subset that `OpenAI` holds a model to.
//!
//! Source: platform.openai.com/docs/guides/structured-outputs ("Supported schemas"), `lib/_pydantic.py` of openai 3.54.0, which
//! makes schemas fit, and the API's own errors as quoted in vercel/ai#6484 and elsewhere ("'additionalProperties' is required
//! to be supplied and to be false", "'required' is required ... including every key in properties", "'default' is not
//! permitted", "$ref cannot have keywords"). Read 2026-11-29.

use std::collections::HashSet;

use super::{Value, elements, kind, member, members, string, types};
use crate::scan::{Kind, ScanError};

/// So many properties a schema may have.
const MOST_PROPERTIES: usize = 5000;
/// Objects and lists may lie so deep in each other.
const DEEPEST: usize = 10;

/// Keywords whose value is no schema and which stand where they will.
const PLAIN: [&str; 12] = [
    "type",
    "title",
    "description",
    "enum",
    "const",
    "pattern",
    "multipleOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "required",
];

/// The formats of text that it knows.
const FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// Whether a model can be held to `schema` with `strict`.
///
/// # Errors
/// [`ScanError`], for what is not JSON.
pub(crate) fn is_strict(schema: &[u8]) -> Result<bool, ScanError> {
    let mut look = Look { properties: 0 };
    Ok(super::is_object(schema)? && look.node(schema, 0)? && look.properties <= MOST_PROPERTIES)
}

struct Look {
    properties: usize,
}

impl Look {
    fn node(&mut self, value: Value<'_>, depth: usize) -> Result<bool, ScanError> {
        if depth > DEEPEST || kind(value)? != Kind::Object {
            return Ok(false);
        }
        let all = members(value)?;
        if let Some(pointer) = member(&all, "$ref") {
            // Beside it nothing may stand, but at the top what it leads to.
            let alone = all.iter().all(|(name, _)| matches!(name.as_str(), "$ref" | "$defs" | "definitions"));
            return Ok(alone && string(pointer).is_some_and(|pointer| pointer.starts_with('#')));
        }
        let types = types(&all);
        if types.is_empty() && member(&all, "anyOf").is_none() {
            return Ok(false);
        }
        for (name, value) in &all {
            if !self.keyword(name, value, depth)? {
                return Ok(false);
            }
        }
        let has = |kind: &str| types.iter().any(|known| known == kind);
        if has("array") && member(&all, "items").is_none() {
            return Ok(false);
        }
        Ok(!has("object") || is_whole(&all)?)
    }

    fn keyword(&mut self, name: &str, value: Value<'_>, depth: usize) -> Result<bool, ScanError> {
        match name {
            "properties" if kind(value)? == Kind::Object => {
                let inner = members(value)?;
                self.properties += inner.len();
                self.all(inner.into_iter().map(|(_, inner)| inner), depth + 1)
            }
            "$defs" | "definitions" if kind(value)? == Kind::Object => {
                self.all(members(value)?.into_iter().map(|(_, inner)| inner), depth)
            }
            "anyOf" if kind(value)? == Kind::Array => self.all(elements(value)?, depth),
            "items" => self.node(value, depth + 1),
            "additionalProperties" => Ok(value == b"false"),
            "format" => Ok(string(value).is_some_and(|format| FORMATS.contains(&format.as_str()))),
            "minItems" | "maxItems" | "$schema" => Ok(true),
            name => Ok(PLAIN.contains(&name)),
        }
    }

    fn all<'a>(
        &mut self,
        nodes: impl IntoIterator<Item = Value<'a>>,
        depth: usize,
    ) -> Result<bool, ScanError> {
        for node in nodes {
            if !self.node(node, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether an object has only its properties, and all of them.
fn is_whole(all: &[(String, Value<'_>)]) -> Result<bool, ScanError> {
    let is_closed = member(all, "additionalProperties").is_some_and(|value| value == b"false");
    let properties = member(all, "properties").map_or(Ok(Vec::new()), members)?;
    let required: HashSet<String> = match member(all, "required") {
        Some(value) if kind(value)? == Kind::Array => {
            elements(value)?.into_iter().filter_map(string).collect()
        }
        _ => HashSet::new(),
    };
    let named: HashSet<String> = properties.into_iter().map(|(name, _)| name).collect();
    Ok(is_closed && named == required)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subset_is_told_from_what_openai_refuses() {
        let object = |properties: &str, rest: &str| {
            format!(r#"{{"type":"object","properties":{{{properties}}},"additionalProperties":false{rest}}}"#)
        };
        let with_a = |schema: &str| object(&format!(r#""a":{schema}"#), r#","required":["a"]"#);
        for schema in [
            object("", ""),
            with_a(r#"{"type":["string","null"],"pattern":"^x","format":"date"}"#),
            with_a(r#"{"type":"integer","minimum":1,"exclusiveMaximum":9,"multipleOf":2}"#),
            with_a(r#"{"type":"array","items":{"type":"string","enum":["x"]},"minItems":1,"maxItems":3}"#),
            with_a(r#"{"anyOf":[{"type":"string"},{"type":"null"}],"description":"d"}"#),
            with_a(&with_a(r#"{"type":"string"}"#)),
            object(r##""a":{"$ref":"#/$defs/A"}"##, r#","required":["a"],"$defs":{"A":{"type":"string"}}"#),
            object(r##""a":{"$ref":"#"}"##, r#","required":["a"]"#),
        ] {
            assert_eq!(is_strict(schema.as_bytes()), Ok(true), "{schema}");
        }
        for schema in [
            r#"{"type":"object","properties":{}}"#.to_owned(),
            r#"{"type":"array","items":{"type":"string"}}"#.to_owned(),
            object(r#""a":{"type":"string"}"#, ""),
            object(r#""a":{"type":"string"}"#, r#","required":["a","b"]"#),
            with_a(r#"{"type":"string","minLength":3}"#),
            with_a(r#"{"type":"string","default":"x"}"#),
            with_a(r#"{"type":"string","format":"uri"}"#),
            with_a(r#"{"oneOf":[{"type":"string"}]}"#),
            with_a(r#"{"allOf":[{"type":"string"}]}"#),
            with_a(r#"{"type":"array"}"#),
            with_a(r#"{"enum":["x"]}"#),
            with_a("{}"),
            with_a("true"),
            with_a(r#"{"type":"object","properties":{}}"#),
            with_a(r##"{"$ref":"#/$defs/A","description":"d"}"##),
            object("", r#","additionalProperties":{"type":"string"}"#),
            object("", r#","$defs":{"A":{"type":"object"}}"#),
            (0..11).fold(r#"{"type":"string"}"#.to_owned(), |inner, _| with_a(&inner)),
        ] {
            assert_eq!(is_strict(schema.as_bytes()), Ok(false), "{schema}");
        }
    }
}
