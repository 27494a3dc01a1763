//! What the tests of this folder share, and what holds for both ways at once.

pub(super) mod any;
mod given_back;
mod hostile;
pub(super) mod merged;

use std::sync::Arc;

use catalogue::{Capabilities, Needs, Quirks};
use serde_json::Value;

use crate::conversation::{
    Block, BlockStart, Choice, ClientTranslator, Content, Delta, Event, EventDecoder, Loss, Reasoning,
    ReplyContext, Request, Target, Text, ToolCall, ToolInput, TranslateError,
};
use crate::openai_chat::OpenaiChat;

/// The account whose target the tests write to.
pub(super) const OWNER: &str = "account";

/// A target that takes everything.
pub(super) fn target() -> Target<'static> {
    Target {
        model: "m",
        owner: OWNER,
        max_output: None,
        capabilities: Capabilities { yes: Needs::CACHE_MARKS, no: Needs::NONE },
        quirks: Quirks::NONE,
        refuses: &[],
        stream_usage: true,
    }
}

pub(super) fn about(request: Request) -> ReplyContext {
    ReplyContext {
        request_id: "req_1".into(),
        created_unix_s: 1_795_000_000,
        model: "asked-for".into(),
        estimated_input_tokens: 0,
        request: Arc::new(request),
    }
}

pub(super) fn decode(body: &Value) -> Result<Request, TranslateError> {
    OpenaiChat.decode_request(body.to_string().as_bytes())
}

/// The names of what was lost.
pub(super) fn names(losses: &[Loss]) -> Vec<&str> {
    losses.iter().map(|loss| loss.what.as_str()).collect()
}

/// All that a stream says.
pub(super) fn events(decoder: &mut dyn EventDecoder, stream: &str) -> Vec<Event> {
    let mut events = Vec::new();
    for frame in crate::testing::frames(stream) {
        decoder.decode(&frame, &mut events).unwrap();
    }
    check(&events);
    events
}

/// Makes sure that events come in the order that every encoder relies on.
pub(super) fn check(events: &[Event]) {
    let mut open = std::collections::HashSet::new();
    let mut finished = std::collections::HashSet::new();
    for (at, event) in events.iter().enumerate() {
        assert_eq!(matches!(event, Event::Start { .. }), at == 0, "a start is first, and once: {events:#?}");
        match event {
            Event::BlockStart { choice, .. } => {
                assert!(open.insert(*choice), "two blocks are open: {events:#?}");
                assert!(!finished.contains(choice), "a block behind the finish: {events:#?}");
            }
            Event::Delta { choice, .. } => assert!(open.contains(choice), "a piece of no block: {events:#?}"),
            Event::BlockEnd { choice } => assert!(open.remove(choice), "an end of no block: {events:#?}"),
            Event::Finish { choice, .. } => {
                assert!(!open.contains(choice) && finished.insert(*choice), "{events:#?}");
            }
            Event::End => assert_eq!(at, events.len() - 1, "the end is last: {events:#?}"),
            Event::Start { .. } | Event::Usage(_) | Event::KeepAlive => {}
        }
    }
}

/// The choices that events say.
pub(super) fn choices(events: &[Event]) -> Vec<Choice> {
    let mut choices = Vec::<Choice>::new();
    for event in events {
        let (Event::BlockStart { choice, .. } | Event::Delta { choice, .. } | Event::Finish { choice, .. }) =
            event
        else {
            continue;
        };
        choices.resize(choices.len().max(*choice as usize + 1), Choice::default());
        let said = &mut choices[*choice as usize];
        match event {
            Event::BlockStart { block, .. } => said.blocks.push(begun(block).into()),
            Event::Delta { delta, .. } => grow(&mut said.blocks.last_mut().unwrap().content, delta),
            Event::Finish { reason, .. } => said.finish = Some(reason.clone()),
            _ => {}
        }
    }
    for block in choices.iter_mut().flat_map(|choice| &mut choice.blocks) {
        if let Content::ToolCall(ToolCall { input: ToolInput::Arguments(json), .. }) = &mut block.content
            && json.is_empty()
        {
            *json = "{}".into();
        }
    }
    choices
}

