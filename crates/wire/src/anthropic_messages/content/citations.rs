//! Citations: the model's sources for a text.
//!
//! Of the five kinds, one names an address (`web_search_result_location`); the others point into documents of the
//! request. Neutral are an address, a title and a quote; the rest of the place is a loss. The other way, a source with an
//! address becomes a `web_search_result_location`. That kind wants an `encrypted_index`, which only Anthropic can make:
//! there stands a seal of ours instead, so that nobody takes it for one of theirs, with the cited range in it.
//!
//! Source: `text_citation.py` and what it names, of the official Python SDK, anthropic 2.12.0, read 2026-11-28.

use catalogue::Protocol;

use super::Origin;
use crate::anthropic_messages::fault::Fault;
use crate::anthropic_messages::losses::Losses;
use crate::anthropic_messages::members::Members;
use crate::conversation::{Citation, Opaque};
use crate::json::Json;
use crate::scan::Scanner;

const NAMES: &[&str] = &["type", "cited_text", "title", "document_title", "url", "source", "encrypted_index"];

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
    if ours.is_none() {
        losses
            .add("citations.location", "only address, title and quote of a citation have a place elsewhere");
    }
    Ok(Citation {
        url: members.string("url")?.or(members.string("source")?),
        title: members.string("title")?.or(members.string("document_title")?),
        quote: members.string("cited_text")?.filter(|quote| !quote.is_empty()),
        range: ours.and_then(|seal| range(&seal.data)),
    })
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
    let Some(url) = &citation.url else {
        losses.add("citations", "a source without an address has no form there");
        return false;
    };
    let range = citation.range.map(|(start, end)| format!("{start}-{end}")).unwrap_or_default();
    let index = Opaque::new(Protocol::AnthropicMessages, KIND, range).seal();
    json.object().key("type").text("web_search_result_location");
    json.key("cited_text").text(citation.quote.as_deref().unwrap_or_default());
    json.key("encrypted_index").text(&index).key("title");
    match &citation.title {
        Some(title) => json.text(title),
        None => json.null(),
    };
    json.key("url").text(url).end_object();
    true
}
