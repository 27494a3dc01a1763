//! A request body made of pieces: the client's bytes with our splices between them, sent without being joined.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

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

    /// Whether nothing is left to send.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.left.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len())
    }
}
