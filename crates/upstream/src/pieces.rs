//! A request body made of pieces: the client's bytes with our splices between them, sent without being joined.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

/// A body of known length held as slices of other buffers. Cloning it clones no bytes.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    left: VecDeque<Bytes>,
}

impl Pieces {
    /// The pieces in the order in which they are sent; empty ones are left out.
    pub fn new(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        Self { left: pieces.into_iter().filter(|piece| !piece.is_empty()).collect() }
    }

    /// The pieces still to be sent.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Bytes> {
        self.left.iter()
    }

    /// Bytes still to be sent.
    pub fn len(&self) -> u64 {
        self.left.iter().map(|piece| piece.remaining() as u64).sum()
    }

    pub(crate) fn push_front(&mut self, piece: Bytes) {
        self.left.push_front(piece);
    }

    /// The first `bytes` have been sent.
    pub(crate) fn advance(&mut self, mut bytes: usize) {
        while let Some(first) = self.left.front_mut() {
            if first.len() > bytes {
                return first.advance(bytes);
            }
            bytes -= first.len();
            self.left.pop_front();
        }
    }

    /// Whether nothing is left to send.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }
}
