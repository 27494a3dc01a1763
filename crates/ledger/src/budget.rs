//! What a product may spend in a day, a week or a month, and what it has spent of that.
//!
//! A budget is a state machine of four sums that only grow: what was ever spent, what of that was spent before the running
//! period, what is held for requests under way, and how many requests had no price. Each event is one step:
//!
//! | event | step |
//! |---|---|
//! | [`admit`](Budget::admit) | the request's estimate is held, if it fits |
//! | [`settle`](Budget::settle) | what was held is let go, what the request cost is spent |
//! | [`abandon`](Budget::abandon) | what was held is let go |
//! | the first event after a period's end | all that was spent so far was spent before |
//! | [`set`](Budget::set) | another amount, or another rule |
//!
//! What a request costs counts in the period in which it is settled, as the ledger books it; so a request that is under way
//! when a period ends takes what it holds along. All threads share one budget: to look whether a request fits and to hold its
//! estimate is one atomic step, so no crowd gets past it together.

mod every;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard};

use catalogue::Money;

pub use every::Every;

/// The most that is held for one request: a million dollars. No estimate is that high, and sums stay far from their ends.
const MOST_HELD: i64 = 1_000_000_000_000_000;

/// What a product may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// In a period; more than nothing.
    pub amount: Money,
    /// How long a period is.
    pub per: Every,
    /// What happens past it.
    pub over: Over,
}

/// What happens to requests of a product that has spent its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// They are refused, and so is one that may cost more than is left.
    Refuse,
    /// They are served; people are told.
    Tell,
}

/// The budget of one product, or that it has none. Shared by all threads; outlives a reload.
#[derive(Debug)]
pub struct Budget {
    /// One of the values below.
    rule: AtomicU8,
    /// When the running period is over, in microseconds since 1970.
    ends_us: AtomicI64,
    /// Nano-dollars per period.
    amount: AtomicI64,
    /// All that was ever spent, and is held.
    taken: AtomicI64,
    /// All that was ever spent.
    spent: AtomicI64,
    /// What of that was spent before the running period. Below zero where more was spent in it than this budget saw.
    before: AtomicI64,
    unpriced: AtomicI64,
    unpriced_before: AtomicI64,
    /// Whether somebody was refused in the running period.
    is_refusing: AtomicBool,
    /// How long a period is; held while anything but the sums changes.
    period: Mutex<Every>,
}

const NONE: u8 = 0;
const TELL: u8 = 1;
const REFUSE: u8 = 2;

/// Whether a request may be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "what is held is to be settled or abandoned"]
pub enum Verdict {
    /// There is no budget.
    Unbounded,
    /// It may, and so much is held for it.
    Held(Money),
    /// It may not.
    Refused(Refused),
}

/// Why a request does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// What stands in the way.
    pub why: Shortage,
    /// When the budget begins anew, in microseconds since 1970.
    pub until_us: i64,
    /// Whether it is the first in its period.
    pub is_first: bool,
}

/// What stands in a request's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// All is spent.
    Spent,
    /// Less is left than the request may cost.
    TooDear,
    /// What is left is held for requests under way, which may cost less.
    Held,
}

/// A part of a budget at whose end people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// 80 % are spent.
    Most,
    /// All is spent.
    All,
}

/// What a change of terms asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing: it goes on with what it knows.
    Known(Option<Mark>),
    /// Its period begins as if nothing had been spent: [`Budget::carry`] what the ledger has from this moment on.
    From(i64),
}

/// How a budget stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What may be spent.
    pub terms: Terms,
    /// When the running period began and ends, in microseconds since 1970.
    pub from_us: i64,
    /// See above.
    pub until_us: i64,
    /// Spent in it.
    pub spent: Money,
    /// Held for requests under way.
    pub held: Money,
    /// Requests of the period without a price: what they cost is in no sum.
    pub unpriced: i64,
}

