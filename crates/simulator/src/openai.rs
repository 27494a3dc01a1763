//! OpenAI Chat Completions (API reference, "Chat", as typed by openai-python 3.54.0, read 2026-11-22).

pub(crate) mod fields;
mod messages;
pub(crate) mod refusal;
mod reply;
mod request;
mod stream;

use crate::{
    answer::Answer,
    http::Request,
    prompt::Prompt,
    protocol::{Desk, Dialect, Event, Events, Header, Kind, Label, Reason, Refusal},
};

/// The protocol `openai-chat`.
#[derive(Debug)]
pub(crate) struct ChatCompletions;

impl Dialect for ChatCompletions {
    fn read(&self, request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
        request::read(request, desk)
    }

    fn headers(&self, label: &Label) -> Vec<Header> {
        refusal::headers(label)
    }

    fn words(&self, reason: Reason) -> &'static str {
        refusal::words(reason)
    }

    fn refuse(&self, refusal: &Refusal, _label: &Label) -> (u16, String) {
        (refusal::status(refusal), refusal::body(refusal))
    }

    fn answer_id(&self, label: &Label) -> String {
        reply::completion_id(label)
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
