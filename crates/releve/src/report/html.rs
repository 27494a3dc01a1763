//! A report as one HTML page: no script, no font, no picture and no address from anywhere else.

mod chart;

use std::fmt::Write as _;

use super::page::{Block, Language, Page, Table, Tone, say};

const STYLE: &str = include_str!("html/style.css");

/// All of it.
pub(super) fn write(page: &Page) -> String {
    let language = match page.language {
        Language::En => "en",
        Language::Fr => "fr",
    };
    let mut text = format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>{title}</h1>\n<p>{subtitle}</p>\n</header>\n",
        title = escaped(&page.title),
        subtitle = escaped(&page.subtitle),
    );
    let contents = say!(page.language, "Contents", "Sommaire");
    let _ = writeln!(text, "<nav aria-label=\"{contents}\"><ul>");
    for section in &page.sections {
        let _ = writeln!(text, "<li><a href=\"#{}\">{}</a></li>", section.id, escaped(&section.heading));
    }
    text.push_str("</ul></nav>\n<main>\n");
    for section in &page.sections {
        let id = &section.id;
        let _ = writeln!(
            text,
            "<section id=\"{id}\" aria-labelledby=\"{id}-h\">\n<h2 id=\"{id}-h\">{}</h2>",
            escaped(&section.heading)
        );
        for block in &section.blocks {
            put(&mut text, block, &section.heading, page.language);
        }
        text.push_str("</section>\n");
    }
    text.push_str("</main>\n</body>\n</html>\n");
    text
}

fn put(text: &mut String, block: &Block, heading: &str, language: Language) {
    match block {
        Block::Text(words) => {
            let _ = writeln!(text, "<p>{}</p>", inline(words));
        }
        Block::Heading(words) => {
            let _ = writeln!(text, "<h3>{}</h3>", escaped(words));
        }
        Block::List(entries) => {
            text.push_str("<ul>\n");
            for entry in entries {
                let _ = writeln!(text, "<li>{}</li>", inline(entry));
            }
            text.push_str("</ul>\n");
        }
        Block::Code(code) => {
            // It is scrolled with the keyboard too.
            let _ = writeln!(text, "<pre tabindex=\"0\">{}</pre>", escaped(code));
        }
        Block::Lights(lights) => {
            text.push_str("<dl class=\"lights\">\n");
            for (name, word, tone) in lights {
                let _ = writeln!(
                    text,
                    "<div class=\"light {}\"><dt>{}{}</dt><dd>{}</dd></div>",
                    class(*tone),
                    chart::mark(*tone),
                    escaped(name),
                    escaped(word)
                );
            }
            text.push_str("</dl>\n");
        }
        Block::Table(table) => put_table(text, table, table.caption == heading),
        Block::Bars(bars, table) => {
            text.push_str(&chart::bars(bars, &table.caption));
            behind(text, table, language);
        }
        Block::Trend(lines, table) => {
            text.push_str(&chart::trend(lines, &table.caption));
            behind(text, table, language);
        }
    }
}

/// The table behind a chart.
fn behind(text: &mut String, table: &Table, language: Language) {
    let words = say!(language, "The figures", "Les chiffres");
    let _ = writeln!(text, "<details><summary>{words}: {}</summary>", escaped(&table.caption));
    put_table(text, table, false);
    text.push_str("</details>\n");
}

/// `is_said`: its caption is that of the heading above it, and need not be seen twice.
fn put_table(text: &mut String, table: &Table, is_said: bool) {
    // A table that is wider than the screen is scrolled, with the keyboard too.
    let _ = writeln!(
        text,
        "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"{caption}\"><table>\n<caption{said}>{caption}</caption>\n<thead><tr>",
        said = if is_said { " class=\"said\"" } else { "" },
        caption = escaped(&table.caption)
    );
    let right = |column: usize| if column >= table.figures_from { "figure" } else { "" };
    // A day is not broken at its hyphens, which narrow columns would do.
    let day = |words: &str| if words.parse::<jiff::civil::Date>().is_ok() { "day" } else { "" };
    for (column, head) in table.heads.iter().enumerate() {
        let _ = write!(text, "<th scope=\"col\"{}>{}</th>", classes([right(column)]), escaped(head));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        text.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let (words, day, tone) = (inline(&cell.text), day(&cell.text), cell.tone);
            let _ = match (column, tone) {
                (0, _) => write!(text, "<th scope=\"row\"{}>{words}</th>", classes([day])),
                (_, Tone::Plain) => write!(text, "<td{}>{words}</td>", classes([right(column), day])),
                _ => {
                    let classes = classes([class(tone), right(column), day]);
                    write!(text, "<td{classes}>{}{words}</td>", chart::mark(tone))
                }
            };
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody>\n</table></div>\n");
}

/// The attribute, where there is any.
fn classes<const N: usize>(names: [&str; N]) -> String {
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    if names.is_empty() { String::new() } else { format!(" class=\"{}\"", names.join(" ")) }
}

const fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Good => "good",
        Tone::Doubtful => "doubtful",
        Tone::Bad => "bad",
    }
}

/// Text in which what stands between backticks is to be typed.
fn inline(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped(text);
    }
    let shown = |(number, part): (usize, &&str)| {
        let part = escaped(part);
        if number % 2 == 1 { format!("<code>{part}</code>") } else { part }
    };
    parts.iter().enumerate().map(shown).collect()
}

/// Text that is nothing but text, in an attribute too.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page::{Bar, Cell, Section};

    #[test]
    fn what_is_to_be_typed_is_code_and_nothing_else_is() {
        assert_eq!(inline("see `releve check <x>`, then"), "see <code>releve check &lt;x&gt;</code>, then");
        assert_eq!(inline("a ` alone & <i>"), "a ` alone &amp; &lt;i&gt;");
    }

    #[test]
    fn a_tone_moves_no_figure_and_breaks_no_day() {
        let mut table = Table::new("t", ["a", "b", "c"]).figures_from(2);
        table.row(["x".into(), "2027-06-30".into(), Cell::toned(Tone::Doubtful, "unknown")]);
        let mut text = String::new();
        put_table(&mut text, &table, false);
        assert!(text.contains("<td class=\"day\">2027-06-30</td><td class=\"doubtful figure\">"), "{text}");
    }

    #[test]
    fn nothing_that_a_name_says_becomes_markup_and_nothing_is_fetched() {
        let evil = "<script>alert(\"x\")</script> & ' http://example.org/";
        let mut table = Table::new(evil, [evil]);
        table.row([Cell::toned(Tone::Bad, evil)]);
        let bar = Bar { name: evil.into(), part: 0.5, shown: evil.into() };
        let mut section = Section::new("one", evil);
        section.list(vec![evil.into()], "");
        section.blocks.push(Block::Code(evil.into()));
        section.blocks.push(Block::Lights(vec![(evil.into(), evil.into(), Tone::Good)]));
        section.blocks.push(Block::Bars(vec![bar], table));
        let trend = Table::new(evil, [evil]);
        section.blocks.push(Block::Trend(vec![(evil.into(), vec![Some(0.2), None])], trend));
        let page = Page {
            language: Language::Fr,
            title: evil.into(),
            subtitle: evil.into(),
            sections: vec![section],
        };
        let html = write(&page);
        assert!(!html.contains("<script") && !html.contains("alert(\"x\")"), "{html}");
        for fetched in ["src=", "href=\"http", "url(", "@import", "<link"] {
            assert!(!html.contains(fetched), "{fetched}: {html}");
        }
    }
}
