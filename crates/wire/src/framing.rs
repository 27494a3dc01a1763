//! Cutting a streamed reply into frames, without I/O: bytes in, whole frames out, whatever the protocol frames with.
//!
//! **For**: relaying and translating streams. [`Framing`] is a protocol's way; [`Framer`] cuts in that way; every way
//! gives the same [`Frame`].
//!
//! **Promises**: the same frames however the bytes were cut; all frames and the rest, put together, are the input.

pub mod event_stream;
mod frame;
pub mod lines;
pub mod sse;

use bytes::Bytes;

pub use self::frame::Frame;

/// The longest frame that a default framer takes, in bytes. Larger than any event that we know of (an image in
/// base64 is the largest); each stream may hold so much.
pub const DEFAULT_LIMIT: usize = 8 * 1024 * 1024;

/// Why a stream cannot be cut on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// A frame grew past the limit. What has come so far is still there for [`Framer::finish`].
    #[error("an event is longer than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The bytes are not of this framing: a wrong length or checksum.
    #[error("the stream is not framed as it should be")]
    Malformed,
}

/// How a protocol frames its streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// A JSON text a line (Ollama).
    Lines,
    /// AWS event streams (Amazon Bedrock).
    EventStream,
}

impl Framing {
    /// The media type that a stream of this framing has.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Sse => "text/event-stream",
            Self::Lines => "application/x-ndjson",
            Self::EventStream => "application/vnd.amazon.eventstream",
        }
    }

    /// A framer that refuses frames longer than `limit` bytes. Too low breaks streams with large events (a whole image,
    /// a large tool call); too high lets one supplier fill the memory.
    pub fn framer(self, limit: usize) -> Framer {
        match self {
            Self::Sse => Framer::Sse(sse::Framer::new(limit)),
            Self::Lines => Framer::Lines(lines::Framer::new(limit)),
            Self::EventStream => Framer::EventStream(event_stream::Framer::new(limit)),
        }
    }
}

/// Cuts a byte stream into frames. Push what came, then take frames until there is none.
#[derive(Debug)]
pub enum Framer {
    /// See [`Framing::Sse`].
    Sse(sse::Framer),
    /// See [`Framing::Lines`].
    Lines(lines::Framer),
    /// See [`Framing::EventStream`].
    EventStream(event_stream::Framer),
}

impl Framer {
    /// Adds what was read, in any cut.
    pub fn push(&mut self, bytes: Bytes) {
        match self {
            Self::Sse(framer) => framer.push(bytes),
            Self::Lines(framer) => framer.push(&bytes),
            Self::EventStream(framer) => framer.push(&bytes),
        }
    }

    /// The next whole frame; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`FramingError`], and from then on always.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FramingError> {
        match self {
            Self::Sse(framer) => framer.next_frame(),
            Self::Lines(framer) => framer.next_frame(),
            Self::EventStream(framer) => framer.next_frame(),
        }
    }

    /// What stands in front, where a frame begins there, in as many bytes as one may have. Only of server-sent events, whose
    /// frames can be told from what they say.
    pub fn ahead(&self) -> &[u8] {
        match self {
            Self::Sse(framer) => framer.ahead(),
            Self::Lines(_) | Self::EventStream(_) => &[],
        }
    }

    /// Takes the first `length` bytes of what is [ahead](Self::ahead): whole frames, which somebody else has told apart.
    pub fn take(&mut self, length: usize) -> Bytes {
        match self {
            Self::Sse(framer) => framer.take(length),
            Self::Lines(_) | Self::EventStream(_) => Bytes::new(),
        }
    }

    /// Ends the stream: whatever has come and is not in a frame, as a frame of its own. Not an event by most standards,
    /// but some suppliers leave the last end of line off.
    pub fn finish(&mut self) -> Option<Frame> {
        match self {
            Self::Sse(framer) => framer.finish().map(Frame::sse),
            Self::Lines(framer) => framer.finish(),
            Self::EventStream(framer) => framer.finish(),
        }
    }
}
