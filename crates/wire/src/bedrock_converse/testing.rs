//! What the tests of both directions share: a target, and things that Converse can say as they are.

use catalogue::{Protocol, Usage};
use proptest::prelude::*;

use super::BedrockConverse;
use super::translator::Converse;
use crate::codec::Codec;
use crate::conversation::*;
use crate::framing::Frame;
use crate::framing::event_stream::{Framer, write_event};

pub(super) fn converse() -> &'static dyn Translator {
    BedrockConverse.translator().unwrap()
}

pub(super) fn target() -> Target<'static> {
    Target {
        model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        owner: "aws",
        max_output: Some(64_000),
        capabilities: catalogue::Capabilities::default(),
        quirks: catalogue::Quirks::NONE,
        refuses: &[],
        stream_usage: true,
        betas: &[],
        may_drop: &[],
    }
}

pub(super) fn about() -> ReplyContext {
    ReplyContext {
        request_id: "req_1".into(),
        created_unix_s: 1_795_824_000,
        model: "m".into(),
        estimated_input_tokens: 7,
        request: std::sync::Arc::new(Request::default()),
        previous: None,
    }
}

pub(super) fn turn(role: Role, blocks: impl IntoIterator<Item = impl Into<Block>>) -> Turn {
    Turn { role, name: None, blocks: blocks.into_iter().map(Into::into).collect() }
}

pub(super) fn says(text: &str) -> Content {
    Content::text(text)
}

pub(super) fn call(id: &str, name: &str, arguments: &'static str) -> Content {
    let input = ToolInput::Arguments(arguments.into());
    Content::ToolCall(ToolCall { id: id.into(), name: name.into(), input, proof: None })
}

pub(super) fn result(id: &str, text: &str) -> Content {
    let blocks = vec![says(text).into()];
    Content::ToolResult(ToolResult {
        call_id: id.into(),
        name: None,
        blocks,
        is_error: false,
        is_custom: false,
    })
}

pub(super) fn thought(text: &str, proof: Option<Opaque>) -> Content {
    Content::Reasoning(Reasoning { text: text.into(), proof, is_summary: false })
}

pub(super) fn signature(text: &str) -> Opaque {
    Opaque::new(Protocol::BedrockConverse, "signature", text)
}

pub(super) fn request(turns: impl IntoIterator<Item = Turn>) -> Request {
    Request { turns: turns.into_iter().collect(), ..Request::default() }
}

/// The body, and the names of what is lost.
pub(super) fn encoded(request: &Request, target: &Target<'_>) -> (serde_json::Value, Vec<String>) {
    let encoded = Converse.encode_request(request, target).unwrap();
    let body = serde_json::from_slice(&encoded.body)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&encoded.body)));
    (body, encoded.losses.into_iter().map(|loss| loss.what).collect())
}

/// A stream's events, made of names and payloads.
pub(super) fn stream<'a>(events: impl IntoIterator<Item = (&'a str, serde_json::Value)>) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, payload) in events {
        write_event(name, payload.to_string().as_bytes(), &mut out);
    }
    out
}

/// Frames, the rest of a torn stream included.
pub(super) fn frames(stream: &[u8]) -> Vec<Frame> {
    let mut framer = Framer::new(1 << 24);
    framer.push(stream);
    let mut frames: Vec<Frame> = std::iter::from_fn(|| framer.next_frame().ok().flatten()).collect();
    frames.extend(framer.finish());
    frames
}

/// What frames say, pieces of text put together.
pub(super) fn decoded(frames: &[Frame]) -> (Vec<Event>, Result<(), TranslateError>, Vec<Loss>) {
    let mut decoder = Converse.event_decoder();
    let mut events = Vec::new();
    let outcome = frames.iter().try_for_each(|frame| decoder.decode(frame, &mut events));
    (joined(events), outcome, decoder.losses().to_vec())
}

/// Events with the text of a block in one piece, and its last proof alone, at its end.
pub(super) fn joined(events: Vec<Event>) -> Vec<Event> {
    let mut out = Vec::<Event>::new();
    let mut proof = None;
    for event in events {
        match event {
            Event::Delta { delta: Delta::Proof(given), .. } => proof = Some(given),
            Event::Delta { delta: Delta::Text(text), .. } if text.is_empty() => {}
            Event::Delta { delta: Delta::Text(text), choice } => match out.last_mut() {
                Some(Event::Delta { delta: Delta::Text(before), .. }) => before.push_str(&text),
                _ => out.push(Event::Delta { choice, delta: Delta::Text(text) }),
            },
            Event::BlockEnd { choice } => {
                let last = proof.take().map(|proof| Event::Delta { choice, delta: Delta::Proof(proof) });
                out.extend(last);
                out.push(Event::BlockEnd { choice });
            }
            event => out.push(event),
        }
    }
    out
}

