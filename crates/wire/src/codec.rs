//! What every protocol can do, as client's dialect and as supplier's.
//!
//! **For**: the table of protocols; [`crate::codec`] gives the row of a name. The gateway sees only this.
//!
//! **Never**: does I/O, or knows one supplier from another: suppliers of a protocol differ in data.

use std::borrow::Cow;

use bytes::Bytes;
use catalogue::{Protocol, Service, Usage};

use crate::amend::{AmendTo, Amended, Amendments};
use crate::conversation::{TranslateError, Translator};
use crate::error_reply::{ErrorKind, ErrorReply};
use crate::failure::Failure;
use crate::framing::{Frame, Framing};
use crate::peek::{Peek, PeekError};
use crate::splice::Edit;

/// One protocol's behaviour.
pub trait Codec: Sync + std::fmt::Debug {
    /// Its name.
    fn protocol(&self) -> Protocol;

    // As the client's dialect.

    /// The JSON body of an error of ours.
    fn error_reply(&self, error: &ErrorReply<'_>) -> Bytes;

    /// The last bytes of a stream that failed: an event on which the official SDKs raise.
    fn error_event(&self, error: &ErrorReply<'_>) -> Bytes;

    /// A sign of life between two frames of a stream, also before the first, that the official SDKs pass over.
    fn keep_alive(&self) -> &'static [u8];

    /// The reply header in which the official SDKs look for the request's id.
    fn request_id_header(&self) -> &'static str;

    /// The status with which this dialect says what went wrong.
    fn status(&self, kind: ErrorKind) -> u16 {
        kind.default_status()
    }

    /// The body of a list of models: the names that a client may write in `model`.
    fn models(&self, names: &[&str]) -> Bytes;

    /// The body that describes one of them.
    fn model(&self, name: &str) -> Bytes;

    /// Looks into a request's body.
    ///
    /// # Errors
    /// [`PeekError`], for what is not JSON, not an object, or ambiguous.
    fn peek<'a>(&self, body: &'a [u8]) -> Result<Peek<'a>, PeekError> {
        crate::peek::peek(body)
    }

    /// The splices that make a deployment's changes in a request of this dialect; none in a dialect that no client speaks.
    fn amend(&self, _body: &[u8], _amendments: &Amendments, _to: &AmendTo<'_>) -> Amended {
        Amended::default()
    }

    /// Refuses a request that goes on with a conversation that a supplier keeps: for one that keeps none.
    ///
    /// # Errors
    /// [`TranslateError::Unsayable`], which [is of a thread](TranslateError::is_of_thread).
    fn check_is_whole(&self, _body: &[u8]) -> Result<(), TranslateError> {
        Ok(())
    }

    /// Whether a request may build on what an earlier one left ([`crate::state`]).
    fn has_state(&self) -> bool {
        false
    }

    // Both.

    /// How its streams are framed.
    fn framing(&self) -> Framing {
        Framing::Sse
    }

    /// Whether a stream that was asked for with this query is one JSON list rather than events: [`crate::JsonList`].
    fn lists_streams(&self, _query: &str) -> bool {
        false
    }

    /// Whether the model stands in the path rather than in the body.
    fn model_in_path(&self) -> bool {
        false
    }

    /// The body that says how many tokens a prompt has; `None` in dialects that cannot be asked.
    fn token_count(&self, _tokens: u64) -> Option<Bytes> {
        None
    }

    // As the supplier's dialect.

    /// What is appended to a provider's base URL to ask how many tokens a prompt has, where the protocol has a way.
    fn count_path(&self, _model: &str) -> Option<Cow<'static, str>> {
        None
    }

    /// What is appended to a provider's base URL to ask `model`, query included. Names are percent-encoded in it.
    fn path(&self, model: &str, stream: bool) -> Cow<'static, str>;

    /// The edit that asks for usage in a stream; `None` when there is nothing to ask for.
    fn usage_request(&self, peek: &Peek<'_>) -> Option<Edit>;

    /// What a reply means whose status is not 2xx. `header` looks one up by its lower-case name; `now_unix_s` is for
    /// dates in `retry-after`.
    fn classify<'h>(
        &self,
        status: u16,
        header: &dyn Fn(&str) -> Option<&'h str>,
        body: &[u8],
        now_unix_s: u64,
    ) -> Failure;

    /// Reads a whole 2xx body that is no stream.
    ///
    /// # Errors
    /// The failure that hides in it: an error object, nothing, not JSON, not of the protocol.
    fn reply(&self, body: &[u8]) -> Result<Reply, Failure>;

    /// A reader for one streamed reply.
    fn stream(&self) -> Box<dyn StreamReader>;

    /// Translation between this protocol and the neutral [`crate::conversation`]; `None` where there is none yet.
    fn translator(&self) -> Option<&'static dyn Translator>;
}

