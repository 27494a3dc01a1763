//! `releve demo`: a weekend in a minute, with simulated suppliers.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use super::table::{Cell, Table};
use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit};
use crate::demo::{self, DemoError, FilesError, Report, Shown, Wishes};

/// How to play it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How long the weekend takes.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(3..=86_400))]
    seconds: u64,
    /// Another seed, other questions at other moments.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Requests a second, of all products together.
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// Lines in place of the live view.
    #[arg(long)]
    plain: bool,
}

/// Plays, and says how it ended: failed, where a product saw an error or the books do not agree.
pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let is_dumb = desk.environment.get("TERM") == Some("dumb");
    let is_watched = io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb;
    let in_lines = arguments.plain || terminal.json() || !is_watched;
    let wishes = Wishes {
        length: Duration::from_secs(arguments.seconds),
        seed: arguments.seed,
        rate: f64::from(arguments.rate),
        shown: if in_lines { Shown::Lines } else { Shown::Live },
        program: std::env::args().next().unwrap_or_else(|| "releve".to_owned()),
    };
    let report = demo::run(&wishes, Path::new(""), &mut |line| {
        // JSON is for a program; people may still want to see that something happens.
        let said = if terminal.json() { terminal.remark(line) } else { terminal.line(line) };
        said.map_err(|error| io::Error::other(error.to_string()))
    })?;
    if terminal.json() {
        terminal.answer(&report)?;
    } else {
        print(&report, terminal)?;
    }
    Ok(if report.is_good() { Exit::Done } else { Exit::Failed })
}

fn print(report: &Report, terminal: &mut Terminal) -> Result<(), CliError> {
    terminal.line("")?;
    terminal.line(terminal.toned(Tone::Strong, "The weekend is over."))?;
    print_sums(report, terminal)?;
    print_lateness(report, terminal)?;
    terminal.line("")?;
    print_products(report, terminal)?;
    terminal.line("")?;
    print_suppliers(report, terminal)?;
    terminal.line("")?;
    terminal.line(format_args!("Every request is in {}. Go on with:", report.ledger.file))?;
    for step in &report.next {
        terminal.line(format_args!("  {}", terminal.toned(Tone::Faint, format_args!("# {}", step.shows))))?;
        terminal.line(format_args!("  {}", terminal.toned(Tone::Strong, &step.command)))?;
    }
    Ok(())
}

fn print_sums(report: &Report, terminal: &mut Terminal) -> Result<(), CliError> {
    let errors = if report.product_errors == 0 { Tone::Good } else { Tone::Bad };
    let (books, tone) = if report.ledger.agrees {
        ("the ledger and the suppliers' own meters agree to the last digit", Tone::Faint)
    } else {
        ("the ledger and the suppliers' own meters differ", Tone::Bad)
    };
    let mut table = Table::default().indented(2).right([1]).unfolded();
    table.row(["requests".into(), report.requests.to_string().into()]);
    table.row(["errors seen by products".into(), Cell::toned(errors, report.product_errors.to_string())]);
    table.row([
        "takeovers".into(),
        report.takeovers.to_string().into(),
        Cell::toned(Tone::Faint, "a later supplier answered, and the product did not notice"),
    ]);
    table.row(["cost".into(), format!("${}", report.cost_usd).into(), Cell::toned(tone, books)]);
    table.print(terminal)?;
    if !report.ledger.agrees {
        let says = &report.ledger;
        terminal.line(format_args!(
            "  the ledger: {} requests, {} of them answered, ${}",
            says.requests, says.answered, says.cost_usd
        ))?;
    }
    Ok(())
}

/// Whoever tries it on a small machine cannot know that it was not the suppliers.
fn print_lateness(report: &Report, terminal: &mut Terminal) -> Result<(), CliError> {
    if !report.late.too_busy {
        return Ok(());
    }
    let seconds = |ms: u64| Duration::from_millis(ms).as_secs_f64();
    let says = format!(
        "  This machine was too busy: what should have taken a moment was late by up to {:.1} s, {:.1} s in all.\n  \
         The times and errors here are its own and not the suppliers', and so is what report and whatif make of them.",
        seconds(report.late.worst_ms),
        seconds(report.late.sum_ms),
    );
    terminal.line(terminal.toned(Tone::Doubtful, says))
}

fn print_products(report: &Report, terminal: &mut Terminal) -> Result<(), CliError> {
    let heads = ["product", "requests", "errors", "takeovers", "ttft p50", "cost"];
    let mut table = Table::with_heads(heads).indented(2).right(1..6);
    let ms = |figure: Option<u32>| figure.map_or_else(String::new, |ms| format!("{ms} ms"));
    for product in &report.products {
        let errors = if product.errors == 0 { Tone::Plain } else { Tone::Bad };
        table.row([
            Cell::toned(Tone::Strong, product.name),
            product.requests.to_string().into(),
            Cell::toned(errors, product.errors.to_string()),
            product.takeovers.to_string().into(),
            ms(product.ttft_p50_ms).into(),
            format!("${}", product.cost_usd).into(),
        ]);
    }
    table.print(terminal)
}

fn print_suppliers(report: &Report, terminal: &mut Terminal) -> Result<(), CliError> {
    let heads = ["supplier", "", "answers", "share", "cost"];
    let mut table = Table::with_heads(heads).indented(2).right(2..5);
    for supplier in &report.suppliers {
        table.row([
            Cell::toned(Tone::Strong, supplier.name),
            Cell::toned(Tone::Faint, supplier.who),
            supplier.answers.to_string().into(),
            format!("{:.0} %", supplier.share * 100.0).into(),
            format!("${}", supplier.cost_usd).into(),
        ]);
    }
    table.print(terminal)
}

impl From<DemoError> for CliError {
    fn from(error: DemoError) -> Self {
        match error {
            DemoError::Settings(error) => error.into(),
            DemoError::Start(error) => error.into(),
            DemoError::Ledger(error) => error.into(),
            DemoError::Files(FilesError::NotOurs(_)) => {
                Self::failed(error.to_string()).mend("run the demo in another folder, or move that file away")
            }
            DemoError::Files(FilesError::Running(_)) => {
                Self::failed(error.to_string()).mend("end that one first, or run this one in another folder")
            }
            error => Self::failed(error.to_string()),
        }
    }
}