/// Text that is not blank.
pub(super) fn words() -> impl Strategy<Value = String> {
    prop_oneof![crate::testing::deceitful_text(), "[ -~\u{a0}-\u{2100}]{1,30}"]
        .prop_filter("blank text is not said", |text| !text.trim().is_empty())
}

fn id() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_.:-]{1,64}"
}

fn base64() -> impl Strategy<Value = bytes::Bytes> {
    use base64::Engine;
    let bytes = prop::collection::vec(any::<u8>(), 1..40);
    bytes.prop_map(|bytes| base64::engine::general_purpose::STANDARD.encode(bytes).into())
}

/// The text of a JSON object, with numbers and blanks that a writer of trees would change.
pub(super) fn arguments() -> impl Strategy<Value = bytes::Bytes> {
    let value = prop_oneof![
        Just("1.0".to_owned()),
        Just("12345678901234567890".to_owned()),
        Just("{\"b\" : [null, 1e2]}".to_owned()),
        words().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    prop::collection::vec(("[a-z]{1,4}", value), 0..4).prop_map(|members| {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        format!("{{{}}}", members.join(", ")).into()
    })
}

fn proof() -> impl Strategy<Value = Opaque> {
    words().prop_map(|text| signature(&text))
}

fn redacted() -> impl Strategy<Value = Opaque> {
    base64().prop_map(|base64| {
        Opaque::new(Protocol::BedrockConverse, "redacted", String::from_utf8(base64.into()).unwrap())
    })
}

fn media() -> impl Strategy<Value = Media> {
    let types = prop::sample::select(vec![
        (MediaKind::Image, "image/png"),
        (MediaKind::Image, "image/webp"),
        (MediaKind::Audio, "audio/wav"),
        (MediaKind::Video, "video/3gpp"),
        (MediaKind::Document, "application/pdf"),
        (MediaKind::Document, "text/markdown"),
    ]);
    (types, base64(), words(), any::<bool>(), 0_u32..1_000_000).prop_map(
        |((kind, media_type), base64, words, away, n)| {
            let source = if away {
                MediaSource::Url("s3://bucket/key".to_owned())
            } else if media_type == "text/markdown" {
                MediaSource::Text(words)
            } else {
                MediaSource::Base64(base64)
            };
            let name = (kind == MediaKind::Document).then(|| format!("Report {n} (a)"));
            Media { kind, media_type: Some(media_type.into()), source, name, detail: None, about: None }
        },
    )
}

fn said_by_user() -> impl Strategy<Value = Content> {
    prop_oneof![2 => words().prop_map(Content::text), 1 => media().prop_map(Content::Media)]
}

fn tool_result() -> impl Strategy<Value = Content> {
    let part = said_by_user().prop_filter("no sound in results", |part| {
        !matches!(part, Content::Media(Media { kind: MediaKind::Audio, .. }))
    });
    (id(), prop::collection::vec(part, 0..3), any::<bool>()).prop_map(|(call_id, parts, is_error)| {
        let blocks = parts.into_iter().map(Block::from).collect();
        Content::ToolResult(ToolResult { call_id, name: None, blocks, is_error, is_custom: false })
    })
}

/// What an assistant says in a conversation.
pub(super) fn said_by_assistant() -> impl Strategy<Value = Content> {
    prop_oneof![
        3 => words().prop_map(Content::text),
        2 => (id(), "[a-zA-Z0-9_-]{1,64}", arguments()).prop_map(|(id, name, arguments)| {
            let input = ToolInput::Arguments(arguments);
            Content::ToolCall(ToolCall { id, name, input, proof: None })
        }),
        1 => (words(), proof()).prop_map(|(text, proof)| thought(&text, Some(proof))),
        1 => proof().prop_map(|proof| thought("", Some(proof))),
        1 => redacted().prop_map(|proof| thought("", Some(proof))),
    ]
}

fn marked(content: impl Strategy<Value = Content>) -> impl Strategy<Value = Block> {
    let mark =
        prop_oneof![4 => Just(None), 1 => Just(Some(CacheMark::Short)), 1 => Just(Some(CacheMark::Hour))];
    (content, mark).prop_map(|(content, mark)| {
        let cache = mark.filter(|_| !matches!(content, Content::Reasoning(_)));
        Block { content, cache }
    })
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let some = |role, blocks: BoxedStrategy<Vec<Block>>| blocks.prop_map(move |blocks| turn(role, blocks));
    let texts = || prop::collection::vec(marked(words().prop_map(Content::text)), 1..3).boxed();
    let user = (
        prop::collection::vec(marked(tool_result()), 0..3),
        prop::collection::vec(marked(said_by_user()), 1..3),
    )
        .prop_map(|(mut results, said)| {
            results.extend(said);
            results
        });
    let assistant = prop::collection::vec(marked(said_by_assistant()), 1..4);
    (
        prop::option::of(some(Role::System, texts())),
        some(Role::User, texts()),
        prop::collection::vec(
            (some(Role::Assistant, assistant.boxed()), some(Role::User, user.boxed())),
            0..3,
        ),
    )
        .prop_map(|(system, first, pairs)| {
            let rest = pairs.into_iter().flat_map(|(assistant, user)| [assistant, user]);
            let mut turns: Vec<Turn> = system.into_iter().chain([first]).chain(rest).collect();
            // No two documents may share a name.
            let mut number = 0;
            for block in turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
                let inner = match &mut block.content {
                    Content::ToolResult(result) => result.blocks.iter_mut().collect(),
                    _ => vec![block],
                };
                for block in inner {
                    if let Content::Media(Media { name: Some(name), .. }) = &mut block.content {
                        number += 1;
                        *name = format!("Document {number}");
                    }
                }
            }
            turns
        })
}

