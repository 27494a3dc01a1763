//! Faults that take the place of an answer.

use std::time::Duration;

use bytes::Bytes;

use super::{EVENT_STREAM, JSON, Scene, server_error};
use crate::{
    fault::{Fault, Raw, RawEnd, RawFraming, RetryAfter},
    play::{End, Framing, Play, Step, What},
    protocol::{Reason, Refusal},
};

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad \
                    Gateway</h1></center><hr><center>cloud edge</center></body></html>\n";

impl Scene {
    /// The reply to a request that meets `fault`; `None` where the fault needs an answer to spoil.
    pub(crate) fn failure(&self, fault: &Fault, stream: bool) -> Option<Play> {
        let page =
            |status, content_type: &str, body: Bytes| self.at_once(status, content_type, Vec::new(), body);
        match fault {
            Fault::Refuse | Fault::Hang => Some(silent(End::Silence)),
            Fault::Reset { .. } => Some(silent(End::Rst)),
            Fault::Status { status, content_type, body } => {
                Some(page(*status, content_type, body.clone().into()))
            }
            Fault::EmptyBody if stream => {
                Some(self.streamed(std::iter::empty(), EVENT_STREAM, End::Complete))
            }
            Fault::EmptyBody => Some(page(200, JSON, Bytes::new())),
            Fault::Html => Some(page(200, "text/html; charset=utf-8", PAGE.into())),
            Fault::Garbage { bytes, after: None } => {
                let noise = Step::new(Duration::ZERO, What::Noise(self.random(*bytes)));
                Some(Play {
                    steps: Box::new(std::iter::once(noise)),
                    framing: Framing::AsGiven,
                    end: End::Fin,
                })
            }
            Fault::Raw(raw) => Some(play_raw(raw)),
            _ => refusal(fault).map(|refusal| self.refuse(&refusal)),
        }
    }
}

/// The refusal that a fault is, if it is one.
fn refusal(fault: &Fault) -> Option<Refusal> {
    let (reason, message) = match fault {
        Fault::Unauthorized => (Reason::Unauthorized, "Incorrect API key provided: sk-s****."),
        Fault::Forbidden => (Reason::Forbidden, "Country, region, or territory not supported"),
        Fault::RateLimited { retry_after } => return Some(rate_limited(retry_after.clone())),
        Fault::ServerError { status } => {
            return Some(Refusal { reason: Reason::Server(*status), ..server_error() });
        }
        Fault::Overloaded { retry_after } => {
            let refusal = Refusal::new(Reason::Overloaded, "Overloaded");
            return Some(Refusal { retry_after: retry_after.clone(), ..refusal });
        }
        Fault::ModelMissing => {
            (Reason::ModelMissing, "The model does not exist or you do not have access to it.")
        }
        Fault::Quota => (
            Reason::Quota,
            "Your credit balance is too low to access the API: you exceeded your current quota, please check your plan \
             and billing details.",
        ),
        Fault::PaymentRequired => (Reason::PaymentRequired, "Insufficient credits. Add more to continue."),
        Fault::ContextExceeded => (
            Reason::ContextExceeded,
            "prompt is too long: 1000001 tokens > 1000000 maximum. This model's maximum context length is 1000000 tokens.",
        ),
        Fault::BadRequest => (Reason::BadRequest, "Invalid request."),
        Fault::TooLarge => (Reason::TooLarge, "Request exceeds the maximum size"),
        _ => return None,
    };
    Some(Refusal::new(reason, message))
}

/// Too many requests.
pub(crate) fn rate_limited(retry_after: Option<RetryAfter>) -> Refusal {
    let refusal =
        Refusal::new(Reason::RateLimited, "Rate limit reached for requests. Please try again later.");
    Refusal { retry_after, ..refusal }
}

fn silent(end: End) -> Play {
    Play { steps: Box::new(std::iter::empty()), framing: Framing::AsGiven, end }
}

fn play_raw(raw: &Raw) -> Play {
    let head = What::Head { status: raw.status, headers: raw.headers.clone() };
    let mut steps = vec![Step::new(Duration::ZERO, head)];
    let (mut rest, mut at, mut sizes) = (raw.body.clone(), Duration::ZERO, raw.pieces.iter().cycle());
    while !rest.is_empty() {
        let size = sizes.next().map_or(rest.len(), |size| (*size).clamp(1, rest.len()));
        steps.push(Step::new(at, What::Body(rest.split_to(size))));
        at += Duration::from_millis(raw.gap_ms);
    }
    let framing = match raw.framing {
        RawFraming::Chunked => Framing::Chunked,
        RawFraming::Length => Framing::Length(raw.body.len() as u64),
        RawFraming::Close => Framing::Close,
        RawFraming::AsGiven => Framing::AsGiven,
    };
    let end = match raw.then {
        RawEnd::Complete => End::Complete,
        RawEnd::Fin => End::Fin,
        RawEnd::Rst => End::Rst,
        RawEnd::Silence => End::Silence,
    };
    Play { steps: Box::new(steps.into_iter()), framing, end }
}
