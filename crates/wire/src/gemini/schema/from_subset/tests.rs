//! Google's schemas in everybody's words.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn rewritten(schema: &str) -> (String, Vec<String>) {
    let mut losses = Vec::new();
    let schema = json_schema(&mut Scanner::new(schema.as_bytes()).unwrap(), &mut losses).unwrap();
    (String::from_utf8(schema.into_owned()).unwrap(), losses.into_iter().map(|loss| loss.what).collect())
}

#[test]
fn what_the_python_sdk_makes_of_a_signature() {
    let schema = json!({
        "type": "OBJECT", "property_ordering": ["city", "days"],
        "properties": {
            "city": {"type": "STRING", "description": "which", "enum": ["A", "B"], "format": "enum", "nullable": true},
            "days": {"type": "ARRAY", "items": {"type": "INTEGER", "format": "int32"}, "min_items": "1", "maxItems": 3},
            "any_of": {"any_of": [{"type": "STRING"}, {"type": "NUMBER"}], "nullable": true, "example": "x"},
            "odd": {"type": "TYPE_UNSPECIFIED", "ref": "#/$defs/x"},
        },
        "required": ["city"], "defs": {"x": {"type": "BOOLEAN"}},
    });
    let expected = json!({
        "type": "object",
        "properties": {
            "city": {"type": ["string", "null"], "description": "which", "enum": ["A", "B", null]},
            "days": {"type": "array", "items": {"type": "integer", "format": "int32"}, "minItems": 1, "maxItems": 3},
            "any_of": {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}], "examples": ["x"]},
            "odd": {"$ref": "#/$defs/x"},
        },
        "required": ["city"], "$defs": {"x": {"type": "boolean"}},
    });
    let (schema, losses) = rewritten(&schema.to_string());
    assert_eq!(serde_json::from_str::<Value>(&schema).unwrap(), expected);
    assert_eq!(losses, ["schema.propertyOrdering"]);
}

#[test]
fn what_is_json_schema_stays_byte_for_byte() {
    for schema in [
        r#"{ "type":"object", "properties":{"any_of":{"type":"string","const":"\u0061"}},"additionalProperties":false}"#,
        r#"{"type":["string","null"],"maximum":12345678901234567890,"multipleOf":0.10,"format":"date"}"#,
        r##"{"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":true},"xY":null}"##,
    ] {
        assert_eq!(rewritten(schema), (schema.to_owned(), vec![]));
    }
}

proptest! {
    #[test]
    fn it_never_makes_what_is_no_json(bytes in proptest::collection::vec(any::<u8>(), 0..6), at in any::<prop::sample::Index>()) {
        let mut schema = br#"{"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true,"enum":["x"],"min_length":"3"}}}"#.to_vec();
        let at = at.index(schema.len());
        schema.splice(at..(at + bytes.len()).min(schema.len()), bytes);
        let Ok(mut scan) = Scanner::new(&schema) else { return Ok(()) };
        if let Ok(schema) = json_schema(&mut scan, &mut Vec::new()) {
            prop_assert!(serde_json::from_slice::<Value>(&schema).is_ok());
        }
    }
}
