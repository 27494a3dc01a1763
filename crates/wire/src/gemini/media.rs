//! Media: bytes in the part itself, or a file by its address.
//!
//! Google fetches `gs://`, the addresses of its Files API, videos of `YouTube`, and public `https` addresses. It wants to be
//! told the media type, but for the second and third. Nothing is fetched here; an address whose end does not tell the
//! type is unsayable without one.
//!
//! Source: ai.google.dev/gemini-api/docs/file-input-methods and `Part.from_uri` in `types.py` of google-genai 3.4.0, read
//! 2026-11-28.

use std::sync::Arc;

use super::reading::{Read, Wrong, lose, named};
use super::strict::{object, text};
use crate::any_base64::text_in_base64;
use crate::conversation::{Loss, Media, MediaKind, MediaSource, TranslateError};
use crate::inline_data;
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

#[cfg(test)]
mod tests;

/// Where Google keeps files: nobody else can read them.
const HELD: [&str; 2] = ["gs://", "https://generativelanguage.googleapis.com/"];
const VIDEOS: [&str; 4] =
    ["https://www.youtube.com/", "https://youtube.com/", "https://m.youtube.com/", "https://youtu.be/"];

/// Reads `inlineData`.
pub(super) fn read_inline(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Media> {
    let (mut media_type, mut data, mut name) = (None, None, None);
    object(scan, |scan, member| {
        match member {
            b"mimeType" => media_type = text(scan)?,
            b"data" => data = text(scan)?,
            b"displayName" => name = text(scan)?,
            _ => lose(scan, named("inlineData.", member), losses)?,
        }
        Ok(())
    })?;
    let data = data.ok_or_else(|| Wrong::malformed("data", "it is missing"))?;
    let is_text = media_type.as_deref().is_some_and(|media_type| essence(media_type) == "text/plain");
    if let Some(text) = is_text.then(|| text_in_base64(&data)).flatten() {
        return Ok(media(media_type.map(Into::into), MediaSource::Text(text), name));
    }
    let found = inline_data::inline(media_type.as_deref(), &data);
    let (media_type, source) = found.map_err(|what| Wrong::malformed("data", what))?;
    Ok(media(media_type, source, name))
}

/// Reads `fileData`.
pub(super) fn read_file(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Media> {
    let (mut media_type, mut address, mut name) = (None, None, None);
    object(scan, |scan, member| {
        match member {
            b"mimeType" => media_type = text(scan)?,
            b"fileUri" => address = text(scan)?,
            b"displayName" => name = text(scan)?,
            _ => lose(scan, named("fileData.", member), losses)?,
        }
        Ok(())
    })?;
    let address = address.ok_or_else(|| Wrong::malformed("fileUri", "it is missing"))?;
    let is_video = media_type.is_none() && starts(&address, &VIDEOS);
    let source = if starts(&address, &HELD) { MediaSource::Held(address) } else { MediaSource::Url(address) };
    let mut media = media(media_type.map(|said| inline_data::media_type(&said)), source, name);
    if is_video {
        media.kind = MediaKind::Video;
    }
    Ok(media)
}

fn media(media_type: Option<Arc<str>>, source: MediaSource, name: Option<String>) -> Media {
    let kind =
        media_type.as_deref().map_or(MediaKind::Document, |media_type| match media_type.split('/').next() {
            Some("image") => MediaKind::Image,
            Some("audio") => MediaKind::Audio,
            Some("video") => MediaKind::Video,
            _ => MediaKind::Document,
        });
    Media { kind, media_type, source, name, detail: None, about: None }
}

fn starts(address: &str, with: &[&str]) -> bool {
    with.iter().any(|start| address.starts_with(start))
}

/// A media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// Writes the member of a part that holds `media`, for a supplier.
pub(super) fn write(json: &mut Json, media: &Media, losses: &mut Vec<Loss>) -> Result<(), TranslateError> {
    if media.name.is_some() {
        note(losses, Loss::new("media.name", "the Gemini API takes no names of files"));
    }
    if media.detail.as_deref().is_some_and(|detail| detail != "auto") {
        note(losses, Loss::new("media.detail", "not every model there takes a resolution for one part"));
    }
    let said = media.media_type.as_deref();
    let missing = || {
        let why = "Gemini wants to be told the media type, which the address does not tell";
        TranslateError::unsayable("media.media_type", why)
    };
    match &media.source {
        MediaSource::Base64(data) => {
            let data = std::str::from_utf8(data)
                .map_err(|_| TranslateError::malformed("media.data", "base64 was expected"))?;
            let unknown = || TranslateError::unsayable("media.media_type", "it has to be known there");
            inline(json, said.ok_or_else(unknown)?, data);
        }
        MediaSource::Text(text) => inline(json, said.unwrap_or("text/plain"), &STANDARD.encode(text)),
        MediaSource::Url(address) if starts(address, &HELD) || starts(address, &VIDEOS) => {
            file(json, said, address);
        }
        MediaSource::Url(address) if starts(address, &["https://", "http://"]) => {
            file(json, Some(said.or_else(|| by_ending(media.kind, address)).ok_or_else(missing)?), address);
        }
        MediaSource::Url(_) => {
            return Err(TranslateError::unsayable("media.url", "Gemini fetches https and gs addresses only"));
        }
        MediaSource::Held(id) if starts(id, &HELD) => file(json, said, id),
        MediaSource::Held(_) => {
            return Err(TranslateError::unsayable("media.file_id", "the file is at another supplier"));
        }
    }
    Ok(())
}

/// Writes the member of a part that holds `media`, for a client; `false` where there is no form.
pub(super) fn write_for_client(json: &mut Json, media: &Media) -> bool {
    let said = media.media_type.as_deref();
    match &media.source {
        MediaSource::Base64(data) => {
            let Ok(data) = std::str::from_utf8(data) else { return false };
            inline(json, said.unwrap_or("application/octet-stream"), data);
        }
        MediaSource::Text(text) => inline(json, said.unwrap_or("text/plain"), &STANDARD.encode(text)),
        MediaSource::Url(address) => file(json, said, address),
        MediaSource::Held(_) => return false,
    }
    true
}

fn inline(json: &mut Json, media_type: &str, data: &str) {
    json.key("inlineData").object().key("mimeType").text(media_type).key("data").text(data).end_object();
}

fn file(json: &mut Json, media_type: Option<&str>, address: &str) {
    json.key("fileData").object().optional("mimeType", media_type).key("fileUri").text(address).end_object();
}

/// The media type that the end of an address tells; an end that tells of another kind of media tells nothing.
fn by_ending(kind: MediaKind, address: &str) -> Option<&'static str> {
    const ENDINGS: [(&str, &str); 22] = [
        ("png", "image/png"),
        ("jpg", "image/jpeg"),
        ("jpeg", "image/jpeg"),
        ("webp", "image/webp"),
        ("gif", "image/gif"),
        ("heic", "image/heic"),
        ("heif", "image/heif"),
        ("pdf", "application/pdf"),
        ("txt", "text/plain"),
        ("html", "text/html"),
        ("csv", "text/csv"),
        ("md", "text/markdown"),
        ("json", "application/json"),
        ("wav", "audio/wav"),
        ("mp3", "audio/mp3"),
        ("flac", "audio/flac"),
        ("ogg", "audio/ogg"),
        ("m4a", "audio/m4a"),
        ("mp4", "video/mp4"),
        ("mov", "video/quicktime"),
        ("webm", "video/webm"),
        ("mpeg", "video/mpeg"),
    ];
    let path = address.split(['?', '#']).next()?;
    let (_, ending) = path.rsplit('/').next()?.rsplit_once('.')?;
    let (_, media_type) = ENDINGS.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known))?;
    let (of, _) = media_type.split_once('/')?;
    let fits = match kind {
        MediaKind::Image => of == "image",
        MediaKind::Audio => of == "audio",
        MediaKind::Video => of == "video",
        MediaKind::Document => true,
    };
    fits.then_some(*media_type)
}
