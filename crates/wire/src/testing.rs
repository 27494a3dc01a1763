//! What the tests of several protocols share.

use bytes::Bytes;

use crate::codec::{SeenKind, StreamReader};
use crate::framing::{Frame, sse::Framer};

/// The frames of a whole stream; a rest without blank line counts as one.
pub(crate) fn frames(stream: &str) -> Vec<Frame> {
    let mut framer = Framer::default();
    framer.push(Bytes::copy_from_slice(stream.as_bytes()));
    let mut frames = Vec::new();
    while let Some(frame) = framer.next_frame().unwrap() {
        frames.push(frame);
    }
    frames.extend(framer.finish().map(Frame::sse));
    frames
}

/// What a reader sees, a letter per frame (P, C, U, T, O, or E with the failure), `-` behind what would be stripped.
pub(crate) fn seen(reader: &mut dyn StreamReader, stream: &str) -> String {
    let letters = frames(stream).into_iter().map(|frame| {
        let seen = reader.read(&frame);
        let letter = match seen.kind {
            SeenKind::Preamble => "P".to_owned(),
            SeenKind::Content => "C".to_owned(),
            SeenKind::Usage => "U".to_owned(),
            SeenKind::Terminal => "T".to_owned(),
            SeenKind::Other => "O".to_owned(),
            SeenKind::Error(failure) => format!("E:{}", failure.as_str()),
        };
        letter + if seen.strip_if_unasked { "-" } else { "" }
    });
    letters.collect::<Vec<_>>().join(" ")
}

/// Text that looks like what the readers look for, to be put where it means nothing. Never empty.
pub(crate) fn deceitful_text() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let piece = prop_oneof![
        4 => proptest::sample::select(&[
            r#""finish_reason":"stop""#, r#"\"finish_reason\":\"stop\""#, r#","usage":{"prompt_tokens":9,"completion_tokens":9}"#,
            r#""error":{"message":"x"}"#, r#""}}],"error":{"message":"x"},"a":[{"b":{"c":""#, "data: [DONE]\n\n", "[DONE]",
            r#"{"type":"message_stop"}"#, "event: message_stop\ndata: {}\n\n", r#""stop_reason":"end_turn""#,
            r#"{"type":"error","error":{"type":"overloaded_error"}}"#, "\\", "\"", "\\\"", "\u{0}\r\n",
        ][..]).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => "[a-z ]{1,80}",
    ];
    proptest::collection::vec(piece, 1..4)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("an empty piece is no content", |text| !text.is_empty())
}

/// Where to damage a sample, and how.
pub(crate) type Damage = Vec<(proptest::sample::Index, u8, u8)>;

/// Up to seven wounds.
pub(crate) fn damage() -> impl proptest::strategy::Strategy<Value = Damage> {
    use proptest::prelude::*;
    proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0_u8..4), 0..8)
}

/// Changes a byte, puts one in or takes one out; anything but 0, 1 and 2 for `how` leaves all as it is.
pub(crate) fn hurt(bytes: &mut Vec<u8>, place: proptest::sample::Index, how: u8, byte: u8) {
    let at = place.index(bytes.len());
    match how {
        0 => bytes[at] = byte,
        1 => bytes.insert(at, byte),
        2 => drop(bytes.remove(at)),
        _ => {}
    }
}

/// The sample with bytes changed, put in, taken out and cut off.
pub(crate) fn damaged(sample: &str, damage: Damage) -> Vec<u8> {
    let mut bytes = sample.as_bytes().to_vec();
    for (place, byte, how) in damage {
        if bytes.is_empty() {
            break;
        }
        let at = place.index(bytes.len());
        match how {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 => drop(bytes.drain(at..bytes.len().min(at + usize::from(byte)))),
            _ => bytes.truncate(at),
        }
    }
    bytes
}
