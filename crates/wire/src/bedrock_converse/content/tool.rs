//! Tool calls and their results.

use super::super::document;
use super::super::media;
use super::super::read::{Read, list, lose, named, object, raw, text, wrong};
use super::{From, opaque};
use crate::conversation::{Block, Content, Loss, ToolCall, ToolInput, ToolResult, TranslateError};
use crate::scan::{Kind, Scanner};

/// Reads a `toolUse`; that of a tool which AWS runs itself is kept as it is.
pub(super) fn read_call(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Content> {
    let range = scan.range()?;
    let mut again = scan.again(range.clone());
    let (mut id, mut name, mut input) = (None, None, None);
    let mut is_supplied = false;
    object(&mut again, |scan, member| {
        match member {
            b"toolUseId" => id = Some(text(scan)?),
            b"name" => name = Some(text(scan)?),
            // An object; text where a model's call was broken off.
            b"input" if scan.kind()? == Kind::String => input = Some(text(scan)?.into()),
            b"input" => input = Some(super::super::read::bytes(scan)?),
            b"type" => {
                is_supplied = true;
                scan.skip()?;
            }
            _ => lose(scan, "toolUse.", member, losses)?,
        }
        Ok(())
    })?;
    if is_supplied {
        return Ok(Content::Opaque(opaque("toolUse", scan.slice(range))));
    }
    Ok(Content::ToolCall(ToolCall {
        id: id.ok_or_else(|| wrong("`toolUseId` is missing"))?,
        name: name.ok_or_else(|| wrong("`name` is missing"))?,
        input: ToolInput::Arguments(input.unwrap_or_else(|| "{}".into())),
        proof: None,
    }))
}

/// Reads a `toolResult`; that of a tool which AWS ran itself is kept as it is.
pub(super) fn read_result(scan: &mut Scanner<'_>, from: From, losses: &mut Vec<Loss>) -> Read<Content> {
    let range = scan.range()?;
    let mut again = scan.again(range.clone());
    let mut id = None;
    let mut blocks = Vec::new();
    let mut is_error = false;
    let mut is_supplied = false;
    object(&mut again, |scan, member| {
        match member {
            b"toolUseId" => id = Some(text(scan)?),
            b"status" => is_error = text(scan)? == "error",
            b"type" => {
                is_supplied = true;
                scan.skip()?;
            }
            b"content" => list(scan, |scan| {
                object(scan, |scan, kind| {
                    blocks.extend(part(scan, kind, from, losses)?.map(Block::from));
                    Ok(())
                })
            })?,
            _ => lose(scan, "toolResult.", member, losses)?,
        }
        Ok(())
    })?;
    if is_supplied {
        return Ok(Content::Opaque(opaque("toolResult", scan.slice(range))));
    }
    let call_id = id.ok_or_else(|| wrong("`toolUseId` is missing"))?;
    Ok(Content::ToolResult(ToolResult { call_id, name: None, blocks, is_error, is_custom: false }))
}

/// A part of a result. JSON is text elsewhere.
fn part(scan: &mut Scanner<'_>, kind: &[u8], from: From, losses: &mut Vec<Loss>) -> Read<Option<Content>> {
    if kind == document::SEARCH_RESULT && from == From::Client {
        return Ok(Some(Content::Media(document::read_search_result(scan, losses)?)));
    }
    if let Some(kind) = media::kind(kind) {
        return Ok(Some(Content::Media(media::read(scan, kind, losses)?)));
    }
    Ok(Some(match kind {
        b"text" => Content::text(text(scan)?),
        b"json" => Content::text(String::from_utf8_lossy(raw(scan)?)),
        _ if from == From::Client => {
            let why = "a block that Bedrock alone has";
            return Err(TranslateError::unsayable(named("toolResult.", kind), why).into());
        }
        _ => Content::Opaque(opaque(named("", kind), raw(scan)?)),
    }))
}
