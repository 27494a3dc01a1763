//! What a message, or an event of a stream, says: one borrowed pass over both.

use std::ops::Range;

use super::usage::Stated;
use crate::scan::{Kind, ScanError, Scanner, Text};

/// What was seen in a message, in an event, or in the message inside an event.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen, and all go together")]
pub(super) struct Message<'a> {
    pub(super) is_object: bool,
    /// `type`: `message`, `error`, or the event's name.
    pub(super) kind: Option<Text<'a>>,
    pub(super) id: Option<Text<'a>>,
    /// `stop_reason`, also inside `delta`.
    pub(super) stop: Option<Text<'a>>,
    pub(super) usage: Stated,
    pub(super) is_error: bool,
    /// Whether there is a `content` list.
    pub(super) has_blocks: bool,
    pub(super) has_content: bool,
    /// Bytes of generated text.
    pub(super) text_bytes: u64,
    /// The inside of the last string of text in a `delta`, and how many members of such a name it has.
    pub(super) delta_text: Option<Range<usize>>,
    pub(super) delta_texts: usize,
}

impl<'a> Message<'a> {
    pub(super) fn read(json: &'a [u8]) -> Result<Self, ScanError> {
        let mut message = Self::default();
        message.read_on(json)?;
        Ok(message)
    }

    /// Reads with the usage that was stated before.
    pub(super) fn read_with(json: &'a [u8], usage: Stated) -> Result<Self, ScanError> {
        let mut message = Self { usage, ..Self::default() };
        message.read_on(json)?;
        Ok(message)
    }

    fn read_on(&mut self, json: &'a [u8]) -> Result<(), ScanError> {
        let mut scan = Scanner::new(json)?;
        self.is_object = scan.kind()? == Kind::Object;
        if self.is_object {
            scan.object(|scan, name| self.member(scan, name))?;
        } else {
            scan.skip()?;
        }
        scan.end()
    }

    fn member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"type" => {
                self.kind = scan.text()?;
                self.is_error |= self.kind.is_some_and(|kind| kind.is("error"));
            }
            b"id" => self.id = scan.text()?,
            b"stop_reason" => self.stop = scan.text()?,
            b"usage" => self.usage.read(scan)?,
            b"error" => self.is_error |= scan.says_something()?,
            b"message" => self.nested(scan)?,
            b"content" => {
                self.has_blocks = scan.kind()? == Kind::Array;
                self.block_list(scan)?;
            }
            b"content_block" => self.block(scan)?,
            b"delta" => self.delta(scan)?,
            _ => scan.skip()?,
        }
        Ok(())
    }

    /// The message inside `message_start`.
    fn nested(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return scan.skip();
        }
        scan.object(|scan, name| match name {
            b"usage" => self.usage.read(scan),
            b"id" => {
                self.id = scan.text()?;
                Ok(())
            }
            _ => scan.skip(),
        })
    }

    fn block_list(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Array {
            return scan.skip();
        }
        scan.array(|scan| self.block(scan))
    }

    /// A content block. An empty text or thinking block says nothing yet; any other kind says something by being there.
    fn block(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return scan.skip();
        }
        scan.object(|scan, name| {
            match name {
                b"type" => {
                    let silent = scan.text()?.is_none_or(|kind| kind.is("text") || kind.is("thinking"));
                    self.has_content |= !silent;
                }
                b"text" | b"thinking" => drop(self.say(scan)?),
                // A proof without its thought, which the maker keeps to itself, is content too.
                b"signature" => self.has_content |= scan.says_something()?,
                b"input" => self.text_bytes += written_bytes(scan)?,
                _ => scan.skip()?,
            }
            Ok(())
        })
    }

    /// The `delta` of a block, or that of the message, which holds the stop reason.
    fn delta(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return scan.skip();
        }
        scan.object(|scan, name| {
            match name {
                b"stop_reason" => self.stop = scan.text()?,
                b"text" | b"thinking" | b"partial_json" => {
                    self.delta_texts += 1;
                    self.delta_text = self.say(scan)?.map(|length| scan.at() - 1 - length..scan.at() - 1);
                }
                // Proofs and citations are content, but no text that was generated.
                b"signature" | b"citation" => self.has_content |= scan.says_something()?,
                _ => scan.skip()?,
            }
            Ok(())
        })
    }

    /// Takes generated text; gives its length.
    fn say(&mut self, scan: &mut Scanner<'a>) -> Result<Option<usize>, ScanError> {
        let Some(text) = scan.text()? else { return Ok(None) };
        self.has_content |= !text.raw.is_empty();
        self.text_bytes += text.raw.len() as u64;
        Ok(Some(text.raw.len()))
    }
}

/// The length of a tool call's input as written; that of an empty object is nothing.
fn written_bytes(scan: &mut Scanner<'_>) -> Result<u64, ScanError> {
    let length = scan.range()?.len() as u64;
    Ok(if length > 2 { length } else { 0 })
}
