//! What a product's budget says to a request: whether it may be served, and what it has cost in the end.

use std::cell::RefCell;
use std::sync::Arc;

use catalogue::{Money, Usage};
use ledger::budget::{Budget, Mark, Over, Refused, Shortage, Terms, Verdict};
use routing::Plan;

use crate::asked::Asked;
use crate::refusal::Refusal;
use crate::room::Shared;
use crate::snapshot::{Product, Snapshot};

/// The tokens of an answer whose client sets no bound to it: more than most have. The bound of a model would be a hundred
/// times too much for most, and refuse requests that fit.
const ANSWER_TOKENS: u64 = 1000;

/// What a product may spend, as the configuration says it.
#[derive(Debug, Clone)]
pub struct Allowance {
    /// In US dollars.
    pub terms: Terms,
    /// As it is written, such as `500 EUR a month`.
    pub words: Arc<str>,
}

/// What is held for a request; `None` where there was no budget when it began.
pub(crate) type Hold = RefCell<Option<Held>>;

/// Let go when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Arc<Budget>,
    money: Money,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.abandon(self.money);
    }
}

/// Holds what the request may cost.
pub(crate) fn admit(
    shared: &Shared,
    snapshot: &Snapshot,
    product: &Product,
    asked: &Asked,
    plan: &Plan,
) -> Result<Hold, Refusal> {
    let Some(allowance) = &product.allowance else { return Ok(Hold::default()) };
    match product.budget.admit(dearest(snapshot, asked, plan), shared.clock.unix_us()) {
        Verdict::Unbounded => Ok(Hold::default()),
        Verdict::Held(money) => Ok(Hold::new(Some(Held { budget: Arc::clone(&product.budget), money }))),
        Verdict::Refused(refused) => {
            shared.metrics.over_budget(&product.name);
            if refused.is_first {
                let (name, words, until) = (&product.name, &allowance.words, refused.until());
                tracing::error!("product {name:?} is refused requests until {until}: its budget is {words}");
            }
            Err(refusal(product, allowance, refused))
        }
    }
}

fn refusal(product: &Product, allowance: &Allowance, refused: Refused) -> Refusal {
    let (name, words) = (&product.name, &allowance.words);
    let anew = format!("it begins anew on {} (UTC)", refused.until());
    match refused.why {
        Shortage::Spent => {
            Refusal::OverBudget(format!("product {name:?} has spent its budget of {words}: {anew}"))
        }
        Shortage::TooDear => Refusal::OverBudget(format!(
            "this request may cost more than product {name:?} has left of its budget of {words}: {anew}"
        )),
        Shortage::Held => Refusal::BudgetHeld(format!(
            "what product {name:?} has left of its budget of {words} is held for requests under way: try again when they \
             have ended"
        )),
    }
}

/// The most that one of those who may serve the request would bill for it. Who has no price bills nothing that is known.
fn dearest(snapshot: &Snapshot, asked: &Asked, plan: &Plan) -> Money {
    let eligible = plan.candidates.iter().filter(|candidate| candidate.is_eligible());
    let bills = eligible.filter_map(|candidate| {
        let prices = snapshot.deployment(candidate.deployment).prices.as_ref()?;
        let known = snapshot.routing_of(candidate.deployment);
        let most = known.max_output.unwrap_or(u64::MAX);
        let usage = Usage {
            input_uncached: asked.estimated_input_tokens.saturating_add(known.prefix_tokens),
            output_text: asked.max_tokens.unwrap_or(ANSWER_TOKENS).min(most),
            ..Usage::default()
        };
        prices.cost(&usage).total
    });
    bills.max().unwrap_or_default()
}

/// What the request has cost; `None` is unpriced.
pub(crate) fn settle(shared: &Shared, product: &Product, hold: &Hold, cost: Option<Money>) {
    if !product.budget.is_there() && hold.borrow().is_none() {
        return;
    }
    let now_us = shared.clock.unix_us();
    // What is held is let go here, and not once more when it is dropped.
    let held = hold.take().map(|mut held| std::mem::take(&mut held.money));
    if let Some(mark) = product.budget.settle(held, cost, now_us) {
        tell(&product.name, &product.budget, mark, now_us);
    }
}

/// Tells people that a product has spent so much of its budget.
pub fn tell(product: &str, budget: &Budget, mark: Mark, now_us: i64) {
    let Some(standing) = budget.standing(now_us) else { return };
    let (per, until) = (standing.terms.per, standing.until());
    match mark {
        Mark::Most => tracing::warn!("product {product:?} has spent 80 % of its budget of the {per}"),
        Mark::All if standing.terms.over == Over::Tell => {
            tracing::error!(
                "product {product:?} has spent its budget of the {per}, and is served all the same"
            );
        }
        Mark::All => {
            tracing::error!(
                "product {product:?} has spent its budget of the {per}: no request until {until}"
            );
        }
    }
}
