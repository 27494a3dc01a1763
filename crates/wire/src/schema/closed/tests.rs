use serde_json::{Value, json};

use super::*;

/// The schema as Anthropic takes it, with the keywords that are lost; `None` where it has no form there.
fn close(schema: &Value) -> Option<(Value, Vec<String>)> {
    let closed = closed(schema.to_string().as_bytes(), "schema").unwrap()?;
    let lost = closed.losses.into_iter().map(|loss| loss.what.strip_prefix("schema.").unwrap().to_owned());
    Some((serde_json::from_slice(&closed.schema).unwrap(), lost.collect()))
}

#[test]
fn b12_what_is_in_the_subset_stays_byte_for_byte() {
    for schema in [
        r#"{"type":"object","properties":{},"additionalProperties":false}"#,
        r#"{"type":"object","properties":{"when":{"type":["string","null"],"format":"date","description":"d"}},"required":["when"],"additionalProperties":false}"#,
        r#"{"type":"array","items":{"anyOf":[{"type":"integer"},{"enum":["a",null,7,true]},{"const":"x"}]},"minItems":1}"#,
        r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"string"}},"additionalProperties":false}"##,
        r##"{"$ref":"#/$defs/A","$defs":{"A":{"type":"string"}}}"##,
    ] {
        let closed = closed(schema.as_bytes(), "schema").unwrap().unwrap();
        assert_eq!(String::from_utf8(closed.schema).unwrap(), schema);
        assert_eq!(closed.losses, []);
    }
}

#[test]
fn b12_objects_are_closed_wherever_they_lie() {
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let shut =
        json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false});
    let around = |inner: &Value, rest: &[(&str, Value)]| {
        let mut all = json!({"type": "object", "properties": {
            "list": {"type": "array", "items": inner}, "either": {"anyOf": [inner, {"type": "null"}]},
            "there": {"$ref": "#/$defs/There"}, "untyped": inner,
        }, "required": ["list"], "$defs": {"There": inner}});
        all.as_object_mut()
            .unwrap()
            .extend(rest.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        all
    };
    let expected = around(&shut, &[("additionalProperties", json!(false))]);
    assert_eq!(close(&around(&open, &[])), Some((expected, vec![])));
    let untyped = json!({"properties": {"a": {"type": "string"}}});
    assert_eq!(close(&untyped), Some((shut.clone(), vec![])));
    let more =
        json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": true});
    assert_eq!(close(&more), Some((shut, vec!["additionalProperties".to_owned()])));
}

#[test]
fn b12_what_anthropic_refuses_is_said_in_words_and_named() {
    let limits = json!({"type": "object", "additionalProperties": false, "properties": {
        "name": {"type": "string", "minLength": 3, "format": "phone", "description": "Who"},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
        "n": {"type": "integer", "minimum": 1, "maximum": 9, "default": 2},
        "kind": {"enum": [{"x": 1}]},
    }});
    let (closed, lost) = close(&limits).unwrap();
    assert_eq!(
        closed["properties"],
        json!({
            "name": {"type": "string", "description": "Who\n\n{format: \"phone\", minLength: 3}"},
            "tags": {"type": "array", "items": {"type": "string"}, "description": "{minItems: 2}"},
            "n": {"type": "integer", "description": "{default: 2, maximum: 9, minimum: 1}"},
            "kind": {"description": "{enum: [{\"x\":1}]}"},
        })
    );
    let mut lost = lost;
    lost.sort();
    assert_eq!(lost, ["default", "enum", "format", "maximum", "minItems", "minLength", "minimum"]);
}

#[test]
fn b12_what_only_says_itself_otherwise_is_said_otherwise() {
    let either = json!({"oneOf": [{"type": "string"}, {"type": "null"}]});
    let any_of = json!({"anyOf": [{"type": "string"}, {"type": "null"}]});
    assert_eq!(close(&either), Some((any_of, vec!["oneOf".to_owned()])));
    // Pydantic's first form of a reference with words beside it.
    let defs = json!({"A": {"type": "string"}});
    let part = json!({"allOf": [{"$ref": "#/$defs/A"}], "description": "d", "title": "t", "$defs": defs});
    let alone = json!({"$ref": "#/$defs/A", "$defs": defs});
    assert_eq!(close(&part), Some((alone, vec!["description".to_owned()])));
    let anything = json!({"type": ["string", "number", "boolean", "null"]});
    assert_eq!(close(&json!({})), Some((anything.clone(), vec!["type".to_owned()])));
    assert_eq!(close(&json!(true)), Some((anything, vec!["type".to_owned()])));
}

#[test]
fn b12_what_holds_itself_or_is_open_has_no_form() {
    let node = |next: &str| json!({"type": "object", "properties": {"next": {"$ref": next}}, "additionalProperties": false});
    for schema in [
        node("#"),
        node("#/properties/next"),
        node("#/$defs/Missing"),
        node("https://example.com/schema"),
        json!({"$ref": "#/$defs/A", "$defs": {"A": node("#/$defs/B"), "B": node("#/$defs/A")}}),
        json!({"type": "object"}),
        json!({"type": "object", "additionalProperties": {"type": "integer"}}),
        json!({"type": "object", "properties": {}, "additionalProperties": {"type": "integer"}}),
        json!({"type": "array", "items": {"type": "object", "additionalProperties": true}}),
        json!({"allOf": [{"type": "object", "properties": {}}, {"type": "object", "properties": {}}]}),
        json!({"type": "string", "anyOf": [{"pattern": "a"}, {"pattern": "b"}]}),
    ] {
        assert_eq!(close(&schema), None, "{schema}");
    }
    // A property may be called anything, and values are no schemas.
    let named = json!({"type": "object", "properties": {"$ref": {"type": "string"}, "enum": node("#/$defs/A")},
        "additionalProperties": false, "$defs": {"A": {"const": "#"}}});
    assert_eq!(close(&named), Some((named.clone(), vec![])));
}

#[test]
fn a_great_schema_takes_no_great_time() {
    let definitions: serde_json::Map<String, Value> = (0..20_000)
        .map(|at| {
            (format!("d{at}"), json!({"type": "array", "items": {"$ref": format!("#/$defs/d{}", at + 1)}}))
        })
        .chain([("d20000".to_owned(), json!({"type": "string"}))])
        .collect();
    let chain = json!({"$ref": "#/$defs/d0", "$defs": definitions});
    assert!(close(&chain).is_some());
    let keywords: serde_json::Map<String, Value> =
        (0..20_000).map(|at| (format!("x{at}"), json!(1))).collect();
    let odd = json!({"type": "string"}).as_object().unwrap().clone().into_iter().chain(keywords).collect();
    let closed = closed(Value::Object(odd).to_string().as_bytes(), "schema").unwrap().unwrap();
    assert_eq!(closed.losses.len(), MOST_LOSSES + 1);
}
