//! What several targets share.

mod translated;

use std::sync::OnceLock;

use bytes::Bytes;
use catalogue::{Protocol, Service, Usage};
use wire::conversation::Event;
use wire::framing::{DEFAULT_LIMIT, Frame, Framing};
use wire::{Codec, End, Seen, SeenKind, StreamReader};

pub use self::translated::{answer, encode_stream, framed, request, translate_stream};

/// The protocol that is under test: the one that `FUZZ_PROTOCOL` names.
///
/// # Panics
/// Where it names none.
pub fn protocol() -> Protocol {
    static PROTOCOL: OnceLock<Protocol> = OnceLock::new();
    *PROTOCOL.get_or_init(|| {
        let name = std::env::var("FUZZ_PROTOCOL").unwrap_or_default();
        name.parse().unwrap_or_else(|_| panic!("FUZZ_PROTOCOL={name} names no protocol"))
    })
}

/// Ends the process, well, where no client speaks the protocol, so that there is nothing to test.
pub fn protocol_with_clients() {
    let translator = wire::codec(protocol()).and_then(Codec::translator);
    if translator.and_then(|translator| translator.client()).is_none() {
        std::process::exit(0);
    }
}

/// Reads a stream twice: as it is, and, where frames can be given another outside, with every frame given one, so that
/// comparing with an earlier frame never helps. Both must see the same.
pub fn watch(protocol: Protocol, stream: &[u8]) {
    let codec = wire::codec(protocol).expect("spoken");
    let (mut reader, mut scanning) = (codec.stream(), codec.stream());
    let mut failed = false;
    for (number, frame) in frames(codec, stream).iter().enumerate() {
        let seen = reader.read(frame);
        // A byte-order mark counts only at the front of a frame, and so does what no field is in.
        if codec.framing() == Framing::Sse
            && !frame.raw.starts_with(b"\xef\xbb\xbf")
            && !frame.data().is_empty()
        {
            let outside = [format!(":{number}\n").as_bytes(), &frame.raw].concat();
            let outside = Frame::sse(outside.into());
            let scanned = scanning.read(&outside);
            let said =
                |frame: &Frame, seen: Seen| seen.text.map(|text| frame.raw.slice(text.start..text.end));
            if let (Some(text), Some(again)) = (said(frame, seen), said(&outside, scanned)) {
                assert_eq!(text, again);
            }
            assert_eq!(Seen { text: None, ..scanned }, Seen { text: None, ..seen });
        } else {
            scanning.read(frame);
        }
        assert_eq!(noted(&*reader), noted(&*scanning));
        failed |= matches!(seen.kind, SeenKind::Error(_));
        assert!(!failed || reader.end() == End::Cut, "a failure is never a whole answer");
    }
    assert!(reader.output_bytes() <= stream.len() as u64);
    assert_eq!(noted(&*reader), noted(&*read_in_place(codec, stream)));
}

/// All that a reader knows of its stream.
fn noted(reader: &dyn StreamReader) -> (Option<Usage>, Service, u64, Option<&str>, End) {
    (reader.usage(), reader.service(), reader.output_bytes(), reader.finish(), reader.end())
}

/// Reads a stream as it is relayed: what is like an earlier frame where it stands, the rest frame by frame.
fn read_in_place(codec: &dyn Codec, stream: &[u8]) -> Box<dyn StreamReader> {
    let mut reader = codec.stream();
    let mut framer = codec.framing().framer(DEFAULT_LIMIT);
    framer.push(Bytes::copy_from_slice(stream));
    loop {
        while let Some((text, length)) = reader.read_alike(framer.ahead()) {
            assert!(text.end <= length, "the text is in the frame");
            framer.take(length);
        }
        let Some(frame) = framer.next_frame().ok().flatten() else { return reader };
        reader.read(&frame);
    }
}

/// Reads a stream in neutral terms. Its events keep their order, and those that end are of streams that are whole.
pub fn decode(protocol: Protocol, input: &[u8]) {
    let codec = wire::codec(protocol).expect("spoken");
    let translator = codec.translator().expect("translated");
    let mut reader = codec.stream();
    let mut decoder = translator.event_decoder();
    let mut events = Vec::new();
    let mut order = Order::default();
    for frame in frames(codec, input) {
        let failed = matches!(reader.read(&frame).kind, SeenKind::Error(_));
        let decoded = decoder.decode(&frame, &mut events);
        events.drain(..).for_each(|event| order.take(&event));
        if order.has_ended {
            assert_eq!(reader.end(), End::Complete, "only what is whole has an end");
            break;
        }
        if failed || decoded.is_err() {
            break;
        }
    }
}

fn frames(codec: &dyn Codec, stream: &[u8]) -> Vec<Frame> {
    let mut framer = codec.framing().framer(DEFAULT_LIMIT);
    framer.push(Bytes::copy_from_slice(stream));
    std::iter::from_fn(|| framer.next_frame().ok().flatten()).collect()
}

/// The order that events are promised to keep.
#[derive(Default)]
struct Order {
    has_started: bool,
    has_ended: bool,
    /// Per choice: whether a block is open, and whether it has finished.
    choices: std::collections::BTreeMap<u32, (bool, bool)>,
}

impl Order {
    fn take(&mut self, event: &Event) {
        assert!(!self.has_ended, "nothing follows the end: {event:?}");
        if matches!(event, Event::Service(_)) {
            // Told as soon as it is known: also before the start, of which it is no part.
            return;
        }
        let is_start = matches!(event, Event::Start { .. });
        assert_ne!(
            std::mem::replace(&mut self.has_started, true),
            is_start,
            "one start, and first: {event:?}"
        );
        match event {
            Event::BlockStart { choice, .. } => {
                assert_eq!(self.choice(*choice), &(false, false), "blocks come one after the other");
                self.choice(*choice).0 = true;
            }
            Event::Delta { choice, .. } => assert!(self.choice(*choice).0, "only an open block grows"),
            Event::BlockEnd { choice } => {
                assert!(std::mem::replace(&mut self.choice(*choice).0, false), "a block ends once");
            }
            Event::Finish { choice, .. } => {
                assert_eq!(
                    self.choice(*choice),
                    &(false, false),
                    "a choice finishes once, with no block open"
                );
                self.choice(*choice).1 = true;
            }
            Event::End => {
                assert!(self.choices.values().all(|(is_open, _)| !is_open), "no block is left open");
                self.has_ended = true;
            }
            Event::Start { .. } | Event::Usage(_) | Event::Service(_) | Event::KeepAlive => {}
        }
    }

    fn choice(&mut self, choice: u32) -> &mut (bool, bool) {
        self.choices.entry(choice).or_default()
    }
}
