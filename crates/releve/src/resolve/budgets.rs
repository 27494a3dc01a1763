//! What a product may spend, in US dollars.

use catalogue::Money;
use gateway::Allowance;
use gateway::snapshot::{Product, Route, Unpriced};
use ledger::budget::{Every, Over, Terms};

use crate::config::Config;
use crate::config::budget::{self, Budget, Lasts};
use crate::config::problem::{Problem, Problems};
use crate::config::value::At;
use crate::resolve::deployments::Deployments;

const USD: &str = "USD";
const NANOS: i128 = 1_000_000_000;

/// `None` also where it cannot be said in US dollars, which is a problem.
pub(super) fn allowance(budget: &At<Budget>, config: &Config, problems: &Problems) -> Option<Allowance> {
    let currency = budget.currency.as_ref().map_or(USD, |currency| &currency.0);
    let per = match budget.per.value {
        Lasts::Day => Every::Day,
        Lasts::Week => Every::Week,
        Lasts::Month => Every::Month,
    };
    let over = match budget.over.as_ref().map(|over| over.value) {
        Some(budget::Over::Tell) => Over::Tell,
        Some(budget::Over::Refuse) | None => Over::Refuse,
    };
    let Some(rate) = rate(currency, config) else {
        let at = budget.currency.as_ref().map_or(&budget.at, |currency| &currency.at);
        let what = format!("a budget in {currency}, and no rate says what that is worth");
        let mend = format!(
            "add [rates.{currency}] with usd, the US dollars for one {currency}, and on, the day of that"
        );
        problems.add(Problem::error(at, what).mend(mend));
        return None;
    };
    let nanos = i128::from(amount(&budget.amount.0)?.nanos()) * rate / NANOS;
    let Some(nanos) = i64::try_from(nanos).ok().filter(|nanos| *nanos > 0) else {
        let what = format!("a budget of {} {currency}", budget.amount.0);
        let mend = "write more than nothing and less than nine thousand million dollars; to stop a product, take its keys away";
        problems.add(Problem::error(&budget.amount.at, what).mend(mend));
        return None;
    };
    let words = format!("{} {currency} a {per}", budget.amount.0).into();
    Some(Allowance { terms: Terms { amount: Money::from_nanos(nanos), per, over }, words })
}

/// A budget that does not see what some of a product's requests cost bounds less than it seems to.
pub(super) fn warn_of_unpriced(
    config: &Config,
    products: &[Product],
    routes: &[Route],
    deployments: &Deployments<'_>,
    problems: &Problems,
) {
    for (written, product) in config.products.iter().zip(products) {
        let Some(budget) = written.body.budget.as_ref().filter(|_| product.unpriced == Unpriced::Allow)
        else {
            continue;
        };
        let uses = |(index, route): &(usize, &Route)| {
            let of_product = product.routes.as_ref().is_none_or(|routes| routes.contains(index));
            if route.direct { product.direct } else { of_product }
        };
        let mut entries = routes.iter().enumerate().filter(uses).flat_map(|(_, route)| &route.entries);
        if entries.any(|entry| !deployments.is_priced(entry.deployment)) {
            let name = &written.name.value;
            let what = format!(
                "\"{name}\" may be served by deployments without a price, whose cost is in no budget"
            );
            let mend = "give them a price, or keep them out with unpriced = \"refuse\"";
            problems.add(Problem::warning(&budget.at, what).mend(mend));
        }
    }
}

/// Nano-dollars for one unit.
fn rate(currency: &str, config: &Config) -> Option<i128> {
    if currency == USD {
        return Some(NANOS);
    }
    let rate = config.rates.iter().find(|rate| rate.name.value == currency)?;
    amount(&rate.body.usd.0).map(|usd| usd.nanos().into())
}

fn amount(text: &str) -> Option<Money> {
    text.parse().ok()
}
