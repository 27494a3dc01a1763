//! Incidents that suppliers have told of, years of them: who was out of service when, alone or together, and what that
//! says of the weeks to come.
//!
//! A product with one supplier stands still whenever that one does; a product with fallbacks only while all of them do
//! at once. So everything here is asked of a group of suppliers, who are *out* while each of them is. How likely that
//! is can be told in two ways, and both are: as they fell together before, or as if each fell by itself. The difference
//! is what they share.
//!
//! What is taken for granted: a takeover takes no time, a supplier that says nothing is well, and an incident hits
//! everybody wholly. Suppliers' own pages err both ways.

mod backtest;
mod forecast;
mod spans;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

pub use backtest::{Check, Tested, backtest};
pub use forecast::{Forecast, LEAST_WEEKS, MOST_WEEKS, Outlook, forecast};
pub use spans::Spans;

/// Minutes since 1970, UTC.
pub type Minute = i64;
/// Minutes of a week.
pub const WEEK: Minute = 7 * DAY;
/// Minutes of a day.
pub const DAY: Minute = 24 * 60;
/// After so long without a word about a supplier, nobody was watching it. A quarter without a single incident is more
/// than any public supplier has had.
pub const UNWATCHED_AFTER: Minute = 90 * DAY;

/// Who was out of service when, as far as somebody watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// In the order of their names.
    pub suppliers: Vec<Supplier>,
}

/// One supplier's history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Supplier {
    /// Its name, as the history has it.
    pub name: Arc<str>,
    /// When it was out of service.
    pub out: Spans,
    /// When somebody would have noticed.
    pub watched: Spans,
}

/// Puts a history together, from incidents in any order.
#[derive(Debug, Default)]
pub struct Chronicle {
    /// Of each supplier: whenever there was word of it, and when it was out.
    suppliers: BTreeMap<Arc<str>, [Vec<Range<Minute>>; 2]>,
}

impl Chronicle {
    /// There was word of a supplier, so that somebody watched it.
    pub fn seen(&mut self, supplier: &str, during: Range<Minute>) {
        let [words, _] = self.of(supplier);
        words.push(during.start..during.end.max(during.start + 1));
    }

    /// It was out of service. An end that is not after the beginning counts for nothing.
    pub fn out(&mut self, supplier: &str, during: Range<Minute>) {
        self.seen(supplier, during.clone());
        let [_, out] = self.of(supplier);
        out.push(during);
    }

    fn of(&mut self, supplier: &str) -> &mut [Vec<Range<Minute>>; 2] {
        if !self.suppliers.contains_key(supplier) {
            self.suppliers.insert(supplier.into(), <[Vec<Range<Minute>>; 2]>::default());
        }
        self.suppliers.get_mut(supplier).expect("it is there now")
    }

    /// All of it.
    pub fn finish(self) -> History {
        let suppliers = self.suppliers.into_iter().map(|(name, [words, out])| Supplier {
            name,
            out: Spans::of(out),
            watched: Spans::of(words).bridged(UNWATCHED_AFTER),
        });
        History { suppliers: suppliers.collect() }
    }
}

impl History {
    /// When all of a group are out at once.
    pub fn out(&self, group: &[usize]) -> Spans {
        self.all(group, |supplier| &supplier.out)
    }

    /// When all of a group are watched.
    pub fn watched(&self, group: &[usize]) -> Spans {
        self.all(group, |supplier| &supplier.watched)
    }

    fn all(&self, group: &[usize], of: fn(&Supplier) -> &Spans) -> Spans {
        let mut each = group.iter().map(|index| of(&self.suppliers[*index]));
        let first = each.next().cloned().unwrap_or_default();
        each.fold(first, |spans, other| spans.both(other))
    }

    /// Their names.
    pub fn names(&self, group: &[usize]) -> Vec<Arc<str>> {
        group.iter().map(|index| Arc::clone(&self.suppliers[*index].name)).collect()
    }

    /// Days on which a group fell together, against what chance alone would have had fall together.
    pub fn together(&self, group: &[usize]) -> Together {
        let watched = self.watched(group);
        let days: Vec<Range<Minute>> = watched.whole(DAY).collect();
        let fell =
            |supplier: &usize, day: &Range<Minute>| self.suppliers[*supplier].out.within(day).minutes() > 0;
        let each: Vec<usize> =
            group.iter().map(|supplier| days.iter().filter(|day| fell(supplier, day)).count()).collect();
        let both = days.iter().filter(|day| group.iter().all(|supplier| fell(supplier, day))).count();
        #[expect(clippy::cast_precision_loss, reason = "days")]
        let by_chance =
            each.iter().fold(days.len() as f64, |all, out| all * *out as f64 / days.len().max(1) as f64);
        Together { days: days.len(), each, both, by_chance }
    }
}

/// On how many days suppliers fell.
#[derive(Debug, Clone, PartialEq)]
pub struct Together {
    /// Days on which all of them were watched.
    pub days: usize,
    /// Days on which each had any outage.
    pub each: Vec<usize>,
    /// Days on which all had.
    pub both: usize,
    /// Days on which all would have, had each fallen by itself.
    pub by_chance: f64,
}

#[cfg(test)]
mod tests;
