//! Content parts: text and what belongs to it, refusals, media.
//!
//! Source: `types/responses/response_input_{text,image,file,audio}_param.py`, `response_output_{text,refusal}.py`.

use super::read::{self, Fault, NO_PLACE, Read, lose};
use crate::conversation::document::type_by_name;
use crate::conversation::{
    Block, CacheMark, Citation, Content, Logprob, Loss, Media, MediaKind, MediaSource, Text, TokenLogprob,
    TranslateError,
};
use crate::inline_data::{addressed, encoded};
use crate::scan::{Kind, Scanner};
use crate::translate::note;

/// What is done with a part of a kind that nobody else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Strange {
    /// The request is refused: it would mean something else without.
    #[default]
    Refuse,
    /// It is left out, and named: an answer is read as far as it can be.
    Lose,
}

/// Reads content: one text, or a list of parts. Text without a word is left out.
pub(super) fn blocks(
    scan: &mut Scanner<'_>,
    path: &str,
    strange: Strange,
    losses: &mut Vec<Loss>,
) -> Read<Vec<Block>> {
    let mut blocks = Vec::new();
    if scan.kind()? == Kind::String {
        let text = scan.string()?.unescape();
        blocks.extend((!text.is_empty()).then(|| Content::text(text).into()));
        return Ok(blocks);
    }
    read::list(scan, path, |scan| {
        if scan.kind()? == Kind::String {
            blocks.push(Content::text(scan.string()?.unescape()).into());
            return Ok(());
        }
        let part = Part::read(scan, path, losses)?;
        match part.block(path) {
            Err(Fault::Said(TranslateError::Unsayable { what, why })) if strange == Strange::Lose => {
                note(losses, Loss::new(what, why));
            }
            block => blocks.extend(block?),
        }
        Ok(())
    })?;
    Ok(blocks)
}

/// The members of a part, whatever its type.
#[derive(Debug, Default)]
struct Part {
    kind: Option<String>,
    text: Option<String>,
    refusal: Option<String>,
    image_url: Option<String>,
    file_id: Option<String>,
    file_data: Option<String>,
    file_url: Option<String>,
    filename: Option<String>,
    detail: Option<String>,
    audio: Option<(String, String)>,
    citations: Vec<Citation>,
    logprobs: Vec<TokenLogprob>,
    cache: Option<CacheMark>,
}

impl Part {
    fn read(scan: &mut Scanner<'_>, path: &str, losses: &mut Vec<Loss>) -> Read<Self> {
        let mut part = Self::default();
        read::object(scan, path, |scan, name| {
            match name {
                b"type" => part.kind = read::string(scan, path)?,
                b"text" => part.text = read::string(scan, path)?,
                b"refusal" => part.refusal = read::string(scan, path)?,
                b"image_url" => part.image_url = read::string(scan, path)?,
                b"file_id" => part.file_id = read::string(scan, path)?,
                b"file_data" => part.file_data = read::string(scan, path)?,
                b"file_url" => part.file_url = read::string(scan, path)?,
                b"filename" => part.filename = read::string(scan, path)?,
                // What it is where nothing is said.
                b"detail" => part.detail = read::string(scan, path)?.filter(|detail| detail != "auto"),
                b"input_audio" => part.audio = Some(audio(scan, path, losses)?),
                b"annotations" => part.citations = citations(scan, losses)?,
                b"logprobs" => part.logprobs = logprobs(scan)?,
                b"prompt_cache_breakpoint" => part.cache = cache_mark(scan, path)?,
                _ => lose(scan, losses, path, name, NO_PLACE)?,
            }
            Ok(())
        })?;
        Ok(part)
    }

    fn block(self, path: &str) -> Read<Option<Block>> {
        let cache = self.cache;
        let content = match self.kind.as_deref() {
            Some("input_text" | "output_text" | "text") => {
                let Self { text, citations, logprobs, .. } = self;
                let text = Text { text: text.unwrap_or_default(), citations, logprobs, proof: None };
                (text != Text::default()).then_some(Content::Text(text))
            }
            Some("refusal") => self.refusal.map(Content::Refusal),
            Some("input_image") => Some(Content::Media(self.image(path)?)),
            Some("input_file") => Some(Content::Media(self.file(path)?)),
            Some("input_audio") => Some(Content::Media(self.sound(path)?)),
            Some(other) => {
                let why = "a kind of content that only its own protocol has";
                return Err(TranslateError::unsayable(format!("{path}.{other}"), why).into());
            }
            None => return Err(TranslateError::malformed(format!("{path}.type"), "a part has a type").into()),
        };
        Ok(content.map(|content| Block { content, cache }))
    }

    fn image(self, path: &str) -> Read<Media> {
        let (media_type, source) = match (self.image_url, self.file_id) {
            (Some(url), _) => addressed(&url).map_err(wrong(path, "image_url"))?,
            (None, Some(id)) => (None, MediaSource::Held(id)),
            _ => return Err(TranslateError::malformed(path, "an image has an address or a file").into()),
        };
        Ok(Media { kind: MediaKind::Image, media_type, source, name: None, detail: self.detail, about: None })
    }

    fn file(self, path: &str) -> Read<Media> {
        let (media_type, source) = match (self.file_data, self.file_url, self.file_id) {
            (Some(data), ..) => encoded(&data).map_err(wrong(path, "file_data"))?,
            (None, Some(url), _) => addressed(&url).map_err(wrong(path, "file_url"))?,
            (None, None, Some(id)) => (None, MediaSource::Held(id)),
            _ => return Err(TranslateError::malformed(path, "a file has data, an address or an id").into()),
        };
        let by_name = self.filename.as_deref().and_then(type_by_name);
        let media_type = media_type.or_else(|| by_name.map(Into::into));
        Ok(Media {
            kind: MediaKind::Document,
            media_type,
            source,
            name: self.filename,
            detail: self.detail,
            about: None,
        })
    }

