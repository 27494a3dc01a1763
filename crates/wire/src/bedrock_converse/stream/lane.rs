//! Blocks one after the other: what belongs to a later block waits until the open one has ended.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalogue::Protocol;

use super::super::content::image;
use crate::conversation::{BlockStart, Citation, Delta, Event, Opaque, TranslateError};
use crate::framing::DEFAULT_LIMIT;
use crate::json::Json;
use crate::scan::is_object;

/// What an event says of one block.
#[derive(Debug)]
pub(super) enum Piece {
    /// A call begins.
    Call {
        id: String,
        name: String,
    },
    /// A call or a result of a tool that AWS runs begins: the members that stand at its start.
    Supplied {
        is_result: bool,
        members: Vec<(String, String)>,
    },
    /// An image begins, of this format.
    Image(String),
    Text(String),
    /// A piece of a call's input.
    Input(String),
    Citation(Citation),
    Thought(String),
    /// A piece of the signature.
    Signature(String),
    /// Bytes of hidden reasoning, or of an image, in base64.
    Redacted(String),
    ImageBytes(String),
    /// An element of a result's content, as JSON.
    ResultPart(Vec<u8>),
    /// The block ends.
    Stop,
}

impl Piece {
    /// About how much memory it takes.
    fn size(&self) -> usize {
        64 + match self {
            Self::Text(text)
            | Self::Input(text)
            | Self::Thought(text)
            | Self::Signature(text)
            | Self::Redacted(text)
            | Self::ImageBytes(text)
            | Self::Image(text) => text.len(),
            Self::Call { id, name } => id.len() + name.len(),
            Self::Supplied { members, .. } => {
                members.iter().map(|(name, value)| name.len() + value.len()).sum()
            }
            Self::ResultPart(json) => json.len(),
            Self::Citation(citation) => {
                [&citation.url, &citation.title, &citation.quote].into_iter().flatten().map(String::len).sum()
            }
            Self::Stop => 0,
        }
    }
}

/// The open block, and what it has gathered.
#[derive(Debug)]
enum Open {
    Text,
    Call,
    Reasoning { signature: String, redacted: Vec<u8> },
    Image { format: String, bytes: Vec<u8> },
    Supplied { is_result: bool, members: Vec<(String, String)>, input: String, parts: Vec<Vec<u8>> },
}

/// More blocks than this wait for no good reason.
const MOST_WAITING: usize = 256;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// The index of the block whose pieces go through.
    current: Option<u64>,
    open: Option<Open>,
    /// The others, in the order in which they began.
    waiting: Vec<(u64, Vec<Piece>)>,
    waiting_bytes: usize,
    /// What the open block has gathered.
    gathered_bytes: usize,
}

impl Lane {
    /// Takes a piece of the block at `index`.
    pub(super) fn take(
        &mut self,
        index: u64,
        piece: Piece,
        events: &mut Vec<Event>,
    ) -> Result<(), TranslateError> {
        if self.current.is_none_or(|current| current == index) {
            self.apply(index, piece, events)?;
            return self.go_on(events);
        }
        self.waiting_bytes += piece.size();
        let place = self.waiting.iter().position(|(waiting, _)| *waiting == index);
        if self.waiting_bytes > DEFAULT_LIMIT || (place.is_none() && self.waiting.len() == MOST_WAITING) {
            return Err(TranslateError::malformed("contentBlockIndex", "too many blocks are open at once"));
        }
        match place {
            Some(place) => self.waiting[place].1.push(piece),
            None => self.waiting.push((index, vec![piece])),
        }
        Ok(())
    }

    /// Ends all blocks.
    pub(super) fn end(&mut self, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        self.close(events);
        self.current = None;
        while !self.waiting.is_empty() {
            self.go_on(events)?;
            self.close(events);
            self.current = None;
        }
        Ok(())
    }

