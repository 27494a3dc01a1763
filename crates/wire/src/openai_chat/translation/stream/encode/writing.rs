//! One choice of a stream: what the next chunk says of it.

use super::super::super::answer::{IMAGES_APART, ONE_PROOF, ONLY_ITS_OWN, OUT_OF_PLACE, SEARCH_APART};
use super::super::super::extras::{shown_signature, write_citation, write_image, write_signature};
use super::super::super::read::Losses;
use super::super::super::reasoning::{Place, write_entries};
use crate::conversation::{BlockStart, Citation, Delta, Opaque, Reasoning, TranslateError};
use crate::json::Json;

/// What was said of one choice so far.
#[derive(Debug, Default)]
pub(super) struct Writing {
    open: Open,
    /// Text and calls so far.
    place: Place,
    chars: u64,
    /// What has been thought, and where.
    thoughts: Vec<(Reasoning, Place)>,
    citations: u64,
    images: usize,
    /// What proves the last text; written once, with the last words.
    proof: Option<Opaque>,
}

/// The open block.
#[derive(Debug, Default)]
enum Open {
    #[default]
    Nothing,
    Text {
        /// Characters in front of it.
        start: u64,
        citations: Vec<Citation>,
        proof: Option<Opaque>,
    },
    Refusal,
    Reasoning {
        thought: Reasoning,
        place: Place,
    },
    Call {
        member: &'static str,
        input: &'static str,
        has_input: bool,
        proof: Option<Opaque>,
    },
}

/// `delta` with members that `write` writes.
fn delta(write: impl FnOnce(&mut Json)) -> Vec<u8> {
    let mut json = Json::new();
    json.object();
    write(&mut json);
    json.end_object();
    json.finish()
}

fn text_member(name: &str, text: &str) -> Vec<u8> {
    delta(|json| {
        json.key(name).text(text);
    })
}

const NO_BLOCK: &str = "it belongs to no block that this protocol has";

/// The member in which a call stood before there were tools.
const LEGACY: &str = "function_call";

impl Writing {
    pub(super) fn start(
        &mut self,
        block: &BlockStart,
        is_legacy: bool,
        losses: &mut Losses,
    ) -> Result<Option<Vec<u8>>, TranslateError> {
        self.open = Open::Nothing;
        if self.is_out_of_place(block) {
            losses.note("images.order", IMAGES_APART);
        }
        match block {
            BlockStart::Text => {
                self.open = Open::Text { start: self.chars, citations: Vec::new(), proof: None };
            }
            BlockStart::Refusal => self.open = Open::Refusal,
            BlockStart::Reasoning { is_summary } => {
                let thought = Reasoning { text: String::new(), proof: None, is_summary: *is_summary };
                self.open = Open::Reasoning { thought, place: self.place };
            }
            BlockStart::ToolCall { id, name, is_custom } => {
                return self.start_call(id, name, *is_custom, is_legacy);
            }
            BlockStart::Media(media) => {
                let mut json = Json::new();
                json.object().key("images").array();
                write_image(&mut json, media, self.images)?;
                json.end_array().end_object();
                self.images += 1;
                return Ok(Some(json.finish()));
            }
            BlockStart::Search(_) => losses.note("web_search", SEARCH_APART),
            BlockStart::Opaque(block) => losses.note(&block.kind, ONLY_ITS_OWN),
        }
        Ok(None)
    }

    /// As in a whole answer, which is what readers put the pieces together to.
    const fn is_out_of_place(&self, block: &BlockStart) -> bool {
        match block {
            BlockStart::Media(_) => self.place.calls > 0,
            BlockStart::ToolCall { .. } => false,
            _ => self.images > 0,
        }
    }

    fn start_call(
        &mut self,
        id: &str,
        name: &str,
        is_custom: bool,
        is_legacy: bool,
    ) -> Result<Option<Vec<u8>>, TranslateError> {
        let index = self.place.calls as u64;
        self.place.calls += 1;
        let (member, input) = match (is_legacy, is_custom) {
            (true, _) => (LEGACY, "arguments"),
            (false, true) => ("custom", "input"),
            (false, false) => ("function", "arguments"),
        };
        self.open = Open::Call { member, input, has_input: false, proof: None };
        if is_legacy {
            if index > 0 {
                return Err(TranslateError::unsayable("tool_calls", "`function_call` holds one call"));
            }
            return Ok(Some(delta(|json| {
                json.key(LEGACY).object().key("name").text(name).key(input).text("").end_object();
            })));
        }
        Ok(Some(delta(|json| {
            json.key("tool_calls").array().object().key("index").number(index).key("id").text(id);
            json.key("type").text(member).key(member).object();
            json.key("name").text(name).key(input).text("").end_object().end_object().end_array();
        })))
    }

    /// Takes text that the open block grows by, and that somebody else tells. Whether there is such a block.
    pub(super) fn take(&mut self, text: &str, losses: &mut Losses) -> bool {
        match &mut self.open {
            Open::Nothing => return false,
            Open::Text { .. } => {
                if self.place.calls > 0 {
                    losses.note("text", OUT_OF_PLACE);
                }
                self.place.text += text.len();
                // Most pieces are short, and so is the way to their length.
                let chars = if text.is_ascii() { text.len() } else { text.chars().count() };
                self.chars += chars as u64;
            }
            Open::Refusal => {}
            Open::Reasoning { thought, .. } => thought.text.push_str(text),
            Open::Call { has_input, .. } => *has_input = true,
        }
        true
    }

