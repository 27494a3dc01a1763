//! Aligned columns.

use super::error::CliError;
use super::terminal::{Terminal, Tone};

/// Rows whose columns line up. Figures are set right.
#[derive(Debug, Default)]
pub(crate) struct Table {
    indent: usize,
    heads: Vec<&'static str>,
    right: Vec<usize>,
    rows: Vec<Vec<Cell>>,
}

/// One field.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(Tone::Plain, text)
    }
}

impl Table {
    /// A table with a line of headings.
    pub(crate) fn with_heads(heads: impl IntoIterator<Item = &'static str>) -> Self {
        Self { heads: heads.into_iter().collect(), ..Self::default() }
    }

    /// The same, each line begun with spaces.
    #[must_use]
    pub(crate) fn indented(mut self, spaces: usize) -> Self {
        self.indent = spaces;
        self
    }

    /// The same with these columns set right.
    #[must_use]
    pub(crate) fn right(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.right.extend(columns);
        self
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn print(&self, terminal: &mut Terminal) -> Result<(), CliError> {
        let head: Vec<Cell> = self.heads.iter().map(|head| Cell::toned(Tone::Faint, *head)).collect();
        let rows = || std::iter::once(&head).filter(|head| !head.is_empty()).chain(&self.rows);
        let columns = rows().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| rows().filter_map(|row| row.get(column)).map(Cell::width).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows() {
            let mut line = " ".repeat(self.indent);
            for (column, cell) in row.iter().enumerate() {
                let padding = " ".repeat(widths[column] - cell.width());
                let text = terminal.toned(cell.tone, &cell.text);
                let last = column + 1 == row.len();
                match (self.right.contains(&column), last) {
                    (true, _) => line.extend([padding, text]),
                    (false, true) => line.push_str(&text),
                    (false, false) => line.extend([text, padding]),
                }
                if !last {
                    line.push_str("  ");
                }
            }
            terminal.line(line.trim_end())?;
        }
        Ok(())
    }
}
