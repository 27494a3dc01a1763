//! Messages as AWS and as an independent encoder write them, under every cut and every damage.

use proptest::prelude::*;

use super::*;

/// Written by Python's `struct` and `zlib`, read by `botocore.eventstream` 1.44.8.
const GOLDEN: &[u8] = include_bytes!("tests/every_sort.bin");

type Found = (Vec<Frame>, Option<FramingError>, Bytes);

fn frames<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> Found {
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
    (frames, refused, framer.finish().map(|rest| rest.raw).unwrap_or_default())
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn every_sort_of_message_and_of_header() {
    let (found, refused, rest) = frames([GOLDEN], 1000);
    assert_eq!((refused, rest.len()), (None, 0));
    let said: Vec<_> = found
        .iter()
        .map(|frame| (sort(&frame.raw).unwrap(), frame.event().map(text), text(&frame.data()).to_owned()))
        .collect();
    let expected = [
        (Sort::Event, Some("messageStart"), r#"{"p":"abcdefghij","role":"assistant"}"#),
        (
            Sort::Event,
            Some("contentBlockDelta"),
            r#"{"contentBlockIndex":0,"delta":{"text":"Größe 日本"},"p":"abc"}"#,
        ),
        (Sort::Event, Some("contentBlockStop"), r#"{"contentBlockIndex":0}"#),
        (Sort::Exception, Some("throttlingException"), r#"{"message":"Too many requests"}"#),
        (Sort::Error, Some("InternalFailure"), ""),
        (Sort::Event, None, ""),
    ];
    let expected: Vec<_> =
        expected.into_iter().map(|(sort, name, data)| (sort, name, data.to_owned())).collect();
    assert_eq!(said, expected);
    assert!(found.iter().all(|frame| !frame.is_comment_only()));
}

#[test]
fn what_is_written_is_what_others_write() {
    let (golden, ..) = frames([GOLDEN], 1000);
    let mut out = Vec::new();
    write_event("messageStart", &golden[0].data(), &mut out);
    write_event("contentBlockDelta", &golden[1].data(), &mut out);
    assert_eq!(out, [&golden[0].raw[..], &golden[1].raw].concat());
    let mut out = Vec::new();
    write_exception("throttlingException", &golden[3].data(), &mut out);
    assert_eq!(out, &golden[3].raw[..]);
}

#[test]
fn a_message_past_the_limit_is_refused_before_it_came() {
    let mut out = Vec::new();
    write_event("a", b"{}", &mut out);
    let length = out.len();
    write_event("a", b"{} ", &mut out);
    let (found, refused, rest) = frames([&out[..length + PRELUDE_BYTES]], length);
    assert_eq!((found.len(), refused), (1, Some(FramingError::TooLong { limit: length })));
    assert_eq!(rest, out[length..length + PRELUDE_BYTES]);
}

#[test]
fn lengths_that_cannot_be_are_refused_though_their_checksum_holds() {
    let message = |length: u32, headers: u32, rest: &[u8]| {
        let mut out = [length.to_be_bytes(), headers.to_be_bytes()].concat();
        out.extend(crc32fast::hash(&out).to_be_bytes());
        out.extend(rest);
        out.extend(crc32fast::hash(&out).to_be_bytes());
        out
    };
    let long = vec![0; 200_000];
    let empty = message(16, 0, b"");
    assert_eq!(frames([&empty[..]], 100).0.len(), 1);
    let header =
        [&b"\x01a\x07\0\x01b"[..], b"\x01a\x09", b"\x01a\x0a", b"\x01a\x07\0\x02b", b"\x09a\x00", b"\x00"];
    for (length, headers, rest) in [
        (15, 0, &b""[..]),
        (0, 0, b""),
        (16, 1, b""),
        (200_016, 200_000, &long),
        (20, u32::MAX, b"1234"),
        // A value that runs past the headers, a type that is none, a name that runs past them, no type.
        (19, 3, header[1]),
        (19, 3, header[2]),
        (22, 6, header[3]),
        (19, 3, header[4]),
        (17, 1, header[5]),
    ] {
        let (found, refused, _) = frames([&message(length, headers, rest)[..]], 1 << 20);
        assert_eq!((found.len(), refused), (0, Some(FramingError::Malformed)), "{length} {headers}");
        assert_eq!(sort(&message(length, headers, rest)), None);
    }
    assert_eq!(frames([&message(22, 6, header[0])[..]], 100).0.len(), 1);
    // A name that is no text.
    let odd = [&b"\x0b:event-type"[..], b"\x00"].concat();
    assert_eq!(frames([&message(29, 13, &odd)[..]], 100).1, Some(FramingError::Malformed));
}

#[test]
fn a_refusal_is_for_good_and_nothing_is_lost() {
    let mut out = Vec::new();
    write_event("a", b"{}", &mut out);
    let length = out.len();
    out[length - 1] ^= 1;
    write_event("b", b"{}", &mut out);
    let mut framer = Framer::new(100);
    framer.push(&out);
    for _ in 0..3 {
        assert_eq!(framer.next_frame(), Err(FramingError::Malformed));
    }
    framer.push(b"more");
    assert_eq!(framer.next_frame(), Err(FramingError::Malformed));
    let rest = framer.finish().unwrap();
    assert_eq!(rest.raw, [&out[..], b"more"].concat());
    assert_eq!((rest.event(), rest.data().len(), sort(&rest.raw)), (None, 0, None));
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![3 => ".{0,40}".prop_map(String::into_bytes), 1 => any::<Vec<u8>>()];
    (any::<bool>(), "[a-zA-Z]{0,20}", payload).prop_map(|(failed, name, payload)| {
        let mut out = Vec::new();
        if failed {
            write_exception(&name, &payload, &mut out);
        } else {
            write_event(&name, &payload, &mut out);
        }
        out
    })
}

proptest! {
    #[test]
    fn a12_any_cut_gives_the_same_frames(
        messages in prop::collection::vec(message(), 0..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        torn in any::<prop::sample::Index>(),
    ) {
        let mut input = messages.concat();
        let whole = input.len();
        input.extend(messages.first().map(|first| &first[..torn.index(first.len())]).unwrap_or_default());
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).chain([0, input.len()]).collect();
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|pair| &input[pair[0]..pair[1]]);
        let expected = frames([&input[..]], 10_000);
        prop_assert_eq!(&frames(chunks, 10_000), &expected);
        prop_assert_eq!(&frames(input.chunks(1), 10_000), &expected);
        let (found, refused, rest) = expected;
        let raw: Vec<&[u8]> = found.iter().map(|frame| &frame.raw[..]).collect();
        prop_assert_eq!(raw, messages.iter().map(|message| &message[..]).collect::<Vec<_>>());
        prop_assert_eq!((refused, &rest[..]), (None, &input[whole..]));
    }

    /// No byte can change without being noticed: what comes before it is read, nothing behind it.
    #[test]
    fn a12_any_change_of_a_byte_is_noticed(
        messages in prop::collection::vec(message(), 1..5), at in any::<prop::sample::Index>(), flip in 1_u8..=255,
    ) {
        let mut input = messages.concat();
        let at = at.index(input.len());
        input[at] ^= flip;
        let mut ends = messages.iter().scan(0, |end, message| { *end += message.len(); Some(*end) });
        let untouched = ends.position(|end| at < end).unwrap();
        let (found, refused, rest) = frames([&input[..]], 1 << 20);
        prop_assert_eq!(refused, Some(FramingError::Malformed));
        prop_assert_eq!(found.len(), untouched);
        let raw: usize = found.iter().map(|frame| frame.raw.len()).sum();
        prop_assert_eq!(&rest[..], &input[raw..]);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>(), headers in any::<Vec<u8>>(), payload in any::<Vec<u8>>()) {
        frames(bytes.chunks(3), 100);
        sort(&bytes);
        // Sound checksums around anything.
        let mut out = Vec::new();
        out.extend(u32::try_from(16 + headers.len() + payload.len()).unwrap().to_be_bytes());
        out.extend(u32::try_from(headers.len()).unwrap().to_be_bytes());
        out.extend(crc32fast::hash(&out).to_be_bytes());
        out.extend(headers);
        out.extend(payload);
        out.extend(crc32fast::hash(&out).to_be_bytes());
        let (found, refused, _) = frames([&out[..]], 10_000);
        prop_assert_eq!(found.len() == 1, refused.is_none());
        prop_assert_eq!(sort(&out).is_some(), refused.is_none());
    }
}
