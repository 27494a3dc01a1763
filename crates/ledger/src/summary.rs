//! Exact sums over records, by product, route and deployment.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalogue::{Bucket, Money, Usage};

use crate::correction::Correction;
use crate::entry::Entry;
use crate::outcome::{Outcome, UsageSource};
use crate::sighting::UsageShare;

/// Sums by group. Adding is commutative: the order of the records never matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    groups: BTreeMap<Group, Totals>,
}

/// What sums are grouped by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// Who asked.
    pub product: Arc<str>,
    /// The route that it came to.
    pub route: Arc<str>,
    /// Who served it; `None` where nobody was tried.
    pub deployment: Option<Arc<str>>,
}

/// What one settlement adds to its group, where all its usage belongs there ([`Entry::is_split`] is false).
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// [`Outcome::code`].
    pub outcome: u8,
    /// What was used.
    pub usage: Usage,
    /// Who says so.
    pub usage_source: UsageSource,
    /// What it cost; `None` is unpriced.
    pub cost: Option<Money>,
}

/// The sums of one group, or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Settled requests.
    pub requests: u64,
    /// Settled requests by [`Outcome::code`].
    pub outcomes: [u64; Outcome::NAMES.len()],
    /// Units used, in the order of [`Bucket::ALL`]. An attempt counts where it was made.
    pub usage: [u128; Bucket::COUNT],
    /// Money, corrections included, in nano-dollars. Without the unpriced.
    pub cost_nanos: i128,
    /// Requests without a price: the money is at least this much more than said.
    pub unpriced: i64,
    /// Attempts whose usage counts here and whose money nowhere: they belong to requests without a price.
    pub unpriced_attempts: u64,
    /// Requests whose usage is, in part or in whole, our own guess.
    pub estimated: u64,
    /// Corrections among the money.
    pub corrections: u64,
}

impl Summary {
    /// Adds one settlement that belongs to one group as a whole.
    pub fn add_line(&mut self, group: Group, line: &Line) {
        let totals = self.groups.entry(group).or_default();
        totals.count(line.outcome, line.usage_source, line.cost);
        totals.add(&line.usage, line.cost);
    }

    /// Adds one settlement whose usage belongs to several: the request counts in its group, what each used is in `shares`.
    pub fn add_shared(&mut self, group: Group, line: &Line, shares: &[UsageShare]) {
        for share in shares {
            let group = Group { deployment: Some(Arc::clone(&share.deployment)), ..group.clone() };
            self.groups.entry(group).or_default().add(&share.usage, share.cost);
        }
        self.groups.entry(group).or_default().count(line.outcome, line.usage_source, line.cost);
    }

    /// Adds one settlement. The request counts where it was served; what each attempt used and cost, where that was
    /// made. Of an unpriced request no money counts anywhere, also not what part of it could be priced.
    pub fn add_entry(&mut self, entry: &Entry) {
        let group = |deployment: Option<&Arc<str>>| Group {
            product: Arc::clone(&entry.facts.product),
            route: Arc::clone(&entry.facts.route),
            deployment: deployment.map(Arc::clone),
        };
        let served = self.groups.entry(group(entry.deployment.as_ref())).or_default();
        served.count(entry.outcome.code(), entry.usage_source, entry.cost);
        for attempt in entry.attempts.iter().filter(|attempt| !attempt.usage.is_zero()) {
            let cost = entry.cost.and(attempt.cost);
            self.groups.entry(group(Some(&attempt.deployment))).or_default().add(&attempt.usage, cost);
        }
    }

    /// Adds one correction: its difference, where the request was served.
    pub fn add_correction(&mut self, correction: &Correction) {
        let group = Group {
            product: Arc::clone(&correction.product),
            route: Arc::clone(&correction.route),
            deployment: correction.deployment.clone(),
        };
        self.add_difference(group, correction.before, correction.after);
    }

    /// Adds one correction: what it makes of `before`, in the group where the request was served.
    pub fn add_difference(&mut self, group: Group, before: Option<Money>, after: Option<Money>) {
        let totals = self.groups.entry(group).or_default();
        let nanos = |cost: Option<Money>| i128::from(cost.unwrap_or_default().nanos());
        totals.cost_nanos += nanos(after) - nanos(before);
        totals.unpriced += i64::from(after.is_none()) - i64::from(before.is_none());
        totals.corrections += 1;
    }

    /// Every group with its sums, in the groups' order.
    pub fn groups(&self) -> impl Iterator<Item = (&Group, &Totals)> {
        self.groups.iter()
    }

    /// The sums by some part of the groups: `|group| group.product.clone()`.
    pub fn by<K: Ord>(&self, key: impl Fn(&Group) -> K) -> BTreeMap<K, Totals> {
        let mut sums = BTreeMap::<K, Totals>::new();
        for (group, totals) in &self.groups {
            sums.entry(key(group)).or_default().join(totals);
        }
        sums
    }

    /// The sums of everything.
    pub fn total(&self) -> Totals {
        let mut sum = Totals::default();
        self.groups.values().for_each(|totals| sum.join(totals));
        sum
    }
}

impl Totals {
    /// The money; `None` where none of it is known ([`is_unpriced`](Self::is_unpriced)), or where it does not fit.
    pub fn cost(&self) -> Option<Money> {
        let known = Some(self.cost_nanos).filter(|_| !self.is_unpriced())?;
        i64::try_from(known).ok().map(Money::from_nanos)
    }

    /// Whether some money is not known and nothing is known of any: that is not 0.
    pub const fn is_unpriced(&self) -> bool {
        let attempts_alone = self.requests == 0 && self.unpriced_attempts > 0;
        self.cost_nanos == 0 && (self.unpriced > 0 || attempts_alone)
    }

    /// Units used of one kind.
    pub const fn used(&self, bucket: Bucket) -> u128 {
        self.usage[bucket as usize]
    }

    /// Requests that ended in this way.
    pub const fn ended(&self, outcome: &Outcome) -> u64 {
        self.outcomes[outcome.code() as usize]
    }

    fn count(&mut self, outcome: u8, source: UsageSource, cost: Option<Money>) {
        self.requests += 1;
        if let Some(count) = self.outcomes.get_mut(usize::from(outcome)) {
            *count += 1;
        }
        self.estimated += u64::from(source == UsageSource::Estimated);
        self.unpriced += i64::from(cost.is_none());
    }

    fn add(&mut self, usage: &Usage, cost: Option<Money>) {
        for (sum, (_, count)) in self.usage.iter_mut().zip(usage.iter()) {
            *sum += u128::from(count);
        }
        self.cost_nanos += i128::from(cost.unwrap_or_default().nanos());
        self.unpriced_attempts += u64::from(cost.is_none() && !usage.is_zero());
    }

    fn join(&mut self, other: &Self) {
        self.requests += other.requests;
        self.outcomes.iter_mut().zip(other.outcomes).for_each(|(sum, count)| *sum += count);
        self.usage.iter_mut().zip(other.usage).for_each(|(sum, count)| *sum += count);
        self.cost_nanos += other.cost_nanos;
        self.unpriced += other.unpriced;
        self.unpriced_attempts += other.unpriced_attempts;
        self.estimated += other.estimated;
        self.corrections += other.corrections;
    }
}

#[cfg(test)]
mod tests;
