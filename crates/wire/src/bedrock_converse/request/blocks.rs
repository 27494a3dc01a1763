//! Writing the blocks of a request's messages.

use std::collections::HashMap;

use catalogue::Needs;

use super::super::content::{
    Given, given_back, write_cache_mark, write_cited, write_media, write_reasoning_text,
};
use super::super::media::DocumentNames;
use super::arrange::Placed;
use crate::conversation::{
    CacheMark, Content, Loss, MediaKind, Reasoning, Request, Role, Target, Text, ToolCall, ToolResult,
    TranslateError,
};
use crate::json::Json;
use crate::translate::note;

/// Writes blocks; remembers what must be the same, or never the same, in all of a request.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub(super) json: Json,
    pub(super) losses: Vec<Loss>,
    pub(super) marks_caches: bool,
    documents: DocumentNames,
    /// Ids of calls that Bedrock would refuse, with the ones that they get there.
    ids: HashMap<&'a str, String>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(request: &'a Request, target: &Target<'_>, losses: Vec<Loss>) -> Self {
        Self {
            json: Json::new(),
            losses,
            marks_caches: !target.capabilities.no.contains(Needs::CACHE_MARKS),
            documents: DocumentNames::default(),
            ids: fitting_ids(request),
        }
    }

    /// Writes the elements of a `content` list.
    pub(super) fn blocks(&mut self, blocks: &[Placed<'_>]) -> Result<(), TranslateError> {
        for block in blocks {
            self.block(block.content)?;
            let mut mark = block.mark;
            if let Content::ToolResult(result) = block.content {
                // There is no place for a mark inside of a result.
                let within = || result.blocks.iter().filter_map(|block| block.cache);
                if within().count() + usize::from(mark.is_some()) > 1 {
                    self.lose("cache_control", "one mark behind a result stands for those within it");
                }
                mark = mark.or_else(|| within().last());
            }
            if let Some(mark) = mark {
                if matches!(block.content, Content::Reasoning(_)) {
                    self.lose("cache_control", "a mark behind reasoning is refused");
                } else {
                    self.mark(mark);
                }
            }
        }
        Ok(())
    }

    /// Writes a cache mark as an element of its own, where the model takes it.
    pub(super) fn mark(&mut self, mark: CacheMark) {
        if self.marks_caches {
            write_cache_mark(&mut self.json, mark);
        } else {
            self.lose("cache_control", "the model takes no cache marks");
        }
    }

    pub(super) fn lose(&mut self, what: &str, why: &'static str) {
        note(&mut self.losses, Loss::new(what, why));
    }

    fn block(&mut self, content: &Content) -> Result<(), TranslateError> {
        match content {
            Content::Text(text) => self.text(text),
            Content::Refusal(text) => {
                self.lose("refusal", "it is said as text");
                self.json.object().key("text").text(text).end_object();
            }
            Content::Media(media) => {
                write_media(&mut self.json, media, &mut self.documents, &mut self.losses)?;
            }
            Content::ToolCall(call) => self.call(call),
            Content::ToolResult(result) => self.result(result)?,
            Content::Reasoning(reasoning) => self.reasoning(reasoning),
            Content::Opaque(opaque) => {
                self.json.raw(&opaque.data);
            }
            // None stays when the turns are arranged.
            Content::Search(_) => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &Text) {
        // What points into the request's own documents means something to whoever gets them.
        let (placed, others): (Vec<_>, Vec<_>) =
            text.citations.iter().partition(|citation| citation.place.is_some());
        if !others.is_empty() {
            self.lose("citations", "sources of earlier answers are not sent back");
        }
        if text.proof.is_some() {
            self.lose("text.proof", "only its maker can read it");
        }
        if placed.is_empty() {
            self.json.object().key("text").text(&text.text).end_object();
        } else {
            write_cited(&mut self.json, &text.text, placed, &mut self.losses);
        }
    }

    fn call(&mut self, call: &ToolCall) {
        if call.proof.is_some() {
            self.lose("tool_call.proof", "only its maker can read it");
        }
        let (arguments, lost) = call.input.as_object();
        if let Some(lost) = lost {
            note(&mut self.losses, lost);
        }
        self.json.object().key("toolUse").object();
        self.json.key("toolUseId").text(self.ids.get(&*call.id).unwrap_or(&call.id));
        self.json.key("name").text(&call.name).key("input").raw(arguments.as_ref()).end_object().end_object();
    }

    fn result(&mut self, result: &ToolResult) -> Result<(), TranslateError> {
        self.json.object().key("toolResult").object();
        self.json.key("toolUseId").text(self.ids.get(&*result.call_id).unwrap_or(&result.call_id));
        self.json.key("content").array();
        for block in &result.blocks {
            match &block.content {
                Content::Text(text) if text.text.trim().is_empty() => {}
                Content::Media(media) if media.kind == MediaKind::Audio => {
                    return Err(TranslateError::unsayable("audio", "a tool's result holds no sound there"));
                }
                content @ (Content::Text(_) | Content::Media(_) | Content::Refusal(_)) => {
                    self.block(content)?;
                }
                Content::Opaque(opaque) => {
                    let kind = opaque.kind.clone();
                    self.lose(&kind, "a block that only its maker can read");
                }
                Content::ToolCall(_) | Content::ToolResult(_) => {
                    self.lose("tool_result", "a tool's result holds text and media only");
                }
                Content::Reasoning(_) => self.lose("reasoning", "a tool's result holds text and media only"),
                Content::Search(_) => self.lose("web_search", "a search that somebody else made"),
            }
        }
        self.json.end_array();
        if result.is_error {
            self.json.key("status").text("error");
        }
        self.json.end_object().end_object();
        Ok(())
    }

    fn reasoning(&mut self, reasoning: &Reasoning) {
        self.json.object().key("reasoningContent").object();
        match reasoning.proof.as_ref().map(given_back) {
            Some(Given::Redacted(base64)) => self.json.key("redactedContent").text(&base64),
            Some(Given::Signature(signature)) => {
                write_reasoning_text(&mut self.json, &reasoning.text, Some(&signature))
            }
            None => write_reasoning_text(&mut self.json, &reasoning.text, None),
        };
        self.json.end_object().end_object();
    }
}

/// Bedrock takes ids of up to 64 letters, digits and `_.:-`. Others are numbered as they come up, so that a
/// conversation that grows keeps its beginning.
fn fitting_ids(request: &Request) -> HashMap<&str, String> {
    let takes = |id: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
        (1..=64).contains(&id.len()) && id.bytes().all(fits)
    };
    let blocks = request.turns.iter().filter(|turn| turn.role != Role::System).flat_map(|turn| &turn.blocks);
    let ids: Vec<&str> = blocks
        .filter_map(|block| match &block.content {
            Content::ToolCall(call) => Some(&*call.id),
            Content::ToolResult(result) => Some(&*result.call_id),
            _ => None,
        })
        .collect();
    let mut numbers = 1_u64..;
    let mut free = || {
        let mut names = numbers.by_ref().map(|number| format!("call_{number}"));
        names.find(|name| !ids.contains(&&**name)).expect("some number is free")
    };
    let mut fitting = HashMap::new();
    for id in ids.iter().copied().filter(|id| !takes(id)) {
        fitting.entry(id).or_insert_with(&mut free);
    }
    fitting
}
