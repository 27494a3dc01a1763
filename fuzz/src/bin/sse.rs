//! Framing under any cut. The first bytes of the input say where to cut the rest.
#![cfg_attr(fuzzing, no_main)]

use bytes::Bytes;
use wire::framing::{Frame, sse::Framer};

fn frames<'a>(chunks: impl Iterator<Item = &'a [u8]>, limit: usize) -> (Vec<Frame>, bool, Vec<u8>) {
    let mut framer = Framer::new(limit);
    let mut frames = Vec::new();
    let mut refused = false;
    for chunk in chunks {
        framer.push(Bytes::copy_from_slice(chunk));
        while !refused {
            match framer.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => refused = true,
            }
        }
    }
    (frames, refused, framer.finish().unwrap_or_default().to_vec())
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((cuts, input)) = input.split_first_chunk::<8>() else { return };
    for limit in [usize::MAX, 40] {
        let whole = frames(std::iter::once(input), limit);
        let mut rest = input;
        let mut cuts = cuts.iter().cycle();
        let pieces = std::iter::from_fn(|| {
            let length = usize::from(*cuts.next()?).clamp(1, 1.max(rest.len()));
            let (piece, left) = (!rest.is_empty()).then(|| rest.split_at(length))?;
            rest = left;
            Some(piece)
        });
        assert_eq!(frames(pieces, limit), whole);
        let (frames, _, rest) = whole;
        let raw = frames.iter().flat_map(|frame| frame.raw.iter()).chain(&rest);
        assert!(raw.eq(input));
        for frame in frames {
            assert!(frame.data().is_empty() || !frame.is_comment_only());
            assert!(frame.event().is_none_or(|name| !name.contains(&b'\n')));
        }
    }
});

#[cfg(not(fuzzing))]
fn main() {}
