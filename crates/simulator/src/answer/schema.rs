//! A JSON value that a JSON Schema accepts: for tool arguments and structured answers.
//!
//! Knows the keywords that suppliers' structured outputs know; ignores others (`pattern`, `not`, `if`).

use serde_json::{Map, Value, json};

use crate::dice::Dice;

/// Deeper than this, optional parts are left out, so that recursive schemas end.
const DEPTH: u32 = 6;

const WORDS: [&str; 8] =
    ["Paris", "Tokyo", "relève", "quarterly report", "naïve", "東京", "alpha", "42 km 🚀"];

/// A value that `schema` accepts, as far as its keywords are known.
pub(crate) fn instance(schema: &Value, dice: &mut Dice) -> Value {
    Maker { root: schema, dice }.make(schema, 0)
}

struct Maker<'a> {
    root: &'a Value,
    dice: &'a mut Dice,
}

impl Maker<'_> {
    fn make(&mut self, schema: &Value, depth: u32) -> Value {
        let Some(keywords) = schema.as_object() else { return json!("anything") };
        if let Some(value) = keywords.get("const") {
            return value.clone();
        }
        if let Some(values) = list(keywords, "enum") {
            return values[self.dice.index(values.len())].clone();
        }
        if let Some(target) = keywords.get("$ref").and_then(|name| self.target(name)) {
            return if depth > 4 * DEPTH { Value::Null } else { self.make(&target, depth + 1) };
        }
        if let Some(choices) = list(keywords, "anyOf").or_else(|| list(keywords, "oneOf")) {
            return self.one_of(choices, depth);
        }
        if let Some(parts) = list(keywords, "allOf") {
            return self.make(&merge(keywords, parts), depth);
        }
        self.of_type(keywords, depth)
    }

    /// The schema that a local reference (`#/$defs/name`) names.
    fn target(&self, name: &Value) -> Option<Value> {
        self.root.pointer(name.as_str()?.strip_prefix('#')?).cloned()
    }

    fn one_of(&mut self, choices: &[Value], depth: u32) -> Value {
        let is_null = |choice: &&Value| choice.get("type") == Some(&json!("null"));
        match choices.iter().find(is_null) {
            Some(_) if depth >= DEPTH => Value::Null,
            _ => {
                let place = self.dice.index(choices.len());
                self.make(&choices[place], depth + 1)
            }
        }
    }

    fn of_type(&mut self, keywords: &Map<String, Value>, depth: u32) -> Value {
        match type_name(keywords, depth) {
            "object" => self.object(keywords, depth),
            "array" => self.array(keywords, depth),
            "integer" => json!(self.integer(keywords)),
            "number" => self.number(keywords),
            "boolean" => json!(self.dice.chance(0.5)),
            "null" => Value::Null,
            _ => self.string(keywords),
        }
    }

    fn object(&mut self, keywords: &Map<String, Value>, depth: u32) -> Value {
        let none = Map::new();
        let properties = keywords.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let required = list(keywords, "required").unwrap_or_default();
        let wanted = |name: &str| depth < DEPTH || required.iter().any(|needed| needed == name);
        let fields = properties.iter().filter(|(name, _)| wanted(name));
        fields.map(|(name, schema)| (name.clone(), self.make(schema, depth + 1))).collect()
    }

    fn array(&mut self, keywords: &Map<String, Value>, depth: u32) -> Value {
        let least = number(keywords, "minItems").unwrap_or(0);
        let most = number(keywords, "maxItems").unwrap_or(least.max(2));
        let count = if depth < DEPTH {
            self.dice.between(least.max(1).min(most), most.min(least + 2))
        } else {
            least
        };
        let any = json!({ "type": "string" });
        let items = keywords.get("items").unwrap_or(&any);
        (0..count).map(|_| self.make(items, depth + 1)).collect()
    }

    fn integer(&mut self, keywords: &Map<String, Value>) -> i64 {
        let bound = |name: &str| keywords.get(name).and_then(Value::as_i64);
        let low = bound("minimum").or(bound("exclusiveMinimum").map(|low| low + 1));
        let high = bound("maximum").or(bound("exclusiveMaximum").map(|high| high - 1));
        let low = low.unwrap_or_else(|| high.map_or(1, |high| high.saturating_sub(99)));
        let high = high.unwrap_or(low.saturating_add(99)).min(low.saturating_add(99));
        let step = bound("multipleOf").unwrap_or(1).max(1);
        let value = low + i64::try_from(self.dice.between(0, high.abs_diff(low))).unwrap_or(0);
        let rounded = value - value.rem_euclid(step);
        if rounded < low { rounded + step } else { rounded }
    }

    fn number(&mut self, keywords: &Map<String, Value>) -> Value {
        if keywords.contains_key("multipleOf") {
            return json!(self.integer(keywords));
        }
        let bound = |name: &str| keywords.get(name).and_then(Value::as_f64);
        let low = bound("minimum").or(bound("exclusiveMinimum"));
        let high = bound("maximum").or(bound("exclusiveMaximum"));
        let low = low.unwrap_or_else(|| high.map_or(0.5, |high| high - 10.0));
        let high = high.unwrap_or(low + 10.0);
        json!(low + (high - low) / 4.0 * (1.0 + 2.0 * self.dice.unit()))
    }

    fn string(&mut self, keywords: &Map<String, Value>) -> Value {
        let word = match keywords.get("format").and_then(Value::as_str) {
            Some("date") => "2026-11-22",
            Some("time") => "08:30:00Z",
            Some("date-time") => "2026-11-22T08:30:00Z",
            Some("duration") => "P3D",
            Some("email") => "relief@example.com",
            Some("uri") => "https://example.com/a",
            Some("hostname") => "example.com",
            Some("uuid") => "0199a9a8-7c3e-7cc4-9d2b-3f1c5d7e9a1b",
            Some("ipv4") => "192.0.2.1",
            Some("ipv6") => "2001:db8::1",
            _ => self.dice.pick(&WORDS),
        };
        let least = number(keywords, "minLength").unwrap_or(0);
        let most = number(keywords, "maxLength").unwrap_or(u64::MAX);
        let letters = word.chars().chain(std::iter::repeat('x')).enumerate();
        let length = (word.chars().count() as u64).max(least).min(most);
        json!(
            letters.take_while(|(at, _)| (*at as u64) < length).map(|(_, letter)| letter).collect::<String>()
        )
    }
}

