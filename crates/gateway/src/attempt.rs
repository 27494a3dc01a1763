//! One try at one candidate, up to the first content: dial, send, look at the answer's beginning.
//!
//! Nothing has reached the client when this ends, so whatever went wrong stays invisible while another candidate
//! is left.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use catalogue::Needs;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use routing::DeploymentIndex;
use tokio::time::Instant;
use upstream::{AnswerBody, Outgoing, SendError};
use wire::conversation::{Loss, TranslateError};
use wire::framing::{Frame, Framer};
use wire::translate::StreamTranslation;
use wire::{Broken, Codec, Failure, OnlyText, SeenKind, StreamReader};

use crate::call::Call;
use crate::gzip::{Coding, Gzip, UnpackError};
use crate::heard::Heard;
use crate::held::{Held, Read};
use crate::pace::after;
use crate::speech::{Speech, error_in, failure};
use crate::trace::AttemptTrace;

/// Thinking comes before the first token; a limit made for answers would cut it off.
const REASONING_FACTOR: u32 = 10;
/// The most of an error's body that is read.
const ERROR_BODY_BYTES: usize = 256 * 1024;

/// A supplier's answer that has begun well.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) answer: Answer,
    /// How it was asked.
    pub(crate) speech: Speech,
}

/// The forms of an answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A plain answer that was read whole and is sound.
    Whole { body: Bytes, reply: wire::Reply },
    /// A plain answer too large to be looked at first.
    Large { held: Held, rest: AnswerBody },
    /// A stream of which the first content has come, or the end without any.
    Stream(Streaming),
}

/// A stream that has reached its first content.
#[derive(Debug)]
pub(crate) struct Streaming {
    /// What came before and with the first content, frame by frame.
    pub(crate) held: Vec<Bytes>,
    held_bytes: usize,
    /// Whether that is all of it.
    pub(crate) ended: bool,
    pub(crate) framer: Framer,
    pub(crate) reader: Box<dyn StreamReader>,
    pub(crate) rest: AnswerBody,
    /// Where the client reads another protocol.
    pub(crate) translation: Option<Box<StreamTranslation>>,
    heard: Heard,
}

/// An attempt that brought nothing.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    /// Whether the same attempt is sure to fail once more.
    pub(crate) is_lasting: bool,
    /// The supplier's own error, which the client gets where it is the client's fault.
    pub(crate) answer: Option<Box<ErrorAnswer>>,
    /// What of its answer has no place in the client's protocol, and why.
    pub(crate) unsayable: Vec<Loss>,
}

/// A supplier's own error.
#[derive(Debug)]
pub(crate) struct ErrorAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl ErrorAnswer {
    /// Words it in the client's protocol.
    fn say_in(&mut self, call: &Call, failure: &Failure) {
        let wait = ["retry-after", "retry-after-ms"].map(|name| (name, self.headers.remove(name)));
        self.headers.clear();
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in wait {
            self.headers.extend(value.map(|value| (HeaderName::from_static(name), value)));
        }
        self.body = error_in(call.asked.codec, self.status.as_u16(), failure, &self.body, &call.id_text);
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self { failure, is_lasting: false, answer: None, unsayable: Vec::new() }
    }
}

/// Tries `deployment`. Times and what was seen of the supplier go into `trace` as they happen. `others_left` says
/// whether somebody else could still be asked after this attempt.
pub(crate) async fn attempt(
    call: &Call,
    deployment: DeploymentIndex,
    mut speech: Speech,
    trace: &AttemptTrace,
    others_left: bool,
) -> Result<Started, Failed> {
    let limits = Limits::new(call, deployment, trace.started, others_left);
    let provider = call.snapshot.provider_of(deployment);
    let codec = call.codec_of(deployment);
    let sent = {
        let outgoing = || outgoing(call, deployment, &speech);
        let connect_timeout = call.policy().connect_timeout;
        let send = call.room.pool.send(&provider.target, outgoing, connect_timeout, |at| trace.connected(at));
        call.limits.within(limits.headers, pin!(send)).await
    };
    let response = match sent {
        None => return Err(Failure::Timeout.into()),
        Some(Err(error)) => {
            let words = call.room.shared.troubles.tell(&provider.name, &error);
            trace.trouble.replace(Some(words));
            return Err(match error {
                SendError::Dial(error) if error.is_our_own() => Failure::NoRoom.into(),
                SendError::Dial(error) => {
                    Failed { is_lasting: error.is_lasting(), ..Failure::Unreachable.into() }
                }
                _ => Failure::Broken(Broken::Cut).into(),
            });
        }
        Some(Ok(response)) => response,
    };
    let (parts, body) = response.into_parts();
    trace.headers(parts.status, &parts.headers);
    if !parts.status.is_success() {
        let mut failed = refused(call, codec, parts.status, parts.headers, body, limits.total).await;
        if call.names_the_model(deployment) && matches!(failed.failure, Failure::ModelMissing) {
            // The client's slip: what others ask of the same engine goes on.
            failed.failure = Failure::Client;
        }
        if let Some(answer) = failed.answer.as_mut().filter(|_| call.is_translated(deployment)) {
            answer.say_in(call, &failed.failure);
        }
        return Err(failed);
    }
    speech.sent();
    let answer = if call.asked.stream {
        expect_type(&parts.headers, codec.framing().media_type())?;
        if Coding::of(&parts.headers) != Coding::Identity {
            return Err(Failure::Broken(Broken::Packed).into());
        }
        let strips = call.strips_usage(deployment);
        let streaming = Streaming::new(call, deployment, speech.stream(), body);
        Answer::Stream(first_content(call, streaming, trace, limits, strips).await?)
    } else {
        expect_type(&parts.headers, "application/json")?;
        let plain = Plain { call, codec, headers: &parts.headers, trace, until: limits.total };
        plain.read(&mut speech, body).await?
    };
    let headers = speech.headers(parts.headers, call);
    Ok(Started { status: parts.status, headers, answer, speech })
}

