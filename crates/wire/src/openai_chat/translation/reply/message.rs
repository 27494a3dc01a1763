//! `message` of an answer or `delta` of a chunk.

use super::super::media;
use super::super::read::Losses;
use super::super::reasoning::Entry;
use super::{extras, said};
use crate::conversation::{Citation, Media, MediaKind, TranslateError};
use crate::scan::{Kind, ScanError, Scanner};

/// A message, or a piece of one.
#[derive(Debug, Default)]
pub(in super::super) struct Message {
    pub(in super::super) content: Vec<Piece>,
    pub(in super::super) refusal: Option<String>,
    /// Reasoning in plain text.
    pub(in super::super) reasoning: Option<String>,
    pub(in super::super) entries: Vec<Entry>,
    pub(in super::super) calls: Vec<Call>,
    pub(in super::super) citations: Vec<Citation>,
    pub(in super::super) media: Vec<Media>,
    /// What proves the message's last text, in Google's place for it.
    pub(in super::super) proof: Option<String>,
}

/// A piece of content.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Piece {
    Text(String),
    /// Mistral's reasoning stands within the content.
    Reasoning(String),
}

/// A tool call, or a piece of one.
#[derive(Debug, Default)]
pub(in super::super) struct Call {
    pub(in super::super) index: Option<u64>,
    pub(in super::super) id: Option<String>,
    pub(in super::super) name: Option<String>,
    pub(in super::super) is_custom: bool,
    /// Arguments, or the text of a custom one.
    pub(in super::super) input: String,
    /// Google's `thought_signature`.
    pub(in super::super) proof: Option<String>,
}

impl Message {
    /// Whether it says one piece of text, and nothing else.
    pub(super) fn is_text(&self) -> bool {
        let Self { content, refusal, reasoning, entries, calls, citations, media, proof } = self;
        let is_text = matches!(content.as_slice(), [Piece::Text(_)]);
        let is_prose = refusal.is_none() && reasoning.is_none() && entries.is_empty() && proof.is_none();
        is_text && is_prose && calls.is_empty() && citations.is_empty() && media.is_empty()
    }

