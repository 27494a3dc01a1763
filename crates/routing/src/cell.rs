//! What is known of one target, a deployment or a provider: a few words that many threads step at once.
//!
//! Each word stands for itself, so relaxed atomics suffice: no step reads two words and relies on their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::breaker::{Event, Look, Shut, Ticket};
use crate::instant::Instant;
use crate::posture::Posture;
use crate::{bench, breaker, budget, slots, speed};

/// A report has opened a breaker or closed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whose: a deployment's name or a provider's.
    pub target: Arc<str>,
    /// Whether it is open from now on, so that others are asked.
    pub is_open: bool,
}

/// The words of one target. All zero is a target of which nothing is known: healthy, free, empty.
#[derive(Debug)]
pub(crate) struct Cell {
    name: Arc<str>,
    breaker: AtomicU64,
    bench: AtomicU64,
    budget: AtomicU64,
    slots: AtomicU64,
    time_to_first_token: AtomicU64,
    total_time: AtomicU64,
    posture: AtomicU64,
}

impl Cell {
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            breaker: AtomicU64::new(0),
            bench: AtomicU64::new(0),
            budget: AtomicU64::new(0),
            slots: AtomicU64::new(0),
            time_to_first_token: AtomicU64::new(0),
            total_time: AtomicU64::new(0),
            posture: AtomicU64::new(0),
        }
    }

    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    // --- breaker

    pub(crate) fn look(&self, now: Instant) -> Look {
        breaker::look(self.breaker.load(Relaxed), now)
    }

    pub(crate) fn admit(&self, now: Instant) -> Result<Ticket, Shut> {
        let mut word = self.breaker.load(Relaxed);
        loop {
            let (next, ticket) = breaker::admit(word, now)?;
            // The usual case, closed, writes nothing.
            if next == word {
                return Ok(ticket);
            }
            match self.breaker.compare_exchange_weak(word, next, Relaxed, Relaxed) {
                Ok(_) => return Ok(ticket),
                Err(changed) => word = changed,
            }
        }
    }

    pub(crate) fn last_resort(&self) -> Ticket {
        breaker::last_resort(self.breaker.load(Relaxed))
    }

    pub(crate) fn report(&self, ticket: Ticket, event: Event, now: Instant) -> Option<Change> {
        let (old, new) = update(&self.breaker, |word| breaker::step(word, ticket, event, now))?;
        let is_closed = breaker::is_closed(new);
        let has_turned = breaker::is_closed(old) != is_closed;
        has_turned.then(|| Change { target: Arc::clone(&self.name), is_open: !is_closed })
    }

    pub(crate) fn is_closed(&self) -> bool {
        breaker::is_closed(self.breaker.load(Relaxed))
    }

    pub(crate) fn renewed(&self, ticket: Ticket) -> Ticket {
        breaker::renewed(self.breaker.load(Relaxed), ticket)
    }

    pub(crate) fn pardon(&self) {
        self.breaker.store(0, Relaxed);
        self.bench.store(0, Relaxed);
    }

    pub(crate) fn failure_rate(&self) -> f64 {
        breaker::failure_rate(self.breaker.load(Relaxed))
    }

    // --- rate limit

    pub(crate) fn quiet_ms(&self, now: Instant) -> u64 {
        bench::wait_ms(self.bench.load(Relaxed), now)
    }

    pub(crate) fn quieten(&self, retry_after: Duration, now: Instant) {
        update(&self.bench, |word| bench::step(word, retry_after, now));
    }

    // --- slots

    pub(crate) fn is_full(&self, limit: Option<u32>) -> bool {
        slots::is_full(self.slots.load(Relaxed), limit)
    }

    pub(crate) fn take_slot(&self, limit: Option<u32>) -> bool {
        self.slots.fetch_update(Relaxed, Relaxed, |word| slots::take(word, limit)).is_ok()
    }

    pub(crate) fn give_slot(&self) {
        update(&self.slots, slots::give);
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.slots.load(Relaxed)
    }

    // --- retry budget

    pub(crate) fn pay(&self, ratio: f64, now: Instant) {
        update(&self.budget, |word| budget::pay(word, ratio, now));
    }

    pub(crate) fn take_token(&self, now: Instant) -> bool {
        self.budget.fetch_update(Relaxed, Relaxed, |word| budget::take(word, now)).is_ok()
    }

    pub(crate) fn tokens(&self, now: Instant) -> f64 {
        budget::tokens(self.budget.load(Relaxed), now)
    }

    // --- posture

    pub(crate) fn posture(&self) -> Posture {
        Posture::unpacked(self.posture.load(Relaxed))
    }

    pub(crate) fn set_posture(&self, posture: Posture) {
        self.posture.store(posture.packed(), Relaxed);
    }

    // --- speed

    pub(crate) fn timed_first_token(&self, sample_ms: u64) {
        update(&self.time_to_first_token, |word| speed::step(word, sample_ms));
    }

    pub(crate) fn timed_total(&self, sample_ms: u64) {
        update(&self.total_time, |word| speed::step(word, sample_ms));
    }

    pub(crate) fn time_to_first_token_ms(&self) -> Option<f64> {
        speed::mean_ms(self.time_to_first_token.load(Relaxed))
    }

    pub(crate) fn total_time_ms(&self) -> Option<f64> {
        speed::mean_ms(self.total_time.load(Relaxed))
    }
}

/// Steps a word; a step that changes nothing writes nothing, so that the cache line stays shared. What it was and is, where it
/// changed.
fn update(word: &AtomicU64, step: impl Fn(u64) -> u64) -> Option<(u64, u64)> {
    let stepped = word.fetch_update(Relaxed, Relaxed, |old| {
        let new = step(old);
        (new != old).then_some(new)
    });
    stepped.ok().map(|old| (old, step(old)))
}
