//! `releve ledger export`.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use ledger::render;
use store::{Reader, StoreError};

use super::super::terminal::Terminal;
use super::super::{CliError, Exit, output, words};
use super::period;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// For spreadsheets, or for everything else.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Where to; without it, standard output.
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    #[command(flatten)]
    period: period::Arguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// RFC 4180, one line an entry; text that a spreadsheet would run gets a ' in front.
    Csv,
    /// One JSON object a line: all that is kept.
    Jsonl,
}

pub(super) fn run(arguments: &Arguments, reader: &Reader, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let format = if terminal.json() { Format::Jsonl } else { arguments.format };
    let entries = reader.export(arguments.period.period()?)?;
    let Some(path) = &arguments.output else {
        write(entries, format, &mut BufWriter::new(terminal.out()))?;
        return Ok(Exit::Done);
    };
    let count = output::write(path, |file| write(entries, format, file))?;
    terminal.remark(format_args!("{} entries in {}", words::count(count.into()), path.display()))?;
    Ok(Exit::Done)
}

fn write(
    entries: impl Iterator<Item = Result<ledger::Booked, StoreError>>,
    format: Format,
    out: &mut impl Write,
) -> Result<u64, CliError> {
    const ALL: &str = "a string takes all";
    let mut line = String::new();
    if format == Format::Csv {
        render::csv_header(&mut line).expect(ALL);
    }
    let mut count = 0;
    for booked in entries {
        let booked = booked?;
        match format {
            Format::Csv => {
                let record =
                    booked.record().map_err(|source| StoreError::Record { seq: booked.seq, source })?;
                render::csv_row(&booked, &record, &mut line).expect(ALL);
            }
            Format::Jsonl => render::json_line(&booked, &mut line).expect(ALL),
        }
        out.write_all(line.as_bytes())?;
        line.clear();
        count += 1;
    }
    out.write_all(line.as_bytes())?;
    out.flush()?;
    Ok(count)
}
