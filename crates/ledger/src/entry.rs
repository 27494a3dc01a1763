//! The record of one request.

use std::sync::Arc;

use catalogue::{Agreement, Bucket, Money, PriceList, Usage};
use serde::{Deserialize, Serialize};

use crate::attempt::{AttemptRecord, CandidateRecord};
use crate::facts::RequestFacts;
use crate::outcome::{Outcome, UsageSource};
use crate::request_id::RequestId;

/// One request from its arrival to its end.
///
/// Usage and money are those of all its attempts: what the organisation pays because of it. Only [`Entry::book`]
/// should write them, so that they add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which request.
    pub id: RequestId,
    /// When it arrived, in microseconds since 1970.
    pub arrived_us: i64,
    /// What was known then.
    pub facts: Arc<RequestFacts>,
    /// Who could have served it, in the order of the plan.
    pub decision: Arc<[CandidateRecord]>,
    /// Who was tried, in order.
    pub attempts: Vec<AttemptRecord>,
    /// How it ended.
    pub outcome: Outcome,
    /// What all attempts used.
    pub usage: Usage,
    /// Who says so.
    pub usage_source: UsageSource,
    /// What that costs; `None` is unpriced, which is never the same as nothing.
    pub cost: Option<Money>,
    /// The bill. Its sum is the cost; of an unpriced entry it holds what could be priced.
    pub cost_lines: Vec<CostLine>,
    /// Which prices.
    pub price_version: Option<Arc<str>>,
    /// How far they can be trusted.
    pub price_agreement: Option<Agreement>,
    /// Who served it, or was the last to try.
    pub deployment: Option<Arc<str>>,
    /// From arrival to the first content for the client, in microseconds.
    pub ttft_us: Option<u64>,
    /// From arrival to the end, in microseconds.
    pub total_us: u64,
    /// Bytes of the answer given to the client.
    pub released_bytes: u64,
    /// The supplier's finish reason.
    pub finish: Option<Arc<str>>,
    /// Whether the answer was kept, so that a later request can build on it.
    pub kept: bool,
}

/// One line of a bill. In JSON `[attempt, bucket, cost]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "(u16, Bucket, Money)", from = "(u16, Bucket, Money)")]
pub struct CostLine {
    /// Whose: an index into the attempts.
    pub attempt: u16,
    /// For what.
    pub bucket: Bucket,
    /// How much.
    pub cost: Money,
}

impl From<CostLine> for (u16, Bucket, Money) {
    fn from(line: CostLine) -> Self {
        (line.attempt, line.bucket, line.cost)
    }
}

impl From<(u16, Bucket, Money)> for CostLine {
    fn from((attempt, bucket, cost): (u16, Bucket, Money)) -> Self {
        Self { attempt, bucket, cost }
    }
}

impl Entry {
    /// A request that has just been admitted: nothing tried, nothing used, nothing owed.
    pub fn new(
        id: RequestId,
        arrived_us: i64,
        facts: Arc<RequestFacts>,
        decision: Arc<[CandidateRecord]>,
    ) -> Self {
        Self {
            id,
            arrived_us,
            facts,
            decision,
            attempts: Vec::new(),
            outcome: Outcome::Failed { failure: None },
            usage: Usage::default(),
            usage_source: UsageSource::None,
            cost: Some(Money::ZERO),
            cost_lines: Vec::new(),
            price_version: None,
            price_agreement: None,
            deployment: None,
            ttft_us: None,
            total_us: 0,
            released_bytes: 0,
            finish: None,
            kept: false,
        }
    }

