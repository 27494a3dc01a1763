//! When each event of a stream comes, and the signs of life between them.

use std::time::Duration;

use crate::{
    dice::Dice,
    frames::Framer,
    play::{Step, What},
    protocol::{Event, Events, Kind},
    settings::Pace,
};

/// A supplier's clockwork for one answer.
#[derive(Clone, Debug)]
pub(super) struct Clockwork {
    pub(super) pace: Pace,
    pub(super) gap: Duration,
    pub(super) dice: Dice,
}

impl Clockwork {
    pub(super) fn headers_at(&self) -> Duration {
        Duration::from_millis(self.pace.headers_ms.min(self.pace.ttft_ms))
    }

    pub(super) fn first_token_after(&mut self) -> Duration {
        let ttft = Duration::from_millis(self.pace.ttft_ms);
        self.stray(ttft)
    }

    pub(super) fn wait(&mut self, tokens: u64) -> Duration {
        let gap = self.gap.saturating_mul(u32::try_from(tokens).unwrap_or(u32::MAX));
        self.stray(gap)
    }

    fn stray(&mut self, wait: Duration) -> Duration {
        if self.pace.jitter <= 0.0 || wait.is_zero() {
            return wait;
        }
        let factor = 1.0 + self.pace.jitter.min(1.0) * (2.0 * self.dice.unit() - 1.0);
        wait.mul_f64(factor)
    }
}

/// A stream's events as steps.
pub(super) struct Timed {
    events: Events,
    clock: Clockwork,
    framer: Framer,
    ping_every: Duration,
    ping: Event,
    at: Duration,
    has_content: bool,
    next: Option<(Event, Duration)>,
}

impl Timed {
    pub(super) fn new(
        events: Events,
        clock: Clockwork,
        framer: Framer,
        ping: Event,
        ping_every: Duration,
    ) -> Self {
        let at = clock.headers_at();
        Self { events, clock, framer, ping_every, ping, at, has_content: false, next: None }
    }

    fn due(&mut self, event: &Event) -> Duration {
        let tokens = event.tokens + event.silent;
        if tokens == 0 {
            return self.at;
        }
        if self.has_content {
            return self.at + self.clock.wait(tokens);
        }
        self.has_content = true;
        // The first token ends the time to the first token; hidden ones before it come on top.
        let first = self.clock.first_token_after().max(self.at);
        first + self.clock.wait(tokens - 1)
    }

    fn framed(&mut self, event: &Event) -> Step {
        let bytes = self.framer.frame(event, &mut self.clock.dice);
        Step {
            contents: u64::from(event.kind == Kind::Content),
            tokens: event.tokens + event.silent,
            ..Step::new(self.at, What::Body(bytes))
        }
    }
}

impl Iterator for Timed {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let (event, due) = if let Some(waiting) = self.next.take() {
            waiting
        } else {
            let event = self.events.next()?;
            let due = self.due(&event);
            (event, due)
        };
        if !self.ping_every.is_zero() && due > self.at + self.ping_every {
            self.at += self.ping_every;
            self.next = Some((event, due));
            let ping = self.ping.clone();
            return Some(self.framed(&ping));
        }
        self.at = due;
        Some(self.framed(&event))
    }
}
