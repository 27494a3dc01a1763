//! Streams, both ways.

mod read;
mod written;

use crate::anthropic_messages::AnthropicMessages;
use crate::conversation::{BlockStart, Delta, Event, EventDecoder, EventEncoder, TranslateError, Translator};
use crate::testing::frames;

/// The events of a stream, up to its failure if it fails.
fn read(stream: &str) -> (Vec<Event>, Result<(), TranslateError>) {
    let mut decoder: Box<dyn EventDecoder> = AnthropicMessages.event_decoder();
    let mut events = Vec::new();
    for frame in frames(stream) {
        if let Err(error) = decoder.decode(&frame, &mut events) {
            return (events, Err(error));
        }
    }
    (events, Ok(()))
}

fn start(block: BlockStart) -> Event {
    Event::BlockStart { choice: 0, block }
}

fn delta(delta: Delta) -> Event {
    Event::Delta { choice: 0, delta }
}

fn text(text: &str) -> Event {
    delta(Delta::Text(text.into()))
}

const END: Event = Event::BlockEnd { choice: 0 };

fn tool(id: &str, is_custom: bool) -> BlockStart {
    BlockStart::ToolCall { id: id.into(), name: "f".into(), is_custom }
}

/// What an encoder writes for events.
fn write(encoder: &mut dyn EventEncoder, events: &[Event]) -> String {
    let mut out = Vec::new();
    for event in events {
        encoder.encode(event, &mut out).unwrap();
    }
    String::from_utf8(out).unwrap()
}
