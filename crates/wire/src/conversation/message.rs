//! Turns and the blocks in them.

use std::sync::Arc;

use bytes::Bytes;
use catalogue::Protocol;

/// One speaker's turn. Two turns of the same role in a row are legal here; a dialect that wants them merged merges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub blocks: Vec<Block>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Instructions, wherever they stand: `system` and `developer` alike.
    System,
    /// The caller, tool results included.
    User,
    /// The model.
    Assistant,
}

/// One piece of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The piece.
    pub content: Content,
    /// The cache mark that the client put behind it.
    pub cache: Option<CacheMark>,
    /// Members of the piece that we do not know, for the protocol it came from.
    pub extra: Option<Opaque>,
}

/// What a block holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(String),
    /// The model declines, in words.
    Refusal(String),
    /// An image, audio or a document.
    Media(Media),
    /// The model wants a tool called.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult(ToolResult),
    /// What the model thought.
    Reasoning(Reasoning),
    /// A block of a kind that only its own protocol has (a server tool's result, a citation list).
    Opaque(Opaque),
}

/// JSON text that is carried and not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// The only protocol to which it may be given back.
    pub protocol: Protocol,
    /// The text, as it came.
    pub json: Bytes,
}

/// A cache mark: everything up to here may be cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheMark {
    /// For the supplier's shortest time (five minutes at Anthropic).
    Short,
    /// For an hour.
    Hour,
}

/// Something that is not text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Its media type, such as `image/png`, where known.
    pub media_type: Option<Arc<str>>,
    /// Where its bytes are.
    pub source: MediaSource,
    /// A file name or title.
    pub name: Option<String>,
}

/// What kind of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// A document, such as a PDF.
    Document,
}

/// Where media is. We never fetch an address ourselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// Base64 text, as it came.
    Base64(Bytes),
    /// An address that the supplier will fetch.
    Url(String),
    /// Plain text (a text document).
    Text(String),
    /// An id at the supplier that holds the file: it can go nowhere else.
    Held(String),
}

/// A call that the model asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The supplier's id, given back with the result.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments as JSON text, an object. Not re-serialised: models are sensitive to it, and it may be broken off.
    pub arguments: Bytes,
    /// What the maker wants back with the call, such as Gemini's thought signature.
    pub signature: Option<Opaque>,
}

/// A tool's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult {
    /// The call's id.
    pub call_id: String,
    /// Text and media, in order.
    pub blocks: Vec<Block>,
    /// Whether the tool failed.
    pub is_error: bool,
}

/// Reasoning. Its place among the other blocks is part of its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reasoning {
    /// What may be shown; empty when the maker shows nothing.
    pub text: String,
    /// Signature or encrypted form, for its maker only.
    pub proof: Option<Opaque>,
    /// Whether `text` is a summary rather than the thought itself.
    pub is_summary: bool,
}
