//! Searches of the web: the tool, and what an answer tells of a search.
//!
//! Source: `types/responses/web_search_tool_param.py`, `web_search_preview_tool_param.py`, `response_function_web_search.py`
//! and `response_includable.py` in openai 3.54.0, read 2026-11-28.

use super::PROTOCOL;
use super::read::{self, NO_PLACE, Read};
use crate::conversation::{Content, Loss, Opaque, Page, Search, Tool, WebSearch};
use crate::json::Json;
use crate::scan::{Kind, Scanner};
use crate::translate::note;
use crate::web_search::{self, Limits};

/// The type of the item.
pub(super) const CALL: &str = "web_search_call";

/// What asks for the pages that were found.
pub(super) const SOURCES: &str = "web_search_call.action.sources";

/// Which limits there are words for.
pub(super) const LIMITS: Limits = Limits { only: true, never: false };

/// The type that is asked for on behalf of others.
const KIND: &str = "web_search";

/// Whether a tool of that type is a search.
pub(super) fn is_tool(kind: &str) -> bool {
    kind == KIND || kind.starts_with("web_search_preview") || kind.starts_with("web_search_20")
}

/// The tool that is written in `raw`.
pub(super) fn tool(kind: &str, raw: &[u8], losses: &mut Vec<Loss>) -> Read<Tool> {
    let written = Opaque::new(PROTOCOL, kind.to_owned(), String::from_utf8_lossy(raw).into_owned());
    let mut search = WebSearch::new(kind, written);
    read::object(&mut Scanner::new(raw)?, "tools", |scan, name| {
        match name {
            b"type" => scan.skip()?,
            b"filters" => filters(scan, &mut search, losses)?,
            b"user_location" => search.near = web_search::place(scan)?,
            b"search_context_size" => search.depth = read::string(scan, "tools.search_context_size")?,
            b"external_web_access" => {
                search.stays_off = read::boolean(scan, "tools.external_web_access")? == Some(false);
            }
            _ => read::lose(scan, losses, "tools.web_search", name, NO_PLACE)?,
        }
        Ok(())
    })?;
    Ok(Tool::Search(Box::new(search)))
}

fn filters(scan: &mut Scanner<'_>, search: &mut WebSearch, losses: &mut Vec<Loss>) -> Read<()> {
    if scan.kind()? == Kind::Null {
        return Ok(scan.skip()?);
    }
    read::object(scan, "tools.filters", |scan, name| {
        match name {
            b"allowed_domains" => search.only = web_search::strings(scan)?,
            b"blocked_domains" => search.never = web_search::strings(scan)?,
            _ => read::lose(scan, losses, "tools.web_search.filters", name, NO_PLACE)?,
        }
        Ok(())
    })
}

/// What a choice calls the tool.
pub(super) fn kind(search: &WebSearch) -> &str {
    if search.written.protocol == PROTOCOL { &search.written.kind } else { KIND }
}

/// Writes the tool: as its client did where it is this dialect's own.
pub(super) fn write_tool(json: &mut Json, search: &WebSearch) {
    if search.written.protocol == PROTOCOL {
        json.raw(&search.written.data);
        return;
    }
    json.object().key("type").text(KIND);
    if !search.only.is_empty() {
        json.key("filters").object().key("allowed_domains");
        web_search::write_strings(json, &search.only);
        json.end_object();
    }
    json.optional("search_context_size", search.depth.as_ref());
    if let Some(place) = &search.near {
        json.key("user_location").object().key("type").text("approximate");
        web_search::write_place(json, place);
        json.end_object();
    }
    json.end_object();
}

/// The search of which an item tells.
pub(super) fn made(raw: &[u8]) -> Content {
    let mut search = Search::default();
    // What cannot be read is not told; its maker gets the item as it is.
    let _ = Scanner::new(raw).map_err(Into::into).and_then(|mut scan| item(&mut scan, &mut search));
    search.own = vec![Opaque::new(PROTOCOL, CALL, String::from_utf8_lossy(raw).into_owned())];
    Content::Search(Box::new(search))
}

fn item(scan: &mut Scanner<'_>, search: &mut Search) -> Read<()> {
    read::object(scan, CALL, |scan, name| {
        match name {
            b"id" => search.id = read::string(scan, "id")?.unwrap_or_default(),
            b"status" if scan.text()?.is_some_and(|status| status.is("failed")) => {
                search.error = Some(web_search::FAILED.to_owned());
            }
            b"status" => {}
            b"action" if scan.kind()? == Kind::Object => action(scan, search)?,
            _ => scan.skip()?,
        }
        Ok(())
    })
}

fn action(scan: &mut Scanner<'_>, search: &mut Search) -> Read<()> {
    let mut query = None;
    read::object(scan, "action", |scan, name| {
        match name {
            b"query" | b"pattern" => query = read::string(scan, "action.query")?,
            b"queries" => search.queries = web_search::strings(scan)?,
            b"url" => search.pages.extend(page(read::string(scan, "action.url")?)),
            b"sources" if scan.kind()? == Kind::Array => read::list(scan, "action.sources", |scan| {
                let mut url = None;
                read::object(scan, "action.sources", |scan, name| {
                    if name == b"url" {
                        url = read::string(scan, "action.sources.url")?;
                        return Ok(());
                    }
                    Ok(scan.skip()?)
                })?;
                search.pages.extend(page(url));
                Ok(())
            })?,
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    if search.queries.is_empty() {
        search.queries.extend(query);
    }
    Ok(())
}

fn page(url: Option<String>) -> Option<Page> {
    url.map(|url| Page { url, title: None })
}

/// Writes the members of the item; what was found only when it is done.
pub(super) fn write(json: &mut Json, id: &str, search: &Search, in_progress: bool, losses: &mut Vec<Loss>) {
    let status = match (in_progress, &search.error) {
        (true, _) => super::output::IN_PROGRESS,
        (false, Some(_)) => "failed",
        (false, None) => "completed",
    };
    json.key("type").text(CALL).key("id").text(id).key("status").text(status);
    json.key("action").object().key("type").text("search");
    json.key("query").text(search.queries.first().map_or("", String::as_str));
    if !search.queries.is_empty() {
        json.key("queries");
        web_search::write_strings(json, &search.queries);
    }
    if !in_progress && !search.pages.is_empty() {
        json.key("sources").array();
        for page in &search.pages {
            json.object().key("type").text("url").key("url").text(&page.url).end_object();
        }
        json.end_array();
        if search.pages.iter().any(|page| page.title.is_some()) {
            note(losses, Loss::new("web_search.title", "a page that was found is its address alone there"));
        }
    }
    json.end_object();
}