impl Default for Budget {
    /// No budget.
    fn default() -> Self {
        Self {
            rule: AtomicU8::new(NONE),
            ends_us: AtomicI64::new(i64::MAX),
            amount: AtomicI64::new(i64::MAX),
            taken: AtomicI64::default(),
            spent: AtomicI64::default(),
            before: AtomicI64::default(),
            unpriced: AtomicI64::default(),
            unpriced_before: AtomicI64::default(),
            is_refusing: AtomicBool::default(),
            period: Mutex::new(Every::Month),
        }
    }
}

impl Budget {
    /// Whether there is one at present.
    pub fn is_there(&self) -> bool {
        self.rule.load(SeqCst) != NONE
    }

    /// Whether a request that may cost `estimate` fits; if so, that is held for it.
    pub fn admit(&self, estimate: Money, now_us: i64) -> Verdict {
        let rule = self.rule.load(SeqCst);
        if rule == NONE {
            return Verdict::Unbounded;
        }
        self.keep_time(now_us);
        let estimate = estimate.nanos().clamp(0, MOST_HELD);
        if rule == TELL {
            add(&self.taken, estimate);
            return Verdict::Held(Money::from_nanos(estimate));
        }
        let (amount, before) = (self.amount.load(SeqCst), self.before.load(SeqCst));
        let limit = before.saturating_add(amount);
        let spent = self.spent.load(SeqCst);
        let fits = |taken: i64| taken.checked_add(estimate).filter(|sum| *sum <= limit);
        if spent < limit && self.taken.fetch_update(SeqCst, SeqCst, fits).is_ok() {
            return Verdict::Held(Money::from_nanos(estimate));
        }
        let why = match limit.saturating_sub(spent) {
            ..=0 => Shortage::Spent,
            left if left < estimate => Shortage::TooDear,
            _ => Shortage::Held,
        };
        let is_first = why != Shortage::Held && !self.is_refusing.swap(true, SeqCst);
        Verdict::Refused(Refused { why, until_us: self.ends_us.load(SeqCst), is_first })
    }

    /// A request for which `held` was held (`None`: it began when there was no budget) has cost `cost`; `None` is unpriced.
    pub fn settle(&self, held: Option<Money>, cost: Option<Money>, now_us: i64) -> Option<Mark> {
        if self.rule.load(SeqCst) == NONE {
            self.abandon(held.unwrap_or_default());
            return None;
        }
        self.keep_time(now_us);
        let Some(cost) = cost else {
            self.abandon(held.unwrap_or_default());
            self.unpriced.fetch_add(1, SeqCst);
            return None;
        };
        // First what is taken, so that nobody sees room that is none.
        add(&self.taken, cost.nanos().saturating_sub(held.unwrap_or_default().nanos()));
        let spent = add(&self.spent, cost.nanos());
        let (amount, before) = (self.amount.load(SeqCst), self.before.load(SeqCst));
        let was = Mark::at(spent.saturating_sub(before), amount);
        let is = Mark::at(spent.saturating_add(cost.nanos()).saturating_sub(before), amount);
        is.filter(|_| is > was)
    }

    /// A request for which `held` was held has come to nothing.
    pub fn abandon(&self, held: Money) {
        add(&self.taken, -held.nanos());
    }

    /// Puts other terms in force; `None` is no budget. What was spent and is held stays.
    pub fn set(&self, terms: Option<Terms>, now_us: i64) -> Change {
        self.keep_time(now_us);
        let mut period = self.period();
        let Some(terms) = terms else {
            self.rule.store(NONE, SeqCst);
            return Change::Known(None);
        };
        let rule = if terms.over == Over::Refuse { REFUSE } else { TELL };
        let is_new = self.rule.load(SeqCst) == NONE || *period != terms.per;
        let spent = self.spent.load(SeqCst).saturating_sub(self.before.load(SeqCst));
        let was = Mark::at(spent, self.amount.swap(terms.amount.nanos(), SeqCst));
        *period = terms.per;
        let span = terms.per.around(now_us);
        if is_new {
            self.begin(span.end);
        }
        self.rule.store(rule, SeqCst);
        if is_new {
            return Change::From(span.start);
        }
        let is = Mark::at(spent, terms.amount.nanos());
        Change::Known(is.filter(|_| is > was))
    }

