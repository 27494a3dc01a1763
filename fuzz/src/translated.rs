//! What is read put to everybody else.

use std::sync::Arc;

use bytes::Bytes;
use catalogue::{Capabilities, Protocol, Quirks};
use wire::conversation::{ClientTranslator, Delta, Event, ReplyContext, Request, Target, Translator};
use wire::translate::{self, StreamTranslation, Undo};
use wire::{Codec, End, SeenKind};

use crate::frames;

fn codec(protocol: Protocol) -> &'static dyn Codec {
    wire::codec(protocol).expect("spoken")
}

fn translator(protocol: Protocol) -> &'static dyn Translator {
    codec(protocol).translator().expect("translated")
}

fn clients() -> impl Iterator<Item = (Protocol, &'static dyn ClientTranslator)> {
    Protocol::ALL.into_iter().filter_map(|protocol| Some((protocol, translator(protocol).client()?)))
}

fn about() -> ReplyContext {
    ReplyContext {
        request_id: "req_1".into(),
        created_unix_s: 1_795_000_000,
        model: "model-1".into(),
        estimated_input_tokens: 7,
        request: Arc::new(Request { stream: true, stream_usage: true, ..Request::default() }),
        previous: None,
    }
}

/// Whether it is JSON, as far as `serde_json` reads it: it stops at a depth that ours allows.
fn assert_json(body: &[u8]) {
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(body) {
        assert!(error.to_string().contains("recursion limit"), "{error}: {}", String::from_utf8_lossy(body));
    }
}

/// Reads a client's request. What is read can be put to a supplier of any protocol, as JSON and each time the same, or it is
/// an error.
pub fn request(protocol: Protocol, body: &[u8]) {
    let client = translator(protocol).client().expect("clients speak it");
    let Ok(request) = client.decode_request(body) else { return };
    for supplier in Protocol::ALL {
        let target = Target {
            model: "model-1",
            owner: "account",
            max_output: None,
            capabilities: Capabilities::default(),
            quirks: Quirks::NONE,
            refuses: &[],
            stream_usage: true,
            betas: &[],
            may_drop: &[],
        };
        let put = || translate::request(&request, translator(supplier), &target);
        let Ok(outbound) = put() else { continue };
        assert_json(&outbound.body);
        assert_eq!(put().map(|again| again.body).as_ref(), Ok(&outbound.body), "to {supplier}");
    }
}

/// Reads a supplier's whole answer. What is read can be put to a client of any protocol, as JSON, or it is an error.
pub fn answer(protocol: Protocol, body: &[u8]) {
    let _ = codec(protocol).reply(body);
    for (_, client) in clients() {
        let put = translate::answer(body, translator(protocol), client, &Undo::default(), &about());
        if let Ok(encoded) = put {
            assert_json(&encoded.body);
        }
    }
}

/// Puts a stream to a client of each protocol: at the moment when it is whole there, it was whole here.
pub fn translate_stream(protocol: Protocol, stream: &[u8]) {
    let from = codec(protocol);
    let frames = frames(from, stream);
    for (to, client) in clients() {
        let undo = Arc::new(Undo::default());
        let new = || StreamTranslation::new(translator(protocol), client, Arc::clone(&undo), &about());
        let (mut translation, mut plodding) = (new(), new());
        let (mut reader, mut theirs) = (from.stream(), codec(to).stream());
        let mut is_whole = |out: &[u8]| {
            for frame in crate::frames(codec(to), out) {
                theirs.read(&frame);
            }
            theirs.end() == End::Complete
        };
        let mut out = Vec::new();
        let mut told = Ok(());
        for frame in &frames {
            let seen = reader.read(frame);
            if matches!(seen.kind, SeenKind::Error(_)) {
                break; // nobody is told of it
            }
            out.clear();
            told = translation.frame(frame, seen.text, &mut out);
            let mut plodded = Vec::new();
            assert_eq!(plodding.frame(frame, None, &mut plodded), told);
            assert!(told.is_err() || plodded == out, "going on says something else");
            if is_whole(&out) {
                assert!(told.is_ok() && reader.end() == End::Complete, "cut, and whole to {to}");
                break;
            }
            if told.is_err() {
                break;
            }
        }
        if told.is_ok() && reader.end() == End::Complete {
            let _ = translation.end(&mut out);
        }
    }
}

/// Writes what a stream says twice for a client of each protocol: pieces of text as copies of the last one where the writer has
/// such a way, and every event in full. Both must be the same.
pub fn encode_stream(protocol: Protocol, stream: &[u8]) {
    let from = codec(protocol);
    let mut decoder = translator(protocol).event_decoder();
    let mut events = Vec::new();
    for frame in frames(from, stream) {
        if decoder.decode(&frame, &mut events).is_err() {
            break;
        }
    }
    for (to, client) in clients() {
        let (mut growing, mut plodding) = (client.event_encoder(&about()), client.event_encoder(&about()));
        for event in &events {
            let (mut grown, mut plodded) = (Vec::new(), Vec::new());
            let told = match event {
                Event::Delta { choice, delta: Delta::Text(text) } => growing.grow(*choice, text, &mut grown),
                event => growing.encode(event, &mut grown),
            };
            assert_eq!(plodding.encode(event, &mut plodded), told);
            assert!(told.is_err() || plodded == grown, "growing says something else to {to}");
            if told.is_err() {
                break;
            }
        }
        assert_eq!(growing.losses(), plodding.losses());
    }
}

/// The input as a stream of the protocol's framing. Where that has sums which no fuzzer finds, each line of the input is an
/// event: its first byte says which, the rest is its payload.
pub fn framed(protocol: Protocol, input: &[u8]) -> Bytes {
    use wire::framing::Framing;
    use wire::framing::event_stream::{write_event, write_exception};

    const EVENTS: [&str; 7] = [
        "messageStart",
        "contentBlockStart",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "metadata",
        "somethingNew",
    ];
    if codec(protocol).framing() != Framing::EventStream {
        return Bytes::copy_from_slice(input);
    }
    let mut stream = Vec::new();
    for line in input.split(|byte| *byte == b'\n') {
        let Some((which, payload)) = line.split_first() else { continue };
        match EVENTS.get(usize::from(which % 8)) {
            Some(name) => write_event(name, payload, &mut stream),
            None => write_exception("throttlingException", payload, &mut stream),
        }
    }
    stream.into()
}
