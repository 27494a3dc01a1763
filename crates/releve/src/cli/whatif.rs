//! `releve whatif`: what losing a supplier, or any described future, would do to each product: on one's own recorded
//! requests, through the same router that serves live ones.

mod arrivals;
mod budgets;
mod carried;
mod estate;
mod history;
mod input;
mod layout;
mod meant;
mod offers;
mod outcome;
mod packed;
mod pairs;
mod premium;
mod runs;
mod shares;
mod shipped;
mod show;
mod trace;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use routing::PostureKind;
use scenario::event::{Event, Scenario, Target, What};
use scenario::maker::Meaning;

use super::terminal::Terminal;
use super::{CliError, Desk, Exit, LedgerFile, pack};
use crate::config::period::Period;

#[cfg(test)]
pub(crate) use shipped::SCENARIOS;

/// What says how recorded requests are played again, and of which: nothing that a history of incidents has.
const OF_A_REPLAY: [&str; 11] = [
    "scenario", "lose", "meaning", "trace", "no_herd", "most", "backtest", "pack", "in_short", "ledger", "at",
];

#[derive(Debug, clap::Args)]
#[command(override_usage = "releve whatif [OPTIONS] [SCENARIO | --lose <WHO>...]\n       \
                      releve whatif [OPTIONS] --history <FILE>")]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct Arguments {
    /// A scenario: the name of one that ships (`releve whatif` lists them), or a file.
    scenario: Option<String>,
    /// Who is lost: maker:NAME, host:NAME, region:NAME, provider:NAME, deployment:PROVIDER/MODEL, or several.
    #[arg(long, value_name = "WHO", conflicts_with = "scenario")]
    lose: Vec<Target>,
    /// What losing a maker means, as in the report: gone (its own API stops, and others may no longer host it: what the
    /// report calls its loss), api (its own API stops), licence (others may no longer host it, but for open weights and
    /// rights that last), frozen (no fixes, no new models: what is switched off within a year is gone), terms (its terms or
    /// prices change, and one leaves).
    #[arg(long = "as", value_name = "HOW", default_value = "gone", value_parser = meaning)]
    meaning: Meaning,
    /// For how long: a day, where nobody says; with --history the weeks of a period, four.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    span: Option<Period>,
    /// Arrivals and token counts of a file in place of the ledger's: CSV or JSON lines, also gzipped.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Another seed, other chances.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Leave out what the crowd does to those who are left.
    #[arg(long)]
    no_herd: bool,
    /// The most requests that one of the about a hundred runs plays, but for the first two minutes.
    #[arg(long, value_name = "N", default_value_t = 40_000, value_parser = most)]
    most: usize,
    /// Only predict the second half of the ledger's longest incident from what was known before.
    #[arg(long, conflicts_with_all = ["scenario", "lose"])]
    backtest: bool,
    /// What suppliers' incidents of the past say of the weeks to come, and how well that would have been predicted: a CSV
    /// file, also gzipped, with supplier, start and end, or supplier, date and `out_min`. Needs no ledger.
    #[arg(long, value_name = "FILE", conflicts_with_all = OF_A_REPLAY)]
    history: Option<PathBuf>,
    /// Which of its rows are times out of service: severity=major,critical.
    #[arg(long, value_name = "COLUMN=VALUES", requires = "history")]
    only: Vec<history::Only>,
    /// Answer as Markdown.
    #[arg(long)]
    markdown: bool,
    /// Write an evidence pack into this file: page, figures, tables, and what they rest on, signed; `releve verify` reads it.
    #[arg(long, value_name = "FILE.zip", conflicts_with = "backtest")]
    pack: Option<PathBuf>,
    /// Leave out the price of insurance, which takes as long as all the rest.
    #[arg(long)]
    in_short: bool,
    #[command(flatten)]
    ledger: LedgerFile,
    #[command(flatten)]
    period: super::ledger::period::Arguments,
    #[command(flatten)]
    day: super::report::Day,
}

/// The longest that is looked at. What is recorded says nothing of the world by then.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

fn duration(text: &str) -> Result<Period, String> {
    let period: Period = text.parse().map_err(|_| "it is no duration: write 3d, 12h or 4w".to_owned())?;
    match period.0 {
        Duration::ZERO => Err("nothing happens in no time: write 3d, 12h or 4w".to_owned()),
        long if long > LONGEST => Err("ten years are the most: write 3d, 12h or 4w".to_owned()),
        _ => Ok(period),
    }
}

