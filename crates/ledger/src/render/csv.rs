//! Records as CSV (RFC 4180): one line each, the same columns for all.
//!
//! Text that a spreadsheet would take for a formula gets a `'` in front: some of it was chosen by clients.

use std::fmt::{self, Display, Write};

use catalogue::Bucket;

use crate::booked::Booked;
use crate::correction::Correction;
use crate::entry::Entry;
use crate::record::Record;

/// The columns. New ones are added at the end only.
pub const CSV_COLUMNS: [&str; 37] = [
    "seq",
    "booked",
    "record",
    "id",
    "arrived",
    "product",
    "route",
    "asked_model",
    "key_id",
    "protocol",
    "stream",
    "needs",
    "deployment",
    "outcome",
    "attempts",
    "input_uncached",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "audio_in",
    "image_in",
    "output_text",
    "reasoning",
    "audio_out",
    "image_out",
    "tool_requests",
    "usage_source",
    "cost_usd",
    "price_version",
    "price_agreement",
    "ttft_us",
    "total_us",
    "released_bytes",
    "finish",
    "tags",
    "why",
    "author",
];

/// Writes the names of the columns.
///
/// # Errors
/// Those of `out`.
pub fn csv_header(out: &mut impl Write) -> fmt::Result {
    out.write_str(&CSV_COLUMNS.join(","))?;
    out.write_str("\r\n")
}

/// Writes one record. `cost_usd` of a correction is the difference that it makes; an unpriced one is empty.
///
/// # Errors
/// Those of `out`.
pub fn csv_row(booked: &Booked, record: &Record, out: &mut impl Write) -> fmt::Result {
    let mut row = Row { out, cells: 0 };
    row.plain(booked.seq)?;
    row.plain(moment(booked.at_us))?;
    row.plain(record.kind().as_str())?;
    row.plain(record.id())?;
    match record {
        Record::Intent(entry) | Record::Settlement(entry) => entry_cells(&mut row, entry)?,
        Record::Correction(correction) => correction_cells(&mut row, correction)?,
    }
    row.end()
}

fn entry_cells(row: &mut Row<'_, impl Write>, entry: &Entry) -> fmt::Result {
    let facts = &*entry.facts;
    row.plain(moment(entry.arrived_us))?;
    row.text(&facts.product)?;
    row.text(&facts.route)?;
    row.text(&facts.asked_model)?;
    row.text(facts.key_id.as_deref().unwrap_or_default())?;
    row.plain(facts.protocol)?;
    row.plain(facts.stream)?;
    row.text(&facts.needs.names().collect::<Vec<_>>().join(" "))?;
    row.text(entry.deployment.as_deref().unwrap_or_default())?;
    row.plain(entry.outcome.as_str())?;
    row.plain(entry.attempts.len())?;
    Bucket::ALL.into_iter().try_for_each(|bucket| row.plain(entry.usage.get(bucket)))?;
    row.plain(entry.usage_source.as_str())?;
    row.optional(entry.cost)?;
    row.text(entry.price_version.as_deref().unwrap_or_default())?;
    row.optional(entry.price_agreement)?;
    row.optional(entry.ttft_us)?;
    row.plain(entry.total_us)?;
    row.plain(entry.released_bytes)?;
    row.text(entry.finish.as_deref().unwrap_or_default())?;
    row.text(&facts.tags.join(" "))
}

fn correction_cells(row: &mut Row<'_, impl Write>, correction: &Correction) -> fmt::Result {
    row.plain(moment(correction.arrived_us))?;
    row.text(&correction.product)?;
    row.text(&correction.route)?;
    row.skip_to("deployment")?;
    row.text(correction.deployment.as_deref().unwrap_or_default())?;
    row.skip_to("cost_usd")?;
    row.optional(correction.after.and_then(|_| correction.difference()))?;
    row.text(correction.price_version.as_deref().unwrap_or_default())?;
    row.skip_to("why")?;
    row.text(&correction.why)?;
    row.text(&correction.author)
}

/// Writes one field: text, in quotes where it must be.
///
/// # Errors
/// Those of `out`.
pub fn csv_text(text: &str, out: &mut impl Write) -> fmt::Result {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !text.contains(['"', ',', '\r', '\n']) {
        return out.write_str(text);
    }
    let guard = if formula { "'" } else { "" };
    write!(out, "\"{guard}{}\"", text.replace('"', "\"\""))
}

/// A line in the making.
struct Row<'a, W> {
    out: &'a mut W,
    cells: usize,
}

impl<W: Write> Row<'_, W> {
    fn next(&mut self) -> fmt::Result {
        self.cells += 1;
        if self.cells > 1 { self.out.write_char(',') } else { Ok(()) }
    }

    /// A value that can hold neither quotes nor commas nor ends of lines.
    fn plain(&mut self, value: impl Display) -> fmt::Result {
        self.next()?;
        write!(self.out, "{value}")
    }

    fn optional(&mut self, value: Option<impl Display>) -> fmt::Result {
        match value {
            Some(value) => self.plain(value),
            None => self.next(),
        }
    }

    fn text(&mut self, text: &str) -> fmt::Result {
        self.next()?;
        csv_text(text, self.out)
    }

    fn skip_to(&mut self, column: &str) -> fmt::Result {
        while CSV_COLUMNS[self.cells] != column {
            self.next()?;
        }
        Ok(())
    }

    fn end(mut self) -> fmt::Result {
        while self.cells < CSV_COLUMNS.len() {
            self.next()?;
        }
        self.out.write_str("\r\n")
    }
}

/// RFC 3339 in UTC; a moment that no calendar holds as its number.
fn moment(us: i64) -> String {
    jiff::Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |moment| moment.to_string())
}

#[cfg(test)]
mod tests;
