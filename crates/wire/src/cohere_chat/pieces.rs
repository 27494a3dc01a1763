//! What stands in whole replies and in events alike: tool calls, citations, probabilities.
//!
//! Source: `cohere/types/` of the official Python SDK, cohere 7.3.1 (`tool_call_v2.py`, `citation.py`, `source.py`,
//! `logprob_item.py`), read 2026-11-28. Every member is optional in practice.

use crate::conversation::{Citation, Logprob, TokenLogprob};
use crate::scan::{Kind, ScanError, Scanner, Text};

/// A tool call, or a piece of one.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) id: Option<Text<'a>>,
    pub(super) name: Option<Text<'a>>,
    /// JSON text, in a string.
    pub(super) arguments: Option<Text<'a>>,
}

impl<'a> Call<'a> {
    /// Reads the object that starts here.
    pub(super) fn read(scan: &mut Scanner<'a>) -> Result<Self, ScanError> {
        let mut call = Self::default();
        scan.object(|scan, name| match name {
            b"id" => {
                call.id = scan.text()?;
                Ok(())
            }
            b"function" if scan.kind()? == Kind::Object => scan.object(|scan, name| {
                match name {
                    b"name" => call.name = scan.text()?,
                    b"arguments" => call.arguments = scan.text()?,
                    _ => scan.skip()?,
                }
                Ok(())
            }),
            _ => scan.skip(),
        })?;
        Ok(call)
    }

    /// Bytes of generated text in it.
    pub(super) fn text_bytes(&self) -> u64 {
        [self.name, self.arguments].into_iter().flatten().map(|text| text.raw.len() as u64).sum()
    }
}

/// A citation: one passage of the answer, and its sources.
#[derive(Debug, Default)]
pub(super) struct Cited {
    start: Option<u64>,
    end: Option<u64>,
    /// Whether it is the text that cites, rather than the thinking or the plan.
    pub(super) is_in_text: bool,
    /// Which content block cites.
    pub(super) content_index: Option<u64>,
    sources: Vec<Citation>,
}

impl Cited {
    /// Reads the object that starts here.
    pub(super) fn read(scan: &mut Scanner<'_>) -> Result<Self, ScanError> {
        let mut cited = Self { is_in_text: true, ..Self::default() };
        scan.object(|scan, name| {
            match name {
                b"start" => cited.start = scan.integer()?,
                b"end" => cited.end = scan.integer()?,
                b"content_index" => cited.content_index = scan.integer()?,
                b"type" => cited.is_in_text = scan.text()?.is_none_or(|kind| kind.is("TEXT_CONTENT")),
                b"sources" => each_object(scan, |scan| {
                    cited.sources.push(source(scan)?);
                    Ok(())
                })?,
                _ => scan.skip()?,
            }
            Ok::<_, ScanError>(())
        })?;
        Ok(cited)
    }

    /// One citation a source, all of the same passage.
    pub(super) fn into_citations(self) -> impl Iterator<Item = Citation> {
        let range = self.start.zip(self.end);
        let mut sources = self.sources;
        if sources.is_empty() {
            sources.push(Citation::default());
        }
        sources.into_iter().map(move |source| Citation { range, ..source })
    }
}

/// A document that was sent along, or a tool's output: whatever it says of itself. What it is called counts before its id.
fn source(scan: &mut Scanner<'_>) -> Result<Citation, ScanError> {
    let mut citation = Citation::default();
    let mut id = None;
    scan.object(|scan, name| match name {
        b"id" => word(scan, &mut id),
        b"document" | b"tool_output" if scan.kind()? == Kind::Object => {
            scan.object(|scan, name| match name {
                b"url" => word(scan, &mut citation.url),
                b"title" => word(scan, &mut citation.title),
                b"text" | b"snippet" => word(scan, &mut citation.quote),
                _ => scan.skip(),
            })
        }
        _ => scan.skip(),
    })?;
    citation.title = citation.title.or(id);
    Ok(citation)
}

fn word(scan: &mut Scanner<'_>, place: &mut Option<String>) -> Result<(), ScanError> {
    let text = scan.text()?.filter(|text| !text.raw.is_empty());
    *place = text.map(|text| text.unescape().into_owned()).or(place.take());
    Ok(())
}

/// A piece of text and the probabilities of its tokens.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) text: String,
    logprobs: Vec<String>,
}

impl Chunk {
    /// Reads the object that starts here.
    pub(super) fn read(scan: &mut Scanner<'_>) -> Result<Self, ScanError> {
        let mut chunk = Self::default();
        scan.object(|scan, name| match name {
            b"text" => {
                chunk.text = scan.text()?.map(|text| text.unescape().into_owned()).unwrap_or_default();
                Ok(())
            }
            b"logprobs" if scan.kind()? == Kind::Array => scan.array(|scan| {
                let is_number = scan.kind()? == Kind::Number;
                let range = scan.range()?;
                if is_number {
                    chunk.logprobs.push(String::from_utf8_lossy(scan.slice(range)).into_owned());
                }
                Ok(())
            }),
            _ => scan.skip(),
        })?;
        Ok(chunk)
    }

    /// The token that it is. Where several tokens share the text nobody says where one ends, so there is none.
    pub(super) fn into_token(mut self) -> Option<TokenLogprob> {
        let logprob = self.logprobs.pop().filter(|_| self.logprobs.is_empty())?;
        Some(TokenLogprob { chosen: Logprob { token: self.text, logprob, bytes: None }, top: Vec::new() })
    }
}

/// Hands out the object that starts here, or the objects of the list: the SDK's types and the servers differ in which.
pub(super) fn each_object<'a>(
    scan: &mut Scanner<'a>,
    mut each: impl FnMut(&mut Scanner<'a>) -> Result<(), ScanError>,
) -> Result<(), ScanError> {
    match scan.kind()? {
        Kind::Object => each(scan),
        Kind::Array => scan.array(|scan| if scan.kind()? == Kind::Object { each(scan) } else { scan.skip() }),
        _ => scan.skip(),
    }
}
