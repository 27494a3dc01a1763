//! One try at one candidate, up to the first content: dial, send, look at the answer's beginning.
//!
//! Nothing has reached the client when this ends, so whatever went wrong stays invisible while another candidate
//! is left.

use std::time::Duration;

use bytes::Bytes;
use catalogue::Needs;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use routing::DeploymentIndex;
use tokio::time::Instant;
use upstream::{Lease, Outgoing, SendError, Sent};
use wire::sse::{Frame, Framer};
use wire::{Broken, Failure, SeenKind, StreamReader};

use crate::call::Call;
use crate::gzip::{Coding, Gzip, UnpackError};
use crate::held::{Held, Read};
use crate::pace::after;
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
}

/// The forms of an answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A plain answer that was read whole and is sound.
    Whole { body: Bytes, reply: wire::Reply },
    /// A plain answer too large to be looked at first.
    Large { held: Held, rest: Incoming, lease: Lease },
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
    pub(crate) rest: Incoming,
    pub(crate) lease: Lease,
}

/// An attempt that brought nothing.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    /// The supplier's own error, which the client gets where it is the client's fault.
    pub(crate) answer: Option<Box<ErrorAnswer>>,
}

/// A supplier's own error.
#[derive(Debug)]
pub(crate) struct ErrorAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self { failure, answer: None }
    }
}

