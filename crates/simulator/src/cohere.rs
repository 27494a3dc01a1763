//! Cohere Chat, version 2 (API reference, "Chat", as typed by cohere 7.3.1, read 2026-11-28).

mod messages;
mod refusal;
mod reply;
mod request;
mod schema;
mod stream;

use crate::{
    answer::Answer,
    http::Request,
    prompt::Prompt,
    protocol::{Desk, Dialect, Event, Events, Header, Kind, Label, Reason, Refusal},
};

/// The protocol `cohere-chat`.
#[derive(Debug)]
pub(crate) struct Cohere;

impl Dialect for Cohere {
    fn read(&self, request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
        request::read(request, desk)
    }

    fn headers(&self, label: &Label) -> Vec<Header> {
        let fields = [
            ("x-debug-trace-id", label.hex(1, 32)),
            ("x-endpoint-monthly-call-limit", label.limit.to_string()),
            ("x-trial-endpoint-call-limit", label.limit.to_string()),
            ("x-trial-endpoint-call-remaining", label.remaining.to_string()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn words(&self, reason: Reason) -> &'static str {
        refusal::words(reason)
    }

    fn refuse(&self, refusal: &Refusal, label: &Label) -> (u16, String) {
        (refusal::status(refusal), refusal::body(refusal, label))
    }

    fn answer_id(&self, label: &Label) -> String {
        label.uuid()
    }

    fn whole(&self, prompt: &Prompt, answer: &Answer, label: &Label) -> String {
        reply::whole(prompt, answer, label)
    }

    fn events(&self, prompt: &Prompt, answer: Answer, label: &Label) -> Events {
        stream::events(prompt, answer, label)
    }

    fn text_event(&self, _prompt: &Prompt, _label: &Label, text: &str) -> Event {
        stream::text_event(text)
    }

    fn error_event(&self, refusal: &Refusal, _label: &Label) -> Event {
        Event { kind: Kind::Error, ..stream::failed(&refusal.message) }
    }
}
