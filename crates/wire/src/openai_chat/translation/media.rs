//! Images, sound and files, as content parts hold them.
//!
//! Source: `chat_completion_content_part_param.py` and its neighbours in openai 3.54.0, read 2026-11-28. `video_url` and
//! `audio_url` are vLLM's and `OpenRouter`'s.

use crate::placed::Placed;
use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::read::{Losses, Read, members, text, wrong};
use super::words::{audio_format, audio_type};
use crate::conversation::document::type_by_name;
use crate::conversation::{Media, MediaKind, MediaSource, TranslateError};
use crate::inline_data::{Found, addressed, encoded};
use crate::json::Json;
use crate::scan::{Kind, Scanner};

/// Reads `{url, detail}`, or the bare address that some clients write.
pub(super) fn read_address(scan: &mut Scanner<'_>, kind: MediaKind, losses: &mut Losses) -> Read<Media> {
    let mut address = None;
    let mut detail = None;
    if scan.kind()? == Kind::String {
        address = text(scan)?;
    } else {
        members(scan, |scan, name| {
            match name {
                b"url" => address = text(scan)?,
                b"detail" => detail = text(scan)?,
                _ => losses.unknown(scan, "messages.content.image_url", name)?,
            }
            Ok(())
        })?;
    }
    let address = address.ok_or_else(|| wrong("the address is missing").within("url"))?;
    let (media_type, source) = addressed(&address).map_err(|what| wrong(what).within("url"))?;
    Ok(Media { kind, media_type, source, name: None, detail, about: None })
}

/// Reads `{data, format}`.
pub(super) fn read_audio(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Media> {
    let mut data = None;
    let mut format = None;
    members(scan, |scan, name| {
        match name {
            b"data" => data = text(scan)?,
            b"format" => format = text(scan)?,
            _ => losses.unknown(scan, "messages.content.input_audio", name)?,
        }
        Ok(())
    })?;
    let data = data.ok_or_else(|| wrong("the data is missing").within("data"))?;
    let (stated, source) = encoded(&data).map_err(|what| wrong(what).within("data"))?;
    let media_type = format.map(|format| audio_type(&format).into()).or(stated);
    Ok(Media { kind: MediaKind::Audio, media_type, source, name: None, detail: None, about: None })
}

/// Reads `{file_data, file_id, filename}`.
pub(super) fn read_file(scan: &mut Scanner<'_>, losses: &mut Losses) -> Read<Media> {
    let mut data = None;
    let mut id = None;
    let mut filename = None;
    members(scan, |scan, name| {
        match name {
            b"file_data" => data = text(scan)?,
            b"file_id" => id = text(scan)?,
            b"filename" => filename = text(scan)?,
            _ => losses.unknown(scan, "messages.content.file", name)?,
        }
        Ok(())
    })?;
    let (media_type, source) = match (data, id) {
        (Some(data), _) => file_source(&data).map_err(|what| wrong(what).within("file_data"))?,
        (None, Some(id)) => (None, MediaSource::Held(id)),
        (None, None) => return Err(wrong("neither `file_data` nor `file_id`")),
    };
    let media_type = media_type.or_else(|| filename.as_deref().and_then(type_by_name).map(Arc::from));
    let kind = media_type.as_deref().map_or(MediaKind::Document, kind_of);
    Ok(Media { kind, media_type, source, name: filename, detail: None, about: None })
}

/// `OpenRouter` takes an address in the data's place.
fn file_source(data: &str) -> Result<Found, &'static str> {
    if is_web_address(data) { Ok((None, MediaSource::Url(data.to_owned()))) } else { encoded(data) }
}

