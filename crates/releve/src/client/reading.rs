//! One answer being read: a stream event by event, anything else once it is complete.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use wire::framing::{Frame, sse::Framer};

use super::Trouble;
use super::sdk::{Event, Sdk, SoFar, error_words};

/// How much of a body that is not understood is repeated in the complaint.
const MOST_WORDS: usize = 300;

/// See the module.
#[derive(Debug)]
pub(super) struct Reading {
    sdk: &'static dyn Sdk,
    so_far: SoFar,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Stream(Framer),
    Whole(BytesMut),
    /// An error's body, and the status that said so.
    Refusal(StatusCode, BytesMut),
    /// Something else than what was asked for.
    Foreign(String),
}

impl Reading {
    /// Begins to read what comes under these headers.
    pub(super) fn new(sdk: &'static dyn Sdk, status: StatusCode, headers: &HeaderMap, stream: bool) -> Self {
        let found =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let expected = if stream { "text/event-stream" } else { "application/json" };
        let form = if !status.is_success() {
            Form::Refusal(status, BytesMut::new())
        } else if !found.starts_with(expected) {
            Form::Foreign(found.to_owned())
        } else if stream {
            Form::Stream(Framer::default())
        } else {
            Form::Whole(BytesMut::new())
        };
        Self { sdk, so_far: SoFar::default(), form }
    }

    /// Takes what has come.
    pub(super) fn push(&mut self, bytes: Bytes, on_text: &mut impl FnMut(&str)) -> Result<(), Trouble> {
        match &mut self.form {
            Form::Stream(framer) => {
                framer.push(bytes);
                let broken = |error: wire::framing::FramingError| Trouble::Broken(error.to_string());
                while let Some(frame) = framer.next_frame().map_err(broken)? {
                    event(self.sdk, &frame, &mut self.so_far, on_text)?;
                }
            }
            Form::Whole(body) | Form::Refusal(_, body) => body.extend_from_slice(&bytes),
            Form::Foreign(_) => {}
        }
        Ok(())
    }

    /// Everything has come.
    pub(super) fn whole(&mut self, on_text: &mut impl FnMut(&str)) -> Result<(), Trouble> {
        match &mut self.form {
            Form::Stream(_) => Ok(()),
            Form::Whole(body) => {
                let body: Value = serde_json::from_slice(body)
                    .map_err(|error| Trouble::Broken(format!("the answer is not JSON: {error}")))?;
                if let Some(words) = error_words(&body) {
                    return Err(Trouble::Broken(format!("an error in place of the answer: {words}")));
                }
                let text = self.sdk.whole(&body, &mut self.so_far).map_err(Trouble::Broken)?;
                self.so_far.ended = true;
                on_text(&text);
                Ok(())
            }
            Form::Refusal(status, body) => Err(Trouble::Refused { status: *status, message: words(body) }),
            Form::Foreign(found) => Err(Trouble::Broken(format!("the answer is of type \"{found}\""))),
        }
    }

    /// The verdict: the answer's id and why it ended.
    pub(super) fn end(self) -> Result<(Option<String>, String), Trouble> {
        let SoFar { id, finish, ended } = self.so_far;
        match finish {
            Some(finish) if ended => Ok((id, finish)),
            Some(_) => Err(Trouble::Broken("the stream ended without its last event".to_owned())),
            None => Err(Trouble::Broken("the answer ended without saying why".to_owned())),
        }
    }
}

fn event(
    sdk: &dyn Sdk,
    frame: &Frame,
    so_far: &mut SoFar,
    on_text: &mut impl FnMut(&str),
) -> Result<(), Trouble> {
    let data = frame.data();
    if data.is_empty() {
        return Ok(());
    }
    let error = serde_json::from_slice(&data).ok().and_then(|value: Value| error_words(&value));
    if let Some(words) = error {
        return Err(Trouble::Broken(format!("the stream ended in an error: {words}")));
    }
    if so_far.ended {
        return Err(Trouble::Broken("the stream went on after its last event".to_owned()));
    }
    let name = frame.event().unwrap_or_default();
    let text = sdk.event(&Event { name, data: &data }, so_far).map_err(Trouble::Broken)?;
    if !text.is_empty() {
        on_text(&text);
    }
    Ok(())
}

/// An error's words; where they stand in no known place, its body's beginning.
fn words(body: &[u8]) -> String {
    let known = serde_json::from_slice(body).ok().and_then(|value: Value| error_words(&value));
    known.unwrap_or_else(|| String::from_utf8_lossy(body).chars().take(MOST_WORDS).collect())
}

#[cfg(test)]
mod tests {
    use catalogue::Protocol;

    use super::*;
    use crate::client::sdk;

    fn read(protocol: Protocol, stream: bool, body: &str) -> Result<(String, String), Trouble> {
        let mut headers = HeaderMap::new();
        let kind = if stream { "text/event-stream" } else { "application/json" };
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        let mut reading = Reading::new(sdk::of(protocol).unwrap(), StatusCode::OK, &headers, stream);
        let mut text = String::new();
        for byte in body.bytes() {
            reading.push(Bytes::from(vec![byte]), &mut |piece: &str| text.push_str(piece))?;
        }
        reading.whole(&mut |piece: &str| text.push_str(piece))?;
        reading.end().map(|(_, finish)| (text, finish))
    }

    const CHUNKS: &str = "data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n\
        : alive\n\n\
        data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"hé\"}}]}\n\n\
        data: {\"id\":\"c\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
        data: [DONE]\n\n";

    const EVENTS: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n\n\
        event: ping\ndata: {\"type\":\"ping\"}\n\n\
        event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"hé\"}}\n\n\
        event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
        event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

    #[test]
    fn whole_streams_are_answers() {
        let (text, finish) = read(Protocol::OpenaiChat, true, CHUNKS).unwrap();
        assert_eq!((text.as_str(), finish.as_str()), ("hé", "stop"));
        let (text, finish) = read(Protocol::AnthropicMessages, true, EVENTS).unwrap();
        assert_eq!((text.as_str(), finish.as_str()), ("hé", "end_turn"));
    }

    #[test]
    fn a_stream_without_any_one_of_its_parts_is_no_answer() {
        let without = |all: &str, part: &str| {
            let kept: Vec<&str> = all.split_inclusive("\n\n").filter(|frame| !frame.contains(part)).collect();
            assert!(kept.len() < all.matches("\n\n").count());
            kept.concat()
        };
        for part in ["[DONE]", "finish_reason"] {
            assert!(read(Protocol::OpenaiChat, true, &without(CHUNKS, part)).is_err(), "{part}");
        }
        for part in ["message_start", "stop_reason", "message_stop"] {
            assert!(read(Protocol::AnthropicMessages, true, &without(EVENTS, part)).is_err(), "{part}");
        }
        let error = without(CHUNKS, "[DONE]") + "data: {\"error\":{\"message\":\"gone\"}}\n\n";
        assert!(read(Protocol::OpenaiChat, true, &error).unwrap_err().to_string().contains("gone"));
    }

    #[test]
    fn plain_answers_are_read_and_errors_inside_them_found() {
        let body = r#"{"id":"c","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}"#;
        assert_eq!(read(Protocol::OpenaiChat, false, body).unwrap().0, "hi");
        let body = r#"{"id":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"}"#;
        assert_eq!(read(Protocol::AnthropicMessages, false, body).unwrap().0, "hi");
        for body in [r#"{"error":{"message":"no"}}"#, "{", "", r#"{"id":"c","choices":[]}"#] {
            assert!(read(Protocol::OpenaiChat, false, body).is_err(), "{body}");
        }
    }
}
