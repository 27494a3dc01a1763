//! The seam between a protocol and the neutral conversation.

use std::sync::Arc;

use bytes::Bytes;
use catalogue::{Capabilities, Needs, Quirks, Usage};

use super::answer::Answer;
use super::document::Documents;
use super::event::{Delta, Event};
use super::message::Media;
use super::request::Request;
use crate::codec::Counts;
use crate::failure::Failure;
use crate::framing::Frame;

/// One protocol's two directions. A protocol offers it through [`crate::Codec::translator`].
///
/// A protocol that is only ever a supplier's leaves the client's half ([`client`](Self::client)) out.
pub trait Translator: Sync + std::fmt::Debug {
    /// A request for a supplier of this protocol.
    ///
    /// # Errors
    /// [`TranslateError::Unsayable`] for what must not be left out and cannot be said here.
    fn encode_request(&self, request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError>;

    /// A supplier's whole answer, read. Called with what [`crate::Codec::reply`] took for an answer.
    ///
    /// # Errors
    /// [`TranslateError::Malformed`] for what is not an answer of this protocol; [`TranslateError::Failed`] for a failure
    /// in an answer's place.
    fn decode_answer(&self, body: &[u8]) -> Result<Answer, TranslateError>;

    /// A reader of one streamed answer of a supplier.
    fn event_decoder(&self) -> Box<dyn EventDecoder>;

    /// Which names a supplier of this protocol takes for tools.
    fn tool_names(&self) -> ToolNames;

    /// Whether a request in this protocol has a place for [`Target::betas`].
    fn carries_betas(&self, _target: &Target<'_>) -> bool {
        false
    }

    /// Whether it has tools that take free text.
    fn has_custom_tools(&self) -> bool {
        false
    }

    /// Whether the schema of an answer has a name there.
    fn names_schemas(&self) -> bool {
        true
    }

    /// Whether an answer can be held to be JSON, whatever JSON it is.
    fn has_json_mode(&self) -> bool {
        true
    }

    /// Which schemas a supplier of this protocol takes, where a model is to be held to them.
    fn schemas(&self) -> Schemas {
        Schemas::Any
    }

    /// Between which numbers it takes those of [`Sampling`](super::Sampling).
    fn ranges(&self) -> &'static [Range] {
        &[]
    }

    /// What it takes of documents.
    fn documents(&self) -> Documents {
        Documents::Files
    }

    /// How a conversation has to begin.
    fn begins(&self) -> Begins {
        Begins::Spoken
    }

    /// Whether it can be asked for that a tool be called.
    fn has_forced_tools(&self) -> bool {
        true
    }

    /// What becomes of a conversation whose last word is the model's.
    fn given_start(&self, target: &Target<'_>) -> Start {
        if target.capabilities.no.contains(Needs::PREFILL) { Start::Refused } else { Start::GoneOnWith }
    }

    /// The client's half; `None` where no client speaks this protocol.
    fn client(&self) -> Option<&'static dyn ClientTranslator>;
}

/// The half of a protocol that faces clients.
pub trait ClientTranslator: Sync + std::fmt::Debug {
    /// A client's request, read. Members that the neutral request has no place for are named in
    /// [`Request::losses`].
    ///
    /// # Errors
    /// [`TranslateError::Malformed`] for what is not a request of this protocol; [`TranslateError::Unsayable`] for what
    /// must not be left out and has no neutral form.
    fn decode_request(&self, body: &[u8]) -> Result<Request, TranslateError>;

    /// Whether an answer goes on with the model's last word, where that is the last of all. Else it is a message of its own.
    fn goes_on(&self) -> bool {
        true
    }

    /// What of a request its answer is made of. The rest, the conversation above all, need not be held until a long answer
    /// has ended.
    fn kept_for_reply(&self, request: &Request) -> Request {
        Request {
            stream: request.stream,
            stream_usage: request.stream_usage,
            losses: request.losses.clone(),
            ..Request::default()
        }
    }

    /// Whether an answer, `streamed` or whole, has a place for `media`, and if not, why. What has none is left out of it and
    /// named as lost.
    ///
    /// # Errors
    /// Why it has none, in a few words.
    fn shows(&self, _media: &Media, _streamed: bool) -> Result<(), &'static str> {
        Err("answers hold no media there")
    }

    /// A whole answer for a client of this protocol.
    ///
    /// # Errors
    /// [`TranslateError::Unsayable`] for what must not be left out and cannot be said here.
    fn encode_answer(&self, answer: &Answer, about: &ReplyContext) -> Result<Encoded, TranslateError>;

    /// A writer of one streamed answer for a client.
    fn event_encoder(&self, about: &ReplyContext) -> Box<dyn EventEncoder>;
}

