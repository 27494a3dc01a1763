//! An answer as the contents of an evidence pack.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use evidence::{FileRecord, Limit};
use jiff::civil::Date;
use scenario::maker::Meaning;

use super::super::CliError;
use super::input::Input;
use super::outcome::{Answer, Change, Figure, Side};
use super::{Arguments, show};
use crate::config::source::Source;
use crate::pack::{Cell, Contents, Table, arguments, part, period};
use crate::settings::Settings;

/// What an answer rests on and does not say itself: taken before the runs use the input up.
#[derive(Debug)]
pub(super) struct RestsOn {
    ledger: Option<evidence::LedgerPart>,
    period: BTreeMap<String, String>,
    day: Date,
    trace: Option<FileRecord>,
    scenario: Option<Source>,
    limits: Table,
    pub(super) settings: Arc<Settings>,
}

impl RestsOn {
    /// `scenario` is the file that what is asked was read from.
    pub(super) fn of(input: &Input, scenario: Option<Source>) -> Self {
        Self {
            ledger: input.ledger.as_ref().map(|(path, extent)| part(path, extent)),
            period: input
                .ledger
                .as_ref()
                .map_or_else(BTreeMap::new, |(_, extent)| period(extent.period.from_us, extent.period.to_us)),
            day: input.day,
            trace: input.trace.clone(),
            scenario,
            limits: limits(input),
            settings: Arc::clone(&input.settings),
        }
    }

    pub(super) fn contents(self, answer: &Answer, asked: &Arguments) -> Result<Contents, CliError> {
        let scenario = self.scenario.map(|source| ("scenario.toml", source.text().to_owned()));
        let mut figures = serde_json::to_vec_pretty(answer).map_err(std::io::Error::from)?;
        figures.push(b'\n');
        let limit = |about: &str, says: &str| Limit { about: about.to_owned(), says: says.to_owned() };
        Ok(Contents {
            kind: "whatif",
            subject: answer.scenario.clone(),
            day: Some(self.day),
            ledger: self.ledger,
            trace: self.trace,
            arguments: given(asked).into_iter().chain(self.period).collect(),
            seeds: vec![asked.seed],
            limits: answer.assumptions.iter().map(|all| limit(all.about, &all.says)).collect(),
            page: show::html(answer)?,
            figures,
            tables: vec![
                self.limits,
                products(answer),
                carriers(answer),
                refusals(answer),
                budgets(answer),
                tokens(answer),
                shares(answer),
                limits_hit(answer),
                sensitivity(answer),
                insurance(answer),
            ],
            quotes_configuration: false,
            texts: scenario.into_iter().collect(),
        })
    }
}

/// What was asked, without the places of files.
fn given(asked: &Arguments) -> BTreeMap<String, String> {
    let names: Vec<String> = asked.lose.iter().map(ToString::to_string).collect();
    let lost = !names.is_empty();
    let name = |path: &str| Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
    let meaning = Meaning::NAMES.iter().find(|(_, meaning)| *meaning == asked.meaning);
    arguments([
        ("scenario", asked.scenario.as_deref().and_then(name)),
        ("lose", lost.then(|| names.join(" "))),
        ("as", meaning.filter(|_| lost).map(|(name, _)| (*name).to_owned())),
        ("for", lost.then(|| crate::config::period::Period(asked.span()).to_string())),
        ("most", Some(asked.most.to_string())),
        ("no-herd", asked.no_herd.then(|| "true".to_owned())),
        ("in-short", asked.in_short.then(|| "true".to_owned())),
    ])
}

/// What each deployment was taken to carry; empty where that is not known and so does not bind.
fn limits(input: &Input) -> Table {
    let columns = [
        "deployment",
        "requests_per_minute",
        "tokens_per_minute",
        "works_off_tokens_per_minute",
        "fixed_usd_per_day",
    ];
    let mut table = Table::new("assumed-limits", &columns);
    for (deployment, backing) in input.estate.deployments.iter().zip(&input.estate.backing) {
        table.row([
            Cell::from(&deployment.name),
            backing.requests_per_minute.into(),
            backing.tokens_per_minute.into(),
            backing.works_off_per_minute.into(),
            backing.fixed_usd_per_day.into(),
        ]);
    }
    table
}

/// The last product, `*`, is all of them.
fn products(answer: &Answer) -> Table {
    let mut table = Table::new("products", &["product", "when", "figure", "value", "low_95", "high_95"]);
    let each = answer.products.iter().map(|row| (&*row.product, row.change));
    for (product, Change { before, after }) in each.chain([("*", answer.total)]) {
        for (when, side) in [("before", before), ("after", after)] {
            for (name, figure) in named(side) {
                let [value, low, high] = match figure {
                    Some(Figure { value, low, high }) => [value, low, high].map(Cell::from),
                    None => [Cell::Nothing, Cell::Nothing, Cell::Nothing],
                };
                table.row([product.into(), when.into(), name.into(), value, low, high]);
            }
        }
    }
    table
}

