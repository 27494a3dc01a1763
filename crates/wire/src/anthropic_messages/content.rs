//! Content blocks, read: of requests and of answers.
//!
//! Source: `content_block_param.py`, `content_block.py` and what they name, of the official Python SDK, anthropic 2.12.0,
//! read 2026-11-28.

pub(super) mod citations;
mod media;

use bytes::Bytes;

use super::cache::{self, Carried};
use super::carry::{self, Piece};
use super::fault::Fault;
use super::losses::Losses;
use super::members::{Members, raw};
use crate::conversation::{Block, Content, Opaque, Reasoning, Text, ToolCall, ToolInput, ToolResult};
use crate::scan::{Kind, ScanError, Scanner};
use catalogue::Protocol;

/// Every name that a block of a kind known here has.
const NAMES: &[&str] = &[
    "type",
    "text",
    "citations",
    cache::NAME,
    "source",
    "title",
    "context",
    "thinking",
    "signature",
    "data",
    "id",
    "name",
    "input",
    "caller",
    "tool_use_id",
    "tool_name",
    "content",
    "is_error",
    "transformations",
];

/// Who wrote the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A client: seals of ours are among them.
    Client,
    /// A supplier: what looks like a seal is none.
    Supplier,
}

/// A reader of blocks.
#[derive(Debug)]
pub(super) struct Reader<'l> {
    pub(super) from: Origin,
    pub(super) losses: &'l mut Losses,
}

impl Reader<'_> {
    /// The blocks of a `content`: a string is one block of text.
    pub(super) fn blocks(&mut self, scan: &mut Scanner<'_>) -> Result<Vec<Block>, Fault> {
        match scan.kind()? {
            Kind::String => Ok(vec![Content::text(scan.string()?.unescape()).into()]),
            Kind::Array => {
                let mut pieces = Vec::new();
                scan.array(|scan| {
                    let at = pieces.len();
                    pieces.push(self.block(scan).map_err(|fault| fault.within(|| at.to_string()))?);
                    Ok::<_, Fault>(())
                })?;
                Ok(carry::joined(pieces))
            }
            _ => Err(Fault::malformed("", "a string or a list of blocks was expected")),
        }
    }

    /// The blocks of a member that is such a content, if there is one.
    pub(super) fn member(
        &mut self,
        members: &mut Members<'_>,
        name: &str,
    ) -> Result<Option<Vec<Block>>, Fault> {
        if let Some(text) = members.take_text(name) {
            return Ok(Some(vec![Content::text(text.unescape()).into()]));
        }
        let Some(mut value) = members.take(name) else { return Ok(None) };
        self.blocks(&mut value).map(Some).map_err(|fault| fault.within(|| name.to_owned()))
    }

    /// The block that starts here.
    pub(super) fn block(&mut self, scan: &mut Scanner<'_>) -> Result<Piece, Fault> {
        let start = scan.at();
        let mut members = Members::read(scan, NAMES)?;
        let whole = scan.slice(start..scan.at()).trim_ascii();
        let kind = members.required("type")?;
        let content = match kind.as_str() {
            "image" | "document" | "search_result" | "tool_result" if self.from == Origin::Supplier => {
                return Ok(opaque(kind, whole).into());
            }
            "text" => Content::Text(self.text(&mut members)?),
            "image" => Content::Media(self.image(&mut members)?),
            "document" => Content::Media(self.document(&mut members)?),
            "search_result" => Content::Media(self.search_result(&mut members)?),
            "tool_use" => Content::ToolCall(self.tool_use(&mut members)?),
            "tool_result" => Content::ToolResult(self.tool_result(&mut members)?),
            "thinking" | "redacted_thinking" => {
                let piece = self.thought(&mut members, kind == "thinking")?;
                members.rest(self.losses, &kind)?;
                return Ok(piece);
            }
            // What a client's search for tools has found: all of them are on offer elsewhere.
            "tool_reference" if self.from == Origin::Client => {
                self.losses.add("tool_reference", "said as text");
                Content::text(format!("Now available: the tool `{}`.", members.required("tool_name")?))
            }
            _ => return Ok(Piece::Block(self.carried(kind, whole))),
        };
        let mark = cache::taken(&mut members, self.losses)?;
        members.rest(self.losses, &kind)?;
        Ok(Piece::Block(Block { content, cache: mark }))
    }

    /// A block of another kind, whole but for its mark.
    fn carried(&mut self, kind: String, whole: &[u8]) -> Block {
        let whole = String::from_utf8_lossy(whole);
        let carried = Carried::new(&whole, self.losses);
        let mark = carried.as_ref().and_then(|carried| carried.mark);
        let content = opaque(kind, carried.as_ref().map_or(whole.as_bytes(), Carried::plain));
        Block { content, cache: mark }
    }

    fn text(&mut self, members: &mut Members<'_>) -> Result<Text, Fault> {
        let citations = match members.take_with_kind("citations") {
            Some((Kind::Array, mut value)) => citations::list(&mut value, self.from, self.losses)?,
            Some(_) => return Err(Fault::malformed("citations", "a list was expected")),
            None => Vec::new(),
        };
        Ok(Text { text: self.prose(members, "text")?, citations, ..Text::default() })
    }

    /// A text that a client has to write; at the beginning of a supplier's block it may still be missing.
    fn prose(&self, members: &mut Members<'_>, name: &str) -> Result<String, Fault> {
        match self.from {
            Origin::Client => members.required(name),
            Origin::Supplier => Ok(members.string(name)?.unwrap_or_default()),
        }
    }

    fn thought(&mut self, members: &mut Members<'_>, is_shown: bool) -> Result<Piece, Fault> {
        if self.from == Origin::Client {
            if !is_shown {
                return Ok(carry::redacted(&members.required("data")?));
            }
            let signature = members.string("signature")?.unwrap_or_default();
            return Ok(carry::thinking(members.required("thinking")?, &signature));
        }
        let (kind, place) =
            if is_shown { (carry::SIGNATURE, "signature") } else { (carry::REDACTED, "data") };
        let text = if is_shown { self.prose(members, "thinking")? } else { String::new() };
        let proof = members.string(place)?.filter(|proof| !proof.is_empty());
        let proof = proof.map(|proof| Opaque::new(Protocol::AnthropicMessages, kind, proof));
        Ok(Content::Reasoning(Reasoning { text, proof, is_summary: false }).into())
    }

    fn tool_use(&mut self, members: &mut Members<'_>) -> Result<ToolCall, Fault> {
        let input = members.object("input")?.unwrap_or(b"{}");
        self.caller(members)?;
        Ok(ToolCall {
            id: members.required("id")?,
            name: members.required("name")?,
            input: ToolInput::Arguments(Bytes::copy_from_slice(input)),
            proof: None,
        })
    }

    /// Who called the tool: the model itself, or code that it runs at the supplier.
    fn caller(&mut self, members: &mut Members<'_>) -> Result<(), Fault> {
        let Some(mut caller) = members.members("caller", &["type", "tool_id"])? else { return Ok(()) };
        if caller.text("type")?.is_some_and(|kind| !kind.is("direct")) {
            self.losses.add("tool_use.caller", "only the model itself calls tools elsewhere");
        }
        Ok(())
    }

    fn tool_result(&mut self, members: &mut Members<'_>) -> Result<ToolResult, Fault> {
        let blocks = match members.take("content") {
            Some(mut value) => {
                self.blocks(&mut value).map_err(|fault| fault.within(|| "content".to_owned()))?
            }
            None => Vec::new(),
        };
        Ok(ToolResult {
            call_id: members.required("tool_use_id")?,
            name: None,
            blocks,
            is_error: members.boolean("is_error")?.unwrap_or(false),
            is_custom: false,
        })
    }
}

