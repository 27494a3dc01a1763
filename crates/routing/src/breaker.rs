//! When to stop asking a supplier, and how to find out that it is back. One packed word and two pure steps.
//!
//! ```text
//!            five failures in a row, or half of the recent ones,
//!            or one that repeats for sure (credential, quota, no such model)
//!   closed ─────────────────────────────────────────────────────────▶ open ──┐ waits 1, 2, 4 .. 60 s
//!     ▲  ▲                                                            │  ▲   │
//!     │  └── one good answer of an attempt begun since it opened ─────┤  │   ▼ due: one winner probes
//!     │                                                               │  └─ probing
//!     └───────────────── the probe went well ─────────────────────────┴──────┘ went badly: longer wait
//! ```
//!
//! Promises:
//! - **Old news changes nothing.** Each opening and each closing starts a new generation; an attempt reports with the
//!   [`Ticket`] of its beginning, and one of an earlier generation is ignored. A slow answer begun before the breaker
//!   opened does not close it; the late failures of a burst do not prolong it.
//! - **One probe.** A due breaker lets one attempt through. It ends with its report or by being dropped; if neither
//!   comes, its lease ends and another may probe. So a lost probe wedges nothing.
//! - **No wedge at all.** Whatever the bits and whatever the clock did, somebody may try within [`LONGEST_WAIT_MS`].
//! - **Old outages do not bind.** A breaker that was due for as long as its last wait and that nobody asked (a fallback
//!   while the first choice is well) closes on trial, so that all may go there at once when they must; the next failure
//!   opens it again.
//! - **Flapping costs.** The waits go on growing until about ten good answers have followed a closing.

use serde::{Deserialize, Serialize};

use crate::dice::mix;
use crate::instant::Instant;

/// Failures in a row that open a breaker.
const RUN_LIMIT: u8 = 5;
/// The failure rate is an exponentially weighted mean; each outcome weighs one in so many.
const RATE_WEIGHT: u32 = 8;
const RATE_ONE: u32 = u16::MAX as u32;
/// A mean failure rate that opens: one half.
const RATE_OPENS: u32 = RATE_ONE / 2;
/// The rate after closing: good answers must bring it down before the past is forgotten.
const RATE_CAUTIOUS: u32 = RATE_ONE / 4;
const RATE_FORGETS: u32 = RATE_ONE / 16;
/// How long an open breaker waits before a probe, each time longer. Up to a fifth of jitter comes on top.
const WAITS_MS: [u64; 7] = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000];
/// A probe that is silent for so long counts as lost. Longer answers still count when they come.
const LEASE_MS: u64 = 60_000;
/// No wait and no lease is longer; what looks longer is a clock that ran backwards.
pub(crate) const LONGEST_WAIT_MS: u64 = 72_000;

/// Why a supplier is not asked for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Too many of its recent answers failed.
    Failing,
    /// It could not be reached.
    Unreachable,
    /// It refused our credential.
    Credential,
    /// Our account there has no money or quota left.
    Quota,
    /// It does not know the model.
    ModelMissing,
}

impl Why {
    /// A stable code for records and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Unreachable => "unreachable",
            Self::Credential => "credential",
            Self::Quota => "quota",
            Self::ModelMissing => "model_missing",
        }
    }

    /// Words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Unreachable => "unreachable",
            Self::Credential => "credential refused",
            Self::Quota => "quota or money exhausted",
            Self::ModelMissing => "model not known there",
        }
    }

    /// Whether one failure is enough: the next would fail the same way until a person mends it.
    pub const fn benches(self) -> bool {
        matches!(self, Self::Credential | Self::Quota | Self::ModelMissing)
    }

    const fn unpacked(bits: u64) -> Self {
        match bits {
            1 => Self::Unreachable,
            2 => Self::Credential,
            3 => Self::Quota,
            4 => Self::ModelMissing,
            _ => Self::Failing,
        }
    }
}

/// The word, unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Breaker {
    /// Counts openings and closings.
    generation: u16,
    /// Counts probes; tells the holder of the lease from one that lost it.
    probe: u8,
    /// Which of [`WAITS_MS`] comes next; past the end means the last.
    step: u8,
    /// Why it last opened.
    why: Why,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed { rate: u32, run: u8 },
    Open { until: Instant },
    Probing { until: Instant },
}

const STATE: u32 = Instant::BITS;
const STEP: u32 = STATE + 2;
const WHY: u32 = STEP + 3;
const PROBE: u32 = WHY + 3;
const GENERATION: u32 = PROBE + 4;

const fn field(word: u64, at: u32, bits: u32) -> u64 {
    (word >> at) & ((1 << bits) - 1)
}

