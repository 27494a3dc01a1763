//! What a protocol has to say for itself, and which path speaks which.

use std::{fmt::Debug, sync::Mutex};

use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    answer::Answer,
    anthropic::Messages,
    bedrock::Converse,
    billing::{Input, PromptCache, Section},
    cohere::Cohere,
    dice::{Dice, Digest},
    fault::RetryAfter,
    frames::Frames,
    gemini::Gemini,
    http::Request,
    ollama::Ollama,
    openai::ChatCompletions,
    prompt::Prompt,
    responses::Responses,
    settings::Settings,
};

/// A header's name and value.
pub(crate) type Header = (String, String);

/// One wire protocol: reads requests, writes answers, refusals and events.
pub(crate) trait Dialect: Sync + Debug {
    /// The model that is asked, and whether for a stream, as far as that can be seen before the request is read.
    fn aim(&self, request: &Request) -> Aim {
        Aim::of_body(request, false)
    }
    /// How streams are framed.
    fn frames(&self, _request: &Request) -> Frames {
        Frames::Events
    }
    /// The reply to a request that only counts tokens.
    fn count(&self, request: &Request, _desk: &Desk<'_>) -> Result<String, Refusal> {
        Err(Refusal::new(Reason::NotFound, format!("Invalid URL ({} {})", request.method, request.path())))
    }
    /// The request as a prompt, or why it is refused.
    fn read(&self, request: &Request, desk: &Desk<'_>) -> Result<Prompt, Refusal>;
    /// What each reply's headers say: its id, what is left of the limits.
    fn headers(&self, label: &Label) -> Vec<Header>;
    /// What the protocol's first supplier usually says when it refuses for this reason.
    fn words(&self, reason: Reason) -> &'static str;
    /// Status and JSON body of a refusal.
    fn refuse(&self, refusal: &Refusal, label: &Label) -> (u16, String);
    /// Headers that only this refusal has.
    fn refusal_headers(&self, _refusal: &Refusal) -> Vec<Header> {
        Vec::new()
    }
    /// The id that an answer bears.
    fn answer_id(&self, label: &Label) -> String;
    /// A plain answer's JSON.
    fn whole(&self, prompt: &Prompt, answer: &Answer, label: &Label) -> String;
    /// A streamed answer's events.
    fn events(&self, prompt: &Prompt, answer: Answer, label: &Label) -> Events;
    /// An event with that much text.
    fn text_event(&self, prompt: &Prompt, label: &Label, text: &str) -> Event;
    /// The event that says, inside a stream, that it failed.
    fn error_event(&self, refusal: &Refusal, label: &Label) -> Event;
    /// A sign of life; without data: a comment, where the framing has any.
    fn ping(&self) -> Event {
        Event::new(Kind::Ping, None, String::new())
    }
}

/// What a rule may look at in a request for an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aim {
    pub(crate) model: Option<String>,
    pub(crate) stream: bool,
}

impl Aim {
    /// As the body says; `streams`: what holds where it says nothing.
    pub(crate) fn of_body(request: &Request, streams: bool) -> Self {
        #[derive(Default, Deserialize)]
        struct Peek {
            #[serde(default)]
            model: Value,
            #[serde(default)]
            stream: Value,
        }
        let peek: Peek = serde_json::from_slice(&request.body).unwrap_or_default();
        Self {
            model: peek.model.as_str().map(str::to_owned),
            stream: peek.stream.as_bool().unwrap_or(streams && peek.stream.is_null()),
        }
    }
}

/// A stream's events, made as they are needed.
pub(crate) type Events = Box<dyn Iterator<Item = Event> + Send>;

/// One after the other from each queue in turn, as several choices are made side by side.
pub(crate) fn interleave<T>(queues: Vec<Vec<T>>) -> Vec<T> {
    let mut queues: Vec<_> = queues.into_iter().map(Vec::into_iter).collect();
    let mut mixed = Vec::new();
    loop {
        let before = mixed.len();
        mixed.extend(queues.iter_mut().filter_map(Iterator::next));
        if mixed.len() == before {
            return mixed;
        }
    }
}

/// One event of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: Option<&'static str>,
    /// Empty: a comment line in place of an event.
    pub(crate) data: String,
    pub(crate) kind: Kind,
    /// Tokens that this event shows.
    pub(crate) tokens: u64,
    /// Tokens of reasoning that were made before it and are not shown.
    pub(crate) silent: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Before any content.
    Preamble,
    Content,
    /// Between contents: ends and starts of blocks.
    Structure,
    Ping,
    Finish,
    Usage,
    Terminal,
    /// Finish reason and terminal event in one, usage with them.
    End,
    Error,
}

impl Event {
    pub(crate) fn new(kind: Kind, name: Option<&'static str>, data: String) -> Self {
        Self { name, data, kind, tokens: 0, silent: 0 }
    }
}

/// What the readers of requests need besides the request.
pub(crate) struct Desk<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) cache: &'a Mutex<PromptCache>,
    pub(crate) now: Instant,
}