/// When each part of an attempt is too late.
#[derive(Debug, Clone, Copy)]
struct Limits {
    headers: Instant,
    first_content: Instant,
    /// How long a stream may be silent before its first content.
    silence: Duration,
    total: Instant,
}

impl Limits {
    fn new(call: &Call, deployment: DeploymentIndex, now: Instant, others_left: bool) -> Self {
        let (policy, needs) = (call.policy(), call.needs_of(deployment));
        let left = call.deadline.saturating_duration_since(now);
        // Where nothing but time tells a long answer from none, a supplier may take half of what is left, so that the
        // other half is left for the next.
        let share = if others_left { left / 2 } else { left };
        // A plain answer's headers come when all of it exists.
        let total = if call.asked.stream { call.deadline } else { now + share };
        let headers = if call.asked.stream { after(now, policy.header_timeout).min(total) } else { total };
        let first_token = policy.max_time_to_first_token.map(|limit| with_thinking(limit, needs));
        let first_content = first_token.map_or(total, |limit| after(now, limit).min(total));
        let silence = with_thinking(policy.token_gap_timeout, needs).min(share);
        Self { headers: headers.min(first_content), first_content, silence, total }
    }
}

/// A limit on what comes before the first content: many models think in silence.
fn with_thinking(limit: Duration, needs: Needs) -> Duration {
    if needs.contains(Needs::REASONING) { limit.saturating_mul(REASONING_FACTOR) } else { limit }
}

/// The client's request as this deployment gets it.
fn outgoing(call: &Call, deployment: DeploymentIndex, speech: &Speech) -> Outgoing {
    let provider = call.snapshot.provider_of(deployment);
    let mut headers = HeaderMap::with_capacity(12);
    call.client_headers.copy_to(&mut headers, call.is_translated(deployment), &provider.betas);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    provider.target.apply(&mut headers);
    let mut outgoing = Outgoing {
        method: Method::POST,
        uri: provider
            .target
            .uri(&call.codec_of(deployment).path(call.model_name(deployment), call.asked.stream)),
        headers,
        body: call.body_for(deployment, speech),
    };
    provider.target.sign(&mut outgoing, || call.room.shared.clock.unix_s());
    outgoing
}

fn expect_type(headers: &HeaderMap, expected: &str) -> Result<(), Failed> {
    let found = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let essence = found.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if essence.eq_ignore_ascii_case(expected.as_bytes()) {
        Ok(())
    } else {
        Err(Failure::Broken(Broken::WrongContentType).into())
    }
}

async fn refused(
    call: &Call,
    codec: &dyn Codec,
    status: StatusCode,
    headers: HeaderMap,
    mut body: AnswerBody,
    until: Instant,
) -> Failed {
    let mut held = Held::new(ERROR_BODY_BYTES, call.room.shared.memory.clone());
    // However it ends: the status says something already.
    let _ = call.limits.within(until, pin!(held.read(&mut body))).await;
    // What cannot be unpacked says nothing; its status still does.
    let body = unpacked(call, &headers, held.into_bytes(), ERROR_BODY_BYTES).await.unwrap_or_default();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let failure = codec.classify(status.as_u16(), &header, &body, call.room.shared.clock.unix_s());
    let answer = Some(Box::new(ErrorAnswer { status, headers, body }));
    Failed { answer, ..failure.into() }
}