/// Watches the frames of one streamed reply as they pass.
pub trait StreamReader: Send + std::fmt::Debug {
    /// Takes note of the next frame.
    fn read(&mut self, frame: &Frame) -> Seen;

    /// Takes note of the frame that `bytes` begin with, if it is like one that was read but for its text and what it counts: where
    /// the text stands, and how long the frame is. `None`, and nothing noted, where none is, or none that is known to be whole. What it says of a
    /// frame is what [`read`](Self::read) would.
    fn read_alike(&mut self, _bytes: &[u8]) -> Option<(OnlyText, usize)> {
        None
    }

    /// The same for as many such frames as stand there one behind the other: how long they are together.
    fn read_all_alike(&mut self, bytes: &[u8]) -> usize {
        let mut length = 0;
        while let Some((_, more)) = self.read_alike(&bytes[length..]) {
            length += more;
        }
        length
    }

    /// Whether the stream, should it end here, is whole: its terminal event came, and why it ended.
    fn end(&self) -> End;

    /// The usage that the supplier stated so far; the last word wins.
    fn usage(&self) -> Option<Usage>;

    /// The class of service that the supplier says served it.
    fn service(&self) -> Service {
        Service::Standard
    }

    /// Bytes of generated text that passed, escapes included: for an estimate where no usage came.
    fn output_bytes(&self) -> u64;

    /// The finish reason (of the first choice), in the supplier's word.
    fn finish(&self) -> Option<&str>;
}

/// What one frame was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its kind.
    pub kind: SeenKind,
    /// Whether the frame holds nothing but the usage that we asked for: to be kept from a client that did not ask.
    pub strip_if_unasked: bool,
    /// Where the one text of a frame stands that says nothing else. Such a frame holds no proof
    /// ([`proofs`](crate::proofs)).
    pub text: Option<OnlyText>,
}

/// The text of a frame that says nothing else: in its raw bytes, the inside of a sound JSON string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnlyText {
    /// Where it starts.
    pub start: usize,
    /// Where it ends; never where it starts.
    pub end: usize,
    /// Whether all else in the frame was so in the last frame for which this was false, byte for byte: but for its counts, and
    /// numbers and padding that mean nothing.
    pub is_like_before: bool,
    /// What it counts, where it is like one before.
    pub(crate) counts: Counts,
}

/// What a frame counts beside its text: by places that are its protocol's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// A bit for each place.
    said: u8,
    counts: [u32; Self::PLACES],
}

impl Counts {
    /// So many places there are.
    pub(crate) const PLACES: usize = 5;

    /// Notes a count, in place of an earlier one. At a place that there is not it does nothing.
    pub(crate) fn say(&mut self, place: u8, count: u32) {
        if let Some(known) = self.counts.get_mut(usize::from(place)) {
            *known = count;
            self.said |= 1 << place;
        }
    }

    /// The counts that were said, with their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u8, u64)> + '_ {
        let counts = (0..).zip(&self.counts);
        counts
            .filter(|(place, _)| self.said >> place & 1 == 1)
            .map(|(place, count)| (place, u64::from(*count)))
    }
}

/// The kind of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenKind {
    /// Before the first content, and none itself: a role, a start, a ping. May be held back while a failure could still
    /// be hidden. Every other kind commits.
    Preamble,
    /// Generated content: text, reasoning, a tool call, audio.
    Content,
    /// Usage, without content.
    Usage,
    /// The protocol's last event.
    Terminal,
    /// The supplier reports a failure, or the frame is not of the protocol. The stream is over.
    Error(Failure),
    /// Anything else: a finish reason, a block's end, a ping after the first content.
    Other,
}

impl From<SeenKind> for Seen {
    fn from(kind: SeenKind) -> Self {
        Self { kind, strip_if_unasked: false, text: None }
    }
}

/// What the end of a stream is at a given point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The answer is whole.
    Complete,
    /// The answer is broken off: [`crate::Broken::Cut`].
    Cut,
}

/// What a whole reply says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// The usage that the supplier states.
    pub usage: Option<Usage>,
    /// The class of service that the supplier says served it.
    pub service: Service,
    /// The finish reason (of the first choice), in the supplier's word.
    pub finish: Option<String>,
    /// The reply's own id.
    pub id: Option<String>,
    /// Whether there is content. A reply can be whole without any, such as one that was filtered.
    pub has_content: bool,
    /// Bytes of generated text, escapes included: for an estimate where no usage came.
    pub output_bytes: u64,
}
