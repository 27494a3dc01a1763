//! The tools of a Gemini request: names, schemas, and which may be called.

use serde_json::{Map, Value, json};

use super::refusal::wrong;
use crate::{
    prompt::{Tool, ToolChoice, Tools, list},
    protocol::Refusal,
};

pub(super) fn read(body: &Map<String, Value>, wish: Option<String>) -> Result<Tools, Refusal> {
    let mut known = Vec::new();
    for (index, tool) in list(body.get("tools")).iter().enumerate() {
        for (place, declaration) in list(tool.get("functionDeclarations")).iter().enumerate() {
            let at = format!("tools[{index}].function_declarations[{place}]");
            let tool = declared(&at, declaration)?;
            if known.iter().any(|other: &Tool| other.name == tool.name) {
                return Err(Refusal::bad(format!("Duplicate function declaration found: {}", tool.name)));
            }
            known.push(tool);
        }
    }
    let choice = choice(body, &mut known)?;
    Ok(Tools { known, choice, parallel: true, wish, announced: false })
}

fn declared(at: &str, declaration: &Value) -> Result<Tool, Refusal> {
    let name = declaration["name"].as_str().unwrap_or_default();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_.:-".contains(letter);
    let starts = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    if !starts || name.len() > 64 || !name.chars().all(is_plain) {
        return Err(wrong(
            &format!("{at}.name"),
            "[FIELD_INVALID] Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, \
             A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.",
        ));
    }
    let schema = match (declaration.get("parameters"), declaration.get("parametersJsonSchema")) {
        (Some(_), Some(_)) => {
            let message = "only one of parameters and parameters_json_schema may be set.";
            return Err(wrong(at, message));
        }
        (Some(schema), None) => {
            check_schema(&format!("{at}.parameters"), schema)?;
            lowered(schema)
        }
        (None, Some(schema)) => schema.clone(),
        (None, None) => json!({ "type": "object" }),
    };
    Ok(Tool { name: name.to_owned(), schema })
}

/// What Gemini asks of a schema beyond its fields' types.
pub(super) fn check_schema(at: &str, schema: &Value) -> Result<(), Refusal> {
    let kind = schema["type"].as_str().unwrap_or_default().to_uppercase();
    let properties = schema.get("properties").and_then(Value::as_object);
    if kind == "OBJECT" && properties.is_none_or(Map::is_empty) {
        return Err(wrong(&format!("{at}.properties"), "should be non-empty for OBJECT type"));
    }
    if kind == "ARRAY" && schema.get("items").is_none() {
        return Err(wrong(&format!("{at}.items"), "missing field."));
    }
    if schema.get("enum").is_some() && kind != "STRING" {
        return Err(wrong(&format!("{at}.enum"), "only allowed for STRING type"));
    }
    let format = schema["format"].as_str().unwrap_or("enum");
    if kind == "STRING" && !matches!(format, "enum" | "date-time") {
        let message = "only 'enum' and 'date-time' are supported for STRING type";
        return Err(wrong(&format!("{at}.format"), message));
    }
    for (index, name) in list(schema.get("required")).iter().enumerate() {
        let is_defined = |name: &str| properties.is_some_and(|properties| properties.contains_key(name));
        if !name.as_str().is_some_and(is_defined) {
            return Err(wrong(&format!("{at}.required[{index}]"), "property is not defined"));
        }
    }
    for (name, property) in properties.into_iter().flatten() {
        check_schema(&format!("{at}.properties[{name}]"), property)?;
    }
    for (index, choice) in list(schema.get("anyOf")).iter().enumerate() {
        check_schema(&format!("{at}.any_of[{index}]"), choice)?;
    }
    schema.get("items").map_or(Ok(()), |items| check_schema(&format!("{at}.items"), items))
}

/// A schema with the names of types as JSON Schema writes them.
pub(super) fn lowered(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(lowered).collect(),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| match (name.as_str(), value) {
                ("type", Value::String(kind)) => (name.clone(), json!(kind.to_lowercase())),
                _ => (name.clone(), lowered(value)),
            };
            fields.iter().map(field).collect()
        }
        other => other.clone(),
    }
}

fn choice(body: &Map<String, Value>, known: &mut Vec<Tool>) -> Result<ToolChoice, Refusal> {
    let config = body.get("toolConfig").and_then(|config| config.get("functionCallingConfig"));
    let Some(config) = config else { return Ok(ToolChoice::AtWill) };
    let mode = config["mode"].as_str().unwrap_or("AUTO");
    let allowed: Vec<&str> =
        list(config.get("allowedFunctionNames")).iter().filter_map(Value::as_str).collect();
    if !allowed.is_empty() && !matches!(mode, "ANY" | "VALIDATED") {
        return Err(Refusal::bad(
            "Allowed function names should be set only when the function calling mode is ANY.",
        ));
    }
    if mode == "ANY" && known.is_empty() {
        return Err(Refusal::bad("Function calling config is set without function_declarations. (mode ANY)"));
    }
    if let Some(name) = allowed.iter().find(|name| !known.iter().any(|tool| tool.name == **name)) {
        return Err(Refusal::bad(format!(
            "Allowed function name {name} is not among the provided function_declarations."
        )));
    }
    if !allowed.is_empty() {
        known.retain(|tool| allowed.contains(&tool.name.as_str()));
    }
    match (mode, allowed.as_slice()) {
        ("NONE", _) => Ok(ToolChoice::Never),
        ("ANY", [name]) => Ok(ToolChoice::This((*name).to_owned())),
        ("ANY", _) => Ok(ToolChoice::Any),
        _ => Ok(ToolChoice::AtWill),
    }
}
