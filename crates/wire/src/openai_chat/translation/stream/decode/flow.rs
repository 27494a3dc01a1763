//! Puts blocks that grow side by side in a row.
//!
//! One block is open and passes on what it gets. What belongs to another waits until the open one may close: text and
//! reasoning at once, a call when its arguments are whole, and everything at the end. A block that was closed is never
//! opened again.

use std::collections::VecDeque;

use super::balance::Balance;
use crate::conversation::{BlockStart, Delta, Event, TranslateError};

/// At most so many bytes wait. More than any answer of calls has; each stream may hold so much.
const MOST_HELD: usize = 8 * 1024 * 1024;

/// What a waiting block weighs beside its text.
const WEIGHT: usize = 128;

/// By what blocks are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Text,
    Refusal,
    Reasoning(u32),
    Call(u32),
    /// In one piece: never the same as another.
    Single,
}

impl Key {
    /// Whether only the last block can be it: another one of its kind is a new one.
    const fn is_last_only(self) -> bool {
        matches!(self, Self::Text | Self::Refusal | Self::Single)
    }
}

/// What became of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// It begins a block.
    New,
    /// It belongs to one that there is.
    Grown,
    /// It belongs to a call that is closed or whole, and is lost.
    Late,
}

/// Where a choice's events go.
#[derive(Debug)]
pub(super) struct Out<'a> {
    pub(super) choice: u32,
    pub(super) events: &'a mut Vec<Event>,
    /// Bytes that wait, over all choices.
    pub(super) held: &'a mut usize,
}

#[derive(Debug)]
struct Open {
    key: Key,
    progress: Progress,
}

/// When a block may close.
#[derive(Debug, Clone, Copy)]
enum Progress {
    Any,
    /// A function's call: when its arguments are whole.
    Arguments(Balance),
    /// A custom tool's call: free text says nowhere that it is whole.
    AtTheEnd,
}

impl Progress {
    const fn of(block: &BlockStart) -> Self {
        match block {
            BlockStart::ToolCall { is_custom: true, .. } => Self::AtTheEnd,
            BlockStart::ToolCall { .. } => Self::Arguments(Balance::new()),
            _ => Self::Any,
        }
    }

    /// Takes note of a piece; whether there is room for it: behind whole arguments there is none, and suppliers have been
    /// seen to say them twice.
    fn takes(&mut self, delta: &Delta) -> bool {
        let (Self::Arguments(balance), Delta::Text(text)) = (self, delta) else { return true };
        if balance.is_whole() && !text.trim().is_empty() {
            return false;
        }
        balance.feed(text);
        true
    }

    const fn may_close(self) -> bool {
        match self {
            Self::Any => true,
            Self::Arguments(balance) => balance.is_whole(),
            Self::AtTheEnd => false,
        }
    }
}

#[derive(Debug)]
struct Waiting {
    key: Key,
    block: BlockStart,
    progress: Progress,
    deltas: Vec<Delta>,
    weight: usize,
}

/// One choice's blocks.
#[derive(Debug, Default)]
pub(super) struct Flow {
    open: Option<Open>,
    waiting: VecDeque<Waiting>,
    closed_calls: Vec<u32>,
}

impl Flow {
    /// The last block so far, open or waiting.
    pub(super) fn last(&self) -> Option<Key> {
        let open = self.open.as_ref().map(|open| open.key);
        self.waiting.back().map(|block| block.key).or(open)
    }

    /// Whether a piece of text goes out as it comes: there is an open block for it, and nothing waits.
    pub(super) fn text_is_open(&self) -> bool {
        self.waiting.is_empty() && self.open.as_ref().is_some_and(|open| open.key == Key::Text)
    }

