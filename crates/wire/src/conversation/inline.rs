//! Media that a request points at, put into it.
//!
//! **For**: suppliers that take only bytes. Whoever fetches is elsewhere: nothing here does I/O.

use std::sync::Arc;

use bytes::Bytes;

use super::message::{Block, Content, Media, MediaSource};
use super::request::Request;

impl Request {
    /// The addresses on the web that its media is at, each once, in order; and how often each stands there.
    pub fn web_addresses(&self) -> Vec<(String, usize)> {
        let mut addresses = Vec::<(String, usize)>::new();
        let blocks = self.turns.iter().flat_map(|turn| &turn.blocks);
        for media in blocks.flat_map(media) {
            if let MediaSource::Url(address) = &media.source
                && (address.starts_with("https://") || address.starts_with("http://"))
            {
                match addresses.iter_mut().find(|(known, _)| known == address) {
                    Some((_, times)) => *times += 1,
                    None => addresses.push((address.clone(), 1)),
                }
            }
        }
        addresses
    }

    /// Puts what was found at `address` in its place: what it is, and its bytes as base64.
    pub fn put_in_place(&mut self, address: &str, media_type: &str, base64: &Bytes) {
        let media_type: Arc<str> = media_type.into();
        for block in self.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
            in_place(block, &mut |media| {
                if matches!(&media.source, MediaSource::Url(found) if found == address) {
                    media.source = MediaSource::Base64(base64.clone());
                    media.media_type = Some(Arc::clone(&media_type));
                }
            });
        }
    }
}

/// The media in a block: a tool's result holds blocks of its own.
fn media(block: &Block) -> Vec<&Media> {
    match &block.content {
        Content::Media(media) => vec![media],
        Content::ToolResult(result) => result.blocks.iter().flat_map(media).collect(),
        _ => Vec::new(),
    }
}

fn in_place(block: &mut Block, change: &mut impl FnMut(&mut Media)) {
    match &mut block.content {
        Content::Media(media) => change(media),
        Content::ToolResult(result) => result.blocks.iter_mut().for_each(|block| in_place(block, change)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    #[test]
    fn addresses_are_found_and_replaced_wherever_media_stands() {
        let client =
            codec(catalogue::Protocol::AnthropicMessages).unwrap().translator().unwrap().client().unwrap();
        let image = |url: &str| format!(r#"{{"type":"image","source":{{"type":"url","url":"{url}"}}}}"#);
        let (one, two) = (image("https://a.example/1"), image("http://a.example/2"));
        let body = format!(
            r#"{{"max_tokens":9,"messages":[{{"role":"user","content":[{one},{one}]}},{{"role":"assistant","content":[{{"type":"tool_use","id":"t","name":"n","input":{{}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"t","content":[{two}]}}]}}]}}"#
        );
        let mut request = client.decode_request(body.as_bytes()).unwrap();
        let (one, two) = (("https://a.example/1".to_owned(), 2), ("http://a.example/2".to_owned(), 1));
        assert_eq!(request.web_addresses(), [one.clone(), two]);
        request.put_in_place("http://a.example/2", "image/png", &Bytes::from_static(b"AA=="));
        assert_eq!(request.web_addresses(), [one]);
        request.put_in_place("https://a.example/1", "image/png", &Bytes::from_static(b"AA=="));
        assert!(request.web_addresses().is_empty());
    }
}
