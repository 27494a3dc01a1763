//! What a whole reply says: one borrowed pass.
//!
//! Source: `cohere/v2/types/v2chat_response.py` and `cohere/types/assistant_message_response.py` of the official Python
//! SDK, cohere 7.3.1, read 2026-11-28.

use catalogue::Usage;

use super::pieces::{Call, Chunk, Cited, each_object};
use super::usage;
use crate::scan::{Kind, ScanError, Scanner, Text};

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Message<'a> {
    /// Whether there is a `message`, and it is no sentence about an error.
    pub(super) is_answer: bool,
    pub(super) is_error: bool,
    pub(super) id: Option<Text<'a>>,
    pub(super) finish: Option<Text<'a>>,
    pub(super) usage: Option<Usage>,
    pub(super) content: Vec<Part<'a>>,
    pub(super) plan: Option<Text<'a>>,
    pub(super) calls: Vec<Call<'a>>,
    pub(super) citations: Vec<Cited>,
    pub(super) chunks: Vec<Chunk>,
    /// Members of the message that say something and that we do not know.
    pub(super) unknown: Vec<String>,
}

/// One content block.
#[derive(Debug)]
pub(super) enum Part<'a> {
    Text(Text<'a>),
    Thinking(Text<'a>),
    /// Of a type that we do not know.
    Other(String),
}

impl<'a> Message<'a> {
    pub(super) fn read(json: &'a [u8]) -> Result<Self, ScanError> {
        let mut message = Self::default();
        let mut scan = Scanner::new(json)?;
        if scan.kind()? == Kind::Object {
            scan.object(|scan, name| message.member(scan, name))?;
        } else {
            scan.skip()?;
        }
        scan.end()?;
        Ok(message)
    }

    /// The texts that the model wrote as such.
    fn texts(&self) -> impl Iterator<Item = Text<'a>> {
        let parts = self.content.iter().filter_map(|part| match part {
            Part::Text(text) | Part::Thinking(text) => Some(*text),
            Part::Other(_) => None,
        });
        parts.chain(self.plan)
    }

    pub(super) fn has_content(&self) -> bool {
        !self.calls.is_empty() || self.texts().any(|text| !text.raw.is_empty())
    }

    /// Bytes of generated text.
    pub(super) fn text_bytes(&self) -> u64 {
        let texts: u64 = self.texts().map(|text| text.raw.len() as u64).sum();
        texts + self.calls.iter().map(Call::text_bytes).sum::<u64>()
    }

    fn member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"id" => self.id = scan.text()?,
            b"finish_reason" => self.finish = scan.text()?.filter(|reason| !reason.raw.is_empty()),
            b"usage" => self.usage = usage::read(scan)?,
            b"error" => self.is_error |= scan.says_something()?,
            // An error is `{"message": "what is wrong"}`.
            b"message" => match scan.kind()? {
                Kind::Object => {
                    self.is_answer = true;
                    scan.object(|scan, name| self.said(scan, name))?;
                }
                kind => {
                    self.is_error |= kind == Kind::String;
                    scan.skip()?;
                }
            },
            b"logprobs" => each_object(scan, |scan| {
                self.chunks.push(Chunk::read(scan)?);
                Ok(())
            })?,
            _ => scan.skip()?,
        }
        Ok(())
    }

    fn said(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"role" => scan.skip()?,
            b"content" => match scan.kind()? {
                Kind::String => self.content.push(Part::Text(scan.string()?)),
                _ => each_object(scan, |scan| self.part(scan))?,
            },
            b"tool_plan" => self.plan = scan.text()?.filter(|plan| !plan.raw.is_empty()),
            b"tool_calls" => each_object(scan, |scan| {
                self.calls.push(Call::read(scan)?);
                Ok(())
            })?,
            b"citations" => each_object(scan, |scan| {
                self.citations.push(Cited::read(scan)?);
                Ok(())
            })?,
            _ => {
                if scan.says_something()? {
                    self.unknown.push(String::from_utf8_lossy(name).into_owned());
                }
            }
        }
        Ok(())
    }

    fn part(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        let mut kind = None;
        let mut part = None;
        scan.object(|scan, name| {
            match name {
                b"type" => kind = scan.text()?,
                b"text" => part = scan.text()?.map(Part::Text).or(part.take()),
                b"thinking" => part = scan.text()?.map(Part::Thinking).or(part.take()),
                _ => scan.skip()?,
            }
            Ok::<_, ScanError>(())
        })?;
        let other = || Part::Other(kind.map(|kind| kind.unescape().into_owned()).unwrap_or_default());
        self.content.push(part.unwrap_or_else(other));
        Ok(())
    }
}
