//! Figures as CSV (RFC 4180): a line of names that carry the units, then a line a row.

use std::fmt::Write as _;
use std::sync::Arc;

use ledger::render::csv_text;

/// One table in the making.
#[derive(Debug)]
pub(crate) struct Table {
    name: &'static str,
    columns: usize,
    text: String,
}

/// One field.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    /// Words, which are quoted where they must be, and never run by a spreadsheet.
    Text(String),
    /// A figure, or another value that holds no comma and no quotation mark.
    Plain(String),
    /// Unknown, or not there.
    Nothing,
}

impl Table {
    /// A table of these columns: `data/NAME.csv`.
    pub(crate) fn new(name: &'static str, columns: &[&str]) -> Self {
        Self { name, columns: columns.len(), text: columns.join(",") + "\r\n" }
    }

    /// # Panics
    /// Where a row has another number of fields than there are columns.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let mut count = 0;
        for cell in cells {
            if count > 0 {
                self.text.push(',');
            }
            count += 1;
            match cell {
                Cell::Text(text) => csv_text(&text, &mut self.text).expect("a string takes all"),
                Cell::Plain(value) => self.text.push_str(&value),
                Cell::Nothing => {}
            }
        }
        assert_eq!(count, self.columns, "{}: a row has as many fields as there are columns", self.name);
        self.text.push_str("\r\n");
    }

    pub(super) fn file(&self) -> String {
        format!("data/{}.csv", self.name)
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl Cell {
    /// Nano-dollars as dollars, exact: `0.00315`.
    pub(crate) fn usd(nanos: i128) -> Self {
        let (whole, part) = (nanos.unsigned_abs() / 1_000_000_000, nanos.unsigned_abs() % 1_000_000_000);
        let mut text = format!("{}{whole}", if nanos < 0 { "-" } else { "" });
        if part > 0 {
            write!(text, ".{part:09}").expect("a string takes all");
            text.truncate(text.trim_end_matches('0').len());
        }
        Self::Plain(text)
    }

    /// The stable code of one of several, as JSON has it.
    pub(crate) fn code(value: &impl serde::Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(serde_json::Value::String(code)) => Self::Text(code),
            _ => Self::Nothing,
        }
    }

    /// A moment in microseconds since 1970, as RFC 3339 in UTC.
    pub(crate) fn moment(us: i64) -> Self {
        Self::Plain(moment(us))
    }
}

/// A moment in microseconds since 1970, as RFC 3339 in UTC, to the microsecond.
pub(super) fn moment(us: i64) -> String {
    let moment = jiff::Timestamp::from_microsecond(us);
    moment.map_or_else(|_| us.to_string(), |moment| moment.to_string())
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<&Arc<str>> for Cell {
    fn from(text: &Arc<str>) -> Self {
        Self::Text(text.to_string())
    }
}

impl From<jiff::civil::Date> for Cell {
    fn from(day: jiff::civil::Date) -> Self {
        Self::Plain(day.to_string())
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

macro_rules! plain {
    ($($kind:ty),*) => {
        $(impl From<$kind> for Cell {
            fn from(value: $kind) -> Self {
                Self::Plain(value.to_string())
            }
        })*
    };
}
plain!(bool, u64, i64, usize, f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be_and_no_spreadsheet_runs_them() {
        let mut table = Table::new("t", &["name", "cost_usd", "share", "day"]);
        table.row(["a, \"b\"".into(), Cell::usd(3_150_000), 0.25.into(), Cell::from(None::<u64>)]);
        table.row(["=1+1".into(), Cell::usd(-2_000_000_000), true.into(), Cell::moment(0)]);
        assert_eq!(table.file(), "data/t.csv");
        assert_eq!(
            table.text(),
            "name,cost_usd,share,day\r\n\"a, \"\"b\"\"\",0.00315,0.25,\r\n\"'=1+1\",-2,true,1970-01-01T00:00:00Z\r\n"
        );
    }

    #[test]
    fn dollars_are_exact() {
        let shown = |nanos| match Cell::usd(nanos) {
            Cell::Plain(text) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!([0, 1, -1, 10_000_000_000].map(shown), ["0", "0.000000001", "-0.000000001", "10"]);
        assert_eq!(shown(i128::MIN), "-170141183460469231731687303715.884105728");
    }
}
