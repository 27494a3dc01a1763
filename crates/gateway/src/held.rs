//! An answer's body, held back while it is looked at: bounded by itself and by the memory of all.

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;

use crate::memory::{Growing, MemoryBudget};

/// Chunks in their order, and the memory that they take.
#[derive(Debug)]
pub(crate) struct Held {
    chunks: Vec<Bytes>,
    bytes: usize,
    limit: usize,
    room: Growing,
}

/// How reading went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// All of the body is held.
    End,
    /// There may be more, and no room for it.
    Full,
    /// The body broke off.
    Broken,
}

impl Held {
    /// Holds up to `limit` bytes, and a chunk.
    pub(crate) fn new(limit: usize, memory: MemoryBudget) -> Self {
        Self { chunks: Vec::new(), bytes: 0, limit, room: Growing::new(memory) }
    }

    /// Reads `body` until it ends or there is no more room.
    pub(crate) async fn read<B: Body<Data = Bytes> + Unpin>(&mut self, body: &mut B) -> Read {
        loop {
            let before = self.bytes;
            match body.frame().await {
                None => return Read::End,
                Some(Err(_)) => return Read::Broken,
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.bytes += data.len();
                        self.chunks.push(data);
                    }
                }
            }
            if self.bytes > self.limit || !self.room.take(self.bytes - before) {
                return Read::Full;
            }
        }
    }

    /// How much is held.
    pub(crate) const fn len(&self) -> usize {
        self.bytes
    }

    /// What is held, joined.
    pub(crate) fn into_bytes(mut self) -> Bytes {
        if self.chunks.len() == 1 {
            return self.chunks.remove(0);
        }
        let mut all = BytesMut::with_capacity(self.bytes);
        for chunk in &self.chunks {
            all.extend_from_slice(chunk);
        }
        all.freeze()
    }

    /// What is held, chunk by chunk, each let go as it is taken.
    pub(crate) fn into_chunks(self) -> impl Iterator<Item = Bytes> {
        let Self { chunks, room, .. } = self;
        let mut room = Some(room);
        let mut left = chunks.into_iter();
        std::iter::from_fn(move || {
            let next = left.next();
            if next.is_none() {
                room.take();
            }
            next
        })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn holding_stops_at_the_limit_and_at_everybodys() {
        let body = || Full::new(Bytes::from(vec![b'x'; 1 << 20]));
        let rich = MemoryBudget::new(8 << 20);
        let mut held = Held::new(2 << 20, rich.clone());
        assert_eq!(held.read(&mut body()).await, Read::End);
        assert_eq!(held.into_bytes().len(), 1 << 20);
        assert_eq!(Held::new(1 << 19, rich).read(&mut body()).await, Read::Full);
        let poor = MemoryBudget::new(1 << 18);
        assert_eq!(Held::new(2 << 20, poor).read(&mut body()).await, Read::Full);
    }
}
