//! A look into a request's body; see [`crate::peek`], whose promises hold. The model and whether to stream stand in the
//! path.

#[cfg(test)]
mod tests;

use std::ops::Range;

use catalogue::Needs;

use crate::peek::{Peek, PeekError};
use crate::scan::{Kind, ScanError, Scanner, What};

/// Looks into a request's body.
pub(super) fn peek(body: &[u8]) -> Result<Peek<'_>, PeekError> {
    Ok(look(body)?)
}

fn look(body: &[u8]) -> Result<Peek<'_>, Refusal> {
    let mut scan = Scanner::new(body)?;
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        scan.end()?;
        return Err(Refusal::Peek(PeekError::NotAnObject));
    }
    let mut pass = Pass::default();
    pass.peek.is_empty = true;
    pass.peek.object_open = scan.at() + 1;
    scan.object(|scan, name| pass.member(scan, name))?;
    scan.end()?;
    Ok(Peek { names_proofs: scan.names_proofs(), ..pass.finish() })
}

enum Refusal {
    Scan(ScanError),
    Peek(PeekError),
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
            Refusal::Peek(error) => error,
        }
    }
}

/// The keys that steer: each may stand there once, or two readers could understand two things.
const STEERING: [&str; 6] =
    ["messages", "system", "toolConfig", "inferenceConfig", "outputConfig", "additionalModelRequestFields"];
/// The one of them inside another.
const MAX_TOKENS: &str = "inferenceConfig.maxTokens";

type Scanned = Result<(), ScanError>;

#[derive(Default)]
struct Pass {
    peek: Peek<'static>,
    seen: [bool; STEERING.len()],
    /// Whether the last message is the assistant's, so that the answer has to go on from it.
    prefilled: bool,
}

