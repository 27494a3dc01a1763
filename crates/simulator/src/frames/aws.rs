//! One frame of AWS's event stream (`application/vnd.amazon.eventstream`, as botocore 1.44.8 reads it in
//! `eventstream.py`, read 2026-11-28): lengths, headers, payload, and a CRC-32 of each half.

use bytes::{BufMut, Bytes, BytesMut};

/// A header's value is a string.
const TEXT: u8 = 7;

/// An event of this name, or an exception where the name says so.
pub(super) fn frame(name: &str, payload: &[u8]) -> Bytes {
    let (kind, sort) =
        if name.ends_with("Exception") { (":exception-type", "exception") } else { (":event-type", "event") };
    let mut headers = BytesMut::new();
    for (name, value) in [(kind, name), (":content-type", "application/json"), (":message-type", sort)] {
        headers.put_u8(u8::try_from(name.len()).expect("a header's name is short"));
        headers.put_slice(name.as_bytes());
        headers.put_u8(TEXT);
        headers.put_u16(u16::try_from(value.len()).expect("a header's value is short"));
        headers.put_slice(value.as_bytes());
    }
    let mut frame = BytesMut::new();
    frame.put_u32(length(16 + headers.len() + payload.len()));
    frame.put_u32(length(headers.len()));
    frame.put_u32(crc32(&frame));
    frame.put_slice(&headers);
    frame.put_slice(payload);
    frame.put_u32(crc32(&frame));
    frame.freeze()
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("a frame is smaller than 4 GiB")
}

/// The remainders of all bytes, for the reversed polynomial of IEEE 802.3.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut rest = byte;
        let mut bit = 0;
        while bit < 8 {
            rest = if rest & 1 == 1 { rest >> 1 ^ 0xEDB8_8320 } else { rest >> 1 };
            bit += 1;
        }
        table[byte as usize] = rest;
        byte += 1;
    }
    table
};

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| TABLE[((crc ^ u32::from(*byte)) & 0xFF) as usize] ^ crc >> 8;
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_checksums() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn a_frame_says_its_lengths_and_what_it_is() {
        let frame = frame("messageStop", b"{}");
        let word = |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().unwrap());
        assert_eq!(word(0) as usize, frame.len());
        assert_eq!(word(8), crc32(&frame[..8]));
        assert_eq!(word(frame.len() - 4), crc32(&frame[..frame.len() - 4]));
        let headers = &frame[12..12 + word(4) as usize];
        assert!(headers.starts_with(b"\x0b:event-type\x07\x00\x0bmessageStop"), "{headers:?}");
        assert_eq!(&frame[frame.len() - 6..frame.len() - 4], b"{}");
    }
}
