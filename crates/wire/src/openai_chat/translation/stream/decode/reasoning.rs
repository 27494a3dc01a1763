//! Streamed reasoning: plain text, or pieces of entries, often both with the same text.

use super::super::super::read::Losses;
use super::super::super::reasoning::Entry;
use super::flow::{Flow, Key, Out};
use crate::conversation::{BlockStart, Delta, TranslateError};

/// One choice's reasoning so far.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    blocks: u32,
    /// The entry that the last block is; `None` while it is plain text.
    entry: Option<Entry>,
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
        entries.into_iter().try_for_each(|entry| self.entry(entry, flow, losses, out))
    }

    /// Adds plain text.
    pub(super) fn plain(
        &mut self,
        text: String,
        flow: &mut Flow,
        out: &mut Out<'_>,
    ) -> Result<(), TranslateError> {
        let is_proved = self.entry.as_ref().is_some_and(Entry::is_proved);
        let key = match flow.last() {
            Some(Key::Reasoning(key)) if !is_proved => Key::Reasoning(key),
            _ => {
                self.entry = None;
                self.next_key()
            }
        };
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
                losses.note("reasoning.proof", "it came when the reasoning was over");
                return Ok(());
            }
            _ => {
                self.entry = None;
                self.next_key()
            }
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

    fn next_key(&mut self) -> Key {
        self.blocks = self.blocks.wrapping_add(1);
        Key::Reasoning(self.blocks)
    }
}
