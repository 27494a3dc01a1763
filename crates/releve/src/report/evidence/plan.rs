//! The tables of an exit plan.

use serde_json::Value;

use super::super::exit::{Gap, Plan};
use super::figures::{joined, proof, usd};
use crate::pack::{Cell, Table};

pub(super) fn tables(plan: &Plan) -> Vec<Table> {
    vec![products(plan), substitutes(plan), schedule(plan), decisions(plan), gaps(plan)]
}

fn products(plan: &Plan) -> Table {
    let columns = [
        "product",
        "owner",
        "max_outage",
        "verdict",
        "requests_it_could_serve",
        "answered_here",
        "cost_here_usd",
        "unpriced_here",
        "part_by_proven",
        "part_by_unproven",
        "part_by_none",
        "short_tokens_per_minute",
        "short_requests_per_minute",
        "peak_tokens_per_minute",
        "last_test",
        "short_already_tokens_per_minute",
        "short_already_requests_per_minute",
    ];
    let mut table = Table::new("products", &columns);
    for product in &plan.products {
        let leaving = &product.leaving;
        table.row([
            Cell::from(&leaving.product),
            product.owner.as_ref().into(),
            product.max_outage.map(|outage| outage.to_string()).as_ref().into(),
            leaving.verdict.as_str().into(),
            leaving.could.into(),
            leaving.answered_here.into(),
            usd(leaving.nanos_here, leaving.unpriced_here),
            leaving.unpriced_here.into(),
            leaving.outlook.proven.into(),
            leaving.outlook.unproven.into(),
            leaving.outlook.none.into(),
            leaving.outlook.short_tokens.into(),
            leaving.outlook.short_requests.into(),
            leaving.peak_tokens.into(),
            leaving.last_test_us.map(Cell::moment).into(),
            leaving.outlook.short_already_tokens.into(),
            leaving.outlook.short_already_requests.into(),
        ]);
    }
    table
}

fn substitutes(plan: &Plan) -> Table {
    let columns = [
        "product",
        "deployment",
        "class",
        "proof",
        "answered",
        "last",
        "approved_on",
        "part_it_could_serve",
        "alone_part_stopped",
        "alone_short_tokens_per_minute",
        "alone_short_requests_per_minute",
        "capacity_tokens_per_minute",
        "carried_tokens_per_minute",
        "list_cost_usd",
        "falls_with",
    ];
    let mut table = Table::new("substitutes", &columns);
    for product in &plan.products {
        for other in &product.leaving.substitutes {
            let [class, answered, last, approved] = proof(&other.proof);
            table.row([
                Cell::from(&product.leaving.product),
                Cell::from(&other.deployment),
                Cell::code(&other.class),
                class,
                answered,
                last,
                approved,
                other.could.into(),
                other.alone.stopped.into(),
                other.alone.short_tokens.into(),
                other.alone.short_requests.into(),
                other.capacity_tokens_per_minute.into(),
                other.carried_tokens_per_minute.into(),
                other.nanos.map(Cell::usd).into(),
                joined(&other.shares, ", ").into(),
            ]);
        }
    }
    table
}

fn schedule(plan: &Plan) -> Table {
    let mut table = Table::new("schedule", &["step", "day", "missing_terms", "late", "suggested"]);
    for milestone in &plan.schedule.milestones {
        table.row([
            Cell::code(&milestone.step),
            milestone.day.into(),
            milestone.missing.join(" ").into(),
            milestone.late.into(),
            milestone.suggested.into(),
        ]);
    }
    table
}

fn decisions(plan: &Plan) -> Table {
    let mut table = Table::new("decisions", &["set", "target", "posture", "reason", "author", "expires"]);
    for act in &plan.acts {
        table.row([
            Cell::moment(act.set_us),
            Cell::from(&act.target),
            Cell::from(&act.posture),
            Cell::from(&act.reason),
            Cell::from(&act.author),
            act.expires_us.map(Cell::moment).into(),
        ]);
    }
    table
}

fn gaps(plan: &Plan) -> Table {
    let mut table = Table::new("gaps", &["gap", "about"]);
    for gap in &plan.gaps {
        let (gap, about) = said(gap);
        table.row([gap.into(), about.into()]);
    }
    table
}

/// A gap's code, and all else that is said of it.
fn said(gap: &Gap) -> (String, String) {
    let Ok(Value::Object(members)) = serde_json::to_value(gap) else { return Default::default() };
    let words = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    let code = members.get("gap").map(&words).unwrap_or_default();
    let rest = members.iter().filter(|(name, _)| *name != "gap").map(|(_, value)| words(value));
    (code, rest.collect::<Vec<_>>().join(": "))
}
