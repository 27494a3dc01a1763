//! The search of the web, as a tool. What an answer tells of one is in [`super::grounding`].
//!
//! Source: `GoogleSearch`, `GoogleSearchRetrieval` and `ToolConfig` in `types.py` of google-genai 3.4.0, read 2026-11-28.

use catalogue::{Protocol, Quirks};

use super::names::members;
use super::reading::{Read, lose, named};
use crate::conversation::{Loss, Opaque, Target, TranslateError, WebSearch};
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;
use crate::web_search;

/// Whether a member of a tool is a search: today's name and that of Gemini 1.5.
pub(super) fn is_tool(name: &[u8]) -> bool {
    matches!(name, b"googleSearch" | b"googleSearchRetrieval")
}

/// The tool of that kind, of which `written` is the whole.
pub(super) fn tool(kind: &str, written: String, losses: &mut Vec<Loss>) -> Read<WebSearch> {
    let mut never = Vec::new();
    members(&mut Scanner::new(written.as_bytes())?, |scan, _| {
        members(scan, |scan, name| match name {
            b"excludeDomains" => {
                never = web_search::strings(scan)?;
                Read::Ok(())
            }
            _ => lose(scan, named("googleSearch.", name), losses),
        })
        .map(drop)
    })?;
    Ok(WebSearch { never, ..WebSearch::new(kind, Opaque::new(Protocol::Gemini, kind.to_owned(), written)) })
}

/// Writes the tool for a client of another dialect.
///
/// # Errors
/// [`TranslateError::Unsayable`] for limits, of which Google has but one, and that on one of its two hosts; and beside
/// functions, but for the models whose thinking has levels: they are the first (Gemini 3) that take both.
pub(super) fn write_tool(
    json: &mut Json,
    search: &WebSearch,
    has_functions: bool,
    target: &Target<'_>,
    losses: &mut Vec<Loss>,
) -> Result<(), TranslateError> {
    web_search::check(search, target, web_search::NO_LIMITS)?;
    if has_functions && !target.quirks.contains(Quirks::THINKING_LEVEL) {
        return Err(TranslateError::unsayable(search.path(), "the model takes no functions beside a search"));
    }
    for (name, why, is_said) in web_search::wishes(search) {
        if is_said {
            note(losses, Loss::new(name, why));
        }
    }
    json.object().key("googleSearch").object().end_object().end_object();
    Ok(())
}
