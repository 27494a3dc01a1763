//! AWS event streams under any cut, as they come and with the sums that they should have. The first bytes of the input say
//! where to cut the rest.
#![cfg_attr(fuzzing, no_main)]

use wire::framing::event_stream::{Framer, sort, write_event};
use wire::framing::{Frame, FramingError};

fn frames<'a>(
    chunks: impl Iterator<Item = &'a [u8]>,
    limit: usize,
) -> (Vec<Frame>, Option<FramingError>, Vec<u8>) {
    let mut framer = Framer::new(limit);
    let mut frames = Vec::new();
    let mut refused = None;
    for chunk in chunks {
        framer.push(chunk);
        while refused.is_none() {
            match framer.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => refused = Some(error),
            }
        }
    }
    (frames, refused, framer.finish().map(|rest| rest.raw.to_vec()).unwrap_or_default())
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((cuts, input)) = input.split_first_chunk::<8>() else { return };
    let mut stream = Vec::new();
    for line in input.split(|byte| *byte == b'\n') {
        write_event("event", line, &mut stream);
    }
    stream.extend(input);
    for (stream, limit) in [(input, usize::MAX), (&stream, usize::MAX), (&stream, 100)] {
        let whole = frames(std::iter::once(stream), limit);
        let mut rest = stream;
        let mut cuts = cuts.iter().cycle();
        let pieces = std::iter::from_fn(|| {
            let length = usize::from(*cuts.next()?).clamp(1, 1.max(rest.len()));
            let (piece, left) = (!rest.is_empty()).then(|| rest.split_at(length))?;
            rest = left;
            Some(piece)
        });
        assert_eq!(frames(pieces, limit), whole);
        let (frames, _, rest) = whole;
        assert!(frames.iter().flat_map(|frame| frame.raw.iter()).chain(&rest).eq(stream));
        assert!(frames.iter().all(|frame| sort(&frame.raw).is_some()));
    }
});

#[cfg(not(fuzzing))]
fn main() {}
