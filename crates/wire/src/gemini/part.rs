//! A part of a content, the same in requests and answers.

use bytes::Bytes;
use catalogue::Protocol;

use super::reading::{Read, Wrong, lose, named};
use super::strict::{flag, list, object, raw_object, text};
use super::{media, result};
use crate::conversation::{
    Block, Content, Loss, Media, Opaque, Reasoning, Text, ToolCall, ToolInput, ToolResult,
};
use crate::scan::{Kind, Scanner};
use crate::translate::note;

/// A part, read.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) text: Option<String>,
    pub(super) is_thought: bool,
    pub(super) signature: Option<String>,
    pub(super) data: Option<Data>,
}

/// What a part holds that is no text.
#[derive(Debug)]
pub(super) enum Data {
    Media(Media),
    Call {
        id: Option<String>,
        name: String,
        arguments: Bytes,
    },
    Result {
        id: Option<String>,
        result: ToolResult,
    },
    /// A kind that only this protocol has: its name, and the whole part.
    Other(String, String),
}

impl Part {
    /// Reads the part that starts here. What it says beside its content is lost.
    pub(super) fn read(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Self> {
        if scan.kind()? != Kind::Object {
            return Err(Wrong::malformed("", "an object was expected"));
        }
        let whole = scan.range()?;
        let mut part = Self::default();
        let mut inside = scan.again(whole.clone());
        object(&mut inside, |scan, name| part.member(scan, name, losses))?;
        if let Some(Data::Other(_, data)) = &mut part.data {
            *data = String::from_utf8_lossy(scan.slice(whole)).into_owned();
        }
        Ok(part)
    }

    fn member(&mut self, scan: &mut Scanner<'_>, name: &[u8], losses: &mut Vec<Loss>) -> Read<()> {
        match name {
            b"text" => self.text = text(scan)?,
            b"thought" => self.is_thought = flag(scan)? == Some(true),
            b"thoughtSignature" => self.signature = text(scan)?.filter(|text| !text.is_empty()),
            b"inlineData" => self.data = Some(Data::Media(media::read_inline(scan, losses)?)),
            b"fileData" => self.data = Some(Data::Media(media::read_file(scan, losses)?)),
            b"functionCall" => self.data = Some(call(scan, losses)?),
            b"functionResponse" => self.data = Some(result(scan, losses)?),
            // Said about the content, not content.
            b"videoMetadata"
            | b"partMetadata"
            | b"mediaResolution"
            | b"mediaProcessing"
            | b"speechMetadata"
            | b"documentMetadata"
            | b"spreadsheetMetadata"
            | b"audioMetadata"
            | b"audioTranscription" => {
                lose(scan, named("parts.", name), losses)?;
            }
            _ => {
                scan.skip()?;
                self.data = Some(Data::Other(named("", name), String::new()));
            }
        }
        Ok(())
    }

    /// What it says in neutral words, the ids and the proof made by the caller; `None` where it says nothing.
    pub(super) fn content(
        self,
        proof: Option<Opaque>,
        next_id: impl FnOnce() -> String,
        losses: &mut Vec<Loss>,
    ) -> Option<Content> {
        let Some(data) = self.data else {
            let text = self.text.unwrap_or_default();
            if text.is_empty() && proof.is_none() {
                return None;
            }
            return Some(if self.is_thought {
                // Google shows summaries of thoughts only.
                Content::Reasoning(Reasoning { text, proof, is_summary: true })
            } else {
                Content::Text(Text { text, proof, ..Text::default() })
            });
        };
        if proof.is_some() && !matches!(data, Data::Call { .. } | Data::Other(..)) {
            note(losses, Loss::new("parts.thoughtSignature", "only text and calls carry one"));
        }
        Some(match data {
            Data::Media(_) if self.is_thought => {
                note(losses, Loss::new("parts.thought", "an image that was thought of is not shown"));
                return None;
            }
            Data::Media(media) => Content::Media(media),
            Data::Call { id, name, arguments } => {
                let id = id.unwrap_or_else(next_id);
                Content::ToolCall(ToolCall { id, name, input: ToolInput::Arguments(arguments), proof })
            }
            Data::Result { result, .. } => Content::ToolResult(result),
            Data::Other(kind, part) => Content::Opaque(Opaque::new(Protocol::Gemini, kind, part)),
        })
    }
}

fn call(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Data> {
    let (mut id, mut name, mut arguments) = (None, String::new(), None);
    object(scan, |scan, member| {
        match member {
            b"id" => id = text(scan)?.filter(|id| !id.is_empty()),
            b"name" => name = text(scan)?.unwrap_or_default(),
            b"args" => arguments = Some(Bytes::copy_from_slice(raw_object(scan)?)),
            b"partialArgs" | b"willContinue" => {
                if scan.says_something()? {
                    let what = "a call in pieces, which nobody asked for";
                    return Err(Wrong::malformed("", what));
                }
            }
            _ => lose(scan, named("functionCall.", member), losses)?,
        }
        Ok(())
    })?;
    if name.is_empty() {
        return Err(Wrong::malformed("name", "it is missing"));
    }
    Ok(Data::Call { id, name, arguments: arguments.unwrap_or(Bytes::from_static(b"{}")) })
}

fn result(scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<Data> {
    let (mut id, mut name, mut said, mut media) = (None, None, None, Vec::new());
    object(scan, |scan, member| {
        match member {
            b"id" => id = text(scan)?.filter(|id| !id.is_empty()),
            b"name" => name = text(scan)?,
            b"response" => said = Some(raw_object(scan)?),
            b"parts" => list(scan, |scan| {
                let content = Part::read(scan, losses)?.content(None, String::new, losses);
                media.extend(content.map(Block::from));
                Ok(())
            })?,
            _ => lose(scan, named("functionResponse.", member), losses)?,
        }
        Ok(())
    })?;
    let (text, is_error) = said.map(result::read).unwrap_or_default();
    let text = (!text.is_empty()).then(|| Content::text(text).into());
    let blocks = text.into_iter().chain(media).collect();
    let call_id = id.clone().unwrap_or_default();
    Ok(Data::Result { id, result: ToolResult { call_id, name, blocks, is_error, is_custom: false } })
}
