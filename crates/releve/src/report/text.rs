//! A report as lines for a terminal.

use super::page::{Bar, Block, Cell, Page, Table, Tone};
use crate::columns::{Grid, Piece, folded, width};

/// A line in pieces, each with how good it is and whether it stands out.
#[derive(Debug)]
pub(crate) struct Line(pub(crate) Vec<(Tone, bool, String)>);

/// How long a bar is, where there is room.
const BAR: usize = 30;

/// All of it, in lines of at most so many columns; the lines of code alone stay as they are.
pub(super) fn write(page: &Page, columns: usize) -> Vec<Line> {
    let mut lines = strong(&page.title, "", columns);
    lines.extend(plain(&page.subtitle, "", columns));
    for section in &page.sections {
        lines.push(empty());
        lines.extend(strong(&section.heading, "", columns));
        for block in &section.blocks {
            lines.extend(of_block(block, columns));
        }
    }
    lines
}

fn of_block(block: &Block, columns: usize) -> Vec<Line> {
    match block {
        Block::Text(text) => plain(text, "  ", columns),
        Block::Heading(text) => std::iter::once(empty()).chain(strong(text, "  ", columns)).collect(),
        Block::List(entries) => entries.iter().flat_map(|entry| of_entry(entry, columns)).collect(),
        Block::Code(code) => code.lines().map(|line| line_of(format!("    {line}"))).collect(),
        Block::Lights(lights) => {
            let row = |(name, word, tone): &(String, String, Tone)| {
                vec![(*tone, format!("{} {name}", mark(*tone))), (Tone::Plain, word.clone())]
            };
            let rows = lights.iter().map(row).collect();
            of_grid(&Grid { indent: 2, heads: Vec::new(), right: Vec::new(), rows }, columns)
        }
        Block::Table(table) | Block::Trend(_, table) => of_table(table, columns),
        Block::Bars(bars, table) => {
            let mut lines = of_bars(bars, table, columns);
            lines.extend(of_rows(table, columns));
            lines
        }
    }
}

fn of_entry(entry: &str, columns: usize) -> Vec<Line> {
    let parts = folded(entry, columns.saturating_sub(4)).into_iter().enumerate();
    parts.map(|(number, part)| line_of(format!("  {} {part}", if number == 0 { "-" } else { " " }))).collect()
}

fn of_bars(bars: &[Bar], table: &Table, columns: usize) -> Vec<Line> {
    let mut lines = plain(&table.caption, "  ", columns);
    let most = |of: fn(&Bar) -> &str| bars.iter().map(|bar| width(of(bar))).max().unwrap_or(0);
    let name = most(|bar| &bar.name);
    let room = columns.saturating_sub(6 + name + most(|bar| &bar.shown)).clamp(1, BAR);
    lines.extend(bars.iter().map(|bar| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "at most 30"
        )]
        let filled = (bar.part.clamp(0.0, 1.0) * room as f64).round() as usize;
        let drawn = format!("{}{}", "█".repeat(filled), "·".repeat(room - filled));
        let beside = " ".repeat(name - width(&bar.name));
        line_of(format!("  {}{beside}  {drawn}  {}", bar.name, bar.shown))
    }));
    lines
}

/// What a light looks like without colour.
fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => " ",
        Tone::Good => "●",
        Tone::Doubtful => "▲",
        Tone::Bad => "■",
    }
}

fn of_table(table: &Table, columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if !table.caption.is_empty() {
        lines.extend(plain(&table.caption, "  ", columns));
    }
    lines.extend(of_rows(table, columns));
    lines
}

/// Heads and rows.
fn of_rows(table: &Table, columns: usize) -> Vec<Line> {
    let cells = |row: &Vec<Cell>| row.iter().map(|cell| (cell.tone, cell.text.clone())).collect();
    let grid = Grid {
        indent: 2,
        heads: table.heads.iter().map(|head| (Tone::Plain, head.clone())).collect(),
        right: (table.figures_from..table.heads.len()).collect(),
        rows: table.rows.iter().map(cells).collect(),
    };
    of_grid(&grid, columns)
}

fn of_grid(grid: &Grid<Tone>, columns: usize) -> Vec<Line> {
    let line = |line: Vec<Piece<Tone>>| {
        let piece = |(tone, text): Piece<Tone>| (tone.unwrap_or(Tone::Plain), false, text);
        Line(line.into_iter().map(piece).collect())
    };
    grid.lines(columns).into_iter().map(line).collect()
}

fn empty() -> Line {
    Line(Vec::new())
}

fn line_of(text: String) -> Line {
    Line(vec![(Tone::Plain, false, text)])
}

fn plain(text: &str, indent: &str, columns: usize) -> Vec<Line> {
    in_lines(text, indent, columns, false)
}

fn strong(text: &str, indent: &str, columns: usize) -> Vec<Line> {
    in_lines(text, indent, columns, true)
}

fn in_lines(text: &str, indent: &str, columns: usize, is_strong: bool) -> Vec<Line> {
    let line = |part: String| Line(vec![(Tone::Plain, is_strong, format!("{indent}{part}"))]);
    folded(text, columns.saturating_sub(indent.len())).into_iter().map(line).collect()
}
