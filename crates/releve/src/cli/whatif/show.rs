//! An answer for people: what it rests on, before against after, whose share grows, what it hangs on.

mod foretold;
mod insurance;
pub(super) mod pages;
mod why;

use std::time::Duration;

use super::super::terminal::Terminal;
use super::super::words::dollars;
use super::super::{CliError, Exit, words};
use super::Arguments;
use super::input::Input;
use super::layout::RECORDED;
use super::outcome::{Answer, Figure, ProductRow, ShareRow};
use crate::report::Foretold;
use foretold::told;
use pages::Pages;

/// A share that rounds to nothing is not worth a word.
const WORTH: f64 = 0.0005;

pub(super) fn print(answer: &Answer, markdown: bool, terminal: &mut Terminal) -> Result<(), CliError> {
    write(answer, &mut Pages::new(terminal, markdown))
}

/// The whole answer as one HTML page.
pub(super) fn html(answer: &Answer) -> Result<String, CliError> {
    let mut pages = Pages::page();
    write(answer, &mut pages)?;
    Ok(pages.html())
}

fn write(answer: &Answer, pages: &mut Pages<'_>) -> Result<(), CliError> {
    let span = words::span(Duration::from_secs_f64(answer.span_s));
    pages.title(&format!("What if: {}, {span}", answer.scenario))?;
    if !answer.why.is_empty() {
        pages.text(&answer.why)?;
    }
    if let Some(nobody) = &answer.takes_nobody {
        pages.text(&format!("Nobody is lost: {nobody}."))?;
    }
    pages.heading("What it rests on")?;
    let rests = answer.assumptions.iter().map(|rests| vec![rests.about.to_owned(), rests.says.clone()]);
    pages.list(rests.collect())?;
    products(answer, pages)?;
    refusals(answer, pages)?;
    budgets(answer, pages)?;
    tokens(answer, pages)?;
    shares(answer, pages)?;
    limits(answer, pages)?;
    sensitivity(answer, pages)?;
    insurance::put(answer, pages)?;
    pages.heading("How good such predictions are here")?;
    pages.text(&told(answer.backtest.as_ref()))
}

/// What matters before a decision.
pub(super) fn in_short(answer: &Answer, terminal: &mut Terminal) -> Result<(), CliError> {
    let mut pages = Pages::new(terminal, false);
    pages.title(&format!(
        "What {} would do, within {}",
        answer.scenario,
        words::span(Duration::from_secs_f64(answer.span_s))
    ))?;
    products(answer, &mut pages)?;
    refusals(answer, &mut pages)?;
    budgets(answer, &mut pages)?;
    let recorded = answer.assumptions.iter().find(|rests| rests.about == RECORDED);
    let recorded = recorded.map_or_else(String::new, |rests| format!("From {}. ", rests.says));
    pages.text(&format!("{recorded}`releve whatif` says what else this rests on."))?;
    terminal.line("")
}

fn products(answer: &Answer, pages: &mut Pages<'_>) -> Result<(), CliError> {
    pages.heading("Before and after, with 95 % intervals")?;
    let heads = [
        "product",
        "served",
        "by proven",
        "by unproven",
        "first token p50",
        "p95",
        "cost a day",
        "hurts first",
    ];
    let mut rows: Vec<Vec<String>> = Vec::new();
    let total = ProductRow {
        product: "all".into(),
        change: answer.total,
        refused: std::collections::BTreeMap::new(),
        refused_before: std::collections::BTreeMap::new(),
        max_outage_s: None,
        max_degradation: None,
        first_hurts_s: answer.products.iter().filter_map(|row| row.first_hurts_s).min_by(f64::total_cmp),
        carried_by: Vec::new(),
    };
    for row in answer.products.iter().chain([&total]) {
        let (before, after) = (row.change.before, row.change.after);
        let turns = |before: String, after: String| {
            if before == after { after } else { format!("{before} → {after}") }
        };
        rows.push(vec![
            row.product.to_string(),
            turns(percent(before.served.value), percent(after.served.value)),
            percent(after.served_by_proven.value),
            percent(after.served_by_unproven.value),
            turns(ms(before.first_token_p50_ms.value), ms(after.first_token_p50_ms.value)),
            turns(ms(before.first_token_p95_ms.value), ms(after.first_token_p95_ms.value)),
            turns(
                money(before.cost_usd_per_day.value, before.served_unpriced.value),
                money(after.cost_usd_per_day.value, after.served_unpriced.value),
            ),
            row.first_hurts_s.map_or_else(|| "-".to_owned(), |at| format!("after {}", time(at))),
        ]);
        rows.push(vec![
            format!("{}, 95\u{a0}%", row.product),
            range(after.served, percent),
            range(after.served_by_proven, percent),
            range(after.served_by_unproven, percent),
            range(after.first_token_p50_ms, ms),
            range(after.first_token_p95_ms, ms),
            if is_all_unpriced(after.cost_usd_per_day.value, after.served_unpriced.value) {
                String::new()
            } else {
                range(after.cost_usd_per_day, dollars)
            },
            String::new(),
        ]);
    }
    pages.table(&heads, rows)?;
    if answer.added_fixed_usd_per_day > 0.0 {
        pages.text(&format!(
            "In \"all\", and in no product, are {} a day for those who arrive, used or not.",
            dollars(answer.added_fixed_usd_per_day)
        ))?;
    }
    Ok(())
}

