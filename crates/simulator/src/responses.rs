//! OpenAI Responses (API reference, "Responses", as typed by openai-python 3.54.0, read 2026-11-28).
//!
//! Keeps no responses: a `previous_response_id` is never found.

mod items;
mod reply;
mod request;
mod schema;
mod stream;

use crate::{
    answer::Answer,
    frames::{Frames, NUMBER},
    http::Request,
    openai::refusal,
    prompt::Prompt,
    protocol::{Desk, Dialect, Event, Events, Header, Kind, Label, Reason, Refusal},
};

/// The protocol `openai-responses`.
#[derive(Debug)]
pub(crate) struct Responses;

impl Dialect for Responses {
    fn frames(&self, _request: &Request) -> Frames {
        Frames::Numbered
    }

    fn read(&self, request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
        request::read(request, desk)
    }

    fn count(&self, request: &Request, desk: &Desk<'_>) -> Result<String, Refusal> {
        let tokens = request::count(request, desk)?;
        Ok(format!("{{\"object\":\"response.input_tokens\",\"input_tokens\":{tokens}}}"))
    }

    fn headers(&self, label: &Label) -> Vec<Header> {
        refusal::headers(label)
    }

    fn words(&self, reason: Reason) -> &'static str {
        match reason {
            Reason::ContextExceeded => request::TOO_LONG,
            _ => refusal::words(reason),
        }
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
        stream::events(prompt, &answer, label)
    }

    fn text_event(&self, _prompt: &Prompt, label: &Label, text: &str) -> Event {
        stream::text_event(label, text)
    }

    fn error_event(&self, refusal: &Refusal, _label: &Label) -> Event {
        let error = refusal::event(refusal);
        let error = error.strip_prefix('{').unwrap_or_default();
        Event::new(Kind::Error, Some("error"), format!(r#"{{"type":"error",{NUMBER},{error}"#))
    }
}
