//! The same text for a terminal, as Markdown, and as a page.

use super::super::super::CliError;
use super::super::super::table::{Cell, Table};
use super::super::super::terminal::{Terminal, Tone};
use crate::report::page::{Language, Page, Section, Table as PageTable};

/// Where it is written.
#[derive(Debug)]
pub(in crate::cli::whatif) enum Pages<'a> {
    /// Lines for people.
    Terminal(&'a mut Terminal),
    /// Lines of Markdown.
    Markdown(&'a mut Terminal),
    /// A page in the making.
    Page(Page),
}

impl<'a> Pages<'a> {
    pub(in crate::cli::whatif) fn new(terminal: &'a mut Terminal, markdown: bool) -> Self {
        if markdown { Self::Markdown(terminal) } else { Self::Terminal(terminal) }
    }

    /// A page to be filled.
    pub(in crate::cli::whatif) fn page() -> Self {
        Self::Page(Page {
            language: Language::En,
            title: String::new(),
            subtitle: String::new(),
            sections: Vec::new(),
        })
    }

    /// What was written, as HTML: empty where it went to a terminal.
    pub(in crate::cli::whatif) fn html(&self) -> String {
        match self {
            Self::Page(page) => page.html(),
            Self::Terminal(_) | Self::Markdown(_) => String::new(),
        }
    }

    pub(in crate::cli::whatif) fn title(&mut self, title: &str) -> Result<(), CliError> {
        match self {
            Self::Terminal(terminal) => terminal.paragraph(2, &[(Tone::Strong, title.to_owned())]),
            Self::Markdown(terminal) => terminal.line(format_args!("# {title}")),
            Self::Page(page) => {
                title.clone_into(&mut page.title);
                Ok(())
            }
        }
    }

    pub(in crate::cli::whatif) fn heading(&mut self, heading: &str) -> Result<(), CliError> {
        match self {
            Self::Terminal(terminal) => {
                terminal.line("")?;
                terminal.paragraph(2, &[(Tone::Strong, heading.to_owned())])
            }
            Self::Markdown(terminal) => {
                terminal.line("")?;
                terminal.line(format_args!("## {heading}"))?;
                terminal.line("")
            }
            Self::Page(page) => {
                page.sections.push(Section::new(format!("s{}", page.sections.len() + 1), heading));
                Ok(())
            }
        }
    }

    pub(in crate::cli::whatif) fn text(&mut self, text: &str) -> Result<(), CliError> {
        match self {
            Self::Terminal(terminal) => terminal.paragraph(2, &[(Tone::Plain, format!("  {text}"))]),
            Self::Markdown(terminal) => {
                terminal.line("")?;
                terminal.line(text)
            }
            Self::Page(page) => {
                match page.sections.last_mut() {
                    Some(section) => section.text(text),
                    None => text.clone_into(&mut page.subtitle),
                }
                Ok(())
            }
        }
    }

    /// Names and what is said of them.
    pub(in crate::cli::whatif) fn list(&mut self, rows: Vec<Vec<String>>) -> Result<(), CliError> {
        match self {
            Self::Terminal(terminal) => {
                let mut table = Table::default().indented(2);
                let mut last = String::new();
                for row in rows {
                    let name = if row[0] == last { "" } else { &row[0] };
                    table.row([Cell::toned(Tone::Strong, name), Cell::from(&*row[1])]);
                    last.clone_from(&row[0]);
                }
                table.print(terminal)
            }
            Self::Markdown(terminal) => {
                rows.iter().try_for_each(|row| terminal.line(format_args!("- **{}**: {}", row[0], row[1])))
            }
            Self::Page(page) => {
                let entries = rows.iter().map(|row| format!("{}: {}", row[0], row[1])).collect();
                section(page).list(entries, "");
                Ok(())
            }
        }
    }

    pub(in crate::cli::whatif) fn table(
        &mut self,
        heads: &[&'static str],
        rows: Vec<Vec<String>>,
    ) -> Result<(), CliError> {
        match self {
            Self::Terminal(terminal) => {
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
                table.print(terminal)
            }
            Self::Markdown(terminal) => {
                terminal.line(format_args!("| {} |", heads.join(" | ")))?;
                terminal.line(format_args!("|{}", "---|".repeat(heads.len())))?;
                rows.iter().try_for_each(|row| terminal.line(format_args!("| {} |", row.join(" | "))))
            }
            Self::Page(page) => {
                let section = section(page);
                let mut table = PageTable::new(&*section.heading, heads.iter().copied()).figures_from(1);
                for row in rows {
                    table.row(row.into_iter().map(Into::into));
                }
                section.table(table);
                Ok(())
            }
        }
    }
}

/// The section that is being written.
fn section(page: &mut Page) -> &mut Section {
    if page.sections.is_empty() {
        page.sections.push(Section::new("s1", page.title.clone()));
    }
    page.sections.last_mut().expect("there is one")
}
