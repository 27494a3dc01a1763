//! What can go wrong at a supplier, one name for each way.
//!
//! In JSON: `{"kind": "stall", "after": {"tokens": 3}}`. "Plain" below is an answer that is not streamed.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::base64;

/// One way to fail.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Nobody listens: connections are refused and open ones reset, as after [`crate::Handle::cut`].
    Refuse,
    /// The connection is reset.
    Reset {
        /// When.
        #[serde(default)]
        at: ResetAt,
    },
    /// The request is read, and nothing ever comes back.
    Hang,
    /// The answer, headers and all, comes this much later.
    SlowHeaders {
        /// Milliseconds.
        delay_ms: u64,
    },
    /// Each token takes this long.
    SlowTokens {
        /// Milliseconds.
        gap_ms: u64,
    },
    /// The answer starts and then nothing more comes. A plain one stops half-way through its bytes.
    Stall {
        /// After what.
        after: After,
        /// Signs of life (`ping`, comment) go on at this interval; 0: none. Framings other than server-sent events
        /// have none.
        #[serde(default)]
        pings_ms: u64,
    },
    /// 401: the credential is not known. Gemini's is 400 `API_KEY_INVALID`, Bedrock's 403.
    Unauthorized,
    /// 403: the credential is known and not allowed.
    Forbidden,
    /// 429: too many requests.
    RateLimited {
        /// What the reply says about when to return.
        #[serde(default)]
        retry_after: Option<RetryAfter>,
    },
    /// An error of the supplier's own.
    ServerError {
        /// 500 to 599.
        #[serde(default = "internal")]
        status: u16,
    },
    /// 529 in Messages, 503 in the others.
    Overloaded {
        /// What the reply says about when to return.
        #[serde(default)]
        retry_after: Option<RetryAfter>,
    },
    /// 404: no such model. Bedrock's is 400.
    ModelMissing,
    /// Out of credit: OpenAI's 429 `insufficient_quota`, Anthropic's 400 "credit balance is too low".
    Quota,
    /// 402, as resellers and Anthropic's `billing_error`.
    PaymentRequired,
    /// 400: the conversation does not fit the model's window.
    ContextExceeded,
    /// 400: the request is wrong.
    BadRequest,
    /// 413: the request is too large. Gemini's is 400.
    TooLarge,
    /// Any status with any body, in an orderly reply.
    Status {
        /// The status.
        status: u16,
        /// The body's type.
        #[serde(default = "plain_text")]
        content_type: String,
        /// The body.
        #[serde(default)]
        body: String,
    },
    /// 200, and a body (or the next event's data) that breaks off inside its JSON, then an orderly end.
    InvalidJson {
        /// Streams: after what.
        #[serde(default)]
        after: After,
    },
    /// A frame whose checksum is wrong, then an orderly end. Where there are no checksums (all but Bedrock's streams), as
    /// [`Fault::InvalidJson`].
    WrongChecksum {
        /// After what.
        #[serde(default)]
        after: After,
    },
    /// 200 and no body.
    EmptyBody,
    /// 200 and a web page.
    Html,
    /// The right body under the wrong type.
    WrongContentType {
        /// The type to claim.
        #[serde(default = "plain_text")]
        content_type: String,
    },
    /// 200, and then the protocol's error object: as the body, or as an event that ends the stream.
    #[serde(rename = "error_in_200")]
    ErrorIn200 {
        /// Streams: after what.
        #[serde(default)]
        after: After,
        /// Which error.
        #[serde(default)]
        error: HiddenError,
    },
    /// The connection ends inside the body, chunked framing unfinished. A plain answer loses its second
    /// half.
    Cut {
        /// Streams: after what.
        after: After,
        /// How.
        #[serde(default)]
        with: CutWith,
    },
    /// The body ends in order (last chunk and all), but what it carries does not. A plain answer loses its
    /// second half.
    CleanEnd {
        /// Streams: after what.
        after: After,
        /// What of the protocol's ending is still said.
        #[serde(default)]
        says: Ending,
    },
    /// A sound answer whose next event, or whose text, is this long in one line.
    HugeLine {
        /// Length of the text.
        bytes: usize,
    },
    /// Random bytes: in place of HTTP, or inside a stream whose framing is right.
    Garbage {
        /// How many.
        bytes: usize,
        /// Streams: after what; none: in place of the whole reply.
        #[serde(default)]
        after: Option<After>,
    },
    /// `content-length` is wrong by this much; then the connection ends. A stream gets a length, too.
    LyingLength {
        /// Positive: more promised than sent. Negative: more sent than promised.
        by: i64,
    },
    /// Exactly these bytes.
    Raw(Raw),
    /// A sound answer with this much text, made while it is sent, never held in memory.
    Big {
        /// Bytes of text in all.
        bytes: u64,
        /// Streams: bytes of text in one event.
        #[serde(default = "sixteen_kib")]
        event_bytes: usize,
    },
    /// A sound stream that never ends (a plain answer: [`Fault::Big`] without end, chunked).
    Endless {
        /// Bytes of text in one event.
        #[serde(default = "sixteen_kib")]
        event_bytes: usize,
    },
}

