//! Amazon Bedrock Converse and `ConverseStream` (`bedrock-runtime` service model of botocore 1.44.8, read 2026-11-28), as
//! they answer for Claude.
//!
//! Checks that a request is signed or bears a key; computes the signature where it knows the key's secret.

mod access;
mod messages;
mod refusal;
mod reply;
mod request;
mod schema;
mod signature;
mod stream;

use crate::{
    answer::Answer,
    frames::Frames,
    http::Request,
    prompt::Prompt,
    protocol::{Aim, Desk, Dialect, Event, Events, Header, Kind, Label, Reason, Refusal},
};

/// The protocol `bedrock-converse`.
#[derive(Debug)]
pub(crate) struct Converse;

const STREAM: &str = "/converse-stream";

impl Dialect for Converse {
    fn aim(&self, request: &Request) -> Aim {
        Aim { model: request::model_id(request), stream: request.path().ends_with(STREAM) }
    }

    fn frames(&self, _request: &Request) -> Frames {
        Frames::Aws
    }

    fn read(&self, request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal> {
        request::read(request, desk)
    }

    fn headers(&self, label: &Label) -> Vec<Header> {
        vec![("x-amzn-requestid".to_owned(), label.uuid())]
    }

    fn words(&self, reason: Reason) -> &'static str {
        refusal::words(reason)
    }

    fn refuse(&self, refusal: &Refusal, _label: &Label) -> (u16, String) {
        (refusal::status(refusal), refusal::body(refusal))
    }

    fn refusal_headers(&self, refusal: &Refusal) -> Vec<Header> {
        vec![("x-amzn-errortype".to_owned(), refusal::header(refusal))]
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

    fn text_event(&self, _prompt: &Prompt, label: &Label, text: &str) -> Event {
        stream::text_event(label, text)
    }

    fn error_event(&self, refusal: &Refusal, _label: &Label) -> Event {
        Event::new(Kind::Error, Some(refusal::exception(refusal)), refusal::body(refusal))
    }
}
