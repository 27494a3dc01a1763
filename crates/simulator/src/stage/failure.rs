//! Faults that take the place of an answer.

use std::time::Duration;

use bytes::Bytes;

use super::{JSON, Scene};
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
                Some(self.streamed(std::iter::empty(), self.frames.content_type(), End::Complete))
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
            _ => reason(fault).map(|(reason, after)| self.refuse_for(reason, after.cloned())),
        }
    }

    /// A refusal in the supplier's usual words.
    pub(crate) fn refuse_for(&self, reason: Reason, retry_after: Option<RetryAfter>) -> Play {
        self.refuse(&Refusal { retry_after, ..self.usual(reason) })
    }

    /// What the supplier usually says for this reason.
    pub(super) fn usual(&self, reason: Reason) -> Refusal {
        Refusal::new(reason, self.dialect.words(reason))
    }
}

/// Why a supplier would refuse so, and when it asks to come back; `None` where the fault is no refusal.
fn reason(fault: &Fault) -> Option<(Reason, Option<&RetryAfter>)> {
    let reason = match fault {
        Fault::RateLimited { retry_after } => return Some((Reason::RateLimited, retry_after.as_ref())),
        Fault::Overloaded { retry_after } => return Some((Reason::Overloaded, retry_after.as_ref())),
        Fault::Unauthorized => Reason::Unauthorized,
        Fault::Forbidden => Reason::Forbidden,
        Fault::ServerError { status } => Reason::Server(*status),
        Fault::ModelMissing => Reason::ModelMissing,
        Fault::Quota => Reason::Quota,
        Fault::PaymentRequired => Reason::PaymentRequired,
        Fault::ContextExceeded => Reason::ContextExceeded,
        Fault::BadRequest => Reason::BadRequest,
        Fault::TooLarge => Reason::TooLarge,
        _ => return None,
    };
    Some((reason, None))
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
