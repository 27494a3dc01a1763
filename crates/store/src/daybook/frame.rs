//! The frames of a volume. Each: what it is (1 byte), the length of the rest (4), the rest; little endian.
//!
//! `V` begins a volume: the chain before its first record. `H` names a head: number, text. `R` is a record: place,
//! moment, kind, request, head, chain after it, tail. Whatever counts is covered by the chain.

use std::ops::Range;

use ledger::{Chain, Link, RecordKind, RequestId};

const BEGIN_BYTES: usize = 5;
const HEAD_FIXED: usize = 8;
const RECORD_FIXED: usize = 73;

/// A frame as it is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    Volume { chain: Chain },
    Head { id: i64, text: &'a str },
    Record { seq: i64, at_us: i64, kind: RecordKind, id: RequestId, head: i64, chain: Chain, tail: &'a str },
}

pub(crate) fn put_volume(bytes: &mut Vec<u8>, chain: &Chain) {
    begin(bytes, b'V', 32);
    bytes.extend_from_slice(chain.as_bytes());
}

/// Gives where the text lies.
pub(crate) fn put_head(bytes: &mut Vec<u8>, id: i64, text: &[u8]) -> Range<usize> {
    begin(bytes, b'H', HEAD_FIXED + text.len());
    bytes.extend_from_slice(&id.to_le_bytes());
    put(bytes, text)
}

/// Gives where the tail lies.
pub(crate) fn put_record(bytes: &mut Vec<u8>, link: &Link<'_>, head: i64, chain: &Chain) -> Range<usize> {
    begin(bytes, b'R', RECORD_FIXED + link.tail.len());
    bytes.extend_from_slice(&link.seq.to_le_bytes());
    bytes.extend_from_slice(&link.at_us.to_le_bytes());
    bytes.push(link.kind.code());
    bytes.extend_from_slice(link.id.as_bytes());
    bytes.extend_from_slice(&head.to_le_bytes());
    bytes.extend_from_slice(chain.as_bytes());
    put(bytes, link.tail)
}

fn begin(bytes: &mut Vec<u8>, what: u8, rest: usize) {
    bytes.reserve(BEGIN_BYTES + rest);
    bytes.push(what);
    bytes.extend_from_slice(&length(rest).to_le_bytes());
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) -> Range<usize> {
    let start = bytes.len();
    bytes.extend_from_slice(part);
    start..bytes.len()
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("a record is far below 4 GiB: requests are bounded")
}

/// Takes a frame off the front; `None` where there is none that makes sense.
pub(super) fn take<'a>(bytes: &mut &'a [u8]) -> Option<Frame<'a>> {
    let mut rest = *bytes;
    let what = *rest.split_off_first()?;
    let length = u32::from_le_bytes(take_array(&mut rest)?);
    let mut body = rest.split_off(..usize::try_from(length).ok()?)?;
    let frame = match what {
        b'V' => Frame::Volume { chain: Chain::from_bytes(take_array(&mut body)?) },
        b'H' => take_head(body)?,
        b'R' => take_record(body)?,
        _ => return None,
    };
    *bytes = rest;
    Some(frame)
}

fn take_head(mut body: &[u8]) -> Option<Frame<'_>> {
    Some(Frame::Head {
        id: i64::from_le_bytes(take_array(&mut body)?),
        text: std::str::from_utf8(body).ok()?,
    })
}

fn take_record(mut body: &[u8]) -> Option<Frame<'_>> {
    Some(Frame::Record {
        seq: i64::from_le_bytes(take_array(&mut body)?),
        at_us: i64::from_le_bytes(take_array(&mut body)?),
        kind: RecordKind::from_code(i64::from(*body.split_off_first()?))?,
        id: RequestId::from_bytes(take_array(&mut body)?),
        head: i64::from_le_bytes(take_array(&mut body)?),
        chain: Chain::from_bytes(take_array(&mut body)?),
        tail: std::str::from_utf8(body).ok()?,
    })
}

fn take_array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    bytes.split_off(..N)?.try_into().ok()
}

#[cfg(test)]
mod tests;
