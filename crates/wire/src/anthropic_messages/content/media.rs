//! Images and documents, read.

use bytes::Bytes;

use super::Reader;
use crate::anthropic_messages::fault::Fault;
use crate::anthropic_messages::members::Members;
use crate::conversation::{Content, Media, MediaKind, MediaSource};
use crate::scan::{Kind, Scanner};

const SOURCE: &[&str] = &["type", "media_type", "data", "url", "file_id", "content"];

impl Reader<'_> {
    pub(super) fn image(&mut self, members: &mut Members<'_>) -> Result<Media, Fault> {
        if let Some(mut wanted) = members.members("transformations", &["oversized_image"])?
            && wanted.text("oversized_image")?.is_some_and(|wanted| !wanted.is("downsize"))
        {
            self.losses.add(
                "image.transformations",
                "how large images are treated is the supplier's choice elsewhere",
            );
        }
        self.media(members, MediaKind::Image)
    }

    pub(super) fn document(&mut self, members: &mut Members<'_>) -> Result<Media, Fault> {
        self.citations_wanted(members, "document.citations")?;
        if members.text("context")?.is_some_and(|context| !context.raw.is_empty()) {
            self.losses.add("document.context", "no place for what is said about a document");
        }
        let name = members.string("title")?;
        Ok(Media { name, ..self.media(members, MediaKind::Document)? })
    }

    fn media(&mut self, members: &mut Members<'_>, kind: MediaKind) -> Result<Media, Fault> {
        let Some(mut source) = members.members("source", SOURCE)? else {
            return Err(Fault::malformed("source", "it is missing"));
        };
        let (media_type, place) =
            self.source(&mut source).map_err(|fault| fault.within(|| "source".to_owned()))?;
        source.rest(self.losses, "source")?;
        let media_type = media_type.map(Into::into);
        Ok(Media { kind, media_type, source: place, name: None, detail: None })
    }

    /// The media type, where it is stated, and where the bytes are.
    fn source(&mut self, source: &mut Members<'_>) -> Result<(Option<String>, MediaSource), Fault> {
        let kind = source.required("type")?;
        let media_type = source.string("media_type")?;
        let place = match kind.as_str() {
            "base64" => MediaSource::Base64(Bytes::from(source.required("data")?)),
            "url" => MediaSource::Url(source.required("url")?),
            "file" => MediaSource::Held(source.required("file_id")?),
            "text" => MediaSource::Text(source.required("data")?),
            "content" => {
                let Some(mut value) = source.take("content") else {
                    return Err(Fault::malformed("content", "it is missing"));
                };
                return Ok((Some("text/plain".to_owned()), MediaSource::Text(passages(&mut value, self)?)));
            }
            _ => return Err(Fault::malformed("type", "no kind of source that is known here")),
        };
        Ok((media_type, place))
    }
}

/// The text of a document or search result that is made of blocks, a line for each.
pub(super) fn passages(scan: &mut Scanner<'_>, reader: &mut Reader<'_>) -> Result<String, Fault> {
    let is_list = scan.kind()? == Kind::Array;
    let blocks = reader.blocks(scan).map_err(|fault| fault.within(|| "content".to_owned()))?;
    if is_list && blocks.len() > 1 {
        reader.losses.add("document.content", "a document is not in blocks elsewhere: it is put together");
    }
    if blocks.iter().any(|block| block.cache.is_some()) {
        reader.losses.add("document.content.cache_control", "no marks inside a document");
    }
    let mut text = String::new();
    for block in blocks {
        let Content::Text(passage) = block.content else {
            return Err(Fault::unsayable(
                "document.content",
                "a document of images and text has no form elsewhere",
            ));
        };
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&passage.text);
    }
    Ok(text)
}
