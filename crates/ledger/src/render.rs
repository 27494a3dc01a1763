//! Records as text for other programs: CSV for spreadsheets, JSON lines for everything else.

mod csv;

use std::fmt::{self, Write};

use crate::booked::Booked;

pub use csv::{CSV_COLUMNS, csv_header, csv_row, csv_text};

/// Writes one record as one line of JSON: its document, with its place (`seq`) and when it was booked (`booked_us`).
///
/// # Errors
/// Those of `out`.
pub fn json_line(booked: &Booked, out: &mut impl Write) -> fmt::Result {
    let rest = booked.document.strip_prefix('{').unwrap_or(&booked.document);
    writeln!(out, "{{\"seq\":{},\"booked_us\":{},{rest}", booked.seq, booked.at_us)
}
