//! What several targets share.

use bytes::Bytes;
use catalogue::Protocol;
use wire::framing::{Frame, sse::Framer};
use wire::{End, SeenKind};

/// Reads a stream twice: as it is, and with every frame given another outside, so that comparing with an earlier frame
/// never helps. Both must see the same.
pub fn watch(protocol: Protocol, stream: &[u8]) {
    let codec = wire::codec(protocol).expect("spoken");
    let (mut reader, mut scanning) = (codec.stream(), codec.stream());
    let mut framer = Framer::default();
    framer.push(Bytes::copy_from_slice(stream));
    let mut failed = false;
    let mut number = 0;
    while let Ok(Some(frame)) = framer.next_frame() {
        let seen = reader.read(&frame);
        number += 1;
        let outside = [format!(":{number}\n").as_bytes(), &frame.raw].concat();
        // A byte-order mark counts only at the front of a frame.
        if !frame.raw.starts_with(b"\xef\xbb\xbf") {
            assert_eq!(scanning.read(&Frame::sse(outside.into())), seen);
        } else {
            scanning.read(&frame);
        }
        failed |= matches!(seen.kind, SeenKind::Error(_));
        assert!(!failed || reader.end() == End::Cut, "a failure is never a whole answer");
    }
    assert_eq!(reader.output_bytes(), scanning.output_bytes());
    assert_eq!((reader.usage(), reader.finish()), (scanning.usage(), scanning.finish()));
    assert!(reader.output_bytes() <= stream.len() as u64);
}
