//! Schemas that a model is to be held to, as far as suppliers refuse them: each in its own words.
//!
//! Source: `OpenAI`'s guide to structured outputs and the API's errors as quoted in vercel/ai#6484, podly#89 and others;
//! Anthropic's guide, "JSON Schema limitations", and ax-llm/ax#458. Read 2026-11-29. Where no thread quotes the words, they are ours.

use serde_json::{Map, Value};

/// What `OpenAI` takes beside `properties`, `items`, `anyOf` and definitions.
const OPENAI_TAKES: [&str; 23] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "anyOf",
    "enum",
    "const",
    "$defs",
    "definitions",
    "$schema",
    "title",
    "description",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "$ref",
];
const OPENAI_FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// What Anthropic does not take, whatever the type.
const ANTHROPIC_REFUSES: [&str; 15] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "oneOf",
    "not",
    "if",
];
const ANTHROPIC_FORMATS: [&str; 10] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

/// What is wrong with a schema for `OpenAI`, behind "Invalid schema for ...: ". Any must have an object at the top.
pub(crate) fn openai(schema: &Value, is_strict: bool) -> Result<(), String> {
    if schema["type"] != "object" {
        let got = schema["type"].as_str().unwrap_or("None");
        return Err(format!("schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{got}\"'."));
    }
    if !is_strict {
        return Ok(());
    }
    if schema.get("anyOf").is_some() {
        return Err("In context=(), 'anyOf' is not permitted.".to_owned());
    }
    every_node(schema, &mut Vec::new(), &mut |node, place| {
        let context = context(place);
        strict_node(node).map_err(|mistake| format!("In context={context}, {mistake}"))
    })
}

fn strict_node(node: &Map<String, Value>) -> Result<(), String> {
    let others = |name: &&String| !matches!(name.as_str(), "$ref" | "$defs" | "definitions");
    if node.contains_key("$ref") {
        let beside: Vec<String> = node.keys().filter(others).map(|name| format!("'{name}'")).collect();
        if beside.is_empty() {
            return Ok(());
        }
        return Err(format!("$ref cannot have keywords {{{}}}.", beside.join(", ")));
    }
    if let Some(name) = node.keys().find(|name| !OPENAI_TAKES.contains(&name.as_str())) {
        return Err(format!("'{name}' is not permitted."));
    }
    let says_kind = ["type", "anyOf", "enum", "const"].iter().any(|name| node.contains_key(*name));
    if !says_kind {
        return Err("schema must have a 'type' key.".to_owned());
    }
    if let Some(format) = node.get("format").and_then(Value::as_str)
        && !OPENAI_FORMATS.contains(&format)
    {
        return Err(format!("'{format}' is not a valid format."));
    }
    if is_of(node, "array") && !node.contains_key("items") {
        return Err("array schema missing items.".to_owned());
    }
    if !is_of(node, "object") {
        return Ok(());
    }
    if node.get("additionalProperties") != Some(&Value::Bool(false)) {
        return Err("'additionalProperties' is required to be supplied and to be false.".to_owned());
    }
    let required = node.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let properties = node.get("properties").and_then(Value::as_object);
    let missing = properties
        .into_iter()
        .flat_map(Map::keys)
        .find(|name| !required.contains(&Value::String((*name).clone())));
    missing.map_or(Ok(()), |name| {
        Err(format!(
            "'required' is required to be supplied and to be an array including every key in properties. Missing '{name}'."
        ))
    })
}

/// What is wrong with a schema for Anthropic, behind the name of the field.
pub(crate) fn anthropic(schema: &Value) -> Result<(), String> {
    every_node(schema, &mut Vec::new(), &mut |node, _| closed_node(node))?;
    if holds_itself(schema, schema, &mut Vec::new()) {
        return Err("Circular references are not supported".to_owned());
    }
    Ok(())
}

