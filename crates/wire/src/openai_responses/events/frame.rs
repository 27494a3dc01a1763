//! One event as it is written.

use super::super::write::append_line;
use crate::conversation::Loss;
use crate::json::Json;

/// What all events of a stream share.
#[derive(Debug, Default)]
pub(super) struct Pen {
    /// The number of the next event.
    sequence: u64,
    pub(super) losses: Vec<Loss>,
}

impl Pen {
    /// Begins an event.
    pub(super) fn event(&mut self, kind: &'static str) -> Frame {
        let mut json = Json::new();
        json.object().key("type").text(kind).key("sequence_number").number(self.number());
        Frame { kind, json }
    }

    /// The number of the event that comes now.
    pub(super) const fn number(&mut self) -> u64 {
        let number = self.sequence;
        self.sequence += 1;
        number
    }
}

/// An event in the making: its object is open.
#[derive(Debug)]
pub(super) struct Frame {
    kind: &'static str,
    pub(super) json: Json,
}

impl Frame {
    /// Ends it, and appends it to `out`.
    pub(super) fn send(mut self, out: &mut Vec<u8>) {
        self.json.end_object();
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(self.kind.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        append_line(out, &self.json.finish());
        out.extend_from_slice(b"\n\n");
    }
}