fn most(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|most| *most > 0)
        .ok_or_else(|| "write a number of requests, such as 40000".to_owned())
}

fn meaning(text: &str) -> Result<Meaning, String> {
    let found = Meaning::NAMES.iter().find(|(name, _)| *name == text);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| "write gone, api, licence, frozen or terms".to_owned())
}

/// What a decision would do, shown before it is made; `None` where nothing is recorded that could tell.
pub(super) fn of_posture(
    target: &Target,
    kind: PostureKind,
    per_hour: f64,
    ledger: &LedgerFile,
    desk: &Desk<'_>,
    terminal: &mut Terminal,
) -> Result<Option<serde_json::Value>, CliError> {
    let arguments = Arguments::of_posture(ledger);
    let input = match input::read(&arguments, desk, terminal) {
        Ok(input) => input,
        Err(CliError::Failed { what, .. }) => {
            terminal.remark(format_args!("what it would do cannot be told: {what}"))?;
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let target = input.known(target)?;
    if kind == PostureKind::Normal {
        return Ok(None);
    }
    let gone = Duration::from_secs_f64(3_600.0 / per_hour);
    let span = if kind == PostureKind::Drain { gone } else { Duration::from_hours(24) };
    let event = Event {
        targets: vec![target.clone()],
        from: Duration::ZERO,
        until: None,
        what: What::Posture { kind, per_hour },
    };
    let name = format!("{target}={kind}");
    let scenario = Scenario { name, why: String::new(), span, events: vec![event], herd: None };
    let answer = played(input, scenario, &arguments, terminal)?;
    if terminal.json() {
        return Ok(Some(serde_json::to_value(&answer).map_err(std::io::Error::from)?));
    }
    show::in_short(&answer, terminal)?;
    Ok(None)
}

fn played(
    input: input::Input,
    scenario: Scenario,
    arguments: &Arguments,
    terminal: &mut Terminal,
) -> Result<outcome::Answer, CliError> {
    terminal.doing(format_args!("playing {}, some hundred times", scenario.name))?;
    Ok(runs::answer(input, scenario, arguments))
}

impl Arguments {
    /// How long one looks at a loss.
    fn span(&self) -> Duration {
        self.span.map_or(Duration::from_hours(24), |span| span.0)
    }

    /// For a decision: the configured ledger, everything as usual.
    fn of_posture(ledger: &LedgerFile) -> Self {
        Self {
            scenario: None,
            lose: Vec::new(),
            meaning: Meaning::Gone,
            span: None,
            trace: None,
            seed: 1,
            no_herd: true,
            most: 2_000,
            backtest: false,
            history: None,
            only: Vec::new(),
            markdown: false,
            pack: None,
            in_short: true,
            ledger: LedgerFile { ledger: ledger.ledger.clone() },
            period: super::ledger::period::Arguments::default(),
            day: super::report::Day::default(),
        }
    }
}

pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    if let Some(path) = &arguments.history {
        return history::run(path, arguments, desk, terminal);
    }
    let asks = arguments.scenario.is_some() || !arguments.lose.is_empty();
    if !asks && !arguments.backtest {
        if arguments.pack.is_some() {
            return Err(CliError::usage("a pack needs a question")
                .mend("name a scenario, or --lose somebody; `releve whatif` lists both"));
        }
        return shipped::list(&input::losses(arguments, desk, terminal)?, terminal);
    }
    let input = input::read(arguments, desk, terminal)?;
    if arguments.backtest {
        return show::backtest(&input, arguments, terminal);
    }
    let asked = input.scenario(arguments)?;
    let rests_on = packed::RestsOn::of(&input, asked.file);
    let answer = played(input, asked.scenario, arguments, terminal)?;
    let answer = outcome::Answer { takes_nobody: asked.takes_nobody, ..answer };
    if let Some(path) = &arguments.pack {
        let settings = Arc::clone(&rests_on.settings);
        pack::write(path, rests_on.contents(&answer, arguments)?, &settings, desk, terminal)?;
    }
    if terminal.json() {
        terminal.answer(&answer)?;
    } else if arguments.pack.is_none() || arguments.markdown {
        show::print(&answer, arguments.markdown, terminal)?;
    }
    Ok(Exit::Done)
}
