//! Incidents from a file: CSV with a heading, also gzipped. `supplier`, and either `start` and `end` (RFC 3339, or a day) or, where
//! only days are known, `date` and `out_min`. Other columns are there to choose by.

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use flate2::read::GzDecoder;
use routing::Dice;
use scenario::history::{Chronicle, DAY, History, Minute};
use serde::Serialize;

use super::super::super::CliError;
use super::super::super::ledger::period::Moment;
use super::Only;

/// What became of the rows.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Rows {
    /// In the file and the period.
    pub(super) read: u64,
    /// That are times out of service.
    pub(super) counted: u64,
    /// Left out by `--only`; they still say that somebody watched.
    pub(super) left_out: u64,
    /// Without an end, or with one before the beginning: nobody knows how long.
    pub(super) without_end: u64,
}

/// Which columns say what.
#[derive(Debug)]
struct Columns {
    supplier: usize,
    when: When,
    /// Of each choice: the column, and the values that count.
    only: Vec<(usize, Vec<String>)>,
}

#[derive(Debug, Clone, Copy)]
enum When {
    Span { start: usize, end: usize },
    Day { date: usize, out_min: usize },
}

/// Reads a file. `period`: only what began in it, in minutes since 1970. Where only days are known, `dice` say when in
/// the day.
pub(super) fn read(
    path: &Path,
    only: &[Only],
    period: &Range<Minute>,
    dice: &mut Dice,
) -> Result<(History, Rows), CliError> {
    let cannot = |error: std::io::Error| CliError::usage(format!("cannot read {}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(cannot)?;
    let text: Box<dyn Read> =
        if bytes.starts_with(&[0x1f, 0x8b]) { Box::new(GzDecoder::new(&*bytes)) } else { Box::new(&*bytes) };
    let mut reader = ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let broken = |error: &csv::Error| CliError::usage(format!("{}: {error}", path.display()));
    let columns = Columns::of(reader.headers().map_err(|error| broken(&error))?, only, path)?;
    let mut chronicle = Chronicle::default();
    let mut rows = Rows::default();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |what: String| CliError::usage(format!("{}:{line}: {what}", path.display()));
        let supplier = record.get(columns.supplier).unwrap_or_default();
        if supplier.is_empty() {
            return Err(wrong("supplier is empty".to_owned()));
        }
        let (during, out) = columns.when(&record, dice).map_err(wrong)?;
        if !period.contains(&during.start) {
            continue;
        }
        rows.read += 1;
        let counts = columns.chosen(&record);
        match out {
            Some(out) if counts => {
                rows.counted += u64::from(out.start < out.end);
                chronicle.out(supplier, out);
            }
            out => {
                rows.without_end += u64::from(counts && out.is_none());
                rows.left_out += u64::from(!counts);
            }
        }
        chronicle.seen(supplier, during);
    }
    Ok((chronicle.finish(), rows))
}

impl Columns {
    fn of(heads: &StringRecord, only: &[Only], path: &Path) -> Result<Self, CliError> {
        let find = |name: &str| heads.iter().position(|head| head == name);
        let there = || heads.iter().collect::<Vec<_>>().join(", ");
        let missing = |what: &str| {
            CliError::usage(format!("{} has no column {what}", path.display())).mend(format!(
                "write supplier, start and end (2026-06-04T07:33:00Z), or supplier, date and out_min; it has: {}",
                there()
            ))
        };
        let when = match (find("start"), find("end"), find("date"), find("out_min")) {
            (Some(start), Some(end), ..) => When::Span { start, end },
            (_, _, Some(date), Some(out_min)) => When::Day { date, out_min },
            (Some(_), None, ..) => return Err(missing("end")),
            (_, _, Some(_), None) => return Err(missing("out_min")),
            _ => return Err(missing("start")),
        };
        let chosen = only.iter().map(|only| {
            let column = find(&only.column).ok_or_else(|| {
                CliError::usage(format!("--only: {} has no column \"{}\"", path.display(), only.column))
                    .mend(format!("it has: {}", there()))
            })?;
            Ok((column, only.values.clone()))
        });
        let only = chosen.collect::<Result<_, CliError>>()?;
        Ok(Self { supplier: find("supplier").ok_or_else(|| missing("supplier"))?, when, only })
    }

    fn chosen(&self, record: &StringRecord) -> bool {
        let matches = |(column, values): &(usize, Vec<String>)| {
            record.get(*column).is_some_and(|value| values.iter().any(|known| known == value))
        };
        self.only.iter().all(matches)
    }

    /// What a row is word of, and when its supplier was out; `None` where its end is not known.
    fn when(
        &self,
        record: &StringRecord,
        dice: &mut Dice,
    ) -> Result<(Range<Minute>, Option<Range<Minute>>), String> {
        let field = |column: usize| record.get(column).unwrap_or_default();
        match self.when {
            When::Span { start, end } => {
                let start = minute("start", field(start))?;
                if field(end).is_empty() {
                    return Ok((start..start, None));
                }
                // Status pages are written by hand: one that ends before it begins says as little as one without an end.
                let end = minute("end", field(end))?;
                Ok((start..end.max(start), (start <= end).then_some(start..end)))
            }
            When::Day { date, out_min } => {
                let day = day(field(date))?;
                let minutes = field(out_min);
                let minutes: Minute = minutes
                    .parse()
                    .ok()
                    .filter(|minutes| (0..=DAY).contains(minutes))
                    .ok_or_else(|| format!("out_min: \"{minutes}\" is no number of a day's minutes"))?;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_precision_loss,
                    reason = "a day's minutes"
                )]
                let from = day + (dice.unit_f64() * (DAY - minutes) as f64) as Minute;
                Ok((day..day + DAY, Some(from..from + minutes)))
            }
        }
    }
}

fn minute(column: &str, text: &str) -> Result<Minute, String> {
    let moment: Moment =
        text.parse().map_err(|_| format!("{column}: \"{text}\" is no moment: write 2026-06-04T07:33:00Z"))?;
    Ok(moment.us().div_euclid(60_000_000))
}

fn day(text: &str) -> Result<Minute, String> {
    let date: jiff::civil::Date =
        text.parse().map_err(|_| format!("date: \"{text}\" is no day: write 2026-06-04"))?;
    let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|error| error.to_string())?;
    Ok(midnight.timestamp().as_second().div_euclid(60))
}