impl Desk<'_> {
    /// Prompt tokens by bucket, with what `read` finds in the cache.
    pub(crate) fn input(
        &self,
        sections: &[Section],
        read: impl FnOnce(&mut PromptCache, &[Section], Instant) -> Input,
    ) -> Input {
        if self.settings.prompt_cache {
            read(&mut crate::supplier::lock(self.cache), sections, self.now)
        } else {
            let uncached = sections.iter().map(|section| section.tokens).sum();
            Input { uncached, ..Input::default() }
        }
    }
}

/// What names and dates one reply.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    /// Decides all ids in the reply.
    pub(crate) seed: u64,
    pub(crate) now_unix_s: u64,
    /// Requests a minute, and how many are left.
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// Padding against eavesdroppers in each chunk.
    pub(crate) obfuscation: bool,
}

impl Label {
    /// An id in the form of a UUID.
    pub(crate) fn uuid(&self) -> String {
        let digits = self.hex(0, 32);
        [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
    }

    /// `length` hexadecimal digits, always the same for the same `place` in this reply.
    pub(crate) fn hex(&self, place: u64, length: usize) -> String {
        let mut dice = Digest::new(self.seed).with(b"hex").with(&place.to_le_bytes()).dice();
        (0..length).map(|_| char::from(b"0123456789abcdef"[dice.index(16)])).collect()
    }

    /// `prefix` and `length` letters and digits, always the same for the same `place` in this reply.
    pub(crate) fn id(&self, prefix: &str, place: u64, length: usize) -> String {
        const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut dice: Dice = Digest::new(self.seed).with(prefix.as_bytes()).with(&place.to_le_bytes()).dice();
        let letter = |_| char::from(LETTERS[dice.index(LETTERS.len())]);
        prefix.chars().chain((0..length).map(letter)).collect()
    }
}

/// Why a request gets no answer.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
    pub(crate) code: Option<&'static str>,
    pub(crate) retry_after: Option<RetryAfter>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reason {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    ModelMissing,
    TooLarge,
    RateLimited,
    Quota,
    PaymentRequired,
    ContextExceeded,
    Server(u16),
    Overloaded,
}

impl Reason {
    /// The status by which most suppliers tell it.
    pub(crate) fn usual_status(self) -> u16 {
        match self {
            Self::BadRequest | Self::ContextExceeded => 400,
            Self::Unauthorized => 401,
            Self::PaymentRequired | Self::Quota => 402,
            Self::Forbidden => 403,
            Self::NotFound | Self::ModelMissing => 404,
            Self::TooLarge => 413,
            Self::RateLimited => 429,
            Self::Server(status) => status,
            Self::Overloaded => 503,
        }
    }
}

impl Refusal {
    pub(crate) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), param: None, code: None, retry_after: None }
    }

    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(Reason::BadRequest, message)
    }

    #[must_use]
    pub(crate) fn about(self, param: impl Into<String>, code: Option<&'static str>) -> Self {
        Self { param: Some(param.into()), code, ..self }
    }
}

/// What a path and method ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asking {
    Answer(&'static dyn Dialect),
    CountTokens(&'static dyn Dialect),
    Models,
    Nothing,
}

/// What a request asks for, by its path's end: base URLs differ between suppliers of one protocol.
pub(crate) fn asking(method: &str, path: &str) -> Asking {
    match method {
        "POST" if path.ends_with("/chat/completions") => Asking::Answer(&ChatCompletions),
        "POST" if path.ends_with("/messages") => Asking::Answer(&Messages),
        "POST" if path.ends_with("/responses") => Asking::Answer(&Responses),
        "POST" if path.ends_with("/messages/count_tokens") => Asking::CountTokens(&Messages),
        "POST" if path.ends_with(":generateContent") || path.ends_with(":streamGenerateContent") => {
            Asking::Answer(&Gemini)
        }
        "POST" if path.contains("/model/") && path.ends_with("/converse") => Asking::Answer(&Converse),
        "POST" if path.contains("/model/") && path.ends_with("/converse-stream") => Asking::Answer(&Converse),
        "POST" if path.ends_with("/v2/chat") => Asking::Answer(&Cohere),
        "POST" if path.ends_with("/api/chat") => Asking::Answer(&Ollama),
        "POST" if path.ends_with("/responses/input_tokens") => Asking::CountTokens(&Responses),
        "POST" if path.ends_with(":countTokens") => Asking::CountTokens(&Gemini),
        "GET" if path.ends_with("/models") || path.contains("/models/") => Asking::Models,
        _ => Asking::Nothing,
    }
}

/// The protocol in which to refuse a request for something that is not an answer.
pub(crate) fn of_client(request: &Request) -> &'static dyn Dialect {
    match request.path() {
        _ if request.header("anthropic-version").is_some() => &Messages,
        path if path.starts_with("/v1beta/") => &Gemini,
        path if path.starts_with("/model/") => &Converse,
        path if path.starts_with("/v2/") => &Cohere,
        path if path.starts_with("/api/") => &Ollama,
        _ => &ChatCompletions,
    }
}
