//! Aligned columns, within the terminal's width.

use super::error::CliError;
use super::terminal::{Terminal, Tone};
use crate::columns::Grid;

/// Rows whose columns line up. Figures are set right.
#[derive(Debug, Default)]
pub(crate) struct Table {
    indent: usize,
    heads: Vec<&'static str>,
    right: Vec<usize>,
    rows: Vec<Vec<Cell>>,
    is_unfolded: bool,
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

    /// The same with each row in one line, however wide: for lists that people search by the line.
    #[must_use]
    pub(crate) fn unfolded(mut self) -> Self {
        self.is_unfolded = true;
        self
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn print(&self, terminal: &mut Terminal) -> Result<(), CliError> {
        let cells = |row: &Vec<Cell>| row.iter().map(|cell| (cell.tone, cell.text.clone())).collect();
        let grid = Grid {
            indent: self.indent,
            heads: self.heads.iter().map(|head| (Tone::Faint, (*head).to_owned())).collect(),
            right: self.right.clone(),
            rows: self.rows.iter().map(cells).collect(),
        };
        let columns = if self.is_unfolded { usize::MAX } else { terminal.width() };
        grid.lines(columns).iter().try_for_each(|line| terminal.pieces(line))
    }
}