/// A plain answer that is being read whole, so that a broken one is seen before the client sees anything of it.
struct Plain<'a> {
    call: &'a Call,
    codec: &'static dyn Codec,
    headers: &'a HeaderMap,
    trace: &'a AttemptTrace,
    until: Instant,
}

impl Plain<'_> {
    async fn read(&self, speech: &mut Speech, mut body: AnswerBody) -> Result<Answer, Failed> {
        let most = self.call.policy().reply_buffer;
        let announced = self.announced();
        // What is unpacked or translated has to be held.
        let is_held = Coding::of(self.headers) != Coding::Identity || speech.is_translated();
        let mut held = Held::new(most, self.call.room.shared.memory.clone());
        if announced.is_some_and(|length| length > most) && !is_held {
            return Ok(Answer::Large { held, rest: body });
        }
        let read = self.call.limits.within(self.until, pin!(held.read(&mut body))).await;
        match read {
            Some(Read::Full) if is_held => Err(self.broke(held.len(), Failure::Broken(Broken::TooLong))),
            Some(Read::Full) => Ok(Answer::Large { held, rest: body }),
            Some(Read::End) => self.whole(speech, held.into_bytes()).await,
            Some(Read::Broken) => Err(self.broke(held.len(), Failure::Broken(Broken::Cut))),
            None => Err(self.broke(held.len(), Failure::Timeout)),
        }
    }

    async fn whole(&self, speech: &mut Speech, body: Bytes) -> Result<Answer, Failed> {
        let body = match unpacked(self.call, self.headers, body, self.call.policy().reply_buffer).await {
            Ok(body) => body,
            Err(failure) => return Err(self.broke(0, failure)),
        };
        let length = body.len();
        let reply = match self.codec.reply(&body) {
            Ok(reply) => reply,
            Err(failure) => return Err(self.none(length, failure)),
        };
        match speech.answer(body) {
            Ok(body) => Ok(Answer::Whole { body, reply }),
            Err(error @ TranslateError::Unsayable { .. }) => {
                self.trace.in_vain(reply.usage, reply.output_bytes);
                Err(unsayable(&error))
            }
            Err(error) => Err(self.none(length, failure(&error))),
        }
    }

    /// What is no answer: broken, or an error in an answer's place, for which nothing was generated.
    fn none(&self, length: usize, failure: Failure) -> Failed {
        if matches!(failure, Failure::Broken(_)) { self.broke(length, failure) } else { failure.into() }
    }

    fn announced(&self) -> Option<usize> {
        self.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// The supplier had all of it when it began to send.
    fn broke(&self, length: usize, failure: Failure) -> Failed {
        self.trace.in_vain(None, self.announced().unwrap_or_default().max(length) as u64);
        failure.into()
    }
}

/// A sound answer that the client's protocol has no words for.
fn unsayable(error: &TranslateError) -> Failed {
    let lost = match error {
        TranslateError::Unsayable { what, why } => Some(Loss::new(what.as_str(), why)),
        TranslateError::Malformed { .. } | TranslateError::Failed(_) => None,
    };
    Failed { unsayable: lost.into_iter().collect(), ..failure(error).into() }
}

