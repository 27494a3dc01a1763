//! Any conversation, for properties.

use bytes::Bytes;
use catalogue::Protocol;
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;

use crate::conversation::{
    Block, CacheMark, Citation, Content, Effort, Function, Grammar, Logprob, Media, MediaKind, MediaSource,
    Opaque, OutputFormat, Reasoning, Request, Role, Sampling, Text, TokenLogprob, Tool, ToolCall, ToolChoice,
    ToolInput, ToolResult, Turn, WebSearch,
};
use crate::testing::deceitful_text;

/// Text that is not empty.
pub(in super::super) fn text() -> impl Strategy<Value = String> {
    deceitful_text()
}

/// A JSON object whose text is its own: large numbers, escapes, blanks.
pub(in super::super) fn object() -> impl Strategy<Value = Bytes> {
    let value = prop_oneof![
        text().prop_map(|text| serde_json::to_string(&text).unwrap()),
        proptest::sample::select(
            &["9007199254740993", "0.70", "1e2", "null", "[1, {}]", r#""\u2028\/""#][..]
        )
        .prop_map(str::to_owned),
    ];
    vec(("[a-z]{1,4}", value), 0..4).prop_map(|members| {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("{name:?} : {value}")).collect();
        format!("{{{}}}", members.join(", ")).into()
    })
}

fn mark() -> impl Strategy<Value = Option<CacheMark>> {
    weighted(0.2, prop_oneof![Just(CacheMark::Short), Just(CacheMark::Hour)])
}

/// What anybody made, of any kind.
pub(in super::super) fn opaque() -> impl Strategy<Value = Opaque> {
    (0..Protocol::ALL.len(), of("[a-z]{1,5}"), "[a-z_]{1,9}", any::<String>()).prop_map(
        |(at, owner, kind, data)| Opaque {
            protocol: Protocol::ALL[at],
            owner: owner.map(Into::into),
            kind: kind.into(),
            data,
        },
    )
}