impl Pass {
    fn member(&mut self, scan: &mut Scanner<'_>, name: &[u8]) -> Result<(), Refusal> {
        self.peek.is_empty = false;
        let Some(key) = STEERING.iter().position(|key| key.as_bytes() == name) else {
            return Ok(scan.skip()?);
        };
        if std::mem::replace(&mut self.seen[key], true) {
            return Err(Refusal::Peek(PeekError::Duplicate { key: STEERING[key] }));
        }
        match name {
            b"messages" => self.peek.messages = Some(valued(scan, |scan| self.messages(scan))?),
            b"system" => self.peek.system = Some(valued(scan, |scan| self.blocks(scan))?),
            b"toolConfig" => self.tool_config(scan)?,
            b"inferenceConfig" => self.inference(scan)?,
            b"outputConfig" => {
                let asked = has_member(scan, b"textFormat")?;
                self.need(asked, Needs::JSON_SCHEMA);
            }
            _ => {
                let asked = asks_to_think(scan)?;
                self.need(asked, Needs::REASONING);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Peek<'static> {
        let prefilled = self.prefilled;
        self.need(prefilled, Needs::PREFILL);
        self.peek
    }

    fn need(&mut self, holds: bool, needs: Needs) {
        if holds {
            self.peek.needs = self.peek.needs | needs;
        }
    }

    fn messages(&mut self, scan: &mut Scanner<'_>) -> Scanned {
        if scan.kind()? != Kind::Array {
            return scan.skip();
        }
        scan.array(|scan| {
            self.peek.messages_count += 1;
            self.prefilled = false;
            members(scan, |scan, name| match name {
                b"role" => {
                    self.prefilled = scan.text()?.is_some_and(|role| role.is("assistant"));
                    Ok(())
                }
                b"content" => self.blocks(scan),
                _ => scan.skip(),
            })
        })
    }

    /// A list of blocks, each an object whose one member says its kind.
    fn blocks(&mut self, scan: &mut Scanner<'_>) -> Scanned {
        if scan.kind()? != Kind::Array {
            return scan.skip();
        }
        scan.array(|scan| members(scan, |scan, kind| self.block(scan, kind)))
    }

    fn block(&mut self, scan: &mut Scanner<'_>, kind: &[u8]) -> Scanned {
        if scan.kind()? == Kind::Null {
            return scan.skip();
        }
        let needs = match kind {
            b"image" => Needs::IMAGES,
            b"audio" => Needs::AUDIO_IN,
            b"document" => Needs::DOCUMENTS,
            b"cachePoint" => Needs::CACHE_MARKS,
            _ => Needs::NONE,
        };
        self.need(true, needs);
        match kind {
            b"image" | b"audio" | b"video" | b"cachePoint" => scan.skip(),
            b"document" => members(scan, |scan, name| match name {
                b"source" => members(scan, |scan, name| match name {
                    b"text" | b"content" => self.any(scan),
                    _ => scan.skip(),
                }),
                b"context" => self.any(scan),
                _ => scan.skip(),
            }),
            b"toolResult" => members(scan, |scan, name| match name {
                b"content" => self.blocks(scan),
                _ => scan.skip(),
            }),
            b"toolUse" => members(scan, |scan, name| match name {
                b"toolUseId" | b"type" => scan.skip(),
                _ => self.any(scan),
            }),
            b"reasoningContent" => members(scan, |scan, name| match name {
                b"reasoningText" => members(scan, |scan, name| match name {
                    b"text" => self.any(scan),
                    _ => scan.skip(),
                }),
                _ => scan.skip(),
            }),
            b"guardContent" => members(scan, |scan, name| match name {
                b"text" => members(scan, |scan, name| match name {
                    b"text" => self.any(scan),
                    _ => scan.skip(),
                }),
                b"image" => {
                    self.need(true, Needs::IMAGES);
                    scan.skip()
                }
                _ => scan.skip(),
            }),
            _ => self.any(scan),
        }
    }

    /// The tools on offer. Their schemas are prompt text, names included.
    fn tool_config(&mut self, scan: &mut Scanner<'_>) -> Scanned {
        members(scan, |scan, name| {
            if name != b"tools" || scan.kind()? != Kind::Array {
                return scan.skip();
            }
            scan.array(|scan| {
                members(scan, |scan, kind| {
                    if kind == b"cachePoint" {
                        self.need(true, Needs::CACHE_MARKS);
                        return scan.skip();
                    }
                    self.need(true, Needs::TOOLS);
                    // The one tool of AWS's own that models have is a search of the web.
                    self.need(kind == b"systemTool", Needs::WEB_SEARCH);
                    self.any(scan)
                })
            })
        })
    }

    fn inference(&mut self, scan: &mut Scanner<'_>) -> Result<(), Refusal> {
        if scan.kind()? != Kind::Object {
            return Ok(scan.skip()?);
        }
        let mut seen = false;
        scan.object(|scan, name| {
            if name != b"maxTokens" {
                return Ok(scan.skip()?);
            }
            if std::mem::replace(&mut seen, true) {
                return Err(Refusal::Peek(PeekError::Duplicate { key: MAX_TOKENS }));
            }
            self.peek.max_tokens = scan.integer()?;
            Ok(())
        })
    }

    /// Any value: its strings and its names are text.
    fn any(&mut self, scan: &mut Scanner<'_>) -> Scanned {
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
}

/// Where the value stands that `take` takes.
fn valued(
    scan: &mut Scanner<'_>,
    take: impl FnOnce(&mut Scanner<'_>) -> Scanned,
) -> Result<Range<usize>, ScanError> {
    scan.kind()?;
    let start = scan.at();
    take(scan)?;
    Ok(start..scan.at())
}

/// Walks the members of an object; any other value has none.
fn members<'a>(
    scan: &mut Scanner<'a>,
    each: impl FnMut(&mut Scanner<'a>, &[u8]) -> Result<(), ScanError>,
) -> Scanned {
    if scan.kind()? == Kind::Object { scan.object(each) } else { scan.skip() }
}

fn has_member(scan: &mut Scanner<'_>, wanted: &[u8]) -> Result<bool, ScanError> {
    let mut found = false;
    members(scan, |scan, name| {
        found |= name == wanted && scan.kind()? != Kind::Null;
        scan.skip()
    })?;
    Ok(found)
}

/// `thinking` of Claude, `reasoningConfig` of Nova, `reasoning_effort` of gpt-oss.
fn asks_to_think(scan: &mut Scanner<'_>) -> Result<bool, ScanError> {
    let mut asks = false;
    members(scan, |scan, name| match name {
        b"thinking" | b"reasoning_config" | b"reasoningConfig" => members(scan, |scan, name| {
            if name != b"type" {
                return scan.skip();
            }
            asks |= scan.text()?.is_some_and(|kind| !kind.is("disabled"));
            Ok(())
        }),
        b"reasoning_effort" => {
            asks |= scan.text()?.is_some_and(|effort| !effort.is("none"));
            Ok(())
        }
        _ => scan.skip(),
    })?;
    Ok(asks)
}
