//! Sound answers, and faults that spoil them.

use std::time::Duration;

use bytes::Bytes;

use super::{JSON, Scene, timing::Timed, trim::Trimmed};
use crate::{
    answer::Answer,
    fault::{After, CutWith, Ending, Fault, HiddenError},
    frames::Frames,
    play::{End, Framing, Play, Step, What},
    prompt::Prompt,
    protocol::{Event, Events, Kind, Reason, Refusal},
    settings::Delivery,
};

impl Scene {
    /// A plain answer.
    pub(super) fn whole(&self, prompt: &Prompt, answer: &Answer, fault: Option<&Fault>) -> Play {
        let sound = Bytes::from(self.whole_text(prompt, answer));
        let content_type = match fault {
            Some(Fault::WrongContentType { content_type }) => content_type,
            _ => JSON,
        };
        let (body, length, end) = self.spoil_whole(sound, fault);
        let mut clock = self.clock(fault);
        let mut at = clock.first_token_after();
        let tokens = answer.reasoning_tokens() + answer.output_tokens();
        let mut steps = Vec::new();
        for place in 0..tokens {
            at += if place == 0 { Duration::ZERO } else { clock.wait(1) };
            steps.push(Step { tokens: 1, ..Step::new(at, What::Thought) });
        }
        steps.push(Step::new(at, What::Head { status: 200, headers: self.headers(content_type) }));
        steps.push(Step { contents: answer.output_tokens(), ..Step::new(at, What::Body(body)) });
        Play { steps: Box::new(steps.into_iter()), framing: Framing::Length(length), end }
    }

    /// What is sent, how long it claims to be, and how it ends.
    fn spoil_whole(&self, sound: Bytes, fault: Option<&Fault>) -> (Bytes, u64, End) {
        let length = sound.len() as u64;
        let whole = |body: Bytes| (body.clone(), body.len() as u64, End::Complete);
        match fault {
            Some(Fault::ErrorIn200 { error, .. }) => {
                whole(self.dialect.refuse(&self.hidden(*error), &self.label).1.into())
            }
            Some(Fault::InvalidJson { .. } | Fault::WrongChecksum { .. } | Fault::CleanEnd { .. }) => {
                whole(sound.slice(..sound.len() / 2))
            }
            Some(Fault::Garbage { bytes, .. }) => whole(self.random(*bytes)),
            Some(Fault::Cut { after, with }) => (beginning(&sound, *after), length, cut_end(*with)),
            Some(Fault::Stall { after, .. }) => (beginning(&sound, *after), length, End::Silence),
            Some(Fault::LyingLength { by }) => (sound, length.saturating_add_signed(*by), End::Fin),
            _ => whole(sound),
        }
    }

    /// A streamed answer.
    pub(super) fn stream(&self, prompt: &Prompt, answer: Answer, fault: Option<&Fault>) -> Play {
        let sound = self.dialect.events(prompt, answer, &self.label);
        let play = |events, end| self.streamed(self.timed(events, fault), self.frames.content_type(), end);
        match fault {
            Some(Fault::WrongChecksum { after }) if self.frames == Frames::Aws => {
                self.then_bytes(sound, *after, self.torn_frame(prompt), fault)
            }
            Some(Fault::InvalidJson { after } | Fault::WrongChecksum { after }) => {
                play(then(sound, *after, self.broken_event(prompt)), End::Complete)
            }
            Some(Fault::ErrorIn200 { after, error }) => {
                let error = self.dialect.error_event(&self.hidden(*error), &self.label);
                play(then(sound, *after, error), End::Complete)
            }
            Some(Fault::Cut { after, with }) => play(until(sound, *after), cut_end(*with)),
            Some(Fault::CleanEnd { after, says }) => {
                play(Box::new(Trimmed::new(sound, *after, *says)), End::Complete)
            }
            Some(Fault::Stall { after, pings_ms }) => {
                let steps = self.timed(until(sound, *after), fault);
                self.streamed(self.then_silence(steps, *pings_ms), self.frames.content_type(), End::Silence)
            }
            Some(Fault::Garbage { bytes, after }) => {
                self.then_bytes(sound, after.unwrap_or_default(), self.random(*bytes), fault)
            }
            Some(Fault::WrongContentType { content_type }) => {
                self.streamed(self.timed(sound, fault), content_type, End::Complete)
            }
            Some(Fault::LyingLength { by }) => self.lying(sound, *by, fault),
            _ => play(sound, End::Complete),
        }
    }

