//! Streams, read, written, and both in turn.

use std::sync::Arc;

use bytes::Bytes;
use catalogue::{Service, Usage};
use proptest::prelude::*;
use serde_json::Value;

use super::{Decoder, Encoder};
use crate::conversation::testing;
use crate::conversation::{
    BlockStart, Citation, ClientTranslator, Content, Delta, Event, EventDecoder, EventEncoder, FinishReason,
    Logprob, MediaKind, MediaSource, Opaque, Reasoning, ReplyContext, Request, Text, TokenLogprob, ToolCall,
    ToolInput, TranslateError,
};
use crate::openai_responses::PROTOCOL;
use crate::openai_responses::translator::ResponsesTranslator;
use crate::testing::frames;

mod decoding;
mod encoding;
mod interleaving;

fn decoded(stream: &str) -> Result<(Vec<Event>, Vec<String>), TranslateError> {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    for frame in frames(stream) {
        decoder.decode(&frame, &mut events)?;
    }
    Ok((events, decoder.losses().iter().map(|loss| loss.what.clone()).collect()))
}

fn encoded(events: &[Event], about: &ReplyContext) -> (String, Vec<String>) {
    let mut encoder = Encoder::new(about);
    let mut out = Vec::new();
    for event in events {
        encoder.encode(event, &mut out).unwrap();
    }
    (String::from_utf8(out).unwrap(), encoder.losses().iter().map(|loss| loss.what.clone()).collect())
}

pub(crate) fn about(request: Request) -> ReplyContext {
    let kept = ResponsesTranslator.kept_for_reply(&request);
    // As it is by the time that the answer is written.
    drop(request);
    ReplyContext {
        request_id: "0198c0de".into(),
        created_unix_s: 1_764_288_000,
        model: "asked-for".into(),
        estimated_input_tokens: 12,
        request: Arc::new(kept),
        previous: None,
    }
}

/// What a stream says when it is put together, checking that its events come in order.
#[derive(Debug, Default, PartialEq)]
struct Rebuilt {
    blocks: Vec<Content>,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    ended: bool,
}

fn rebuilt(events: &[Event]) -> Rebuilt {
    let mut whole = Rebuilt::default();
    let mut open = false;
    // The class of service may be told before the start.
    let events = events.iter().filter(|event| !matches!(event, Event::Service(_))).collect::<Vec<_>>();
    assert!(matches!(events.first(), None | Some(Event::Start { .. })), "{events:?}");
    for (at, event) in events.iter().enumerate() {
        assert!(!whole.ended, "nothing comes behind the end");
        match event {
            Event::Start { .. } => assert_eq!(at, 0),
            Event::BlockStart { block, .. } => {
                assert!(!std::mem::replace(&mut open, true), "{events:?}");
                whole.blocks.push(started(block));
            }
            Event::Delta { delta, .. } => {
                assert!(open, "{events:?}");
                grow(whole.blocks.last_mut().unwrap(), delta);
            }
            Event::BlockEnd { .. } => assert!(std::mem::replace(&mut open, false), "{events:?}"),
            Event::Finish { reason, .. } => {
                assert!(!open && whole.finish.is_none());
                whole.finish = Some(reason.clone());
            }
            Event::Usage(usage) => whole.usage = Some(*usage),
            Event::Service(_) | Event::KeepAlive => {}
            Event::End => whole.ended = true,
        }
    }
    whole
}

fn started(block: &BlockStart) -> Content {
    match block {
        BlockStart::Text => Content::text(""),
        BlockStart::Refusal => Content::Refusal(String::new()),
        BlockStart::Reasoning { is_summary } => {
            Content::Reasoning(Reasoning { text: String::new(), proof: None, is_summary: *is_summary })
        }
        BlockStart::ToolCall { id, name, is_custom } => {
            let input = match is_custom {
                true => ToolInput::Text(String::new()),
                false => ToolInput::Arguments(Bytes::new()),
            };
            Content::ToolCall(ToolCall { id: id.clone(), name: name.clone(), input, proof: None })
        }
        BlockStart::Media(media) => Content::Media(media.clone()),
        BlockStart::Search(search) => Content::Search(search.clone()),
        BlockStart::Opaque(opaque) => Content::Opaque(opaque.clone()),
    }
}

