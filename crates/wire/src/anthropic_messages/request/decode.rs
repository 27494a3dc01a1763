//! A client's request, read.
//!
//! Source: `message_create_params.py` (also of `beta`) of the official Python SDK, anthropic 2.12.0, read 2026-11-28.

mod compaction;
mod options;
#[cfg(test)]
mod tests;
mod tools;

use super::super::cache;
use super::super::content::{Origin, Reader};
use super::super::fault::Fault;
use super::super::losses::Losses;
use super::super::members::Members;
use super::super::thread;
use crate::conversation::{Block, Content, Request, Role, Turn};
use crate::scan::{Kind, ScanError, Scanner};
use catalogue::Protocol;

/// Every name that is known at the top.
const NAMES: &[&str] = &[
    "model",
    "max_tokens",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "output_format",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "metadata",
    "stream",
    cache::NAME,
    "container",
    "context_management",
    "mcp_servers",
    "service_tier",
    "inference_geo",
    "speed",
    thread::NAME,
    "compaction",
    "diagnostics",
    "fallbacks",
    "fallback_credit_token",
    "billing_policy",
    "user_profile_id",
];

/// Reads a request.
pub(in super::super) fn decode(body: &[u8]) -> Result<Request, Fault> {
    let mut scan = Scanner::new(body)?;
    let mut members = Members::read(&mut scan, NAMES).map_err(|fault| fault.within(|| "body".to_owned()))?;
    scan.end()?;
    let mut losses = Losses::default();
    let mut request = Request { stream_usage: true, ..Request::default() };
    options::only_here(&mut members, &mut losses)?;
    members.take("model");
    request.turns = turns(&mut members, &mut losses)?;
    if let Some(mark) = cache::taken(&mut members, &mut losses)? {
        mark_last(&mut request.turns, mark);
    }
    tools::tools(&mut members, &mut request, &mut losses)?;
    tools::choice(&mut members, &mut request, &mut losses)?;
    options::limits(&mut members, &mut request)?;
    options::sampling(&mut members, &mut request)?;
    options::effort(&mut members, &mut request, &mut losses)?;
    options::metadata(&mut members, &mut request, &mut losses)?;
    members.rest(&mut losses, "")?;
    request.losses = losses.into_vec();
    Ok(request)
}

/// The system prompt, and the messages behind it.
fn turns(members: &mut Members<'_>, losses: &mut Losses) -> Result<Vec<Turn>, Fault> {
    let mut turns = Vec::new();
    if let Some(blocks) = (Reader { from: Origin::Client, losses }).member(members, "system")? {
        let blocks = instructions(blocks, "system")?;
        if !blocks.is_empty() {
            turns.push(Turn { role: Role::System, name: None, blocks });
        }
    }
    let Some((Kind::Array, mut messages)) = members.take_with_kind("messages") else {
        return Err(Fault::malformed("messages", "a list of messages was expected"));
    };
    let mut at = 0;
    messages.array(|scan| {
        let turn = message(scan, losses).map_err(|fault| fault.within(|| format!("messages.{at}")))?;
        compaction::resumed(&mut turns, turn, losses);
        at += 1;
        Ok::<_, Fault>(())
    })?;
    if at == 0 {
        return Err(Fault::malformed("messages", "at least one message is needed"));
    }
    Ok(turns)
}

fn message(scan: &mut Scanner<'_>, losses: &mut Losses) -> Result<Turn, Fault> {
    let mut members = Members::read(scan, &["role", "content"])?;
    let role = members.required("role")?;
    let blocks = Reader { from: Origin::Client, losses }.member(&mut members, "content")?;
    let Some(blocks) = blocks else { return Err(Fault::malformed("content", "it is missing")) };
    let (role, blocks) = match role.as_str() {
        "user" => {
            check_users(&blocks)?;
            (Role::User, blocks)
        }
        "assistant" => (Role::Assistant, blocks),
        "system" => (Role::System, instructions(blocks, "content")?),
        _ => return Err(Fault::malformed("role", "`user`, `assistant` or `system` was expected")),
    };
    members.rest(losses, "messages")?;
    Ok(Turn { role, name: None, blocks })
}

/// Refuses what a user says that only this protocol knows, such as a file in a container: without it the request would be
/// another. What the model's own tools did is left out elsewhere, whoever's turn has it.
fn check_users(blocks: &[Block]) -> Result<(), Fault> {
    blocks.iter().try_for_each(|block| match &block.content {
        Content::ToolResult(result) => check_users(&result.blocks),
        Content::Opaque(opaque)
            if opaque.protocol == Protocol::AnthropicMessages
                && !["_tool_use", "_tool_result", "compaction"]
                    .iter()
                    .any(|end| opaque.kind.ends_with(end)) =>
        {
            let what = format!("messages.{}", opaque.kind);
            Err(Fault::unsayable(
                what,
                "only its own protocol has it, and the request means something else without",
            ))
        }
        _ => Ok(()),
    })
}

/// Instructions, which stand in the member `name`: blocks of text.
fn instructions(mut blocks: Vec<Block>, name: &str) -> Result<Vec<Block>, Fault> {
    for block in &blocks {
        match &block.content {
            Content::Text(_) => {}
            // `tool_addition` and `tool_removal`, which change what may be called.
            Content::Opaque(opaque) => {
                return Err(Fault::unsayable(
                    format!("system.{}", opaque.kind),
                    "tools stay the same throughout a conversation elsewhere",
                ));
            }
            _ => return Err(Fault::malformed(name, "instructions are text")),
        }
    }
    blocks.retain(|block| !matches!(&block.content, Content::Text(text) if text.text.is_empty()));
    Ok(blocks)
}

/// The request's own `cache_control` is a mark on the last block that can have one.
fn mark_last(turns: &mut [Turn], mark: crate::conversation::CacheMark) {
    let mut blocks = turns.iter_mut().flat_map(|turn| &mut turn.blocks);
    let takes_mark = |block: &&mut Block| !matches!(block.content, Content::Reasoning(_));
    if let Some(block) = blocks.rfind(takes_mark) {
        block.cache.get_or_insert(mark);
    }
}

/// The strings of the list that starts here.
fn strings(scan: &mut Scanner<'_>) -> Result<Vec<String>, Fault> {
    if scan.kind()? != Kind::Array {
        return Err(Fault::malformed("", "a list of strings was expected"));
    }
    let mut strings = Vec::new();
    let mut odd = false;
    scan.array(|scan| {
        match scan.text()? {
            Some(text) => strings.push(text.unescape().into_owned()),
            None => odd = true,
        }
        Ok::<_, ScanError>(())
    })?;
    if odd { Err(Fault::malformed("", "a list of strings was expected")) } else { Ok(strings) }
}
