//! The tables of a report.

use scenario::{Domain, Proof};

use super::super::figures::Figures;
use crate::config::product::Criticality;
use crate::config::value::At;
use crate::pack::{Cell, Table};

pub(super) fn tables(figures: &Figures) -> Vec<Table> {
    vec![
        shares(figures),
        losses(figures),
        products(figures),
        candidates(figures),
        cuts(figures),
        accounts(figures),
        calendar(figures),
        declared(figures),
        targets(figures),
    ]
}

/// A row without a name is what nobody is known for.
fn shares(figures: &Figures) -> Table {
    let mut table = Table::new(
        "shares",
        &[
            "kind",
            "name",
            "answered",
            "tokens",
            "cost_usd",
            "unpriced",
            "part_of_answered",
            "part_of_tokens",
            "part_of_cost",
        ],
    );
    for dependence in &figures.dependence {
        for share in dependence.shares.iter().chain([&dependence.unknown]) {
            let [answered, tokens, cost] = share.of_all;
            table.row([
                dependence.kind.as_str().into(),
                Cell::from(&share.name),
                share.requests.into(),
                share.tokens.into(),
                share.known_nanos().map(Cell::usd).into(),
                share.unpriced.into(),
                answered.into(),
                tokens.into(),
                share.known_nanos().map(|_| cost).into(),
            ]);
        }
    }
    table
}

fn losses(figures: &Figures) -> Table {
    let columns = [
        "loss",
        "meaning",
        "product",
        "verdict",
        "part_by_proven",
        "part_by_unproven",
        "part_by_none",
        "short_tokens_per_minute",
        "short_requests_per_minute",
        "beyond_carried_tokens_per_minute",
        "verdict_at_worst",
    ];
    let mut table = Table::new("losses", &columns);
    for loss in &figures.losses {
        for on in &loss.products {
            table.row([
                joined(&loss.domains, " = ").into(),
                loss.meaning.map(scenario::maker::Meaning::as_str).into(),
                Cell::from(&on.product),
                on.verdict.as_str().into(),
                on.outlook.proven.into(),
                on.outlook.unproven.into(),
                on.outlook.none.into(),
                on.outlook.short_tokens.into(),
                on.outlook.short_requests.into(),
                on.outlook.beyond_proven_tokens.into(),
                on.at_worst.as_str().into(),
            ]);
        }
    }
    table
}

fn products(figures: &Figures) -> Table {
    let columns = [
        "product",
        "criticality",
        "function",
        "owner",
        "max_outage",
        "requests",
        "answered",
        "tokens",
        "cost_usd",
        "unpriced",
        "requests_without_candidate",
        "requests_without_route",
        "requests_left_behind",
        "peak_tokens_per_minute",
        "peak_requests_per_minute",
        "peak",
        "short_already_tokens_per_minute",
        "short_already_requests_per_minute",
    ];
    let mut table = Table::new("products", &columns);
    for product in &figures.products {
        table.row([
            Cell::from(&product.name),
            product.criticality.map(Criticality::as_str).into(),
            product.function.as_ref().into(),
            product.owner.as_ref().into(),
            product.max_outage.map(|outage| outage.to_string()).as_ref().into(),
            product.requests.into(),
            product.answered.into(),
            product.tokens.into(),
            usd(product.nanos, product.unpriced),
            product.unpriced.into(),
            product.without_any.into(),
            product.without_route.into(),
            product.left_behind.into(),
            product.peak_tokens.into(),
            product.peak_requests.into(),
            product.peak_minute.map(|minute| Cell::moment(minute * 60_000_000)).into(),
            product.short_already_tokens.into(),
            product.short_already_requests.into(),
        ]);
    }
    table
}

fn candidates(figures: &Figures) -> Table {
    let columns = [
        "product",
        "deployment",
        "proof",
        "answered",
        "last",
        "approved_on",
        "part_it_could_serve",
        "part_it_served",
        "list_cost_usd",
        "ends",
    ];
    let mut table = Table::new("candidates", &columns);
    for product in &figures.products {
        for candidate in &product.candidates {
            let [class, answered, last, approved] = proof(&candidate.proof);
            table.row([
                Cell::from(&product.name),
                Cell::from(&candidate.deployment),
                class,
                answered,
                last,
                approved,
                candidate.could.into(),
                candidate.served.into(),
                candidate.nanos.map(Cell::usd).into(),
                candidate.ends.as_ref().into(),
            ]);
        }
    }
    table
}

