//! What is said about documents, and the results of a client's own searches: `{"source", "title", "content"}`.
//!
//! Source: `DocumentBlock`, `SearchResultBlock`, `CitationsConfig`, botocore 1.44.8, read 2026-11-29.

use super::read::{Read, flag, list, named, object, text, wrong};
use crate::conversation::{About, Loss, Media, MediaKind, MediaSource, TranslateError};
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;

/// The member of a block that holds what a search found.
pub(super) const SEARCH_RESULT: &[u8] = b"searchResult";

/// `{"enabled": true}`.
pub(super) fn is_cited(scan: &mut Scanner<'_>) -> Read<bool> {
    let mut is_cited = false;
    object(scan, |scan, name| {
        if name == b"enabled" {
            is_cited = flag(scan)?;
            return Ok(());
        }
        Ok(scan.skip()?)
    })?;
    Ok(is_cited)
}

/// A list of texts: as one, and where they end in it.
pub(super) fn read_passages(scan: &mut Scanner<'_>) -> Read<(String, Vec<usize>)> {
    let mut passages = Vec::new();
    list(scan, |scan| {
        object(scan, |scan, name| {
            if name == b"text" {
                passages.push(text(scan)?);
                return Ok(());
            }
            Err(TranslateError::unsayable(named("document.", name), "no such part elsewhere").into())
        })
    })?;
    Ok(About::put_together(&passages))
}

/// Reads a search result: a document that was found.
pub(super) fn read_search_result(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Media> {
    let mut about = About::default();
    let (mut title, mut content) = (None, None);
    object(scan, |scan, member| {
        match member {
            b"source" => about.found_at = Some(text(scan)?),
            b"title" => title = Some(text(scan)?).filter(|title| !title.is_empty()),
            b"content" => {
                let (text, ends) = read_passages(scan)?;
                content = Some(text);
                about.passages = ends;
            }
            b"citations" => about.is_cited = is_cited(scan)?,
            _ => {
                if scan.says_something()? {
                    note(losses, Loss::new(named("searchResult.", member), "no place for it elsewhere"));
                }
            }
        }
        Ok(())
    })?;
    if about.found_at.is_none() {
        return Err(wrong("`source` is missing"));
    }
    Ok(Media {
        kind: MediaKind::Document,
        media_type: Some("text/plain".into()),
        source: MediaSource::Text(content.ok_or_else(|| wrong("`content` is missing"))?),
        name: title,
        detail: None,
        about: Some(Box::new(about)),
    })
}

/// Writes a search result's member, name and all.
pub(super) fn write_search_result(
    json: &mut Json,
    media: &Media,
    found_at: &str,
) -> Result<(), TranslateError> {
    json.key("searchResult").object().key("source").text(found_at);
    json.key("title").text(media.name.as_deref().unwrap_or_default());
    write_passages(json, &media.passages())?;
    write_cited(json, media);
    json.end_object();
    Ok(())
}

/// Writes the member `content`, a text for each passage that says something.
pub(super) fn write_passages(json: &mut Json, passages: &[&str]) -> Result<(), TranslateError> {
    let mut said = passages.iter().filter(|passage| !passage.trim().is_empty()).peekable();
    if said.peek().is_none() {
        return Err(TranslateError::unsayable("document", "an empty document is refused there"));
    }
    json.key("content").array();
    for passage in said {
        json.object().key("text").text(passage).end_object();
    }
    json.end_array();
    Ok(())
}

/// Writes what else is said about a document.
pub(super) fn write_about(json: &mut Json, media: &Media) {
    json.optional("context", media.about.as_ref().and_then(|about| about.context.as_ref()));
    write_cited(json, media);
}

fn write_cited(json: &mut Json, media: &Media) {
    if media.about.as_ref().is_some_and(|about| about.is_cited) {
        json.key("citations").object().key("enabled").boolean(true).end_object();
    }
}
