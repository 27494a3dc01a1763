//! What a chunk, or a whole reply, says: one borrowed pass over both.

use std::ops::Range;

use catalogue::{Service, Usage};

use super::usage;
use crate::scan::{Kind, ScanError, Scanner, Text};

/// What was seen.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen, and all go together")]
pub(super) struct Answer<'a> {
    pub(super) is_object: bool,
    pub(super) id: Option<Text<'a>>,
    /// Whether there was a `choices` list with elements.
    pub(super) has_choices: bool,
    pub(super) choices: Choices,
    /// The finish reason of the first choice that has one.
    pub(super) finish: Option<Text<'a>>,
    /// The class of service that is stated.
    pub(super) service: Option<Service>,
    pub(super) usage: Option<Usage>,
    pub(super) is_error: bool,
    pub(super) has_content: bool,
    /// Bytes of generated text.
    pub(super) text_bytes: u64,
    /// The inside of the last string of generated text, and how many there were.
    pub(super) last_text: Range<usize>,
    pub(super) texts: u32,
    /// The inside of the last top-level string that means nothing to us.
    pub(super) padding: Option<Range<usize>>,
}

/// Which choices have been seen, and which have their finish reason, as bits by index. Choices from the 64th on share a
/// bit; nobody offers so many.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choices {
    seen: u64,
    finished: u64,
}

impl Choices {
    fn add(&mut self, index: u64, finished: bool) {
        let bit = 1 << index.min(63);
        self.seen |= bit;
        self.finished |= if finished { bit } else { 0 };
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.seen |= other.seen;
        self.finished |= other.finished;
    }

    /// Whether there was any, and each has its finish reason.
    pub(super) const fn all_finished(self) -> bool {
        self.seen != 0 && self.seen == self.finished
    }
}

impl<'a> Answer<'a> {
    pub(super) fn read(json: &'a [u8]) -> Result<Self, ScanError> {
        let mut answer = Self::default();
        let mut scan = Scanner::new(json)?;
        answer.is_object = scan.kind()? == Kind::Object;
        if answer.is_object {
            scan.object(|scan, name| answer.member(scan, name))?;
        } else {
            scan.skip()?;
        }
        scan.end()?;
        Ok(answer)
    }

    /// Whether one piece of text is all that this says.
    pub(super) const fn is_plain_text(&self) -> bool {
        self.has_content && self.texts == 1 && self.usage.is_none() && self.finish.is_none()
    }

    fn member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"choices" => self.choice_list(scan)?,
            b"id" => self.id = scan.text()?,
            b"usage" => self.usage = usage::read(scan)?.or(self.usage),
            b"service_tier" => self.service = scan.text()?.map(|word| Service::of_word(&word.unescape())),
            b"error" => self.is_error |= scan.says_something()?,
            // The flat error of older vLLM servers.
            b"object" => self.is_error |= scan.text()?.is_some_and(|object| object.is("error")),
            _ => {
                if let Some(text) = scan.text()? {
                    self.padding = Some(inside(scan, text));
                }
            }
        }
        Ok(())
    }

    fn choice_list(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Array {
            return scan.skip();
        }
        let mut place = 0;
        scan.array(|scan| {
            self.has_choices = true;
            if scan.kind()? == Kind::Object {
                self.choice(scan, place)?;
            } else {
                scan.skip()?;
            }
            place += 1;
            Ok::<_, ScanError>(())
        })
    }

    fn choice(&mut self, scan: &mut Scanner<'a>, place: u64) -> Result<(), ScanError> {
        let mut index = place;
        let mut finish = None;
        scan.object(|scan, name| {
            match name {
                b"delta" | b"message" => self.delta(scan)?,
                // Some write an empty one for "not yet".
                b"finish_reason" => finish = scan.text()?.filter(|reason| !reason.raw.is_empty()),
                b"index" => index = scan.integer()?.unwrap_or(place),
                // Legacy completions.
                b"text" => self.spoken(scan)?,
                // Moonshot states it here.
                b"usage" => self.usage = usage::read(scan)?.or(self.usage),
                _ => scan.skip()?,
            }
            Ok::<_, ScanError>(())
        })?;
        // The word of Mistral and OpenRouter for a generation that failed.
        self.is_error |= finish.is_some_and(|reason| reason.is("error"));
        self.choices.add(index, finish.is_some());
        self.finish = self.finish.or(finish);
        Ok(())
    }

    /// `delta` of a chunk or `message` of a reply. Suppliers add members of their own here (`reasoning`, `images`...):
    /// whatever holds something is content.
    fn delta(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return scan.skip();
        }
        scan.object(|scan, name| {
            match name {
                b"content" | b"reasoning_content" | b"reasoning" | b"refusal" => self.spoken(scan)?,
                b"tool_calls" | b"function_call" => self.called(scan)?,
                b"role" | b"annotations" => scan.skip()?,
                _ => self.has_content |= scan.says_something()?,
            }
            Ok(())
        })
    }

    /// Generated text: a string, or a list of parts with strings in them (Mistral).
    fn spoken(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        match scan.kind()? {
            Kind::String => {
                let text = scan.string()?;
                self.say(text, inside(scan, text));
            }
            Kind::Array => scan.array(|scan| self.spoken(scan))?,
            Kind::Object => scan.object(|scan, name| {
                if name == b"type" {
                    return scan.skip();
                }
                self.spoken(scan)
            })?,
            _ => scan.skip()?,
        }
        Ok(())
    }

    /// Tool calls: an empty list, which vLLM sends with every text, says nothing.
    fn called(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        match scan.kind()? {
            Kind::Array => scan.array(|scan| self.called(scan)),
            Kind::Object => {
                self.has_content = true;
                scan.object(|scan, name| match name {
                    b"name" | b"arguments" | b"input" => self.spoken(scan),
                    b"function" | b"custom" => self.called(scan),
                    _ => scan.skip(),
                })
            }
            _ => scan.skip(),
        }
    }

    fn say(&mut self, text: Text<'_>, inside: Range<usize>) {
        self.has_content |= !text.raw.is_empty();
        self.text_bytes += text.raw.len() as u64;
        self.last_text = inside;
        self.texts += 1;
    }
}

/// The range of the inside of `text`, which was just taken.
fn inside(scan: &Scanner<'_>, text: Text<'_>) -> Range<usize> {
    let end = scan.at() - 1;
    end - text.raw.len()..end
}
