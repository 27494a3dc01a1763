//! A client of the gateway, as a product's SDK would be one: it asks over HTTP, reads the answer, and believes only
//! what is whole.
//!
//! For `try` and for the products of `demo`. An answer counts as one when its status is 2xx, each event is well formed
//! and in place, and it says why it ended; everything else is [`Unanswered`]. Never tries again by itself.

mod anthropic;
mod openai;
mod reading;
mod sdk;

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use catalogue::Protocol;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use secrecy::SecretString;
use upstream::{DialError, Outgoing, Pieces, Pool, SendError, Target, TargetOptions};

use self::reading::Reading;
use self::sdk::Sdk;

/// To the gateway, which is near.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One product's way to a gateway. Lives on one thread, inside a `LocalSet`.
#[derive(Debug)]
pub(crate) struct Client {
    pool: Rc<Pool>,
    target: Target,
    sdk: &'static dyn Sdk,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// A route's name, or whatever else the gateway takes for `model`.
    pub(crate) model: &'a str,
    pub(crate) system: Option<&'a str>,
    pub(crate) user: &'a str,
    pub(crate) stream: bool,
    /// The most to be written; `None` leaves it to the protocol, or is generous where that wants a figure.
    pub(crate) max_tokens: Option<u32>,
}

/// A whole answer. Its text went to whoever asked, piece by piece.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    /// The answer's own id, which the supplier gave it.
    pub(crate) id: Option<String>,
    pub(crate) finish: String,
    /// From the question to the first text, or to all of it where it is not streamed.
    pub(crate) first: Duration,
}

/// What the answer's headers say of how it came about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    pub(crate) request_id: Option<String>,
    pub(crate) deployment: Option<String>,
    /// Whether a later candidate carried it on.
    pub(crate) takeover: bool,
}

/// Why there is no whole answer.
#[derive(Debug, thiserror::Error)]
#[error("{trouble}")]
pub(crate) struct Unanswered {
    /// What is known of the request, where the gateway said anything.
    pub(crate) head: Head,
    pub(crate) trouble: Trouble,
}

/// What an SDK would raise.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Nobody there.
    #[error("the gateway cannot be reached: {}", gateway::account(.0))]
    Unreachable(#[from] SendError),
    /// An error in place of an answer.
    #[error("{message} (status {status})")]
    Refused { status: StatusCode, message: String },
    /// The answer began and did not come to its end, or is not what it claims to be.
    #[error("{0}")]
    Broken(String),
}

impl Trouble {
    /// Whether the gateway's certificate is the trouble.
    pub(crate) fn is_of_trust(&self) -> bool {
        matches!(self, Self::Unreachable(SendError::Dial(DialError::Tls(_))))
    }
}

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoClient {
    #[error("this client speaks openai-chat and anthropic-messages, not {0}")]
    Protocol(Protocol),
    #[error("the gateway's address: {0}")]
    Address(#[from] upstream::TargetError),
    #[error("the product's key holds a character that cannot be sent in a header")]
    Key,
}

impl Client {
    /// Whether there is a client of `protocol`. The gateway translates, so that any will do.
    pub(crate) fn speaks(protocol: Protocol) -> bool {
        sdk::of(protocol).is_some()
    }

    /// A client of the gateway at `base_url`, such as `http://127.0.0.1:4100`.
    pub(crate) fn new(
        pool: Rc<Pool>,
        base_url: &str,
        protocol: Protocol,
        key: Option<&SecretString>,
        options: TargetOptions,
    ) -> Result<Self, NoClient> {
        let sdk = sdk::of(protocol).ok_or(NoClient::Protocol(protocol))?;
        let credential = key.map(|key| sdk.credential(key)).transpose().map_err(|_| NoClient::Key)?;
        Ok(Self { pool, target: Target::new(base_url, TargetOptions { credential, ..options })?, sdk })
    }

    /// Asks, and hands each piece of the answer's text to `on_text` as it comes.
    pub(crate) async fn ask(
        &self,
        question: &Question<'_>,
        mut on_text: impl FnMut(&str),
    ) -> Result<Answer, Unanswered> {
        let began = Instant::now();
        let sent = self.pool.send(&self.target, || self.outgoing(question), CONNECT_TIMEOUT, |_| {}).await;
        let response =
            sent.map_err(|error| Unanswered { head: Head::default(), trouble: Trouble::Unreachable(error) })?;
        let (parts, body) = response.into_parts();
        let head = self.head(&parts.headers);
        let mut first = None;
        let mut reading = Reading::new(self.sdk, parts.status, &parts.headers, question.stream);
        let on_text = |text: &str| {
            first.get_or_insert_with(|| began.elapsed());
            on_text(text);
        };
        match read(&mut reading, body, on_text).await {
            Ok(()) => {}
            Err(trouble) => return Err(Unanswered { head, trouble }),
        }
        match reading.end() {
            Ok((id, finish)) => {
                Ok(Answer { head, id, finish, first: first.unwrap_or_else(|| began.elapsed()) })
            }
            Err(trouble) => Err(Unanswered { head, trouble }),
        }
    }

    fn outgoing(&self, question: &Question<'_>) -> Outgoing {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in self.sdk.standing_headers() {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        self.target.apply(&mut headers);
        let body = Bytes::from(self.sdk.body(question).to_string());
        Outgoing {
            method: Method::POST,
            uri: self.target.uri(self.sdk.path()),
            headers,
            body: Pieces::new([body]),
        }
    }

    fn head(&self, headers: &HeaderMap) -> Head {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Head {
            request_id: text(self.sdk.request_id_header()),
            deployment: text("x-releve-deployment"),
            takeover: headers.contains_key("x-releve-takeover"),
        }
    }
}

/// Reads the body to its end; the connection is kept for the next question.
async fn read<B>(reading: &mut Reading, mut body: B, mut on_text: impl FnMut(&str)) -> Result<(), Trouble>
where
    B: BodyExt<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Trouble::Broken(format!("the answer broke off: {error}")))?;
        if let Ok(data) = frame.into_data() {
            reading.push(data, &mut on_text)?;
        }
    }
    reading.whole(&mut on_text)
}
