//! `releve report`: how dependent are we, and what loss would stop which product.

use std::io::Write;
use std::path::PathBuf;

use gateway::Clock;
use jiff::civil::Date;
use serde::Serialize;

use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit, LedgerFile, output, pack};
use crate::report::{self, Language, Page};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    period: super::ledger::period::Arguments,
    #[command(flatten)]
    file: LedgerFile,
    #[command(flatten)]
    day: Day,
    #[command(flatten)]
    form: Form,
}

/// Which day it is.
#[derive(Debug, Default, clap::Args)]
#[group(skip)]
pub(crate) struct Day {
    /// The day that dates are held against, such as 2026-11-30; without it, today (UTC).
    #[arg(long, value_name = "DAY", value_parser = date)]
    at: Option<Date>,
}

impl Day {
    /// The day asked for, else the one that it is.
    pub(super) fn day(&self) -> Date {
        self.at.unwrap_or_else(today)
    }
}

fn date(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "it is no day: write 2026-11-30".to_owned())
}

/// In which form people want it.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Form {
    /// The language of the words.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
    /// Answer as Markdown.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Write one HTML page that needs nothing else into this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write an evidence pack into this file: page, figures, tables, and what they rest on, signed; `releve verify` reads it.
    #[arg(long, value_name = "FILE.zip")]
    pub(super) pack: Option<PathBuf>,
}

impl Form {
    /// The language of the words.
    pub(super) const fn language(&self) -> Language {
        self.lang
    }
}

pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let settings = desk.described()?;
    let ledger = match &arguments.file.ledger {
        Some(path) => path.clone(),
        None => settings.loaded.config.ledger.url.path(&settings.loaded.folder),
    };
    let period = arguments.period.period()?;
    terminal.doing(format_args!("reading {}", ledger.display()))?;
    let Some(figures) = report::figures(&settings, &ledger, period, arguments.day.day())? else {
        return Err(CliError::failed(format!("{}: no requests in this period", ledger.display()))
            .mend("a report speaks of recorded requests; `releve demo` records some to try it with"));
    };
    if let Some(path) = &arguments.form.pack {
        pack::write(path, figures.contents(arguments.form.language()), &settings, desk, terminal)?;
    }
    present(&arguments.form, &figures, |language| figures.page(language), terminal)?;
    Ok(if figures.meets_targets() { Exit::Done } else { Exit::Failed })
}

/// The day it is, UTC.
pub(super) fn today() -> Date {
    let now = jiff::Timestamp::from_microsecond(Clock::system().unix_us()).unwrap_or_default();
    now.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// Shows figures in the form that was asked for.
pub(super) fn present(
    form: &Form,
    figures: &impl Serialize,
    page: impl Fn(Language) -> Page,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    if let Some(path) = &form.html {
        output::write(path, |file| Ok(file.write_all(page(form.lang).html().as_bytes())?))?;
        terminal.remark(format_args!("the page is in {}", path.display()))?;
    }
    if terminal.json() {
        return terminal.answer(figures);
    }
    if form.markdown {
        let text = page(form.lang).markdown();
        return terminal.line(text.trim_end());
    }
    if form.html.is_some() || form.pack.is_some() {
        return Ok(());
    }
    for line in page(form.lang).lines(terminal.width()) {
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