fn closed_node(node: &Map<String, Value>) -> Result<(), String> {
    let kind = node.get("type").and_then(Value::as_str).unwrap_or("any");
    if is_of(node, "object") && node.get("additionalProperties") != Some(&Value::Bool(false)) {
        return Err("For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned());
    }
    let refused: Vec<&str> = ANTHROPIC_REFUSES.into_iter().filter(|name| node.contains_key(*name)).collect();
    if !refused.is_empty() {
        return Err(format!("For '{kind}' type, properties {} are not supported", refused.join(", ")));
    }
    if node.get("minItems").is_some_and(|least| !matches!(least.as_u64(), Some(0 | 1))) {
        return Err("For 'array' type, 'minItems' values other than 0 or 1 are not supported".to_owned());
    }
    if let Some(format) = node.get("format").and_then(Value::as_str)
        && !ANTHROPIC_FORMATS.contains(&format)
    {
        return Err(format!("For '{kind}' type, 'format' value '{format}' is not supported"));
    }
    match node.get("$ref").and_then(Value::as_str) {
        Some(pointer) if !pointer.starts_with('#') => Err("External $ref is not supported".to_owned()),
        _ => Ok(()),
    }
}

/// Calls `each` with every node and where it lies.
fn every_node(
    value: &Value,
    place: &mut Vec<String>,
    each: &mut impl FnMut(&Map<String, Value>, &[String]) -> Result<(), String>,
) -> Result<(), String> {
    let Some(node) = value.as_object() else { return Ok(()) };
    each(node, place)?;
    for (keyword, inner) in node {
        place.push(keyword.clone());
        match (keyword.as_str(), inner) {
            ("properties" | "$defs" | "definitions", Value::Object(schemas)) => {
                for (name, schema) in schemas {
                    place.push(name.clone());
                    every_node(schema, place, each)?;
                    place.pop();
                }
            }
            ("anyOf" | "oneOf" | "allOf", Value::Array(schemas)) => {
                for (at, schema) in schemas.iter().enumerate() {
                    place.push(at.to_string());
                    every_node(schema, place, each)?;
                    place.pop();
                }
            }
            ("items", schema) => every_node(schema, place, each)?,
            _ => {}
        }
        place.pop();
    }
    Ok(())
}

/// Whether following the references from `value` comes back to one that is being followed, or leads nowhere.
fn holds_itself(root: &Value, value: &Value, open: &mut Vec<String>) -> bool {
    let mut pointers = Vec::new();
    let found = every_node(value, &mut Vec::new(), &mut |node, place| {
        let in_definitions =
            place.first().is_some_and(|first| matches!(first.as_str(), "$defs" | "definitions"));
        if !in_definitions {
            pointers.extend(node.get("$ref").and_then(Value::as_str).map(str::to_owned));
        }
        Ok(())
    });
    debug_assert!(found.is_ok(), "nothing is refused here");
    pointers.into_iter().any(|pointer| {
        let target = pointer.strip_prefix('#').and_then(|path| root.pointer(path));
        let Some(target) = target.filter(|_| !open.contains(&pointer)) else { return true };
        open.push(pointer);
        let holds = holds_itself(root, target, open);
        open.pop();
        holds
    })
}

fn is_of(node: &Map<String, Value>, wanted: &str) -> bool {
    match node.get("type") {
        Some(Value::String(kind)) => kind == wanted,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == wanted),
        _ => false,
    }
}

/// A place as `OpenAI` writes it: Python's tuple.
fn context(place: &[String]) -> String {
    let names: Vec<String> = place.iter().map(|name| format!("'{name}'")).collect();
    match &names[..] {
        [only] => format!("({only},)"),
        names => format!("({})", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn closed(properties: &Value) -> Value {
        let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }

    #[test]
    fn openai_refuses_what_is_outside_its_subset() {
        let list = json!({ "type": "array", "items": { "type": "string" } });
        assert!(openai(&list, false).unwrap_err().contains("got 'type: \"array\"'"));
        let open = json!({ "type": "object", "properties": { "a": { "type": "string", "minLength": 3 } } });
        assert_eq!(openai(&open, false), Ok(()));
        let refused = |schema: &Value| openai(schema, true).unwrap_err();
        assert!(refused(&open).starts_with("In context=(), 'additionalProperties' is required"));
        let mut optional = closed(&json!({ "a": { "type": "string" }, "b": { "type": "string" } }));
        assert_eq!(openai(&optional, true), Ok(()));
        optional["required"] = json!(["a"]);
        assert!(refused(&optional).ends_with("Missing 'b'."));
        for (inner, words) in [
            (
                json!({ "type": "string", "minLength": 3 }),
                "In context=('properties', 'a'), 'minLength' is not permitted.",
            ),
            (json!({ "type": "string", "format": "uri" }), "'uri' is not a valid format."),
            (json!({ "type": "array" }), "missing items"),
            (json!({}), "must have a 'type' key"),
            (json!({ "$ref": "#", "description": "d" }), "$ref cannot have keywords {'description'}."),
        ] {
            assert!(refused(&closed(&json!({ "a": inner }))).contains(words), "{inner}");
        }
        assert_eq!(openai(&closed(&json!({ "a": { "$ref": "#" } })), true), Ok(()), "recursion is taken");
    }

    #[test]
    fn anthropic_refuses_what_is_outside_its_subset() {
        let list = json!({ "type": "array", "items": closed(&json!({ "a": { "type": ["string", "null"] } })), "minItems": 1 });
        assert_eq!(anthropic(&list), Ok(()));
        for (inner, words) in [
            (json!({ "type": "object", "properties": {} }), "must be explicitly set to false"),
            (
                json!({ "type": "integer", "minimum": 1, "maximum": 2 }),
                "For 'integer' type, properties minimum, maximum",
            ),
            (json!({ "type": "array", "items": { "type": "string" }, "minItems": 2 }), "other than 0 or 1"),
            (json!({ "type": "string", "format": "phone" }), "'phone'"),
            (json!({ "$ref": "#" }), "Circular"),
            (json!({ "$ref": "https://example.com" }), "External"),
        ] {
            assert!(anthropic(&closed(&json!({ "a": inner }))).unwrap_err().contains(words), "{inner}");
        }
        let twice = json!({ "type": "array", "items": { "$ref": "#/$defs/B" }, "$defs": {
            "A": { "type": "string" }, "B": closed(&json!({ "x": { "$ref": "#/$defs/A" }, "y": { "$ref": "#/$defs/A" } })) } });
        assert_eq!(anthropic(&twice), Ok(()));
    }
}
