//! Neutral requests and answers, drawn.

use std::sync::Arc;

use catalogue::{Capabilities, Protocol, Quirks, Usage};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::conversation::{
    Answer, Block, CacheMark, Choice, Citation, Content, Effort, FinishReason, Function, Media, MediaKind,
    MediaSource, Opaque, OutputFormat, Reasoning, ReplyContext, Request, Role, Sampling, Target, Text, Tool,
    ToolCall, ToolChoice, ToolInput, ToolResult, Turn, WebSearch,
};

pub(in crate::anthropic_messages) const OWNER: &str = "account";

pub(in crate::anthropic_messages) fn target() -> Target<'static> {
    Target {
        model: "claude",
        owner: OWNER,
        max_output: Some(64_000),
        capabilities: Capabilities::default(),
        quirks: Quirks::NONE,
        refuses: &[],
        stream_usage: true,
        betas: &[],
        may_drop: &[],
    }
}

pub(in crate::anthropic_messages) fn about() -> ReplyContext {
    ReplyContext {
        request_id: "01jd".into(),
        created_unix_s: 1,
        model: "asked".into(),
        estimated_input_tokens: 77,
        request: Arc::default(),
        previous: None,
    }
}

/// A text that says something.
pub(in crate::anthropic_messages) fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z\"\\\\ ]{0,9}[a-z]",
        1 => any::<String>().prop_filter("blank", |text| !text.trim().is_empty()),
        1 => Just("a\u{2028}b\r\nc{\"x\":1}".to_owned()),
    ]
}

fn mark() -> impl Strategy<Value = Option<CacheMark>> {
    option::weighted(0.1, proptest::sample::select(&[CacheMark::Short, CacheMark::Hour][..]))
}

fn plain(text: String) -> Content {
    Content::text(text)
}

fn marked(content: impl Strategy<Value = Content>) -> impl Strategy<Value = Block> {
    (content, mark()).prop_map(|(content, cache)| Block { content, cache })
}

fn media() -> impl Strategy<Value = Content> {
    let image = prop_oneof![
        Just((Some("image/png"), MediaSource::Base64("iVBORw0KGgo=".into()))),
        Just((None, MediaSource::Url("https://x/y.png".into()))),
        Just((None, MediaSource::Held("file_1".into()))),
    ];
    let document = prop_oneof![
        Just((Some("application/pdf"), MediaSource::Base64("JVBERi0=".into()))),
        words().prop_map(|text| (Some("text/plain"), MediaSource::Text(text))),
        Just((None, MediaSource::Url("http://x/y".into()))),
    ];
    let image =
        (image, option::of(Just("high".to_owned()))).prop_map(|((media_type, source), detail)| Media {
            kind: MediaKind::Image,
            media_type: media_type.map(Arc::from),
            source,
            name: None,
            detail,
            about: None,
        });
    let document = (document, option::of("[a-z.]{1,9}")).prop_map(|((media_type, source), name)| Media {
        kind: MediaKind::Document,
        media_type: media_type.map(Arc::from),
        source,
        name,
        detail: None,
        about: None,
    });
    prop_oneof![image, document].prop_map(Content::Media)
}

/// Arguments as models write them: their own spacing, numbers beyond what a float holds.
pub(in crate::anthropic_messages) fn arguments() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{}".to_owned()),
        Just(r#"{ "a" : 9007199254740993, "b":1.50}"#.to_owned()),
        words().prop_map(|text| format!("{{\"text\":{}}}", serde_json::to_string(&text).unwrap())),
    ]
}

fn thought(proofs: impl Strategy<Value = Option<Opaque>> + 'static) -> impl Strategy<Value = Content> {
    (words(), proofs).prop_map(|(text, proof)| {
        let text =
            if proof.as_ref().is_some_and(|proof| proof.kind == "redacted") { String::new() } else { text };
        Content::Reasoning(Reasoning { text, proof, is_summary: false })
    })
}

