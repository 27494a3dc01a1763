//! A stream as one JSON list, for clients that did not ask for server-sent events.
//!
//! **For**: `:streamGenerateContent` without `alt=sse`. The reply's content type is then `application/json`, its body a
//! list that grows by one response per event. All else stays as it is: whoever relays the stream, translated or not, puts
//! the bytes through here last, the error event included.
//!
//! **Promises**: closed by [`finish`](JsonList::finish), the body is a JSON text; without it none, so that nobody takes a
//! broken stream for a whole one. Signs of life become white space.

use bytes::Bytes;

use crate::framing::sse::Framer;
use crate::framing::{DEFAULT_LIMIT, Frame, FramingError};

/// The list so far.
#[derive(Debug)]
pub struct JsonList {
    framer: Framer,
    is_open: bool,
}

impl Default for JsonList {
    fn default() -> Self {
        Self::new(DEFAULT_LIMIT)
    }
}

impl JsonList {
    /// An empty list of events that are no longer than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { framer: Framer::new(limit), is_open: false }
    }

    /// Appends the events in `sse`, which may be cut anywhere, to `out` as elements of the list.
    ///
    /// # Errors
    /// [`FramingError`], for an event that is too long.
    pub fn push(&mut self, sse: Bytes, out: &mut Vec<u8>) -> Result<(), FramingError> {
        self.framer.push(sse);
        while let Some(frame) = self.framer.next_frame()? {
            self.element(&frame, out);
        }
        Ok(())
    }

    /// Ends the list.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        if let Some(rest) = self.framer.finish() {
            self.element(&Frame::sse(rest), out);
        }
        self.open(out);
        out.extend_from_slice(b"\n]\n");
    }

    fn element(&mut self, frame: &Frame, out: &mut Vec<u8>) {
        let data = frame.data();
        if data.is_empty() {
            out.push(b'\n');
            return;
        }
        if self.is_open {
            out.extend_from_slice(b",\n");
        }
        self.open(out);
        out.extend_from_slice(&data);
    }

    fn open(&mut self, out: &mut Vec<u8>) {
        if !self.is_open {
            out.push(b'[');
            self.is_open = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn list(pieces: &[&str]) -> Result<Value, serde_json::Error> {
        let (mut list, mut out) = (JsonList::default(), Vec::new());
        for piece in pieces {
            list.push(Bytes::copy_from_slice(piece.as_bytes()), &mut out).unwrap();
        }
        list.finish(&mut out);
        serde_json::from_slice(&out)
    }

    #[test]
    fn f20_each_event_is_one_element() {
        assert_eq!(list(&[]).unwrap(), json!([]));
        assert_eq!(list(&["\n", "data: {\"a\":1}\n\n", "\n", "\n"]).unwrap(), json!([{"a": 1}]));
        let crlf = "data: {\"a\":\r\ndata: 1}\r\n\r\ndata: {\"error\":{}}\r\n\r\ndata: {\"b\":2}";
        assert_eq!(list(&[crlf]).unwrap(), json!([{"a": 1}, {"error": {}}, {"b": 2}]));
    }

    #[test]
    fn an_unfinished_list_is_no_json() {
        let (mut list, mut out) = (JsonList::default(), Vec::new());
        list.push(Bytes::from_static(b"data: {\"a\":1}\n\n"), &mut out).unwrap();
        assert_eq!(out, br#"[{"a":1}"#);
    }

    proptest! {
        #[test]
        fn the_cut_does_not_matter(texts in proptest::collection::vec(any::<String>(), 0..5), cut in 1_usize..9) {
            let events = texts.iter().map(|text| format!("data: {}\n\n\n", json!({ "text": text })));
            let stream = Bytes::from(events.collect::<String>());
            let (mut list, mut out) = (JsonList::default(), Vec::new());
            for piece in stream.chunks(cut) {
                list.push(Bytes::copy_from_slice(piece), &mut out).unwrap();
            }
            list.finish(&mut out);
            let expected: Vec<Value> = texts.iter().map(|text| json!({ "text": text })).collect();
            prop_assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), json!(expected));
        }
    }
}