/// Which schemas a supplier takes for answers, and for the arguments of strict tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schemas {
    /// Any.
    Any,
    /// Those whose top is an object.
    Objects,
    /// Those whose top is an object; and, with `strict`, those that lie in the subset of `OpenAI`.
    Strict,
    /// Those that lie in the subset of Anthropic, in which objects are closed.
    Closed,
}

/// Between which numbers a supplier takes a parameter: its neutral name, the least and the most, as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range(pub &'static str, pub &'static str, pub &'static str);

impl Range {
    /// The number, or the end of the range that it is beyond. Its text stays as it is where it is within.
    pub(crate) fn put_within<'n>(&self, number: &'n str) -> &'n str {
        let Self(_, least, most) = *self;
        let value = |text: &str| text.parse::<f64>().ok();
        let Some(((number_value, least_value), most_value)) =
            value(number).zip(value(least)).zip(value(most))
        else {
            return number;
        };
        if number_value < least_value {
            least
        } else if number_value > most_value {
            most
        } else {
            number
        }
    }
}

/// How a conversation has to begin for a supplier to take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// With anything, and be it instructions alone.
    Anyhow,
    /// With either speaker's word, beside instructions.
    Spoken,
    /// With the user's word, beside instructions.
    WithUser,
}

/// What a supplier makes of a conversation whose last word is the model's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Its answer goes on with that.
    GoneOnWith,
    /// Its answer is another message.
    LeftBehind,
    /// It is an error.
    Refused,
}

/// Reads one stream's frames.
pub trait EventDecoder: Send + std::fmt::Debug {
    /// Appends what a frame says to `events`.
    ///
    /// # Errors
    /// [`TranslateError::Malformed`] for a frame that is not of this protocol; [`TranslateError::Failed`] where the
    /// supplier reports a failure. The stream is over then.
    fn decode(&mut self, frame: &Frame, events: &mut Vec<Event>) -> Result<(), TranslateError>;

    /// Takes note of a frame that is like the one decoded last but for its text, `text`, which is never empty, and for what it
    /// counts: `counts`, by the places that the protocol's [reader](crate::StreamReader) gave them. `None`, and nothing done,
    /// where the frame says more than that: then it is [decoded](Self::decode) like any other.
    fn go_on(&mut self, _text: &str, _counts: &Counts) -> Option<GoneOn> {
        None
    }

    /// Appends what the end of the stream's body says. Only a protocol without a terminal event says anything by it; the
    /// others have said all in [`decode`](Self::decode).
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    fn end(&mut self, _events: &mut Vec<Event>) -> Result<(), TranslateError> {
        Ok(())
    }

    /// What the dialect said that has no neutral form, so far.
    fn losses(&self) -> &[Loss] {
        &[]
    }
}

/// What a frame says that is like the one before but for its text and what it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoneOn {
    /// The choice whose open block grows by the text.
    pub choice: u32,
    /// The usage, if it is not what was told before. It comes before the text.
    pub usage: Option<Usage>,
}

impl From<u32> for GoneOn {
    /// Nothing but the text, of this choice.
    fn from(choice: u32) -> Self {
        Self { choice, usage: None }
    }
}

/// Writes one stream's events.
pub trait EventEncoder: Send + std::fmt::Debug {
    /// Appends an event, as whole frames, to `out`.
    ///
    /// # Errors
    /// [`TranslateError::Unsayable`] for what must not be left out and cannot be said here.
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<(), TranslateError>;

    /// Appends the event that the open block grows by `text`: most of a stream, so an encoder may have a shorter way.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    fn grow(&mut self, choice: u32, text: &str, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        self.encode(&Event::Delta { choice, delta: Delta::Text(text.to_owned()) }, out)
    }

    /// What was lost so far.
    fn losses(&self) -> &[Loss];
}

