//! What is written and read again says the same, or what it does not say is named.

use proptest::prelude::*;

use super::*;
use crate::conversation::{Grammar, Media, MediaKind, Sampling, Text, ToolCall, ToolResult, WebSearch};

fn words() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("text without a word is left out", |text| !text.is_empty())
}

fn mark() -> impl Strategy<Value = Option<CacheMark>> {
    prop_oneof![4 => Just(None), 1 => Just(Some(CacheMark::Short)), 1 => Just(Some(CacheMark::Hour))]
}

fn media() -> impl Strategy<Value = Media> {
    let base64 = "([A-Za-z0-9+/]{4}){0,4}".prop_map(|data| MediaSource::Base64(data.into()));
    let url = "https://[a-z]{1,9}/[a-z]{1,9}".prop_map(MediaSource::Url);
    let held = "file-[a-z]{1,9}".prop_map(MediaSource::Held);
    let source = prop_oneof![base64, url, held];
    (source, any::<bool>(), proptest::option::of("low|high")).prop_map(|(source, is_image, detail)| {
        let is_data = matches!(source, MediaSource::Base64(_));
        let (kind, media_type) =
            if is_image { (MediaKind::Image, "image/png") } else { (MediaKind::Document, "application/pdf") };
        Media {
            kind,
            media_type: is_data.then(|| media_type.into()),
            source,
            name: None,
            detail,
            about: None,
        }
    })
}

fn asked() -> impl Strategy<Value = Block> {
    let content = prop_oneof![2 => words().prop_map(Content::text), 1 => media().prop_map(Content::Media)];
    (content, mark()).prop_map(|(content, cache)| Block { content, cache })
}

fn input() -> impl Strategy<Value = ToolInput> {
    prop_oneof![
        any::<String>().prop_map(ToolInput::Text),
        any::<String>().prop_map(|text| ToolInput::Arguments(
            json!({"a": text, "n": 9_007_199_254_740_993_u64}).to_string().into()
        )),
    ]
}