/// Writes a content part.
///
/// # Errors
/// [`TranslateError::Unsayable`] for media that this protocol has no part for: it is never left out.
pub(super) fn write_part(json: &mut Json, media: &Media, losses: &mut Losses) -> Result<(), TranslateError> {
    if media.detail.is_some() && media.kind != MediaKind::Image {
        losses.note("media.detail", "only images have one");
    }
    match media.kind {
        MediaKind::Image => {
            if media.name.is_some() {
                losses.note("media.name", "images have none");
            }
            json.key("type").text("image_url").key("image_url").object();
            json.key("url").text(&image_address(media)?).optional("detail", media.detail.as_ref());
            json.end_object();
        }
        MediaKind::Audio => {
            if media.name.is_some() {
                losses.note("media.name", "sounds have none");
            }
            write_audio(json, media)?;
        }
        MediaKind::Document => write_document(json, media, losses)?,
        MediaKind::Video => return Err(unsayable(media, "Chat Completions takes no video")),
    }
    Ok(())
}

/// An image's address: a data URI, or where it is.
pub(super) fn image_address(media: &Media) -> Result<Cow<'_, str>, TranslateError> {
    match &media.source {
        MediaSource::Base64(data) => {
            let media_type = media.media_type.as_deref().unwrap_or("image/png");
            Ok(Cow::Owned(data_uri(media_type, data)))
        }
        MediaSource::Url(address) if is_web_address(address) => Ok(Cow::Borrowed(address)),
        MediaSource::Url(_) => Err(unsayable(media, "an address that is not of the web")),
        MediaSource::Held(_) => Err(unsayable(media, "another supplier holds it")),
        MediaSource::Text(_) => Err(unsayable(media, "an image is no text")),
    }
}

/// Whether an answer can show it, by [`image_address`].
pub(super) fn is_shown(media: &Media) -> bool {
    let is_reached = match &media.source {
        MediaSource::Base64(_) => true,
        MediaSource::Url(address) => is_web_address(address),
        MediaSource::Held(_) | MediaSource::Text(_) => false,
    };
    media.kind == MediaKind::Image && is_reached
}

fn write_audio(json: &mut Json, media: &Media) -> Result<(), TranslateError> {
    let MediaSource::Base64(data) = &media.source else {
        return Err(unsayable(media, "sound goes only within the request"));
    };
    let format = media.media_type.as_deref().and_then(audio_format);
    let format = format.ok_or_else(|| unsayable(media, "sound is WAV or MP3"))?;
    json.key("type").text("input_audio").key("input_audio").object();
    json.key("data").text(&String::from_utf8_lossy(data)).key("format").text(format).end_object();
    Ok(())
}

fn write_document(json: &mut Json, media: &Media, losses: &mut Losses) -> Result<(), TranslateError> {
    match &media.source {
        MediaSource::Base64(data) => {
            let media_type = media.media_type.as_deref().unwrap_or("application/pdf");
            json.key("type").text("file").key("file").object();
            json.key("filename").text(media.name.as_deref().unwrap_or(default_name(media_type)));
            json.key("file_data").text(&data_uri(media_type, data)).end_object();
            Ok(())
        }
        MediaSource::Text(plain) => {
            losses.note("document", "a plain one is said as text: files are binary");
            if media.has_name() {
                losses.note("media.name", "a text has none");
            }
            json.key("type").text("text").key("text").text(plain);
            Ok(())
        }
        MediaSource::Url(_) => Err(unsayable(media, "files go only within the request")),
        MediaSource::Held(_) => Err(unsayable(media, "another supplier holds it")),
    }
}

fn unsayable(media: &Media, why: &'static str) -> TranslateError {
    let what = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Audio => "audio",
        MediaKind::Document => "document",
        MediaKind::Video => "video",
    };
    TranslateError::unsayable(what, why)
}

/// `OpenAI` refuses file data without a name.
fn default_name(media_type: &str) -> &'static str {
    if media_type == "application/pdf" { "document.pdf" } else { "document" }
}

fn data_uri(media_type: &str, data: &Bytes) -> String {
    format!("data:{media_type};base64,{}", String::from_utf8_lossy(data))
}

fn is_web_address(address: &str) -> bool {
    let scheme = address.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http"))
}

fn kind_of(media_type: &str) -> MediaKind {
    match media_type.split('/').next() {
        Some("image") => MediaKind::Image,
        Some("audio") => MediaKind::Audio,
        Some("video") => MediaKind::Video,
        _ => MediaKind::Document,
    }
}