/// A body as it was before the supplier packed it. Nobody asks for that; some do it all the same, and the client, who
/// may not have asked either, gets it unpacked.
async fn unpacked(call: &Call, headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, Failure> {
    match Coding::of(headers) {
        Coding::Identity => return Ok(body),
        Coding::Gzip => {}
        Coding::Other => return Err(Failure::Broken(Broken::Packed)),
    }
    let packed = Gzip::new(body).map_err(|_| Failure::Broken(Broken::Packed))?;
    let memory = &call.room.shared.memory;
    let _room = memory.try_reserve(packed.claimed(limit)).ok_or(Failure::Broken(Broken::TooLong))?;
    packed.unpack(limit).await.map_err(|error| match error {
        UnpackError::NotGzip => Failure::Broken(Broken::Packed),
        UnpackError::TooLarge => Failure::Broken(Broken::TooLong),
    })
}

/// Reads a stream up to its first content.
async fn first_content(
    call: &Call,
    mut streaming: Streaming,
    trace: &AttemptTrace,
    limits: Limits,
    strips: bool,
) -> Result<Streaming, Failed> {
    match streaming.begin(call, limits, strips).await {
        Ok(()) => {
            if !streaming.ended {
                trace.first_content();
            }
            Ok(streaming)
        }
        Err(failure) => {
            trace.in_vain(streaming.reader.usage(), streaming.reader.output_bytes());
            let lost = streaming.translation.as_ref().filter(|_| failure == Failure::AnswerUnsayable);
            let unsayable = lost.map(|translation| translation.losses()).unwrap_or_default();
            Err(Failed { unsayable, ..failure.into() })
        }
    }
}

/// What the frames at hand showed.
enum Look {
    /// Nothing for the client yet.
    Nothing,
    /// The first content.
    Begun,
    /// The terminal event, before any content.
    Ended,
}

impl Streaming {
    fn new(
        call: &Call,
        deployment: DeploymentIndex,
        translation: Option<Box<StreamTranslation>>,
        rest: AnswerBody,
    ) -> Self {
        let codec = call.codec_of(deployment);
        let heard = Heard::of(call, deployment);
        let framer = codec.framing().framer(call.policy().reply_buffer);
        let reader = codec.stream();
        Self { held: Vec::new(), held_bytes: 0, ended: false, framer, reader, rest, translation, heard }
    }

    /// Reads up to the first content, or to an end that is an answer without any; what comes before is held back.
    /// Whatever arrives is a sign of life.
    async fn begin(&mut self, call: &Call, limits: Limits, strips: bool) -> Result<(), Failure> {
        loop {
            match self.look(strips)? {
                Look::Begun => return Ok(()),
                Look::Ended => return self.end(),
                Look::Nothing => {}
            }
            if self.held_bytes > call.policy().reply_buffer {
                return Err(Failure::Broken(Broken::TooLong));
            }
            let silent_until = after(Instant::now(), limits.silence).min(limits.first_content);
            match call.limits.within(silent_until, self.rest.frame()).await {
                None => return Err(Failure::Timeout),
                Some(Some(Ok(frame))) => self.framer.push(frame.into_data().unwrap_or_default()),
                Some(Some(Err(_))) => return Err(Failure::Broken(Broken::Cut)),
                Some(None) => return self.at_end(),
            }
        }
    }

    /// Holds the frames at hand, up to the first content.
    fn look(&mut self, strips: bool) -> Result<Look, Failure> {
        while let Some(frame) = self.framer.next_frame().map_err(|_| Failure::Broken(Broken::TooLong))? {
            let seen = self.reader.read(&frame);
            if let SeenKind::Error(failure) = seen.kind {
                return Err(failure);
            }
            if seen.text.is_none() {
                self.heard.frame(&frame);
            }
            if !(seen.strip_if_unasked && strips) {
                let bytes = said(&mut self.translation, frame, seen.text)?;
                self.hold(bytes);
            }
            match seen.kind {
                // What the client cannot be shown is nothing to it yet.
                SeenKind::Content if self.translation.as_ref().is_some_and(|told| told.is_unshown()) => {}
                SeenKind::Content => return Ok(Look::Begun),
                SeenKind::Terminal => return Ok(Look::Ended),
                _ => {}
            }
        }
        Ok(Look::Nothing)
    }

    fn hold(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.held_bytes += bytes.len();
        self.held.push(bytes);
    }

    /// The supplier closed the stream; the terminal event may lack its blank line.
    fn at_end(&mut self) -> Result<(), Failure> {
        if let Some(rest) = self.framer.finish() {
            if let SeenKind::Error(failure) = self.reader.read(&rest).kind {
                return Err(failure);
            }
            self.heard.frame(&rest);
            let bytes = said(&mut self.translation, rest, None)?;
            self.hold(bytes);
        }
        self.end()
    }

    /// A stream that ended without content is an answer only if it says that it ended, and why.
    fn end(&mut self) -> Result<(), Failure> {
        if self.reader.end() == wire::End::Complete {
            self.ended = true;
            let bytes = finished(&mut self.translation)?;
            self.hold(bytes);
            Ok(())
        } else {
            Err(Failure::Broken(if self.held.is_empty() { Broken::Empty } else { Broken::Cut }))
        }
    }
}

/// A frame as the client gets it; empty where it says nothing to it yet.
fn said(
    translation: &mut Option<Box<StreamTranslation>>,
    frame: Frame,
    text: Option<OnlyText>,
) -> Result<Bytes, Failure> {
    let Some(translation) = translation else { return Ok(frame.raw) };
    let mut out = Vec::new();
    translation.frame(&frame, text, &mut out).map_err(|error| failure(&error))?;
    Ok(out.into())
}

/// What is left to say to the client of a whole stream that the supplier has closed.
pub(crate) fn finished(translation: &mut Option<Box<StreamTranslation>>) -> Result<Bytes, Failure> {
    let mut out = Vec::new();
    if let Some(translation) = translation {
        translation.end(&mut out).map_err(|error| failure(&error))?;
    }
    Ok(out.into())
}
