//! What the tests of this folder share, and what holds for both ways at once.

pub(super) mod any;
mod given_back;
mod hostile;
pub(super) mod merged;

use std::sync::Arc;

use catalogue::{Capabilities, Needs};
use serde_json::Value;

use crate::conversation::testing::{self, gather};
use crate::conversation::{
    Block, BlockStart, Choice, ClientTranslator, Content, Delta, Event, EventDecoder, Loss, ReplyContext,
    Request, Target, ToolInput, TranslateError,
};
use crate::openai_chat::OpenaiChat;

/// The account whose target the tests write to.
pub(super) const OWNER: &str = "account";

/// A target that takes everything.
pub(super) fn target() -> Target<'static> {
    let capabilities = Capabilities { yes: Needs::CACHE_MARKS, no: Needs::NONE };
    Target { model: "m", owner: OWNER, capabilities, ..testing::target() }
}

pub(super) fn about(request: Request) -> ReplyContext {
    let kept = OpenaiChat.kept_for_reply(&request);
    // As it is by the time that the answer is written.
    drop(request);
    ReplyContext {
        request_id: "req_1".into(),
        created_unix_s: 1_795_000_000,
        model: "asked-for".into(),
        estimated_input_tokens: 0,
        request: Arc::new(kept),
        previous: None,
    }
}

pub(super) fn decode(body: &Value) -> Result<Request, TranslateError> {
    OpenaiChat.decode_request(body.to_string().as_bytes())
}

/// The names of what was lost.
pub(super) fn names(losses: &[Loss]) -> Vec<&str> {
    losses.iter().map(|loss| loss.what.as_str()).collect()
}

/// All that a stream says, in the order that is promised.
pub(super) fn events(decoder: &mut dyn EventDecoder, stream: &str) -> Vec<Event> {
    let mut events = Vec::new();
    for frame in crate::testing::frames(stream) {
        decoder.decode(&frame, &mut events).unwrap();
    }
    gather(&events);
    events
}

/// The choices that events say.
pub(super) fn choices(events: &[Event]) -> Vec<Choice> {
    gather(events).answer.choices
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
        Content::Search(search) => (BlockStart::Search(search.clone()), String::new()),
        Content::Opaque(block) => (BlockStart::Opaque(block.clone()), String::new()),
        Content::ToolResult(_) => panic!("an answer has no results"),
    };
    let letters: Vec<char> = text.chars().collect();
    let pieces = letters.chunks(piece.max(1)).map(|piece| Delta::Text(piece.iter().collect()));
    events.push(Event::BlockStart { choice, block: start });
    events.extend(pieces.chain(deltas).map(|delta| Event::Delta { choice, delta }));
    events.push(Event::BlockEnd { choice });
}