/// A proof as this dialect's clients give it back.
fn own_proof() -> impl Strategy<Value = Opaque> {
    let kind = proptest::sample::select(&["signature", "redacted"][..]);
    (kind, "[A-Za-z0-9+/]{1,9}").prop_map(|(kind, data)| Opaque::new(Protocol::AnthropicMessages, kind, data))
}

/// A proof of any maker.
pub(in crate::anthropic_messages) fn foreign_proof() -> impl Strategy<Value = Opaque> {
    const MAKERS: [(Protocol, &str); 3] = [
        (Protocol::Gemini, "thought_signature"),
        (Protocol::OpenaiResponses, "encrypted_content"),
        (Protocol::BedrockConverse, "signature"),
    ];
    (proptest::sample::select(&MAKERS[..]), any::<String>()).prop_map(|((protocol, kind), data)| Opaque {
        owner: Some("elsewhere".into()),
        ..Opaque::new(protocol, kind, data)
    })
}

fn block_of_its_own() -> impl Strategy<Value = Content> {
    Just(Content::Opaque(Opaque::new(
        Protocol::AnthropicMessages,
        "server_tool_use",
        r#"{"type":"server_tool_use", "id":"srvtoolu_1","name":"web_search","input":{"query":"x"}}"#,
    )))
}

/// What the user says, without results.
fn user_blocks() -> impl Strategy<Value = Vec<Block>> {
    vec(marked(prop_oneof![3 => words().prop_map(plain), 1 => media()]), 1..3)
}

/// A turn of the model's and the results that it asks for; calls are numbered from `first`.
fn round() -> impl Strategy<Value = (Vec<Block>, Vec<Block>)> {
    let result = (
        vec(prop_oneof![3 => words().prop_map(plain), 1 => media()].prop_map(Block::from), 0..3),
        any::<bool>(),
    );
    let call = (arguments(), result, mark(), mark());
    let said = prop_oneof![
        3 => marked(words().prop_map(plain)),
        1 => marked(block_of_its_own()),
        2 => thought(own_proof().prop_map(Some)).prop_map(Block::from),
    ];
    (vec(said, 0..4), vec(call, 0..3), words()).prop_map(|(mut said, calls, last)| {
        let mut results = Vec::new();
        // A turn ends in something that is no thought.
        if calls.is_empty() {
            said.push(plain(last).into());
        }
        for (arguments, (blocks, is_error), mark, result_mark) in calls {
            let input = ToolInput::Arguments(arguments.into());
            let call = ToolCall { id: String::new(), name: "f".into(), input, proof: None };
            said.push(Block { content: Content::ToolCall(call), cache: mark });
            let is_error = is_error && blocks.iter().all(|block| matches!(block.content, Content::Text(_)));
            let result =
                ToolResult { call_id: String::new(), name: None, blocks, is_error, is_custom: false };
            results.push(Block { content: Content::ToolResult(result), cache: result_mark });
        }
        (said, results)
    })
}

/// Gives every call of a conversation an id of its own, and its result the same.
fn numbered(turns: &mut [Turn]) {
    let (mut calls, mut results) = (0, 0);
    for block in turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        match &mut block.content {
            Content::ToolCall(call) => {
                call.id = format!("toolu_{calls}");
                calls += 1;
            }
            Content::ToolResult(result) => {
                result.call_id = format!("toolu_{results}");
                results += 1;
            }
            _ => {}
        }
    }
}

fn turn(role: Role, blocks: Vec<Block>) -> Turn {
    Turn { role, name: None, blocks }
}

