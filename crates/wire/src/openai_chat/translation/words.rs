//! Words that are the same wherever they stand: finish reasons, cache marks, audio formats.
//!
//! Source: typed models of the official Python SDK, openai 3.54.0 (`types/chat/`), read 2026-11-28, where nothing else is
//! said.

use super::read::{Losses, Read, members, text};
use crate::conversation::{CacheMark, FinishReason};
use crate::json::Json;
use crate::scan::{Kind, Scanner};

/// The word with which a generation that failed ends: Mistral's and `OpenRouter`'s `error`, and `DeepSeek`'s for a
/// machine that ran out.
pub(super) fn is_failure(word: &str) -> bool {
    matches!(word, "error" | "insufficient_system_resource")
}

/// What a supplier's finish reason means. `stopped_by` is vLLM's `stop_reason`: the request's stop text that came up.
pub(super) fn read_finish(word: &str, stopped_by: Option<String>) -> FinishReason {
    match (word, stopped_by) {
        ("stop", Some(text)) => FinishReason::StopSequence(Some(text)),
        ("stop", None) => FinishReason::Stop,
        // `model_length` is Mistral's word for the window.
        ("length" | "model_length", _) => FinishReason::Length,
        ("tool_calls" | "function_call", _) => FinishReason::ToolCalls,
        ("content_filter", _) => FinishReason::Filtered,
        (other, _) => FinishReason::Other(other.to_owned()),
    }
}

/// The client's word for a reason. The list is closed, so what it lacks is said as what comes nearest, and noted.
pub(super) fn finish_word(reason: &FinishReason, is_legacy: bool, losses: &mut Losses) -> &'static str {
    match reason {
        FinishReason::Stop | FinishReason::StopSequence(_) => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls if is_legacy => "function_call",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::Filtered => "content_filter",
        FinishReason::Paused => {
            losses.note("finish_reason", "said as `length`: the answer is not whole");
            "length"
        }
        FinishReason::Other(_) => {
            losses.note("finish_reason", "a word that Chat Completions does not have, said as `stop`");
            "stop"
        }
    }
}

/// The mark in `cache_control`, Anthropic's member that many clients of this protocol use.
pub(super) fn read_mark(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Option<CacheMark>> {
    if scan.kind()? == Kind::Null {
        scan.skip()?;
        return Ok(None);
    }
    let mut life = None;
    members(scan, |scan, name| {
        match name {
            b"type" => scan.skip()?,
            b"ttl" => life = text(scan)?,
            _ => losses.unknown(scan, "cache_control", name)?,
        }
        Ok(())
    })?;
    Ok(Some(match life.as_deref() {
        Some("1h") => CacheMark::Hour,
        None | Some("5m") => CacheMark::Short,
        Some(_) => {
            losses.note("cache_control.ttl", "neither five minutes nor an hour");
            CacheMark::Short
        }
    }))
}

/// The mark in `prompt_cache_breakpoint`, `OpenAI`'s own. Its two lives are half an hour and half a day.
pub(super) fn read_breakpoint(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Option<CacheMark>> {
    if scan.kind()? == Kind::Null {
        scan.skip()?;
        return Ok(None);
    }
    let mut life = None;
    members(scan, |scan, name| {
        match name {
            b"mode" => scan.skip()?,
            b"ttl" => life = text(scan)?,
            _ => losses.unknown(scan, "prompt_cache_breakpoint", name)?,
        }
        Ok(())
    })?;
    Ok(Some(match life.as_deref() {
        None | Some("30m") => CacheMark::Short,
        Some(_) => {
            losses.note("prompt_cache_breakpoint.ttl", "others cache for an hour at most");
            CacheMark::Hour
        }
    }))
}

/// Writes a mark as a member of the open object.
pub(super) fn write_mark(json: &mut Json, mark: CacheMark) {
    json.key("cache_control").object().key("type").text("ephemeral");
    if mark == CacheMark::Hour {
        json.key("ttl").text("1h");
    }
    json.end_object();
}

/// The media type of a word in `input_audio.format`.
pub(super) fn audio_type(format: &str) -> String {
    let kind = if format == "mp3" { "mpeg" } else { format };
    format!("audio/{kind}")
}

/// The word for a media type; `OpenAI` takes two.
pub(super) fn audio_format(media_type: &str) -> Option<&'static str> {
    match media_type {
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => Some("wav"),
        "audio/mpeg" | "audio/mp3" => Some("mp3"),
        _ => None,
    }
}
