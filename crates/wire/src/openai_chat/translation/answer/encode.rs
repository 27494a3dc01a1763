//! A whole answer for a client.

use std::borrow::Cow;

use super::super::extras::{
    shown_signature, write_citation, write_image, write_logprobs, write_signature, write_usage,
};
use super::super::read::Losses;
use super::super::reasoning::{Place, write_entries};
use super::super::{request, words};
use crate::conversation::{
    Answer, CacheMark, Choice, Content, Encoded, FinishReason, Loss, Media, Opaque, Reasoning, ReplyContext,
    Text, ToolCall, ToolInput, TranslateError,
};
use crate::json::Json;
use crate::service;

/// Why the order of text and calls is lost.
pub(in super::super) const OUT_OF_PLACE: &str = "a message's text stands before its calls";
/// Why the order of text and refusals is lost.
pub(in super::super) const REFUSAL_LAST: &str = "a message's text stands before its refusal";
/// Why the order of images and anything else is lost.
pub(in super::super) const IMAGES_APART: &str = "a message's images stand apart";
/// Why a search is not told.
pub(in super::super) const SEARCH_APART: &str =
    "a search has no place there; the sources that are cited have";
/// Why another protocol's own block is lost.
pub(in super::super) const ONLY_ITS_OWN: &str = "only its own protocol has such a block";
/// Why earlier proofs of text are lost.
pub(in super::super) const ONE_PROOF: &str = "a message has room for one";

pub(in super::super) fn encode(answer: &Answer, about: &ReplyContext) -> Result<Encoded, TranslateError> {
    let mut losses = Losses::default();
    let mut json = Json::new();
    json.object();
    json.key("id").text(&answer_id(answer.id.as_deref(), about)).key("object").text("chat.completion");
    json.key("created").number(about.created_unix_s);
    json.key("model").text(answer.model.as_deref().unwrap_or(&about.model)).key("choices").array();
    let is_legacy = request::is_legacy(&about.request);
    for (index, choice) in answer.choices.iter().enumerate() {
        json.object().key("index").number(index as u64);
        write_choice(&mut json, choice, is_legacy, &mut losses)?;
        json.end_object();
    }
    json.end_array();
    if let Some(usage) = &answer.usage {
        write_usage(&mut json, usage, &mut losses);
    }
    let said = answer.service.and_then(service::to_openai);
    json.optional("service_tier", said);
    if let Some(Loss { what, why }) = service::unsaid(answer.service, said) {
        losses.note(&what, why);
    }
    json.end_object();
    Ok(Encoded { body: json.finish().into(), losses: losses.into_vec() })
}

/// The supplier's id, or one made of ours.
pub(in super::super) fn answer_id<'a>(id: Option<&'a str>, about: &ReplyContext) -> Cow<'a, str> {
    id.map_or_else(|| format!("chatcmpl-{}", about.request_id).into(), Into::into)
}

fn write_choice(
    json: &mut Json,
    choice: &Choice,
    is_legacy: bool,
    losses: &mut Losses,
) -> Result<(), TranslateError> {
    let message = Message::of(choice, losses);
    json.key("message").object().key("role").text("assistant");
    message.write(json, is_legacy, losses)?;
    json.end_object();
    write_logprobs(json, message.texts.iter().flat_map(|text| &text.logprobs));
    json.key("finish_reason");
    match &choice.finish {
        Some(reason) => json.text(words::finish_word(reason, is_legacy, losses)),
        None => json.null(),
    };
    if let Some(FinishReason::StopSequence(Some(text))) = &choice.finish {
        json.key("stop_reason").text(text);
    }
    Ok(())
}

/// A choice, sorted into the places that a message has.
#[derive(Default)]
struct Message<'a> {
    texts: Vec<&'a Text>,
    refusals: Vec<&'a str>,
    reasoning: Vec<(&'a Reasoning, Place)>,
    calls: Vec<&'a ToolCall>,
    images: Vec<&'a Media>,
    /// What proves the last text.
    proof: Option<&'a Opaque>,
}