/// A conversation in the order that the dialect has.
pub(in crate::anthropic_messages) fn conversation() -> impl Strategy<Value = Vec<Turn>> {
    let system = vec(marked(words().prop_map(plain)), 0..3);
    (system, user_blocks(), vec((round(), user_blocks()), 0..4)).prop_map(|(system, first, rounds)| {
        let mut turns = Vec::new();
        if !system.is_empty() {
            turns.push(turn(Role::System, system));
        }
        turns.push(turn(Role::User, first));
        for ((said, mut results), more) in rounds {
            turns.push(turn(Role::Assistant, said));
            results.extend(more);
            turns.push(turn(Role::User, results));
        }
        numbered(&mut turns);
        turns
    })
}

fn tools() -> impl Strategy<Value = Vec<Tool>> {
    let schema = proptest::sample::select(
        &[
            r#"{"type":"object","properties":{}}"#,
            r#"{ "type":"object","properties":{"b":{"maximum":9007199254740993}}}"#,
        ][..],
    );
    let function = ("[a-z_]{1,9}", option::of(words()), schema, option::of(Just(true)), mark());
    let function = function.prop_map(|(name, description, schema, strict, cache)| {
        Tool::Function(Function { name, description, schema: Some(schema.into()), strict, cache })
    });
    let written = r#"{"type":"web_search_20250305","name":"web_search", "max_uses":5}"#;
    let written = Opaque::new(Protocol::AnthropicMessages, "web_search_20250305", written);
    let search = WebSearch { most: Some(5), ..WebSearch::new("web_search", written) };
    let code = r#"{"type":"code_execution_20250825", "name":"code_execution"}"#;
    let code = Tool::Supplied(Opaque::new(Protocol::AnthropicMessages, "code_execution_20250825", code));
    let supplied = proptest::sample::select(vec![Tool::Search(Box::new(search)), code]);
    vec(prop_oneof![4 => function, 1 => supplied], 1..4)
}

fn format() -> impl Strategy<Value = OutputFormat> {
    let schema = option::of("[a-z]{1,5}").prop_map(|name| OutputFormat::Schema {
        name,
        description: None,
        schema: r#"{"type":"object", "properties":{"n":{"const":1.0}}}"#.into(),
        strict: Some(true),
    });
    prop_oneof![3 => Just(OutputFormat::Text), 1 => Just(OutputFormat::Json), 2 => schema]
}

fn number(choices: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    option::weighted(0.3, proptest::sample::select(choices).prop_map(str::to_owned))
}

fn sampling() -> impl Strategy<Value = Sampling> {
    (
        number(&["0", "0.70", "1", "1.3"]),
        number(&["1", "0.99", "0.5"]),
        number(&["40"]),
        number(&["7"]),
        number(&["0", "0.5"]),
    )
        .prop_map(|(temperature, top_p, top_k, seed, frequency_penalty)| Sampling {
            temperature,
            top_p,
            top_k,
            seed,
            frequency_penalty,
            ..Sampling::default()
        })
}

fn effort() -> impl Strategy<Value = Option<Effort>> {
    let word = proptest::sample::select(&["minimal", "low", "high", "max", "odd"][..]);
    option::of(prop_oneof![
        Just(Effort::Off),
        Just(Effort::Auto),
        word.prop_map(|word| Effort::Named(word.into())),
        (1_u64..70_000).prop_map(Effort::Budget),
    ])
}

/// A request in the order that the dialect has, with anything in it.
pub(in crate::anthropic_messages) fn request() -> impl Strategy<Value = Request> {
    let tools = (tools(), 0..5_usize, option::of(any::<bool>()));
    let limits = (effort(), option::of(any::<bool>()), option::of(1100_u64..100_000), any::<bool>());
    let rest =
        (sampling(), vec(prop_oneof![3 => words(), 1 => Just("\n".to_owned())], 0..3), option::of(words()));
    (conversation(), tools, format(), limits, rest).prop_map(|(turns, tools, format, limits, rest)| {
        let (tools, choice, parallel_tools) = tools;
        let tool_choice = match choice {
            0 => ToolChoice::Unsaid,
            1 => ToolChoice::Auto,
            2 => ToolChoice::None,
            3 => ToolChoice::Any,
            _ => ToolChoice::Named(tools[0].name().to_owned()),
        };
        let (effort, shows_reasoning, max_tokens, stream) = limits;
        let (sampling, stop, user) = rest;
        Request {
            turns,
            tools,
            tool_choice,
            parallel_tools,
            format,
            effort,
            shows_reasoning,
            max_tokens,
            sampling,
            stop,
            stream,
            stream_usage: true,
            user,
            ..Request::default()
        }
    })
}

