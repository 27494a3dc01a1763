//! A look into a request's body, in this dialect's words.
//!
//! **Promises**: those of [`crate::peek`]: what is not JSON or ambiguous is refused, so here a key that steers given in
//! both spellings too. `stream` and the model are not looked for: they stand in the path.

use std::ops::Range;

use catalogue::Needs;

use super::names::{elements, members};
use crate::peek::{Peek, PeekError};
use crate::scan::{Kind, ScanError, Scanner, What};

#[cfg(test)]
mod tests;

/// Within the pass: small, so that results stay in registers.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    Scan(ScanError),
    Duplicate(&'static str),
}

impl From<ScanError> for Refusal {
    fn from(error: ScanError) -> Self {
        Self::Scan(error)
    }
}

impl From<Refusal> for PeekError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Scan(error) if error.what == What::TooDeep => Self::TooDeep,
            Refusal::Scan(error) => Self::NotJson { offset: error.offset(), what: error.what.as_str() },
            Refusal::Duplicate(key) => Self::Duplicate { key },
        }
    }
}

/// Looks into a request's body.
pub(super) fn peek(body: &[u8]) -> Result<Peek<'_>, PeekError> {
    let mut scan = Scanner::new(body).map_err(Refusal::from)?;
    if scan.kind().map_err(Refusal::from)? != Kind::Object {
        scan.skip().and_then(|()| scan.end()).map_err(Refusal::from)?;
        return Err(PeekError::NotAnObject);
    }
    let object_open = scan.at() + 1;
    let mut pass = Pass { peek: Peek { object_open, is_empty: true, ..Peek::default() }, ..Pass::default() };
    members(&mut scan, |scan, name| pass.member(scan, name))?;
    scan.end().map_err(Refusal::from)?;
    Ok(Peek { names_proofs: scan.names_proofs(), ..pass.finish() })
}

/// What has been seen so far.
#[derive(Debug, Default)]
struct Pass<'a> {
    peek: Peek<'a>,
    /// The steering keys that have been seen.
    keys: Vec<&'static str>,
    is_json: bool,
    has_schema: bool,
    /// Whether the last turn walked is the model's, so that the answer has to go on from it.
    prefilled: bool,
}

impl<'a> Pass<'a> {
    fn member(&mut self, scan: &mut Scanner<'a>, name: &[u8]) -> Result<(), Refusal> {
        self.peek.is_empty = false;
        match name {
            b"contents" => {
                self.once("contents")?;
                self.peek.messages = Some(ranged(scan, |scan| self.contents(scan))?);
            }
            b"systemInstruction" => {
                self.once("systemInstruction")?;
                let prefilled = self.prefilled;
                self.peek.system = Some(ranged(scan, |scan| self.content(scan))?);
                self.prefilled = prefilled;
            }
            b"tools" => {
                self.once("tools")?;
                elements(scan, |scan| self.tool(scan))?;
            }
            b"generationConfig" => {
                self.once("generationConfig")?;
                members(scan, |scan, name| self.config(scan, name))?;
            }
            b"toolConfig" => {
                self.once("toolConfig")?;
                scan.skip()?;
            }
            // What a prompt is in whose tokens are to be counted.
            b"generateContentRequest" => {
                members(scan, |scan, name| self.member(scan, name))?;
            }
            _ => scan.skip()?,
        }
        Ok(())
    }

    fn once(&mut self, key: &'static str) -> Result<(), Refusal> {
        if self.keys.contains(&key) {
            return Err(Refusal::Duplicate(key));
        }
        self.keys.push(key);
        Ok(())
    }

    fn needs(&mut self, holds: bool, needs: Needs) {
        if holds {
            self.peek.needs = self.peek.needs | needs;
        }
    }

    fn contents(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        elements(scan, |scan| {
            self.peek.messages_count += 1;
            self.prefilled = false;
            self.content(scan)
        })
    }

