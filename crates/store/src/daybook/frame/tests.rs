use ledger::{Entry, Record};
use proptest::prelude::*;

use super::*;
use crate::daybook::leftovers::read_volume;
use crate::encode::{Batch, Encoder};
use crate::options::Durability;
use crate::schema;

/// A volume of so many records, and where each ends.
fn volume(numbers: std::ops::Range<u64>) -> (Vec<u8>, Vec<usize>) {
    let folder = tempfile::tempdir().unwrap();
    let connection = schema::open_or_make(&folder.path().join("x.db"), Durability::CrashSafe).unwrap();
    let mut encoder = Encoder::new(&connection).unwrap();
    let mut batch = Batch::default();
    encoder.begin_volume(&mut batch);
    let mut ends = vec![batch.bytes.len()];
    for number in numbers {
        let id = ledger::RequestId::new(number, [number, 0]);
        let entry = Entry::new(id, 5, std::sync::Arc::default(), std::sync::Arc::default());
        encoder.add(&mut batch, 7, &Record::Settlement(Box::new(entry)));
        ends.push(batch.bytes.len());
    }
    (batch.bytes, ends)
}

#[test]
fn a_volume_is_read_as_it_was_written() {
    let (bytes, _) = volume(0..5);
    let records = read_volume(&bytes);
    assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert!(records.iter().all(|record| record.kind == RecordKind::Settlement && record.at_us >= 7));
    assert!(records[4].head.starts_with("{\"v\":1") && records[4].tail.ends_with('}'));
}

#[test]
fn a_volume_that_was_cut_off_is_read_up_to_the_cut() {
    let (bytes, ends) = volume(0..4);
    for cut in 0..bytes.len() {
        let whole = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
        assert_eq!(read_volume(&bytes[..cut]).len(), whole, "cut at {cut}");
    }
}

#[test]
fn what_is_left_of_an_older_volume_is_not_read() {
    let (old, old_ends) = volume(0..20);
    let (new, _) = volume(100..103);
    for new in [&new, &old[..old_ends[3]].to_vec()] {
        let mut bytes = old.clone();
        bytes[..new.len()].copy_from_slice(new);
        let read = read_volume(&bytes);
        assert!(read.len() == 3 || read == read_volume(&old), "{}", read.len());
    }
}

#[test]
fn a_flipped_bit_ends_the_volume_before_it() {
    let (bytes, ends) = volume(0..3);
    let all = read_volume(&bytes);
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x40;
        let before = ends.iter().filter(|end| **end <= place).count().saturating_sub(1);
        assert_eq!(read_volume(&damaged), all[..before], "flipped at {place}");
    }
}

proptest! {
    #[test]
    fn rubbish_is_no_record(bytes: Vec<u8>) {
        prop_assert!(read_volume(&bytes).is_empty());
        let mut rest = bytes.as_slice();
        while let Some(Frame::Head { .. } | Frame::Volume { .. }) = take(&mut rest) {}
    }
}
