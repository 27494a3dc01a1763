//! `releve ledger`: what was asked, who served, what it cost; and the proof that nothing was altered.

mod export;
pub(super) mod period;
mod summary;
mod tail;

use store::Reader;

use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit, LedgerFile, words};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: LedgerFile,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Requests, tokens and money, by product, route or deployment.
    Summary(summary::Arguments),
    /// The last entries.
    Tail(tail::Arguments),
    /// All entries of a period, as CSV or as lines of JSON.
    Export(export::Arguments),
    /// Proves that no entry was altered, removed or put in, and that all money adds up.
    Verify,
}

pub(crate) fn run(arguments: Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let path = desk.ledger(&arguments.file)?;
    match arguments.command {
        Command::Summary(arguments) => summary::run(&arguments, &Reader::open(&path)?, desk, terminal),
        Command::Tail(arguments) => tail::run(&arguments, &Reader::open(&path)?, terminal),
        Command::Export(arguments) => export::run(&arguments, &Reader::open(&path)?, terminal),
        Command::Verify => verify(&path, terminal),
    }
}

fn verify(path: &std::path::Path, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let report = store::verify(path)?;
    let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    if terminal.json() {
        terminal.answer(&serde_json::json!({
            "whole": report.is_whole(),
            "records": report.records,
            "settlements": report.settlements,
            "corrections": report.corrections,
            "open": report.open,
            "chain": report.chain.to_string(),
            "decisions": report.decisions,
            "unchained_decisions": report.unchained_decisions,
            "decisions_chain": report.decisions_chain.to_string(),
            "problems": problems,
            "problem_count": report.problem_count,
        }))?;
    } else {
        let verdict = if report.is_whole() {
            terminal.toned(Tone::Good, "whole")
        } else {
            terminal.toned(Tone::Bad, "not whole")
        };
        terminal.line(format_args!(
            "{} is {verdict}: {} records, {} settled requests, {} corrections, {} open",
            path.display(),
            words::count(report.records.into()),
            words::count(report.settlements.into()),
            words::count(report.corrections.into()),
            words::count(report.open.into()),
        ))?;
        for problem in &problems {
            terminal.line(format_args!("  {problem}"))?;
        }
        let untold = report.problem_count.saturating_sub(problems.len() as u64);
        if untold > 0 {
            terminal.line(format_args!("  and {} more", words::count(untold.into())))?;
        }
        terminal.line(format_args!("chain {}", report.chain))?;
        if report.decisions > 0 {
            let decisions = words::count(report.decisions.into());
            let behind = match report.unchained_decisions {
                0 => String::new(),
                some => format!(
                    ", but for the last {} of an older release, which the next decision chains",
                    words::count(some.into())
                ),
            };
            terminal.line(format_args!(
                "chain of {decisions} decisions about suppliers{behind} {}",
                report.decisions_chain
            ))?;
        }
        terminal.line(terminal.toned(
            Tone::Faint,
            "note the chain elsewhere: while it is found again, nothing before it was altered",
        ))?;
    }
    Ok(if report.is_whole() { Exit::Done } else { Exit::Failed })
}
