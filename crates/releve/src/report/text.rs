//! A report as lines for a terminal.

use super::page::{Block, Cell, Page, Table, Tone};

/// A line in pieces, each with how good it is.
#[derive(Debug)]
pub(crate) struct Line(pub(crate) Vec<(Tone, bool, String)>);

const WIDTH: usize = 100;
const BAR: usize = 30;

/// All of it.
pub(super) fn write(page: &Page) -> Vec<Line> {
    let mut lines = vec![strong(&page.title), plain(&page.subtitle)];
    for section in &page.sections {
        lines.push(plain(""));
        lines.push(strong(&section.heading));
        for block in &section.blocks {
            lines.extend(of_block(block));
        }
    }
    lines
}

fn of_block(block: &Block) -> Vec<Line> {
    match block {
        Block::Text(text) => wrapped(text, "  ").map(|line| plain(&line)).collect(),
        Block::Heading(text) => vec![plain(""), strong(&format!("  {text}"))],
        Block::List(entries) => entries
            .iter()
            .flat_map(|entry| {
                wrapped(entry, "    ").enumerate().map(|(number, line)| match number {
                    0 => plain(&line.replacen("    ", "  - ", 1)),
                    _ => plain(&line),
                })
            })
            .collect(),
        Block::Code(code) => code.lines().map(|line| plain(&format!("    {line}"))).collect(),
        Block::Lights(lights) => {
            let width = lights.iter().map(|(name, _, _)| name.chars().count()).max().unwrap_or(0);
            let light = |(name, word, tone): &(String, String, Tone)| {
                let name = format!("  {} {name:<width$}  ", mark(*tone));
                Line(vec![(*tone, false, name), (Tone::Plain, false, word.clone())])
            };
            lights.iter().map(light).collect()
        }
        Block::Table(table) | Block::Trend(_, table) => of_table(table),
        Block::Bars(bars, table) => {
            let mut lines = vec![plain(&format!("  {}", table.caption))];
            let width = bars.iter().map(|bar| bar.name.chars().count()).max().unwrap_or(0);
            lines.extend(bars.iter().map(|bar| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    clippy::cast_precision_loss,
                    reason = "at most 30"
                )]
                let filled = (bar.part.clamp(0.0, 1.0) * BAR as f64).round() as usize;
                let drawn = format!("{}{}", "█".repeat(filled), "·".repeat(BAR - filled));
                plain(&format!("  {:<width$}  {drawn}  {}", bar.name, bar.shown))
            }));
            lines
        }
    }
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

fn of_table(table: &Table) -> Vec<Line> {
    let heads: Vec<Cell> = table.heads.iter().map(|head| Cell::from(head.as_str())).collect();
    let rows = || std::iter::once(&heads).chain(&table.rows);
    let width = |column: usize| {
        rows().filter_map(|row| row.get(column)).map(|cell| cell.text.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut lines = Vec::new();
    if !table.caption.is_empty() {
        lines.push(plain(&format!("  {}", table.caption)));
    }
    lines.extend(rows().map(|row| {
        let mut pieces = Vec::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let text = if column >= table.figures_from {
                format!("  {:>width$}", cell.text)
            } else if column + 1 == row.len() {
                format!("  {}", cell.text)
            } else {
                format!("  {:<width$}", cell.text)
            };
            pieces.push((cell.tone, false, text));
        }
        Line(pieces)
    }));
    lines
}

fn plain(text: &str) -> Line {
    Line(vec![(Tone::Plain, false, text.trim_end().to_owned())])
}

fn strong(text: &str) -> Line {
    Line(vec![(Tone::Plain, true, text.to_owned())])
}

/// Broken at spaces, but at none that keep together what stands around them.
fn wrapped(text: &str, indent: &'static str) -> std::vec::IntoIter<String> {
    let mut lines = Vec::new();
    let mut line = indent.to_owned();
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        if line.chars().count() + 1 + word.chars().count() > WIDTH && line.trim() != "" {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
        }
        if line.trim() != "" {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_not_broken_before_a_sign_or_a_unit() {
        let text = format!("{} 100\u{a0}% of\nthem\u{202f}; more", "x".repeat(WIDTH - 6));
        let lines: Vec<String> = wrapped(&text, "  ").collect();
        assert_eq!(lines[1..], ["  100\u{a0}% of them\u{202f}; more".to_owned()], "{lines:?}");
    }
}
