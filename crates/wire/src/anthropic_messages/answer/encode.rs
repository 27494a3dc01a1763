//! A whole answer, written for a client.

use super::{stop, used};
use crate::anthropic_messages::cache;
use crate::anthropic_messages::carry::{self, Shape};
use crate::anthropic_messages::content::citations;
use crate::anthropic_messages::losses::Losses;
use crate::anthropic_messages::search::Told;
use crate::conversation::{
    Answer, Block, Content, Encoded, Opaque, Reasoning, ReplyContext, Search, Text, ToolCall, TranslateError,
};
use crate::json::Json;
use catalogue::Protocol;

/// Writes an answer.
pub(in crate::anthropic_messages) fn encode(
    answer: &Answer,
    about: &ReplyContext,
) -> Result<Encoded, TranslateError> {
    let [choice] = answer.choices.as_slice() else {
        return Err(TranslateError::unsayable("choices", "an answer is one there"));
    };
    let mut writer = Writer::default();
    writer.json.object();
    head(&mut writer.json, answer.id.as_deref(), answer.model.as_deref(), about);
    writer.json.key("content").array();
    for block in &choice.blocks {
        writer.proof_follows();
        writer.block(block, &about.request_id)?;
    }
    if writer.called {
        writer.proof_follows();
    }
    writer.json.end_array();
    let Writer { mut json, mut losses, waiting, called, refused, searches: _ } = writer;
    if waiting.is_some() {
        losses.add("reasoning.proof", carry::ENDS_A_TURN);
    }
    let (word, sequence) = match &choice.finish {
        Some(reason) => {
            let (word, sequence) = stop::word(reason, called, refused, &mut losses);
            (Some(word), sequence)
        }
        None => (None, None),
    };
    text_or_null(&mut json, "stop_reason", word);
    text_or_null(&mut json, "stop_sequence", sequence);
    json.key("usage");
    if let Some(usage) = &answer.usage {
        used::write(&mut json, usage, answer.service, &mut losses);
    } else {
        losses.add("usage", used::UNSTATED);
        used::estimate(&mut json, about.estimated_input_tokens, answer.service, &mut losses);
    }
    json.end_object();
    Ok(Encoded { body: json.finish().into(), losses: losses.into_vec() })
}

/// The members that come first, in an answer and at the start of a stream.
pub(in crate::anthropic_messages) fn head(
    json: &mut Json,
    id: Option<&str>,
    model: Option<&str>,
    about: &ReplyContext,
) {
    json.key("id");
    match id.filter(|id| id.starts_with("msg_")) {
        Some(id) => json.text(id),
        None => json.text(&format!("msg_{}", about.request_id)),
    };
    json.key("type").text("message").key("role").text("assistant");
    json.key("model").text(model.unwrap_or(&about.model));
}

/// A string member, `null` where there is none.
pub(in crate::anthropic_messages) fn text_or_null(json: &mut Json, name: &str, text: Option<&str>) {
    json.key(name);
    match text {
        Some(text) => json.text(text),
        None => json.null(),
    };
}

#[derive(Debug, Default)]
struct Writer {
    json: Json,
    losses: Losses,
    /// The proof of the text that was written last ([`carry::ENDS_A_TURN`]).
    waiting: Option<String>,
    called: bool,
    refused: bool,
    /// How many searches were told.
    searches: usize,
}

impl Writer {
    fn block(&mut self, block: &Block, request_id: &str) -> Result<(), TranslateError> {
        match &block.content {
            Content::Text(text) => self.text(text),
            Content::Refusal(words) => {
                self.refused = true;
                self.text(&Text { text: words.clone(), ..Text::default() });
            }
            Content::Reasoning(reasoning) => self.reasoning(reasoning),
            Content::ToolCall(call) => self.call(call),
            Content::Search(search) => self.search(search, request_id),
            Content::Opaque(opaque) => self.opaque(opaque)?,
            Content::Media(_) => {
                return Err(TranslateError::unsayable("content.media", "answers hold no media there"));
            }
            Content::ToolResult(_) => {
                return Err(TranslateError::unsayable(
                    "content.tool_result",
                    "answers hold no results there",
                ));
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &Text) {
        if !text.logprobs.is_empty() {
            self.losses.add("logprobs", "probabilities are not told there");
        }
        if !text.text.is_empty() {
            self.json.object().key("type").text("text").key("text").text(&text.text);
            if !text.citations.is_empty() {
                self.json.key("citations").array();
                for citation in &text.citations {
                    citations::write(&mut self.json, citation, &mut self.losses);
                }
                self.json.end_array();
            }
            self.json.end_object();
        }
        if let Some(proof) = &text.proof {
            self.waiting = Some(carry::behind(proof, !text.text.is_empty()));
        }
    }

    /// Writes the proof of the text before, since that was not the last.
    fn proof_follows(&mut self) {
        if let Some(data) = self.waiting.take() {
            redacted(&mut self.json, &data);
        }
    }

    fn reasoning(&mut self, reasoning: &Reasoning) {
        match carry::shape(!reasoning.text.is_empty(), reasoning.proof.as_ref()) {
            Shape::Thinking(signature) => thinking(&mut self.json, &reasoning.text, &signature),
            Shape::Redacted(data) => redacted(&mut self.json, &data),
            Shape::Nothing => {}
        }
    }

    fn call(&mut self, call: &ToolCall) {
        self.called = true;
        if let Some(proof) = &call.proof {
            thinking(&mut self.json, "", &proof.seal());
        }
        let (input, lost) = call.input.as_object();
        self.losses.extend(lost);
        self.json.object().key("type").text("tool_use").key("id").text(&call.id);
        self.json.key("name").text(&call.name).key("input").raw(input.as_ref()).end_object();
    }

    fn search(&mut self, search: &Search, request_id: &str) {
        let told = Told::new(search, request_id, self.searches);
        self.searches += 1;
        told.call(&mut self.json, true);
        told.result(&mut self.json);
        for own in &search.own {
            redacted(&mut self.json, &carry::behind_search(own));
        }
    }

    fn opaque(&mut self, opaque: &Opaque) -> Result<(), TranslateError> {
        if opaque.protocol != Protocol::AnthropicMessages {
            self.losses.add(opaque.kind.clone(), "carried for its maker, not shown");
            redacted(&mut self.json, &carry::block(opaque));
            return Ok(());
        }
        let Some(carried) = cache::Carried::new(&opaque.data, &mut self.losses) else {
            return Err(TranslateError::malformed(
                format!("content.{}", opaque.kind),
                "a block is an object",
            ));
        };
        carried.write(&mut self.json, None);
        Ok(())
    }
}

/// A `thinking` block.
pub(in crate::anthropic_messages) fn thinking(json: &mut Json, text: &str, signature: &str) {
    json.object().key("type").text("thinking").key("thinking").text(text);
    json.key("signature").text(signature).end_object();
}

/// A `redacted_thinking` block.
pub(in crate::anthropic_messages) fn redacted(json: &mut Json, data: &str) {
    json.object().key("type").text("redacted_thinking").key("data").text(data).end_object();
}