/// `None` is unknown: where nothing has a price there is no cost.
fn named(side: Side) -> [(&'static str, Option<Figure>); 9] {
    let cost = (!show::is_all_unpriced(side.cost_usd_per_day.value, side.served_unpriced.value))
        .then_some(side.cost_usd_per_day);
    [
        ("requests", Some(side.requests)),
        ("part_served", Some(side.served)),
        ("part_served_by_proven", Some(side.served_by_proven)),
        ("part_served_by_unproven", Some(side.served_by_unproven)),
        ("cost_usd_per_day", cost),
        ("part_served_unpriced", Some(side.served_unpriced)),
        ("first_token_p50_ms", Some(side.first_token_p50_ms)),
        ("first_token_p95_ms", Some(side.first_token_p95_ms)),
        ("outside_max_outage_ms", Some(side.outside_max_outage_ms)),
    ]
}

fn carriers(answer: &Answer) -> Table {
    let mut table = Table::new("carried-by", &["product", "deployment", "part_of_requests"]);
    for row in &answer.products {
        for (deployment, part) in &row.carried_by {
            table.row([Cell::from(&row.product), Cell::from(deployment), (*part).into()]);
        }
    }
    table
}

fn refusals(answer: &Answer) -> Table {
    let mut table = Table::new("refused", &["product", "why", "part_of_requests"]);
    for row in &answer.products {
        for (why, part) in &row.refused {
            table.row([Cell::from(&row.product), (*why).into(), (*part).into()]);
        }
    }
    table
}

/// Empty is never, within the scenario.
fn budgets(answer: &Answer) -> Table {
    let columns =
        ["product", "budget", "over", "amount_usd", "spent_usd_as_it_begins", "spent_before", "spent_after"];
    let mut table = Table::new("budgets", &columns);
    for row in &answer.budgets {
        table.row([
            Cell::from(&row.product),
            Cell::from(&row.budget),
            row.over.into(),
            row.amount_usd.to_string().into(),
            row.spent_usd.to_string().into(),
            row.spent_before.clone().unwrap_or_default().into(),
            row.spent_after.clone().unwrap_or_default().into(),
        ]);
    }
    table
}

/// Empty is unknown, and taken as equal.
fn tokens(answer: &Answer) -> Table {
    let mut table = Table::new("tokens", &["product", "from", "to", "prompt_times", "answer_times"]);
    for row in &answer.tokens {
        table.row([
            Cell::from(&row.product),
            Cell::from(&row.from),
            Cell::from(&row.to),
            row.prompt_times.into(),
            row.answer_times.into(),
        ]);
    }
    table
}

fn shares(answer: &Answer) -> Table {
    let columns = [
        "kind",
        "name",
        "part_of_requests_before",
        "part_of_requests_after",
        "part_of_cost_before",
        "part_of_cost_after",
        "part_of_it_unpriced_before",
        "part_of_it_unpriced_after",
    ];
    let mut table = Table::new("shares", &columns);
    for row in &answer.shares {
        table.row([
            row.domain.into(),
            Cell::from(&row.name),
            row.requests_before.into(),
            row.requests_after.into(),
            row.money_before.into(),
            row.money_after.into(),
            row.unpriced_before.into(),
            row.unpriced_after.into(),
        ]);
    }
    table
}

fn limits_hit(answer: &Answer) -> Table {
    let columns = [
        "deployment",
        "of",
        "part_of_attempts_turned_away",
        "asked_per_minute",
        "lets_in_per_minute",
        "of_account",
    ];
    let mut table = Table::new("limits-hit", &columns);
    for row in &answer.limits_hit {
        table.row([
            Cell::from(&row.deployment),
            row.of.into(),
            row.turned_away.into(),
            row.asked_per_minute.into(),
            row.lets_in_per_minute.into(),
            row.of_account.into(),
        ]);
    }
    table
}

fn sensitivity(answer: &Answer) -> Table {
    let columns = ["if", "part_served", "cost_usd_per_day", "part_served_unpriced", "first_token_p95_ms"];
    let mut table = Table::new("hangs-on", &columns);
    for row in &answer.sensitivity {
        let cost = (!show::is_all_unpriced(row.cost_usd_per_day, row.served_unpriced))
            .then_some(row.cost_usd_per_day);
        table.row([
            Cell::from(&row.what),
            row.served.into(),
            cost.into(),
            row.served_unpriced.into(),
            row.first_token_p95_ms.into(),
        ]);
    }
    table
}

fn insurance(answer: &Answer) -> Table {
    let columns = [
        "adds",
        "kinds",
        "adds_without_a_price",
        "part_served",
        "more_usd_per_day",
        "more_usd_per_calm_day",
        "part_served_unpriced",
        "part_served_unpriced_calm",
        "smallest_losses_that_stop_a_product",
    ];
    let mut table = Table::new("insurance", &columns);
    for row in &answer.insurance {
        table.row([
            row.adds.join("; ").into(),
            row.kinds.join("; ").into(),
            row.unpriced.into(),
            row.served.into(),
            row.usd_per_day.into(),
            row.usd_per_calm_day.into(),
            row.served_unpriced.into(),
            row.served_unpriced_calm.into(),
            row.smallest_cut.into(),
        ]);
    }
    table
}
