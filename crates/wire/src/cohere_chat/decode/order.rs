//! Blocks that may come interleaved, put one after the other.
//!
//! **For**: events name the block that they belong to; the neutral stream has one open block at a time. What belongs to
//! a later block waits until the open one has ended.
//!
//! **Promises**: blocks come in the order in which they began, each whole and none twice; what waits is bounded.

use std::collections::VecDeque;

use crate::conversation::{BlockStart, Delta, Event, TranslateError};
use crate::framing::DEFAULT_LIMIT;

/// Which block an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// The content block of that index.
    Content(u64),
    /// The plan, of which there is one.
    Plan,
    /// The tool call of that index.
    Call(u64),
}

/// A block that has begun.
#[derive(Debug)]
struct Begun {
    key: Key,
    block: BlockStart,
    /// What came for it and could not be handed on.
    waiting: Vec<Delta>,
    /// Whether anything came for it.
    is_filled: bool,
    has_ended: bool,
}

/// The blocks of the one choice that there is.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The first is the open one.
    begun: VecDeque<Begun>,
    /// How much waits, in bytes.
    held: usize,
}

/// What a held piece takes beside its bytes.
const OVERHEAD: usize = 64;

impl Order {
    /// A block begins. One of the same key that is still there ends.
    pub(super) fn begin(
        &mut self,
        key: Key,
        block: BlockStart,
        out: &mut Vec<Event>,
    ) -> Result<(), TranslateError> {
        self.end(key, out);
        self.hold(OVERHEAD)?;
        self.begun.push_back(Begun { key, block, waiting: Vec::new(), is_filled: false, has_ended: false });
        if self.begun.len() == 1 {
            self.open(out);
        }
        self.advance(out);
        Ok(())
    }

    /// A block that is there grows; otherwise whether it is not there is the caller's to deal with.
    pub(super) fn grow(
        &mut self,
        key: Key,
        delta: Delta,
        out: &mut Vec<Event>,
    ) -> Result<bool, TranslateError> {
        let Some(place) = self.place(key) else { return Ok(false) };
        self.add(place, delta, out)?;
        Ok(true)
    }

    /// Whether the first block goes on.
    pub(super) fn is_open(&self) -> bool {
        self.begun.front().is_some_and(|begun| !begun.has_ended)
    }

    /// A block has ended. It stays open until another begins, since what is said about it may still come.
    pub(super) fn end(&mut self, key: Key, out: &mut Vec<Event>) {
        if let Some(place) = self.place(key) {
            self.begun[place].has_ended = true;
            self.advance(out);
        }
    }

    /// A block of that key that is of another kind has ended.
    pub(super) fn end_other(&mut self, key: Key, block: &BlockStart, out: &mut Vec<Event>) {
        if self.place(key).is_some_and(|place| self.begun[place].block != *block) {
            self.end(key, out);
        }
    }

    /// Something about a block that may have ended already: of that key, or the last of all. Whether there is such a
    /// block and `fits` takes it.
    pub(super) fn remark(
        &mut self,
        key: Option<Key>,
        fits: impl Fn(&BlockStart) -> bool,
        delta: Delta,
        out: &mut Vec<Event>,
    ) -> Result<bool, TranslateError> {
        let is_it = |begun: &Begun| key.is_none_or(|key| begun.key == key) && fits(&begun.block);
        let Some(place) = self.begun.iter().rposition(is_it) else { return Ok(false) };
        self.add(place, delta, out)?;
        Ok(true)
    }

    /// All has come.
    pub(super) fn finish(&mut self, out: &mut Vec<Event>) {
        for begun in &mut self.begun {
            begun.has_ended = true;
        }
        self.advance(out);
        if !self.begun.is_empty() {
            self.close(out);
        }
    }

    /// The last block of this key that has not ended.
    fn place(&self, key: Key) -> Option<usize> {
        self.begun.iter().rposition(|begun| begun.key == key && !begun.has_ended)
    }

    fn add(&mut self, place: usize, delta: Delta, out: &mut Vec<Event>) -> Result<(), TranslateError> {
        if place > 0 {
            self.hold(OVERHEAD + size(&delta))?;
        }
        let begun = &mut self.begun[place];
        begun.is_filled = true;
        if place == 0 {
            out.push(Event::Delta { choice: 0, delta });
        } else {
            begun.waiting.push(delta);
        }
        Ok(())
    }

    /// Closes what has ended and opens what waits behind it.
    fn advance(&mut self, out: &mut Vec<Event>) {
        let over = |begun: &Begun| begun.has_ended || begun.key == Key::Plan;
        while self.begun.len() > 1 && over(&self.begun[0]) {
            self.close(out);
            self.open(out);
        }
        if self.begun.len() <= 1 {
            self.held = 0;
        }
    }

    fn open(&mut self, out: &mut Vec<Event>) {
        let begun = &mut self.begun[0];
        out.push(Event::BlockStart { choice: 0, block: begun.block.clone() });
        out.extend(begun.waiting.drain(..).map(|delta| Event::Delta { choice: 0, delta }));
    }

    fn close(&mut self, out: &mut Vec<Event>) {
        let Some(begun) = self.begun.pop_front() else { return };
        if matches!(begun.block, BlockStart::ToolCall { .. }) && !begun.is_filled {
            out.push(Event::Delta { choice: 0, delta: Delta::Text("{}".to_owned()) });
        }
        out.push(Event::BlockEnd { choice: 0 });
    }

    fn hold(&mut self, bytes: usize) -> Result<(), TranslateError> {
        self.held += bytes;
        if self.held > DEFAULT_LIMIT {
            return Err(TranslateError::malformed("index", "too much waits for the first block to end"));
        }
        Ok(())
    }
}

fn size(delta: &Delta) -> usize {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    match delta {
        Delta::Text(text) => text.len(),
        Delta::Citation(citation) => {
            length(&citation.url) + length(&citation.title) + length(&citation.quote)
        }
        Delta::Logprobs(tokens) => tokens.iter().map(|token| token.chosen.token.len()).sum(),
        Delta::Proof(proof) => proof.data.len(),
    }
}
