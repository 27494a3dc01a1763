//! Texts as users, models and tools write them, and as they should not.

use bytes::Bytes;
use proptest::prelude::*;

/// Pieces that some reader takes for more than text.
const ODD: &[&str] = &[
    "\u{2028}",
    "\u{2029}",
    "\u{0}",
    "\u{7f}",
    "\u{feff}",
    "🦀",
    "👩‍👩‍👧",
    "e\u{301}",
    "größer",
    "\"",
    "\\",
    "\\\"",
    "'",
    "`",
    "\n",
    "\r\n",
    "\t",
    " ",
    "data: [DONE]\n\n",
    "event: message_stop\n",
    "{\"a\":1}",
    "}",
    "]",
    "</think>",
    "\\u0000",
    "null",
    "%s",
    "rlv1.",
    "0.7",
];

/// Text, perhaps empty; never blank, which some leave out.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-z]{1,8}( [a-z]{1,8}){0,3}",
        3 => prop::sample::select(ODD).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| {
        let text = pieces.concat();
        if text.trim().is_empty() { String::new() } else { text }
    })
}

/// Text that says something, also to those who trim it.
pub(crate) fn some_text() -> impl Strategy<Value = String> {
    ("[a-z0-9]", any_text(), "[a-z0-9]").prop_map(|(first, rest, last)| format!("{first}{rest}{last}"))
}

/// A number as it may be written: its text is what has to arrive.
pub(crate) fn number_between_0_and_1() -> impl Strategy<Value = String> {
    prop::sample::select(&["0.7", "0.70", "1e-3", "5E-1", "0.25", "0.123456789012345678"][..])
        .prop_map(str::to_owned)
}

/// A tool's name: usual, long, and of letters that suppliers refuse.
pub(crate) fn any_tool_name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-z][a-z_]{0,12}",
        1 => "[a-z]{100,120}",
        1 => "[a-z]{1,5}[./-][a-z]{1,5}",
        1 => "[0-9][a-z]{1,5}",
        1 => "[a-zé]{1,5} [a-z]{1,5}",
    ]
}

/// The JSON object that a tool is called with, as a model wrote it: with blanks and in an order of its own.
pub(crate) fn any_arguments() -> impl Strategy<Value = Bytes> {
    let whole = prop_oneof![
        3 => Just(String::from("{}")),
        8 => prop::collection::vec((some_text(), any_json()), 1..4).prop_map(|members| {
            let members = members.into_iter().enumerate();
            let written = members.map(|(place, (name, value))| format!("{}: {value}", quoted(&format!("{place}{name}"))));
            format!("{{{}}}", written.collect::<Vec<_>>().join(", "))
        }),
    ];
    whole.prop_map(Bytes::from)
}

/// A JSON value that no reader may write anew.
fn any_json() -> impl Strategy<Value = String> {
    let numbers = &[
        "0.7",
        "0.70",
        "1e-3",
        "-0",
        "9007199254740993",
        "18446744073709551615",
        "-9223372036854775808",
        "1.0",
        "123456789012345678901234567890",
    ][..];
    let leaf = prop_oneof![
        prop::sample::select(numbers).prop_map(str::to_owned),
        prop::sample::select(&["null", "true", "false", "\"\\u00e9\\/\"", "{ }", "[ ]"][..])
            .prop_map(str::to_owned),
        any_text().prop_map(|text| quoted(&text)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|all| format!("[{}]", all.join(" ,"))),
            inner.prop_map(|value| format!("{{\"b\":{value},\"a\" : 1}}")),
        ]
    })
}

/// A JSON schema, as its author wrote it.
pub(crate) fn any_schema() -> impl Strategy<Value = Bytes> {
    let schemas = &[
        r#"{"type":"object","properties":{}}"#,
        r#"{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"integer"}},"required":["b"]}"#,
        r#"{ "type":"object", "properties":{"n":{"type":"number","description":"größer than \"0.70\""}} }"#,
        r#"{"type":"object","properties":{"list":{"type":"array","items":{"type":"string","enum":["x","y"]}}}}"#,
    ][..];
    prop::sample::select(schemas).prop_map(|schema| Bytes::from_static(schema.as_bytes()))
}

/// The text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string is JSON")
}

/// The text in pieces, cut between characters at these places.
pub(crate) fn cut<'t>(text: &'t str, places: &[prop::sample::Index]) -> Vec<&'t str> {
    let offsets: Vec<usize> = text.char_indices().map(|(offset, _)| offset).chain([text.len()]).collect();
    let mut ends: Vec<usize> = places.iter().map(|place| *place.get(&offsets)).collect();
    ends.extend([0, text.len()]);
    ends.sort_unstable();
    ends.windows(2).map(|ends| &text[ends[0]..ends[1]]).filter(|piece| !piece.is_empty()).collect()
}