#[expect(clippy::cast_possible_truncation, reason = "each field is masked to fewer bits than its type has")]
const fn unpack(word: u64) -> Breaker {
    let until = Instant::unpacked(word);
    Breaker {
        generation: field(word, GENERATION, 10) as u16,
        probe: field(word, PROBE, 4) as u8,
        step: field(word, STEP, 3) as u8,
        why: Why::unpacked(field(word, WHY, 3)),
        phase: match field(word, STATE, 2) {
            1 => Phase::Open { until },
            2 => Phase::Probing { until },
            _ => Phase::Closed { rate: field(word, 0, 16) as u32, run: field(word, 16, 4) as u8 },
        },
    }
}

impl Breaker {
    const fn pack(self) -> u64 {
        let (state, body) = match self.phase {
            Phase::Closed { rate, run } => (0, rate as u64 | ((run as u64) << 16)),
            Phase::Open { until } => (1, until.packed()),
            Phase::Probing { until } => (2, until.packed()),
        };
        body | (state << STATE)
            | ((self.step as u64) << STEP)
            | ((self.why as u64) << WHY)
            | (((self.probe & 0xf) as u64) << PROBE)
            | (((self.generation & 0x3ff) as u64) << GENERATION)
    }

    const fn ticket(self) -> Ticket {
        Ticket { generation: self.generation, probe: None }
    }

    const fn shut(self, probing: bool, wait_ms: u64) -> Shut {
        Shut { why: self.why, probing, wait_ms }
    }

    /// Due for longer than this without being asked, it is old news.
    fn stale_ms(self) -> u64 {
        match self.phase {
            // As long as the wait that is over.
            Phase::Open { .. } => WAITS_MS[usize::from(self.step.saturating_sub(1)).min(WAITS_MS.len() - 1)],
            // The last probe was lost, or dropped by somebody who could not say when: be slow to forget.
            Phase::Closed { .. } | Phase::Probing { .. } => 10 * LEASE_MS,
        }
    }

    #[must_use]
    const fn next_generation(mut self) -> Self {
        self.generation = self.generation.wrapping_add(1) & 0x3ff;
        self
    }

    #[must_use]
    const fn close(self, run: u8) -> Self {
        let phase = Phase::Closed { rate: RATE_CAUTIOUS, run };
        Self { phase, ..self }.next_generation()
    }

    #[must_use]
    fn open(self, why: Why, now: Instant) -> Self {
        let last = WAITS_MS.len() - 1;
        let step = if why == Why::ModelMissing { last } else { usize::from(self.step).min(last) };
        let wait = WAITS_MS[step];
        let jitter = mix(self.pack() ^ now.0) % (wait / 5);
        let phase = Phase::Open { until: now.plus_millis(wait + jitter) };
        #[expect(clippy::cast_possible_truncation, reason = "at most 7")]
        Self { phase, why, step: step as u8 + 1, ..self }.next_generation()
    }

    #[must_use]
    const fn probing(mut self, now: Instant) -> Self {
        self.probe = self.probe.wrapping_add(1) & 0xf;
        self.phase = Phase::Probing { until: now.plus_millis(LEASE_MS) };
        self
    }
}

/// What an attempt carries from its admission to its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    generation: u16,
    probe: Option<u8>,
}

impl Ticket {
    pub(crate) const fn is_probe(self) -> bool {
        self.probe.is_some()
    }
}

/// Not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shut {
    pub(crate) why: Why,
    /// Somebody is finding out.
    pub(crate) probing: bool,
    /// Until a probe is due, or the one under way counts as lost.
    pub(crate) wait_ms: u64,
}

/// A breaker as planning sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Closed.
    Ready,
    /// Open, but an attempt would be let through to find out.
    Due(Why),
    /// Open.
    Shut(Shut),
}

/// What an attempt says of the supplier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// It served.
    Good,
    /// It answered, but whether it would have let us in is not known.
    Reached,
    /// It failed.
    Bad(Why),
    /// Nothing was learnt.
    Nothing,
}

/// How the breaker stands. Reads only.
pub(crate) fn look(word: u64, now: Instant) -> Look {
    let breaker = unpack(word);
    match breaker.phase {
        Phase::Closed { .. } => Look::Ready,
        Phase::Open { until } => match remaining_ms(until, now) {
            0 => Look::Due(breaker.why),
            wait_ms => Look::Shut(breaker.shut(false, wait_ms)),
        },
        Phase::Probing { until } => match remaining_ms(until, now) {
            0 => Look::Due(breaker.why),
            wait_ms => Look::Shut(breaker.shut(true, wait_ms)),
        },
    }
}

