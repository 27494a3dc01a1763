//! What answers and streams for clients share.

use crate::conversation::{FinishReason, Logprob, Loss, Opaque, ReplyContext, TokenLogprob, ToolInput};
use crate::json::Json;
use crate::scan::is_object;
use crate::translate::note;

use super::reading::is_number;
use super::{finish, signature};

/// A part of text.
pub(super) fn text(json: &mut Json, text: &str, is_thought: bool, proof: Option<&Opaque>) {
    json.object().key("text").text(text);
    if is_thought {
        json.key("thought").boolean(true);
    }
    json.optional("thoughtSignature", proof.map(signature::to_client)).end_object();
}

/// A part that calls a tool; `false` where there is none, since the arguments are broken. Google leaves such a call out
/// too. The client may go on at Google's, where the first call of an answer needs its signature (F04): a maker that has
/// none gives what Google documents for that.
pub(super) fn call(
    json: &mut Json,
    id: &str,
    name: &str,
    input: &ToolInput,
    proof: Option<&Opaque>,
    is_first: bool,
    losses: &mut Vec<Loss>,
) -> bool {
    let arguments = match input {
        ToolInput::Arguments(arguments) if arguments.trim_ascii().is_empty() => b"{}".to_vec(),
        ToolInput::Arguments(arguments) => arguments.to_vec(),
        ToolInput::Text(text) => {
            let mut json = Json::new();
            json.object().key("input").text(text).end_object();
            json.finish()
        }
    };
    if !is_object(&arguments) {
        note(losses, Loss::new("tool_call.arguments", "a call whose arguments are no JSON object"));
        return false;
    }
    json.object().key("functionCall").object();
    json.optional("id", Some(id).filter(|id| !id.is_empty())).key("name").text(name);
    json.key("args").raw(arguments).end_object();
    let proof = proof.map(signature::to_client).or_else(|| is_first.then(|| signature::BYPASS.to_owned()));
    json.optional("thoughtSignature", proof).end_object();
    true
}

/// Why a candidate ended. One whose call was broken says so, unless it was cut.
pub(super) fn ended(json: &mut Json, reason: &FinishReason, broke_a_call: bool, losses: &mut Vec<Loss>) {
    if let FinishReason::StopSequence(Some(_)) = reason {
        note(losses, Loss::new("stop_sequence", "which text ended the answer is not said there"));
    }
    let (word, message) = match reason {
        FinishReason::Length | FinishReason::Filtered => finish::word(reason),
        _ if broke_a_call => ("MALFORMED_FUNCTION_CALL", Some("the arguments of a call are no JSON object")),
        _ => finish::word(reason),
    };
    json.key("finishReason").text(word).optional("finishMessage", message);
}

/// `logprobsResult`, where there is something in it.
pub(super) fn logprobs(json: &mut Json, tokens: &[TokenLogprob], losses: &mut Vec<Loss>) {
    if tokens.is_empty() {
        return;
    }
    json.key("logprobsResult").object().key("chosenCandidates").array();
    for token in tokens {
        logprob(json, &token.chosen, losses);
    }
    json.end_array();
    if tokens.iter().any(|token| !token.top.is_empty()) {
        json.key("topCandidates").array();
        for token in tokens {
            json.object().key("candidates").array();
            for top in &token.top {
                logprob(json, top, losses);
            }
            json.end_array().end_object();
        }
        json.end_array();
    }
    json.end_object();
}

fn logprob(json: &mut Json, token: &Logprob, losses: &mut Vec<Loss>) {
    if token.bytes.is_some() {
        note(losses, Loss::new("logprobs.bytes", "tokens are text there"));
    }
    json.object().key("token").text(&token.token);
    if is_number(token.logprob.as_bytes()) {
        json.key("logProbability").raw(&token.logprob);
    }
    json.end_object();
}

/// Which answer it is.
pub(super) fn name(json: &mut Json, id: Option<&str>, model: Option<&str>, about: &ReplyContext) {
    json.key("modelVersion").text(model.unwrap_or(&about.model));
    json.key("responseId").text(id.unwrap_or(&about.request_id));
}