fn grow(content: &mut Content, delta: &Delta) {
    match (content, delta) {
        (Content::Text(Text { text, .. }) | Content::Refusal(text), Delta::Text(more)) => *text += more,
        (Content::Reasoning(reasoning), Delta::Text(more)) => reasoning.text += more,
        (Content::ToolCall(call), Delta::Text(more)) => match &mut call.input {
            ToolInput::Text(text) => *text += more,
            ToolInput::Arguments(json) => *json = [&json[..], more.as_bytes()].concat().into(),
        },
        (Content::Text(text), Delta::Citation(citation)) => text.citations.push(citation.clone()),
        (Content::Text(text), Delta::Logprobs(tokens)) => text.logprobs.extend_from_slice(tokens),
        (Content::Text(text), Delta::Proof(proof)) => text.proof = Some(proof.clone()),
        (Content::Reasoning(reasoning), Delta::Proof(proof)) => reasoning.proof = Some(proof.clone()),
        (Content::ToolCall(call), Delta::Proof(proof)) => call.proof = Some(proof.clone()),
        (content, delta) => panic!("{content:?} does not grow by {delta:?}"),
    }
}

/// A block as events; its text is cut where `cuts` say.
fn events_of(content: &Content, cuts: &[prop::sample::Index]) -> Vec<Event> {
    let (block, text) = match content {
        Content::Text(text) => (BlockStart::Text, text.text.clone()),
        Content::Refusal(text) => (BlockStart::Refusal, text.clone()),
        Content::Reasoning(one) => (BlockStart::Reasoning { is_summary: one.is_summary }, one.text.clone()),
        Content::ToolCall(call) => {
            let (is_custom, text) = match &call.input {
                ToolInput::Text(text) => (true, text.clone()),
                ToolInput::Arguments(json) => (false, String::from_utf8(json.to_vec()).unwrap()),
            };
            (BlockStart::ToolCall { id: call.id.clone(), name: call.name.clone(), is_custom }, text)
        }
        Content::Media(media) => (BlockStart::Media(media.clone()), String::new()),
        Content::Search(search) => (BlockStart::Search(search.clone()), String::new()),
        Content::Opaque(opaque) => (BlockStart::Opaque(opaque.clone()), String::new()),
        Content::ToolResult(_) => panic!("an answer holds none"),
    };
    let mut deltas: Vec<Delta> = pieces(&text, cuts).into_iter().map(Delta::Text).collect();
    match content {
        Content::Text(text) => {
            deltas.extend(text.citations.iter().cloned().map(Delta::Citation));
            deltas.extend((!text.logprobs.is_empty()).then(|| Delta::Logprobs(text.logprobs.clone())));
            deltas.extend(text.proof.clone().map(Delta::Proof));
        }
        Content::Reasoning(one) => deltas.extend(one.proof.clone().map(Delta::Proof)),
        Content::ToolCall(call) => deltas.extend(call.proof.clone().map(Delta::Proof)),
        _ => {}
    }
    let mut events = vec![Event::BlockStart { choice: 0, block }];
    events.extend(deltas.into_iter().map(|delta| Event::Delta { choice: 0, delta }));
    events.push(Event::BlockEnd { choice: 0 });
    events
}

fn pieces(text: &str, cuts: &[prop::sample::Index]) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(characters.len() + 1)).collect();
    places.extend([0, characters.len()]);
    places.sort_unstable();
    let pieces = places.windows(2).map(|pair| characters[pair[0]..pair[1]].iter().collect::<String>());
    pieces.filter(|piece| !piece.is_empty()).collect()
}

fn cuts() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    proptest::collection::vec(any::<prop::sample::Index>(), 0..4)
}

fn words() -> impl Strategy<Value = String> {
    let odd = "[\u{2028}\u{2029}\r\n\"\\\\a{}é]{1,12}";
    prop_oneof![any::<String>(), odd.prop_map(|text| text)]
        .prop_filter("text without a word is left out", |text| !text.is_empty())
}

fn opaque() -> impl Strategy<Value = Opaque> {
    any::<String>().prop_map(|data| Opaque {
        owner: Some("account".into()),
        ..Opaque::new(catalogue::Protocol::Gemini, "thought_signature", data)
    })
}

/// Blocks as suppliers of other dialects may give them; a call's id is its place.
pub(crate) fn answers() -> impl Strategy<Value = Vec<Content>> {
    proptest::collection::vec(content(), 0..7).prop_map(|mut blocks| {
        for (at, block) in blocks.iter_mut().enumerate() {
            if let Content::ToolCall(call) = block {
                call.id = format!("call_{at}");
            }
        }
        blocks
    })
}