    fn sound(self, path: &str) -> Read<Media> {
        let (data, format) =
            self.audio.ok_or_else(|| TranslateError::malformed(path, "audio has `input_audio`"))?;
        let media_type = match format.as_str() {
            "mp3" => "audio/mpeg".into(),
            format => format!("audio/{format}").into(),
        };
        let (_, source) = encoded(&data).map_err(wrong(path, "input_audio.data"))?;
        Ok(Media {
            kind: MediaKind::Audio,
            media_type: Some(media_type),
            source,
            name: None,
            detail: None,
            about: None,
        })
    }
}

/// What is wrong with data, told with its place.
fn wrong(path: &str, name: &str) -> impl Fn(&'static str) -> Fault {
    let path = format!("{path}.{name}");
    move |what| TranslateError::malformed(path.as_str(), what).into()
}

/// Data and format.
fn audio(scan: &mut Scanner<'_>, path: &str, losses: &mut Vec<Loss>) -> Read<(String, String)> {
    let (mut data, mut format) = (None, None);
    read::object(scan, path, |scan, name| {
        match name {
            b"data" => data = read::string(scan, path)?,
            b"format" => format = read::string(scan, path)?,
            _ => lose(scan, losses, path, name, NO_PLACE)?,
        }
        Ok(())
    })?;
    data.zip(format).ok_or_else(|| TranslateError::malformed(path, "audio has data and a format").into())
}

/// A break point for the cache; it lives for half an hour, or for twelve.
fn cache_mark(scan: &mut Scanner<'_>, path: &str) -> Read<Option<CacheMark>> {
    if scan.kind()? == Kind::Null {
        scan.skip()?;
        return Ok(None);
    }
    let mut mark = CacheMark::Short;
    read::object(scan, path, |scan, name| {
        match name {
            b"ttl" if scan.text()?.is_some_and(|ttl| ttl.is("12h")) => mark = CacheMark::Hour,
            b"ttl" => {}
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    Ok(Some(mark))
}

fn citations(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Vec<Citation>> {
    let mut citations = Vec::new();
    read::list(scan, "annotations", |scan| {
        citations.extend(citation(scan, losses)?);
        Ok(())
    })?;
    Ok(citations)
}

/// One annotation. Only those that cite an address have a neutral form; others point into the supplier's files.
pub(super) fn citation(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Option<Citation>> {
    let mut citation = Citation::default();
    let (mut kind, mut start, mut end) = (None, None, None);
    read::object(scan, "annotations", |scan, name| {
        match name {
            b"type" => kind = scan.text()?.map(|kind| kind.unescape()),
            b"url" => citation.url = read::string(scan, "annotations.url")?,
            b"title" => citation.title = read::string(scan, "annotations.title")?,
            b"start_index" => start = scan.integer()?,
            b"end_index" => end = scan.integer()?,
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    if kind.as_deref() == Some("url_citation") {
        citation.range = start.zip(end);
        citation.title = citation.title.filter(|title| !title.is_empty());
        return Ok(Some(citation));
    }
    let what = format!("annotations.{}", kind.unwrap_or_default());
    note(losses, Loss::new(what, "cites a file that only the supplier has"));
    Ok(None)
}

/// Tokens and how probable they were.
pub(super) fn logprobs(scan: &mut Scanner<'_>) -> Read<Vec<TokenLogprob>> {
    let mut tokens = Vec::new();
    read::list(scan, "logprobs", |scan| {
        let (chosen, top) = token(scan)?;
        tokens.extend(chosen.map(|chosen| TokenLogprob { chosen, top }));
        Ok(())
    })?;
    Ok(tokens)
}

/// One token and its alternatives; none where what makes it one is missing.
fn token(scan: &mut Scanner<'_>) -> Read<(Option<Logprob>, Vec<Logprob>)> {
    let (mut token_text, mut logprob, mut bytes, mut top) = (None, None, None, Vec::new());
    read::object(scan, "logprobs", |scan, name| {
        match name {
            b"token" => token_text = read::string(scan, "logprobs.token")?,
            b"logprob" => logprob = read::number(scan, "logprobs.logprob")?,
            b"bytes" => bytes = byte_list(scan)?,
            b"top_logprobs" => read::list(scan, "logprobs.top_logprobs", |scan| {
                top.extend(token(scan)?.0);
                Ok(())
            })?,
            _ => scan.skip()?,
        }
        Ok(())
    })?;
    let chosen = token_text.zip(logprob).map(|(token, logprob)| Logprob { token, logprob, bytes });
    Ok((chosen, top))
}

fn byte_list(scan: &mut Scanner<'_>) -> Read<Option<Vec<u8>>> {
    if scan.kind()? != Kind::Array {
        scan.skip()?;
        return Ok(None);
    }
    let mut bytes = Some(Vec::new());
    read::list(scan, "logprobs.bytes", |scan| {
        let byte = scan.integer()?.and_then(|byte| u8::try_from(byte).ok());
        bytes = bytes.take().zip(byte).map(|(mut bytes, byte)| {
            bytes.push(byte);
            bytes
        });
        Ok(())
    })?;
    Ok(bytes)
}
