//! How good such predictions are here, in words.

use super::{money, ms, percent};
use crate::report::Foretold;

/// Foretold, what came, and between what it should lie.
type Told = ((f64, f64), Option<(f64, f64)>);

pub(super) fn told(backtest: Option<&Foretold>) -> String {
    let Some(row) = backtest else {
        return "Too little is recorded to test a prediction on it.".to_owned();
    };
    let what = row.incident.as_ref().map_or_else(
        || "the second half of the recording, from the first".to_owned(),
        |who| format!("the second half of the longest incident recorded ({who}), from what was known before"),
    );
    let within = row.interval;
    let served = (row.served, within.map(|within| within.served));
    let cost = (row.cost_usd, within.map(|within| within.cost_usd));
    let middle = (row.first_token_p50_ms, within.map(|within| within.first_token_p50_ms));
    let slow = (row.first_token_p95_ms, within.map(|within| within.first_token_p95_ms));
    let (foretold_unpriced, came_unpriced) = row.unpriced;
    let cost_says = format!(
        "cost {} predicted{}, {} came{}",
        money(cost.0.0, foretold_unpriced),
        between(cost, |usd| money(usd, 0.0)),
        money(cost.0.1, came_unpriced),
        outside(cost)
    );
    format!(
        "{} requests, {what}: served {}; {cost_says}; first token p50 {}, p95 {}.{}",
        row.requests,
        pair(served, percent),
        pair(middle, ms),
        pair(slow, ms),
        why(row, [served, cost, middle, slow].into_iter().any(is_outside))
    )
}

fn pair(told: Told, shown: fn(f64) -> String) -> String {
    let (predicted, came) = told.0;
    format!("{} predicted{}, {} came{}", shown(predicted), between(told, shown), shown(came), outside(told))
}

fn between((_, interval): Told, shown: fn(f64) -> String) -> String {
    interval.map_or_else(String::new, |(low, high)| {
        let (low, high) = (shown(low), shown(high));
        if low == high { format!(" ({low})") } else { format!(" ({low} to {high})") }
    })
}

fn is_outside(((_, came), interval): Told) -> bool {
    interval.is_some_and(|(low, high)| came < low || came > high)
}

fn outside(told: Told) -> &'static str {
    if is_outside(told) { ", outside" } else { "" }
}

/// What no first half can foretell, and what was hardly known by then.
fn why(row: &Foretold, is_outside: bool) -> String {
    let turned = row.turned().map(|(known, came)| {
        format!(
            " The incident turned half way: {} answered {} of its attempts in the first half and {} in the second, which the first does not tell.",
            row.incident.as_deref().unwrap_or("whoever was ill"),
            percent(known),
            percent(came)
        )
    });
    let guessed = row.rests_on_guesses().then(|| {
        format!(
            " {} of the answers came from suppliers that had answered fewer than 30 times before: how fast they are was half guessed.",
            percent(row.by_seldom_seen)
        )
    });
    let is_explained = turned.is_some() || guessed.is_some();
    let none = " What lies outside came otherwise than anything before it told: suppliers, or who was asked of them, had changed by then.";
    let unexplained = (is_outside && !is_explained).then(|| none.to_owned());
    [turned, guessed, unexplained].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Interval;

    fn foretold(p95_came: f64) -> Foretold {
        Foretold {
            incident: Some("acme/m".into()),
            requests: 100,
            by_seldom_seen: 0.0,
            ill_served: None,
            served: (1.0, 1.0),
            cost_usd: (1.0, 1.01),
            unpriced: (0.0, 0.0),
            first_token_p50_ms: (250.0, 255.0),
            first_token_p95_ms: (2_070.0, p95_came),
            interval: Some(Interval {
                served: (0.99, 1.0),
                cost_usd: (0.95, 1.05),
                first_token_p50_ms: (240.0, 260.0),
                first_token_p95_ms: (1_800.0, 2_300.0),
            }),
        }
    }

    #[test]
    fn what_lies_outside_is_named_with_a_why() {
        let inside = told(Some(&foretold(2_000.0)));
        assert!(inside.contains("p95 2070 ms predicted (1800 ms to 2300 ms), 2000 ms came."), "{inside}");
        assert!(inside.contains("cost $1.00 predicted ($0.95 to $1.05), $1.01 came;"), "{inside}");
        assert!(!inside.contains("outside"), "{inside}");
        let outside = told(Some(&foretold(926.0)));
        assert!(outside.contains("926 ms came, outside. What lies outside came otherwise"), "{outside}");
        let turned = told(Some(&Foretold { ill_served: Some((0.7, 0.0)), ..foretold(926.0) }));
        assert!(turned.contains("The incident turned") && !turned.contains("came otherwise"), "{turned}");
    }
}