    /// Lets those through that waited, as far as the one before them has ended.
    fn go_on(&mut self, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        while self.current.is_none() && !self.waiting.is_empty() {
            let (index, pieces) = self.waiting.remove(0);
            for piece in pieces {
                self.waiting_bytes -= piece.size();
                self.apply(index, piece, events)?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, index: u64, piece: Piece, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        self.current = Some(index);
        match piece {
            Piece::Stop => {
                self.close(events);
                self.current = None;
            }
            Piece::Call { id, name } => {
                self.start(Open::Call, events);
                start(BlockStart::ToolCall { id, name, is_custom: false }, events);
            }
            Piece::Supplied { is_result, members } => {
                let open = Open::Supplied { is_result, members, input: String::new(), parts: Vec::new() };
                self.start(open, events);
            }
            Piece::Image(format) => self.start(Open::Image { format, bytes: Vec::new() }, events),
            Piece::Text(text) => {
                if !text.is_empty() {
                    self.be_text(events);
                    grow(Delta::Text(text), events);
                }
            }
            Piece::Citation(citation) => {
                self.be_text(events);
                grow(Delta::Citation(citation), events);
            }
            Piece::Input(input) => self.input(input, events)?,
            Piece::Thought(text) => {
                self.be_reasoning(events);
                if !text.is_empty() {
                    grow(Delta::Text(text), events);
                }
            }
            Piece::Signature(piece) => self.signature(&piece, events)?,
            Piece::Redacted(base64) => self.redacted(&base64, events)?,
            Piece::ImageBytes(base64) => self.image(&base64)?,
            Piece::ResultPart(json) => self.result_part(json)?,
        }
        Ok(())
    }

    fn input(&mut self, piece: String, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        self.gathered_bytes += piece.len();
        match &mut self.open {
            Some(Open::Call) => grow(Delta::Text(piece), events),
            Some(Open::Supplied { input, .. }) if self.gathered_bytes <= DEFAULT_LIMIT => {
                input.push_str(&piece);
            }
            _ => return Err(unstarted("toolUse")),
        }
        Ok(())
    }

    fn signature(&mut self, piece: &str, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        self.gather(piece.len(), "signature")?;
        let (signature, _) = self.be_reasoning(events);
        signature.push_str(piece);
        let proof = Opaque::new(Protocol::BedrockConverse, "signature", signature.clone());
        grow(Delta::Proof(proof), events);
        Ok(())
    }

    fn redacted(&mut self, base64: &str, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        self.gather(base64.len(), "redactedContent")?;
        let (_, redacted) = self.be_reasoning(events);
        redacted.extend(decoded(base64)?);
        let proof = Opaque::new(Protocol::BedrockConverse, "redacted", STANDARD.encode(redacted));
        grow(Delta::Proof(proof), events);
        Ok(())
    }

    fn image(&mut self, base64: &str) -> Result<(), TranslateError> {
        self.gather(base64.len(), "image")?;
        let Some(Open::Image { bytes, .. }) = &mut self.open else { return Err(unstarted("image")) };
        bytes.extend(decoded(base64)?);
        Ok(())
    }

    fn result_part(&mut self, json: Vec<u8>) -> Result<(), TranslateError> {
        self.gather(json.len(), "toolResult")?;
        match &mut self.open {
            Some(Open::Supplied { is_result: true, parts, .. }) => parts.push(json),
            _ => return Err(unstarted("toolResult")),
        }
        Ok(())
    }

    fn gather(&mut self, bytes: usize, what: &str) -> Result<(), TranslateError> {
        self.gathered_bytes += bytes + 64;
        if self.gathered_bytes > DEFAULT_LIMIT {
            return Err(TranslateError::malformed(what, "it is too long"));
        }
        Ok(())
    }

    fn be_text(&mut self, events: &mut Vec<Event>) {
        if !matches!(self.open, Some(Open::Text)) {
            self.start(Open::Text, events);
            start(BlockStart::Text, events);
        }
    }

    fn be_reasoning(&mut self, events: &mut Vec<Event>) -> (&mut String, &mut Vec<u8>) {
        if !matches!(self.open, Some(Open::Reasoning { .. })) {
            self.start(Open::Reasoning { signature: String::new(), redacted: Vec::new() }, events);
            start(BlockStart::Reasoning { is_summary: false }, events);
        }
        match &mut self.open {
            Some(Open::Reasoning { signature, redacted }) => (signature, redacted),
            _ => unreachable!("it was just opened"),
        }
    }

    fn start(&mut self, open: Open, events: &mut Vec<Event>) {
        self.close(events);
        self.open = Some(open);
    }

    /// Ends the open block. One that is passed on in one piece is passed on now.
    fn close(&mut self, events: &mut Vec<Event>) {
        self.gathered_bytes = 0;
        match self.open.take() {
            None => return,
            Some(Open::Text | Open::Call | Open::Reasoning { .. }) => {}
            Some(Open::Image { format, bytes }) => {
                start(BlockStart::Media(image(&format, STANDARD.encode(bytes))), events);
            }
            Some(Open::Supplied { is_result, members, input, parts }) => {
                start(BlockStart::Opaque(supplied(is_result, &members, &input, &parts)), events);
            }
        }
        events.push(Event::BlockEnd { choice: 0 });
    }
}

/// The whole block, as it stands in a message.
fn supplied(is_result: bool, members: &[(String, String)], input: &str, parts: &[Vec<u8>]) -> Opaque {
    let kind = if is_result { "toolResult" } else { "toolUse" };
    let mut json = Json::new();
    json.object().key(kind).object();
    for (name, value) in members {
        json.key(name).text(value);
    }
    if is_result {
        json.key("content").array();
        for part in parts {
            json.raw(part);
        }
        json.end_array();
    } else if input.is_empty() {
        json.key("input").object().end_object();
    } else if is_object(input.as_bytes()) {
        json.key("input").raw(input);
    } else {
        json.key("input").text(input);
    }
    json.end_object().end_object();
    let data = String::from_utf8(json.finish()).expect("JSON is UTF-8");
    Opaque::new(Protocol::BedrockConverse, kind, data)
}

fn decoded(base64: &str) -> Result<Vec<u8>, TranslateError> {
    STANDARD
        .decode(base64)
        .map_err(|_| TranslateError::malformed("contentBlockDelta", "bytes that are not base64"))
}

fn unstarted(what: &str) -> TranslateError {
    TranslateError::malformed(
        format!("contentBlockDelta.{what}"),
        "no such block was started, or it is too long",
    )
}

fn start(block: BlockStart, events: &mut Vec<Event>) {
    events.push(Event::BlockStart { choice: 0, block });
}

fn grow(delta: Delta, events: &mut Vec<Event>) {
    events.push(Event::Delta { choice: 0, delta });
}
