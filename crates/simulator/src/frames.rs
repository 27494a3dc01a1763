//! How the events of a stream become bytes: as server-sent events, JSON lines, one JSON array, or frames of
//! AWS's event stream.
//!
//! Promises: an event whose JSON is sound gives bytes that are sound where it stands; what a fault breaks, it
//! breaks before this.

mod aws;

use bytes::Bytes;

use crate::{
    dice::Dice,
    protocol::Event,
    settings::Delivery,
    sse::{self, ascii},
};

/// The framing of one stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Frames {
    /// Server-sent events.
    Events,
    /// The same, each of which says its number in place of [`NUMBER`].
    Numbered,
    /// A line of JSON for each event.
    Lines,
    /// One JSON array, an element for each event.
    Array,
    /// AWS's event stream, with checksums.
    Aws,
}

/// The data of an event that ends an array, and that other framings have no need of.
pub(crate) const CLOSE: &str = "]";

/// Stands for an event's number in a stream of [`Frames::Numbered`].
pub(crate) const NUMBER: &str = "\"sequence_number\":#";

impl Frames {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Events | Self::Numbered => "text/event-stream; charset=utf-8",
            Self::Lines => "application/x-ndjson",
            Self::Array => "application/json; charset=UTF-8",
            Self::Aws => "application/vnd.amazon.eventstream",
        }
    }

    /// An error's JSON where no stream has begun.
    pub(crate) fn alone(self, body: String) -> String {
        if self == Self::Array { format!("[{body}]\n") } else { body }
    }

    pub(crate) fn framer(self, delivery: &Delivery) -> Framer {
        Framer { frames: self, delivery: delivery.clone(), place: 0 }
    }
}

/// Writes the events of one stream.
#[derive(Clone, Debug)]
pub(crate) struct Framer {
    frames: Frames,
    delivery: Delivery,
    /// Events written so far.
    place: u64,
}

impl Framer {
    /// The next event's bytes; none for a sign of life where the framing has none.
    pub(crate) fn frame(&mut self, event: &Event, dice: &mut Dice) -> Bytes {
        if event.data.is_empty() {
            let has_comments = matches!(self.frames, Frames::Events | Frames::Numbered);
            return if has_comments { sse::frame(event, &self.delivery, dice).into() } else { Bytes::new() };
        }
        if event.data == CLOSE && self.frames != Frames::Array {
            return Bytes::new();
        }
        let place = self.place;
        self.place += 1;
        match self.frames {
            Frames::Events => sse::frame(event, &self.delivery, dice).into(),
            Frames::Numbered => sse::frame(&numbered(event, place), &self.delivery, dice).into(),
            Frames::Lines => (self.json(event) + "\n").into(),
            Frames::Array => self.element(event, place).into(),
            Frames::Aws => aws::frame(event.name.unwrap_or_default(), self.json(event).as_bytes()),
        }
    }

    fn json(&self, event: &Event) -> String {
        if self.delivery.ascii { ascii(&event.data) } else { event.data.clone() }
    }

    fn element(&self, event: &Event, place: u64) -> String {
        let json = self.json(event);
        match (place, json == CLOSE) {
            (0, true) => "[]".to_owned(),
            (0, false) => format!("[{json}"),
            (_, true) => "\n]\n".to_owned(),
            (_, false) => format!("\n,\r\n{json}"),
        }
    }
}

fn numbered(event: &Event, place: u64) -> Event {
    let number = format!("\"sequence_number\":{place}");
    Event { data: event.data.replacen(NUMBER, &number, 1), ..event.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Kind;

    fn written(frames: Frames, events: &[&str]) -> String {
        let mut framer = frames.framer(&Delivery::default());
        let events = events.iter().map(|data| Event::new(Kind::Content, None, (*data).to_owned()));
        let bytes: Vec<u8> = events.flat_map(|event| framer.frame(&event, &mut Dice::new(1))).collect();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn arrays_have_commas_between_and_end() {
        assert_eq!(written(Frames::Array, &["{}", "{}", "]"]), "[{}\n,\r\n{}\n]\n");
        assert_eq!(written(Frames::Array, &["]"]), "[]");
        assert_eq!(Frames::Array.alone("{}".to_owned()), "[{}]\n");
    }

    #[test]
    fn lines_and_numbers() {
        assert_eq!(written(Frames::Lines, &["{}", "", "{}"]), "{}\n{}\n");
        let event = format!("{{{NUMBER}}}");
        let numbered = "data: {\"sequence_number\":0}\n\n: ping\n\ndata: {\"sequence_number\":1}\n\n";
        assert_eq!(written(Frames::Numbered, &[&event, "", &event]), numbered);
    }
}