fn refusals(answer: &Answer, pages: &mut Pages<'_>) -> Result<(), CliError> {
    let mut lines = Vec::new();
    for row in &answer.products {
        let whys = why::in_words(&row.refused, &row.refused_before);
        let whys = whys.iter().filter(|refused| refused.share > WORTH);
        let whys: Vec<String> = whys
            .map(|refused| {
                let before = as_before(refused.share, refused.before, WORTH, percent);
                format!("{} {}{before}", percent(refused.share), refused.words)
            })
            .collect();
        if !whys.is_empty() {
            lines.push(vec![row.product.to_string(), format!("refused: {}", whys.join(", "))]);
        }
        let outside = row.change.after.outside_max_outage_ms.value / 1_000.0;
        if outside > 0.0 {
            let allowed = row.max_outage_s.map_or_else(
                || "nobody says how long it may be, so no time is allowed".to_owned(),
                |allowed| format!("{} are allowed", time(allowed)),
            );
            lines.push(vec![
                row.product.to_string(),
                format!(
                    "out of service for {} too long ({allowed}){}",
                    time(outside),
                    as_before(outside, row.change.before.outside_max_outage_ms.value / 1_000.0, 0.0, time)
                ),
            ]);
        }
        lines.extend(degradation(row).map(|says| vec![row.product.to_string(), says]));
        let carried: Vec<String> = row
            .carried_by
            .iter()
            .filter(|(_, share)| *share > WORTH)
            .take(4)
            .map(|(name, share)| format!("{name} {}", percent(*share)))
            .collect();
        if !carried.is_empty() {
            lines.push(vec![row.product.to_string(), format!("carried by {}", carried.join(", "))]);
        }
    }
    pages.heading("Who carries it, and what is refused")?;
    pages.list(lines)
}

fn budgets(answer: &Answer, pages: &mut Pages<'_>) -> Result<(), CliError> {
    if answer.budgets.is_empty() {
        return Ok(());
    }
    pages.heading("Budgets")?;
    pages.list(answer.budgets.iter().map(|row| vec![row.product.to_string(), row.says.clone()]).collect())
}

/// What of it was so before: all, a part, or what is not worth a word.
fn as_before(after: f64, before: f64, worth: f64, shown: fn(f64) -> String) -> String {
    if before <= worth {
        return String::new();
    }
    let (after, before) = (shown(after), shown(before));
    if after == before { ", as before".to_owned() } else { format!(" ({before} before)") }
}

/// What is more degraded than it may be.
fn degradation(row: &ProductRow) -> Option<String> {
    let allowed = row.max_degradation?;
    let (before, after) = (row.change.before.degraded(), row.change.after.degraded());
    (after > allowed).then(|| {
        let (before, after) = (percent(before), percent(after));
        let turns = if before == after { after } else { format!("{before} → {after}") };
        format!("{turns} refused or served by who is not proven for it, {} may be", percent(allowed))
    })
}

fn tokens(answer: &Answer, pages: &mut Pages<'_>) -> Result<(), CliError> {
    if answer.tokens.is_empty() {
        return Ok(());
    }
    pages.heading("What the same requests come to there, in tokens")?;
    let times = |times: Option<f64>| {
        times.map_or_else(|| "taken as equal".to_owned(), |times| format!("x {times:.2}"))
    };
    let rows = answer.tokens.iter().map(|row| {
        let (from, to) = (row.from.to_string(), row.to.to_string());
        vec![row.product.to_string(), from, to, times(row.prompt_times), times(row.answer_times)]
    });
    pages.table(&["product", "from", "to", "prompts", "answers"], rows.collect())
}

