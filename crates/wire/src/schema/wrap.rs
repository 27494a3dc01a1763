//! A schema whose top is no object as the only member of one that is.
//!
//! Source: "schema must be a JSON Schema of 'type: \"object\"'" says `OpenAI` to any other, strict or not; Cohere wants an
//! object at the top, too (`response_format_v2.py` of cohere 7.3.1). Read 2026-11-29.

use super::{Value, kind, members, string, types};
use crate::json::Json;
use crate::scan::{Kind, ScanError};

/// The member that the answer is.
pub(crate) const MEMBER: &str = "answer";

/// Whether the top says that it is an object, and nothing else.
///
/// # Errors
/// [`ScanError`], for what is not JSON.
pub(crate) fn is_object(schema: &[u8]) -> Result<bool, ScanError> {
    if kind(schema)? != Kind::Object {
        return Ok(false);
    }
    let members = members(schema)?;
    let is_union = members.iter().any(|(name, _)| matches!(name.as_str(), "anyOf" | "oneOf" | "$ref"));
    Ok(types(&members) == ["object"] && !is_union)
}

/// An object with `schema` as its only member. Definitions stay at the top, where references look for them.
///
/// # Errors
/// [`ScanError`], for what is not JSON.
pub(crate) fn wrapped(schema: &[u8]) -> Result<Vec<u8>, ScanError> {
    let mut json = Json::new();
    json.object().key("type").text("object").key("properties").object().key(MEMBER);
    let mut definitions = Vec::new();
    if kind(schema)? == Kind::Object {
        json.object();
        for (name, value) in members(schema)? {
            match name.as_str() {
                "$defs" | "definitions" => definitions.push((name, value)),
                // Of the document, which is the object around it now.
                "$schema" | "$id" => {}
                _ => {
                    json.key(&name);
                    moved(&mut json, &name, value)?;
                }
            }
        }
        json.end_object();
    } else {
        json.raw(schema.trim_ascii());
    }
    json.end_object().key("required").array().text(MEMBER).end_array();
    json.key("additionalProperties").boolean(false);
    for (name, value) in definitions {
        json.key(&name);
        moved(&mut json, &name, value)?;
    }
    json.end_object();
    Ok(json.finish())
}

/// Writes a value with its references led to where things are now: `name` is what the value is a member of.
fn moved(json: &mut Json, name: &str, value: Value<'_>) -> Result<(), ScanError> {
    // Values of the answer, not schemas.
    if matches!(name, "enum" | "const" | "default" | "examples") || !holds_reference(value) {
        json.raw(value);
        return Ok(());
    }
    match kind(value)? {
        Kind::String if name == "$ref" => {
            let pointer = string(value).unwrap_or_default();
            let stays = pointer.starts_with("#/$defs/") || pointer.starts_with("#/definitions/");
            match pointer.strip_prefix('#') {
                Some(path) if !stays => json.text(&format!("#/properties/{MEMBER}{path}")),
                _ => json.raw(value),
            };
        }
        Kind::Object => {
            let are_keywords = !super::NAMED.contains(&name);
            json.object();
            for (name, value) in members(value)? {
                json.key(&name);
                moved(json, if are_keywords { &name } else { "" }, value)?;
            }
            json.end_object();
        }
        Kind::Array => {
            json.array();
            for element in super::elements(value)? {
                moved(json, "", element)?;
            }
            json.end_array();
        }
        _ => {
            json.raw(value);
        }
    }
    Ok(())
}

/// Whether a reference may be in there. (Quoted by itself it is one of a value's, too: that only costs a walk.)
fn holds_reference(value: &[u8]) -> bool {
    value.first() == Some(&b'"') || memchr::memmem::find(value, b"$ref").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(schema: &str) -> String {
        String::from_utf8(wrapped(schema.as_bytes()).unwrap()).unwrap()
    }

    fn around(inner: &str, definitions: &str) -> String {
        format!(
            r#"{{"type":"object","properties":{{"answer":{inner}}},"required":["answer"],"additionalProperties":false{definitions}}}"#
        )
    }

    #[test]
    fn an_object_is_told_from_the_rest() {
        for (schema, is) in [
            (r#"{"type":"object"}"#, true),
            (r#"{"type":["object"],"properties":{}}"#, true),
            (r#"{"type":["object","null"]}"#, false),
            (r#"{"type":"object","anyOf":[{"required":["a"]}]}"#, false),
            (r#"{"type":"array"}"#, false),
            (r#"{"properties":{}}"#, false),
            (r##"{"$ref":"#/$defs/A","$defs":{"A":{"type":"object"}}}"##, false),
            ("true", false),
        ] {
            assert_eq!(is_object(schema.as_bytes()), Ok(is), "{schema}");
        }
    }

    #[test]
    fn what_is_wrapped_is_the_only_member_and_its_references_lead_where_they_led() {
        let list = r#"{ "type":"array", "items":{"type":"string"} }"#;
        assert_eq!(wrap(list), around(r#"{"type":"array","items":{"type":"string"}}"#, ""));
        assert_eq!(wrap("true"), around("true", ""));
        let tree = r##"{"$schema":"s","$ref":"#/$defs/Node","$defs":{"Node":{"type":"object","properties":{"next":{"$ref":"#/$defs/Node"}}}}}"##;
        let definitions =
            r##","$defs":{"Node":{"type":"object","properties":{"next":{"$ref":"#/$defs/Node"}}}}"##;
        assert_eq!(wrap(tree), around(r##"{"$ref":"#/$defs/Node"}"##, definitions));
        // The root, and what lies in it; but not what only looks like a reference.
        let root = r##"{"type":"array","items":{"anyOf":[{"$ref":"#"},{"$ref":"#/x/0"}]},"x":[{"enum":[{"$ref":"#"}]}]}"##;
        let inner = r##"{"type":"array","items":{"anyOf":[{"$ref":"#/properties/answer"},{"$ref":"#/properties/answer/x/0"}]},"x":[{"enum":[{"$ref":"#"}]}]}"##;
        assert_eq!(wrap(root), around(inner, ""));
    }
}
