//! What a whole reply, or an event of a stream, says of itself: one borrowed pass over both.

use catalogue::{Service, Usage};

use super::stop;
use super::usage;
use crate::classify;
use crate::codec::Reply;
use crate::failure::{Broken, Failure};
use crate::scan::{Kind, ScanError, Scanner, Text};

/// Reads a whole reply.
pub(super) fn read(body: &[u8]) -> Result<Reply, Failure> {
    if body.trim_ascii().is_empty() {
        return Err(Failure::Broken(Broken::Empty));
    }
    let said = Said::read(body).map_err(|_| Failure::Broken(Broken::NotJson))?;
    if said.is_error {
        return Err(classify::hidden_error(body));
    }
    if !said.has_blocks {
        return Err(Failure::Broken(Broken::Malformed));
    }
    let finish = said.stop.map(|word| word.unescape().into_owned());
    if finish.as_deref().is_some_and(stop::is_failure) {
        return Err(Failure::Server);
    }
    if !said.has_content && finish.is_none() {
        return Err(Failure::Broken(Broken::Empty));
    }
    Ok(Reply {
        service: said.service.unwrap_or_default(),
        usage: said.usage,
        finish,
        id: None,
        has_content: said.has_content,
        output_bytes: said.text_bytes,
    })
}

/// What was seen.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen, and all go together")]
pub(super) struct Said<'a> {
    pub(super) is_object: bool,
    /// `stopReason`.
    pub(super) stop: Option<Text<'a>>,
    pub(super) usage: Option<Usage>,
    pub(super) service: Option<Service>,
    /// Whether it is an error in an answer's place.
    is_error: bool,
    /// Whether there is an `output.message.content` list.
    has_blocks: bool,
    pub(super) has_content: bool,
    /// Bytes of generated text.
    pub(super) text_bytes: u64,
}

impl<'a> Said<'a> {
    pub(super) fn read(json: &'a [u8]) -> Result<Self, ScanError> {
        let mut said = Self::default();
        let mut scan = Scanner::new(json)?;
        said.is_object = scan.kind()? == Kind::Object;
        members(&mut scan, |scan, name| said.member(scan, name))?;
        scan.end()?;
        Ok(said)
    }

    fn member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"output" => members(scan, |scan, name| {
                if name != b"message" {
                    return scan.skip();
                }
                members(scan, |scan, name| if name == b"content" { self.blocks(scan) } else { scan.skip() })
            }),
            // A block's start, or its growth.
            b"start" | b"delta" => members(scan, |scan, name| self.block(scan, name)),
            b"stopReason" => {
                self.stop = scan.text()?.or(self.stop);
                Ok(())
            }
            b"usage" => {
                self.usage = usage::read(scan)?;
                Ok(())
            }
            b"serviceTier" => members(scan, |scan, name| {
                if name != b"type" {
                    return scan.skip();
                }
                self.service = scan.text()?.map(|word| Service::of_word(&word.unescape()));
                Ok(())
            }),
            b"__type" | b"message" => {
                self.is_error |= scan.text()?.is_some();
                Ok(())
            }
            _ => scan.skip(),
        }
    }

    fn blocks(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Array {
            return scan.skip();
        }
        self.has_blocks = true;
        scan.array(|scan| members(scan, |scan, name| self.block(scan, name)))
    }

    /// A member of a block, which says what kind it is. Empty text says nothing; any other kind something by being there.
    fn block(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"text" => self.say(scan),
            b"toolUse" => members(scan, |scan, name| match (name, scan.kind()?) {
                (b"input", Kind::String) => self.say(scan),
                (b"input", _) => {
                    let length = scan.range()?.len() as u64;
                    // That of an empty object is nothing.
                    self.text_bytes += if length > 2 { length } else { 0 };
                    Ok(())
                }
                (b"toolUseId", _) => self.show(scan),
                _ => scan.skip(),
            }),
            b"reasoningContent" => members(scan, |scan, name| match name {
                b"reasoningText" => members(scan, |scan, name| self.reasoning(scan, name)),
                other => self.reasoning(scan, other),
            }),
            b"citationsContent" => members(scan, |scan, name| match (name, scan.kind()?) {
                (b"content", Kind::Array) => {
                    scan.array(|scan| members(scan, |scan, name| self.block(scan, name)))
                }
                _ => scan.skip(),
            }),
            _ => self.show(scan),
        }
    }

    fn reasoning(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        // A proof without its thought, which the maker keeps to itself, is content too.
        if name == b"text" { self.say(scan) } else { self.show(scan) }
    }

    /// Takes generated text.
    fn say(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        if let Some(text) = scan.text()? {
            self.has_content |= !text.raw.is_empty();
            self.text_bytes += text.raw.len() as u64;
        }
        Ok(())
    }

    /// Takes what is content, but no text that was generated.
    fn show(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        self.has_content |= scan.says_something()?;
        Ok(())
    }
}

/// Walks the members of an object; any other value has none.
fn members<'a>(
    scan: &mut Scanner<'a>,
    each: impl FnMut(&mut Scanner<'a>, &[u8]) -> Result<(), ScanError>,
) -> Result<(), ScanError> {
    if scan.kind()? == Kind::Object { scan.object(each) } else { scan.skip() }
}
