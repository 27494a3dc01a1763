//! Sources that a model cites.

use super::super::read::{Read, list, object, text};
use crate::conversation::{Citation, Loss};
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;

/// Reads a `Citation`, or the `CitationsDelta` of a stream, which has the same members.
pub(in super::super) fn read(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Citation> {
    let mut citation = Citation::default();
    object(scan, "citation", |scan, name| match name {
        b"title" => {
            citation.title = Some(text(scan, "citation.title")?);
            Ok(())
        }
        b"source" => {
            let source = text(scan, "citation.source")?;
            if source.starts_with("https://") || source.starts_with("http://") {
                citation.url.get_or_insert(source);
            } else {
                note(losses, Loss::new("citations.location", "it is no address"));
            }
            Ok(())
        }
        b"sourceContent" => list(scan, "citation.sourceContent", |scan| {
            object(scan, "citation.sourceContent", |scan, name| {
                if name == b"text" {
                    let quote = citation.quote.get_or_insert_default();
                    quote.push_str(&text(scan, "citation.sourceContent.text")?);
                    return Ok(());
                }
                Ok(scan.skip()?)
            })
        }),
        b"location" => object(scan, "citation.location", |scan, name| {
            if name != b"web" {
                note(losses, Loss::new("citations.location", "a place in a document, not in the answer"));
                return Ok(scan.skip()?);
            }
            object(scan, "citation.location.web", |scan, name| {
                if name == b"url" {
                    citation.url = Some(text(scan, "citation.location.web.url")?);
                    return Ok(());
                }
                Ok(scan.skip()?)
            })
        }),
        _ => Ok(scan.skip()?),
    })?;
    Ok(citation)
}

/// Writes one.
pub(in super::super) fn write(json: &mut Json, citation: &Citation, losses: &mut Vec<Loss>) {
    json.object().optional("title", citation.title.as_ref());
    if let Some(quote) = &citation.quote {
        json.key("sourceContent").array().object().key("text").text(quote).end_object().end_array();
    }
    if let Some(url) = &citation.url {
        json.key("location").object().key("web").object().key("url").text(url).end_object().end_object();
    }
    json.end_object();
    if citation.range.is_some() {
        note(losses, Loss::new("citation.range", "no place for where in the answer it is cited"));
    }
}
