//! Images, sound, documents and video, on which both directions agree: `{"format", "source"}`, each kind with formats of
//! its own.
//!
//! Source: `ImageBlock`, `AudioBlock`, `DocumentBlock`, `VideoBlock`, botocore 1.44.8, read 2026-11-28.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::document;
use super::read::{Read, named, object, text};
use crate::conversation::{About, Loss, Media, MediaKind, MediaSource, TranslateError};
use crate::inline_data;
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;

/// Formats and their media types. Of several rows the first counts: for a format its usual type, for a type its format.
type Formats = &'static [(&'static str, &'static str)];

const IMAGES: Formats = &[
    ("png", "image/png"),
    ("jpeg", "image/jpeg"),
    ("jpeg", "image/jpg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
];

const AUDIO: Formats = &[
    ("mp3", "audio/mpeg"),
    ("mp3", "audio/mp3"),
    ("wav", "audio/wav"),
    ("wav", "audio/x-wav"),
    ("wav", "audio/wave"),
    ("opus", "audio/opus"),
    ("aac", "audio/aac"),
    ("x-aac", "audio/x-aac"),
    ("flac", "audio/flac"),
    ("ogg", "audio/ogg"),
    ("m4a", "audio/x-m4a"),
    ("m4a", "audio/m4a"),
    ("mp4", "audio/mp4"),
    ("webm", "audio/webm"),
    ("mka", "audio/x-matroska"),
    ("mkv", "video/x-matroska"),
    ("pcm", "audio/pcm"),
    ("mpeg", "audio/mpeg"),
    ("mpga", "audio/mpeg"),
];

const DOCUMENTS: Formats = &[
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
];

const VIDEO: Formats = &[
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("mkv", "video/x-matroska"),
    ("webm", "video/webm"),
    ("flv", "video/x-flv"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpeg"),
    ("wmv", "video/x-ms-wmv"),
    ("three_gp", "video/3gpp"),
];

const fn formats(kind: MediaKind) -> Formats {
    match kind {
        MediaKind::Image => IMAGES,
        MediaKind::Audio => AUDIO,
        MediaKind::Document => DOCUMENTS,
        MediaKind::Video => VIDEO,
    }
}

/// The member of a block that holds such media.
pub(super) const fn member(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Audio => "audio",
        MediaKind::Document => "document",
        MediaKind::Video => "video",
    }
}

/// The kind that the member `name` holds.
pub(super) fn kind(name: &[u8]) -> Option<MediaKind> {
    let kinds = [MediaKind::Image, MediaKind::Audio, MediaKind::Document, MediaKind::Video];
    kinds.into_iter().find(|kind| member(*kind).as_bytes() == name)
}

/// Reads the block of that kind which starts here.
pub(super) fn read(scan: &mut Scanner<'_>, kind: MediaKind, losses: &mut Vec<Loss>) -> Read<Media> {
    let mut format = None;
    let mut source = None;
    let mut name = None;
    let mut about = About::default();
    object(scan, |scan, member| {
        match member {
            b"format" => format = Some(text(scan)?),
            b"source" => (source, about.passages) = read_source(scan, losses)?,
            b"name" => name = Some(text(scan)?),
            b"context" if kind == MediaKind::Document => {
                about.context = Some(text(scan)?).filter(|context| !context.is_empty());
            }
            b"citations" if kind == MediaKind::Document => about.is_cited = document::is_cited(scan)?,
            _ => {
                if scan.says_something()? {
                    note(
                        losses,
                        Loss::new(
                            named(&format!("{}.", self::member(kind)), member),
                            "no place for it elsewhere",
                        ),
                    );
                }
            }
        }
        Ok(())
    })?;
    let source = source.ok_or_else(|| super::read::wrong("`source` is missing"))?;
    let media_type = format.map(|format| media_type(kind, &format));
    let source = if kind == MediaKind::Document { as_text(source, media_type.as_deref()) } else { source };
    let media_type = media_type.map(Into::into);
    let about = (about != About::default()).then(|| Box::new(about));
    Ok(Media { kind, media_type, source, name, detail: None, about })
}

/// The media type of a format; one that we do not know is made of the kind and the format.
pub(super) fn media_type(kind: MediaKind, format: &str) -> String {
    let known = formats(kind).iter().find(|(known, _)| *known == format);
    known.map_or_else(
        || match kind {
            MediaKind::Document => format!("application/{format}"),
            kind => format!("{}/{format}", member(kind)),
        },
        |(_, media_type)| (*media_type).to_owned(),
    )
}

/// Where the bytes are; and the ends of its passages, where it is a text in passages.
fn read_source(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<(Option<MediaSource>, Vec<usize>)> {
    let mut source = None;
    let mut passages = Vec::new();
    object(scan, |scan, name| {
        match name {
            b"bytes" => {
                let found = inline_data::inline(None, &text(scan)?);
                source = Some(found.map_err(super::read::wrong)?.1);
            }
            b"text" => source = Some(MediaSource::Text(text(scan)?)),
            b"s3Location" => object(scan, |scan, name| {
                if name == b"uri" {
                    source = Some(MediaSource::Url(text(scan)?));
                    return Ok(());
                }
                note(losses, Loss::new(named("s3Location.", name), "means something to AWS alone"));
                Ok(scan.skip()?)
            })?,
            b"content" => {
                let (text, ends) = document::read_passages(scan)?;
                source = Some(MediaSource::Text(text));
                passages = ends;
            }
            _ => {
                return Err(
                    TranslateError::unsayable(named("source.", name), "no such source elsewhere").into()
                );
            }
        }
        Ok(())
    })?;
    Ok((source, passages))
}

/// A document whose bytes are text, as text: few dialects take the bytes of any but a PDF.
fn as_text(source: MediaSource, media_type: Option<&str>) -> MediaSource {
    let is_text = media_type.is_some_and(|media_type| media_type.starts_with("text/"));
    match &source {
        MediaSource::Base64(base64) if is_text => {
            let bytes = STANDARD.decode(base64).ok();
            bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map_or(source, MediaSource::Text)
        }
        _ => source,
    }
}

/// The names of the documents in a request: each needs one, and no two may share it.
#[derive(Debug, Default)]
pub(super) struct DocumentNames(Vec<String>);

impl DocumentNames {
    /// A name that Bedrock takes: letters, digits, single blanks, hyphens and brackets, up to 200.
    fn fit(&mut self, given: Option<&str>, format: &str, losses: &mut Vec<Loss>) -> String {
        let given = given.unwrap_or_default();
        let stem = given.strip_suffix(format).and_then(|stem| stem.strip_suffix('.')).unwrap_or(given);
        let is_taken = |letter: char| letter.is_ascii_alphanumeric() || "-()[]".contains(letter);
        let plain: String = stem
            .chars()
            .map(|letter| match letter {
                letter if is_taken(letter) => letter,
                letter if letter.is_whitespace() => ' ',
                _ => '-',
            })
            .collect();
        let mut base = plain.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        base.truncate(190);
        let base = if base.trim().is_empty() { "document" } else { base.trim_end() };
        let numbered =
            |number: usize| if number == 1 { base.to_owned() } else { format!("{base} ({number})") };
        let mut names = (1..).map(numbered);
        let fits = names.find(|name| !self.0.contains(name)).expect("some number is free");
        if !given.is_empty() && fits != stem {
            note(losses, Loss::new("media.name", "Bedrock takes few letters in it, and none twice"));
        }
        self.0.push(fits.clone());
        fits
    }
}

/// Writes a block's member for `media`, name and all.
pub(super) fn write(
    json: &mut Json,
    media: &Media,
    names: &mut DocumentNames,
    losses: &mut Vec<Loss>,
) -> Result<(), TranslateError> {
    if let Some(found_at) = media.about.as_ref().and_then(|about| about.found_at.as_deref()) {
        return document::write_search_result(json, media, found_at);
    }
    let member = member(media.kind);
    let format = format_of(media)
        .ok_or_else(|| TranslateError::unsayable(member, "Bedrock does not take its format"))?;
    if media.detail.as_deref().is_some_and(|detail| detail != "auto") {
        note(losses, Loss::new("media.detail", "Bedrock decides how closely it looks"));
    }
    json.key(member).object();
    let passages = media.passages();
    // A text in passages has no format of its own.
    if passages.is_empty() {
        json.key("format").text(format);
    }
    if media.kind == MediaKind::Document {
        json.key("name").text(&names.fit(media.name.as_deref(), format, losses));
    }
    json.key("source").object();
    match &media.source {
        MediaSource::Base64(base64) => {
            let base64 = std::str::from_utf8(base64)
                .map_err(|_| TranslateError::malformed(member, "its bytes are not base64"))?;
            json.key("bytes").text(base64);
        }
        MediaSource::Text(_) if !passages.is_empty() => document::write_passages(json, &passages)?,
        MediaSource::Text(text) if media.kind == MediaKind::Document => {
            json.key("bytes").text(&STANDARD.encode(text));
        }
        MediaSource::Url(url) if url.starts_with("s3://") => {
            json.key("s3Location").object().key("uri").text(url).end_object();
        }
        MediaSource::Url(_) => {
            return Err(TranslateError::unsayable(member, "of addresses, Bedrock takes only s3://"));
        }
        MediaSource::Text(_) => return Err(TranslateError::unsayable(member, "text is no such media")),
        MediaSource::Held(_) => {
            return Err(TranslateError::unsayable(member, "another supplier holds the file"));
        }
    }
    json.end_object();
    document::write_about(json, media);
    json.end_object();
    Ok(())
}

/// Whether an answer shows it: streams hold pictures in bytes only.
pub(super) fn shown(media: &Media, streamed: bool) -> Result<(), &'static str> {
    let is_reached = match &media.source {
        MediaSource::Base64(_) => true,
        MediaSource::Text(_) => media.kind == MediaKind::Document,
        MediaSource::Url(address) => address.starts_with("s3://"),
        MediaSource::Held(_) => false,
    };
    if streamed && !matches!((media.kind, &media.source), (MediaKind::Image, MediaSource::Base64(_))) {
        return Err("of media, streams hold images in bytes only");
    }
    if is_reached && format_of(media).is_some() { Ok(()) } else { Err("answers hold no such media there") }
}

/// The format by the media type, or else by how the name or the address ends.
pub(super) fn format_of(media: &Media) -> Option<&'static str> {
    let formats = formats(media.kind);
    if let Some(media_type) = &media.media_type {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        return formats
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(essence))
            .map(|(format, _)| *format);
    }
    let of_name = |name: &str| {
        let (_, ending) = name.rsplit_once('.')?;
        let ending = if ending.eq_ignore_ascii_case("jpg") { "jpeg" } else { ending };
        formats.iter().find(|(format, _)| format.eq_ignore_ascii_case(ending)).map(|(format, _)| *format)
    };
    let of_source = || match &media.source {
        MediaSource::Url(url) => of_name(url),
        MediaSource::Text(_) => Some("txt"),
        _ => None,
    };
    media.name.as_deref().and_then(of_name).or_else(of_source)
}