    /// Enters what one attempt used, and its bill; booking it again replaces what was booked before. Without `prices`
    /// any usage is unpriced. The entry's price version becomes that of these prices.
    pub fn book(&mut self, attempt: usize, usage: Usage, source: UsageSource, prices: Option<&PriceList>) {
        let number = u16::try_from(attempt).expect("a request has few attempts");
        let bill = prices.map(|prices| prices.cost(&usage));
        self.cost_lines.retain(|line| line.attempt != number);
        if let Some(bill) = &bill {
            let lines = bill.lines.iter();
            self.cost_lines.extend(lines.map(|&(bucket, cost)| CostLine { attempt: number, bucket, cost }));
        }
        self.price_with(number, prices);
        let record = &mut self.attempts[attempt];
        record.usage = usage;
        record.usage_source = source;
        record.cost = bill.and_then(|bill| bill.total).filter(|_| !usage.is_zero());
        self.add_up();
    }

    fn price_with(&mut self, attempt: u16, prices: Option<&PriceList>) {
        let Some(prices) = prices else { return };
        if let Some(earlier) = self.price_version.take().filter(|earlier| **earlier != *prices.version) {
            let others =
                self.attempts.iter_mut().enumerate().filter(|(index, _)| *index != usize::from(attempt));
            for (_, other) in others.filter(|(_, other)| !other.usage.is_zero()) {
                other.price_version.get_or_insert_with(|| Arc::clone(&earlier));
            }
        }
        self.attempts[usize::from(attempt)].price_version = None;
        self.price_version = Some(Arc::clone(&prices.version));
        self.price_agreement = Some(prices.agreement);
    }

    fn add_up(&mut self) {
        self.usage = Self::usage_of(&self.attempts);
        self.cost = Self::cost_of(&self.attempts);
        let sources = self.attempts.iter().map(|attempt| attempt.usage_source);
        self.usage_source = sources.fold(UsageSource::None, UsageSource::and);
    }

    fn usage_of(attempts: &[AttemptRecord]) -> Usage {
        let mut sum = Usage::default();
        for (bucket, count) in attempts.iter().flat_map(|attempt| attempt.usage.iter()) {
            let total = sum.get_mut(bucket);
            *total = total.saturating_add(count);
        }
        sum
    }

    fn cost_of(attempts: &[AttemptRecord]) -> Option<Money> {
        let paid = attempts.iter().filter(|attempt| !attempt.usage.is_zero());
        paid.map(|attempt| attempt.cost).try_fold(Money::ZERO, |sum, cost| sum.checked_add(cost?))
    }

    /// Whether something of the usage belongs to a deployment other than [`Entry::deployment`].
    pub fn is_split(&self) -> bool {
        let paid = self.attempts.iter().filter(|attempt| !attempt.usage.is_zero());
        paid.map(|attempt| Some(&*attempt.deployment)).any(|whose| whose != self.deployment.as_deref())
    }

    /// Whether usage and money add up.
    ///
    /// # Errors
    /// What does not.
    pub fn check(&self) -> Result<(), EntryError> {
        if self.usage != Self::usage_of(&self.attempts) {
            return Err(EntryError::Usage);
        }
        for (number, attempt) in (0..).zip(&self.attempts) {
            let lines = self.cost_lines.iter().filter(|line| line.attempt == number);
            let sum = lines.map(|line| line.cost).sum::<Option<Money>>();
            if attempt.cost.is_some() && attempt.cost != sum {
                return Err(EntryError::Lines { attempt: number });
            }
        }
        if let Some(line) =
            self.cost_lines.iter().find(|line| usize::from(line.attempt) >= self.attempts.len())
        {
            return Err(EntryError::Lines { attempt: line.attempt });
        }
        if self.cost != Self::cost_of(&self.attempts) {
            return Err(EntryError::Cost);
        }
        Ok(())
    }
}

/// How an entry contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Usage was written without [`Entry::book`].
    #[error("its usage is not the sum of its attempts' usage")]
    Usage,
    /// The bill was written without [`Entry::book`].
    #[error("the bill of attempt {attempt} does not add up to that attempt's cost")]
    Lines {
        /// Index of the attempt.
        attempt: u16,
    },
    /// The cost was written without [`Entry::book`].
    #[error("its cost is not the sum of its attempts' costs")]
    Cost,
}

#[cfg(test)]
mod tests;