/// An attempt asks to be let through: the next word and the attempt's ticket, or a refusal that changes nothing.
pub(crate) fn admit(word: u64, now: Instant) -> Result<(u64, Ticket), Shut> {
    if let Look::Shut(shut) = look(word, now) {
        return Err(shut);
    }
    let breaker = unpack(word);
    let next = match breaker.phase {
        Phase::Closed { .. } => return Ok((word, breaker.ticket())),
        Phase::Open { until } | Phase::Probing { until } if now.millis_since(until) > breaker.stale_ms() => {
            let trial = breaker.close(RUN_LIMIT - 1);
            return Ok((trial.pack(), trial.ticket()));
        }
        Phase::Open { .. } | Phase::Probing { .. } => breaker.probing(now),
    };
    Ok((next.pack(), Ticket { generation: next.generation, probe: Some(next.probe) }))
}

/// The ticket of an attempt that is made although the breaker is shut: its success counts, its failure does not.
pub(crate) const fn last_resort(word: u64) -> Ticket {
    unpack(word).ticket()
}

pub(crate) const fn is_closed(word: u64) -> bool {
    matches!(unpack(word).phase, Phase::Closed { .. })
}

/// The ticket of an attempt whose good news has just closed the breaker: what it reports from now on counts again.
/// Where the word moved on for another reason, the ticket stays as old as it is.
pub(crate) const fn renewed(word: u64, ticket: Ticket) -> Ticket {
    let breaker = unpack(word);
    let closed_by_it = matches!(breaker.phase, Phase::Closed { .. })
        && breaker.generation == ticket.generation.wrapping_add(1) & 0x3ff;
    if closed_by_it { breaker.ticket() } else { ticket }
}

/// An attempt reports.
pub(crate) fn step(word: u64, ticket: Ticket, event: Event, now: Instant) -> u64 {
    let breaker = unpack(word);
    if ticket.generation != breaker.generation {
        return word;
    }
    let next = match breaker.phase {
        Phase::Closed { rate, run } => closed(breaker, rate, run, event, now),
        Phase::Open { .. } | Phase::Probing { .. } => unclosed(breaker, ticket, event, now),
    };
    next.map_or(word, Breaker::pack)
}

/// A report to a closed breaker; `None` changes nothing.
fn closed(breaker: Breaker, rate: u32, run: u8, event: Event, now: Instant) -> Option<Breaker> {
    match event {
        Event::Nothing => None,
        Event::Good | Event::Reached => {
            let rate = rate - rate.div_ceil(RATE_WEIGHT);
            let step = if rate < RATE_FORGETS { 0 } else { breaker.step };
            Some(Breaker { phase: Phase::Closed { rate, run: 0 }, step, ..breaker })
        }
        Event::Bad(why) => {
            let rate = rate + (RATE_ONE - rate) / RATE_WEIGHT;
            let run = (run + 1).min(RUN_LIMIT);
            let opens = why.benches() || run == RUN_LIMIT || rate >= RATE_OPENS;
            let counted = Breaker { phase: Phase::Closed { rate, run }, ..breaker };
            Some(if opens { counted.open(why, now) } else { counted })
        }
    }
}

/// A report, of the present generation, to a breaker that is open or probed; `None` changes nothing.
fn unclosed(breaker: Breaker, ticket: Ticket, event: Event, now: Instant) -> Option<Breaker> {
    let proves_health = match event {
        Event::Good => true,
        // That it answers at all is no news of our credential.
        Event::Reached => !breaker.why.benches(),
        Event::Bad(_) | Event::Nothing => false,
    };
    if proves_health {
        return Some(breaker.close(0));
    }
    // Each opening is a new generation, so a ticket with this probe's number holds the lease.
    if ticket.probe != Some(breaker.probe) {
        return None;
    }
    Some(match event {
        Event::Bad(why) => breaker.open(why, now),
        // The lease is given back: it ended when this report was made.
        Event::Good | Event::Reached | Event::Nothing => {
            Breaker { phase: Phase::Probing { until: now }, ..breaker }
        }
    })
}

/// How long until `until`; nothing where it lies further off than any wait, which only a clock that ran backwards does.
const fn remaining_ms(until: Instant, now: Instant) -> u64 {
    let wait = until.millis_since(now);
    if wait > LONGEST_WAIT_MS { 0 } else { wait }
}

/// The mean failure rate, `0.0 ..= 1.0`; 1 while it is not closed. For people.
pub(crate) fn failure_rate(word: u64) -> f64 {
    match unpack(word).phase {
        Phase::Closed { rate, .. } => f64::from(rate) / f64::from(RATE_ONE),
        Phase::Open { .. } | Phase::Probing { .. } => 1.0,
    }
}

#[cfg(test)]
mod tests;
