//! What a tool answered: text elsewhere, an object here.
//!
//! An object stays; anything else is put under `result`, and what a tool that failed says under `error`. Source:
//! `FunctionResponse` in `types.py` of google-genai 3.4.0, read 2026-11-28: `output` and `error` are words of Google's own
//! there. What is read back is what was written, so an object that looks like one of these wrappers is wrapped as well.

use crate::json::Json;
use crate::scan::{Kind, ScanError, Scanner, kind_of};

/// Writes the object that says `text`.
pub(super) fn write(json: &mut Json, text: &str, is_error: bool) {
    let trimmed = text.trim();
    // What refers to something would be looked up there, and refused.
    let kind = kind_of(trimmed.as_bytes()).filter(|_| !refers(trimmed.as_bytes()));
    if kind == Some(Kind::Object) && !is_error && wrapped(trimmed.as_bytes()).is_none() {
        json.raw(trimmed);
        return;
    }
    json.object().key(if is_error { "error" } else { "result" });
    if matches!(kind, Some(Kind::Object | Kind::Array)) {
        json.raw(trimmed);
    } else {
        json.text(text);
    }
    json.end_object();
}

/// What the object says, and whether it says that the tool failed.
pub(super) fn read(object: &[u8]) -> (String, bool) {
    let whole = || (String::from_utf8_lossy(object).into_owned(), false);
    wrapped(object).unwrap_or_else(whole)
}

/// The same, where it is one of the wrappers.
fn wrapped(object: &[u8]) -> Option<(String, bool)> {
    let mut found = None;
    let mut count = 0;
    let mut read = || {
        let mut scan = Scanner::new(object)?;
        if scan.kind()? != Kind::Object {
            return Ok(());
        }
        scan.object(|scan, name| {
            count += 1;
            let is_wrapper = matches!(name, b"result" | b"output" | b"error");
            let is_error = name == b"error";
            let text = if scan.kind()? == Kind::String {
                scan.string()?.unescape().into_owned()
            } else {
                let range = scan.range()?;
                String::from_utf8_lossy(scan.slice(range)).into_owned()
            };
            found = is_wrapper.then_some((text, is_error));
            Ok::<_, ScanError>(())
        })
    };
    read().ok()?;
    found.filter(|_| count == 1)
}

/// Whether a member anywhere in it has a name that Google resolves.
fn refers(text: &[u8]) -> bool {
    fn walk(scan: &mut Scanner<'_>, found: &mut bool) -> Result<(), ScanError> {
        match scan.kind()? {
            Kind::Object => scan.object(|scan, name| {
                *found |= matches!(name, b"$ref" | b"$defs");
                walk(scan, found)
            }),
            Kind::Array => scan.array(|scan| walk(scan, found)),
            _ => scan.skip(),
        }
    }
    let mut found = false;
    Scanner::new(text).and_then(|mut scan| walk(&mut scan, &mut found)).is_ok() && found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn written(text: &str, is_error: bool) -> Value {
        let mut json = Json::new();
        write(&mut json, text, is_error);
        serde_json::from_slice(&json.finish()).unwrap()
    }

    #[test]
    fn f07_an_object_stays_and_the_rest_is_wrapped() {
        assert_eq!(written(r#"{"a":1}"#, false), json!({"a": 1}));
        assert_eq!(written("sunny", false), json!({"result": "sunny"}));
        assert_eq!(written("[1,2]", false), json!({"result": [1, 2]}));
        assert_eq!(written("42", false), json!({"result": "42"}));
        assert_eq!(written("", false), json!({"result": ""}));
        assert_eq!(written("no such city", true), json!({"error": "no such city"}));
        assert_eq!(written(r#"{"code":3}"#, true), json!({"error": {"code": 3}}));
        assert_eq!(written(r#"{"error":"x"}"#, false), json!({"result": {"error": "x"}}));
        assert_eq!(written(r#"{"a":"#, false), json!({"result": "{\"a\":"}));
    }

    #[test]
    fn f12_what_refers_is_text() {
        let schema = r##"{"a":[{"$ref":"#/$defs/x"}]}"##;
        assert_eq!(written(schema, false), json!({ "result": schema }));
        assert_eq!(written(r#"{"\u0024defs":{}}"#, true), json!({"error": r#"{"\u0024defs":{}}"#}));
        assert_eq!(written(r#"{"a":"$ref"}"#, false), json!({"a": "$ref"}));
    }

    #[test]
    fn googles_own_wrapper_is_understood() {
        assert_eq!(read(br#"{"output":"x"}"#), ("x".to_owned(), false));
        assert_eq!(read(br#"{"output":"x","more":1}"#), (r#"{"output":"x","more":1}"#.to_owned(), false));
        assert_eq!(read(br#"{"error":{"code":1}}"#), (r#"{"code":1}"#.to_owned(), true));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(text in prop_oneof![
            any::<String>(),
            "[\\[{]{0,2}(\"(result|error|output|a|\\$ref)\":)?[\\[{]?[0-9]{0,2}[}\\]]{0,3}",
        ], is_error in any::<bool>()) {
            let mut json = Json::new();
            write(&mut json, &text, is_error);
            let (read, failed) = read(&json.finish());
            prop_assert!(read == text || (read == text.trim() && kind_of(read.as_bytes()).is_some()));
            prop_assert_eq!(failed, is_error);
        }
    }
}