fn answered() -> impl Strategy<Value = Block> {
    let proof = || any::<String>().prop_filter("an empty proof is none", |text| !text.is_empty());
    let proof = move || proof().prop_map(|text| Opaque::new(PROTOCOL, "encrypted_content", text));
    prop_oneof![
        words().prop_map(Content::text),
        words().prop_map(Content::Refusal),
        ("[a-z]{1,64}", "[a-zA-Z0-9_-]{1,64}", input())
            .prop_map(|(id, name, input)| Content::ToolCall(ToolCall { id, name, input, proof: None })),
        (any::<String>(), proof(), any::<bool>()).prop_map(|(text, proof, is_summary)| {
            // A thought without a word is as good as a summary without one.
            let is_summary = is_summary || text.is_empty();
            Content::Reasoning(Reasoning { text, proof: Some(proof), is_summary })
        }),
        Just(Content::Opaque(Opaque::new(PROTOCOL, "mcp_call", r#"{"type":"mcp_call","id":"1"}"#))),
    ]
    .prop_map(Block::from)
}

fn result() -> impl Strategy<Value = Block> {
    let blocks = proptest::collection::vec(asked(), 0..3);
    ("[a-z]{1,64}", blocks, any::<bool>()).prop_map(|(call_id, blocks, is_custom)| {
        Content::ToolResult(ToolResult { call_id, name: None, blocks, is_error: false, is_custom }).into()
    })
}

fn turn() -> impl Strategy<Value = Turn> {
    let of = |role| move |blocks| Turn { role, name: None, blocks };
    prop_oneof![
        proptest::collection::vec(asked(), 1..4).prop_map(of(Role::User)),
        proptest::collection::vec(asked(), 1..3).prop_map(of(Role::System)),
        proptest::collection::vec(answered(), 1..6).prop_map(of(Role::Assistant)),
        proptest::collection::vec(result(), 1..4).prop_map(of(Role::User)),
    ]
}

fn tool() -> impl Strategy<Value = Tool> {
    let name = || "[a-zA-Z0-9_-]{1,64}";
    prop_oneof![
        (
            name(),
            proptest::option::of(any::<String>()),
            any::<bool>(),
            proptest::option::of(Just("{\"b\": 1.50}"))
        )
            .prop_map(|(name, description, strict, schema)| {
                let schema = schema.map(Into::into);
                Tool::Function(Function { name, description, schema, strict: Some(strict), cache: None })
            }),
        (name(), proptest::option::of(any::<String>())).prop_map(|(name, definition)| {
            let grammar = definition.map(|definition| Grammar { syntax: "lark".into(), definition });
            Tool::Custom { name, description: None, grammar }
        }),
        Just(Tool::Supplied(Opaque::new(PROTOCOL, "shell", r#"{"type":"shell"}"#))),
        Just(Tool::Search(Box::new(WebSearch::new(
            "web_search",
            Opaque::new(PROTOCOL, "web_search", r#"{"type":"web_search"}"#)
        )))),
    ]
}

fn format() -> impl Strategy<Value = OutputFormat> {
    let schema = (words(), proptest::option::of(words()), proptest::option::of(any::<bool>()));
    prop_oneof![
        Just(OutputFormat::Text),
        Just(OutputFormat::Json),
        schema.prop_map(|(name, description, strict)| OutputFormat::Schema {
            name: Some(name),
            description,
            schema: r#"{"n": 12345678901234567890123}"#.into(),
            strict
        }),
    ]
}

fn settings() -> impl Strategy<Value = Request> {
    let effort = prop_oneof![
        Just(None),
        Just(Some(Effort::Off)),
        "minimal|low|xhigh".prop_map(|word| Some(Effort::Named(word)))
    ];
    let number = || proptest::option::of("0\\.[0-9]{1,20}");
    let sampling =
        (number(), number(), proptest::option::of(0_u32..20)).prop_map(|(temperature, top_p, logprobs)| {
            Sampling { temperature, top_p, logprobs, ..Sampling::default() }
        });
    let flags = (any::<bool>(), proptest::option::of(any::<bool>()), any::<bool>());
    let words = (
        proptest::option::of(any::<String>()),
        proptest::collection::vec(("[a-z]{1,5}", any::<String>()), 0..3),
    );
    (effort, sampling, flags, words, format(), proptest::option::of(any::<u64>())).prop_map(
        |(effort, sampling, (stream, parallel_tools, shows), (user, metadata), format, max_tokens)| {
            let shows_reasoning = (shows && effort != Some(Effort::Off)).then_some(true);
            Request {
                parallel_tools,
                format,
                effort,
                shows_reasoning,
                max_tokens,
                sampling,
                stream,
                stream_usage: true,
                user,
                metadata,
                ..Request::default()
            }
        },
    )
}

/// What turns say, however they are cut: what a model says in a row is one turn of its, and so are results.
fn said(turns: &[Turn]) -> Vec<(Role, Block)> {
    let flat = turns.iter().flat_map(|turn| turn.blocks.iter().map(|block| (turn.role, block.clone())));
    flat.collect()
}

proptest! {
    #[test]
    fn a_request_comes_back(
        settings in settings(), turns in proptest::collection::vec(turn(), 0..6),
        tools in proptest::collection::vec(tool(), 0..4), choice in 0_usize..4,
    ) {
        let named = tools.first().map_or(ToolChoice::Unsaid, |tool| ToolChoice::Named(tool.name().to_owned()));
        let tool_choice = [ToolChoice::Unsaid, ToolChoice::Any, ToolChoice::None, named][choice].clone();
        let request = Request { turns, tools, tool_choice, ..settings };
        let encoded = encode(&request, &target()).unwrap();
        prop_assert_eq!(&encode(&request, &target()).unwrap(), &encoded, "the same bytes each time");
        let found = decode(&encoded.body).unwrap();
        prop_assert_eq!(said(&found.turns), said(&request.turns));
        prop_assert_eq!(&encoded.losses, &vec![]);
        prop_assert_eq!(Request { turns: vec![], ..found }, Request { turns: vec![], ..request });
    }

    #[test]
    fn no_bytes_make_it_panic(
        at in any::<prop::sample::Index>(), with in any::<u8>(), cut in any::<prop::sample::Index>(), noise in any::<Vec<u8>>(),
    ) {
        let mut body = include_bytes!("codex.json").to_vec();
        let at = at.index(body.len());
        body[at] = with;
        let _ = decode(&body);
        body.truncate(cut.index(body.len()));
        let _ = decode(&body);
        let _ = decode(&noise);
    }

    /// A member that is taken out, or nothing, or of another type, is refused or read; never more.
    #[test]
    fn no_odd_value_makes_it_panic(at in any::<prop::sample::Index>(), odd in 0_usize..7) {
        let mut body: Value = serde_json::from_slice(include_bytes!("codex.json")).unwrap();
        let mut places = Vec::new();
        walk(&body, String::new(), &mut places);
        let place = &places[at.index(places.len())];
        *body.pointer_mut(place).unwrap() =
            [json!(null), json!(3), json!("x"), json!([]), json!({}), json!([[null]]), json!(true)][odd].clone();
        let _ = decode(body.to_string().as_bytes());
    }
}

fn walk(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| walk(value, format!("{place}/{name}"), places));
        }
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(at, value)| walk(value, format!("{place}/{at}"), places));
        }
        _ => {}
    }
    places.push(place);
}

#[test]
fn text_keeps_what_is_known_about_it() {
    use crate::conversation::{Citation, Logprob, TokenLogprob};
    let token = |token: &str| Logprob {
        token: token.into(),
        logprob: "-0.50".into(),
        bytes: Some(token.as_bytes().to_vec()),
    };
    let text = Text {
        text: "so".into(),
        citations: vec![Citation {
            url: Some("https://x".into()),
            title: Some("X".into()),
            range: Some((0, 2)),
            quote: None,
            place: None,
        }],
        logprobs: vec![TokenLogprob { chosen: token("so"), top: vec![token("so"), token("no")] }],
        proof: None,
    };
    let turns = vec![Turn { role: Role::Assistant, name: None, blocks: vec![Content::Text(text).into()] }];
    let request = Request { turns, stream_usage: true, ..Request::default() };
    let encoded = encode(&request, &target()).unwrap();
    assert_eq!(encoded.losses, []);
    assert_eq!(decode(&encoded.body).unwrap(), request);
}
