//! Citations: the model's sources for a text.
//!
//! Of the five kinds, one names an address (`web_search_result_location`); the others point into documents and search results of
//! the request. The other way, a source with no such place but with an address becomes a `web_search_result_location`. That kind wants an `encrypted_index`, which only Anthropic can make:
//! there stands a seal of ours instead, so that nobody takes it for one of theirs, with the cited range in it.
//!
//! Source: `text_citation.py` and what it names, of the official Python SDK, anthropic 2.12.0, read 2026-11-29.

use catalogue::Protocol;

use super::Origin;
use crate::anthropic_messages::fault::Fault;
use crate::anthropic_messages::losses::Losses;
use crate::anthropic_messages::members::Members;
use crate::conversation::{Citation, CitedIn, CitedPlace, Opaque};
use crate::json::Json;
use crate::scan::Scanner;

const NAMES: &[&str] = &[
    "type",
    "cited_text",
    "title",
    "document_title",
    "url",
    "source",
    "encrypted_index",
    "file_id",
    "document_index",
    "search_result_index",
    "start_char_index",
    "end_char_index",
    "start_page_number",
    "end_page_number",
    "start_block_index",
    "end_block_index",
];

/// The kind of the seal in `encrypted_index`.
const KIND: &str = "citation";

/// Reads a list of citations.
pub(in crate::anthropic_messages) fn list(
    scan: &mut Scanner<'_>,
    from: Origin,
    losses: &mut Losses,
) -> Result<Vec<Citation>, Fault> {
    let mut citations = Vec::new();
    scan.array(|scan| {
        citations.push(one(scan, from, losses)?);
        Ok::<_, Fault>(())
    })?;
    Ok(citations)
}

/// Reads one.
pub(in crate::anthropic_messages) fn one(
    scan: &mut Scanner<'_>,
    from: Origin,
    losses: &mut Losses,
) -> Result<Citation, Fault> {
    let mut members = Members::read(scan, NAMES)?;
    let index = members.string("encrypted_index")?;
    let ours = index.filter(|_| from == Origin::Client).and_then(|index| Opaque::unseal(&index));
    let ours = ours.filter(|seal| seal.kind == KIND);
    let place = place(&mut members)?;
    if (ours.is_none() && place.is_none()) || members.string("file_id")?.is_some() {
        losses.add("citations.location", "what its maker knows it by has no place elsewhere");
    }
    let mut citation = Citation {
        url: members.string("url")?,
        title: members.string("title")?.or(members.string("document_title")?),
        quote: members.string("cited_text")?.filter(|quote| !quote.is_empty()),
        range: ours.and_then(|seal| range(&seal.data)),
        place,
    };
    if let Some(CitedPlace { kind: CitedIn::SearchResult { found_at }, .. }) = &citation.place {
        citation.found_at(&found_at.clone());
    }
    Ok(citation)
}

/// Where it points into the request.
fn place(members: &mut Members<'_>) -> Result<Option<CitedPlace>, Fault> {
    let kind = members.string("type")?.unwrap_or_default();
    let (kind, index, start, end) = match kind.as_str() {
        "char_location" => (CitedIn::Characters, "document_index", "start_char_index", "end_char_index"),
        "page_location" => (CitedIn::Pages, "document_index", "start_page_number", "end_page_number"),
        "content_block_location" => {
            (CitedIn::Passages, "document_index", "start_block_index", "end_block_index")
        }
        "search_result_location" => {
            let found_at = members.string("source")?.unwrap_or_default();
            let kind = CitedIn::SearchResult { found_at };
            (kind, "search_result_index", "start_block_index", "end_block_index")
        }
        _ => return Ok(None),
    };
    let mut number = |name: &str| members.integer(name).map(Option::unwrap_or_default);
    Ok(Some(CitedPlace { kind, index: number(index)?, start: number(start)?, end: number(end)? }))
}

fn range(text: &str) -> Option<(u64, u64)> {
    let (start, end) = text.split_once('-')?;
    Some((start.parse().ok()?, end.parse().ok()?))
}

/// Writes one for a client, if it can be said.
pub(in crate::anthropic_messages) fn write(
    json: &mut Json,
    citation: &Citation,
    losses: &mut Losses,
) -> bool {
    if let Some(place) = &citation.place {
        if citation.range.is_some() {
            losses.add("citation.range", "no place for where in the answer it is cited");
        }
        write_placed(json, citation, place);
        return true;
    }
    let Some(url) = &citation.url else {
        losses.add("citations", "a source without an address has no form there");
        return false;
    };
    let range = citation.range.map(|(start, end)| format!("{start}-{end}")).unwrap_or_default();
    let index = Opaque::new(Protocol::AnthropicMessages, KIND, range).seal();
    json.object().key("type").text("web_search_result_location");
    json.key("cited_text").text(citation.quote.as_deref().unwrap_or_default());
    json.key("encrypted_index").text(&index);
    title(json, "title", citation);
    json.key("url").text(url).end_object();
    true
}

/// Writes one that points into the request.
pub(in crate::anthropic_messages) fn write_placed(json: &mut Json, citation: &Citation, place: &CitedPlace) {
    let (kind, start, end) = match place.kind {
        CitedIn::Characters => ("char_location", "start_char_index", "end_char_index"),
        CitedIn::Pages => ("page_location", "start_page_number", "end_page_number"),
        CitedIn::Passages => ("content_block_location", "start_block_index", "end_block_index"),
        CitedIn::SearchResult { .. } => ("search_result_location", "start_block_index", "end_block_index"),
    };
    json.object().key("type").text(kind);
    json.key("cited_text").text(citation.quote.as_deref().unwrap_or_default());
    if let CitedIn::SearchResult { found_at } = &place.kind {
        json.key("search_result_index").number(place.index).key("source").text(found_at);
        title(json, "title", citation);
    } else {
        json.key("document_index").number(place.index);
        title(json, "document_title", citation);
    }
    json.key(start).number(place.start).key(end).number(place.end).end_object();
}

fn title(json: &mut Json, name: &str, citation: &Citation) {
    json.key(name);
    match &citation.title {
        Some(title) => json.text(title),
        None => json.null(),
    };
}