    fn content(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return self.any(scan);
        }
        members(scan, |scan, name| match name {
            b"role" => {
                self.prefilled = scan.text()?.is_some_and(|role| role.is("model"));
                Ok(())
            }
            b"parts" => elements(scan, |scan| self.part(scan)),
            _ => self.any(scan),
        })
        .map(drop)
    }

    fn part(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return self.any(scan);
        }
        members(scan, |scan, name| match name {
            b"inlineData" | b"fileData" => self.media(scan),
            b"thoughtSignature" | b"thought" => scan.skip(),
            b"functionResponse" => self.response(scan),
            _ => self.any(scan),
        })
        .map(drop)
    }

    /// A tool's result, which may hold media.
    fn response(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        members(scan, |scan, name| match name {
            b"parts" => elements(scan, |scan| self.part(scan)),
            b"id" => scan.skip(),
            _ => self.any(scan),
        })
        .map(drop)
    }

    fn media(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        members(scan, |scan, name| {
            if name != b"mimeType" {
                return scan.skip();
            }
            if let Some(media_type) = scan.text()? {
                self.needs(media_type.starts_with("image/"), Needs::IMAGES);
                self.needs(media_type.starts_with("audio/"), Needs::AUDIO_IN);
                self.needs(media_type.starts_with("application/pdf"), Needs::DOCUMENTS);
            }
            Ok(())
        })
        .map(drop)
    }

    fn tool(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        members(scan, |scan, name| {
            match name {
                b"functionDeclarations" => elements(scan, |scan| {
                    self.needs(true, Needs::TOOLS);
                    self.any(scan)
                })?,
                b"googleSearch" | b"googleSearchRetrieval" | b"enterpriseWebSearch" => {
                    let asked = scan.kind()? != Kind::Null;
                    self.needs(asked, Needs::WEB_SEARCH);
                    scan.skip()?;
                }
                _ => scan.skip()?,
            }
            Ok::<_, ScanError>(())
        })
        .map(drop)
    }

    fn config(&mut self, scan: &mut Scanner<'_>, name: &[u8]) -> Result<(), Refusal> {
        match name {
            b"maxOutputTokens" => {
                self.once("generationConfig.maxOutputTokens")?;
                self.peek.max_tokens = scan.integer()?;
            }
            b"candidateCount" => {
                self.once("generationConfig.candidateCount")?;
                self.peek.n = scan.integer()?;
            }
            b"responseMimeType" => {
                self.is_json = scan.text()?.is_some_and(|kind| kind.is("application/json"));
            }
            b"responseSchema" | b"responseJsonSchema" => self.has_schema |= scan.says_something()?,
            b"responseLogprobs" => {
                let asked = scan.boolean()? == Some(true);
                self.needs(asked, Needs::LOGPROBS);
            }
            b"thinkingConfig" => self.thinking(scan)?,
            b"responseModalities" => elements(scan, |scan| {
                let audio =
                    scan.text()?.is_some_and(|modality| modality.unescape().eq_ignore_ascii_case("audio"));
                self.needs(audio, Needs::AUDIO_OUT);
                Ok::<_, ScanError>(())
            })?,
            _ => scan.skip()?,
        }
        Ok(())
    }

    /// A budget of 0 asks for none; anything else that is said asks for some.
    fn thinking(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        members(scan, |scan, name| {
            let asks = match name {
                b"thinkingBudget" => {
                    let kind = scan.kind()?;
                    let budget = scan.range()?;
                    kind == Kind::Number && scan.slice(budget) != b"0"
                }
                b"includeThoughts" => scan.boolean()? == Some(true),
                b"thinkingLevel" => scan.says_something()?,
                _ => {
                    scan.skip()?;
                    false
                }
            };
            self.needs(asks, Needs::REASONING);
            Ok::<_, ScanError>(())
        })
        .map(drop)
    }

    /// Any value: its strings and its names are text.
    fn any(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        match scan.kind()? {
            Kind::String => self.peek.text_bytes += scan.string()?.raw.len() as u64,
            Kind::Object => scan.object(|scan, name| {
                self.peek.text_bytes += name.len() as u64;
                self.any(scan)
            })?,
            Kind::Array => scan.array(|scan| self.any(scan))?,
            _ => scan.skip()?,
        }
        Ok(())
    }

    fn finish(mut self) -> Peek<'a> {
        self.needs(self.is_json && self.has_schema, Needs::JSON_SCHEMA);
        self.needs(self.is_json && !self.has_schema, Needs::JSON_MODE);
        self.needs(self.prefilled, Needs::PREFILL);
        self.needs(self.peek.n.is_some_and(|choices| choices > 1), Needs::MULTIPLE_CHOICES);
        self.peek
    }
}

/// What a walk over the value that starts here spans.
fn ranged<'a>(
    scan: &mut Scanner<'a>,
    walk: impl FnOnce(&mut Scanner<'a>) -> Result<(), ScanError>,
) -> Result<Range<usize>, ScanError> {
    scan.kind()?;
    let start = scan.at();
    walk(scan)?;
    Ok(start..scan.at())
}