    /// Adds a piece to the block of that key, which begins as `block` where there is none.
    ///
    /// # Errors
    /// [`TranslateError::Malformed`] where too much waits.
    pub(super) fn add(
        &mut self,
        key: Key,
        block: impl FnOnce() -> BlockStart,
        delta: Option<Delta>,
        out: &mut Out<'_>,
    ) -> Result<Added, TranslateError> {
        let is_open = self.open.as_ref().is_some_and(|open| open.key == key);
        if is_open && key != Key::Single && (self.waiting.is_empty() || !key.is_last_only()) {
            return Ok(self.grow(delta, out));
        }
        if let Some(waiting) = self.waiting_at(key) {
            return waiting.hold(delta, out);
        }
        if matches!(key, Key::Call(call) if self.closed_calls.contains(&call)) {
            return Ok(Added::Late);
        }
        let block = block();
        if self.waiting.is_empty() && self.open.as_ref().is_none_or(|open| open.progress.may_close()) {
            self.close_open(out);
            let mut progress = Progress::of(&block);
            if let Some(delta) = &delta {
                progress.takes(delta);
            }
            self.begin(key, block, progress, delta, out);
        } else {
            let progress = Progress::of(&block);
            let mut waiting = Waiting { key, block, progress, deltas: Vec::new(), weight: 0 };
            waiting.weigh(WEIGHT, out)?;
            waiting.hold(delta, out)?;
            self.waiting.push_back(waiting);
        }
        Ok(Added::New)
    }

    /// Says all that waits, and closes it.
    pub(super) fn close(&mut self, out: &mut Out<'_>) {
        self.close_open(out);
        while self.next(out) {
            self.close_open(out);
        }
    }

    fn waiting_at(&mut self, key: Key) -> Option<&mut Waiting> {
        if key.is_last_only() {
            return self.waiting.back_mut().filter(|block| block.key == key && key != Key::Single);
        }
        self.waiting.iter_mut().find(|block| block.key == key)
    }

    fn grow(&mut self, delta: Option<Delta>, out: &mut Out<'_>) -> Added {
        let Some(open) = &mut self.open else { return Added::Late };
        if let Some(delta) = delta {
            if !open.progress.takes(&delta) {
                return Added::Late;
            }
            out.events.push(Event::Delta { choice: out.choice, delta });
        }
        while !self.waiting.is_empty() && self.open.as_ref().is_none_or(|open| open.progress.may_close()) {
            self.close_open(out);
            self.next(out);
        }
        Added::Grown
    }

    fn begin(
        &mut self,
        key: Key,
        block: BlockStart,
        progress: Progress,
        deltas: impl IntoIterator<Item = Delta>,
        out: &mut Out<'_>,
    ) {
        let choice = out.choice;
        out.events.push(Event::BlockStart { choice, block });
        out.events.extend(deltas.into_iter().map(|delta| Event::Delta { choice, delta }));
        self.open = Some(Open { key, progress });
    }

    fn close_open(&mut self, out: &mut Out<'_>) {
        if let Some(open) = self.open.take() {
            out.events.push(Event::BlockEnd { choice: out.choice });
            if let Key::Call(call) = open.key {
                self.closed_calls.push(call);
            }
        }
    }

    /// Opens what waits longest, if anything does.
    fn next(&mut self, out: &mut Out<'_>) -> bool {
        let Some(Waiting { key, block, progress, deltas, weight }) = self.waiting.pop_front() else {
            return false;
        };
        *out.held -= weight;
        self.begin(key, block, progress, deltas, out);
        true
    }
}

impl Waiting {
    fn hold(&mut self, delta: Option<Delta>, out: &mut Out<'_>) -> Result<Added, TranslateError> {
        let Some(delta) = delta else { return Ok(Added::Grown) };
        if !self.progress.takes(&delta) {
            return Ok(Added::Late);
        }
        match (delta, self.deltas.last_mut()) {
            (Delta::Text(more), Some(Delta::Text(text))) => {
                text.push_str(&more);
                self.weigh(more.len(), out)?;
            }
            (delta, _) => {
                let weight = WEIGHT + weight(&delta);
                self.deltas.push(delta);
                self.weigh(weight, out)?;
            }
        }
        Ok(Added::Grown)
    }

    fn weigh(&mut self, bytes: usize, out: &mut Out<'_>) -> Result<(), TranslateError> {
        self.weight += bytes;
        *out.held += bytes;
        if *out.held > MOST_HELD {
            return Err(TranslateError::malformed("choices.delta", "too much comes out of its order"));
        }
        Ok(())
    }
}

fn weight(delta: &Delta) -> usize {
    match delta {
        Delta::Text(text) => text.len(),
        Delta::Proof(proof) => proof.data.len(),
        Delta::Citation(_) => WEIGHT,
        Delta::Logprobs(tokens) => tokens.iter().map(|token| WEIGHT * (1 + token.top.len())).sum(),
    }
}