fn shares(answer: &Answer, pages: &mut Pages<'_>) -> Result<(), CliError> {
    pages.heading("Shares")?;
    let turns = |before: String, after: String| format!("{before} → {after}");
    let money = |part: Option<f64>| part.map_or_else(|| "unpriced".to_owned(), percent);
    let rows = answer.shares.iter().map(|row| {
        vec![
            format!("{}:{}", row.domain, row.name),
            turns(percent(row.requests_before), percent(row.requests_after)),
            turns(money(row.money_before), money(row.money_after)),
        ]
    });
    let is_unpriced = |row: &ShareRow| row.unpriced_before > 0.0 || row.unpriced_after > 0.0;
    let of_money = if answer.shares.iter().any(is_unpriced) { "of the priced money" } else { "of money" };
    pages.table(&["who", "of requests", of_money], rows.collect())
}

fn limits(answer: &Answer, pages: &mut Pages<'_>) -> Result<(), CliError> {
    if answer.limits_hit.is_empty() {
        return Ok(());
    }
    pages.heading("Limits that are hit")?;
    let rows = answer.limits_hit.iter().map(|row| {
        let whose = if row.of_account { ", its account" } else { "" };
        vec![
            row.deployment.to_string(),
            percent(row.turned_away),
            format!("{} {}", rounded(row.asked_per_minute), row.of),
            format!("{} {}{whose}", rounded(row.lets_in_per_minute), row.of),
        ]
    });
    let heads =
        ["deployment", "of its attempts turned away", "asked in the worst minute", "lets in a minute then"];
    pages.table(&heads, rows.collect())
}

/// A number of tokens or requests.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, NaN is 0")]
fn rounded(number: f64) -> String {
    words::count(number.round() as u128)
}

fn sensitivity(answer: &Answer, pages: &mut Pages<'_>) -> Result<(), CliError> {
    pages.heading("What it hangs on")?;
    let rows = answer.sensitivity.iter().map(|row| {
        vec![
            row.what.clone(),
            percent(row.served),
            ms(row.first_token_p95_ms),
            money(row.cost_usd_per_day, row.served_unpriced),
        ]
    });
    pages.table(&["if", "served", "first token p95", "cost a day"], rows.collect())
}

/// `--backtest`: the error alone.
pub(super) fn backtest(
    input: &Input,
    arguments: &Arguments,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let row = input.backtest.as_ref().map(|backtest| Foretold::of(backtest, &input.estate.deployments));
    if terminal.json() {
        terminal.answer(&row)?;
    } else {
        let mut pages = Pages::new(terminal, arguments.markdown);
        pages.text(&told(row.as_ref()))?;
    }
    Ok(if row.is_some() { Exit::Done } else { Exit::Failed })
}

fn percent(share: f64) -> String {
    let share = share * 100.0;
    // Never 100 where something was refused.
    let rounded = if share < 100.0 && share > 99.9 { 99.9 } else { share };
    if share >= 100.0 || share <= 0.0 { format!("{share:.0} %") } else { format!("{rounded:.1} %") }
}

fn ms(ms: f64) -> String {
    if ms <= 0.0 {
        return "-".to_owned();
    }
    if ms < 9_999.5 { format!("{ms:.0} ms") } else { format!("{:.1} s", ms / 1_000.0) }
}

/// A sum, and the share of the requests that is in none for want of a price.
fn money(usd: f64, unpriced: f64) -> String {
    if unpriced <= 0.0 {
        dollars(usd)
    } else if is_all_unpriced(usd, unpriced) {
        "unpriced".to_owned()
    } else {
        format!("{} and {} unpriced", dollars(usd), percent(unpriced))
    }
}

pub(super) fn is_all_unpriced(usd: f64, unpriced: f64) -> bool {
    unpriced > 0.0 && is_nothing(usd)
}

/// Whether it is less than the smallest sum that is ever booked.
fn is_nothing(usd: f64) -> bool {
    usd.abs() < 0.5e-9
}

fn signed(change: f64) -> String {
    let sign = if change < 0.0 { "-" } else { "+" };
    format!("{sign}{}", dollars(change.abs()))
}

fn time(seconds: f64) -> String {
    let seconds = Duration::from_secs_f64(seconds.max(0.0));
    let whole = match seconds.as_secs() {
        0..120 => Duration::from_secs(seconds.as_secs()),
        120..172_800 => Duration::from_secs(seconds.as_secs() / 60 * 60),
        _ => Duration::from_secs(seconds.as_secs() / 3_600 * 3_600),
    };
    words::span(whole)
}

fn range(figure: Figure, shown: fn(f64) -> String) -> String {
    let (low, high) = (shown(figure.low), shown(figure.high));
    if low == high { low } else { format!("{low} to {high}") }
}
