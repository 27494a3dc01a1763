//! Answers too large to be held in memory: a sound beginning and end, and filler between.

use bytes::Bytes;

use super::{JSON, Scene};
use crate::{
    answer::{Answer, Choice, Finish},
    play::{End, Framing, Play, Step, What},
    prompt::Prompt,
    protocol::{Event, Kind},
};

const WORDS: &[u8] = b"All work and no play makes a dull gateway. ";
/// A letter of the private use area: no answer has it by itself.
const GAP: &str = "\u{E000}";

/// `count` bytes of text that JSON need not escape.
pub(super) fn filler(count: usize) -> String {
    WORDS.iter().cycle().take(count).map(|byte| char::from(*byte)).collect()
}

impl Scene {
    /// An answer of `bytes` bytes of text, without end where there is no such number.
    pub(super) fn bulk(&self, prompt: &Prompt, bytes: Option<u64>, event_bytes: usize) -> Play {
        let piece = event_bytes.max(1);
        if prompt.stream {
            self.bulk_stream(prompt, bytes, piece)
        } else {
            self.bulk_whole(prompt, bytes, piece)
        }
    }

    fn bulk_whole(&self, prompt: &Prompt, bytes: Option<u64>, piece: usize) -> Play {
        let text = self.dialect.whole(prompt, &of_text(GAP), &self.label);
        let (before, after) = text.split_once(GAP).expect("the answer's only text is the gap");
        let framing = match bytes {
            Some(bytes) => Framing::Length((text.len() - GAP.len()) as u64 + bytes),
            None => Framing::Chunked,
        };
        let at = self.clock(None).first_token_after();
        let step = move |bytes: Bytes| Step { contents: 1, tokens: 1, ..Step::new(at, What::Body(bytes)) };
        let head = Step::new(at, What::Head { status: 200, headers: self.headers(JSON) });
        let before = Step::new(at, What::Body(before.to_owned().into()));
        let after = Step::new(at, What::Body(after.to_owned().into()));
        let filled = fill(bytes, piece).map(move |(text, count)| (Bytes::from(text), count));
        let filled = filled.flat_map(move |(text, count)| std::iter::repeat_n(text, count)).map(step);
        Play {
            steps: Box::new([head, before].into_iter().chain(filled).chain([after])),
            framing,
            end: End::Complete,
        }
    }

    fn bulk_stream(&self, prompt: &Prompt, bytes: Option<u64>, piece: usize) -> Play {
        let mut before: Vec<Event> = self.dialect.events(prompt, of_text("x"), &self.label).collect();
        let content = before.iter().position(|event| event.kind == Kind::Content);
        let mut rest = before.split_off(content.unwrap_or(0));
        rest.retain(|event| event.kind != Kind::Content);
        let filled = fill(bytes, piece).map(|(text, count)| {
            // Filler takes no time: it tests sizes, not patience.
            (Event { tokens: 0, ..self.dialect.text_event(prompt, &self.label, &text) }, count)
        });
        let filled: Vec<(Event, usize)> = filled.collect();
        let filled = filled.into_iter().flat_map(|(event, count)| std::iter::repeat_n(event, count));
        let at = self.clock(None).first_token_after();
        let mut has_content = false;
        let steps = self.timed(Box::new(before.into_iter().chain(filled).chain(rest)), None);
        let steps = steps.map(move |step| {
            has_content |= step.contents > 0;
            let at = if has_content { step.at.max(at) } else { step.at };
            Step { at, tokens: step.contents, ..step }
        });
        self.streamed(steps, self.frames.content_type(), End::Complete)
    }
}

/// Pieces of filler, each with how often it comes.
fn fill(bytes: Option<u64>, piece: usize) -> impl Iterator<Item = (String, usize)> {
    let (times, rest) = match bytes {
        Some(bytes) => (bytes / piece as u64, bytes % piece as u64),
        None => (u64::MAX, 0),
    };
    let times = usize::try_from(times).unwrap_or(usize::MAX);
    let rest = usize::try_from(rest).expect("the rest is less than a piece");
    let last = (rest > 0).then(|| (filler(rest), 1));
    std::iter::once((filler(piece), times)).chain(last)
}

fn of_text(text: &str) -> Answer {
    let choice = Choice { text: vec![text.to_owned()], finish: Finish::Stop, ..Choice::default() };
    Answer { choices: vec![choice] }
}
