//! Gemini `generateContent`, `streamGenerateContent` and `countTokens` (API reference v1beta, as typed by google-genai
//! 3.4.0, read 2026-11-28).
//!
//! The model and the wish for a stream are in the path. A stream is server-sent events with `alt=sse`, one JSON array
//! without.

mod contents;
mod refusal;
mod reply;
mod request;
mod schema;
mod stream;
mod tools;

use crate::{
    answer::Answer,
    frames::Frames,
    http::Request,
    prompt::Prompt,
    protocol::{Aim, Desk, Dialect, Event, Events, Header, Kind, Label, Reason, Refusal},
};

/// The protocol `gemini`.
#[derive(Debug)]
pub(crate) struct Gemini;

const STREAM: &str = ":streamGenerateContent";

impl Dialect for Gemini {
    fn aim(&self, request: &Request) -> Aim {
        Aim { model: request::model_id(request), stream: request.path().ends_with(STREAM) }
    }

    fn frames(&self, request: &Request) -> Frames {
        let is_sse = request.query("alt") == Some("sse");
        if request.path().ends_with(STREAM) && !is_sse { Frames::Array } else { Frames::Events }
    }

    fn count(&self, request: &Request, desk: &Desk<'_>) -> Result<String, Refusal> {
        request::count(request, desk)
    }

    fn read(&self, request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
        request::read(request, desk)
    }

    fn headers(&self, _label: &Label) -> Vec<Header> {
        let fields = [
            ("vary", "Origin, X-Origin, Referer"),
            ("server", "scaffolding on HTTPServer2"),
            ("server-timing", "gfet4t7; dur=120"),
            ("x-content-type-options", "nosniff"),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn words(&self, reason: Reason) -> &'static str {
        refusal::words(reason)
    }

    fn refuse(&self, refusal: &Refusal, _label: &Label) -> (u16, String) {
        (refusal::status(refusal), refusal::body(refusal))
    }

    fn answer_id(&self, label: &Label) -> String {
        reply::response_id(label)
    }

    fn whole(&self, prompt: &Prompt, answer: &Answer, label: &Label) -> String {
        reply::whole(prompt, answer, label)
    }

    fn events(&self, prompt: &Prompt, answer: Answer, label: &Label) -> Events {
        stream::events(prompt, answer, label)
    }

    fn text_event(&self, prompt: &Prompt, label: &Label, text: &str) -> Event {
        stream::text_event(prompt, label, text)
    }

    fn error_event(&self, refusal: &Refusal, _label: &Label) -> Event {
        Event::new(Kind::Error, None, refusal::event(refusal))
    }
}
