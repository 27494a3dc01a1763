//! What an event, or a whole reply, says: one borrowed pass over both.

use std::borrow::Cow;

use catalogue::{Service, Usage};

use super::{errors, usage};
use crate::failure::{Broken, Failure};
use crate::scan::{Kind, ScanError, Scanner, Text};
use crate::service;
use crate::template::Holes;

/// What was seen in a response, in an event, or in the response inside an event. No member's name means one thing in an
/// event and another in a response.
#[derive(Debug, Default)]
pub(super) struct Said<'a> {
    pub(super) is_object: bool,
    /// Whether there is a response: the whole, or inside an event.
    pub(super) is_response: bool,
    /// The event's name.
    pub(super) kind: Option<Text<'a>>,
    pub(super) id: Option<Text<'a>>,
    pub(super) model: Option<Text<'a>>,
    pub(super) status: Option<Text<'a>>,
    /// Why the response is incomplete.
    pub(super) reason: Option<Text<'a>>,
    /// The JSON of the error, where there is one.
    error: Option<&'a [u8]>,
    usage: Option<Usage>,
    /// The class of service that is stated; `auto`, until it is known, says nothing.
    pub(super) service: Option<Service>,
    tool_requests: u64,
    /// How many items are in the response's output.
    items: u64,
    pub(super) has_content: bool,
    /// Bytes of generated text in a delta.
    pub(super) delta_bytes: u64,
    /// Bytes of generated text in whole items.
    pub(super) item_bytes: u64,
    /// Where others may differ that say no more than a piece of text.
    pub(super) holes: Holes,
}

impl<'a> Said<'a> {
    pub(super) fn read(json: &'a [u8]) -> Result<Self, ScanError> {
        let mut said = Self::default();
        let mut scan = Scanner::new(json)?;
        said.is_object = scan.kind()? == Kind::Object;
        if said.is_object {
            scan.object(|scan, name| said.member(scan, name))?;
        } else {
            scan.skip()?;
        }
        scan.end()?;
        Ok(said)
    }

    /// The usage that is stated.
    pub(super) fn usage(&self) -> Option<Usage> {
        let requests = (self.tool_requests > 0).then(Usage::default);
        self.usage.or(requests).map(|usage| Usage { tool_requests: self.tool_requests, ..usage })
    }

    /// Why it ended, in the supplier's word: the reason where it is incomplete, the status otherwise.
    pub(super) fn finish(&self) -> Option<Cow<'a, str>> {
        let reason = if self.is("incomplete") { self.reason } else { None };
        reason.or(self.status).map(|word| word.unescape())
    }

    /// What went wrong, where it says that something did; `json` is the whole of it.
    pub(super) fn failure(&self, json: &[u8]) -> Option<Failure> {
        let is_event = self.kind.is_some_and(|kind| kind.is("error") || kind.is("response.failed"));
        if is_event || self.error.is_some() || self.is("failed") {
            return Some(errors::meaning(self.error.unwrap_or(json)));
        }
        self.is("cancelled").then_some(Failure::Broken(Broken::Cut))
    }

    /// Whether it claims to be whole and there is nothing in it, not even a count of what was read.
    pub(super) fn is_empty(&self) -> bool {
        self.is("completed") && self.items == 0 && self.usage.is_none()
    }

    fn is(&self, status: &str) -> bool {
        self.status.is_some_and(|word| word.is(status))
    }

    fn member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"type" => self.kind = scan.text()?,
            b"delta" => self.delta(scan)?,
            b"sequence_number" => self.number(scan)?,
            b"obfuscation" => self.padding(scan)?,
            b"item_id" | b"output_index" | b"content_index" | b"summary_index" | b"logprobs" => {
                scan.skip()?;
            }
            _ => {
                self.holes.says_more();
                self.more(scan, name)?;
            }
        }
        Ok(())
    }

    fn more(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"item" => self.item(scan)?,
            b"response" if scan.kind()? == Kind::Object => {
                self.is_response = true;
                scan.object(|scan, name| self.response_member(scan, name))?;
            }
            _ => self.response_member(scan, name)?,
        }
        Ok(())
    }

    fn response_member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"id" => self.id = scan.text()?,
            b"model" => self.model = scan.text()?,
            b"object" => self.is_response |= scan.text()?.is_some_and(|object| object.is("response")),
            b"status" => self.status = scan.text()?,
            b"error" => {
                let start = scan.at();
                let says = scan.says_something()?;
                self.error = says.then(|| scan.slice(start..scan.at()));
            }
            b"incomplete_details" if scan.kind()? == Kind::Object => scan.object(|scan, name| {
                if name == b"reason" {
                    self.reason = scan.text()?;
                    return Ok(());
                }
                scan.skip()
            })?,
            b"output" if scan.kind()? == Kind::Array => {
                self.is_response = true;
                scan.array(|scan| {
                    self.items += 1;
                    self.item(scan)
                })?;
            }
            b"usage" => self.usage = usage::read(scan)?,
            b"service_tier" => {
                self.service = scan.text()?.and_then(|word| service::of_openai(&word.unescape()));
            }
            b"tool_usage" => self.tool_requests = usage::read_tool_requests(scan)?,
            _ => scan.skip()?,
        }
        Ok(())
    }

    /// A piece of generated text, whatever it is of.
    fn delta(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        if let Some(text) = scan.text()? {
            self.has_content |= !text.raw.is_empty();
            self.delta_bytes += text.raw.len() as u64;
            self.holes.text(text.inside(scan));
        }
        Ok(())
    }

    /// The event's own number.
    fn number(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        let range = scan.range()?;
        self.holes.number(range.start, scan.slice(range), None);
        Ok(())
    }

    /// What is added so that the length of a piece says nothing.
    fn padding(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        if let Some(text) = scan.text()? {
            self.holes.padding(text.inside(scan));
        }
        Ok(())
    }

    /// An output item. A message or reasoning says nothing yet as long as it is empty; any other kind says something by
    /// being there.
    fn item(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return scan.skip();
        }
        scan.object(|scan, name| {
            match name {
                b"type" => {
                    let silent = scan.text()?.is_none_or(|kind| kind.is("message") || kind.is("reasoning"));
                    self.has_content |= !silent;
                }
                b"content" | b"summary" if scan.kind()? == Kind::Array => {
                    scan.array(|scan| self.part(scan))?;
                }
                b"arguments" | b"input" | b"code" => self.say(scan)?,
                // A thought that the maker keeps to itself is content too.
                b"encrypted_content" => self.has_content |= scan.says_something()?,
                _ => scan.skip()?,
            }
            Ok(())
        })
    }

    fn part(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return scan.skip();
        }
        scan.object(|scan, name| match name {
            b"text" | b"refusal" => self.say(scan),
            _ => scan.skip(),
        })
    }

    fn say(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        let length = scan.text()?.map_or(0, |text| text.raw.len() as u64);
        self.has_content |= length > 0;
        self.item_bytes += length;
        Ok(())
    }
}