    pub(super) fn timed(&self, events: Events, fault: Option<&Fault>) -> Timed {
        let delivery = &self.settings.delivery;
        let ping_every = Duration::from_millis(delivery.ping_ms);
        Timed::new(events, self.clock(fault), self.frames.framer(delivery), self.dialect.ping(), ping_every)
    }

    /// The events up to `after`, and then these bytes.
    fn then_bytes(&self, sound: Events, after: After, bytes: Bytes, fault: Option<&Fault>) -> Play {
        let last = Step::new(Duration::ZERO, What::Body(bytes));
        let steps = self.timed(until(sound, after), fault).chain([last]);
        self.streamed(steps, self.frames.content_type(), End::Complete)
    }

    /// A frame of text whose last byte, of its checksum, is another.
    fn torn_frame(&self, prompt: &Prompt) -> Bytes {
        let text = self.dialect.text_event(prompt, &self.label, "torn");
        let frame = self.frames.framer(&self.settings.delivery).frame(&text, &mut self.dice.clone());
        let mut bytes = frame.to_vec();
        if let Some(last) = bytes.last_mut() {
            *last ^= 0xFF;
        }
        bytes.into()
    }

    /// All steps in one body, whose length is told wrong.
    fn lying(&self, sound: Events, by: i64, fault: Option<&Fault>) -> Play {
        let mut body = Vec::new();
        for step in self.timed(sound, fault) {
            if let What::Body(bytes) = step.what {
                body.extend_from_slice(&bytes);
            }
        }
        let length = (body.len() as u64).saturating_add_signed(by);
        let body = Step::new(Duration::ZERO, What::Body(body.into()));
        Play {
            framing: Framing::Length(length),
            ..self.streamed(std::iter::once(body), self.frames.content_type(), End::Fin)
        }
    }

    /// `steps`, and after them signs of life for ever.
    fn then_silence(&self, steps: Timed, pings_ms: u64) -> impl Iterator<Item = Step> + Send + use<> {
        let mut dice = self.dice.clone();
        let ping = self.frames.framer(&Delivery::default()).frame(&self.dialect.ping(), &mut dice);
        let ping = What::Body(ping);
        let every = Duration::from_millis(pings_ms);
        let mut last = Duration::ZERO;
        let steps: Vec<Step> = steps.inspect(|step| last = step.at).collect();
        let pings = (1_u32..).map(move |place| Step::new(last + every * place, ping.clone()));
        steps.into_iter().chain(pings.take_while(move |_| pings_ms > 0))
    }

    fn hidden(&self, error: HiddenError) -> Refusal {
        self.usual(match error {
            HiddenError::Server => Reason::Server(500),
            HiddenError::Overloaded => Reason::Overloaded,
            HiddenError::RateLimited => Reason::RateLimited,
            HiddenError::Quota => Reason::Quota,
        })
    }

    /// An event whose JSON breaks off.
    fn broken_event(&self, prompt: &Prompt) -> Event {
        let sound = self.dialect.text_event(prompt, &self.label, "broken");
        let data = sound.data[..sound.data.len() / 2].to_owned();
        Event { data, ..Event::new(Kind::Error, sound.name, String::new()) }
    }
}

fn until(events: Events, after: After) -> Events {
    Box::new(Trimmed::new(events, after, Ending::Nothing))
}

fn then(events: Events, after: After, last: Event) -> Events {
    Box::new(until(events, after).chain([last]))
}

/// What a plain answer keeps: nothing, or its first half.
fn beginning(body: &Bytes, after: After) -> Bytes {
    body.slice(..if after == After::Headers { 0 } else { body.len() / 2 })
}

fn cut_end(with: CutWith) -> End {
    match with {
        CutWith::Fin => End::Fin,
        CutWith::Rst => End::Rst,
    }
}
