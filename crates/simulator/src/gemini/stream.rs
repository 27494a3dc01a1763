//! A streamed `GenerateContentResponse`: each piece is one, and each tells the usage so far.

use super::reply::{Candidate, Content, Part, Response, Usage, finish_reason, response_id, signature};
use crate::{
    answer::{Answer, Choice},
    frames::CLOSE,
    prompt::{Prompt, Shown},
    protocol::{Event, Events, Kind, Label, interleave},
};

/// What one piece adds.
struct Piece {
    kind: Kind,
    index: usize,
    part: Part,
    finish: Option<&'static str>,
    /// Tokens said and thought in it.
    said: u64,
    thought: u64,
    silent: u64,
}

pub(super) fn events(prompt: &Prompt, answer: Answer, label: &Label) -> Events {
    let choices = answer.choices.into_iter().enumerate();
    let queues = choices.map(|(index, choice)| pieces(prompt, index, choice, label));
    let mut pieces = interleave(queues.collect());
    if let Some(last) = pieces.last_mut() {
        last.kind = Kind::End;
    }
    let (mut said, mut thought) = (0, 0);
    let events = pieces.into_iter().map(|piece| {
        said += piece.said;
        thought += piece.thought;
        event(prompt, label, piece, Usage::new(prompt, said, thought))
    });
    let mut events: Vec<Event> = events.collect();
    events.push(Event::new(Kind::Terminal, None, CLOSE.to_owned()));
    Box::new(events.into_iter())
}

pub(super) fn text_event(prompt: &Prompt, label: &Label, text: &str) -> Event {
    let piece = Piece::of(0, Part::text(text.to_owned()));
    event(prompt, label, piece, Usage::new(prompt, 1, 0))
}

impl Piece {
    fn of(index: usize, part: Part) -> Self {
        Self { kind: Kind::Content, index, part, finish: None, said: 1, thought: 0, silent: 0 }
    }
}

fn event(prompt: &Prompt, label: &Label, piece: Piece, usage: Usage) -> Event {
    let candidate = Candidate {
        content: Content { parts: vec![piece.part], role: "model" },
        finish_reason: piece.finish,
        index: piece.index,
    };
    let response = Response {
        candidates: vec![candidate],
        usage_metadata: usage,
        model_version: &prompt.model.id,
        response_id: &response_id(label),
    };
    let data = serde_json::to_string(&response).expect("strings and numbers are always JSON");
    let tokens = piece.said + piece.thought - piece.silent;
    Event { tokens, silent: piece.silent, ..Event::new(piece.kind, None, data) }
}

/// The pieces of one candidate.
fn pieces(prompt: &Prompt, index: usize, choice: Choice, label: &Label) -> Vec<Piece> {
    let mut signature = signature(&choice);
    let mut pieces = Vec::new();
    let mut hidden = 0;
    if prompt.reasoning.shown == Shown::Full {
        let thoughts = choice.reasoning.into_iter().map(Part::thought);
        pieces.extend(thoughts.map(|part| Piece { said: 0, thought: 1, ..Piece::of(index, part) }));
    } else {
        hidden = choice.reasoning.len() as u64;
    }
    pieces.extend(choice.text.into_iter().map(|token| Piece::of(index, Part::text(token))));
    for (place, call) in choice.calls.iter().enumerate() {
        let part = Part::call(prompt, label, index, place, call).signed(signature.take());
        pieces.push(Piece { said: call.arguments.len() as u64, ..Piece::of(index, part) });
    }
    let end = Part::text(String::new()).signed(signature);
    let finish = Some(finish_reason(&choice.finish));
    pieces.push(Piece { kind: Kind::Finish, finish, said: 0, ..Piece::of(index, end) });
    pieces[0].thought += hidden;
    pieces[0].silent = hidden;
    pieces
}