fn begun(block: &BlockStart) -> Content {
    match block {
        BlockStart::Text => Content::text(""),
        BlockStart::Refusal => Content::Refusal(String::new()),
        BlockStart::Reasoning { is_summary } => {
            Content::Reasoning(Reasoning { text: String::new(), proof: None, is_summary: *is_summary })
        }
        BlockStart::ToolCall { id, name, is_custom } => {
            let input = match is_custom {
                true => ToolInput::Text(String::new()),
                false => ToolInput::Arguments("".into()),
            };
            Content::ToolCall(ToolCall { id: id.clone(), name: name.clone(), input, proof: None })
        }
        BlockStart::Media(media) => Content::Media(media.clone()),
        BlockStart::Opaque(block) => Content::Opaque(block.clone()),
    }
}

fn grow(content: &mut Content, delta: &Delta) {
    match (content, delta) {
        (
            Content::Text(Text { text, .. })
            | Content::Refusal(text)
            | Content::Reasoning(Reasoning { text, .. })
            | Content::ToolCall(ToolCall { input: ToolInput::Text(text), .. }),
            Delta::Text(more),
        ) => text.push_str(more),
        (Content::ToolCall(ToolCall { input: ToolInput::Arguments(json), .. }), Delta::Text(more)) => {
            *json = [&json[..], more.as_bytes()].concat().into();
        }
        (Content::Text(text), Delta::Citation(citation)) => text.citations.push(citation.clone()),
        (Content::Text(text), Delta::Logprobs(tokens)) => text.logprobs.extend_from_slice(tokens),
        (
            Content::Text(Text { proof, .. })
            | Content::Reasoning(Reasoning { proof, .. })
            | Content::ToolCall(ToolCall { proof, .. }),
            Delta::Proof(new),
        ) => *proof = Some(new.clone()),
        (content, delta) => panic!("{content:?} does not grow by {delta:?}"),
    }
}

/// The events of whole choices, one after the other, texts cut into pieces of at most `piece` characters.
pub(super) fn told(choices: &[Choice], piece: usize) -> Vec<Event> {
    let mut events = vec![Event::Start { id: Some("a1".into()), model: Some("m1".into()), usage: None }];
    for (choice, said) in choices.iter().enumerate() {
        let choice = u32::try_from(choice).unwrap();
        for block in &said.blocks {
            tell(block, choice, piece, &mut events);
        }
        events.extend(said.finish.clone().map(|reason| Event::Finish { choice, reason }));
    }
    events.push(Event::End);
    events
}

fn tell(block: &Block, choice: u32, piece: usize, events: &mut Vec<Event>) {
    let mut deltas = Vec::new();
    let (start, text) = match &block.content {
        Content::Text(text) => {
            deltas.extend(text.citations.iter().cloned().map(Delta::Citation));
            deltas
                .extend(Some(text.logprobs.clone()).filter(|tokens| !tokens.is_empty()).map(Delta::Logprobs));
            deltas.extend(text.proof.clone().map(Delta::Proof));
            (BlockStart::Text, text.text.clone())
        }
        Content::Refusal(text) => (BlockStart::Refusal, text.clone()),
        Content::Reasoning(reasoning) => {
            deltas.extend(reasoning.proof.clone().map(Delta::Proof));
            (BlockStart::Reasoning { is_summary: reasoning.is_summary }, reasoning.text.clone())
        }
        Content::ToolCall(call) => {
            deltas.extend(call.proof.clone().map(Delta::Proof));
            let (text, is_custom) = match &call.input {
                ToolInput::Text(text) => (text.clone(), true),
                ToolInput::Arguments(json) => (String::from_utf8(json.to_vec()).unwrap(), false),
            };
            (BlockStart::ToolCall { id: call.id.clone(), name: call.name.clone(), is_custom }, text)
        }
        Content::Media(media) => (BlockStart::Media(media.clone()), String::new()),
        Content::Opaque(block) => (BlockStart::Opaque(block.clone()), String::new()),
        Content::ToolResult(_) => panic!("an answer has no results"),
    };
    let letters: Vec<char> = text.chars().collect();
    let pieces = letters.chunks(piece.max(1)).map(|piece| Delta::Text(piece.iter().collect()));
    events.push(Event::BlockStart { choice, block: start });
    events.extend(pieces.chain(deltas).map(|delta| Event::Delta { choice, delta }));
    events.push(Event::BlockEnd { choice });
}
