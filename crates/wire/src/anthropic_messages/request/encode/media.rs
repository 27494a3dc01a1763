//! Images and documents, written.
//!
//! Source: `image_block_param.py`, `document_block_param.py` and the sources they name, of the official Python SDK,
//! anthropic 2.12.0, read 2026-11-28.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::content::Writer;
use crate::conversation::{CacheMark, Media, MediaKind, MediaSource, TranslateError};
use crate::json::Json;

/// The media types of images.
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

const PDF: &str = "application/pdf";

/// A kind of media, in a word.
pub(super) const fn word(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Audio => "audio",
        MediaKind::Document => "document",
        MediaKind::Video => "video",
    }
}

impl Writer<'_, '_> {
    pub(super) fn media(&mut self, media: &Media, mark: Option<CacheMark>) -> Result<(), TranslateError> {
        let word = word(media.kind);
        if media.detail.as_deref().is_some_and(|detail| detail != "auto") {
            self.losses.add("media.detail", "how closely to look cannot be said there");
        }
        let is_image = media.kind == MediaKind::Image;
        if is_image && media.name.is_some() {
            self.losses.add("media.name", "images have no names there");
        }
        if let Some(found_at) = media.about.as_ref().and_then(|about| about.found_at.as_deref()) {
            return self.search_result(media, found_at, mark);
        }
        self.json.object().key("type").text(word).key("source").object();
        match media.kind {
            MediaKind::Image => self.image(media)?,
            MediaKind::Document => self.document(media)?,
            MediaKind::Audio | MediaKind::Video => {
                return Err(TranslateError::unsayable(word, "images and documents alone are taken there"));
            }
        }
        self.json.end_object();
        if !is_image {
            self.json.optional("title", media.name.as_deref().filter(|name| !name.is_empty()));
            self.json.optional("context", media.about.as_ref().and_then(|about| about.context.as_ref()));
            self.citations(media);
        }
        let mark = self.marks.next(mark);
        super::super::super::cache::write(&mut self.json, mark);
        self.json.end_object();
        Ok(())
    }

    /// What a client's own search found. It has no place for what else is said about a document.
    fn search_result(
        &mut self,
        media: &Media,
        found_at: &str,
        mark: Option<CacheMark>,
    ) -> Result<(), TranslateError> {
        self.json.object().key("type").text("search_result").key("source").text(found_at);
        self.json.key("title").text(media.name.as_deref().unwrap_or_default());
        self.passages(media)?;
        self.citations(media);
        let mark = self.marks.next(mark);
        super::super::super::cache::write(&mut self.json, mark);
        self.json.end_object();
        Ok(())
    }

    fn citations(&mut self, media: &Media) {
        if media.about.as_ref().is_some_and(|about| about.is_cited) {
            self.json.key("citations").object().key("enabled").boolean(true).end_object();
        }
    }

    /// The member `content`, a block for each passage that says something.
    fn passages(&mut self, media: &Media) -> Result<(), TranslateError> {
        let passages = media.passages();
        let mut said = passages.iter().filter(|passage| !passage.trim().is_empty()).peekable();
        if said.peek().is_none() {
            return Err(TranslateError::unsayable("document", "an empty document is refused there"));
        }
        self.json.key("content").array();
        for passage in said {
            self.json.object().key("type").text("text").key("text").text(passage).end_object();
        }
        self.json.end_array();
        Ok(())
    }

    fn image(&mut self, media: &Media) -> Result<(), TranslateError> {
        match &media.source {
            MediaSource::Base64(data) => {
                let Some(media_type) = media.media_type.as_deref().filter(|found| IMAGES.contains(found))
                else {
                    return Err(TranslateError::unsayable(
                        "image.media_type",
                        "JPEG, PNG, GIF and WebP are taken there",
                    ));
                };
                base64(&mut self.json, media_type, data);
                Ok(())
            }
            MediaSource::Text(_) => Err(TranslateError::unsayable("image", "an image is not text")),
            MediaSource::Url(url) => self.url("image", url),
            MediaSource::Held(id) => self.held("image", id),
        }
    }

    fn document(&mut self, media: &Media) -> Result<(), TranslateError> {
        let stated = media.media_type.as_deref();
        match &media.source {
            MediaSource::Base64(data) => match stated {
                Some(PDF) => {
                    base64(&mut self.json, PDF, data);
                    Ok(())
                }
                Some(other) if other.starts_with("text/") => {
                    let text = STANDARD.decode(data).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                    let Some(text) = text else {
                        return Err(TranslateError::unsayable(
                            "document",
                            "a text document has to be UTF-8 there",
                        ));
                    };
                    self.plain(&text, other)
                }
                _ => Err(TranslateError::unsayable("document.media_type", "PDF and text are taken there")),
            },
            MediaSource::Text(_) if !media.passages().is_empty() => {
                self.json.key("type").text("content");
                self.passages(media)
            }
            MediaSource::Text(text) => self.plain(text, stated.unwrap_or("text/plain")),
            MediaSource::Url(url) => {
                if stated.is_some_and(|stated| stated != PDF) {
                    return Err(TranslateError::unsayable(
                        "document.media_type",
                        "only PDF is taken by address there",
                    ));
                }
                self.url("document", url)
            }
            MediaSource::Held(id) => self.held("document", id),
        }
    }

    fn plain(&mut self, text: &str, media_type: &str) -> Result<(), TranslateError> {
        if text.trim().is_empty() {
            return Err(TranslateError::unsayable("document", "an empty document is refused there"));
        }
        if media_type != "text/plain" {
            self.losses.add("document.media_type", "text is plain text there");
        }
        self.json.key("type").text("text").key("media_type").text("text/plain").key("data").text(text);
        Ok(())
    }

    fn url(&mut self, what: &str, url: &str) -> Result<(), TranslateError> {
        let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("http" | "https")) {
            return Err(TranslateError::unsayable(
                format!("{what}.url"),
                "web addresses alone are fetched there",
            ));
        }
        self.json.key("type").text("url").key("url").text(url);
        Ok(())
    }

    /// A file that Anthropic holds. Its ids begin so; nothing else tells them from those of other suppliers.
    fn held(&mut self, what: &str, id: &str) -> Result<(), TranslateError> {
        if !id.starts_with("file_") {
            return Err(TranslateError::unsayable(
                format!("{what}.file_id"),
                "another supplier holds this file",
            ));
        }
        self.json.key("type").text("file").key("file_id").text(id);
        Ok(())
    }
}

fn base64(json: &mut Json, media_type: &str, data: &[u8]) {
    json.key("type").text("base64").key("media_type").text(media_type);
    json.key("data").text(&String::from_utf8_lossy(data));
}