fn content() -> impl Strategy<Value = Content> {
    let arguments = any::<String>().prop_map(|text| {
        ToolInput::Arguments(
            serde_json::json!({"a": text, "n": 9_007_199_254_740_993_u64}).to_string().into(),
        )
    });
    let input = prop_oneof![arguments, any::<String>().prop_map(ToolInput::Text)];
    let proof = || proptest::option::weighted(0.3, opaque());
    let name = prop_oneof!["[a-z_]{1,9}", "[a-z]{1,5}::[a-z]{1,5}"];
    prop_oneof![
        3 => (text(), proof()).prop_map(|(text, proof)| Content::Text(Text { proof, ..text })),
        1 => words().prop_map(Content::Refusal),
        2 => (name, input, proof())
            .prop_map(|(name, input, proof)| Content::ToolCall(ToolCall { id: String::new(), name, input, proof })),
        2 => (words(), proof(), any::<bool>())
            .prop_map(|(text, proof, is_summary)| Content::Reasoning(Reasoning { text, proof, is_summary })),
        1 => opaque().prop_map(|proof| {
            Content::Reasoning(Reasoning { text: String::new(), proof: Some(proof), is_summary: true })
        }),
        1 => "[A-Za-z0-9]{4,8}".prop_map(|data| Content::Media(testing::media(MediaKind::Image, Some("image/webp"), MediaSource::Base64(data.into())))),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    let citation = ("https://[a-z]{1,5}", proptest::option::of("[a-z]{1,5}"), 0_u64..5).prop_map(
        |(url, title, start)| Citation {
            url: Some(url),
            title,
            quote: None,
            range: Some((start, start + 1)),
            place: None,
        },
    );
    let token = || {
        (words(), "-[0-9]\\.[0-9]{1,9}").prop_map(|(token, logprob)| Logprob {
            bytes: Some(token.as_bytes().to_vec()),
            token,
            logprob,
        })
    };
    let tokens = (token(), proptest::collection::vec(token(), 0..3))
        .prop_map(|(chosen, top)| TokenLogprob { chosen, top });
    let citations = proptest::collection::vec(citation, 0..3);
    (words(), citations, proptest::collection::vec(tokens, 0..3))
        .prop_map(|(text, citations, logprobs)| Text { text, citations, logprobs, proof: None })
}

pub(crate) fn finishes() -> impl Strategy<Value = Option<FinishReason>> {
    prop_oneof![
        Just(None),
        Just(Some(FinishReason::Stop)),
        Just(Some(FinishReason::ToolCalls)),
        Just(Some(FinishReason::Length)),
        Just(Some(FinishReason::Filtered)),
    ]
}

/// What becomes of a reason on the way through this dialect, which says that tools are called by their calls.
pub(crate) fn finish_of(finish: Option<FinishReason>, blocks: &[Content]) -> Option<FinishReason> {
    let calls = blocks.iter().any(|block| matches!(block, Content::ToolCall(_)));
    match finish {
        None | Some(FinishReason::Stop | FinishReason::ToolCalls) if calls => Some(FinishReason::ToolCalls),
        None | Some(FinishReason::Stop | FinishReason::ToolCalls) => Some(FinishReason::Stop),
        other => other,
    }
}

/// What blocks are to a reader who opens no seals: proofs are our seals, and those of calls and texts items of their own.
pub(crate) fn on_the_wire(blocks: &[Content]) -> Vec<Content> {
    let thought = |text: &str, proof: Option<String>, is_summary| {
        let proof = proof.map(|seal| Opaque::new(PROTOCOL, "encrypted_content", seal));
        Content::Reasoning(Reasoning { text: text.to_owned(), proof, is_summary })
    };
    let mut found = Vec::new();
    for block in blocks {
        let mut block = block.clone();
        let proof = match &mut block {
            Content::Text(text) => text.proof.take(),
            Content::ToolCall(call) => call.proof.take(),
            Content::Reasoning(Reasoning { text, proof, is_summary }) => {
                let seal = proof.as_ref().map(Opaque::seal);
                found.push(thought(text, seal, *is_summary));
                continue;
            }
            _ => None,
        };
        found.push(block);
        found.extend(proof.map(|proof| {
            let kind = format!("of_previous.{}", proof.kind).into();
            thought("", Some(Opaque { kind, ..proof }.seal()), true)
        }));
    }
    found
}

/// The data of each event of a stream.
fn data(stream: &str) -> Vec<Value> {
    let events = frames(stream).into_iter().filter(|frame| !frame.is_comment_only());
    events.map(|frame| serde_json::from_slice(&frame.data()).unwrap()).collect()
}
