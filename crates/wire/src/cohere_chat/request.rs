//! A neutral request for a supplier.
//!
//! What Cohere alone has (`safety_mode`, `citation_options`, `priority`) is never sent, so its defaults hold.
//!
//! Source: the parameters of `chat` in `cohere/v2/raw_client.py` of the official Python SDK, cohere 7.3.1, read
//! 2026-11-28, with the ranges that it states.

mod assistant;
mod messages;
mod options;
#[cfg(test)]
mod tests;
mod tools;

pub(super) use self::options::RANGES;
use bytes::Bytes;
use catalogue::Needs;

use crate::conversation::{Effort, Encoded, Loss, OutputFormat, Request, Target, TranslateError};
use crate::json::Json;
use crate::translate::note;

/// Says the request. The same request gives the same bytes.
pub(super) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
    refuse(request, target)?;
    let mut writer = Writer { request, target, json: Json::new(), losses: Vec::new() };
    writer.json.object().key("model").text(target.model).key("stream").boolean(request.stream);
    writer.messages()?;
    writer.tools()?;
    writer.format();
    writer.options();
    writer.json.end_object();
    Ok(Encoded { body: writer.json.finish().into(), losses: writer.losses })
}

/// A body in the making.
struct Writer<'a> {
    request: &'a Request,
    target: &'a Target<'a>,
    json: Json,
    losses: Vec<Loss>,
}

/// What cannot be said and must not be left out.
fn refuse(request: &Request, target: &Target<'_>) -> Result<(), TranslateError> {
    if request.choices.is_some_and(|choices| choices > 1) {
        return Err(TranslateError::unsayable("n", "one answer a request there"));
    }
    if request.stop.len() > MOST_STOPS {
        return Err(TranslateError::unsayable("stop", "at most five there"));
    }
    if request.is_prefilled() && target.capabilities.no.contains(Needs::PREFILL) {
        return Err(TranslateError::unsayable("messages", "the model does not go on from a given start"));
    }
    // "The parameter is not supported when used in combinations with the `documents` or `tools` parameters":
    // `types/response_format_v2.py` of the SDK.
    if request.format != OutputFormat::Text {
        if !request.tools.is_empty() {
            return Err(TranslateError::unsayable("response_format", "not together with tools there"));
        }
        if messages::documents(request).next().is_some() {
            return Err(TranslateError::unsayable("response_format", "not together with documents there"));
        }
    }
    Ok(())
}

/// `stop_sequences`: "a list of up to 5 strings".
const MOST_STOPS: usize = 5;

impl Writer<'_> {
    fn lose(&mut self, what: impl Into<String>, why: &'static str) {
        note(&mut self.losses, Loss::new(what, why));
    }

    /// Whether the model thinks when it gets this request, so that it may be given thoughts. Where nothing says so it is
    /// taken for one that does not.
    fn thinks(&self) -> bool {
        match &self.request.effort {
            None => self.target.capabilities.yes.contains(Needs::REASONING),
            Some(effort) => {
                effort.budget() != Some(0) && !self.target.capabilities.no.contains(Needs::REASONING)
            }
        }
    }

    fn format(&mut self) {
        let schema: Option<&Bytes> = match &self.request.format {
            OutputFormat::Text => return,
            OutputFormat::Json => None,
            OutputFormat::Schema { description, schema, .. } => {
                if description.is_some() {
                    self.lose("response_format.description", "schemas have no description beside them there");
                }
                Some(schema)
            }
        };
        self.json.key("response_format").object().key("type").text("json_object");
        self.json.optional_raw("json_schema", schema).end_object();
    }

    /// The amount of thinking. A named amount becomes a number of tokens.
    fn thinking(&mut self) {
        let Some(effort) = &self.request.effort else { return };
        let budget = effort.budget();
        if self.target.capabilities.no.contains(Needs::REASONING) {
            if budget != Some(0) {
                self.lose("reasoning_effort", "the model does not reason");
            }
            return;
        }
        if let Effort::Named(word) = effort {
            if budget.is_none() {
                self.lose("reasoning_effort", "an amount that is not known here: the model decides");
            } else if word != "none" {
                self.lose("reasoning_effort", "amounts are numbers of tokens there");
            }
        }
        let kind = if budget == Some(0) { "disabled" } else { "enabled" };
        self.json.key("thinking").object().key("type").text(kind);
        if let Some(tokens) = budget.filter(|tokens| *tokens > 0) {
            self.json.key("token_budget").number(tokens);
        }
        self.json.end_object();
    }
}
