//! An assistant's message: text, calls and reasoning, each in its own place.

use catalogue::{Protocol, Quirks};

use super::super::super::answer::{ONE_PROOF, ONLY_ITS_OWN, OUT_OF_PLACE, write_call};
use super::super::super::extras::{SIGNATURE, write_signature};
use super::super::super::reasoning::write_back;
use super::messages::what;
use super::{NOT_THEIRS, Writer};
use crate::conversation::{CacheMark, Content, Opaque, Reasoning, ToolCall, TranslateError, Turn};
use crate::json::Json;

/// What stands for reasoning in a message with calls that has none: Moonshot wants some there and takes an empty string
/// for none (seen in other gateways' reports of 2026-04 and 2026-05; `DeepSeek` takes either).
const BLANK: &str = " ";

/// Why the model's refusal is text there. `OpenAI` would take a part of type `refusal`, and refuses one that stands in the message's
/// member of that name without a text; not all who speak its protocol know the part.
///
/// Source: `chat_completion_assistant_message_param.py` in openai 3.54.0, where `content` is required beside it; read 2026-11-29.
const SAID_AS_TEXT: &str = "it is said as text";

/// A turn, sorted into the places that a message has.
#[derive(Debug, Default)]
struct Said<'a> {
    /// Refusals among them.
    texts: Vec<(&'a str, Option<CacheMark>)>,
    reasoning: Vec<&'a Reasoning>,
    calls: Vec<(&'a ToolCall, Option<CacheMark>)>,
    /// What proves the last text.
    proof: Option<&'a Opaque>,
}

/// Reasoning as the supplier gets it back.
#[derive(Debug, Default)]
struct Back {
    text: Option<String>,
    entries: Option<Vec<u8>>,
}

impl<'a> Writer<'a> {
    pub(super) fn assistant(&mut self, turn: &'a Turn) -> Result<(), TranslateError> {
        let said = self.sorted(turn)?;
        let back = self.reasoning_back(&said);
        let is_alone = said.calls.is_empty();
        let has_reasoning = back.text.is_some() || back.entries.is_some();
        if said.texts.is_empty() && is_alone && !has_reasoning && !turn.blocks.is_empty() {
            // Nothing is left of it, and that is named.
            return Ok(());
        }
        self.json.object().key("role").text("assistant").optional("name", turn.name.as_ref());
        self.text(&said.texts, is_alone);
        self.json.optional("reasoning_content", back.text).optional_raw("reasoning_details", back.entries);
        if !said.calls.is_empty() {
            self.json.key("tool_calls").array();
            said.calls.iter().for_each(|(call, cache)| self.call(call, *cache));
            self.json.end_array();
        }
        if let Some(signature) = said.proof.and_then(|proof| self.signature(proof, "text.proof")) {
            write_signature(&mut self.json, signature);
        }
        self.json.end_object();
        Ok(())
    }

    fn sorted(&mut self, turn: &'a Turn) -> Result<Said<'a>, TranslateError> {
        let mut said = Said::default();
        for block in &turn.blocks {
            match &block.content {
                Content::Text(text) => {
                    self.text_only(text);
                    if !said.calls.is_empty() && !text.text.is_empty() {
                        self.losses.note("text", OUT_OF_PLACE);
                    }
                    if let Some(proof) = &text.proof
                        && said.proof.replace(proof).is_some()
                    {
                        self.losses.note("text.proof", ONE_PROOF);
                    }
                    said.texts.push((&text.text, block.cache));
                    continue;
                }
                Content::Refusal(refusal) => {
                    self.losses.note("refusal", SAID_AS_TEXT);
                    said.texts.push((refusal, block.cache));
                    continue;
                }
                Content::ToolCall(call) => {
                    said.calls.push((call, block.cache));
                    continue;
                }
                Content::Reasoning(reasoning) => said.reasoning.push(reasoning),
                Content::Opaque(own) => self.losses.note(&own.kind, ONLY_ITS_OWN),
                Content::Search(_) => self.losses.note("web_search", ONLY_ITS_OWN),
                Content::Media(_) | Content::ToolResult(_) => {
                    let why = "an assistant's message has no place for it";
                    return Err(TranslateError::unsayable(what(block), why));
                }
            }
            if block.cache.is_some() {
                self.losses.note("cache_control", "only texts and calls of an assistant carry one");
            }
        }
        Ok(said)
    }

    /// The text in one piece, as a supplier of this protocol would have said it, unless marks divide it.
    fn text(&mut self, texts: &[(&str, Option<CacheMark>)], is_alone: bool) {
        let mark = texts.iter().find_map(|(_, cache)| *cache);
        self.json.key("content");
        if texts.is_empty() {
            // Beside calls there may be none; alone it has to be text.
            if is_alone {
                self.json.text("")
            } else {
                self.json.null()
            };
        } else if mark.is_some() && self.takes_marks() {
            self.json.array();
            for (text, cache) in texts {
                self.json.object().key("type").text("text").key("text").text(text);
                self.mark(*cache);
                self.json.end_object();
            }
            self.json.end_array();
        } else {
            let whole: String = texts.iter().map(|(text, _)| *text).collect();
            self.json.text(&whole);
            self.mark(mark);
        }
    }

    fn call(&mut self, call: &ToolCall, cache: Option<CacheMark>) {
        let signature = call.proof.as_ref().and_then(|proof| self.signature(proof, "tool_call.proof"));
        let mark = cache.filter(|_| self.takes_marks());
        write_call(&mut self.json, call, signature, mark);
        if mark.is_none() {
            self.mark(cache);
        }
    }

    /// A signature for Google's place for it, if the target made it.
    fn signature<'p>(&mut self, proof: &'p Opaque, what: &str) -> Option<&'p str> {
        let is_theirs = proof.kind == SIGNATURE && proof.is_for(Protocol::OpenaiChat, self.target.owner);
        if !is_theirs {
            self.losses.note(what, NOT_THEIRS);
        }
        is_theirs.then_some(proof.data.as_str())
    }

    /// What of the reasoning goes back: entries to whoever made them, text to who asks for it.
    fn reasoning_back(&mut self, said: &Said<'_>) -> Back {
        let wants_text = self.has(Quirks::REASONING_BACK);
        let mut entries = Json::new();
        let mut count = 0;
        entries.array();
        for reasoning in &said.reasoning {
            let owner = self.target.owner;
            let proof = reasoning.proof.as_ref().filter(|proof| proof.is_for(Protocol::OpenaiChat, owner));
            if proof.is_some_and(|proof| write_back(&mut entries, reasoning, proof, count)) {
                count += 1;
                continue;
            }
            if reasoning.proof.is_some() {
                self.losses.note("reasoning.proof", NOT_THEIRS);
            }
            if !wants_text && !reasoning.text.is_empty() {
                self.losses.note("reasoning", "the target does not take it back");
            }
        }
        entries.end_array();
        let text: String = said.reasoning.iter().map(|reasoning| reasoning.text.as_str()).collect();
        let text = if text.is_empty() && !said.calls.is_empty() { BLANK.to_owned() } else { text };
        Back {
            text: Some(text).filter(|text| wants_text && !text.is_empty()),
            entries: (count > 0).then(|| entries.finish()),
        }
    }
}
