use proptest::prelude::*;

use super::*;

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    write_archive(&files.iter().copied().collect()).unwrap()
}

/// Entries put together as they come, with a directory that agrees: what a program that wants to deceive would write.
fn forged(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Directory::default());
    for (name, data) in files {
        let facts = Facts { checksum: crc32fast::hash(data), length: data.len(), at: bytes.len() };
        bytes.extend(facts.header(name));
        bytes.extend_from_slice(data);
        directory.add(name, &facts);
    }
    let end = directory.end(bytes.len());
    bytes.extend(end);
    bytes
}

fn files() -> impl Strategy<Value = BTreeMap<String, Vec<u8>>> {
    let contents = prop::collection::vec(any::<u8>(), 0..200);
    prop::collection::btree_map("[a-z0-9][a-z0-9_-]{0,8}(/[a-z0-9][a-z.]{0,8}[a-z])?", contents, 0..8)
}

fn borrowed(files: &BTreeMap<String, Vec<u8>>) -> Entries<'_> {
    files.iter().map(|(name, contents)| (&**name, &**contents)).collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_is_the_only_way_to_say_it(files in files()) {
        let files = borrowed(&files);
        let bytes = write_archive(&files).unwrap();
        prop_assert_eq!(read_archive(&bytes).unwrap(), files);
    }

    #[test]
    fn whatever_is_read_is_written_the_same(
        files in files(),
        cut in any::<prop::sample::Index>(),
        more in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut bytes = write_archive(&borrowed(&files)).unwrap();
        bytes.truncate(cut.index(bytes.len() + 1));
        bytes.extend(more);
        if let Ok(files) = read_archive(&bytes) {
            prop_assert_eq!(write_archive(&files).unwrap(), bytes);
        }
    }

    #[test]
    fn one_altered_byte_anywhere_is_seen(files in files(), at in any::<prop::sample::Index>(), by in 1..=255_u8) {
        let mut bytes = write_archive(&borrowed(&files)).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        prop_assert!(read_archive(&bytes).is_err(), "byte {at}");
    }
}

#[test]
fn what_deceives_other_programs_is_refused() {
    use ArchiveError::{Compressed, Cut, Damaged, Form, Name, NotZip, Twice};

    let good = archive(&[("a", b"one"), ("b/c.csv", b"two")]);
    let end = good.len();
    let behind = [&good[..], b"\n"].concat();
    let before = [b"#!/bin/sh\n", &good[..]].concat();
    let swapped = |from: &[u8], to: &[u8], nth: usize| {
        let mut bytes = good.clone();
        let found = bytes.windows(from.len()).enumerate().filter(|(_, window)| *window == from);
        let at = found.map(|(at, _)| at).nth(nth).unwrap();
        bytes[at..at + from.len()].copy_from_slice(to);
        bytes
    };
    let mut deflated = good.clone();
    deflated[8] = 8;
    for (bytes, wrong) in [
        (behind, Form(end)),
        (before, NotZip),
        (Vec::new(), NotZip),
        (good[..end - 1].to_vec(), Cut(end - 1)),
        (good[..20].to_vec(), Cut(20)),
        (forged(&[("a", b"1"), ("a", b"2")]), Twice("a".into())),
        (forged(&[("b", b"1"), ("a", b"2"), ("b", b"3")]), Form(32)),
        (forged(&[("../a", b"1")]), Name("../a".into())),
        (forged(&[("/etc/passwd", b"1")]), Name("/etc/passwd".into())),
        (forged(&[("a/../b", b"1")]), Name("a/../b".into())),
        (forged(&[("c:\\a", b"1")]), Name("c:\\a".into())),
        (forged(&[("A", b"1")]), Name("A".into())),
        (forged(&[("", b"1")]), Name(String::new())),
        (deflated, Compressed("a".into())),
        (swapped(b"one", b"eno", 0), Damaged("a".into())),
        // The second name stands in the directory: what a listing shows is not what is unpacked.
        (swapped(b"b/c.csv", b"b/d.csv", 1), Form(end - 22 - 7 + 2)),
    ] {
        assert_eq!(read_archive(&bytes), Err(wrong));
    }
    assert_eq!(write_archive(&Entries::from([("A", &b""[..])])), Err(Name("A".into())));
}

#[test]
fn a_size_that_is_not_there_costs_nothing() {
    let mut bytes = archive(&[("a", b"one")]);
    bytes[18..26].copy_from_slice(&[0xff; 8]);
    assert_eq!(read_archive(&bytes), Err(ArchiveError::Cut(bytes.len())));
}

#[test]
fn there_is_a_bound_to_files() {
    let names: Vec<String> = (0..=MOST_FILES).map(|number| format!("{number:04}")).collect();
    let all: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b""[..])).collect();
    assert_eq!(write_archive(&all.iter().copied().collect()), Err(ArchiveError::TooMany));
    assert_eq!(read_archive(&forged(&all)), Err(ArchiveError::TooMany));
    assert_eq!(read_archive(&archive(&all[1..])).unwrap().len(), MOST_FILES);
}