/// What proves an entry to the supplier that made it.
fn entry(kind: &'static str) -> impl Strategy<Value = Opaque> {
    "[a-zA-Z0-9]{1,9}".prop_map(move |signature| {
        let json = format!(r#"{{"type":"{kind}","format":"f","signature":"{signature}"}}"#);
        Opaque::new(Protocol::OpenaiChat, "reasoning_details", json)
    })
}

/// Reasoning of anybody.
pub(in super::super) fn reasoning() -> impl Strategy<Value = Reasoning> {
    let shown = (text(), of(opaque()), any::<bool>()).prop_map(|(text, proof, is_summary)| Reasoning {
        text,
        proof,
        is_summary,
    });
    let hidden = (opaque(), any::<bool>()).prop_map(|(proof, is_summary)| Reasoning {
        text: String::new(),
        proof: Some(proof),
        is_summary,
    });
    prop_oneof![3 => shown, 1 => hidden]
}

pub(in super::super) fn call(
    proof: impl Strategy<Value = Option<Opaque>>,
) -> impl Strategy<Value = ToolCall> {
    let input = prop_oneof![
        3 => object().prop_map(ToolInput::Arguments),
        1 => text().prop_map(ToolInput::Text),
    ];
    ("[a-z0-9]{8}", "[a-z_]{1,9}", input, proof).prop_map(|(id, name, input, proof)| ToolCall {
        id,
        name,
        input,
        proof,
    })
}

/// Calls have ids of their own.
pub(in super::super) fn numbered(blocks: &mut [Block], from: usize) {
    let calls = blocks.iter_mut().filter_map(|block| match &mut block.content {
        Content::ToolCall(call) => Some(call),
        _ => None,
    });
    for (number, call) in calls.enumerate() {
        call.id = format!("call_{}", from + number);
    }
}

fn base64() -> impl Strategy<Value = MediaSource> {
    vec(any::<u8>(), 1..9).prop_map(|bytes| {
        use base64::Engine;
        MediaSource::Base64(base64::engine::general_purpose::STANDARD.encode(bytes).into())
    })
}

fn media() -> impl Strategy<Value = Media> {
    let image = (
        prop_oneof![base64(), "[a-z]{1,5}".prop_map(|path| MediaSource::Url(format!("https://x/{path}")))],
        of(Just("high".to_owned())),
    )
        .prop_map(|(source, detail)| {
            let media_type = matches!(source, MediaSource::Base64(_)).then(|| "image/png".into());
            Media { kind: MediaKind::Image, media_type, source, name: None, detail, about: None }
        });
    let named = |kind, media_type: &'static str, name: Option<&'static str>| {
        base64().prop_map(move |source| Media {
            kind,
            media_type: Some(media_type.into()),
            source,
            name: name.map(str::to_owned),
            detail: None,
            about: None,
        })
    };
    prop_oneof![
        image,
        named(MediaKind::Audio, "audio/wav", None),
        named(MediaKind::Audio, "audio/mpeg", None),
        named(MediaKind::Document, "application/pdf", Some("a.pdf")),
    ]
}

fn text_block() -> impl Strategy<Value = Block> {
    (text(), mark()).prop_map(|(text, cache)| Block { content: Content::text(text), cache })
}

fn user_turn() -> impl Strategy<Value = Turn> {
    let media = (media(), mark()).prop_map(|(media, cache)| Block { content: Content::Media(media), cache });
    let blocks = vec(prop_oneof![3 => text_block(), 1 => media], 0..4);
    (blocks, of("[a-z]{1,5}")).prop_map(|(blocks, name)| Turn { role: Role::User, name, blocks })
}

/// What an assistant said that the target takes back, and what its tools answered.
fn exchange() -> impl Strategy<Value = Vec<Turn>> {
    let kinds = proptest::sample::select(&["reasoning.text", "reasoning.summary"][..]);
    let reasoning = kinds.prop_flat_map(|kind| {
        (text(), entry(kind)).prop_map(move |(text, proof)| {
            Content::Reasoning(Reasoning {
                text,
                proof: Some(proof),
                is_summary: kind == "reasoning.summary",
            })
        })
    });
    let signature =
        "[a-zA-Z0-9]{1,9}".prop_map(|text| Opaque::new(Protocol::OpenaiChat, "thought_signature", text));
    let call = (call(of(signature)), mark())
        .prop_map(|(call, cache)| Block { content: Content::ToolCall(call), cache });
    let result = (vec(text_block(), 0..3), mark());
    // No refusals: they are said as text.
    (of(reasoning), of(text_block()), vec((call, result), 0..4)).prop_map(|(reasoning, text, calls)| {
        let mut blocks: Vec<Block> = reasoning.map(Block::from).into_iter().chain(text).collect();
        let mut results = Vec::new();
        for (call, (said, cache)) in calls {
            let Content::ToolCall(called) = &call.content else { unreachable!("these are calls") };
            let result = ToolResult {
                call_id: called.id.clone(),
                name: None,
                blocks: said,
                is_error: false,
                is_custom: matches!(called.input, ToolInput::Text(_)),
            };
            results.push(Turn {
                role: Role::User,
                name: None,
                blocks: vec![Block { content: Content::ToolResult(result), cache }],
            });
            blocks.push(call);
        }
        let mut turns = vec![Turn { role: Role::Assistant, name: None, blocks }];
        turns.extend(results);
        turns
    })
}

fn tools() -> impl Strategy<Value = (Vec<Tool>, ToolChoice)> {
    let function = ("[a-z]{1,9}", of(text()), of(object()), of(any::<bool>()), mark()).prop_map(
        |(name, description, schema, strict, cache)| {
            Tool::Function(Function { name, description, schema, strict, cache })
        },
    );
    let custom = ("[A-Z]{1,9}", of(text()), any::<bool>()).prop_map(|(name, description, has_grammar)| {
        let grammar = Grammar { syntax: "regex".into(), definition: "[a\\]\n\u{2028}".into() };
        Tool::Custom { name, description, grammar: Some(grammar).filter(|_| has_grammar) }
    });
    let supplied = Just({
        let written = r#"{"search_context_size": "low"}"#;
        let written = Opaque::new(Protocol::OpenaiChat, "web_search_options", written);
        let depth = Some("low".to_owned());
        Tool::Search(Box::new(WebSearch { depth, ..WebSearch::new("web_search_options", written) }))
    });
    (weighted(0.1, supplied), vec(prop_oneof![3 => function, 1 => custom], 1..4), 0..5_usize).prop_map(
        |(supplied, listed, choice)| {
            let choice = match choice {
                0 => ToolChoice::Unsaid,
                1 => ToolChoice::Auto,
                2 => ToolChoice::None,
                3 => ToolChoice::Any,
                _ => ToolChoice::Named(listed[0].name().to_owned()),
            };
            (supplied.into_iter().chain(listed).collect(), choice)
        },
    )
}

fn format() -> impl Strategy<Value = OutputFormat> {
    prop_oneof![
        Just(OutputFormat::Text),
        Just(OutputFormat::Json),
        ("[a-z]{1,5}", of(text()), object(), of(any::<bool>())).prop_map(
            |(name, description, schema, strict)| {
                OutputFormat::Schema { name: Some(name), description, schema, strict }
            }
        ),
    ]
}

fn sampling() -> impl Strategy<Value = Sampling> {
    let number = || of(proptest::sample::select(&["0.70", "1", "-2.0e-1"][..]).prop_map(str::to_owned));
    (number(), number(), of(Just("9007199254740993".to_owned())), number(), number(), of(0_u32..20)).prop_map(
        |(temperature, top_p, seed, frequency_penalty, presence_penalty, logprobs)| Sampling {
            temperature,
            top_p,
            top_k: None,
            seed,
            frequency_penalty,
            presence_penalty,
            logprobs,
        },
    )
}

/// A request that Chat Completions can say without loss to the target of the tests.
pub(in super::super) fn request() -> impl Strategy<Value = Request> {
    let system = (vec(text_block(), 1..3), of("[a-z]{1,5}"))
        .prop_map(|(blocks, name)| vec![Turn { role: Role::System, name, blocks }]);
    let said = prop_oneof![1 => system, 2 => user_turn().prop_map(|turn| vec![turn]), 2 => exchange()];
    let words = proptest::sample::select(&["minimal", "low", "max"][..]);
    let effort = prop_oneof![Just(Effort::Off), words.prop_map(|word| Effort::Named(word.to_owned()))];
    let limits = (of(1_u64..9), vec(text(), 0..3), of(2_u32..5), of(text()), any::<bool>());
    (vec(said, 0..5), of(tools()), format(), of(effort), limits, sampling(), of(any::<bool>())).prop_map(
        |(turns, tools, format, effort, (max_tokens, stop, choices, user, stream), sampling, parallel)| {
            let mut turns: Vec<Turn> = turns.concat();
            renumber(&mut turns);
            let parallel_tools = parallel.filter(|_| tools.is_some());
            let (tools, tool_choice) = tools.unwrap_or_default();
            Request {
                turns,
                tools,
                tool_choice,
                parallel_tools,
                format,
                effort,
                shows_reasoning: None,
                max_tokens,
                sampling,
                stop,
                choices,
                stream,
                stream_usage: stream,
                user,
                ..Request::default()
            }
        },
    )
}

/// Gives every call of a conversation, and what answers it, an id of its own.
fn renumber(turns: &mut [Turn]) {
    let mut number = 0;
    let mut calls = std::collections::VecDeque::new();
    for block in turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        match &mut block.content {
            Content::ToolCall(call) => {
                number += 1;
                call.id = format!("call_{number}");
                calls.push_back(call.id.clone());
            }
            Content::ToolResult(result) => result.call_id = calls.pop_front().unwrap(),
            _ => {}
        }
    }
}

