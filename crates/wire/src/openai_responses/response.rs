//! The response object, as clients get it.
//!
//! Source: `types/responses/response.py`. What the request said is said back where the model of the SDK has a place for it;
//! the state that a supplier keeps (`previous_response_id`, `conversation`, `store`) is not ours to speak of.

use catalogue::{Service, Usage};

use super::request::{
    Strictness, plain_instructions, write_choice, write_format, write_metadata, write_tools,
};
use super::usage;
use crate::conversation::{Effort, Loss, ReplyContext, Request};
use crate::json::Json;
use crate::openai_options::write_caching;
use crate::service;

/// What changes while an answer is made.
#[derive(Debug)]
pub(super) struct Response<'a> {
    pub(super) about: &'a ReplyContext,
    pub(super) model: &'a str,
    pub(super) status: &'a str,
    /// Why it is incomplete.
    pub(super) reason: Option<&'a str>,
    /// The items' JSON, with commas between.
    pub(super) output: &'a [u8],
    pub(super) usage: Option<&'a Usage>,
    pub(super) service: Option<Service>,
}

impl Response<'_> {
    pub(super) fn write(&self, json: &mut Json) {
        let request = &*self.about.request;
        json.object().key("id").text(&format!("resp_{}", self.about.request_id));
        json.key("object").text("response").key("created_at").number(self.about.created_unix_s);
        json.key("status").text(self.status).key("background").boolean(false).key("error").null();
        json.key("incomplete_details");
        match self.reason {
            Some(reason) => json.object().key("reason").text(reason).end_object(),
            None => json.null(),
        };
        json.key("instructions");
        text_or_null(json, request.turns.first().and_then(plain_instructions));
        json.key("max_output_tokens");
        match request.max_tokens {
            Some(most) => json.number(most),
            None => json.null(),
        };
        json.key("model").text(self.model);
        json.key("output").array();
        if !self.output.is_empty() {
            json.raw(self.output);
        }
        json.end_array();
        json.key("parallel_tool_calls").boolean(request.parallel_tools.unwrap_or(true));
        json.key("previous_response_id");
        text_or_null(json, self.about.previous.as_deref());
        settings(json, request);
        json.optional("service_tier", self.service.and_then(service::to_openai));
        json.key("truncation").text("disabled").key("usage");
        match self.usage {
            Some(counts) => {
                usage::write(json, counts);
                usage::write_tool_requests(json, counts.tool_requests);
            }
            None => {
                json.null();
            }
        }
        json.key("user");
        text_or_null(json, request.user.as_deref());
        write_caching(json, &request.caching);
        json.optional("safety_identifier", request.safety_identifier.as_ref());
        json.key("metadata");
        write_metadata(json, request);
        json.end_object();
    }
}

/// How the request wanted the answer to be made.
fn settings(json: &mut Json, request: &Request) {
    let effort = request.effort.as_ref().and_then(Effort::word);
    let summary = (request.shows_reasoning == Some(true)).then_some("auto");
    json.key("reasoning").object().key("effort");
    text_or_null(json, effort).key("summary");
    text_or_null(json, summary).end_object();
    json.key("temperature").raw(request.sampling.temperature.as_deref().unwrap_or("null"));
    json.key("text").object().key("format");
    write_format(json, &request.format);
    json.optional("verbosity", request.verbosity.as_ref()).end_object().key("tool_choice");
    write_choice(json, &request.tool_choice, &request.tools);
    json.key("tools");
    // Whatever is lost on this way was lost, and named, on the way to the supplier.
    write_tools(json, &request.tools, Strictness::Unsaid, &mut Vec::<Loss>::new());
    json.key("top_logprobs").number(request.sampling.logprobs.unwrap_or(0).into());
    json.key("top_p").raw(request.sampling.top_p.as_deref().unwrap_or("null"));
}

fn text_or_null<'j>(json: &'j mut Json, text: Option<&str>) -> &'j mut Json {
    match text {
        Some(text) => json.text(text),
        None => json.null(),
    }
}
