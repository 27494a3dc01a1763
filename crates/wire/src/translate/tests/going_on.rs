//! A frame that is like the one before but for its text, and for what it counts, is gone on from: what that says is what
//! reading it whole says.

mod growing;
mod shapes;

use proptest::prelude::*;
use proptest::sample::Index;

use self::shapes::{number, shapes};
use super::*;
use crate::codec::{Counts, Seen, StreamReader};
use crate::testing::{deceitful_text, hurt};

/// Who sends frames that are alike.
const SUPPLIERS: [Protocol; 5] = [
    Protocol::OpenaiChat,
    Protocol::OpenaiResponses,
    Protocol::AnthropicMessages,
    Protocol::Gemini,
    Protocol::CohereChat,
];

fn translation(supplier: Protocol, client: Protocol) -> StreamTranslation {
    let translator = |protocol| crate::codec(protocol).unwrap().translator().unwrap();
    let about = crate::translate::pairs::about();
    StreamTranslation::new(
        translator(supplier),
        translator(client).client().unwrap(),
        Arc::new(Undo::default()),
        &about,
    )
}

fn clients() -> impl Iterator<Item = Protocol> {
    Protocol::ALL
        .into_iter()
        .filter(|protocol| crate::codec(*protocol).unwrap().translator().unwrap().client().is_some())
}

proptest! {
    #[test]
    fn going_on_says_what_reading_whole_says((supplier, frames) in stream()) {
        for client in clients() {
            let (mut going_on, mut reading) = (translation(supplier, client), translation(supplier, client));
            let mut reader = crate::codec(supplier).unwrap().stream();
            for frame in &frames {
                let (mut said, mut read) = (Vec::new(), Vec::new());
                let text = reader.read(frame).text;
                let told = going_on.frame(frame, text, &mut said);
                prop_assert_eq!(&told, &reading.frame(frame, None, &mut read), "{} to {}", supplier, client);
                if told.is_err() {
                    break;
                }
                prop_assert_eq!(said, read, "{} to {}", supplier, client);
            }
        }
    }

    /// However the stream is cut into reads: the same frames with the same texts, whether each is cut out and then read or,
    /// where it is like an earlier one, found where it stands.
    #[test]
    fn frames_that_are_alike_are_told_apart_where_they_stand(
        (supplier, frames) in stream(),
        ends in prop::sample::select(&["\n\n", "\r\n\r\n", "\r\r", "\n\r"][..]),
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let stream = frames.iter().map(|frame| frame.raw.strip_suffix(b"\n\n").unwrap_or(&frame.raw));
        let stream: Bytes = stream.flat_map(|frame| [frame, ends.as_bytes()].concat()).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let reads: Vec<Bytes> = cuts.windows(2).map(|cut| stream.slice(cut[0]..cut[1])).collect();
        let (cut_out, one) = told_apart(supplier, &reads, false);
        let (found, other) = told_apart(supplier, &reads, true);
        prop_assert_eq!(&cut_out, &found);
        prop_assert_eq!(noted(&*one), noted(&*other));
    }

    /// The same is seen of a frame that is compared with an earlier one as of one that is read in full: each is, where every
    /// one has another outside.
    #[test]
    fn what_is_compared_is_seen_as_what_is_read((supplier, frames) in stream()) {
        let codec = crate::codec(supplier).unwrap();
        let (mut comparing, mut scanning) = (codec.stream(), codec.stream());
        for (frame, number) in frames.iter().zip(0..) {
            let outside = [format!(":{number}\n").as_bytes(), &frame.raw].concat();
            let outside = Frame::sse(outside.into());
            // A byte-order mark counts only at the front of a frame, and so does what no field is in.
            let may_differ = frame.raw.starts_with(b"\xef\xbb\xbf") || frame.data().is_empty();
            let (seen, read) = (comparing.read(frame), scanning.read(if may_differ { frame } else { &outside }));
            prop_assert_eq!(Seen { text: None, ..seen }, Seen { text: None, ..read });
            prop_assert_eq!(noted(&*comparing), noted(&*scanning), "{} at {}", supplier, number);
        }
    }
}

/// All that a reader knows.
fn noted(reader: &dyn StreamReader) -> impl PartialEq + std::fmt::Debug + use<> {
    let finish = reader.finish().map(str::to_owned);
    (reader.usage(), reader.service(), reader.output_bytes(), finish, reader.end())
}

fn one_and_two() -> [String; 2] {
    ["1", "2"].map(str::to_owned)
}

/// Frames and what was seen of each.
type ToldApart = Vec<(Bytes, Option<OnlyText>)>;

fn told_apart(supplier: Protocol, reads: &[Bytes], ahead: bool) -> (ToldApart, Box<dyn StreamReader>) {
    let codec = crate::codec(supplier).unwrap();
    let (mut reader, mut framer) = (codec.stream(), codec.framing().framer(usize::MAX));
    let mut told = Vec::new();
    for read in reads {
        framer.push(read.clone());
        loop {
            if ahead && let Some((text, length)) = reader.read_alike(framer.ahead()) {
                told.push((framer.take(length), Some(text)));
                continue;
            }
            let Some(frame) = framer.next_frame().unwrap() else { break };
            let text = reader.read(&frame).text;
            told.push((frame.raw, text));
        }
    }
    told.extend(framer.finish().map(|frame| {
        let text = reader.read(&frame).text;
        (frame.raw, text)
    }));
    (told, reader)
}

type Piece = (String, [String; 2], Index, bool, (u8, Index, u8));

/// What is done to few of them.
fn damage() -> impl Strategy<Value = (u8, Index, u8)> {
    (0_u8..12, any::<Index>(), any::<u8>())
}