    pub(super) fn grow(&mut self, grown: &Delta, losses: &mut Losses) -> Option<Vec<u8>> {
        if let Delta::Text(text) = grown {
            return self.grow_by_text(text, losses);
        }
        match (grown, &mut self.open) {
            (Delta::Citation(citation), Open::Text { citations, .. }) => {
                citations.push(citation.clone());
                None
            }
            (
                Delta::Proof(new),
                Open::Text { proof, .. }
                | Open::Reasoning { thought: Reasoning { proof, .. }, .. }
                | Open::Call { proof, .. },
            ) => {
                *proof = Some(new.clone());
                None
            }
            (Delta::Logprobs(_) | Delta::Citation(_) | Delta::Proof(_) | Delta::Text(_), _) => {
                losses.note("delta", NO_BLOCK);
                None
            }
        }
    }

    fn grow_by_text(&mut self, text: &str, losses: &mut Losses) -> Option<Vec<u8>> {
        if text.is_empty() {
            return None;
        }
        if !self.take(text, losses) {
            losses.note("delta", NO_BLOCK);
        }
        match &self.open {
            Open::Nothing => None,
            Open::Text { .. } => Some(text_member("content", text)),
            Open::Refusal => Some(text_member("refusal", text)),
            Open::Reasoning { .. } => Some(text_member("reasoning_content", text)),
            Open::Call { .. } => self.input(text),
        }
    }

    /// More of what the open call is called with.
    fn input(&self, text: &str) -> Option<Vec<u8>> {
        let Open::Call { member, input, .. } = &self.open else { return None };
        if *member == LEGACY {
            return Some(delta(|json| {
                json.key(LEGACY).object().key(input).text(text).end_object();
            }));
        }
        Some(delta(|json| {
            json.key("tool_calls").array().object().key("index").number(self.place.calls as u64 - 1);
            json.key(member).object().key(input).text(text).end_object().end_object().end_array();
        }))
    }

    /// Closes the open block with what is known at its end only.
    pub(super) fn end(&mut self, losses: &mut Losses) -> Option<Vec<u8>> {
        match &self.open {
            Open::Nothing | Open::Refusal => None,
            Open::Text { .. } => self.end_text(losses),
            Open::Reasoning { .. } => self.end_reasoning(),
            Open::Call { .. } => self.end_call(losses),
        }
    }

    fn end_text(&mut self, losses: &mut Losses) -> Option<Vec<u8>> {
        let Open::Text { start, citations, proof } = std::mem::take(&mut self.open) else { return None };
        if let Some(proof) = proof
            && self.proof.replace(proof).is_some()
        {
            losses.note("text.proof", ONE_PROOF);
        }
        if citations.is_empty() {
            return None;
        }
        Some(delta(|json| {
            json.key("annotations").array();
            for citation in &citations {
                write_citation(json, citation, (start, self.chars), Some(self.citations), losses);
                self.citations += 1;
            }
            json.end_array();
        }))
    }

    fn end_reasoning(&mut self) -> Option<Vec<u8>> {
        let Open::Reasoning { thought, place } = std::mem::take(&mut self.open) else { return None };
        if thought.text.is_empty() && thought.proof.is_none() {
            return None;
        }
        let said = delta(|json| write_entries(json, [(&thought, place)], self.thoughts.len(), false));
        self.thoughts.push((thought, place));
        Some(said)
    }

    fn end_call(&mut self, losses: &mut Losses) -> Option<Vec<u8>> {
        let Open::Call { member, input, has_input, proof } = &self.open else { return None };
        // A function that is called with nothing is called with an empty object.
        let missing = (!has_input && *input == "arguments").then_some("{}");
        let (member, input, index) = (*member, *input, self.place.calls as u64 - 1);
        let said = match (proof, member == LEGACY) {
            (Some(proof), false) => Some(delta(|json| {
                json.key("tool_calls").array().object().key("index").number(index);
                // The SDK's reader wants the function in every piece of a call (`lib/streaming/chat/_completions.py`).
                json.key(member).object().key(input).text(missing.unwrap_or_default()).end_object();
                write_signature(json, &shown_signature(proof));
                json.end_object().end_array();
            })),
            (proof, _) => {
                if proof.is_some() {
                    losses.note("tool_call.proof", "`function_call` has no room for it");
                }
                missing.and_then(|missing| self.input(missing))
            }
        };
        self.open = Open::Nothing;
        said
    }

    /// What goes with the finish reason.
    pub(super) fn last_words(&mut self) -> Option<Vec<u8>> {
        let thoughts = std::mem::take(&mut self.thoughts);
        let proof = self.proof.take();
        if thoughts.len() < 2 && proof.is_none() {
            return None;
        }
        Some(delta(|json| {
            if thoughts.len() > 1 {
                let all = thoughts.iter().map(|(thought, place)| (thought, *place));
                write_entries(json, all, thoughts.len(), true);
            }
            if let Some(proof) = &proof {
                write_signature(json, &shown_signature(proof));
            }
        }))
    }
}
