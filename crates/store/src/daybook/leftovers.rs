//! What a daybook holds after its writer was ended.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use ledger::{Chain, Link, RecordKind, RequestId};

use super::frame::{self, Frame};
use super::volume_path;

/// A record that may not have been posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leftover {
    pub(crate) seq: i64,
    pub(crate) at_us: i64,
    pub(crate) kind: RecordKind,
    pub(crate) id: RequestId,
    pub(crate) head: String,
    pub(crate) tail: String,
    /// The chain after it, as the journal was to have it.
    pub(crate) chain: Chain,
}

/// The whole records of both volumes, in order.
pub(crate) fn leftovers(ledger: &Path) -> io::Result<Vec<Leftover>> {
    let mut all: Vec<_> = volumes(ledger)?.iter().flat_map(|bytes| read_volume(bytes)).collect();
    all.sort_by_key(|leftover| leftover.seq);
    Ok(all)
}

/// The place of the last record in a daybook that somebody may be writing; 0 where there is none. What is left of an
/// older volume stands earlier, so the chain need not be followed.
pub(crate) fn last_seq(ledger: &Path) -> io::Result<i64> {
    let last_in = |bytes: &Vec<u8>| {
        let (mut rest, mut last) = (&**bytes, None);
        while let Some(frame) = frame::take(&mut rest) {
            if let Frame::Record { seq, .. } = frame {
                if last.is_some_and(|last| seq != last + 1) {
                    break;
                }
                last = Some(seq);
            }
        }
        last.unwrap_or_default()
    };
    Ok(volumes(ledger)?.iter().map(last_in).max().unwrap_or_default())
}

fn volumes(ledger: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut volumes = Vec::new();
    for number in 0..2 {
        match std::fs::read(volume_path(ledger, number)) {
            Ok(bytes) => volumes.push(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(volumes)
}

/// The records from the start of a volume up to the first thing that does not belong there: a record that was cut off,
/// or what is left of an older volume.
pub(super) fn read_volume(mut bytes: &[u8]) -> Vec<Leftover> {
    let mut records: Vec<Leftover> = Vec::new();
    let mut heads = HashMap::new();
    let Some(Frame::Volume { mut chain }) = frame::take(&mut bytes) else { return records };
    while let Some(frame) = frame::take(&mut bytes) {
        match frame {
            Frame::Volume { .. } => break,
            Frame::Head { id, text } => drop(heads.insert(id, (text, Chain::digest(text.as_bytes())))),
            Frame::Record { seq, at_us, kind, id, head, chain: after, tail } => {
                let Some((head, digest)) = heads.get(&head) else { break };
                let follows = records.last().is_none_or(|last| seq == last.seq + 1);
                let link = Link { seq, at_us, kind, id, head: digest, tail: tail.as_bytes() };
                if !follows || chain.next(&link) != after {
                    break;
                }
                chain = after;
                let [head, tail] = [head, tail].map(str::to_owned);
                records.push(Leftover { seq, at_us, kind, id, head, tail, chain });
            }
        }
    }
    records
}