/// A supplier, and frames of it, some damaged.
fn stream() -> impl Strategy<Value = (Protocol, Vec<Frame>)> {
    let piece = (deceitful_text(), [number(), number()], any::<Index>(), any::<bool>(), damage());
    let pieces = prop::collection::vec(piece, 1..16);
    (prop::sample::select(&SUPPLIERS[..]), pieces).prop_map(|(supplier, pieces)| {
        let frame = |(text, numbers, shape, is_first, (damage, place, byte)): Piece| {
            // Half of them are of the first shape: so that some follow another of the same.
            let shapes = shapes(supplier, &text, &numbers);
            let shape = if is_first { &shapes[0] } else { shape.get(&shapes) };
            let mut raw = format!("data: {shape}\n\n").into_bytes();
            hurt(&mut raw, place, damage, byte);
            Frame::sse(raw.into())
        };
        (supplier, pieces.into_iter().map(frame).collect())
    })
}

/// Alike, and known to be whole: nothing else is told apart so.
#[test]
fn what_is_like_an_earlier_frame_is_found_where_it_stands() {
    for supplier in SUPPLIERS {
        let frame = |text: &str, end: &str| {
            let numbers = [text.len(), text.len() + 10].map(|number| number.to_string());
            format!("data: {}{end}", shapes(supplier, text, &numbers)[0])
        };
        for (end, is_whole) in [("\n\n", true), ("\r\n\r\n", true), ("\r\r", false), ("\n", false)] {
            let mut reader = crate::codec(supplier).unwrap().stream();
            assert_eq!(reader.read_alike(frame("a", end).as_bytes()), None, "{supplier}: none came before");
            reader.read(&Frame::sse(frame("a", end).into()));
            let two = frame("bc", end) + &frame("d", end);
            let length = frame("bc", end).len();
            let found = reader.read_alike(two.as_bytes());
            assert_eq!(found.map(|(_, length)| length), is_whole.then_some(length), "{supplier} {end:?}");
            assert_eq!(reader.read_alike(&two.as_bytes()[..length - 1]), None, "{supplier}: it is cut");
            assert_eq!(reader.read_alike(frame("", end).as_bytes()), None, "{supplier}: no text");
        }
    }
}

/// A class of service, or usage that no number in the frame states.
#[test]
fn a_frame_like_one_before_says_again_what_another_has_changed_since() {
    for (supplier, alike, between) in
        [(Protocol::OpenaiChat, 6, 7), (Protocol::AnthropicMessages, 6, 7), (Protocol::Gemini, 10, 14)]
    {
        let frame =
            |at: usize, numbers: [&str; 2]| shapes(supplier, "a", &numbers.map(str::to_owned))[at].clone();
        let frames = [frame(alike, ["1", "2"]), frame(between, ["3", "4"]), frame(alike, ["1", "2"])];
        let noted = |outside: &dyn Fn(usize) -> String| {
            let mut reader = crate::codec(supplier).unwrap().stream();
            for (number, frame) in frames.iter().enumerate() {
                reader.read(&Frame::sse(format!("{}data: {frame}\n\n", outside(number)).into()));
            }
            noted(&*reader)
        };
        assert_eq!(noted(&|_| String::new()), noted(&|number| format!(":{number}\n")), "{supplier}");
    }
}

/// The second of two such frames is decoded no more, unless it opened the block.
#[test]
fn text_is_gone_on_from_whoever_sends_it() {
    for supplier in SUPPLIERS {
        let mut decoder = crate::codec(supplier).unwrap().translator().unwrap().event_decoder();
        let mut events = Vec::new();
        let go_on = |decoder: &mut Box<dyn EventDecoder>, text| decoder.go_on(text, &Counts::default());
        assert_eq!(go_on(&mut decoder, "a"), None, "{supplier}: nothing has come");
        for _ in 0..2 {
            let frame = format!("data: {}\n\n", shapes(supplier, "a", &one_and_two())[0]);
            decoder.decode(&Frame::sse(frame.into()), &mut events).unwrap();
        }
        assert_eq!(go_on(&mut decoder, "b"), Some(0.into()), "{supplier}");
        decoder.decode(&Frame::sse("data: [DONE]\n\n".into()), &mut events).ok();
        assert_eq!(go_on(&mut decoder, "c"), None, "{supplier}: something else came");
    }
}

/// A tool whose call is free text to the client: its arguments wait until they are whole, gone on from or not.
#[test]
fn e15_what_is_put_differently_is_not_gone_on_from() {
    let undo = Arc::new(Undo { custom: ["f".to_owned()].into(), ..Undo::default() });
    let translator = |protocol| crate::codec(protocol).unwrap().translator().unwrap();
    let about = crate::translate::pairs::about();
    let mut translation = StreamTranslation::new(
        translator(Protocol::AnthropicMessages),
        translator(Protocol::OpenaiChat).client().unwrap(),
        undo,
        &about,
    );
    let mut reader = crate::codec(Protocol::AnthropicMessages).unwrap().stream();
    let mut out = Vec::new();
    let messages = |text: &str| {
        let shapes = shapes(Protocol::AnthropicMessages, text, &one_and_two());
        [shapes[2].clone(), shapes[3].clone()]
    };
    for [delta, start] in [r#"{"input":""#, "so ", "it ", "is", r#""}"#].map(messages) {
        let frames = if out.is_empty() { vec![start, delta] } else { vec![delta] };
        for frame in frames {
            let frame = Frame::sse(format!("data: {frame}\n\n").into());
            let text = reader.read(&frame).text;
            translation.frame(&frame, text, &mut out).unwrap();
        }
    }
    let stop = Frame::sse("data: {\"type\":\"content_block_stop\",\"index\":1}\n\n".into());
    translation.frame(&stop, None, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("so it is") && !out.contains(r#"\"input\""#), "{out}");
}