/// Whom a request goes to, as far as it decides how things are said.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The model's name there.
    pub model: &'a str,
    /// The tag of the account: what is opaque goes back only to the account that made it.
    pub owner: &'a str,
    /// The most tokens that it can write, where known.
    pub max_output: Option<u64>,
    /// What the model does and does not do.
    pub capabilities: Capabilities,
    /// How it wants to be spoken to where that differs from the protocol's usual way.
    pub quirks: Quirks,
    /// Parameters that it refuses, by the names of [`super::Sampling`]'s members: they are left out and named as lost.
    pub refuses: &'a [Arc<str>],
    /// Whether it takes a request for usage in streams.
    pub stream_usage: bool,
    /// Beta features of Claude's API that the client asks for and the host takes, by the names that `anthropic-beta` lists.
    pub betas: &'a [&'a str],
    /// Tools that suppliers run themselves which a request may do without, by their kinds.
    pub may_drop: &'a [Arc<str>],
}

impl Target<'_> {
    /// Whether it refuses the parameter `name`.
    pub fn refuses(&self, name: &str) -> bool {
        self.refuses.iter().any(|refused| &**refused == name)
    }
}

/// What an answer is an answer to.
#[derive(Debug, Clone)]
pub struct ReplyContext {
    /// Our id of the request: ids that the client's dialect wants and the supplier did not give are made from it.
    pub request_id: Arc<str>,
    /// Now, in seconds since 1970.
    pub created_unix_s: u64,
    /// The model's name, for an answer whose supplier states none.
    pub model: Arc<str>,
    /// The prompt's size in tokens, for a dialect that wants it before the supplier has said it.
    pub estimated_input_tokens: u64,
    /// What was asked, as far as [`ClientTranslator::kept_for_reply`] needs it.
    pub request: Arc<Request>,
    /// The response that it goes on from, where we have put that into the request.
    pub previous: Option<Arc<str>>,
}

/// Which names a supplier takes for tools. Others are renamed on the way there, and back on the way home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolNames {
    /// The longest, in bytes.
    pub longest: usize,
    /// Characters beside letters and digits.
    pub also: &'static str,
    /// Whether a name may begin with a digit or `-`.
    pub any_start: bool,
}

impl ToolNames {
    /// Whether `name` is taken.
    pub fn take(&self, name: &str) -> bool {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || self.also.contains(letter);
        let starts = |letter: char| self.any_start || letter.is_ascii_alphabetic() || letter == '_';
        name.len() <= self.longest && name.chars().all(fits) && name.chars().next().is_some_and(starts)
    }
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
    /// What, such as `logit_bias` or `image.detail`: a name of the source's dialect or of the neutral request, without
    /// indices, so that the same loss of twenty messages is one.
    pub what: String,
    /// Why it is left out, in a few words.
    pub why: &'static str,
}

impl Loss {
    /// A loss.
    pub fn new(what: impl Into<String>, why: &'static str) -> Self {
        Self { what: what.into(), why }
    }
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
    #[error("`{what}` cannot be said in the target's protocol: {why}")]
    Unsayable {
        /// What.
        what: String,
        /// Why.
        why: &'static str,
    },
    /// The supplier reports a failure in its answer's place.
    #[error("the supplier reports a failure: {0}")]
    Failed(Failure),
}

impl TranslateError {
    /// The sender's fault.
    pub fn malformed(path: impl Into<String>, what: &'static str) -> Self {
        Self::Malformed { path: path.into(), what }
    }

    /// The same, seen from outside: where it is said what is wrong, `place` goes in front.
    #[must_use]
    pub(crate) fn within(self, place: &str) -> Self {
        let Self::Malformed { path, what } = self else { return self };
        let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
        Self::Malformed { path: format!("{place}{dot}{path}"), what }
    }

    /// Whether it is media that the target cannot say: in another form it may.
    pub fn is_of_media(&self) -> bool {
        let Self::Unsayable { what, .. } = self else { return false };
        let name = what.split('.').next().unwrap_or_default();
        ["media", "image", "document", "file"].contains(&name)
    }

    /// Whether the request has only what is new of a conversation that its supplier keeps: whole, it could be said.
    pub fn is_of_thread(&self) -> bool {
        matches!(self, Self::Unsayable { what, .. } if what == "thread")
    }

    /// A tool of one protocol's own, by its kind, for a target that speaks another.
    pub fn foreign_tool(kind: impl std::fmt::Display) -> Self {
        Self::unsayable(format!("tools.{kind}"), "only its own protocol knows this tool")
    }

    /// Something that the target cannot say.
    pub fn unsayable(what: impl Into<String>, why: &'static str) -> Self {
        Self::Unsayable { what: what.into(), why }
    }
}
