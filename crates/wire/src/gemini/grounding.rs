//! Sources: which passage of an answer rests on which page.
//!
//! Google counts bytes, in a part of a whole answer and in all text so far of a stream; neutral citations count characters
//! in their own text.
//!
//! Source: `GroundingMetadata`, `GroundingSupport`, `Segment` and `CitationMetadata` in `types.py` of google-genai 3.4.0,
//! read 2026-11-28.

use crate::conversation::{Citation, Loss, Page, Search};
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;
use crate::web_search;

use super::names::{elements, members};
use super::reading::{Read, integer, lose, named, string};

/// A source, and the passage that rests on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) citation: Citation,
    /// In which part.
    pub(super) part: usize,
    /// From which byte to which.
    pub(super) range: Option<(u64, u64)>,
    /// The passage, where it is stated.
    pub(super) passage: Option<String>,
}

impl Source {
    /// The range in `text`, which starts at the byte `base` of what the range counts in, if the passage is there.
    pub(super) fn range_in(&self, text: &str, base: u64) -> Option<(u64, u64)> {
        let (start, end) = self.range?;
        let range = (start.checked_sub(base)?, end.checked_sub(base)?);
        let found = text.get(usize::try_from(range.0).ok()?..usize::try_from(range.1).ok()?)?;
        self.passage.as_ref().is_none_or(|passage| passage == found).then_some(range)
    }
}