fn tools() -> impl Strategy<Value = (Vec<Tool>, ToolChoice)> {
    let schema = arguments().prop_map(|json| {
        bytes::Bytes::from([br#"{"type":"object","properties":"#, &json[..], b"}"].concat())
    });
    let mark = prop_oneof![3 => Just(None), 1 => Just(Some(CacheMark::Short))];
    let tool = ("[a-zA-Z0-9_-]{1,64}", prop::option::of(words()), schema, any::<bool>(), mark);
    let tool = tool.prop_map(|(name, description, schema, strict, cache)| {
        let strict = strict.then_some(true);
        Tool::Function(Function { name, description, schema: Some(schema), strict, cache })
    });
    let choice = prop_oneof![
        Just(ToolChoice::Unsaid),
        Just(ToolChoice::Auto),
        Just(ToolChoice::Any),
        Just(ToolChoice::Named("f".into()))
    ];
    (prop::collection::vec(tool, 1..4), choice)
}

/// A request that Converse says as it is.
pub(super) fn any_request() -> impl Strategy<Value = Request> {
    let format = prop_oneof![
        2 => Just(OutputFormat::Text),
        1 => (prop::option::of(words()), prop::option::of(words()), arguments()).prop_map(|(name, description, schema)| {
            OutputFormat::Schema { name, description, schema, strict: Some(true) }
        }),
    ];
    let number =
        || prop::option::of(prop::sample::select(vec!["0.70".to_owned(), "1".to_owned(), "5e-1".to_owned()]));
    let settings =
        (number(), number(), prop::option::of(1_u64..64_000), prop::collection::vec("[a-z]{1,5}", 0..3));
    let metadata = prop::collection::btree_map("[a-z:]{1,9}", "[a-z0-9 =]{0,9}", 0..4);
    (turns(), prop::option::of(tools()), format, settings, metadata).prop_map(
        |(turns, tools, format, (temperature, top_p, max_tokens, stop), metadata)| {
            let (mut tools, tool_choice) = tools.unwrap_or_default();
            if tools.is_empty()
                && turns.iter().flat_map(|turn| &turn.blocks).any(|block| block.call().is_some())
            {
                // Those that were called have to be named.
                let schema = Some(r#"{"type":"object"}"#.into());
                tools.push(Tool::Function(Function { name: "f".into(), schema, ..Function::default() }));
            }
            Request {
                turns,
                tools,
                tool_choice,
                format,
                max_tokens,
                sampling: Sampling { temperature, top_p, ..Sampling::default() },
                stop,
                metadata: metadata.into_iter().collect(),
                stream_usage: true,
                ..Request::default()
            }
        },
    )
}

/// Usage that Converse states as it is.
pub(super) fn any_usage() -> impl Strategy<Value = Usage> {
    let count = || prop_oneof![1 => Just(0), 3 => 0_u64..1 << 40];
    (count(), count(), count(), count(), count()).prop_map(|(input, read, short, hour, output)| Usage {
        input_uncached: input,
        cache_read: read,
        cache_write_5m: short,
        cache_write_1h: hour,
        output_text: output,
        ..Usage::default()
    })
}

pub(super) fn any_finish() -> impl Strategy<Value = FinishReason> {
    prop::sample::select(vec![
        FinishReason::Stop,
        FinishReason::StopSequence(None),
        FinishReason::Length,
        FinishReason::ToolCalls,
        FinishReason::Filtered,
    ])
}