impl Fault {
    /// The `kind` in JSON, under which plays of it are counted.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Reset { .. } => "reset",
            Self::Hang => "hang",
            Self::SlowHeaders { .. } => "slow_headers",
            Self::SlowTokens { .. } => "slow_tokens",
            Self::Stall { .. } => "stall",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::RateLimited { .. } => "rate_limited",
            Self::ServerError { .. } => "server_error",
            Self::Overloaded { .. } => "overloaded",
            Self::ModelMissing => "model_missing",
            Self::Quota => "quota",
            Self::PaymentRequired => "payment_required",
            Self::ContextExceeded => "context_exceeded",
            Self::BadRequest => "bad_request",
            Self::TooLarge => "too_large",
            Self::Status { .. } => "status",
            Self::InvalidJson { .. } => "invalid_json",
            Self::WrongChecksum { .. } => "wrong_checksum",
            Self::EmptyBody => "empty_body",
            Self::Html => "html",
            Self::WrongContentType { .. } => "wrong_content_type",
            Self::ErrorIn200 { .. } => "error_in_200",
            Self::Cut { .. } => "cut",
            Self::CleanEnd { .. } => "clean_end",
            Self::HugeLine { .. } => "huge_line",
            Self::Garbage { .. } => "garbage",
            Self::LyingLength { .. } => "lying_length",
            Self::Raw(_) => "raw",
            Self::Big { .. } => "big",
            Self::Endless { .. } => "endless",
        }
    }
}

/// How far a stream gets before its fault.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// The headers, and no event.
    #[default]
    Headers,
    /// What comes before the first content: the role chunk; `message_start` and the first block's start. Nothing does
    /// in Gemini and Ollama.
    Preamble,
    /// This many events of content. More than there are: the fault comes after the last of them.
    Tokens(u64),
}

/// The errors that suppliers hide inside a 200.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenError {
    /// An error of the supplier's own.
    #[default]
    Server,
    /// It has too much to do.
    Overloaded,
    /// Too many requests.
    RateLimited,
    /// Out of credit.
    Quota,
}

/// When a connection is reset.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetAt {
    /// As soon as it is made. Such a rule cannot look at path, model or streaming, since nothing is read.
    Accept,
    /// When the request has been read.
    #[default]
    Request,
}

/// How a connection is cut.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CutWith {
    /// An orderly end of the connection.
    #[default]
    Fin,
    /// A reset.
    Rst,
}

/// What a stream that ends too early still says. Responses, Gemini and Ollama tell the finish reason and the
/// end in one event, which then never comes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Neither finish reason nor terminal event.
    #[default]
    Nothing,
    /// `[DONE]`, `message_stop`, Bedrock's `metadata`, the array's end, but no finish reason.
    Terminal,
    /// The finish reason, but no terminal event.
    Finish,
}

/// What a reply says about when to come back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// `retry-after` in seconds.
    Seconds(u64),
    /// `retry-after-ms`, and `retry-after` rounded up.
    Ms(u64),
    /// `retry-after` as an HTTP date this many seconds ahead.
    DateInS(u64),
    /// `retry-after` with these words.
    Text(String),
}

/// A reply given byte by byte. Nothing is added but the framing that is asked for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Raw {
    /// The status.
    pub status: u16,
    /// Headers in order, as given.
    pub headers: Vec<(String, String)>,
    /// The body; base64 in JSON.
    #[serde(with = "base64")]
    pub body: Bytes,
    /// Sizes of the pieces in which the body is sent, over and over; none: one piece.
    pub pieces: Vec<usize>,
    /// Milliseconds between pieces.
    pub gap_ms: u64,
    /// How the body's end is told.
    pub framing: RawFraming,
    /// What follows the body.
    pub then: RawEnd,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Bytes::new(),
            pieces: Vec::new(),
            gap_ms: 0,
            framing: RawFraming::Chunked,
            then: RawEnd::Complete,
        }
    }
}

/// How the end of a raw body is told.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RawFraming {
    /// `transfer-encoding: chunked`, each piece a chunk.
    #[default]
    Chunked,
    /// `content-length`.
    Length,
    /// The end of the connection.
    Close,
    /// By whatever the given headers say: nothing is added.
    AsGiven,
}

/// What follows a raw body.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RawEnd {
    /// The body's end, then the next request.
    #[default]
    Complete,
    /// The end of the connection, without the last chunk.
    Fin,
    /// A reset.
    Rst,
    /// Nothing, for ever.
    Silence,
}

fn internal() -> u16 {
    500
}

fn plain_text() -> String {
    "text/plain; charset=utf-8".to_owned()
}

fn sixteen_kib() -> usize {
    16 * 1024
}
