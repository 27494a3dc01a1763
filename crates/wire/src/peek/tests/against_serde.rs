//! The same verdict and the same values as `serde_json`, on generated and on damaged bodies.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::*;

/// An object with its members as they stand, duplicates included.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

impl Members {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    fn duplicates(&self, key: &str) -> bool {
        self.0.iter().filter(|(name, _)| name == key).count() > 1
    }

    fn wrong_type(&self, key: &str) -> bool {
        let typed = |value: &Value| match key {
            "model" => value.is_string(),
            "stream" => value.is_boolean() || value.is_null(),
            "stream_options" => value.is_object() || value.is_null(),
            "stream_options.include_usage" => false,
            _ => true,
        };
        self.0.iter().any(|(name, value)| key.starts_with(name.as_str()) && !typed(value))
    }
}

/// Checks one body.
fn agrees(body: &[u8]) {
    if memchr::memmem::find(body, b"$serde_json").is_some() {
        return; // names that serde_json itself reserves
    }
    let shown = String::from_utf8_lossy(body);
    match (peek(body), serde_json::from_slice::<Value>(body)) {
        (Ok(peek), Ok(Value::Object(_))) => same_values(&peek, body),
        (Err(PeekError::NotAnObject), Ok(value)) => assert!(!value.is_object(), "{shown}"),
        (Err(PeekError::Duplicate { key }), Ok(_)) => {
            let members: Members = serde_json::from_slice(body).unwrap();
            assert!(members.duplicates(key) || key == "stream_options.include_usage", "{key}: {shown}");
        }
        (Err(PeekError::WrongType { key }), Ok(_)) => {
            let members: Members = serde_json::from_slice(body).unwrap();
            assert!(members.wrong_type(key), "{key}: {shown}");
        }
        (Err(_), Err(_)) => {}
        (ours, theirs) => panic!("we say {ours:?}, serde_json says {theirs:?}: {shown}"),
    }
}

fn same_values(peek: &Peek<'_>, body: &[u8]) {
    let members: Members = serde_json::from_slice(body).unwrap();
    let value = |range: &Range<usize>| serde_json::from_slice::<Value>(&body[range.clone()]).unwrap();
    for &key in Key::NAMES {
        assert!(!members.duplicates(key), "{key} was not refused");
    }
    assert_eq!(peek.model_name(), members.get("model").and_then(Value::as_str));
    assert_eq!(peek.model.as_ref().map(|field| value(&field.range)).as_ref(), members.get("model"));
    assert_eq!(peek.stream, members.get("stream").and_then(Value::as_bool).unwrap_or(false));
    assert_eq!(peek.n, members.get("n").and_then(Value::as_u64));
    let limit = ["max_completion_tokens", "max_tokens", "max_output_tokens"];
    let limit = limit.iter().find_map(|name| members.get(name).and_then(Value::as_u64));
    assert_eq!(peek.max_tokens, limit);
    let options = members.get("stream_options");
    assert_eq!(peek.stream_options.as_ref().map(|options| value(&options.range)).as_ref(), options);
    let include = options.and_then(|options| options.get("include_usage"));
    let seen = peek.stream_options.as_ref().and_then(|options| options.include_usage);
    assert_eq!(seen, include.map(|value| value.as_bool().unwrap_or(false)));
    assert_eq!(
        peek.user.as_ref().map(|user| user.value.as_ref()),
        members.get("user").and_then(Value::as_str)
    );
    assert_eq!(peek.is_empty, members.0.is_empty());
    let conversation = ["messages", "input", "contents"].iter().any(|name| members.get(name).is_some());
    assert_eq!(peek.messages.is_some(), conversation);
    let other_names = ["input", "contents"].iter().any(|name| members.get(name).is_some());
    if let (Some(range), Some(messages), false) = (&peek.messages, members.get("messages"), other_names) {
        {
            assert_eq!(&value(range), messages);
            let prefilled = messages
                .as_array()
                .and_then(|list| list.last())
                .is_some_and(|last| last["role"] == "assistant");
            assert_eq!(peek.needs.contains(Needs::PREFILL), prefilled);
        }
    }
}

/// Names that steer, some escaped, and others.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(Key::NAMES).prop_map(|name| format!("\"{name}\"")),
        1 => proptest::sample::select(Key::NAMES).prop_map(|name| {
            name.chars().enumerate().fold(String::from("\""), |text, (i, c)| {
                if i % 2 == 0 { format!("{text}\\u{:04x}", c as u32) } else { format!("{text}{c}") }
            }) + "\""
        }),
        2 => proptest::sample::select(&["role", "content", "type", "include_usage", "effort", "format", "x", ""][..])
            .prop_map(|name| format!("\"{name}\"")),
        1 => string(),
    ]
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9 ./:{}\\[\\],-]{0,12}",
        2 => proptest::sample::select(
            &["\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\ud83d\\ude42", "\\u00e9", "é", "日本", "🙂", "\u{7f}"][..]
        ).prop_map(str::to_owned),
        1 => proptest::sample::select(
            &["assistant", "user", "image", "json_schema", "none", "true"][..]
        ).prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| format!("{number:e}")),
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?",
        Just("1".repeat(400)),
        Just("0".to_owned()),
        Just("2".to_owned()),
    ]
}

fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(""), 1 => Just(" "), 1 => Just("\n\t \r")]
}

fn joined(open: char, items: &[String], close: char) -> String {
    format!("{open}{}{close}", items.join(","))
}

fn object(value: impl Strategy<Value = String>, most: usize) -> impl Strategy<Value = String> {
    let member = (blank(), name(), blank(), value, blank())
        .prop_map(|(a, name, b, value, c)| format!("{a}{name}{b}:{a}{value}{c}"));
    proptest::collection::vec(member, 0..most).prop_map(|members| joined('{', &members, '}'))
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        string(),
        number(),
        proptest::sample::select(&["true", "false", "null"][..]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(|items| joined('[', &items, ']')),
            object(inner, 5),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn on_generated_bodies(body in object(value(), 8), front in blank(), back in blank()) {
        agrees(format!("{front}{body}{back}").as_bytes());
    }

    #[test]
    fn on_damaged_bodies(
        body in object(value(), 6),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..5, any::<u8>()), 1..4),
    ) {
        let mut body = body.into_bytes();
        for (place, how, byte) in damage {
            let at = place.index(body.len() + 1);
            match how {
                0 => body.insert(at, byte),
                1 => body.insert(at, b"\"\\{}[]:,0-e. \n"[usize::from(byte) % 14]),
                2 if at < body.len() => drop(body.remove(at)),
                3 if at < body.len() => body[at] = byte,
                _ => body.truncate(at),
            }
        }
        agrees(&body);
    }
}

#[test]
fn on_numbers_at_the_edges() {
    for number in [
        "-",
        "-0",
        "00",
        "01",
        "-01",
        "1.",
        ".5",
        "1.e5",
        "1e",
        "1e+",
        "1E-0",
        "1e308",
        "1e309",
        "-1e309",
        "0e999999999999",
        "1e-999999999999",
        "1e999999999999",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "17976931348623159e292",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "+1",
        "0x1",
        "1_0",
        "NaN",
        "Infinity",
    ] {
        agrees(format!(r#"{{"n":{number}}}"#).as_bytes());
        agrees(format!(r#"{{"a":[{number}]}}"#).as_bytes());
    }
    for length in [290, 300, 301, 308, 309, 310, 400] {
        agrees(format!(r#"{{"n":{}}}"#, "9".repeat(length)).as_bytes());
        agrees(format!(r#"{{"n":0.{}}}"#, "9".repeat(length)).as_bytes());
        agrees(format!(r#"{{"n":{}.0}}"#, "1".repeat(length)).as_bytes());
    }
}

#[test]
fn on_strings_at_the_edges() {
    let escapes = [
        r"\ud83d",
        r"\ude42",
        r"\ud83d\ud83d",
        r"\ud83dx",
        r"\ud83d\n",
        r"\u12",
        r"\u12G4",
        r"\x",
        r"\",
        r"\u",
        r"\uD83D\uDE42",
    ];
    for escape in escapes {
        agrees(format!(r#"{{"model":"{escape}"}}"#).as_bytes());
        agrees(format!(r#"{{"{escape}":1}}"#).as_bytes());
    }
    // Every byte, at every offset within the blocks that are looked at together.
    for length in (0..150).step_by(7) {
        for byte in 0..=255 {
            let mut body = b"{\"model\":\"".to_vec();
            body.extend(std::iter::repeat_n(b'a', length));
            body.push(byte);
            body.extend(std::iter::repeat_n(b'b', 70));
            body.extend(b"\"}");
            agrees(&body);
        }
    }
    for bytes in
        [&b"\xc3"[..], b"\xc3\xa9", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xf0\x9f\x99\x82"]
    {
        agrees(&[b"{\"model\":\"", bytes, b"\"}"].concat());
        agrees(&[b"{\"", bytes, b"\":1}"].concat());
        agrees(&[b"{", bytes, b"}"].concat());
    }
}

#[test]
fn on_depth() {
    for depth in [1, 125, 126, 127, 128, 200, 100_000] {
        let body = format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        agrees(body.as_bytes());
        let body = format!(r#"{{"messages":[{}1{}]}}"#, r#"{"content":["#.repeat(depth), "]}".repeat(depth));
        agrees(body.as_bytes());
        agrees("[".repeat(depth).as_bytes());
    }
    assert_eq!(peek(format!(r#"{{"a":{}"#, "[".repeat(127)).as_bytes()), Err(PeekError::TooDeep));
    assert!(peek(format!(r#"{{"a":{}{}}}"#, "[".repeat(126), "]".repeat(126)).as_bytes()).is_ok());
}
