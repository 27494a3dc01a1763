//! Anthropic Messages (API reference, "Messages", as typed by anthropic-sdk-python 2.12.0, read 2026-11-22).

mod messages;
mod refusal;
mod reply;
mod request;
mod stream;

pub(crate) use request::reasoning;

use crate::{
    answer::Answer,
    http::Request,
    prompt::Prompt,
    protocol::{Desk, Dialect, Event, Events, Header, Kind, Label, Reason, Refusal},
};

/// The protocol `anthropic-messages`.
#[derive(Debug)]
pub(crate) struct Messages;

impl Dialect for Messages {
    fn read(&self, request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
        request::read(request, desk)
    }

    fn count(&self, request: &Request, desk: &Desk<'_>) -> Result<String, Refusal> {
        let tokens = request::count(request, desk)?;
        Ok(format!("{{\"input_tokens\":{tokens}}}"))
    }

    fn headers(&self, label: &Label) -> Vec<Header> {
        refusal::headers(label)
    }

    fn words(&self, reason: Reason) -> &'static str {
        refusal::words(reason)
    }

    fn refuse(&self, refusal: &Refusal, label: &Label) -> (u16, String) {
        (refusal::status(refusal), refusal::body(refusal, label))
    }

    fn answer_id(&self, label: &Label) -> String {
        reply::message_id(label)
    }

    fn whole(&self, prompt: &Prompt, answer: &Answer, label: &Label) -> String {
        reply::whole(prompt, answer, label)
    }

    fn events(&self, prompt: &Prompt, answer: Answer, label: &Label) -> Events {
        stream::events(prompt, answer, label)
    }

    fn text_event(&self, prompt: &Prompt, _label: &Label, text: &str) -> Event {
        stream::text_event(prompt, text)
    }

    fn error_event(&self, refusal: &Refusal, label: &Label) -> Event {
        Event::new(Kind::Error, Some("error"), refusal::body(refusal, label))
    }

    fn ping(&self) -> Event {
        stream::ping()
    }
}
