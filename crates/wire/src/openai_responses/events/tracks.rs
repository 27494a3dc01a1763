//! Blocks that grow side by side, told one after the other.
//!
//! **For**: this dialect lets items overlap; the neutral events do not. What belongs to the first block that is not at its
//! end is passed on at once, the rest waits.
//!
//! **Never**: holds back more than [`MOST_HELD`] bytes.

use std::collections::{BTreeSet, VecDeque};

use crate::conversation::{BlockStart, Delta, Event, TranslateError};

/// The most that waits, in bytes. Too low breaks streams whose items overlap; too high lets one supplier fill the memory.
const MOST_HELD: usize = 16 * 1024 * 1024;

/// What one block weighs, however little it holds.
const BLOCK_BYTES: usize = 128;

/// Which block: the item's index and what of it.
pub(super) type Key = (u64, Part);

/// What of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The part of a message at that index.
    Text(u64),
    Refusal(u64),
    Summary,
    Thought,
    /// All of it.
    Whole,
}

impl Part {
    const fn is_reasoning(self) -> bool {
        matches!(self, Self::Summary | Self::Thought)
    }
}

/// One block.
#[derive(Debug)]
struct Track {
    key: Key,
    start: BlockStart,
    /// What waits.
    held: Vec<Delta>,
    closed: bool,
    /// Bytes of text that were told, and those of the part that is being told.
    bytes: usize,
    part_bytes: usize,
    part_index: u64,
}

/// All blocks that are not told to their end. The first one's start is told.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    queue: VecDeque<Track>,
    /// Every block that there ever was.
    known: BTreeSet<Key>,
    held_bytes: usize,
}

type Told = Result<(), TranslateError>;

impl Tracks {
    /// Whether nothing was ever told.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether anything of that item was told.
    pub(super) fn knows_item(&self, item: u64) -> bool {
        self.known.range((item, Part::Text(0))..=(item, Part::Whole)).next().is_some()
    }

    /// Whether the block can still grow.
    pub(super) fn is_open(&self, key: Key) -> bool {
        self.queue.iter().any(|track| track.key == key && !track.closed)
    }

    /// The last block of an item that can still grow.
    pub(super) fn last_open(&self, item: u64) -> Option<Key> {
        let open = self.queue.iter().rev().find(|track| track.key.0 == item && !track.closed);
        open.map(|track| track.key)
    }

    /// Opens a block, unless there was one of that key. A summary ends where the thought begins, and the other way round.
    pub(super) fn open(&mut self, key: Key, start: BlockStart, events: &mut Vec<Event>) -> Told {
        if !self.known.insert(key) {
            return Ok(());
        }
        if key.1.is_reasoning() {
            self.close_where(|other| other.0 == key.0 && other.1.is_reasoning(), events);
        }
        if self.queue.is_empty() {
            events.push(Event::BlockStart { choice: 0, block: start.clone() });
        } else {
            self.hold(BLOCK_BYTES)?;
        }
        let (held, closed) = (Vec::new(), false);
        self.queue.push_back(Track { key, start, held, closed, bytes: 0, part_bytes: 0, part_index: 0 });
        Ok(())
    }

    /// Adds a piece of text, of the part at that index of a block that has several.
    pub(super) fn text(&mut self, key: Key, part: u64, text: &str, events: &mut Vec<Event>) -> Told {
        if text.is_empty() {
            return Ok(());
        }
        let Some(at) = self.position(key) else { return Ok(()) };
        let track = &mut self.queue[at];
        let mut told = String::new();
        if key.1.is_reasoning() && track.part_index != part {
            track.part_index = part;
            track.part_bytes = 0;
            told += if track.bytes > 0 { super::super::items::PARAGRAPH } else { "" };
        }
        track.part_bytes += text.len();
        told += text;
        track.bytes += told.len();
        self.delta(key, Delta::Text(told), events)
    }

    /// Takes note that a block was told so many bytes more of the part that it was told of last. `false`, and nothing noted, where
    /// it is not the one that is told.
    pub(super) fn goes_on(&mut self, key: Key, bytes: usize) -> bool {
        let Some(track) = self.queue.front_mut().filter(|track| track.key == key && !track.closed) else {
            return false;
        };
        track.part_bytes += bytes;
        track.bytes += bytes;
        true
    }

    /// Adds what is new in `whole`, which repeats what was told of the part.
    pub(super) fn catch_up_part(
        &mut self,
        key: Key,
        part: u64,
        whole: &str,
        events: &mut Vec<Event>,
    ) -> Told {
        let Some(at) = self.position(key) else { return Ok(()) };
        let track = &self.queue[at];
        let same_part = !key.1.is_reasoning() || track.part_index == part;
        let said = if same_part { track.part_bytes } else { 0 };
        // An earlier part, repeated.
        if !same_part && part < track.part_index {
            return Ok(());
        }
        self.text(key, part, whole.get(said..).unwrap_or_default(), events)
    }

    /// Adds what is new in `whole`, which repeats all that was told of the block.
    pub(super) fn catch_up(&mut self, key: Key, whole: &str, events: &mut Vec<Event>) -> Told {
        let Some(at) = self.position(key) else { return Ok(()) };
        let track = &self.queue[at];
        let (said, part) = (track.bytes, track.part_index);
        self.text(key, part, whole.get(said..).unwrap_or_default(), events)
    }

    /// Adds anything.
    pub(super) fn delta(&mut self, key: Key, delta: Delta, events: &mut Vec<Event>) -> Told {
        match self.position(key) {
            None => {}
            Some(0) => events.push(Event::Delta { choice: 0, delta }),
            Some(at) => {
                let (weight, held) = match &delta {
                    Delta::Text(text) => (text.len(), &mut self.queue[at].held),
                    _ => (BLOCK_BYTES, &mut self.queue[at].held),
                };
                match (held.last_mut(), delta) {
                    (Some(Delta::Text(text)), Delta::Text(more)) => text.push_str(&more),
                    (_, delta) => held.push(delta),
                }
                self.hold(weight)?;
            }
        }
        Ok(())
    }

    /// Ends a block.
    pub(super) fn close(&mut self, key: Key, events: &mut Vec<Event>) {
        self.close_where(|other| other == key, events);
    }

    /// Ends all blocks of an item.
    pub(super) fn close_item(&mut self, item: u64, events: &mut Vec<Event>) {
        self.close_where(|key| key.0 == item, events);
    }

    /// Ends all blocks.
    pub(super) fn close_all(&mut self, events: &mut Vec<Event>) {
        self.close_where(|_| true, events);
    }

    fn close_where(&mut self, is_meant: impl Fn(Key) -> bool, events: &mut Vec<Event>) {
        for track in self.queue.iter_mut().filter(|track| is_meant(track.key)) {
            track.closed = true;
        }
        while self.queue.front().is_some_and(|track| track.closed) {
            events.push(Event::BlockEnd { choice: 0 });
            self.queue.pop_front();
            if let Some(next) = self.queue.front_mut() {
                events.push(Event::BlockStart { choice: 0, block: next.start.clone() });
                events.extend(next.held.drain(..).map(|delta| Event::Delta { choice: 0, delta }));
            }
        }
        if self.queue.len() < 2 {
            self.held_bytes = 0;
        }
    }

    fn position(&self, key: Key) -> Option<usize> {
        self.queue.iter().position(|track| track.key == key && !track.closed)
    }

    fn hold(&mut self, bytes: usize) -> Told {
        self.held_bytes += bytes;
        if self.held_bytes > MOST_HELD {
            return Err(TranslateError::malformed("output_index", "items overlap by more than can be held"));
        }
        Ok(())
    }
}
