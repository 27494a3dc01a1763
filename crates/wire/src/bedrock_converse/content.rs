//! Content blocks: each is an object whose one member says its kind.
//!
//! Source: `ContentBlock` and what it holds, botocore 1.44.8, read 2026-11-28.

mod citation;
mod proof;
mod tool;
mod write;

use catalogue::Protocol;

pub(super) use self::citation::{read as read_citation, write as write_citation};
pub(super) use self::proof::{Given, given, given_back};
pub(super) use self::write::{write, write_cited, write_media, write_reasoning_text};
use super::document;
use super::media;
use super::read::{Read, list, named, object, text};
use crate::conversation::{
    Block, CacheMark, Content, Loss, Media, MediaKind, Opaque, Reasoning, Text, TranslateError,
};
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// A client: what cannot be passed on is refused.
    Client,
    /// A supplier: what we do not know is kept as it is.
    Supplier,
}

/// Reads a list of blocks.
pub(super) fn read(scan: &mut Scanner<'_>, from: From, losses: &mut Vec<Loss>) -> Read<Vec<Block>> {
    let mut blocks = Vec::new();
    list(scan, |scan| {
        object(scan, |scan, kind| {
            if kind == b"cachePoint" {
                let mark = cache_mark(scan)?;
                match blocks.last_mut() {
                    Some(Block { cache, .. }) => *cache = Some(mark),
                    None => note(losses, Loss::new("cachePoint", "nothing stands before it")),
                }
                return Ok(());
            }
            blocks.extend(content(scan, kind, from, losses)?.map(Block::from));
            Ok(())
        })
    })?;
    Ok(blocks)
}

/// `{"type": "default", "ttl": "5m" | "1h"}`.
pub(super) fn cache_mark(scan: &mut Scanner<'_>) -> Read<CacheMark> {
    let mut mark = CacheMark::Short;
    object(scan, |scan, name| {
        if name == b"ttl" {
            if text(scan)? == "1h" {
                mark = CacheMark::Hour;
            }
            return Ok(());
        }
        Ok(scan.skip()?)
    })?;
    Ok(mark)
}

/// Writes such an element.
pub(super) fn write_cache_mark(json: &mut Json, mark: CacheMark) {
    json.object().key("cachePoint").object().key("type").text("default");
    if mark == CacheMark::Hour {
        json.key("ttl").text("1h");
    }
    json.end_object().end_object();
}

fn content(scan: &mut Scanner<'_>, kind: &[u8], from: From, losses: &mut Vec<Loss>) -> Read<Option<Content>> {
    if kind == document::SEARCH_RESULT && from == From::Client {
        return Ok(Some(Content::Media(document::read_search_result(scan, losses)?)));
    }
    if let Some(kind) = media::kind(kind) {
        return Ok(Some(Content::Media(media::read(scan, kind, losses)?)));
    }
    Ok(Some(match kind {
        b"text" => Content::text(text(scan)?),
        b"toolUse" => tool::read_call(scan, losses)?,
        b"toolResult" => tool::read_result(scan, from, losses)?,
        b"reasoningContent" => return Ok(reasoning(scan, from)?.map(Content::Reasoning)),
        b"citationsContent" => Content::Text(cited(scan, losses)?),
        b"guardContent" => return guarded(scan, losses),
        _ => {
            let name = named("", kind);
            if from == From::Client {
                let why = "a block that Bedrock alone has";
                return Err(TranslateError::unsayable(name, why).into());
            }
            Content::Opaque(opaque(name, super::read::raw(scan)?))
        }
    }))
}

/// A whole block that only Bedrock has.
fn opaque(kind: impl Into<std::borrow::Cow<'static, str>>, value: &[u8]) -> Opaque {
    let kind = kind.into();
    let mut json = Json::new();
    json.object().key(&kind).raw(value).end_object();
    let data = String::from_utf8(json.finish()).expect("JSON is UTF-8");
    Opaque::new(Protocol::BedrockConverse, kind, data)
}

fn reasoning(scan: &mut Scanner<'_>, from: From) -> Read<Option<Reasoning>> {
    let mut found = None;
    object(scan, |scan, name| {
        match name {
            b"reasoningText" => {
                let mut reasoning = Reasoning { text: String::new(), proof: None, is_summary: false };
                object(scan, |scan, name| {
                    match name {
                        b"text" => reasoning.text = text(scan)?,
                        b"signature" => {
                            let signature = text(scan)?;
                            reasoning.proof = Some(signature)
                                .filter(|text| !text.is_empty())
                                .and_then(|text| proof::signature(&text, from));
                        }
                        _ => scan.skip()?,
                    }
                    Ok(())
                })?;
                found = Some(reasoning);
            }
            b"redactedContent" => {
                let proof = proof::redacted(&text(scan)?, from);
                found = Some(Reasoning { text: String::new(), proof: Some(proof), is_summary: false });
            }
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    Ok(found)
}

/// Text with its sources.
fn cited(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Text> {
    let mut said = Text::default();
    object(scan, |scan, name| match name {
        b"content" => list(scan, |scan| {
            object(scan, |scan, name| {
                if name == b"text" {
                    said.text.push_str(&text(scan)?);
                    return Ok(());
                }
                Ok(scan.skip()?)
            })
        }),
        b"citations" => list(scan, |scan| {
            said.citations.push(citation::read(scan, losses)?);
            Ok(())
        }),
        _ => Ok(scan.skip()?),
    })?;
    Ok(said)
}

/// What a guardrail is to look at. Without one (and a request with one is not passed on) it is content like any other.
fn guarded(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Option<Content>> {
    let mut found = None;
    object(scan, |scan, name| {
        match name {
            b"text" => object(scan, |scan, name| {
                if name == b"text" {
                    found = Some(Content::text(text(scan)?));
                    return Ok(());
                }
                Ok(scan.skip()?)
            })?,
            b"image" => found = Some(Content::Media(media::read(scan, MediaKind::Image, losses)?)),
            other => {
                let why = "a block that Bedrock alone has";
                return Err(TranslateError::unsayable(named("guardContent.", other), why).into());
            }
        }
        Ok(())
    })?;
    note(losses, Loss::new("guardContent", "elsewhere no guardrail looks at it"));
    Ok(found)
}

/// Media whose name and detail do not matter, of `format`, from base64.
pub(super) fn image(format: &str, base64: String) -> Media {
    Media {
        kind: MediaKind::Image,
        media_type: Some(media::media_type(MediaKind::Image, format).into()),
        source: crate::conversation::MediaSource::Base64(base64.into()),
        name: None,
        detail: None,
        about: None,
    }
}