    /// What the ledger has of the period that began at `from_us`, from before this budget began to count. Nothing, if that
    /// period is over by now.
    pub fn carry(&self, from_us: i64, spent_nanos: i128, unpriced: i64) -> Option<Mark> {
        let period = self.period();
        if period.around(self.ends_us.load(SeqCst) - 1).start != from_us {
            return None;
        }
        let spent = i64::try_from(spent_nanos).unwrap_or(if spent_nanos < 0 { 0 } else { i64::MAX });
        let before = add(&self.before, -spent.max(0));
        self.unpriced_before.fetch_sub(unpriced, SeqCst);
        let (amount, total) = (self.amount.load(SeqCst), self.spent.load(SeqCst));
        let was = Mark::at(total.saturating_sub(before), amount);
        let is = Mark::at(total.saturating_sub(self.before.load(SeqCst)), amount);
        is.filter(|_| is > was)
    }

    /// How it stands; `None` where there is none.
    pub fn standing(&self, now_us: i64) -> Option<Standing> {
        let over = match self.rule.load(SeqCst) {
            NONE => return None,
            TELL => Over::Tell,
            _ => Over::Refuse,
        };
        self.keep_time(now_us);
        let per = *self.period();
        let until_us = self.ends_us.load(SeqCst);
        let spent = self.spent.load(SeqCst);
        Some(Standing {
            terms: Terms { amount: Money::from_nanos(self.amount.load(SeqCst)), per, over },
            from_us: per.around(until_us - 1).start,
            until_us,
            spent: Money::from_nanos(spent.saturating_sub(self.before.load(SeqCst))),
            held: Money::from_nanos(self.taken.load(SeqCst).saturating_sub(spent).max(0)),
            unpriced: self.unpriced.load(SeqCst) - self.unpriced_before.load(SeqCst),
        })
    }

    /// Begins a period where the last one is over. A clock that is set back begins none.
    fn keep_time(&self, now_us: i64) {
        if now_us >= self.ends_us.load(SeqCst) {
            let period = self.period();
            // Another thread may have been first.
            if now_us >= self.ends_us.load(SeqCst) {
                self.begin(period.around(now_us).end);
            }
        }
    }

    /// Begins a period; whoever calls this holds [`Self::period`].
    fn begin(&self, ends_us: i64) {
        self.before.store(self.spent.load(SeqCst), SeqCst);
        self.unpriced_before.store(self.unpriced.load(SeqCst), SeqCst);
        self.is_refusing.store(false, SeqCst);
        self.ends_us.store(ends_us, SeqCst);
    }

    fn period(&self) -> MutexGuard<'_, Every> {
        self.period.lock().expect("nothing panics while it holds this lock")
    }
}

impl Mark {
    /// The last mark that `spent` of `amount` has passed.
    fn at(spent: i64, amount: i64) -> Option<Self> {
        if spent >= amount {
            Some(Self::All)
        } else {
            (i128::from(spent) * 10 >= i128::from(amount) * 8).then_some(Self::Most)
        }
    }
}

impl Refused {
    /// The day on which the budget begins anew, as `2026-12-01`.
    pub fn until(&self) -> String {
        every::day(self.until_us)
    }
}

impl Standing {
    /// The first day of its period, as `2026-11-01`.
    pub fn from(&self) -> String {
        every::day(self.from_us)
    }

    /// The day on which it begins anew, as `2026-12-01`.
    pub fn until(&self) -> String {
        every::day(self.until_us)
    }

    /// The part of the amount that is spent; above 1 where more is.
    #[expect(clippy::cast_precision_loss, reason = "for people and metrics; verdicts are exact")]
    pub fn share(&self) -> f64 {
        self.spent.nanos() as f64 / self.terms.amount.nanos() as f64
    }
}

/// Adds up to the end of what fits; gives what was there.
fn add(sum: &AtomicI64, nanos: i64) -> i64 {
    let added = |was: i64| Some(was.saturating_add(nanos));
    sum.fetch_update(SeqCst, SeqCst, added).unwrap_or_else(|was| was)
}

#[cfg(test)]
mod tests;
