//! A report as Markdown.

use std::fmt::Write as _;

use super::page::{Block, Cell, Page, Table, Tone};

/// All of it.
pub(super) fn write(page: &Page) -> String {
    let mut text = format!("# {}\n\n{}\n", escaped(&page.title), escaped(&page.subtitle));
    for section in &page.sections {
        let _ = write!(text, "\n## {}\n", escaped(&section.heading));
        for block in &section.blocks {
            text.push('\n');
            put(&mut text, block);
        }
    }
    text
}

fn put(text: &mut String, block: &Block) {
    match block {
        Block::Text(words) => {
            let _ = writeln!(text, "{}", escaped(words));
        }
        Block::Heading(words) => {
            let _ = writeln!(text, "### {}", escaped(words));
        }
        Block::List(entries) => {
            for entry in entries {
                let _ = writeln!(text, "- {}", escaped(entry));
            }
        }
        Block::Code(code) => put_code(text, code),
        Block::Lights(lights) => {
            for (name, word, tone) in lights {
                let _ = writeln!(text, "- {} **{}**: {}", mark(*tone), escaped(name), escaped(word));
            }
        }
        Block::Table(table) | Block::Bars(_, table) | Block::Trend(_, table) => put_table(text, table),
    }
}

/// Between fences longer than any that the text holds.
fn put_code(text: &mut String, code: &str) {
    let longest = code.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(text, "{fence}diff\n{}\n{fence}", code.trim_end_matches('\n'));
}

fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "○",
        Tone::Good => "●",
        Tone::Doubtful => "▲",
        Tone::Bad => "■",
    }
}

fn put_table(text: &mut String, table: &Table) {
    if !table.caption.is_empty() {
        let _ = writeln!(text, "{}\n", escaped(&table.caption));
    }
    let heads: Vec<String> = table.heads.iter().map(|head| escaped(head)).collect();
    let lines: Vec<&str> =
        (0..heads.len()).map(|column| if column >= table.figures_from { "---:" } else { "---" }).collect();
    let _ = writeln!(text, "| {} |\n| {} |", heads.join(" | "), lines.join(" | "));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|Cell { text, .. }| escaped(text)).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
}

/// Names come from configurations and clients: none of them may become a heading, a link or markup.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' => {
                safe.push('\\');
                safe.push(letter);
            }
            '\n' | '\r' => safe.push(' '),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_become_markup() {
        assert_eq!(escaped("a|b\n# c <i>[x](y)"), "a\\|b \\# c \\<i\\>\\[x\\](y)");
    }

    #[test]
    fn nothing_in_a_text_ends_its_fence() {
        let mut text = String::new();
        put(&mut text, &Block::Code("-a\n+```\n".into()));
        assert_eq!(text, "````diff\n-a\n+```\n````\n");
    }
}
