//! What a response, whole or one of a stream's, says: one borrowed pass over both.

use super::finish;
use super::usage::Stated;
use crate::failure::Failure;
use crate::scan::{Kind, ScanError, Scanner, Text};
use crate::template::Holes;

/// What was seen.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen, and all go together")]
pub(super) struct Response<'a> {
    pub(super) is_object: bool,
    pub(super) id: Option<Text<'a>>,
    /// Whether there was a `candidates` list with elements.
    pub(super) has_candidates: bool,
    pub(super) candidates: Candidates,
    /// Why the prompt was blocked, if it was.
    block: Option<Text<'a>>,
    /// The finish reason of the first candidate that has one; else why the prompt was blocked.
    pub(super) finish: Option<Text<'a>>,
    /// The failure that a finish reason says.
    pub(super) failure: Option<Failure>,
    pub(super) usage: Stated,
    pub(super) is_error: bool,
    pub(super) has_content: bool,
    /// Bytes of generated text.
    pub(super) text_bytes: u64,
    /// Where others may differ that say no more than a piece of text, and what is counted.
    pub(super) holes: Holes,
}

/// Candidates, as bits by index. Those from the 64th on share a bit; nobody offers so many.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidates {
    seen: u64,
    spoke: u64,
    finished: u64,
}

impl Candidates {
    fn add(&mut self, index: u64, spoke: bool, finished: bool) {
        let bit = 1 << index.min(63);
        self.seen |= bit;
        self.spoke |= if spoke { bit } else { 0 };
        self.finished |= if finished { bit } else { 0 };
    }

    /// Takes in a later response. A candidate that goes on has not ended, whatever was said before: there are suppliers
    /// that say `STOP` in every response, and some that say so before the first word.
    pub(super) fn merge(&mut self, later: Self) {
        self.seen |= later.seen;
        self.finished = (self.finished & !later.spoke) | later.finished;
    }

    /// Whether there was any, and each has its finish reason.
    pub(super) const fn all_finished(self) -> bool {
        self.seen != 0 && self.seen == self.finished
    }
}

impl<'a> Response<'a> {
    pub(super) fn read(json: &'a [u8]) -> Result<Self, ScanError> {
        Self::read_with(json, Stated::default())
    }

    /// Reads with the usage that was stated before.
    pub(super) fn read_with(json: &'a [u8], usage: Stated) -> Result<Self, ScanError> {
        let mut response = Self { usage, ..Self::default() };
        let mut scan = Scanner::new(json)?;
        match scan.kind()? {
            Kind::Object => {
                response.is_object = true;
                scan.object(|scan, name| response.member(scan, name))?;
            }
            // Google's errors, where a list of responses was asked for.
            Kind::Array => scan.array(|scan| response.listed(scan))?,
            _ => scan.skip()?,
        }
        scan.end()?;
        response.finish = response.finish.or(response.block);
        Ok(response)
    }

    /// Whether the prompt was blocked, which is an answer without candidates.
    pub(super) const fn is_blocked(&self) -> bool {
        self.block.is_some()
    }

    fn member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), ScanError> {
        match name {
            b"candidates" => {
                let mut place = 0;
                self.each(scan, |response, scan| {
                    response.candidate(scan, place)?;
                    place += 1;
                    Ok(())
                })?;
            }
            b"responseId" => self.id = scan.text()?,
            b"usageMetadata" => self.usage.read_noting(scan, &mut self.holes)?,
            b"promptFeedback" => {
                self.holes.says_more();
                object(scan, |scan, name| {
                    if name != b"blockReason" {
                        return scan.skip();
                    }
                    self.block = scan
                        .text()?
                        .filter(|reason| !reason.raw.is_empty() && !reason.is("BLOCKED_REASON_UNSPECIFIED"));
                    Ok(())
                })?;
            }
            b"error" => self.is_error |= scan.says_something()?,
            b"modelVersion" | b"createTime" => scan.skip()?,
            _ => self.more(scan)?,
        }
        Ok(())
    }

    /// What is no part of a plain piece of text.
    fn more(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        self.holes.says_more();
        scan.skip()
    }

    fn listed(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        object(scan, |scan, name| {
            if name != b"error" {
                return scan.skip();
            }
            self.is_error |= scan.says_something()?;
            Ok(())
        })
    }

    fn each(
        &mut self,
        scan: &mut Scanner<'a>,
        mut each: impl FnMut(&mut Self, &mut Scanner<'a>) -> Result<(), ScanError>,
    ) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Array {
            return scan.skip();
        }
        scan.array(|scan| each(self, scan))
    }

    fn candidate(&mut self, scan: &mut Scanner<'a>, place: u64) -> Result<(), ScanError> {
        self.has_candidates = true;
        let (mut index, mut finish) = (place, None);
        let said_before = std::mem::take(&mut self.has_content);
        object(scan, |scan, name| {
            match name {
                b"content" => object(scan, |scan, name| match name {
                    b"parts" => self.each(scan, Self::part),
                    b"role" => scan.skip(),
                    _ => self.more(scan),
                })?,
                b"finishReason" => {
                    finish = scan.text()?.filter(|reason| finish::is_said(&reason.unescape()));
                }
                b"index" => index = scan.integer()?.unwrap_or(place),
                b"groundingMetadata" => {
                    self.holes.says_more();
                    self.usage.read_searches(scan)?;
                }
                b"safetyRatings" => scan.skip()?,
                _ => self.more(scan)?,
            }
            Ok(())
        })?;
        if finish.is_some() {
            self.holes.says_more();
        }
        self.candidates.add(index, self.has_content, finish.is_some());
        self.has_content |= said_before;
        self.failure = self.failure.or_else(|| finish::failure(&finish?.unescape()));
        self.finish = self.finish.or(finish);
        Ok(())
    }

    /// A part. Google adds kinds of parts: whatever holds something is content.
    fn part(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        object(scan, |scan, name| {
            match name {
                b"text" => {
                    if let Some(text) = scan.text()? {
                        self.has_content |= !text.raw.is_empty();
                        self.text_bytes += text.raw.len() as u64;
                        self.holes.text(text.inside(scan));
                    }
                }
                b"functionCall" => self.call(scan)?,
                b"thought" => scan.skip()?,
                // A proof alone, in a last part without text, is content too; media is no text.
                b"thoughtSignature" | b"inlineData" | b"fileData" => {
                    self.holes.says_more();
                    self.has_content |= scan.says_something()?;
                }
                _ => self.other(scan)?,
            }
            Ok(())
        })
    }

    fn call(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        self.holes.says_more();
        self.has_content = true;
        object(scan, |scan, name| {
            if matches!(name, b"args" | b"partialArgs" | b"name") {
                self.text_bytes += scan.range()?.len() as u64;
                return Ok(());
            }
            scan.skip()
        })
    }

    fn other(&mut self, scan: &mut Scanner<'a>) -> Result<(), ScanError> {
        self.holes.says_more();
        scan.kind()?;
        let start = scan.at();
        self.has_content |= scan.says_something()?;
        self.text_bytes += (scan.at() - start) as u64;
        Ok(())
    }
}

/// Walks the object that starts here; any other value is skipped.
fn object<'a>(
    scan: &mut Scanner<'a>,
    each: impl FnMut(&mut Scanner<'a>, &[u8]) -> Result<(), ScanError>,
) -> Result<(), ScanError> {
    if scan.kind()? != Kind::Object {
        return scan.skip();
    }
    scan.object(each)
}