fn citation() -> impl Strategy<Value = Citation> {
    let place = (
        option::weighted(0.8, "https://[a-z]{1,5}"),
        option::of(words()),
        option::of(words()),
        option::of((0..9_u64, 9..20_u64)),
    );
    place.prop_map(|(url, title, quote, range)| Citation { url, title, quote, range, place: None })
}

pub(in crate::anthropic_messages) fn usage() -> impl Strategy<Value = Usage> {
    (1..1000_u64, 0..1000_u64, 0..50_u64, 0..50_u64, (1..1000_u64, 0..500_u64, 0..3_u64)).prop_map(
        |(
            input_uncached,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            (output_text, reasoning, tool_requests),
        )| Usage {
            input_uncached,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            output_text,
            reasoning,
            tool_requests,
            ..Usage::default()
        },
    )
}

/// An answer's blocks. `proofs` are of thoughts, `call_proofs` of calls and texts.
fn answer_blocks(
    proofs: BoxedStrategy<Option<Opaque>>,
    call_proofs: BoxedStrategy<Option<Opaque>>,
    citations: BoxedStrategy<Vec<Citation>>,
) -> impl Strategy<Value = Vec<Block>> {
    let text = (words(), citations, call_proofs.clone());
    let text = text.prop_map(|(text, citations, proof)| {
        Content::Text(Text { text, citations, proof, ..Text::default() })
    });
    let call = (arguments(), call_proofs).prop_map(|(arguments, proof)| {
        let input = ToolInput::Arguments(arguments.into());
        Content::ToolCall(ToolCall { id: String::new(), name: "f".into(), input, proof })
    });
    vec(prop_oneof![3 => text, 2 => call, 2 => thought(proofs), 1 => block_of_its_own()], 0..7).prop_map(
        |contents| {
            let mut turns = [turn(Role::Assistant, contents.into_iter().map(Block::from).collect())];
            numbered(&mut turns);
            let [turn] = turns;
            turn.blocks
        },
    )
}

pub(in crate::anthropic_messages) fn finish() -> impl Strategy<Value = FinishReason> {
    prop_oneof![
        Just(FinishReason::Stop),
        option::of(words()).prop_map(FinishReason::StopSequence),
        Just(FinishReason::Length),
        Just(FinishReason::ToolCalls),
        Just(FinishReason::Filtered),
        Just(FinishReason::Paused),
    ]
}

fn answer_of(blocks: impl Strategy<Value = Vec<Block>>) -> impl Strategy<Value = Answer> {
    (blocks, finish(), usage()).prop_map(|(blocks, finish, usage)| Answer {
        id: Some("msg_1".into()),
        model: Some("claude".into()),
        choices: vec![Choice { blocks, finish: Some(finish) }],
        usage: Some(usage),
        ..Answer::default()
    })
}

/// An answer as a supplier of this dialect gives it.
pub(in crate::anthropic_messages) fn own_answer() -> impl Strategy<Value = Answer> {
    answer_of(answer_blocks(
        option::weighted(0.9, own_proof()).boxed(),
        Just(None).boxed(),
        Just(Vec::new()).boxed(),
    ))
}

/// An answer as any supplier gives it.
pub(in crate::anthropic_messages) fn foreign_answer() -> impl Strategy<Value = Answer> {
    let proof = || option::of(foreign_proof()).boxed();
    answer_of(answer_blocks(proof(), proof(), vec(citation(), 0..3).boxed()))
}