fn list<'a>(keywords: &'a Map<String, Value>, name: &str) -> Option<&'a [Value]> {
    keywords.get(name)?.as_array().filter(|list| !list.is_empty()).map(Vec::as_slice)
}

fn number(keywords: &Map<String, Value>, name: &str) -> Option<u64> {
    keywords.get(name)?.as_u64()
}

/// The first type that fits the depth, or what the other keywords imply.
fn type_name(keywords: &Map<String, Value>, depth: u32) -> &str {
    match keywords.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => {
            let names = || names.iter().filter_map(Value::as_str);
            names().find(|name| (*name == "null") == (depth >= DEPTH)).or(names().next()).unwrap_or("null")
        }
        _ if keywords.contains_key("properties") => "object",
        _ if keywords.contains_key("items") => "array",
        _ => "string",
    }
}

/// One schema out of the parts of an `allOf` and its neighbours.
fn merge(keywords: &Map<String, Value>, parts: &[Value]) -> Value {
    let mut merged = keywords.clone();
    merged.remove("allOf");
    for (name, value) in parts.iter().filter_map(Value::as_object).flatten() {
        match (merged.get_mut(name), value) {
            (Some(Value::Object(mine)), Value::Object(more)) => mine.extend(more.clone()),
            (Some(Value::Array(mine)), Value::Array(more)) => mine.extend(more.clone()),
            _ => drop(merged.insert(name.clone(), value.clone())),
        }
    }
    Value::Object(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(schema: &Value) -> Vec<Value> {
        (0..50).map(|seed| instance(schema, &mut Dice::new(seed))).collect()
    }

    #[test]
    fn objects_have_all_their_fields_in_range() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["n", "tags", "kind", "when"],
            "properties": {
                "n": { "type": "integer", "minimum": 3, "maximum": 9, "multipleOf": 3 },
                "x": { "type": "number", "exclusiveMinimum": 0, "maximum": 1 },
                "tags": { "type": "array", "minItems": 2, "maxItems": 3, "items": { "type": "string", "maxLength": 3 } },
                "kind": { "enum": ["a", "b"] }, "when": { "type": "string", "format": "date" },
                "maybe": { "type": ["null", "boolean"] }, "always": { "const": 7 },
            }
        });
        for value in made(&schema) {
            let n = value["n"].as_i64().unwrap();
            assert!((3..=9).contains(&n) && n % 3 == 0, "{value}");
            let x = value["x"].as_f64().unwrap();
            assert!(x > 0.0 && x <= 1.0, "{value}");
            let tags = value["tags"].as_array().unwrap();
            assert!((2..=3).contains(&tags.len()), "{value}");
            assert!(tags.iter().all(|tag| tag.as_str().unwrap().chars().count() <= 3), "{value}");
            assert!(value["kind"] == "a" || value["kind"] == "b", "{value}");
            assert!(value["maybe"].is_boolean() && value["always"] == 7, "{value}");
        }
    }

    #[test]
    fn references_unions_and_recursion_end() {
        let schema = json!({
            "$defs": { "node": { "type": "object", "required": ["value"], "properties": {
                "value": { "type": "integer" },
                "next": { "anyOf": [{ "$ref": "#/$defs/node" }, { "type": "null" }] },
                "children": { "type": "array", "items": { "$ref": "#/$defs/node" } },
            } } },
            "allOf": [{ "$ref": "#/$defs/node" }, { "properties": { "name": { "type": "string" } } }],
        });
        for value in made(&schema) {
            assert!(value["value"].is_i64(), "{value}");
        }
        assert!(made(&json!({ "$ref": "#" })).iter().all(Value::is_null));
    }

    #[test]
    fn odd_schemas_still_give_a_value() {
        assert_eq!(made(&json!(true))[0], json!("anything"));
        assert!(made(&json!({})).iter().all(Value::is_string));
        assert!(made(&json!({ "type": "integer", "maximum": -5 })).iter().all(|n| n.as_i64().unwrap() <= -5));
    }
}