impl<'a> Message<'a> {
    fn of(choice: &'a Choice, losses: &mut Losses) -> Self {
        let mut message = Self::default();
        let mut place = Place::default();
        for block in &choice.blocks {
            if message.is_out_of_place(&block.content) {
                losses.note("images.order", IMAGES_APART);
            }
            match &block.content {
                Content::Text(text) => {
                    if place.calls > 0 && !text.text.is_empty() {
                        losses.note("text", OUT_OF_PLACE);
                    }
                    if !message.refusals.is_empty() && !text.text.is_empty() {
                        losses.note("refusal.order", REFUSAL_LAST);
                    }
                    if let Some(proof) = &text.proof
                        && message.proof.replace(proof).is_some()
                    {
                        losses.note("text.proof", ONE_PROOF);
                    }
                    place.text += text.text.len();
                    message.texts.push(text);
                }
                Content::Refusal(refusal) => message.refusals.push(refusal),
                // What neither shows nor proves anything says nothing.
                Content::Reasoning(Reasoning { text, proof: None, .. }) if text.is_empty() => {}
                Content::Reasoning(reasoning) => message.reasoning.push((reasoning, place)),
                Content::ToolCall(call) => {
                    place.calls += 1;
                    message.calls.push(call);
                }
                Content::Media(media) => message.images.push(media),
                Content::ToolResult(_) => losses.note("tool_result", "an answer of the supplier's own tool"),
                Content::Search(_) => losses.note("web_search", SEARCH_APART),
                Content::Opaque(block) => losses.note(&block.kind, ONLY_ITS_OWN),
            }
        }
        message
    }

    /// Whether readers find it before an image that it follows, or behind a call that it precedes.
    fn is_out_of_place(&self, content: &Content) -> bool {
        match content {
            Content::Media(_) => !self.calls.is_empty(),
            Content::ToolCall(_) => false,
            _ => !self.images.is_empty(),
        }
    }
}

impl Message<'_> {
    /// Writes the members of the open object.
    fn write(&self, json: &mut Json, is_legacy: bool, losses: &mut Losses) -> Result<(), TranslateError> {
        json.key("content");
        match &self.texts[..] {
            [] => json.null(),
            [text] => json.text(&text.text),
            texts => json.text(&texts.iter().map(|text| text.text.as_str()).collect::<String>()),
        };
        json.key("refusal");
        if self.refusals.is_empty() {
            json.null()
        } else {
            json.text(&self.refusals.concat())
        };
        self.write_reasoning(json);
        self.write_citations(json, losses);
        if !self.calls.is_empty() {
            self.write_calls(json, is_legacy)?;
        }
        if !self.images.is_empty() {
            json.key("images").array();
            for (index, image) in self.images.iter().enumerate() {
                write_image(json, image, index)?;
            }
            json.end_array();
        }
        if let Some(proof) = self.proof {
            write_signature(json, &shown_signature(proof));
        }
        Ok(())
    }

    fn write_reasoning(&self, json: &mut Json) {
        let text: String = self.reasoning.iter().map(|(reasoning, _)| reasoning.text.as_str()).collect();
        if !text.is_empty() {
            json.key("reasoning_content").text(&text);
        }
        if !self.reasoning.is_empty() {
            write_entries(json, self.reasoning.iter().copied(), 0, false);
        }
    }

    fn write_citations(&self, json: &mut Json, losses: &mut Losses) {
        if self.texts.iter().all(|text| text.citations.is_empty()) {
            return;
        }
        json.key("annotations").array();
        let mut start = 0;
        for text in &self.texts {
            let end = start + text.text.chars().count() as u64;
            for citation in &text.citations {
                write_citation(json, citation, (start, end), None, losses);
            }
            start = end;
        }
        json.end_array();
    }

    fn write_calls(&self, json: &mut Json, is_legacy: bool) -> Result<(), TranslateError> {
        if is_legacy {
            let [call] = self.calls[..] else {
                return Err(TranslateError::unsayable("tool_calls", "`function_call` holds one call"));
            };
            json.key("function_call").object();
            write_input(json, call);
            json.end_object();
            return Ok(());
        }
        json.key("tool_calls").array();
        for call in &self.calls {
            let signature = call.proof.as_ref().map(shown_signature);
            write_call(json, call, signature.as_deref(), None);
        }
        json.end_array();
        Ok(())
    }
}

/// Writes an element of `tool_calls`.
pub(in super::super) fn write_call(
    json: &mut Json,
    call: &ToolCall,
    signature: Option<&str>,
    mark: Option<CacheMark>,
) {
    let kind = if matches!(call.input, ToolInput::Text(_)) { "custom" } else { "function" };
    json.object().key("id").text(&call.id).key("type").text(kind).key(kind).object();
    write_input(json, call);
    json.end_object();
    if let Some(signature) = signature {
        write_signature(json, signature);
    }
    if let Some(mark) = mark {
        words::write_mark(json, mark);
    }
    json.end_object();
}

/// Writes what is called and with what, as members of the open object.
fn write_input(json: &mut Json, call: &ToolCall) {
    json.key("name").text(&call.name);
    match &call.input {
        ToolInput::Text(text) => json.key("input").text(text),
        ToolInput::Arguments(arguments) => json.key("arguments").text(&String::from_utf8_lossy(arguments)),
    };
}