/// Tries `deployment`. Times and what was seen of the supplier go into `trace` as they happen. `others_left` says
/// whether somebody else could still be asked after this attempt.
pub(crate) async fn attempt(
    call: &Call,
    deployment: DeploymentIndex,
    trace: &AttemptTrace,
    others_left: bool,
) -> Result<Started, Failed> {
    let limits = Limits::new(call, trace.started, others_left);
    let provider = call.snapshot.provider_of(deployment);
    let outgoing = || outgoing(call, deployment);
    let sending =
        call.room.pool.send(&provider.target, outgoing, call.policy().connect_timeout, || trace.connected());
    let sent = match call.limits.within(limits.headers, sending).await {
        None => return Err(Failure::Timeout.into()),
        Some(Err(SendError::Dial(error))) => {
            tracing::debug!(provider = %provider.name, %error, "cannot reach a supplier");
            return Err(Failure::Unreachable.into());
        }
        Some(Err(error)) => {
            tracing::debug!(provider = %provider.name, %error, "a supplier broke off before it answered");
            return Err(Failure::Broken(Broken::Cut).into());
        }
        Some(Ok(sent)) => sent,
    };
    let Sent { response, lease } = sent;
    let (parts, body) = response.into_parts();
    trace.headers(parts.status, &parts.headers);
    if !parts.status.is_success() {
        let mut failed = refused(call, parts.status, parts.headers, body, lease, limits.total).await;
        if call.names_the_model(deployment) && matches!(failed.failure, Failure::ModelMissing) {
            // The client's slip: what others ask of the same engine goes on.
            failed.failure = Failure::Client;
        }
        return Err(failed);
    }
    let answer = if call.asked.stream {
        expect_type(&parts.headers, "text/event-stream")?;
        if Coding::of(&parts.headers) != Coding::Identity {
            return Err(Failure::Broken(Broken::Packed).into());
        }
        let strips = call.strips_usage(deployment);
        Answer::Stream(first_content(call, body, lease, trace, limits, strips).await?)
    } else {
        expect_type(&parts.headers, "application/json")?;
        plain(call, &parts.headers, body, lease, trace, limits.total).await?
    };
    Ok(Started { status: parts.status, headers: parts.headers, answer })
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
    fn new(call: &Call, now: Instant, others_left: bool) -> Self {
        let (policy, needs) = (call.policy(), call.asked.needs);
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
fn outgoing(call: &Call, deployment: DeploymentIndex) -> Outgoing {
    let provider = call.snapshot.provider_of(deployment);
    let mut headers = HeaderMap::with_capacity(12);
    call.client_headers.copy_to(&mut headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    provider.target.apply(&mut headers);
    Outgoing {
        method: Method::POST,
        uri: provider.target.uri(call.asked.codec.path()),
        headers,
        body: call.body_for(deployment),
    }
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
    status: StatusCode,
    headers: HeaderMap,
    mut body: Incoming,
    lease: Lease,
    until: Instant,
) -> Failed {
    let mut held = Held::new(ERROR_BODY_BYTES, call.room.shared.memory.clone());
    let read = call.limits.within(until, held.read(&mut body)).await;
    if matches!(read, Some(Read::End)) {
        lease.give_back();
    }
    // What cannot be unpacked says nothing; its status still does.
    let body = unpacked(call, &headers, held.into_bytes(), ERROR_BODY_BYTES).await.unwrap_or_default();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let now_unix_s = u64::try_from(call.room.shared.clock.unix_us() / 1_000_000).unwrap_or_default();
    let failure = call.asked.codec.classify(status.as_u16(), &header, &body, now_unix_s);
    Failed { failure, answer: Some(Box::new(ErrorAnswer { status, headers, body })) }
}

/// Reads a plain answer whole, so that a broken one is seen before the client sees anything of it.
async fn plain(
    call: &Call,
    headers: &HeaderMap,
    mut body: Incoming,
    lease: Lease,
    trace: &AttemptTrace,
    until: Instant,
) -> Result<Answer, Failed> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let is_packed = Coding::of(headers) != Coding::Identity;
    let mut held = Held::new(call.policy().reply_buffer, call.room.shared.memory.clone());
    if announced.is_some_and(|length: usize| length > call.policy().reply_buffer) && !is_packed {
        return Ok(Answer::Large { held, rest: body, lease });
    }
    let read = call.limits.within(until, held.read(&mut body)).await;
    // The supplier had all of it when it began to send.
    let broke = |length: usize, failure: Failure| {
        trace.in_vain(None, announced.unwrap_or_default().max(length) as u64);
        Err(failure.into())
    };
    match read {
        Some(Read::Full) if is_packed => broke(held.len(), Failure::Broken(Broken::TooLong)),
        Some(Read::Full) => Ok(Answer::Large { held, rest: body, lease }),
        Some(Read::End) => {
            lease.give_back();
            let body = match unpacked(call, headers, held.into_bytes(), call.policy().reply_buffer).await {
                Ok(body) => body,
                Err(failure) => return broke(0, failure),
            };
            match call.asked.codec.reply(&body) {
                Ok(reply) => Ok(Answer::Whole { body, reply }),
                Err(failure @ Failure::Broken(_)) => broke(body.len(), failure),
                // An error in an answer's place: nothing was generated.
                Err(failure) => Err(failure.into()),
            }
        }
        Some(Read::Broken) => broke(held.len(), Failure::Broken(Broken::Cut)),
        None => broke(held.len(), Failure::Timeout),
    }
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
    body: Incoming,
    lease: Lease,
    trace: &AttemptTrace,
    limits: Limits,
    strips: bool,
) -> Result<Streaming, Failed> {
    let mut streaming = Streaming {
        held: Vec::new(),
        held_bytes: 0,
        ended: false,
        framer: Framer::new(call.policy().reply_buffer),
        reader: call.asked.codec.stream(),
        rest: body,
        lease,
    };
    match streaming.begin(call, limits, strips).await {
        Ok(()) => {
            if !streaming.ended {
                trace.first_content();
            }
            Ok(streaming)
        }
        Err(failure) => {
            trace.in_vain(streaming.reader.usage(), streaming.reader.output_bytes());
            Err(failure.into())
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
            if !(seen.strip_if_unasked && strips) {
                self.hold(frame.raw);
            }
            match seen.kind {
                SeenKind::Content => return Ok(Look::Begun),
                SeenKind::Terminal => return Ok(Look::Ended),
                _ => {}
            }
        }
        Ok(Look::Nothing)
    }

    fn hold(&mut self, bytes: Bytes) {
        self.held_bytes += bytes.len();
        self.held.push(bytes);
    }

    /// The supplier closed the stream; the terminal event may lack its blank line.
    fn at_end(&mut self) -> Result<(), Failure> {
        if let Some(rest) = self.framer.finish() {
            if let SeenKind::Error(failure) = self.reader.read(&Frame::new(rest.clone())).kind {
                return Err(failure);
            }
            self.hold(rest);
        }
        self.end()
    }

    /// A stream that ended without content is an answer only if it says that it ended, and why.
    fn end(&mut self) -> Result<(), Failure> {
        if self.reader.end() == wire::End::Complete {
            self.ended = true;
            Ok(())
        } else {
            Err(Failure::Broken(if self.held.is_empty() { Broken::Empty } else { Broken::Cut }))
        }
    }
}
