//! Sources that a model cites.
//!
//! Source: `Citation` and `CitationLocation`, botocore 1.44.8, read 2026-11-29.

use super::super::read::{Read, count, list, object, text};
use crate::conversation::{Citation, CitedIn, CitedPlace, Loss};
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;

/// Reads a `Citation`, or the `CitationsDelta` of a stream, which has the same members.
pub(in super::super) fn read(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Citation> {
    let mut citation = Citation::default();
    let mut source = None;
    object(scan, |scan, name| match name {
        b"title" => {
            citation.title = Some(text(scan)?);
            Ok(())
        }
        b"source" => {
            source = Some(text(scan)?);
            Ok(())
        }
        b"sourceContent" => list(scan, |scan| {
            object(scan, |scan, name| {
                if name == b"text" {
                    let quote = citation.quote.get_or_insert_default();
                    quote.push_str(&text(scan)?);
                    return Ok(());
                }
                Ok(scan.skip()?)
            })
        }),
        b"location" => location(scan, &mut citation, losses),
        _ => Ok(scan.skip()?),
    })?;
    if let Some(source) = source {
        citation.found_at(&source);
        match &mut citation.place {
            Some(CitedPlace { kind: CitedIn::SearchResult { found_at }, .. }) => *found_at = source,
            _ if citation.url.as_ref() == Some(&source) => {}
            _ => note(losses, Loss::new("citations.location", "it is no address")),
        }
    }
    Ok(citation)
}

/// `CitationLocation`: one member, which says of what kind.
fn location(scan: &mut Scanner<'_>, citation: &mut Citation, losses: &mut Vec<Loss>) -> Read<()> {
    object(scan, |scan, name| {
        let kind = match name {
            b"web" => {
                return object(scan, |scan, name| {
                    if name == b"url" {
                        citation.url = Some(text(scan)?);
                        return Ok(());
                    }
                    Ok(scan.skip()?)
                });
            }
            b"documentChar" => CitedIn::Characters,
            b"documentPage" => CitedIn::Pages,
            b"documentChunk" => CitedIn::Passages,
            b"searchResultLocation" => CitedIn::SearchResult { found_at: String::new() },
            _ => {
                note(losses, Loss::new("citations.location", "a kind of place that is not known here"));
                return Ok(scan.skip()?);
            }
        };
        let (mut index, mut start, mut end) = (0, 0, 0);
        object(scan, |scan, name| {
            let number = match name {
                b"documentIndex" | b"searchResultIndex" => &mut index,
                b"start" => &mut start,
                b"end" => &mut end,
                _ => return Ok(scan.skip()?),
            };
            *number = count(scan)?;
            Ok(())
        })?;
        citation.place = Some(CitedPlace { kind, index, start, end });
        Ok(())
    })
}

/// Writes one.
pub(in super::super) fn write(json: &mut Json, citation: &Citation, losses: &mut Vec<Loss>) {
    json.object().optional("title", citation.title.as_ref());
    if let Some(CitedPlace { kind: CitedIn::SearchResult { found_at }, .. }) = &citation.place {
        json.key("source").text(found_at);
    }
    if let Some(quote) = &citation.quote {
        json.key("sourceContent").array().object().key("text").text(quote).end_object().end_array();
    }
    if let Some(place) = &citation.place {
        let (kind, index) = match &place.kind {
            CitedIn::Characters => ("documentChar", "documentIndex"),
            CitedIn::Pages => ("documentPage", "documentIndex"),
            CitedIn::Passages => ("documentChunk", "documentIndex"),
            CitedIn::SearchResult { .. } => ("searchResultLocation", "searchResultIndex"),
        };
        json.key("location").object().key(kind).object().key(index).number(place.index);
        json.key("start").number(place.start).key("end").number(place.end).end_object().end_object();
    } else if let Some(url) = &citation.url {
        json.key("location").object().key("web").object().key("url").text(url).end_object().end_object();
    }
    json.end_object();
    if citation.range.is_some() {
        note(losses, Loss::new("citation.range", "no place for where in the answer it is cited"));
    }
}
