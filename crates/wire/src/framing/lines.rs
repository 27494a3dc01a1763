//! One JSON text a line: newline-delimited JSON.
//!
//! **Promises**: as [`super`]; memory is bounded by the longest line allowed. Blank lines are part of the next frame.

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use super::{Frame, FramingError};

/// Cuts a byte stream at its line feeds.
#[derive(Debug)]
pub struct Framer {
    limit: usize,
    held: BytesMut,
    /// How much of `held` is known to have no end of line.
    looked_at: usize,
}

impl Framer {
    /// A framer that refuses lines longer than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, held: BytesMut::new(), looked_at: 0 }
    }

    /// Adds what was read, in any cut.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next whole line that is not blank; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`FramingError::TooLong`], and from then on always.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FramingError> {
        let too_long = FramingError::TooLong { limit: self.limit };
        while let Some(length) = memchr(b'\n', &self.held[self.looked_at..]) {
            let end = self.looked_at + length + 1;
            if end > self.limit {
                return Err(too_long);
            }
            self.looked_at = end;
            if self.held[..end].trim_ascii().is_empty() {
                continue;
            }
            self.looked_at = 0;
            return Ok(Some(Self::frame(self.held.split_to(end).freeze())));
        }
        self.looked_at = self.held.len();
        if self.held.len() > self.limit { Err(too_long) } else { Ok(None) }
    }

    /// The rest, if it says anything.
    pub fn finish(&mut self) -> Option<Frame> {
        self.looked_at = 0;
        let rest = self.held.split().freeze();
        (!rest.is_empty()).then(|| Self::frame(rest))
    }

    fn frame(raw: Bytes) -> Frame {
        let end = raw.trim_ascii_end().len();
        let start = end - raw[..end].trim_ascii_start().len();
        Frame::whole(raw, 0..0, start..end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames(framer: &mut Framer) -> Vec<Frame> {
        std::iter::from_fn(|| framer.next_frame().unwrap()).collect()
    }

    #[test]
    fn a_line_is_a_frame_and_its_data_is_the_line() {
        let mut framer = Framer::new(100);
        framer.push(b"{\"a\":1}\r\n\n  {\"b\":2}\n{\"c\"");
        let found = frames(&mut framer);
        assert_eq!(
            found.iter().map(|frame| frame.data().into_owned()).collect::<Vec<_>>(),
            [b"{\"a\":1}".to_vec(), b"{\"b\":2}".to_vec()]
        );
        assert_eq!(found[0].event(), None);
        assert_eq!(&*framer.finish().unwrap().data(), b"{\"c\"");
        assert_eq!(framer.finish(), None);
    }

    #[test]
    fn a_line_past_the_limit_is_refused_for_good() {
        let mut framer = Framer::new(5);
        framer.push(b"123456");
        for _ in 0..2 {
            assert_eq!(framer.next_frame(), Err(FramingError::TooLong { limit: 5 }));
        }
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_frames(text in "[a{}\n\r ]{0,60}", cuts in prop::collection::vec(0_usize..60, 0..6)) {
            let bytes = text.as_bytes();
            let mut whole = Framer::new(1000);
            whole.push(bytes);
            let expected = (frames(&mut whole), whole.finish());
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut framer = Framer::new(1000);
            let mut found = Vec::new();
            for pair in cuts.windows(2) {
                framer.push(&bytes[pair[0]..pair[1]]);
                found.extend(frames(&mut framer));
            }
            prop_assert_eq!((found, framer.finish()), expected);
        }
    }
}
