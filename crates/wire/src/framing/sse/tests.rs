//! Framing, under every cut.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

fn frames(cuts: &[&[u8]], limit: usize) -> (Vec<Bytes>, Option<Bytes>) {
    let mut framer = Framer::new(limit);
    let mut out = Vec::new();
    for cut in cuts {
        framer.push(Bytes::copy_from_slice(cut));
        while let Some(frame) = framer.next_frame().unwrap() {
            out.push(frame.raw);
        }
    }
    (out, framer.finish())
}

fn text(frame: &Frame) -> (Option<&str>, String) {
    let event = frame.event().map(|name| std::str::from_utf8(name).unwrap());
    (event, String::from_utf8(frame.data().into_owned()).unwrap())
}

fn frame(raw: &'static str) -> Frame {
    Frame::sse(Bytes::from_static(raw.as_bytes()))
}

#[test]
fn every_line_end_ends_a_frame() {
    for (input, count) in [
        ("data: a\n\ndata: b\n\n", 2),
        ("data: a\r\n\r\ndata: b\r\n\r\n", 2),
        ("data: a\r\rdata: b\n\n", 2),
        ("data: a\n\r\ndata: b\r\n\n", 2),
        ("data: a\r\n\ndata: b\n\r\n", 2),
        ("\n\ndata: a\n\n", 3),
        (": ping\n\ndata: a\n\n", 2),
    ] {
        let (found, rest) = frames(&[input.as_bytes()], 1000);
        assert_eq!((found.len(), rest), (count, None), "{input:?}");
        assert_eq!(found.concat(), input.as_bytes());
    }
}

#[test]
fn a_crlf_cut_in_two_is_still_one_line_end() {
    let (found, rest) = frames(&[b"data: a\r\n\r", b"\ndata: b\r", b"\n\r\n"], 1000);
    assert_eq!(found, [&b"data: a\r\n\r\n"[..], b"data: b\r\n\r\n"]);
    assert_eq!(rest, None);
}

#[test]
fn a_frame_inside_one_chunk_is_not_copied() {
    let chunk = Bytes::from_static(b"data: a\n\ndata: b\n\ndata: c");
    let mut framer = Framer::default();
    framer.push(chunk.clone());
    let first = framer.next_frame().unwrap().unwrap();
    let second = framer.next_frame().unwrap().unwrap();
    assert_eq!(first.raw.as_ptr(), chunk.as_ptr());
    assert_eq!(second.raw.as_ptr(), chunk[9..].as_ptr());
    assert_eq!(framer.next_frame().unwrap(), None);
    assert_eq!(framer.buffered_bytes(), 7);
}

#[test]
fn chunks_may_be_pushed_ahead() {
    let mut framer = Framer::default();
    for chunk in ["data: a\n", "\ndata", ": b\n\n", "", "data: c"] {
        framer.push(Bytes::from_static(chunk.as_bytes()));
    }
    assert_eq!(framer.next_frame().unwrap(), Some(frame("data: a\n\n")));
    assert_eq!(framer.next_frame().unwrap(), Some(frame("data: b\n\n")));
    assert_eq!(framer.next_frame().unwrap(), None);
    assert_eq!(framer.finish(), Some(Bytes::from_static(b"data: c")));
    assert_eq!(framer.finish(), None);
}

#[test]
fn a03_a04_fields_as_the_standard_reads_them() {
    assert_eq!(text(&frame("event: ping\ndata: {}\n\n")), (Some("ping"), "{}".into()));
    assert_eq!(text(&frame("data:tight\n\n")), (None, "tight".into()));
    assert_eq!(text(&frame("data:  two spaces\n\n")), (None, " two spaces".into()));
    assert_eq!(text(&frame("data: a\r\ndata: b\rdata:\ndata: d\n\n")), (None, "a\nb\n\nd".into()));
    assert_eq!(text(&frame("data\nid: 1\n: data: no\n\n")), (None, String::new()));
    assert_eq!(text(&frame("event:\ndata: a:b\n\n")), (None, "a:b".into()));
    assert_eq!(text(&frame("\u{feff}data: marked\n\n")), (None, "marked".into()));
    assert!(frame(": OPENROUTER PROCESSING\n\n").is_comment_only());
    assert!(frame("\r\n").is_comment_only());
    assert!(!frame("retry: 3\n\n").is_comment_only());
}

