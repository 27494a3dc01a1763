//! What is left of a schema, and that all else is named.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn written(schema: &Value) -> (Value, Vec<String>) {
    let mut losses = Vec::new();
    let body = subset(schema.to_string().as_bytes(), "s", &mut losses).unwrap();
    (serde_json::from_slice(&body).unwrap(), losses.into_iter().map(|loss| loss.what).collect())
}

#[test]
fn f10_what_it_has_stays() {
    let schema = json!({
        "type": "object", "description": "d", "title": "t",
        "properties": {
            "s": {"type": "string", "enum": ["a", "b"], "description": "one"},
            "d": {"type": "string", "format": "date-time", "minLength": 1, "maxLength": 9, "pattern": "^x"},
            "n": {"type": "integer", "format": "int64", "minimum": -1, "maximum": 12_345_678_901_234_567_890_u64},
            "f": {"type": "number", "default": 0.7},
            "l": {"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2},
        },
        "required": ["s", "l"],
    });
    let expected = json!({
        "type": "OBJECT", "description": "d", "title": "t",
        "properties": {
            "s": {"type": "STRING", "enum": ["a", "b"], "description": "one"},
            "d": {"type": "STRING", "format": "date-time", "minLength": 1, "maxLength": 9, "pattern": "^x"},
            "n": {"type": "INTEGER", "format": "int64", "minimum": -1, "maximum": 12_345_678_901_234_567_890_u64},
            "f": {"type": "NUMBER", "default": 0.7},
            "l": {"type": "ARRAY", "items": {"type": "BOOLEAN"}, "minItems": 1, "maxItems": 2},
        },
        "required": ["s", "l"],
    });
    assert_eq!(written(&schema), (expected, vec![]));
}

#[test]
fn f10_what_it_lacks_is_left_out_and_named_once() {
    let schema = json!({
        "$schema": "x", "$id": "y", "type": "object", "additionalProperties": false,
        "properties": {
            "a": {"type": "integer", "exclusiveMinimum": 0, "multipleOf": 2, "additionalProperties": true},
            "b": {"type": "array", "items": {"type": "string", "format": "uuid"}, "uniqueItems": true},
            "c": {"type": "array", "prefixItems": [{"type": "string"}]},
            "d": {"type": "integer", "enum": [1, 2]},
            "e": {"type": "string", "enum": ["", "x", null], "format": "email"},
        },
        "required": ["a", "gone", "a"],
    });
    let expected = json!({
        "type": "OBJECT",
        "properties": {
            "a": {"type": "INTEGER"},
            "b": {"type": "ARRAY", "items": {"type": "STRING"}},
            "c": {"type": "ARRAY", "items": {"type": "STRING"}},
            "d": {"type": "INTEGER"},
            "e": {"type": "STRING", "nullable": true, "enum": ["x"]},
        },
        "required": ["a"],
    });
    let (schema, losses) = written(&schema);
    assert_eq!(schema, expected);
    let mut losses: Vec<&str> = losses.iter().map(String::as_str).collect();
    losses.sort_unstable();
    let named = [
        "additionalProperties",
        "enum",
        "exclusiveMinimum",
        "format",
        "items",
        "multipleOf",
        "prefixItems",
        "required",
        "uniqueItems",
    ];
    assert_eq!(losses, named.map(|name| format!("s.{name}")));
}

#[test]
fn f10_types_in_lists_become_nullable() {
    for (schema, expected) in [
        (json!({"type": ["string", "null"]}), json!({"type": "STRING", "nullable": true})),
        (
            json!({"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "d"}),
            json!({"type": "INTEGER", "nullable": true, "description": "d"}),
        ),
        (
            json!({"type": ["string", "integer"], "description": "d"}),
            json!({"anyOf": [{"type": "STRING", "description": "d"}, {"type": "INTEGER", "description": "d"}]}),
        ),
        (json!({"enum": ["a", null]}), json!({"type": "STRING", "nullable": true, "enum": ["a"]})),
        (json!({"const": "a"}), json!({"type": "STRING", "enum": ["a"]})),
        (json!({"type": "string", "const": "a"}), json!({"type": "STRING", "enum": ["a"]})),
        (
            json!({"type": "object", "anyOf": [{"properties": {"a": {"type": "string"}}}, {"type": "null"}]}),
            json!({"type": "OBJECT", "nullable": true, "properties": {"a": {"type": "STRING"}}}),
        ),
        // Nothing may stand beside `anyOf`.
        (
            json!({"description": "d", "nullable": true, "anyOf": [{"type": "string"}, {"type": "integer", "description": "e"}]}),
            json!({"anyOf": [{"type": "STRING", "nullable": true, "description": "d"},
                {"type": "INTEGER", "nullable": true, "description": "e"}]}),
        ),
    ] {
        assert_eq!(written(&schema), (expected, vec![]), "{schema}");
    }
}

#[test]
fn f10_references_are_resolved() {
    let schema = json!({
        "type": "object", "$defs": {"City/x": {"type": "string", "description": "there"}, "Pair": {"type": "object",
            "properties": {"one": {"$ref": "#/$defs/City~1x"}, "two": {"$ref": "#/$defs/City~1x"}}}},
        "properties": {
            "a": {"$ref": "#/$defs/City~1x", "description": "here", "default": "x"},
            "b": {"allOf": [{"$ref": "#/$defs/Pair"}, {"required": ["one"]}], "description": "both"},
            "c": {"$ref": "#/properties/a"},
        },
    });
    let there = json!({"type": "STRING", "description": "there"});
    let here = json!({"type": "STRING", "description": "here", "default": "x"});
    let expected = json!({"type": "OBJECT", "properties": {
        "a": here,
        "b": {"type": "OBJECT", "description": "both", "properties": {"one": there, "two": there}, "required": ["one"]},
        "c": here,
    }});
    assert_eq!(written(&schema), (expected, vec![]));
}

#[test]
fn f10_what_holds_itself_is_cut() {
    let schema = json!({"$ref": "#/$defs/Tree", "$defs": {"Tree": {"type": "object", "properties": {
        "name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}}});
    let expected = json!({"type": "OBJECT", "properties": {
        "name": {"type": "STRING"}, "children": {"type": "ARRAY", "items": {"type": "OBJECT"}}}});
    assert_eq!(written(&schema), (expected, vec!["s.$ref".to_owned()]));
    for odd in [
        json!({"$ref": "#"}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
        json!({"$ref": "https://example.com/x"}),
        json!({"properties": {"a": {"$ref": "#/nowhere"}}}),
    ] {
        assert_eq!(written(&odd).0["type"], "OBJECT", "{odd}");
    }
}

#[test]
fn f10_doubling_references_stay_bounded() {
    let mut definitions = serde_json::Map::new();
    for level in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
        definitions
            .insert(format!("d{level}"), json!({"type": "object", "properties": {"a": next, "b": next}}));
    }
    definitions.insert("d40".into(), json!({"type": "string"}));
    let mut losses = Vec::new();
    let schema = json!({"$ref": "#/$defs/d0", "$defs": definitions}).to_string();
    let body = subset(schema.as_bytes(), "s", &mut losses).unwrap();
    assert!(body.len() < 4_000_000, "{}", body.len());
    assert_eq!(losses.len(), 1);
}

#[test]
fn a_schema_says_whether_it_has_properties() {
    for (schema, holds) in [
        (json!({}), true),
        (json!({"type": "object", "properties": {}}), true),
        (json!({"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"x": {}}}}}), false),
        (json!({"anyOf": [{}, {}]}), false),
    ] {
        assert_eq!(holds_no_properties(schema.to_string().as_bytes()).unwrap(), holds, "{schema}");
    }
}

/// Any JSON that looks like a schema.
fn schemas() -> impl Strategy<Value = Value> {
    let word =
        proptest::sample::select(&["string", "integer", "object", "array", "null", "STRING", "odd"][..]);
    let leaf = prop_oneof![
        word.clone().prop_map(|word| json!({"type": word})),
        Just(json!(true)),
        Just(json!({})),
        Just(json!({"$ref": "#/$defs/a"})),
        Just(json!({"$ref": "#/properties/a"})),
        any::<i64>().prop_map(|number| json!({"const": number, "minimum": number, "x-y": null})),
        ".{0,3}".prop_map(|text| json!({"enum": [text, 1, null], "format": text, "title": text})),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let map = proptest::collection::btree_map("[ab$\\u{e4}]{1,2}", inner.clone(), 0..3);
        let list = proptest::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            (map, proptest::collection::vec("[ab]", 0..3)).prop_map(
                |(map, names)| json!({"type": "object", "properties": map, "required": names, "$defs": map})
            ),
            (word.clone(), list.clone())
                .prop_map(|(word, list)| json!({"type": [word, "null"], "anyOf": list})),
            list.clone().prop_map(|list| json!({"oneOf": list, "description": "d"})),
            list.prop_map(|list| json!({"allOf": list})),
            inner.prop_map(|items| json!({"type": "array", "items": items, "uniqueItems": true})),
        ]
    })
}

/// Whether Google's reader takes it: `Schema` has these members and no others, and the rules of the module's head hold.
fn assert_taken(schema: &Value) {
    const MEMBERS: [&str; 20] = [
        "type",
        "format",
        "title",
        "description",
        "nullable",
        "enum",
        "maxItems",
        "minItems",
        "properties",
        "required",
        "minProperties",
        "maxProperties",
        "minLength",
        "maxLength",
        "pattern",
        "anyOf",
        "default",
        "items",
        "minimum",
        "maximum",
    ];
    let members = schema.as_object().unwrap();
    assert!(members.keys().all(|name| MEMBERS.contains(&name.as_str())), "{schema}");
    if let Some(branches) = members.get("anyOf") {
        assert_eq!(members.len(), 1, "{schema}");
        branches.as_array().unwrap().iter().for_each(assert_taken);
        return;
    }
    let kind = members["type"].as_str().unwrap();
    assert!(["STRING", "NUMBER", "INTEGER", "BOOLEAN", "OBJECT", "ARRAY"].contains(&kind), "{schema}");
    assert_eq!(kind == "ARRAY", members.contains_key("items"), "{schema}");
    let none = serde_json::Map::new();
    let properties = members.get("properties").map_or(&none, |properties| properties.as_object().unwrap());
    properties.values().chain(members.get("items")).for_each(assert_taken);
    for name in members.get("required").map_or(&vec![], |names| names.as_array().unwrap()) {
        assert!(properties.contains_key(name.as_str().unwrap()), "{schema}");
    }
    for value in members.get("enum").map_or(&vec![], |values| values.as_array().unwrap()) {
        assert!(kind == "STRING" && value.as_str().is_some_and(|text| !text.is_empty()), "{schema}");
    }
}

/// Names of properties and required ones, by their path, references aside.
fn promises(schema: &Value, path: &str, found: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (name, inner) in properties {
            found.push(format!("{path}/{name}"));
            promises(inner, &format!("{path}/{name}"), found);
        }
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            let name = name.as_str().unwrap();
            if properties.contains_key(name) {
                found.push(format!("{path}!{name}"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn g4_whatever_comes_is_taken_there(schema in schemas()) {
        let (written, losses) = written(&schema);
        assert_taken(&written);
        // Nothing is lost but by name; what is kept has its names.
        let (mut before, mut after) = (Vec::new(), Vec::new());
        promises(&schema, "", &mut before);
        promises(&written, "", &mut after);
        if losses.is_empty() {
            prop_assert!(before.iter().all(|promise| after.contains(promise)), "{before:?} {after:?}");
        }
    }
}