/// Class, answers, when the last, since when approved.
pub(super) fn proof(proof: &Proof) -> [Cell; 4] {
    match proof {
        Proof::Served { answered, last_us } => {
            ["served".into(), (*answered).into(), Cell::moment(*last_us), Cell::Nothing]
        }
        Proof::Approved { on } => ["approved".into(), Cell::Nothing, Cell::Nothing, on.into()],
        Proof::Unproven { answered } => ["unproven".into(), (*answered).into(), Cell::Nothing, Cell::Nothing],
    }
}

fn cuts(figures: &Figures) -> Table {
    let columns = [
        "product",
        "count",
        "losses",
        "part_stopped",
        "short_tokens_per_minute",
        "short_requests_per_minute",
    ];
    let mut table = Table::new("smallest-losses", &columns);
    for product in &figures.products {
        for cut in &product.cuts {
            let losses: Vec<String> = cut.losses.iter().map(|names| joined(names, " = ")).collect();
            table.row([
                Cell::from(&product.name),
                cut.losses.len().into(),
                losses.join(" + ").into(),
                cut.effect.stopped.into(),
                cut.effect.short_tokens.into(),
                cut.effect.short_requests.into(),
            ]);
        }
    }
    table
}

fn accounts(figures: &Figures) -> Table {
    let columns = [
        "account",
        "host",
        "region",
        "answered",
        "cost_usd",
        "unpriced",
        "carried_tokens_per_minute",
        "carried_requests_per_minute",
        "capacity_tokens_per_minute",
        "committed_usd",
        "fixed_usd",
        "unknown_terms",
        "other_unknown_terms",
    ];
    let mut table = Table::new("accounts", &columns);
    for account in &figures.accounts {
        table.row([
            Cell::from(&account.name),
            account.host.as_ref().into(),
            account.region.as_ref().into(),
            account.answered.into(),
            usd(account.nanos, account.unpriced),
            account.unpriced.into(),
            account.carried.tokens_per_minute.into(),
            account.carried.requests_per_minute.into(),
            account.capacity_tokens_per_minute.into(),
            account.committed_nanos.map(Cell::usd).into(),
            account.fixed_nanos.map(Cell::usd).into(),
            account.unknown_terms.join(" ").into(),
            account.other_unknown_terms.join(" ").into(),
        ]);
    }
    table
}

fn calendar(figures: &Figures) -> Table {
    let mut table = Table::new("calendar", &["day", "of", "what_ends"]);
    for event in &figures.calendar {
        table.row([event.day.into(), event.of.to_string().into(), event.what.into()]);
    }
    table
}

/// As it is written down: the cost is in no other table.
fn declared(figures: &Figures) -> Table {
    let columns = [
        "name",
        "maker",
        "host",
        "owner",
        "country",
        "function",
        "criticality",
        "cost",
        "currency",
        "per",
        "ends",
        "substitute",
    ];
    let mut table = Table::new("declared", &columns);
    let text = |text: &Option<At<String>>| Cell::from(text.as_ref().map(|text| &text.value));
    for declared in &figures.declared {
        let cost = declared.cost.as_ref();
        table.row([
            Cell::from(&declared.name.value),
            text(&declared.maker),
            text(&declared.host),
            text(&declared.owner),
            text(&declared.country),
            text(&declared.function),
            declared.criticality.as_ref().map(|criticality| criticality.as_str()).into(),
            cost.map(|cost| &cost.amount.0).into(),
            cost.map(|cost| &cost.currency.0).into(),
            cost.map(|cost| cost.per.as_str()).into(),
            declared.ends.as_ref().map(|day| day.0).into(),
            text(&declared.substitute),
        ]);
    }
    table
}

fn targets(figures: &Figures) -> Table {
    let mut table = Table::new("targets", &["target", "met", "broken_by", "names_nothing", "not_known_for"]);
    for target in &figures.targets {
        table.row([
            Cell::from(&target.target),
            target.met.into(),
            target.broken_by.join(", ").into(),
            target.names_nothing.into(),
            target.not_known_for.join(", ").into(),
        ]);
    }
    table
}

/// A sum in which so many requests have no price; unknown where nothing else is in it.
pub(super) fn usd(nanos: i128, unpriced: u64) -> Cell {
    if nanos == 0 && unpriced > 0 { Cell::Nothing } else { Cell::usd(nanos) }
}

pub(super) fn joined(domains: &[Domain], between: &str) -> String {
    domains.iter().map(Domain::to_string).collect::<Vec<_>>().join(between)
}