fn logprob() -> impl Strategy<Value = Logprob> {
    (
        any::<String>(),
        proptest::sample::select(&["-0.0", "-31.25", "-9999.0"][..]),
        of(vec(any::<u8>(), 0..4)),
    )
        .prop_map(|(token, logprob, bytes)| Logprob { token, logprob: logprob.to_owned(), bytes })
}

/// An answer's text, with what is known about it; places are within it.
pub(in super::super) fn cited_text() -> impl Strategy<Value = Text> {
    let citation = (of("[a-z]{1,5}"), of(text()), (0_u64..5, 0_u64..5)).prop_map(|(title, quote, range)| {
        Citation { url: Some("https://x".into()), title, quote, range: Some(range), place: None }
    });
    let token = (logprob(), vec(logprob(), 0..3)).prop_map(|(chosen, top)| TokenLogprob { chosen, top });
    (text(), vec(citation, 0..3), vec(token, 0..3), of(opaque()))
        .prop_map(|(text, citations, logprobs, proof)| Text { text, citations, logprobs, proof })
}

/// The same request, with all that proves something in it made by the account `owner`.
pub(in super::super) fn owned(mut request: Request, owner: &str) -> Request {
    for block in request.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        let proof = match &mut block.content {
            Content::Reasoning(reasoning) => &mut reasoning.proof,
            Content::ToolCall(call) => &mut call.proof,
            Content::Text(text) => &mut text.proof,
            _ => continue,
        };
        if let Some(proof) = proof {
            proof.owner = Some(owner.into());
        }
    }
    request
}

/// The same request with texts that stand alone in a message, unmarked, put together as they are said.
pub(in super::super) fn joined(mut request: Request) -> Request {
    for turn in &mut request.turns {
        join(&mut turn.blocks);
        for block in &mut turn.blocks {
            if let Content::ToolResult(result) = &mut block.content {
                join(&mut result.blocks);
            }
        }
    }
    request
}

fn join(blocks: &mut Vec<Block>) {
    let plain = |block: &Block| match &block.content {
        Content::Text(text) if block.cache.is_none() => Some(text.text.clone()),
        _ => None,
    };
    if let Some(texts) = blocks.iter().map(plain).collect::<Option<Vec<String>>>()
        && texts.len() > 1
    {
        *blocks = vec![Content::text(texts.join("\n\n")).into()];
    }
}
