//! Images and documents, read.

use super::Reader;
use crate::anthropic_messages::fault::Fault;
use crate::anthropic_messages::members::Members;
use crate::conversation::{About, Content, Media, MediaKind, MediaSource};
use crate::inline_data;
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
        let mut media = self.media(members, MediaKind::Document)?;
        media.name = members.string("title")?;
        if let Some(context) = members.string("context")?.filter(|context| !context.is_empty()) {
            media.about_mut().context = Some(context);
        }
        cited(members, &mut media)?;
        Ok(media)
    }

    /// A passage of the client's own search, with its source: a document that was found.
    pub(super) fn search_result(&mut self, members: &mut Members<'_>) -> Result<Media, Fault> {
        let Some(mut value) = members.take("content") else {
            return Err(Fault::malformed("content", "it is missing"));
        };
        let mut media = passages(&mut value, self)?;
        media.name = members.string("title")?.filter(|title| !title.is_empty());
        media.about_mut().found_at = Some(members.required("source")?);
        cited(members, &mut media)?;
        Ok(media)
    }

    fn media(&mut self, members: &mut Members<'_>, kind: MediaKind) -> Result<Media, Fault> {
        let Some(mut source) = members.members("source", SOURCE)? else {
            return Err(Fault::malformed("source", "it is missing"));
        };
        let media = self.source(kind, &mut source).map_err(|fault| fault.within(|| "source".to_owned()))?;
        source.rest(self.losses, "source")?;
        Ok(media)
    }

    /// The media type, where it is stated, and where the bytes are.
    fn source(&mut self, of: MediaKind, source: &mut Members<'_>) -> Result<Media, Fault> {
        let kind = source.required("type")?;
        let media_type = source.string("media_type")?;
        let media_type = media_type.map(|said| inline_data::media_type(&said));
        let place = match kind.as_str() {
            "base64" => {
                let found = inline_data::inline(media_type.as_deref(), &source.required("data")?);
                let (media_type, source) = found.map_err(|what| Fault::malformed("data", what))?;
                return Ok(Media { kind: of, media_type, source, name: None, detail: None, about: None });
            }
            "url" => MediaSource::Url(source.required("url")?),
            "file" => MediaSource::Held(source.required("file_id")?),
            "text" => MediaSource::Text(source.required("data")?),
            "content" => {
                let Some(mut value) = source.take("content") else {
                    return Err(Fault::malformed("content", "it is missing"));
                };
                return passages(&mut value, self);
            }
            _ => return Err(Fault::malformed("type", "no kind of source that is known here")),
        };
        Ok(Media { kind: of, media_type, source: place, name: None, detail: None, about: None })
    }
}

/// A document's `citations`: whether the model is to cite it.
fn cited(members: &mut Members<'_>, media: &mut Media) -> Result<(), Fault> {
    let Some(mut wanted) = members.members("citations", &["enabled"])? else { return Ok(()) };
    if wanted.boolean("enabled")? == Some(true) {
        media.about_mut().is_cited = true;
    }
    Ok(())
}

/// A document or search result that is made of blocks: each of a list's is cited as a whole.
fn passages(scan: &mut Scanner<'_>, reader: &mut Reader<'_>) -> Result<Media, Fault> {
    let is_list = scan.kind()? == Kind::Array;
    let blocks = reader.blocks(scan).map_err(|fault| fault.within(|| "content".to_owned()))?;
    if blocks.iter().any(|block| block.cache.is_some()) {
        reader.losses.add("cache_control", "no marks inside a document");
    }
    let mut texts = Vec::with_capacity(blocks.len());
    for block in blocks {
        let Content::Text(passage) = block.content else {
            return Err(Fault::unsayable(
                "document.content",
                "a document of images and text has no form elsewhere",
            ));
        };
        texts.push(passage.text);
    }
    let (text, passages) = About::put_together(&texts);
    let about = is_list.then(|| Box::new(About { passages, ..About::default() }));
    let media_type = Some("text/plain".into());
    let source = MediaSource::Text(text);
    Ok(Media { kind: MediaKind::Document, media_type, source, name: None, detail: None, about })
}
