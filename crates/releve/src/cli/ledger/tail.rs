//! `releve ledger tail`.

use std::thread;
use std::time::Duration;

use ledger::{Booked, Entry, Outcome, Record};
use store::{Reader, StoreError};

use super::super::table::{Cell, Table};
use super::super::terminal::{Terminal, Tone};
use super::super::{CliError, Exit, words};

const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    lines: usize,
    /// Go on with what comes, until interrupted.
    #[arg(short, long)]
    follow: bool,
}

pub(super) fn run(arguments: &Arguments, reader: &Reader, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let mut seq = reader.tip()?.0;
    let records = reader.tail(arguments.lines)?;
    if let Some(last) = records.last() {
        seq = seq.max(last.seq);
    }
    show(&records, true, terminal)?;
    if !arguments.follow {
        return Ok(Exit::Done);
    }
    loop {
        thread::sleep(LOOK_EVERY);
        let records = reader.after(seq)?.collect::<Result<Vec<Booked>, StoreError>>()?;
        if let Some(last) = records.last() {
            seq = last.seq;
            show(&records, false, terminal)?;
        }
    }
}

fn show(records: &[Booked], first: bool, terminal: &mut Terminal) -> Result<(), CliError> {
    if terminal.json() {
        for booked in records {
            let mut line = String::new();
            ledger::render::json_line(booked, &mut line).expect("a string takes all");
            terminal.line(line.trim_end())?;
        }
        return Ok(());
    }
    if records.is_empty() && first {
        return terminal.line("no entries yet");
    }
    let heads =
        ["arrived", "request", "product", "deployment", "", "tries", "in", "out", "cost", "first", "total"];
    let table = if first { Table::with_heads(heads) } else { Table::default() };
    let mut table = table.right(5..11).unfolded();
    for booked in records {
        let record = booked.record().map_err(|source| StoreError::Record { seq: booked.seq, source })?;
        match record {
            Record::Intent(entry) | Record::Settlement(entry) => table.row(row(&entry)),
            Record::Correction(correction) => table.row([
                words::moment(correction.arrived_us).into(),
                correction.id.to_string().into(),
                Cell::from(correction.product.as_ref()),
                Cell::toned(
                    Tone::Doubtful,
                    format!("corrected to {}: {}", words::money(correction.after), correction.why),
                ),
            ]),
        }
    }
    table.print(terminal)
}

fn row(entry: &Entry) -> Vec<Cell> {
    let tone = match entry.outcome {
        Outcome::Answered => Tone::Good,
        Outcome::ClientError { .. } | Outcome::ClientLeft => Tone::Doubtful,
        Outcome::Failed { .. } | Outcome::BrokenOff | Outcome::Interrupted => Tone::Bad,
    };
    vec![
        words::moment(entry.arrived_us).into(),
        entry.id.to_string().into(),
        Cell::from(entry.facts.product.as_ref()),
        Cell::from(entry.deployment.as_deref().unwrap_or("nobody")),
        Cell::toned(tone, entry.outcome.as_str().replace('_', " ")),
        entry.attempts.len().to_string().into(),
        words::count(entry.usage.input_total().into()).into(),
        words::count(entry.usage.output_total().into()).into(),
        words::money(entry.cost).into(),
        entry.ttft_us.map(words::duration).unwrap_or_default().into(),
        words::duration(entry.total_us).into(),
    ]
}
