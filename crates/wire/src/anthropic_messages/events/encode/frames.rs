//! The events of a stream, as they are written.

use super::Encoder;
use crate::anthropic_messages::answer::encode::{redacted, thinking};
use crate::json::{self, Json};

impl Encoder {
    pub(super) fn text_opens(&self, out: &mut Vec<u8>) {
        self.block_opens(out, |json| {
            json.object().key("type").text("text").key("text").text("").end_object();
        });
    }

    pub(super) fn thinking_opens(&self, out: &mut Vec<u8>) {
        self.block_opens(out, |json| thinking(json, "", ""));
    }

    pub(super) fn thinking_stops(&mut self, signature: &str, out: &mut Vec<u8>) {
        self.block_grows(out, "signature_delta", |json| {
            json.key("signature").text(signature);
        });
        self.block_stops(out);
    }

    pub(super) fn redacted(&mut self, data: &str, out: &mut Vec<u8>) {
        self.block_opens(out, |json| redacted(json, data));
        self.block_stops(out);
    }

    pub(super) fn block_opens(&self, out: &mut Vec<u8>, block: impl FnOnce(&mut Json)) {
        frame(out, "content_block_start", |json| {
            json.key("index").number(self.index).key("content_block");
            block(json);
        });
    }

    pub(super) fn block_grows(&self, out: &mut Vec<u8>, kind: &str, delta: impl FnOnce(&mut Json)) {
        frame(out, "content_block_delta", |json| {
            json.key("index").number(self.index).key("delta").object().key("type").text(kind);
            delta(json);
            json.end_object();
        });
    }

    /// The same for a delta that is this text and what stands before it. Most of a stream is that, so it is written in few
    /// pieces.
    pub(super) fn text_grows(&self, out: &mut Vec<u8>, before: &[u8], text: &str) {
        out.extend_from_slice(
            b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":",
        );
        json::write_number(out, self.index);
        out.extend_from_slice(b",\"delta\":");
        out.extend_from_slice(before);
        json::write_text(out, text);
        out.extend_from_slice(b"}}\n\n");
    }

    pub(super) fn block_stops(&mut self, out: &mut Vec<u8>) {
        frame(out, "content_block_stop", |json| {
            json.key("index").number(self.index);
        });
        self.index += 1;
    }
}

/// Writes one event; `members` writes what it holds beside its name.
pub(super) fn frame(out: &mut Vec<u8>, name: &str, members: impl FnOnce(&mut Json)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    let mut json = Json::behind(out);
    json.object().key("type").text(name);
    members(&mut json);
    json.end_object();
    *out = json.finish();
    out.extend_from_slice(b"\n\n");
}
