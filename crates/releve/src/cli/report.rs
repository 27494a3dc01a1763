//! `releve report`: how dependent are we, and what loss would stop which product.

use std::path::PathBuf;

use gateway::Clock;
use store::Period;

use super::ledger::period::Moment;
use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit, LedgerFile};
use crate::report::{self, Figures, Language};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only what was booked from this day or moment on (UTC).
    #[arg(long, value_name = "WHEN")]
    since: Option<Moment>,
    /// Only what was booked before this day or moment.
    #[arg(long, value_name = "WHEN")]
    until: Option<Moment>,
    #[command(flatten)]
    file: LedgerFile,
    /// The language of the words.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
    /// Answer as Markdown.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Write one HTML page that needs nothing else into this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let settings = desk.described()?;
    let ledger = match &arguments.file.ledger {
        Some(path) => path.clone(),
        None => settings.loaded.config.ledger.url.path(&settings.loaded.folder),
    };
    let period = Period { from_us: arguments.since.map(Moment::us), to_us: arguments.until.map(Moment::us) };
    if period.from_us.zip(period.to_us).is_some_and(|(from, to)| from >= to) {
        return Err(
            CliError::usage("--since is not before --until").mend("--until is the first moment left out")
        );
    }
    let today = today();
    let Some(figures) = report::figures(&settings, &ledger, period, today)? else {
        return Err(CliError::failed(format!("{}: no requests in this period", ledger.display()))
            .mend("a report speaks of recorded requests; `releve demo` records some to try it with"));
    };
    answer(arguments, &figures, terminal)?;
    Ok(if figures.meets_targets() { Exit::Done } else { Exit::Failed })
}

fn today() -> jiff::civil::Date {
    let now = jiff::Timestamp::from_microsecond(Clock::system().unix_us()).unwrap_or_default();
    now.to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn answer(arguments: &Arguments, figures: &Figures, terminal: &mut Terminal) -> Result<(), CliError> {
    if let Some(path) = &arguments.html {
        std::fs::write(path, figures.page(arguments.lang).html())
            .map_err(|error| CliError::failed(format!("cannot write {}: {error}", path.display())))?;
        terminal.remark(format_args!("the page is in {}", path.display()))?;
    }
    if terminal.json() {
        return terminal.answer(figures);
    }
    if arguments.markdown {
        let text = figures.page(arguments.lang).markdown();
        return terminal.line(text.trim_end());
    }
    if arguments.html.is_some() {
        return Ok(());
    }
    for line in figures.page(arguments.lang).lines() {
        let pieces = line.0.iter().map(|(tone, strong, text)| {
            let tone = match (strong, tone) {
                (true, _) => Tone::Strong,
                (false, report::Light::Good) => Tone::Good,
                (false, report::Light::Doubtful) => Tone::Doubtful,
                (false, report::Light::Bad) => Tone::Bad,
                (false, report::Light::Plain) => Tone::Plain,
            };
            terminal.toned(tone, text)
        });
        let shown: String = pieces.collect();
        terminal.line(shown.trim_end())?;
    }
    Ok(())
}
