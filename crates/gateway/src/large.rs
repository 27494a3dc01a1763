//! A buffer for a body that comes piece by piece.
//!
//! A large one lies in memory that is the system's again the moment it is let go. An allocator keeps what is freed, for
//! each thread and for a while: bodies of 32 MiB, one after the other on other threads, would lie there several times over,
//! whatever the [budget](crate::MemoryBudget) allows at a time.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use memmap2::MmapMut;

/// What is larger lies outside the allocator.
const LARGE_BYTES: usize = 1 << 20;

/// Bytes that become more.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    small: BytesMut,
    large: Option<MmapMut>,
    /// How much of `large` is taken.
    filled: usize,
}

impl Buffer {
    /// Appends `bytes`. Where there is no room, room is made for `goal` in all or, if that is not enough, for twice as much as
    /// before: pages that nothing is written to cost nothing.
    pub(crate) fn extend(&mut self, bytes: &[u8], goal: usize) -> io::Result<()> {
        let total = self.len() + bytes.len();
        // What the allocator rounds up to is no room for a large one.
        let capacity =
            self.large.as_ref().map_or(self.small.capacity().min(LARGE_BYTES), |large| large.len());
        if total > capacity {
            self.grow(goal.max(total))?;
        }
        match &mut self.large {
            Some(large) => large[self.filled..total].copy_from_slice(bytes),
            None => self.small.extend_from_slice(bytes),
        }
        self.filled = total;
        Ok(())
    }

    const fn len(&self) -> usize {
        self.filled
    }

    fn grow(&mut self, goal: usize) -> io::Result<()> {
        if goal <= LARGE_BYTES {
            self.small.reserve(goal - self.small.len());
            return Ok(());
        }
        let mut larger = MmapMut::map_anon(goal.max(2 * self.filled))?;
        let held: &[u8] = self.large.as_deref().unwrap_or(&self.small);
        larger[..self.filled].copy_from_slice(&held[..self.filled]);
        self.large = Some(larger);
        self.small = BytesMut::new();
        Ok(())
    }

    /// What is in it.
    pub(crate) fn freeze(self) -> Bytes {
        match self.large {
            Some(large) => Bytes::from_owner(large).slice(..self.filled),
            None => self.small.freeze(),
        }
    }
}

/// Writing into a buffer that was made for so many bytes and takes no more.
#[derive(Debug)]
pub(crate) struct Exactly<'a> {
    pub(crate) buffer: &'a mut Buffer,
    pub(crate) most: usize,
}

impl Write for Exactly<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.buffer.extend(bytes, self.most)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_it_grows_to_the_bytes_are_those_that_came(
            lengths in prop::collection::vec(0_usize..700_000, 0..8),
            goal in 0..3 * LARGE_BYTES,
        ) {
            let mut buffer = Buffer::default();
            let mut all = Vec::new();
            for (number, length) in lengths.into_iter().enumerate() {
                let piece = vec![u8::try_from(number).unwrap(); length];
                buffer.extend(&piece, goal).unwrap();
                all.extend(piece);
            }
            prop_assert_eq!(buffer.large.is_some(), all.len() > LARGE_BYTES || (goal > LARGE_BYTES && !all.is_empty()));
            prop_assert_eq!(buffer.freeze(), all);
        }
    }

    #[test]
    fn no_more_is_written_than_was_said() {
        let mut buffer = Buffer::default();
        let mut exactly = Exactly { buffer: &mut buffer, most: 3 };
        exactly.write_all(b"abc").unwrap();
        exactly.write_all(b"d").unwrap_err();
        assert_eq!(buffer.freeze(), b"abc".as_slice());
    }
}