#[test]
fn a_frame_past_the_limit_is_refused_and_nothing_is_lost() {
    let mut framer = Framer::new(20);
    framer.push(Bytes::from_static(b"data: short\n\ndata: 0123456789"));
    assert!(framer.next_frame().unwrap().is_some());
    assert_eq!(framer.next_frame().unwrap(), None);
    framer.push(Bytes::from_static(b"0123456789"));
    for _ in 0..2 {
        assert_eq!(framer.next_frame(), Err(FramingError::TooLong { limit: 20 }));
    }
    framer.push(Bytes::from_static(b"\n\n"));
    assert_eq!(framer.next_frame(), Err(FramingError::TooLong { limit: 20 }));
    assert_eq!(framer.finish().unwrap(), &b"data: 01234567890123456789\n\n"[..]);
}

/// 1 MiB, one byte at a time, twice: were the frame looked at again on each push, the second, larger one would take four
/// times as long per byte rather than the same.
#[test]
fn a_long_line_byte_by_byte_takes_linear_time() {
    let once = |length: usize| {
        let mut framer = Framer::default();
        let started = std::time::Instant::now();
        for _ in 0..length {
            framer.push(Bytes::from_static(b"x"));
            assert_eq!(framer.next_frame().unwrap(), None);
        }
        framer.push(Bytes::from_static(b"\n\n"));
        let frame = framer.next_frame().unwrap().unwrap();
        assert_eq!(frame.raw.len(), length + 2);
        started.elapsed()
    };
    // The best of a few: other work on the machine only ever adds.
    let time = |length| (0..5).map(|_| once(length)).min().unwrap();
    let quarter = time(256 * 1024);
    let whole = time(1024 * 1024);
    assert!(whole < quarter * 12, "a quarter took {quarter:?}, the whole {whole:?}");
}

#[test]
fn what_stands_ahead_begins_a_frame_and_is_no_longer_than_one_may_be() {
    let mut framer = Framer::new(16);
    assert_eq!(framer.ahead(), b"");
    framer.push(Bytes::from_static(b"data: a\n\ndata: b\n\nda"));
    assert_eq!(framer.ahead(), b"data: a\n\ndata: b");
    assert_eq!(framer.take(9), "data: a\n\n");
    assert_eq!(framer.next_frame().unwrap(), Some(frame("data: b\n\n")));
    assert_eq!(framer.next_frame(), Ok(None));
    framer.push(Bytes::from_static(b"ta: c\n\ndata: d\n\n"));
    assert_eq!(framer.ahead(), b"", "a frame has begun before");
    assert_eq!(framer.next_frame().unwrap(), Some(frame("data: c\n\n")));
    assert_eq!(framer.ahead(), b"data: d\n\n");
}

proptest! {
    /// Whatever the bytes and wherever they are cut (inside a character, inside CRLF): same frames, and no byte lost.
    #[test]
    fn any_cut_gives_the_same_frames(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("data: "), Just("data:"), Just("event: x"), Just("\n"), Just("\r"), Just("\r\n"), Just("\n\n"),
                Just("größer 日本 🙂"), Just(": ping"), Just("{\"a\":1}"),
            ],
            0..60,
        ),
        cuts in proptest::collection::vec(0_usize..400, 0..12),
    ) {
        let input = pieces.concat();
        let input = input.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= input.len()).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &input[pair[0]..pair[1]]).collect();
        let singles: Vec<&[u8]> = input.chunks(1).collect();

        let (whole, rest) = frames(&[input], 10_000);
        prop_assert_eq!(&frames(&chunks, 10_000), &(whole.clone(), rest.clone()));
        prop_assert_eq!(&frames(&singles, 10_000), &(whole.clone(), rest.clone()));
        let mut joined = whole.concat();
        joined.extend_from_slice(&rest.unwrap_or_default());
        prop_assert_eq!(joined, input);
        for raw in whole {
            let ends = [&b"\n\n"[..], b"\n\r\n", b"\n\r", b"\r\r", b"\r\n\n", b"\r\r\n"];
            prop_assert!(raw.len() <= 2 || ends.iter().any(|end| raw.ends_with(end)), "{:?}", raw);
        }
    }
}
