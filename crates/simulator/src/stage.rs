//! From what was asked and what shall go wrong to the reply that is played.
//!
//! A fault either takes the place of an answer ([`Scene::failure`]) or spoils a sound one ([`Scene::answer`]).
//! The sound one is made first, so that a spoilt one is byte for byte its beginning.

mod bulk;
mod failure;
mod spoil;
mod timing;
mod trim;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    answer::Answer,
    dates,
    dice::Dice,
    fault::{Fault, RetryAfter},
    frames::Frames,
    play::{End, Framing, Play, Step, What},
    prompt::Prompt,
    protocol::{Dialect, Header, Label, Refusal},
    settings::Settings,
    sse,
};
use timing::Clockwork;

/// Where and when one reply is made.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) dialect: &'static dyn Dialect,
    pub(crate) frames: Frames,
    pub(crate) settings: Arc<Settings>,
    pub(crate) label: Label,
    pub(crate) dice: Dice,
}

const JSON: &str = "application/json";

impl Scene {
    /// A JSON body under this status, at once.
    pub(crate) fn json(&self, status: u16, body: impl Into<Bytes>) -> Play {
        self.at_once(status, JSON, Vec::new(), body.into())
    }

    /// A refusal in the dialect.
    pub(crate) fn refuse(&self, refusal: &Refusal) -> Play {
        let (status, body) = self.dialect.refuse(refusal, &self.label);
        let mut more = self.dialect.refusal_headers(refusal);
        more.extend(refusal.retry_after.iter().flat_map(|after| self.retry_headers(after)));
        self.at_once(status, JSON, more, self.frames.alone(body).into())
    }

    /// The reply to a prompt, sound or spoilt.
    pub(crate) fn answer(&self, prompt: &Prompt, mut answer: Answer, fault: Option<&Fault>) -> Play {
        match fault {
            Some(Fault::HugeLine { bytes }) => answer.choices[0].text.insert(0, bulk::filler(*bytes)),
            Some(Fault::Big { bytes, event_bytes }) => return self.bulk(prompt, Some(*bytes), *event_bytes),
            Some(Fault::Endless { event_bytes }) => return self.bulk(prompt, None, *event_bytes),
            _ => {}
        }
        if prompt.stream { self.stream(prompt, answer, fault) } else { self.whole(prompt, &answer, fault) }
    }

    fn at_once(&self, status: u16, content_type: &str, more: Vec<Header>, body: Bytes) -> Play {
        let mut headers = self.headers(content_type);
        headers.extend(more);
        let framing = Framing::Length(body.len() as u64);
        let head = Step::new(Duration::ZERO, What::Head { status, headers });
        let body = Step::new(Duration::ZERO, What::Body(body));
        Play { steps: Box::new([head, body].into_iter()), framing, end: End::Complete }
    }

    /// An event stream of these steps.
    fn streamed(
        &self,
        steps: impl Iterator<Item = Step> + Send + 'static,
        content_type: &str,
        end: End,
    ) -> Play {
        let mut headers = self.headers(content_type);
        headers.push(("cache-control".to_owned(), "no-cache".to_owned()));
        let at = Duration::from_millis(self.settings.pace.headers_ms.min(self.settings.pace.ttft_ms));
        let head = Step::new(at, What::Head { status: 200, headers });
        Play { steps: Box::new(std::iter::once(head).chain(steps)), framing: Framing::Chunked, end }
    }

    fn headers(&self, content_type: &str) -> Vec<Header> {
        let date = dates::http(self.label.now_unix_s);
        let mut headers =
            vec![("date".to_owned(), date), ("content-type".to_owned(), content_type.to_owned())];
        headers.extend(self.dialect.headers(&self.label));
        headers
    }

    fn retry_headers(&self, after: &RetryAfter) -> Vec<Header> {
        let plain = |value: String| ("retry-after".to_owned(), value);
        match after {
            RetryAfter::Seconds(seconds) => vec![plain(seconds.to_string())],
            RetryAfter::Ms(ms) => {
                vec![("retry-after-ms".to_owned(), ms.to_string()), plain(ms.div_ceil(1000).to_string())]
            }
            RetryAfter::DateInS(seconds) => vec![plain(dates::http(self.label.now_unix_s + seconds))],
            RetryAfter::Text(text) => vec![plain(text.clone())],
        }
    }

    fn clock(&self, fault: Option<&Fault>) -> Clockwork {
        let pace = self.settings.pace;
        let gap = match fault {
            Some(Fault::SlowTokens { gap_ms }) => Duration::from_millis(*gap_ms),
            _ => pace.gap(),
        };
        Clockwork { pace, gap, dice: self.dice.clone() }
    }

    fn whole_text(&self, prompt: &Prompt, answer: &Answer) -> String {
        let text = self.dialect.whole(prompt, answer, &self.label);
        if self.settings.delivery.ascii { sse::ascii(&text) } else { text }
    }

    fn random(&self, count: usize) -> Bytes {
        let mut dice = self.dice.clone();
        (0..count).map(|_| dice.next_u64().to_le_bytes()[0]).collect()
    }
}