    pub(super) fn read(&mut self, scan: &mut Scanner<'_>, losses: &mut Losses) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return scan.skip();
        }
        let mut by_another_name = None;
        scan.object(|scan, name| {
            match name {
                b"content" => self.content(scan, losses)?,
                b"refusal" => self.refusal = said(scan)?,
                b"reasoning_content" => self.reasoning = said(scan)?,
                b"reasoning" => by_another_name = said(scan)?,
                b"reasoning_details" => self.entries = Entry::read_list(scan, losses)?,
                b"tool_calls" => self.call_list(scan, losses)?,
                b"function_call" => {
                    if scan.kind()? == Kind::Object {
                        let mut call = Call::default();
                        call.function(scan, losses)?;
                        self.calls.push(call);
                    } else {
                        scan.skip()?;
                    }
                }
                b"annotations" => self.citations = extras::read_citations(scan, losses)?,
                b"images" => self.images(scan, losses)?,
                b"extra_content" => self.proof = extras::read_signature(scan)?.or_else(|| self.proof.take()),
                b"role" | b"name" => scan.skip()?,
                _ => losses.unknown(scan, "message", name)?,
            }
            Ok::<_, ScanError>(())
        })?;
        // Some suppliers state the same text under both names.
        self.reasoning = self.reasoning.take().or(by_another_name);
        Ok(())
    }

    /// A string, or a list of parts.
    fn content(&mut self, scan: &mut Scanner<'_>, losses: &mut Losses) -> Result<(), ScanError> {
        match scan.kind()? {
            Kind::String => self.content.extend(said(scan)?.map(Piece::Text)),
            Kind::Array => scan.array(|scan| match scan.kind()? {
                Kind::Object => self.part(scan, losses),
                _ => scan.skip(),
            })?,
            _ => scan.skip()?,
        }
        Ok(())
    }

    fn part(&mut self, scan: &mut Scanner<'_>, losses: &mut Losses) -> Result<(), ScanError> {
        let mut kind = None;
        let mut text = None;
        let mut thinking = String::new();
        scan.object(|scan, name| {
            match name {
                b"type" => kind = said(scan)?,
                b"text" => text = said(scan)?,
                b"thinking" => texts(scan, &mut thinking)?,
                _ => scan.skip()?,
            }
            Ok::<_, ScanError>(())
        })?;
        match kind.as_deref() {
            Some("thinking") if !thinking.is_empty() => self.content.push(Piece::Reasoning(thinking)),
            Some("text") => self.content.extend(text.map(Piece::Text)),
            Some("thinking") => {}
            _ => losses.note("message.content", "parts of an unknown type"),
        }
        Ok(())
    }

    fn call_list(&mut self, scan: &mut Scanner<'_>, losses: &mut Losses) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Array {
            return scan.skip();
        }
        scan.array(|scan| {
            if scan.kind()? != Kind::Object {
                return scan.skip();
            }
            let mut call = Call::default();
            scan.object(|scan, name| {
                match name {
                    b"index" => call.index = scan.integer()?,
                    b"id" => call.id = said(scan)?,
                    b"type" => call.is_custom |= scan.text()?.is_some_and(|kind| kind.is("custom")),
                    b"function" | b"custom" => call.function(scan, losses)?,
                    b"extra_content" => call.proof = extras::read_signature(scan)?,
                    _ => losses.unknown(scan, "tool_calls", name)?,
                }
                Ok::<_, ScanError>(())
            })?;
            self.calls.push(call);
            Ok::<_, ScanError>(())
        })
    }

    /// `OpenRouter`'s place for pictures that a model makes.
    fn images(&mut self, scan: &mut Scanner<'_>, losses: &mut Losses) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Array {
            return scan.skip();
        }
        scan.array(|scan| {
            if scan.kind()? != Kind::Object {
                return scan.skip();
            }
            scan.object(|scan, name| {
                if name != b"image_url" {
                    return scan.skip();
                }
                let range = scan.range()?;
                match media::read_address(&mut scan.again(range), MediaKind::Image, losses) {
                    Ok(image) => self.media.push(image),
                    Err(_) => losses.note("message.images", "an image that cannot be read"),
                }
                Ok(())
            })
        })
    }
}

impl Call {
    fn function(&mut self, scan: &mut Scanner<'_>, losses: &mut Losses) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return scan.skip();
        }
        scan.object(|scan, name| {
            match name {
                b"name" => self.name = said(scan)?.or_else(|| self.name.take()),
                b"arguments" | b"input" => self.input = argument_text(scan)?,
                _ => losses.unknown(scan, "tool_calls.function", name)?,
            }
            Ok::<_, ScanError>(())
        })
    }

    /// The name, which a whole call must have.
    pub(in super::super) fn named(&mut self) -> Result<String, TranslateError> {
        let name = self.name.take();
        name.ok_or_else(|| TranslateError::malformed("tool_calls.function.name", "a call of no tool"))
    }
}

/// Arguments are JSON in a string; some suppliers write the JSON itself.
pub(in super::super) fn argument_text(scan: &mut Scanner<'_>) -> Result<String, ScanError> {
    match scan.kind()? {
        Kind::String => Ok(scan.string()?.unescape().into_owned()),
        Kind::Null => scan.skip().map(|()| String::new()),
        _ => {
            let range = scan.range()?;
            Ok(String::from_utf8_lossy(scan.slice(range)).into_owned())
        }
    }
}

/// All texts in a value: a string, or a list of parts with `text`.
fn texts(scan: &mut Scanner<'_>, into: &mut String) -> Result<(), ScanError> {
    match scan.kind()? {
        Kind::String => into.push_str(&scan.string()?.unescape()),
        Kind::Array => scan.array(|scan| texts(scan, into))?,
        Kind::Object => scan.object(|scan, name| {
            if name == b"text" {
                return texts(scan, into);
            }
            scan.skip()
        })?,
        _ => scan.skip()?,
    }
    Ok(())
}