/// Reads `groundingMetadata`: what is cited, and what was looked for and found; nothing was where there are no queries.
pub(super) fn read(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<(Vec<Source>, Search)> {
    let (mut chunks, mut supports) = (Vec::new(), Vec::new());
    let mut search = Search::default();
    members(scan, |scan, name| {
        match name {
            b"groundingChunks" => elements(scan, |scan| {
                chunks.push(chunk(scan)?);
                Read::Ok(())
            })?,
            b"groundingSupports" => elements(scan, |scan| {
                supports.push(support(scan)?);
                Read::Ok(())
            })?,
            b"webSearchQueries" => elements(scan, |scan| {
                search.queries.extend(string(scan)?);
                Read::Ok(())
            })?,
            _ => lose(scan, named("groundingMetadata.", name), losses)?,
        }
        Read::Ok(())
    })?;
    let page = |chunk: &Citation| Some(Page { url: chunk.url.clone()?, title: chunk.title.clone() });
    search.pages = chunks.iter().filter_map(page).collect();
    if supports.is_empty() {
        let cited = chunks.into_iter().map(|citation| Source { citation, ..Source::default() }).collect();
        return Ok((cited, search));
    }
    let cited = supports.iter().flat_map(|(source, indices)| {
        indices.iter().filter_map(|index| {
            let citation = chunks.get(usize::try_from(*index).ok()?)?.clone();
            Some(Source { citation, ..source.clone() })
        })
    });
    Ok((cited.collect(), search))
}

/// Adds what `more` tells of a search that is not told yet: responses repeat those before them.
pub(super) fn merge(search: &mut Search, more: Search) {
    for query in more.queries {
        if !search.queries.contains(&query) {
            search.queries.push(query);
        }
    }
    for page in more.pages {
        if !search.pages.contains(&page) {
            search.pages.push(page);
        }
    }
}

/// One page, place or document.
fn chunk(scan: &mut Scanner<'_>) -> Read<Citation> {
    let mut citation = Citation::default();
    members(scan, |scan, _| {
        members(scan, |scan, name| {
            match name {
                b"uri" | b"sourceUri" => citation.url = string(scan)?,
                b"title" => citation.title = string(scan)?,
                b"text" => citation.quote = string(scan)?,
                _ => scan.skip()?,
            }
            Read::Ok(())
        })
        .map(drop)
    })?;
    Ok(citation)
}

fn support(scan: &mut Scanner<'_>) -> Read<(Source, Vec<u64>)> {
    let (mut source, mut indices) = (Source::default(), Vec::new());
    members(scan, |scan, name| {
        match name {
            b"groundingChunkIndices" => elements(scan, |scan| {
                indices.extend(integer(scan)?);
                Read::Ok(())
            })?,
            b"segment" => segment(scan, &mut source)?,
            _ => scan.skip()?,
        }
        Read::Ok(())
    })?;
    Ok((source, indices))
}

fn segment(scan: &mut Scanner<'_>, source: &mut Source) -> Read<()> {
    // A start of 0 is a default, and defaults are left out there.
    let (mut start, mut end) = (0, None);
    members(scan, |scan, name| {
        match name {
            b"startIndex" => start = integer(scan)?.unwrap_or_default(),
            b"endIndex" => end = integer(scan)?,
            b"partIndex" => {
                source.part = integer(scan)?.and_then(|part| usize::try_from(part).ok()).unwrap_or_default();
            }
            b"text" => source.passage = string(scan)?,
            _ => scan.skip()?,
        }
        Read::Ok(())
    })?;
    source.range = end.map(|end| (start, end));
    Ok(())
}

/// Reads `citationMetadata`: works that the answer repeats.
pub(super) fn read_citations(scan: &mut Scanner<'_>) -> Read<Vec<Source>> {
    let mut sources = Vec::new();
    members(scan, |scan, name| {
        if !matches!(name, b"citations" | b"citationSources") {
            return Ok(scan.skip()?);
        }
        elements(scan, |scan| {
            let (mut source, mut start, mut end) = (Source::default(), 0, None);
            members(scan, |scan, name| {
                match name {
                    b"startIndex" => start = integer(scan)?.unwrap_or_default(),
                    b"endIndex" => end = integer(scan)?,
                    b"uri" => source.citation.url = string(scan)?,
                    b"title" => source.citation.title = string(scan)?,
                    _ => scan.skip()?,
                }
                Read::Ok(())
            })?;
            source.range = end.map(|end| (start, end));
            sources.push(source);
            Read::Ok(())
        })
    })?;
    Ok(sources)
}

/// `groundingMetadata` in the making, for a client.
#[derive(Debug, Default)]
pub(super) struct Grounding {
    sources: Vec<Source>,
    search: Search,
}

impl Grounding {
    /// Adds a citation in `text`, which starts at the byte `base` of the part, or of the stream's text.
    pub(super) fn add(&mut self, citation: &Citation, part: usize, text: &str, base: u64) {
        let byte = |character: u64| {
            let character = usize::try_from(character).ok()?;
            text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(character)
        };
        let range = citation.range.and_then(|(start, end)| Some(byte(start)?..byte(end)?));
        let passage = range.clone().and_then(|range| text.get(range)).map(str::to_owned);
        let range = range.map(|range| (base + range.start as u64, base + range.end as u64));
        self.sources.push(Source { citation: citation.clone(), part, range, passage });
    }

    /// Adds a search.
    pub(super) fn searched(&mut self, search: &Search, losses: &mut Vec<Loss>) {
        if !search.own.is_empty() {
            note(
                losses,
                Loss::new("web_search.own", "what its maker wants back of a search has no place there"),
            );
        }
        merge(&mut self.search, Search { own: Vec::new(), ..search.clone() });
    }

    /// Writes it, where there is something in it.
    pub(super) fn write(&self, json: &mut Json, losses: &mut Vec<Loss>) {
        let Search { queries, pages: found, .. } = &self.search;
        if self.sources.is_empty() && queries.is_empty() {
            return;
        }
        let page = |source: &Source| Citation { range: None, place: None, ..source.citation.clone() };
        if self.sources.iter().any(|source| source.citation.place.is_some()) {
            note(losses, Loss::new("citations.location", Citation::PLACE_LOST));
        }
        let mut pages: Vec<Citation> = Vec::new();
        for source in &self.sources {
            if !pages.contains(&page(source)) {
                pages.push(page(source));
            }
        }
        json.key("groundingMetadata").object();
        if !queries.is_empty() {
            json.key("webSearchQueries");
            web_search::write_strings(json, queries);
        }
        if self.sources.is_empty() {
            if !found.is_empty() {
                let why = "pages that are not cited have a place only beside such as are";
                note(losses, Loss::new("web_search.pages", why));
            }
            json.end_object();
            return;
        }
        for page in found {
            let is_told = |known: &Citation| {
                known.url.as_ref() == Some(&page.url) && (page.title.is_none() || known.title == page.title)
            };
            if !pages.iter().any(is_told) {
                let (url, title) = (Some(page.url.clone()), page.title.clone());
                pages.push(Citation { url, title, ..Citation::default() });
            }
        }
        json.key("groundingChunks").array();
        for page in &pages {
            // A passage of the source has a place only where documents are retrieved.
            json.object().key(if page.quote.is_some() { "retrievedContext" } else { "web" }).object();
            json.optional("uri", page.url.as_ref()).optional("title", page.title.as_ref());
            json.optional("text", page.quote.as_ref()).end_object().end_object();
        }
        json.end_array().key("groundingSupports").array();
        for source in &self.sources {
            let at = pages.iter().position(|known| *known == page(source)).unwrap_or_default();
            json.object().key("segment").object();
            if source.part > 0 {
                json.key("partIndex").number(source.part as u64);
            }
            if let Some((start, end)) = source.range {
                json.key("startIndex").number(start).key("endIndex").number(end);
            }
            json.optional("text", source.passage.as_ref());
            json.end_object().key("groundingChunkIndices").array().number(at as u64).end_array().end_object();
        }
        json.end_array().end_object();
    }
}
