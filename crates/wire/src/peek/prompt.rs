//! The prompt's part of a request: how much text, which kinds of parts, who speaks last.
//!
//! Only positions that mean something are looked at: `"type": "image"` names an image in a content part, and nothing
//! at all in the arguments of a tool call.

use catalogue::Needs;

use super::features::when;
use crate::scan::{Kind, ScanError, Scanner, Text};

type Scanned<T> = Result<T, ScanError>;

/// What the prompt holds, gathered while walking it.
#[derive(Debug, Default)]
pub(super) struct Prompt {
    /// See [`super::Peek::text_bytes`].
    pub(super) text_bytes: u64,
    found: Needs,
    /// Whether the last message walked is the assistant's, so that the answer has to go on from it.
    prefilled: bool,
    /// Whether the message is a turn in which the supplier ran tools of its own: one that is paused is sent back to be gone
    /// on with, which is no given start.
    pauses: bool,
}

impl Prompt {
    pub(super) fn needs(&self) -> Needs {
        self.found | when(self.prefilled, Needs::PREFILL)
    }

    /// A conversation: a list of messages, or one text. Gives the number of messages.
    pub(super) fn messages(&mut self, scan: &mut Scanner<'_>) -> Scanned<u64> {
        let mut count = 0;
        if scan.kind()? != Kind::Array {
            self.any(scan)?;
            return Ok(1);
        }
        scan.array(|scan| {
            count += 1;
            self.message(scan)
        })?;
        Ok(count)
    }

    fn message(&mut self, scan: &mut Scanner<'_>) -> Scanned<()> {
        (self.prefilled, self.pauses) = (false, false);
        if scan.kind()? != Kind::Object {
            return self.any(scan);
        }
        scan.object(|scan, name| {
            match name {
                b"role" => self.prefilled = scan.text()?.is_some_and(|role| role.is("assistant")),
                b"content" | b"parts" | b"output" => self.part_list(scan)?,
                // `result` is a picture that the model made.
                b"type" | b"id" | b"call_id" | b"tool_call_id" | b"encrypted_content" | b"audio"
                | b"result" => scan.skip()?,
                b"cache_control" => self.cache_mark(scan)?,
                _ => self.any(scan)?,
            }
            Ok::<_, ScanError>(())
        })?;
        self.prefilled &= !self.pauses;
        Ok(())
    }

    /// Content: one text, a list of parts, or one part (the screen that a computer's call gives).
    pub(super) fn part_list(&mut self, scan: &mut Scanner<'_>) -> Scanned<()> {
        if scan.kind()? == Kind::Array { scan.array(|scan| self.part(scan)) } else { self.part(scan) }
    }

    fn part(&mut self, scan: &mut Scanner<'_>) -> Scanned<()> {
        if scan.kind()? != Kind::Object {
            return self.any(scan);
        }
        scan.object(|scan, name| {
            match name {
                b"type" => {
                    if let Some(kind) = scan.text()? {
                        self.found = self.found | part_needs(&kind);
                        self.pauses |= kind.is("server_tool_use") || kind.is("mcp_tool_use");
                    }
                }
                b"cache_control" => self.cache_mark(scan)?,
                // A tool's result holds parts of its own.
                b"content" => self.part_list(scan)?,
                b"source" => self.source(scan)?,
                b"image_url" | b"input_audio" | b"file" | b"file_data" | b"inline_data" | b"inlineData"
                | b"id" | b"tool_use_id" | b"signature" | b"data" | b"encrypted_content"
                | b"thoughtSignature" => {
                    scan.skip()?;
                }
                _ => self.any(scan)?,
            }
            Ok(())
        })
    }

    /// Anthropic's source of an image or document: encoded data, an address, or plain text, which alone is prompt text.
    fn source(&mut self, scan: &mut Scanner<'_>) -> Scanned<()> {
        if scan.kind()? != Kind::Object {
            return scan.skip();
        }
        let mut data_bytes = 0;
        let mut is_text = false;
        scan.object(|scan, name| {
            match name {
                b"type" => is_text = scan.text()?.is_some_and(|kind| kind.is("text")),
                b"data" => data_bytes = scan.text()?.map_or(0, |data| data.raw.len() as u64),
                b"content" => self.part_list(scan)?,
                _ => scan.skip()?,
            }
            Ok::<_, ScanError>(())
        })?;
        self.text_bytes += if is_text { data_bytes } else { 0 };
        Ok(())
    }

    /// The tools on offer. Their schemas are prompt text, names included.
    pub(super) fn tools(&mut self, scan: &mut Scanner<'_>) -> Scanned<()> {
        if scan.kind()? != Kind::Array {
            return scan.skip();
        }
        scan.array(|scan| {
            self.found = self.found | Needs::TOOLS;
            if scan.kind()? == Kind::Object { self.tool(scan) } else { self.any(scan) }
        })
    }

    fn tool(&mut self, scan: &mut Scanner<'_>) -> Scanned<()> {
        scan.object(|scan, name| {
            match name {
                b"type" => {
                    let search = scan.text()?.is_some_and(|kind| kind.starts_with("web_search"));
                    self.found = self.found | when(search, Needs::WEB_SEARCH);
                }
                b"cache_control" => self.cache_mark(scan)?,
                _ => self.any(scan)?,
            }
            Ok(())
        })
    }

    fn cache_mark(&mut self, scan: &mut Scanner<'_>) -> Scanned<()> {
        let marked = scan.kind()? != Kind::Null;
        self.found = self.found | when(marked, Needs::CACHE_MARKS);
        scan.skip()
    }

    /// Any value: its strings and its names are text.
    fn any(&mut self, scan: &mut Scanner<'_>) -> Scanned<()> {
        match scan.kind()? {
            Kind::String => self.text_bytes += scan.string()?.raw.len() as u64,
            Kind::Object => scan.object(|scan, name| {
                self.text_bytes += name.len() as u64;
                self.any(scan)
            })?,
            Kind::Array => scan.array(|scan| self.any(scan))?,
            _ => scan.skip()?,
        }
        Ok(())
    }
}

/// What a content part of that type needs, in the words of Chat Completions, Responses and Messages.
fn part_needs(kind: &Text<'_>) -> Needs {
    const KINDS: [(&str, Needs); 9] = [
        ("image_url", Needs::IMAGES),
        ("computer_screenshot", Needs::IMAGES),
        ("image", Needs::IMAGES),
        ("input_image", Needs::IMAGES),
        ("input_audio", Needs::AUDIO_IN),
        ("audio_url", Needs::AUDIO_IN),
        ("document", Needs::DOCUMENTS),
        ("file", Needs::DOCUMENTS),
        ("input_file", Needs::DOCUMENTS),
    ];
    if kind.is("text") {
        return Needs::NONE;
    }
    KINDS.iter().find(|(name, _)| kind.is(name)).map_or(Needs::NONE, |(_, needs)| *needs)
}
