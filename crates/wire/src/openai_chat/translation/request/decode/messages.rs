//! The conversation: a message is a turn.

use crate::placed::Placed;
use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use catalogue::Protocol;

use super::super::super::extras::SIGNATURE;
use super::super::super::media::read_address;
use super::super::super::read::{Losses, NO_PLACE, Read, elements, members, text, wrong};
use super::super::super::reasoning::{Entry, joined, weave};
use super::super::super::reply::{argument_text, read_signature};
use super::super::super::words::{read_breakpoint, read_mark};
use super::content;
use crate::conversation::{
    Block, CacheMark, Content, Media, MediaKind, Opaque, Role, Text, ToolCall, ToolInput, ToolResult,
    TranslateError, Turn,
};
use crate::scan::{Kind, Scanner};

/// Reads the list `messages`.
pub(super) fn read(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Vec<Turn>> {
    let mut past = Past::default();
    let mut turns = Vec::new();
    elements(scan, |scan| {
        if scan.kind()? != Kind::Object {
            return Err(wrong("an object was expected"));
        }
        turns.push(Message::read(scan, losses)?.turn(&mut past, losses)?);
        Ok(())
    })?;
    Ok(turns)
}

/// What later messages have to know of earlier ones.
#[derive(Debug, Default)]
struct Past {
    /// Calls whose tools take free text.
    custom_calls: HashSet<String>,
    /// The last call of a function by its name, from before calls had ids.
    named_calls: HashMap<String, String>,
    made_ids: u32,
}

/// One message, member by member.
#[derive(Debug, Default)]
struct Message {
    role: Option<String>,
    name: Option<String>,
    content: Vec<Block>,
    refusal: Option<String>,
    reasoning: Option<String>,
    entries: Vec<Entry>,
    calls: Vec<Block>,
    function_call: Option<(String, String)>,
    images: Vec<Media>,
    proof: Option<String>,
    tool_call_id: Option<String>,
    cache: Option<CacheMark>,
}

impl Message {
    fn read(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Self> {
        let mut message = Self::default();
        let mut by_another_name = None;
        members(scan, |scan, name| {
            match name {
                b"role" => message.role = text(scan)?,
                b"name" => message.name = text(scan)?,
                b"content" => message.content = content::read(scan, losses)?,
                b"refusal" => message.refusal = text(scan)?,
                b"reasoning_content" => message.reasoning = text(scan)?,
                b"reasoning" => by_another_name = text(scan)?,
                b"reasoning_details" => message.entries = Entry::read_list(scan, losses)?,
                b"tool_calls" => elements(scan, |scan| {
                    message.calls.push(read_call(scan, losses)?);
                    Ok(())
                })?,
                b"function_call" => message.function_call = read_function_call(scan, losses)?,
                b"images" => message.images = read_images(scan, losses)?,
                b"extra_content" => message.proof = read_signature(scan)?,
                b"tool_call_id" => message.tool_call_id = text(scan)?,
                b"cache_control" => message.cache = read_mark(scan, losses)?.or(message.cache),
                b"prompt_cache_breakpoint" => {
                    message.cache = message.cache.or(read_breakpoint(scan, losses)?);
                }
                b"audio" => {
                    if scan.says_something()? {
                        let why = "only the supplier that spoke it holds it";
                        return Err(TranslateError::unsayable("messages.audio", why).into());
                    }
                }
                _ => losses.unknown(scan, "messages", name)?,
            }
            Ok(())
        })?;
        message.reasoning = message.reasoning.or(by_another_name).filter(|text| !text.is_empty());
        Ok(message)
    }

    fn turn(self, past: &mut Past, losses: &mut Losses) -> Read<Turn> {
        let role = self.role.clone().ok_or_else(|| wrong("it is missing").within("role"))?;
        if role != "assistant" && !(self.calls.is_empty() && self.function_call.is_none()) {
            return Err(wrong("only an assistant calls tools").within("tool_calls"));
        }
        match role.as_str() {
            "system" | "developer" => Ok(self.plain(Role::System)),
            "user" => Ok(self.plain(Role::User)),
            "assistant" => Ok(self.assistant(past, losses)),
            "tool" => self.tool_result(past),
            "function" => self.function_result(past),
            _ => Err(wrong("an unknown role").within("role")),
        }
    }

    fn plain(self, role: Role) -> Turn {
        let mut blocks = self.content;
        mark_last(&mut blocks, self.cache);
        Turn { role, name: self.name, blocks }
    }

    fn assistant(mut self, past: &mut Past, losses: &mut Losses) -> Turn {
        if let Some((name, arguments)) = self.function_call {
            past.made_ids += 1;
            let id = format!("function_call_{}", past.made_ids);
            past.named_calls.insert(name.clone(), id.clone());
            let call = ToolCall { id, name, input: ToolInput::Arguments(given(arguments)), proof: None };
            self.calls.push(Content::ToolCall(call).into());
        }
        let custom = self.calls.iter().filter_map(Block::call);
        let custom = custom.filter(|call| matches!(call.input, ToolInput::Text(_)));
        past.custom_calls.extend(custom.map(|call| call.id.clone()));
        let mut texts = self.content;
        if let Some(proof) = self.proof.as_deref() {
            prove_last(&mut texts, Opaque::given_back(Protocol::OpenaiChat, SIGNATURE, proof));
        }
        let refusal = self.refusal.filter(|refusal| !refusal.is_empty());
        texts.extend(refusal.map(|refusal| Block::from(Content::Refusal(refusal))));
        texts.extend(self.images.into_iter().map(|image| Block::from(Content::Media(image))));
        let mut blocks = weave(texts, &joined(self.reasoning, self.entries), self.calls, losses);
        mark_last(&mut blocks, self.cache);
        Turn { role: Role::Assistant, name: self.name, blocks }
    }

    fn tool_result(self, past: &Past) -> Read<Turn> {
        let call_id = self.tool_call_id.filter(|id| !id.is_empty());
        let call_id = call_id.ok_or_else(|| wrong("it is missing").within("tool_call_id"))?;
        let is_custom = past.custom_calls.contains(&call_id);
        let result =
            ToolResult { call_id, name: self.name, blocks: self.content, is_error: false, is_custom };
        let block = Block { content: Content::ToolResult(result), cache: self.cache };
        Ok(Turn { role: Role::User, name: None, blocks: vec![block] })
    }

    fn function_result(self, past: &Past) -> Read<Turn> {
        let name = self.name.ok_or_else(|| wrong("it is missing").within("name"))?;
        let call_id = past.named_calls.get(&name).cloned();
        let call_id =
            call_id.ok_or_else(|| wrong("no earlier message calls this function").within("name"))?;
        let result =
            ToolResult { call_id, name: Some(name), blocks: self.content, is_error: false, is_custom: false };
        let block = Block { content: Content::ToolResult(result), cache: self.cache };
        Ok(Turn { role: Role::User, name: None, blocks: vec![block] })
    }
}

/// A message's own mark stands behind its last block.
fn mark_last(blocks: &mut [Block], mark: Option<CacheMark>) {
    if let (Some(mark), Some(block)) = (mark, blocks.last_mut()) {
        block.cache.get_or_insert(mark);
    }
}

/// A message's own proof is its last text's. It also comes with an empty text, and is wanted back all the same.
fn prove_last(blocks: &mut Vec<Block>, proof: Opaque) {
    let texts = blocks.iter_mut().rev().find_map(|block| match &mut block.content {
        Content::Text(text) => Some(text),
        _ => None,
    });
    match texts {
        Some(text) => text.proof = Some(proof),
        None => blocks.push(Content::Text(Text { proof: Some(proof), ..Text::default() }).into()),
    }
}

/// What a function is called with: JSON, `{}` where nothing was given.
fn given(arguments: String) -> Bytes {
    if arguments.trim().is_empty() { "{}".into() } else { arguments.into() }
}

fn read_call(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Block> {
    if scan.kind()? != Kind::Object {
        return Err(wrong("an object was expected"));
    }
    let (mut id, mut kind, mut proof, mut cache) = (None, None, None, None);
    let mut function = None;
    let mut custom = None;
    members(scan, |scan, name| {
        match name {
            b"id" => id = text(scan)?,
            b"type" => kind = text(scan)?,
            b"function" => function = read_function_call(scan, losses)?,
            b"custom" => custom = read_function_call(scan, losses)?,
            b"extra_content" => proof = read_signature(scan)?,
            b"cache_control" => cache = read_mark(scan, losses)?,
            // A streamed call's, which some clients keep.
            b"index" => scan.skip()?,
            _ => losses.unknown(scan, "messages.tool_calls", name)?,
        }
        Ok(())
    })?;
    let (name, input) = match (kind.as_deref(), function, custom) {
        (Some("function") | None, Some((name, arguments)), _) => {
            (name, ToolInput::Arguments(given(arguments)))
        }
        (Some("custom") | None, _, Some((name, input))) => (name, ToolInput::Text(input)),
        (Some("function" | "custom") | None, ..) => return Err(wrong("it does not say what is called")),
        (Some(_), ..) => return Err(TranslateError::unsayable("messages.tool_calls.type", NO_PLACE).into()),
    };
    let id = id.filter(|id| !id.is_empty()).ok_or_else(|| wrong("it is missing").within("id"))?;
    let proof = proof.map(|text| Opaque::given_back(Protocol::OpenaiChat, SIGNATURE, &text));
    Ok(Block { content: Content::ToolCall(ToolCall { id, name, input, proof }), cache })
}

/// Reads `{name, arguments}`, or `{name, input}` of a custom tool; `null` is none.
fn read_function_call(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Option<(String, String)>> {
    if scan.kind()? == Kind::Null {
        scan.skip()?;
        return Ok(None);
    }
    let mut called = None;
    let mut input = String::new();
    members(scan, |scan, name| {
        match name {
            b"name" => called = text(scan)?,
            b"arguments" | b"input" => input = argument_text(scan)?,
            // What an SDK's reading of a streamed call leaves behind.
            b"parsed_arguments" => scan.skip()?,
            _ => losses.unknown(scan, "messages.tool_calls.function", name)?,
        }
        Ok(())
    })?;
    let called = called.ok_or_else(|| wrong("it is missing").within("name"))?;
    Ok(Some((called, input)))
}

/// Pictures that the model made, in `OpenRouter`'s place for them.
fn read_images(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Vec<Media>> {
    let mut images = Vec::new();
    elements(scan, |scan| {
        members(scan, |scan, name| {
            match name {
                b"image_url" => images.push(read_address(scan, MediaKind::Image, losses)?),
                b"type" | b"index" => scan.skip()?,
                _ => losses.unknown(scan, "messages.images", name)?,
            }
            Ok(())
        })
    })?;
    Ok(images)
}
