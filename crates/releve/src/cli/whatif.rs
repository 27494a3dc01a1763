//! `releve whatif`: what losing a supplier, or any described future, would do to each product: on one's own recorded
//! requests, through the same router that serves live ones.

mod estate;
mod input;
mod layout;
mod meant;
mod outcome;
mod runs;
mod shipped;
mod show;
mod trace;

use std::path::PathBuf;

use scenario::event::{Meaning, Target};

use super::terminal::Terminal;
use super::{CliError, Desk, Exit, LedgerFile};
use crate::config::period::Period;

#[cfg(test)]
pub(crate) use shipped::SCENARIOS;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A scenario: the name of one that ships (`releve whatif` lists them), or a file.
    scenario: Option<String>,
    /// Who is lost: maker:NAME, host:NAME, region:NAME, provider:NAME, deployment:PROVIDER/MODEL, or several.
    #[arg(long, value_name = "WHO", conflicts_with = "scenario")]
    lose: Vec<Target>,
    /// What losing a maker means: gone (its models serve nowhere but as open weights on own machines), api (its own API
    /// stops), licence (others may no longer host it), frozen (no fixes, no new models).
    #[arg(long = "as", value_name = "HOW", default_value = "gone", value_parser = meaning)]
    meaning: Meaning,
    /// For how long.
    #[arg(long = "for", value_name = "DURATION", default_value = "1d")]
    span: Period,
    /// Arrivals and token counts of a file in place of the ledger's: CSV or JSON lines, also gzipped.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Another seed, other chances.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Leave out what the crowd does to those who are left.
    #[arg(long)]
    no_herd: bool,
    /// The most requests that one of the about ninety runs plays.
    #[arg(long, value_name = "N", default_value_t = 40_000)]
    most: usize,
    /// Only predict the second half of the ledger's longest incident from what was known before.
    #[arg(long)]
    backtest: bool,
    /// Answer as Markdown.
    #[arg(long)]
    markdown: bool,
    #[command(flatten)]
    ledger: LedgerFile,
    #[command(flatten)]
    period: super::ledger::period::Arguments,
}

fn meaning(text: &str) -> Result<Meaning, String> {
    let found = Meaning::NAMES.iter().find(|(name, _)| *name == text);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| "write gone, api, licence or frozen".to_owned())
}

pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let input = input::read(arguments, desk)?;
    if arguments.backtest {
        return show::backtest(&input, arguments, terminal);
    }
    let Some(scenario) = input.scenario(arguments)? else {
        return shipped::list(&input, terminal);
    };
    let answer = runs::answer(input, scenario, arguments);
    if terminal.json() {
        terminal.answer(&answer)?;
    } else {
        show::print(&answer, arguments.markdown, terminal)?;
    }
    Ok(Exit::Done)
}
