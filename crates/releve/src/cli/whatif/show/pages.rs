//! The same text for a terminal and as Markdown.

use super::super::super::CliError;
use super::super::super::table::{Cell, Table};
use super::super::super::terminal::{Terminal, Tone};

/// Longer text of a list goes on in a further line.
const WIDTH: usize = 100;

/// Where it is written.
#[derive(Debug)]
pub(in crate::cli::whatif) struct Pages<'a> {
    terminal: &'a mut Terminal,
    markdown: bool,
}

impl<'a> Pages<'a> {
    pub(in crate::cli::whatif) fn new(terminal: &'a mut Terminal, markdown: bool) -> Self {
        Self { terminal, markdown }
    }

    pub(in crate::cli::whatif) fn title(&mut self, title: &str) -> Result<(), CliError> {
        if self.markdown {
            return self.terminal.line(format_args!("# {title}"));
        }
        let title = self.terminal.toned(Tone::Strong, title);
        self.terminal.line(title)
    }

    pub(in crate::cli::whatif) fn heading(&mut self, heading: &str) -> Result<(), CliError> {
        self.terminal.line("")?;
        if self.markdown {
            self.terminal.line(format_args!("## {heading}"))?;
            return self.terminal.line("");
        }
        let heading = self.terminal.toned(Tone::Strong, heading);
        self.terminal.line(heading)
    }

    pub(in crate::cli::whatif) fn text(&mut self, text: &str) -> Result<(), CliError> {
        if self.markdown {
            self.terminal.line("")?;
            return self.terminal.line(text);
        }
        for line in folded(text, WIDTH) {
            self.terminal.line(format_args!("  {line}"))?;
        }
        Ok(())
    }

    /// Names and what is said of them.
    pub(in crate::cli::whatif) fn list(&mut self, rows: Vec<Vec<String>>) -> Result<(), CliError> {
        if self.markdown {
            for row in rows {
                self.terminal.line(format_args!("- **{}**: {}", row[0], row[1]))?;
            }
            return Ok(());
        }
        let mut table = Table::default().indented(2);
        let mut last = String::new();
        for row in rows {
            let mut name = if row[0] == last { String::new() } else { row[0].clone() };
            last.clone_from(&row[0]);
            for line in folded(&row[1], WIDTH) {
                table.row([Cell::toned(Tone::Strong, std::mem::take(&mut name)), Cell::from(line)]);
            }
        }
        table.print(self.terminal)
    }

    pub(in crate::cli::whatif) fn table(
        &mut self,
        heads: &[&'static str],
        rows: Vec<Vec<String>>,
    ) -> Result<(), CliError> {
        if self.markdown {
            self.terminal.line(format_args!("| {} |", heads.join(" | ")))?;
            self.terminal.line(format_args!("|{}", "---|".repeat(heads.len())))?;
            for row in rows {
                self.terminal.line(format_args!("| {} |", row.join(" | ")))?;
            }
            return Ok(());
        }
        let mut table = Table::with_heads(heads.iter().copied()).indented(2);
        for row in rows {
            let is_range = row[0].is_empty();
            table.row(row.into_iter().enumerate().map(|(column, text)| {
                let tone = match (column, is_range) {
                    (0, _) => Tone::Strong,
                    (_, true) => Tone::Faint,
                    (_, false) => Tone::Plain,
                };
                Cell::toned(tone, text)
            }));
        }
        table.print(self.terminal)
    }
}

/// `text` in lines of at most `width` characters, broken between words.
fn folded(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a first");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
