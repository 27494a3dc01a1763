//! A frame that is like the one before but for its text is gone on from: what that says is what reading it whole says.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::codec::StreamReader;
use crate::testing::{deceitful_text, hurt};

/// Who sends frames that are alike.
const SUPPLIERS: [Protocol; 3] = [Protocol::OpenaiChat, Protocol::AnthropicMessages, Protocol::CohereChat];

/// What frames are about: the text of each is put in.
fn shapes(supplier: Protocol, text: &str) -> [Value; 6] {
    match supplier {
        Protocol::OpenaiChat => {
            let chunk = |delta: Value| json!({"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]});
            let call = json!({"index": 0, "id": "1", "function": {"name": "f", "arguments": text}});
            [
                chunk(json!({"content": text})),
                chunk(json!({"content": text, "obfuscation": "x"})),
                chunk(json!({"reasoning_content": text})),
                chunk(json!({"tool_calls": [call]})),
                chunk(json!({"content": text, "reasoning_content": text})),
                json!({"choices": [{"index": 1, "delta": {"content": text}}]}),
            ]
        }
        Protocol::AnthropicMessages => {
            let delta = |index: u32, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
            let tool = json!({"type": "tool_use", "id": "1", "name": "f", "input": {}});
            [
                delta(0, json!({"type": "text_delta", "text": text})),
                delta(0, json!({"type": "thinking_delta", "thinking": text})),
                delta(1, json!({"type": "input_json_delta", "partial_json": text})),
                json!({"type": "content_block_start", "index": 1, "content_block": tool}),
                delta(0, json!({"type": "text_delta", "text": "a", "thinking": text})),
                json!({"type": "content_block_stop", "index": 0}),
            ]
        }
        _ => {
            let event =
                |kind: &str, message: Value| json!({"type": kind, "index": 0, "delta": {"message": message}});
            let call = json!({"id": "1", "function": {"name": "f", "arguments": ""}});
            [
                event("content-delta", json!({"content": {"text": text}})),
                event("content-delta", json!({"content": {"thinking": text}})),
                event("content-end", json!({"content": {"text": text}})),
                event("content-start", json!({"content": {"text": text}})),
                event("tool-call-start", json!({"tool_calls": call})),
                event("tool-call-delta", json!({"tool_calls": {"function": {"arguments": text}}})),
            ]
        }
    }
}

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
        prop_assert_eq!((one.output_bytes(), one.end()), (other.output_bytes(), other.end()));
    }
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

/// A supplier, and frames of it, some damaged.
fn stream() -> impl Strategy<Value = (Protocol, Vec<Frame>)> {
    let piece = (deceitful_text(), 0_usize..12, 0_u8..12, any::<Index>(), any::<u8>());
    let pieces = prop::collection::vec(piece, 1..16);
    (prop::sample::select(&SUPPLIERS[..]), pieces).prop_map(|(supplier, pieces)| {
        let frame = |(text, shape, damage, place, byte): (String, usize, u8, Index, u8)| {
            // Half of them are of the first shape: so that some follow another of the same.
            let shape = &shapes(supplier, &text)[shape.saturating_sub(6)];
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
        let frame = |text: &str, end: &str| format!("data: {}{end}", shapes(supplier, text)[0]);
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

/// The second of two such frames is decoded no more, unless it opened the block.
#[test]
fn text_is_gone_on_from_whoever_sends_it() {
    for supplier in SUPPLIERS {
        let mut decoder = crate::codec(supplier).unwrap().translator().unwrap().event_decoder();
        let mut events = Vec::new();
        assert_eq!(decoder.go_on("a"), None, "{supplier}: nothing has come");
        for _ in 0..2 {
            let frame = format!("data: {}\n\n", shapes(supplier, "a")[0]);
            decoder.decode(&Frame::sse(frame.into()), &mut events).unwrap();
        }
        assert_eq!(decoder.go_on("b"), Some(0), "{supplier}");
        decoder.decode(&Frame::sse("data: [DONE]\n\n".into()), &mut events).ok();
        assert_eq!(decoder.go_on("c"), None, "{supplier}: something else came");
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
    for [_, _, delta, start, ..] in
        [r#"{"input":""#, "so ", "it ", "is", r#""}"#].map(|text| shapes(Protocol::AnthropicMessages, text))
    {
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