/// A block that only this protocol has, carried whole.
pub(super) fn opaque(kind: String, whole: &[u8]) -> Content {
    let whole = String::from_utf8_lossy(whole);
    Content::Opaque(Opaque::new(Protocol::AnthropicMessages, kind, whole))
}

/// The object `json` with `value`, which is JSON, as its member `name`.
pub(super) fn with_member(json: &str, name: &str, value: &[u8]) -> Result<String, Fault> {
    let mut place = None;
    let mut scan = Scanner::new(json.as_bytes())?;
    scan.object(|scan, found| {
        let range = scan.range()?;
        if found == name.as_bytes() {
            place = Some(range);
        }
        Ok::<_, ScanError>(())
    })?;
    let value = String::from_utf8_lossy(value);
    if let Some(place) = place {
        return Ok([&json[..place.start], &value, &json[place.end..]].concat());
    }
    let inside = json[..scan.at() - 1].trim_end();
    let comma = if inside.ends_with('{') { "" } else { "," };
    Ok(format!("{inside}{comma}\"{name}\":{value}}}"))
}

/// The text of the object that starts here, whatever it is, and its `type`.
pub(super) fn whole<'a>(scan: &mut Scanner<'a>) -> Result<(Option<String>, &'a [u8]), Fault> {
    let text = raw(scan)?;
    let mut members = Members::read(&mut Scanner::new(text)?, &["type"])?;
    Ok((members.string("type")?, text))
}
