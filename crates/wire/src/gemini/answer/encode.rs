//! A whole answer for a client, written.

use catalogue::Protocol;

use crate::conversation::{Answer, Block, Choice, Content, Encoded, Loss, Opaque, ReplyContext};
use crate::gemini::grounding::Grounding;
use crate::gemini::{client, media, usage};
use crate::json::Json;
use crate::scan::is_object;
use crate::service;
use crate::translate::note;

/// Writes `answer`.
pub(in crate::gemini) fn answer(answer: &Answer, about: &ReplyContext) -> Encoded {
    let mut losses = Vec::new();
    let mut json = Json::new();
    json.object().key("candidates").array();
    for (index, choice) in answer.choices.iter().enumerate() {
        candidate(&mut json, index, choice, &mut losses);
    }
    json.end_array();
    match &answer.usage {
        Some(used) => usage::write(&mut json, used, answer.service, &mut losses),
        None => losses.extend(service::unsaid(answer.service, None)),
    }
    client::name(&mut json, answer.id.as_deref(), answer.model.as_deref(), about);
    json.end_object();
    Encoded { body: json.finish().into(), losses }
}

fn candidate(json: &mut Json, index: usize, choice: &Choice, losses: &mut Vec<Loss>) {
    let mut parts = Parts::default();
    parts.json.array();
    for block in &choice.blocks {
        parts.block(block, losses);
    }
    parts.json.end_array();
    json.object();
    // What was withheld has no content there.
    if parts.count > 0 {
        json.key("content").object().key("parts").raw(parts.json.finish());
        json.key("role").text("model").end_object();
    }
    if let Some(reason) = &choice.finish {
        client::ended(json, reason, parts.broke_a_call, losses);
    }
    json.key("index").number(index as u64);
    parts.grounding.write(json, losses);
    let logprobs: Vec<_> = choice.blocks.iter().flat_map(logprobs_of).cloned().collect();
    client::logprobs(json, &logprobs, losses);
    json.end_object();
}

fn logprobs_of(block: &Block) -> &[crate::conversation::TokenLogprob] {
    match &block.content {
        Content::Text(text) => &text.logprobs,
        _ => &[],
    }
}

/// The parts of a candidate, and what stands beside them.
#[derive(Default)]
struct Parts {
    json: Json,
    count: usize,
    grounding: Grounding,
    calls: bool,
    broke_a_call: bool,
}

impl Parts {
    fn block(&mut self, block: &Block, losses: &mut Vec<Loss>) {
        let json = &mut self.json;
        match &block.content {
            Content::Text(text) => {
                if text.text.is_empty() && text.proof.is_none() {
                    return;
                }
                for citation in &text.citations {
                    self.grounding.add(citation, self.count, &text.text, 0);
                }
                client::text(json, &text.text, false, text.proof.as_ref());
            }
            Content::Refusal(text) => {
                note(losses, Loss::new("refusal", "said as text"));
                client::text(json, text, false, None);
            }
            Content::Reasoning(reasoning) => {
                if reasoning.text.is_empty() && reasoning.proof.is_none() {
                    return;
                }
                client::text(json, &reasoning.text, true, reasoning.proof.as_ref());
            }
            Content::ToolCall(call) => {
                let (proof, is_first) = (call.proof.as_ref(), !self.calls);
                if !client::call(json, &call.id, &call.name, &call.input, proof, is_first, losses) {
                    self.broke_a_call = true;
                    return;
                }
                self.calls = true;
            }
            Content::Media(media) => {
                let mut part = Json::new();
                part.object();
                if !media::write_for_client(&mut part, media) {
                    note(losses, Loss::new("media", "a file that its supplier holds"));
                    return;
                }
                part.end_object();
                json.raw(part.finish());
            }
            Content::Search(search) => return self.grounding.searched(search, losses),
            Content::Opaque(opaque) if is_part(opaque) => drop(json.raw(&opaque.data)),
            Content::Opaque(opaque) => {
                note(losses, Loss::new(&*opaque.kind, "a block of another protocol's"));
                return;
            }
            Content::ToolResult(_) => {
                note(losses, Loss::new("tool_result", "no part of an answer"));
                return;
            }
        }
        self.count += 1;
    }
}

/// Whether it is a part of this dialect's own.
pub(in crate::gemini) fn is_part(opaque: &Opaque) -> bool {
    opaque.protocol == Protocol::Gemini && is_object(opaque.data.as_bytes())
}
