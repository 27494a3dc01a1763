//! Ollama's chat (API reference, "Generate a chat message", as typed by ollama 0.6.3, read 2026-11-28).
//!
//! Streams unless told not to, a line of JSON for each token. Skips fields that it does not know, as Go does.

mod refusal;
mod reply;
mod request;
mod schema;

use crate::{
    answer::Answer,
    frames::Frames,
    http::Request,
    prompt::Prompt,
    protocol::{Aim, Desk, Dialect, Event, Events, Header, Kind, Label, Reason, Refusal},
};

/// The protocol `ollama-chat`.
#[derive(Debug)]
pub(crate) struct Ollama;

impl Dialect for Ollama {
    fn aim(&self, request: &Request) -> Aim {
        Aim::of_body(request, true)
    }

    fn frames(&self, _request: &Request) -> Frames {
        Frames::Lines
    }

    fn read(&self, request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
        request::read(request, desk)
    }

    fn headers(&self, _label: &Label) -> Vec<Header> {
        Vec::new()
    }

    fn words(&self, reason: Reason) -> &'static str {
        refusal::words(reason)
    }

    fn refuse(&self, refusal: &Refusal, _label: &Label) -> (u16, String) {
        (refusal::status(refusal), refusal::body(refusal))
    }

    fn answer_id(&self, label: &Label) -> String {
        // Its answers bear none; the meter's lines want one.
        label.id("ollama-", 0, 12)
    }

    fn whole(&self, prompt: &Prompt, answer: &Answer, label: &Label) -> String {
        reply::whole(prompt, answer, label)
    }

    fn events(&self, prompt: &Prompt, answer: Answer, label: &Label) -> Events {
        reply::events(prompt, answer, label)
    }

    fn text_event(&self, prompt: &Prompt, label: &Label, text: &str) -> Event {
        reply::text_event(prompt, label, text)
    }

    fn error_event(&self, refusal: &Refusal, _label: &Label) -> Event {
        Event::new(Kind::Error, None, refusal::body(refusal))
    }
}
