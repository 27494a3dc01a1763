//! Turns and the blocks in them.

use std::sync::Arc;

use bytes::Bytes;

use super::document::About;
use super::opaque::Opaque;
use super::search::Search;

/// One speaker's turn. Two turns of the same role in a row are legal here; a dialect that wants them merged merges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// The speaker's name, where several share a role.
    pub name: Option<String>,
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
}

impl From<Content> for Block {
    fn from(content: Content) -> Self {
        Self { content, cache: None }
    }
}

/// What a block holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(Text),
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
    /// A search of the web that the supplier made.
    Search(Box<Search>),
    /// A block of a kind that only its own protocol has (another server tool's call or result).
    Opaque(Opaque),
}

impl Content {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Text { text: text.into(), ..Text::default() })
    }
}

/// Text, and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// The text.
    pub text: String,
    /// What the model cites for it.
    pub citations: Vec<Citation>,
    /// The probabilities of its tokens, where they were asked for.
    pub logprobs: Vec<TokenLogprob>,
    /// What the maker wants back with it (Gemini's thought signature on an answer's last part).
    pub proof: Option<Opaque>,
}

/// A source that the model cites.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Citation {
    /// Its address.
    pub url: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// The passage in it.
    pub quote: Option<String>,
    /// Where the citing passage begins and ends in the text, in characters.
    pub range: Option<(u64, u64)>,
    /// Where the cited passage stands in what the client gave along.
    pub place: Option<CitedPlace>,
}

/// A passage of what a client gave along, by numbers that its maker counts.
///
/// Source: `text_citation.py` in anthropic 2.12.0 and `CitationLocation` in botocore 1.44.8, which passes on Anthropic's numbers;
/// read 2026-11-29.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitedPlace {
    /// What it is counted among, and in what its bounds are.
    pub kind: CitedIn,
    /// Which of them, from 0.
    pub index: u64,
    /// Where it begins.
    pub start: u64,
    /// Where it ends; it does no more belong to it.
    pub end: u64,
}

/// The kinds of places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CitedIn {
    /// A document, in characters from 0.
    Characters,
    /// A document, in pages from 1.
    Pages,
    /// A document, in its passages from 0.
    Passages,
    /// A result of the client's own search, in its passages from 0.
    SearchResult {
        /// Where it was found, in the client's words, which need be no address.
        found_at: String,
    },
}

impl Citation {
    /// Why its place is lost where nothing is said but addresses.
    pub const PLACE_LOST: &str = "no place for where in a document it stands";

    /// A source of the client's own search: its words for where it was found are an address if they look like one.
    pub(crate) fn found_at(&mut self, words: &str) {
        if self.url.is_none() && ["https://", "http://"].iter().any(|scheme| words.starts_with(scheme)) {
            self.url = Some(words.to_owned());
        }
    }
}

/// One token and how probable it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLogprob {
    /// The token and its log probability.
    pub chosen: Logprob,
    /// The most probable tokens at its place, most probable first.
    pub top: Vec<Logprob>,
}

/// A token and its log probability, as the number's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logprob {
    /// The token; text that may be half a character.
    pub token: String,
    /// The natural logarithm of its probability, as it was written.
    pub logprob: String,
    /// Its UTF-8 bytes, where the supplier states them.
    pub bytes: Option<Vec<u8>>,
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
    /// How closely an image is to be looked at, in the client's word (`low`, `high`, `auto`).
    pub detail: Option<String>,
    /// What else is said about a document.
    pub about: Option<Box<About>>,
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
    /// Moving pictures.
    Video,
}

/// Where media is. Nothing here fetches an address; whoever does puts the bytes in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// Base64 text, standard alphabet, padded.
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
    /// The supplier's id, given back with the result. Unique within a conversation: where a supplier gives none, its
    /// decoder makes one.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// What the tool is called with.
    pub input: ToolInput,
    /// What the maker wants back with the call, such as Gemini's thought signature.
    pub proof: Option<Opaque>,
}

/// What a tool is called with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolInput {
    /// JSON text, an object; `{}` where nothing was given. Not re-serialised: models are sensitive to it, and it may be
    /// broken off.
    Arguments(Bytes),
    /// Free text, of a tool without a schema ([`super::Tool::Custom`]).
    Text(String),
}

/// A tool's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult {
    /// The call's id.
    pub call_id: String,
    /// The tool's name, where the dialect says it; [`super::Request::tool_name`] finds it in the call otherwise.
    pub name: Option<String>,
    /// Text and media, in order.
    pub blocks: Vec<Block>,
    /// Whether the tool failed.
    pub is_error: bool,
    /// Whether it answers a [`ToolInput::Text`] call.
    pub is_custom: bool,
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
