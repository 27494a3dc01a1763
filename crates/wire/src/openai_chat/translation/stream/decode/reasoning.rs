//! Streamed reasoning: plain text, or pieces of entries, often both with the same text; or plain text and then, when it has
//! ended, one entry with all of it.

use super::super::super::read::Losses;
use super::super::super::reasoning::Entry;
use super::flow::{Flow, Key, Out};
use crate::conversation::{BlockStart, Delta, TranslateError};

/// Why a proof is lost.
const TOO_LATE: &str = "it came when the reasoning was over";

/// One choice's reasoning so far.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    blocks: u32,
    /// The entry that the last block is; `None` while it is plain text.
    entry: Option<Entry>,
    /// The last block's plain text.
    plain: String,
    /// Whether an entry has said all of that again, so that nothing is added to the block any more.
    is_told: bool,
}

impl Thoughts {
    /// Adds what a chunk says. Where its entries have text, they have the plain one's.
    pub(super) fn add(
        &mut self,
        plain: Option<String>,
        entries: Vec<Entry>,
        flow: &mut Flow,
        losses: &mut Losses,
        out: &mut Out<'_>,
    ) -> Result<(), TranslateError> {
        let told = entries.iter().any(|entry| !entry.text.is_empty());
        if let (false, Some(text)) = (told, plain) {
            self.plain(text, flow, out)?;
        }
        let mut entries = entries.into_iter().filter(|entry| !entry.is_again);
        entries.try_for_each(|entry| self.entry(entry, flow, losses, out))
    }

    /// Adds plain text.
    pub(super) fn plain(
        &mut self,
        text: String,
        flow: &mut Flow,
        out: &mut Out<'_>,
    ) -> Result<(), TranslateError> {
        let is_whole = self.is_told || self.entry.as_ref().is_some_and(Entry::is_proved);
        let key = match flow.last() {
            Some(Key::Reasoning(key)) if !is_whole => Key::Reasoning(key),
            _ => self.next_key(),
        };
        if self.entry.is_none() {
            self.plain.push_str(&text);
        }
        let block = || BlockStart::Reasoning { is_summary: false };
        flow.add(key, block, Some(Delta::Text(text)), out).map(drop)
    }

    fn entry(
        &mut self,
        mut piece: Entry,
        flow: &mut Flow,
        losses: &mut Losses,
        out: &mut Out<'_>,
    ) -> Result<(), TranslateError> {
        if self.has_said(&piece) {
            return self.told(piece, flow, losses, out);
        }
        let text = std::mem::take(&mut piece.text);
        if text.is_empty() && !piece.has_more() {
            return Ok(());
        }
        let last = flow.last().filter(|key| matches!(key, Key::Reasoning(_)));
        let known = self.entry.as_ref();
        let is_same = known.is_some_and(|known| known.index == piece.index && known.kind == piece.kind);
        let is_proof = piece.is_text() && text.is_empty();
        // What proves plain text comes as an entry without text.
        let proves_plain = is_proof && known.is_none() && self.blocks > 0;
        let grows = (is_same || proves_plain) && !known.is_some_and(Entry::is_proved);
        let is_summary = piece.is_summary();
        let key = match last {
            Some(key) if grows => key,
            None if grows && is_proof => {
                losses.note("reasoning.proof", TOO_LATE);
                return Ok(());
            }
            _ => self.next_key(),
        };
        let proof = piece.has_more();
        match &mut self.entry {
            Some(known) => known.grow(piece),
            None => self.entry = Some(piece),
        }
        let proof = self.entry.as_ref().filter(|_| proof).and_then(Entry::proof);
        let text = Some(text).filter(|text| !text.is_empty()).map(Delta::Text);
        let mut deltas = text.into_iter().chain(proof.map(Delta::Proof));
        let block = || BlockStart::Reasoning { is_summary };
        flow.add(key, block, deltas.next(), out)?;
        deltas.try_for_each(|delta| flow.add(key, block, Some(delta), out).map(drop))
    }

    /// Whether an entry has no other text than the last block's plain one.
    fn has_said(&self, entry: &Entry) -> bool {
        self.entry.is_none() && !self.is_told && !entry.text.is_empty() && entry.text == self.plain
    }

    /// Takes an entry whose text is said: what proves it is left, if anything does.
    fn told(
        &mut self,
        entry: Entry,
        flow: &mut Flow,
        losses: &mut Losses,
        out: &mut Out<'_>,
    ) -> Result<(), TranslateError> {
        let proof = entry.proof();
        self.is_told = true;
        self.entry = Some(entry);
        match (flow.last(), proof) {
            (_, None) => Ok(()),
            (Some(key @ Key::Reasoning(_)), Some(proof)) => {
                let block = || BlockStart::Reasoning { is_summary: false };
                flow.add(key, block, Some(Delta::Proof(proof)), out).map(drop)
            }
            (_, Some(_)) => {
                losses.note("reasoning.proof", TOO_LATE);
                Ok(())
            }
        }
    }

    fn next_key(&mut self) -> Key {
        self.entry = None;
        self.plain.clear();
        self.is_told = false;
        self.blocks = self.blocks.wrapping_add(1);
        Key::Reasoning(self.blocks)
    }
}
