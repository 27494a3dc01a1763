//! What one event of a stream says: one borrowed pass.
//!
//! Source: `cohere/v2/types/v2chat_stream_response.py` and the event types that it names, of the official Python SDK,
//! cohere 7.3.1, read 2026-11-28. The SDK takes the name of an event from its data, so that is what counts here.

use std::ops::Range;

use catalogue::Usage;

use super::pieces::{Call, Chunk, Cited, each_object};
use super::usage;
use crate::scan::{Kind, ScanError, Scanner, Text};

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Event<'a> {
    pub(super) is_object: bool,
    /// `type`: the event's name.
    pub(super) kind: Option<Text<'a>>,
    pub(super) is_error: bool,
    pub(super) id: Option<Text<'a>>,
    pub(super) index: Option<u64>,
    pub(super) text: Option<Text<'a>>,
    pub(super) thinking: Option<Text<'a>>,
    pub(super) plan: Option<Text<'a>>,
    pub(super) calls: Vec<Call<'a>>,
    pub(super) citations: Vec<Cited>,
    pub(super) chunk: Option<Chunk>,
    pub(super) finish: Option<Text<'a>>,
    pub(super) usage: Option<Usage>,
    /// What went wrong, of an answer that ended so.
    pub(super) failure: Option<Text<'a>>,
    /// The inside of the last string of text, thinking or plan.
    pub(super) last_text: Range<usize>,
    /// Whether there is a sentence where an answer's message would be: an error without a name.
    is_sentence: bool,
}

impl<'a> Event<'a> {
    pub(super) fn read(json: &'a [u8]) -> Result<Self, ScanError> {
        let mut event = Self::default();
        let mut scan = Scanner::new(json)?;
        event.is_object = scan.kind()? == Kind::Object;
        if event.is_object {
            scan.object(|scan, name| event.member(scan, name))?;
        } else {
            scan.skip()?;
        }
        scan.end()?;
        event.is_error |= event.is("error") || (event.kind.is_none() && event.is_sentence);
        Ok(event)
    }

    /// Whether this is the event of that name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.kind.is_some_and(|kind| kind.is(name))
    }

    fn texts(&self) -> impl Iterator<Item = Text<'a>> {
        [self.text, self.thinking, self.plan].into_iter().flatten()
    }

    pub(super) fn has_content(&self) -> bool {
        !self.calls.is_empty() || !self.citations.is_empty() || self.texts().any(|text| !text.raw.is_empty())
    }

    /// Whether one piece of text is all that this says.
    pub(super) fn is_plain_text(&self) -> bool {
        self.texts().count() == 1
            && self.calls.is_empty()
            && self.citations.is_empty()
            && self.finish.is_none()
            && self.usage.is_none()
    }

    /// Bytes of generated text.
    pub(super) fn text_bytes(&self) -> u64 {
        let texts: u64 = self.texts().map(|text| text.raw.len() as u64).sum();
        texts + self.calls.iter().map(Call::text_bytes).sum::<u64>()
    }

    fn member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"type" => self.kind = scan.text()?,
            b"id" => self.id = scan.text()?.filter(|id| !id.raw.is_empty()),
            b"index" => self.index = scan.integer()?,
            b"error" => self.is_error |= scan.says_something()?,
            b"message" => self.is_sentence |= scan.text()?.is_some(),
            b"delta" if scan.kind()? == Kind::Object => {
                scan.object(|scan, name| self.delta(scan, name))?;
            }
            b"logprobs" => each_object(scan, |scan| {
                self.chunk = Some(Chunk::read(scan)?);
                Ok(())
            })?,
            _ => scan.skip()?,
        }
        Ok(())
    }

    fn delta(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"message" if scan.kind()? == Kind::Object => {
                scan.object(|scan, name| self.said(scan, name))?;
            }
            b"finish_reason" => self.finish = scan.text()?.filter(|reason| !reason.raw.is_empty()),
            b"usage" => self.usage = usage::read(scan)?,
            b"error" => self.failure = scan.text()?.filter(|error| !error.raw.is_empty()),
            _ => scan.skip()?,
        }
        Ok(())
    }

    fn said(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"content" => each_object(scan, |scan| {
                scan.object(|scan, name| {
                    match name {
                        b"text" => self.text = self.generated(scan)?,
                        b"thinking" => self.thinking = self.generated(scan)?,
                        _ => scan.skip()?,
                    }
                    Ok(())
                })
            })?,
            b"tool_plan" => self.plan = self.generated(scan)?,
            b"tool_calls" => each_object(scan, |scan| {
                self.calls.push(Call::read(scan)?);
                Ok(())
            })?,
            b"citations" => each_object(scan, |scan| {
                self.citations.push(Cited::read(scan)?);
                Ok(())
            })?,
            _ => scan.skip()?,
        }
        Ok(())
    }

    fn generated(&mut self, scan: &mut Scanner<'a>) -> Result<Option<Text<'a>>, ScanError> {
        let text = scan.text()?;
        if let Some(text) = text {
            let end = scan.at() - 1;
            self.last_text = end - text.raw.len()..end;
        }
        Ok(text)
    }
}
