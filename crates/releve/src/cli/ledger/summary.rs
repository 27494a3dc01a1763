//! `releve ledger summary`.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalogue::Bucket;
use gateway::Clock;
use ledger::{Group, Outcome, Summary, Totals};
use serde::Serialize;
use store::Reader;

use super::super::table::{Cell, Table};
use super::super::terminal::{Terminal, Tone};
use super::super::{CliError, Desk, Exit, words};
use super::period;
use crate::budgets::{self, Spending};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to add up by.
    #[arg(long, value_enum, default_value_t = By::Product)]
    by: By,
    #[command(flatten)]
    period: period::Arguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    Product,
    Route,
    Deployment,
    Provider,
}

impl By {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Route => "route",
            Self::Deployment => "deployment",
            Self::Provider => "provider",
        }
    }

    fn key(self, group: &Group) -> Arc<str> {
        let nobody = || Arc::from("nobody");
        match self {
            Self::Product => Arc::clone(&group.product),
            Self::Route => Arc::clone(&group.route),
            Self::Deployment => group.deployment.clone().unwrap_or_else(nobody),
            Self::Provider => {
                let provider = group.deployment.as_ref().and_then(|name| name.split('/').next());
                provider.map_or_else(nobody, Arc::from)
            }
        }
    }
}

/// Sums as programs read them.
#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    requests: u64,
    outcomes: BTreeMap<&'static str, u64>,
    input_tokens: u128,
    output_tokens: u128,
    usage: BTreeMap<&'static str, u128>,
    /// Exact, in US dollars, of all that has a price; `null` where none of it is known, or it does not fit.
    cost_usd: Option<catalogue::Money>,
    /// Requests that have no price: their money is not in the cost.
    unpriced: i64,
    estimated: u64,
    corrections: u64,
}

pub(super) fn run(
    arguments: &Arguments,
    reader: &Reader,
    desk: &Desk<'_>,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let summary: Summary = reader.summary(arguments.period.period()?)?;
    let sums = summary.by(|group| arguments.by.key(group));
    let total = summary.total();
    let budgets = spent(reader, desk)?;
    if terminal.json() {
        let rows: Vec<Row<'_>> = sums.iter().map(|(name, totals)| row(name, totals)).collect();
        terminal.answer(&serde_json::json!({ "by": arguments.by.as_str(), "groups": rows, "total": row("total", &total), "budgets": budgets }))?;
    } else {
        print(arguments.by, &sums, &total, terminal)?;
        for spent in &budgets {
            let (tone, says) = spent.said();
            terminal.paragraph(2, &[(tone, format!("{}, {says}", spent.product))])?;
        }
    }
    Ok(Exit::Done)
}

/// How each budget stands now, whatever period is asked for. A ledger can be read without its configuration.
fn spent(reader: &Reader, desk: &Desk<'_>) -> Result<Vec<Spending>, CliError> {
    let Ok(settings) = desk.described() else { return Ok(Vec::new()) };
    Ok(budgets::spent(&settings, Some(reader), Clock::system().unix_us(), None)?)
}

fn row<'a>(name: &'a str, totals: &Totals) -> Row<'a> {
    Row {
        name,
        requests: totals.requests,
        outcomes: Outcome::NAMES.into_iter().zip(totals.outcomes).filter(|(_, count)| *count > 0).collect(),
        input_tokens: input(totals),
        output_tokens: output(totals),
        usage: Bucket::ALL
            .into_iter()
            .map(|bucket| (bucket.as_str(), totals.used(bucket)))
            .filter(|(_, used)| *used > 0)
            .collect(),
        cost_usd: totals.cost(),
        unpriced: totals.unpriced,
        estimated: totals.estimated,
        corrections: totals.corrections,
    }
}

/// `$0.12`, `$0.12 and 1,480 unpriced`, `unpriced`: never 0 for want of a price.
fn money(totals: &Totals) -> String {
    let unpriced = u64::try_from(totals.unpriced).unwrap_or(0);
    if totals.is_unpriced() {
        let all = unpriced == 0 || unpriced >= totals.requests;
        return if all {
            "unpriced".to_owned()
        } else {
            format!("{} unpriced", words::count(unpriced.into()))
        };
    }
    let known = totals.cost().map_or_else(|| "too much".to_owned(), |cost| format!("${cost}"));
    if unpriced == 0 { known } else { format!("{known} and {} unpriced", words::count(unpriced.into())) }
}

fn input(totals: &Totals) -> u128 {
    let input = [
        Bucket::InputUncached,
        Bucket::CacheRead,
        Bucket::CacheWrite5m,
        Bucket::CacheWrite1h,
        Bucket::AudioIn,
        Bucket::ImageIn,
    ];
    input.into_iter().map(|bucket| totals.used(bucket)).sum()
}

fn output(totals: &Totals) -> u128 {
    let output = [Bucket::OutputText, Bucket::Reasoning, Bucket::AudioOut, Bucket::ImageOut];
    output.into_iter().map(|bucket| totals.used(bucket)).sum()
}

fn print(
    by: By,
    sums: &BTreeMap<Arc<str>, Totals>,
    total: &Totals,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    if sums.is_empty() {
        return terminal.line("no entries in this period");
    }
    let heads = [by.as_str(), "requests", "answered", "unanswered", "tokens in", "tokens out", "cost"];
    let mut table = Table::with_heads(heads).right(1..7);
    for (name, totals) in sums.iter().map(|(name, totals)| (&**name, totals)).chain([("total", total)]) {
        let answered = totals.ended(&Outcome::Answered);
        let tone = if name == "total" { Tone::Strong } else { Tone::Plain };
        table.row([
            Cell::toned(tone, if name.is_empty() { "(none)" } else { name }),
            words::count(totals.requests.into()).into(),
            words::count(answered.into()).into(),
            words::count((totals.requests - answered).into()).into(),
            words::count(input(totals)).into(),
            words::count(output(totals)).into(),
            Cell::toned(tone, money(totals)),
        ]);
    }
    table.print(terminal)?;
    let remarks = [
        (total.unpriced.unsigned_abs(), "without a price: the cost is that much more than said"),
        (total.estimated, "with an estimated usage"),
        (total.corrections, "corrections are in the cost"),
    ];
    for (count, remark) in remarks.into_iter().filter(|(count, _)| *count > 0) {
        let remark = format!("{} {remark}", words::count(count.into()));
        terminal.paragraph(2, &[(Tone::Doubtful, remark)])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_what_has_no_price_is_never_shown_as_nothing() {
        let totals =
            |requests, unpriced, cost_nanos| Totals { requests, unpriced, cost_nanos, ..Totals::default() };
        for (totals, shown, known) in [
            (totals(3, 0, 0), "$0", true),
            (totals(1_481, 0, 120_000_000), "$0.12", true),
            (totals(1_481, 1_480, 120_000_000), "$0.12 and 1,480 unpriced", true),
            (totals(1_480, 1_473, 0), "1,473 unpriced", false),
            (totals(1_480, 1_480, 0), "unpriced", false),
            (Totals { unpriced_attempts: 2, ..Totals::default() }, "unpriced", false),
            (totals(1, 0, i128::MAX), "too much", false),
        ] {
            assert_eq!(money(&totals), shown);
            let json = serde_json::to_value(row("x", &totals)).unwrap();
            assert_eq!(json["cost_usd"].is_string(), known, "{json}");
        }
    }
}
