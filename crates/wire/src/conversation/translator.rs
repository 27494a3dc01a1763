//! The seam between a protocol and the neutral conversation.

use bytes::Bytes;

use super::answer::Answer;
use super::event::Event;
use super::request::Request;
use crate::sse::Frame;

/// One protocol's two directions. A protocol offers it through [`crate::Codec::translator`].
pub trait Translator: Sync + std::fmt::Debug {
    /// A client's request, read.
    ///
    /// # Errors
    /// [`TranslateError::Malformed`] for what is not a request of this protocol.
    fn decode_request(&self, body: &[u8]) -> Result<Request, TranslateError>;

    /// A request for a supplier of this protocol that calls the model `model`.
    ///
    /// # Errors
    /// [`TranslateError::Unsayable`] for what must not be left out and cannot be said here.
    fn encode_request(&self, request: &Request, model: &str) -> Result<Encoded, TranslateError>;

    /// A supplier's whole answer, read.
    ///
    /// # Errors
    /// [`TranslateError::Malformed`] for what is not an answer of this protocol.
    fn decode_answer(&self, body: &[u8]) -> Result<Answer, TranslateError>;

    /// A whole answer for a client of this protocol.
    ///
    /// # Errors
    /// [`TranslateError::Unsayable`] for what must not be left out and cannot be said here.
    fn encode_answer(&self, answer: &Answer) -> Result<Encoded, TranslateError>;

    /// A reader of one streamed answer of a supplier.
    fn event_decoder(&self) -> Box<dyn EventDecoder>;

    /// A writer of one streamed answer for a client.
    fn event_encoder(&self) -> Box<dyn EventEncoder>;
}

/// Reads one stream's frames.
pub trait EventDecoder: Send + std::fmt::Debug {
    /// Appends what a frame says to `events`.
    ///
    /// # Errors
    /// [`TranslateError::Malformed`] for a frame that is not of this protocol.
    fn decode(&mut self, frame: &Frame, events: &mut Vec<Event>) -> Result<(), TranslateError>;
}

/// Writes one stream's events.
pub trait EventEncoder: Send + std::fmt::Debug {
    /// Appends an event, as whole frames, to `out`. What the dialect cannot interleave is held back and written later.
    ///
    /// # Errors
    /// [`TranslateError::Unsayable`] for what must not be left out and cannot be said here.
    fn encode(&mut self, event: &Event, out: &mut Vec<Bytes>) -> Result<(), TranslateError>;

    /// What was lost so far.
    fn losses(&self) -> &[Loss];
}

/// Bytes in a dialect, and what they do not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The body.
    pub body: Bytes,
    /// What the dialect has no place for.
    pub losses: Vec<Loss>,
}

/// Something that the source said and the target cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Where it stood, such as `messages[2].content[0].detail`.
    pub path: String,
    /// Why it is left out, in a few words.
    pub why: &'static str,
}

/// Why something cannot be translated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranslateError {
    /// Not of the protocol: the sender's fault.
    #[error("`{path}`: {what}")]
    Malformed {
        /// Where.
        path: String,
        /// What is wrong there.
        what: &'static str,
    },
    /// The target has no way to say it, and leaving it out would change the meaning: another target, or an error.
    #[error("`{path}` cannot be said in the target's protocol: {why}")]
    Unsayable {
        /// Where.
        path: String,
        /// Why.
        why: &'static str,
    },
}
