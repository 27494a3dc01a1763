//! Text and tables in so many columns of a terminal, as wide as it shows letters.
//!
//! A line breaks between words, but not before a unit or behind an arrow. A table that is wider than the terminal has its
//! cells folded, or, where that is too much, its columns turned into fields below the row's name. What has no place to
//! break, such as an id, is never cut: it may stand out.

mod grid;

use unicode_width::UnicodeWidthStr as _;

pub(crate) use self::grid::Grid;

/// A part of a line and how it is shown; `None` is the space between.
pub(crate) type Piece<T> = (Option<T>, String);

/// How many columns `text` takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// `text` in lines of at most so many columns, at least one.
pub(crate) fn folded(text: &str, columns: usize) -> Vec<String> {
    if width(text) <= columns && !text.contains('\n') {
        return vec![text.to_owned()];
    }
    filled(words(text), columns)
}

/// Pieces of one paragraph in lines; all but the first are set in by `hang`. What fits stays as it is.
pub(crate) fn flowed<T: Copy>(pieces: &[(T, String)], hang: usize, columns: usize) -> Vec<Vec<Piece<T>>> {
    let whole = |(tone, text): &(T, String)| (Some(*tone), text.clone());
    if pieces.iter().map(|(_, text)| width(text)).sum::<usize>() <= columns {
        return vec![pieces.iter().map(whole).collect()];
    }
    let first = pieces.first().map_or("", |(_, text)| text);
    let mut lines = vec![vec![(None, " ".repeat(first.len() - first.trim_start_matches(' ').len()))]];
    let mut used = width(&lines[0][0].1);
    // The spaces between what was and what comes next; at the beginning there is nothing.
    let mut gap = None;
    for (tone, text) in pieces {
        let before = text.len() - text.trim_start_matches(' ').len();
        gap = gap.map(|gap| gap + before);
        for word in words(text) {
            match gap {
                None | Some(0) => {}
                Some(gap) if used + gap + width(&word) > columns => {
                    lines.push(vec![(None, " ".repeat(hang))]);
                    used = hang;
                }
                Some(gap) => {
                    lines.last_mut().expect("there is a first").push((None, " ".repeat(gap)));
                    used += gap;
                }
            }
            used += width(&word);
            lines.last_mut().expect("there is a first").push((Some(*tone), word));
            gap = Some(1);
        }
        gap = gap.map(|_| text.len() - text.trim_end_matches(' ').len());
    }
    lines
}

/// What stays together: words, with their units and arrows.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut leads = false;
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        match words.last_mut() {
            Some(last)
                if leads || is_unit(word) && last.ends_with(|letter: char| letter.is_ascii_digit()) =>
            {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
        leads = ["→", "±", "x"].contains(&word);
    }
    words
}

fn is_unit(word: &str) -> bool {
    let word = word.trim_end_matches([',', ';', '.', ':', ')']);
    let is_currency = word.len() == 3 && word.bytes().all(|letter| letter.is_ascii_uppercase());
    is_currency || ["%", "ms", "s", "min", "h"].contains(&word)
}

fn filled(words: impl IntoIterator<Item = String>, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words {
        let line = lines.last_mut().expect("there is a first");
        if line.is_empty() {
            line.push_str(&word);
        } else if width(line) + 1 + width(&word) > columns {
            lines.push(word);
        } else {
            line.push(' ');
            line.push_str(&word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_not_broken_before_a_unit_nor_behind_an_arrow() {
        assert_eq!(folded("served 100 %\n→ 24.4 %, of all", 12), ["served 100 %", "→ 24.4 %, of", "all"]);
        assert_eq!(folded("cost 1,000.00 EUR", 10), ["cost", "1,000.00 EUR"]);
        assert_eq!(folded("of 100\u{a0}% it", 7), ["of", "100\u{a0}%", "it"], "nor where nothing may break");
        assert_eq!(folded("", 8), [""]);
        assert_eq!(
            folded("an azure-sweden/gpt-5.4-mini here", 8),
            ["an", "azure-sweden/gpt-5.4-mini", "here"]
        );
    }

    #[test]
    fn letters_are_as_wide_as_they_are_shown() {
        assert_eq!(["é", "e\u{301}", "漢", "●"].map(width), [1, 1, 2, 1]);
        assert_eq!(folded("漢字 漢字", 8), ["漢字", "漢字"]);
    }

    #[test]
    fn a_paragraph_in_pieces_keeps_its_tones_and_its_spaces() {
        let pieces = [(1, "  id".to_owned()), (0, "  answered".to_owned()), (2, ", in 3 s".to_owned())];
        let shown = |columns| -> Vec<String> {
            let line = |line: Vec<Piece<i32>>| line.into_iter().map(|(_, text)| text).collect::<String>();
            flowed(&pieces, 4, columns).into_iter().map(line).collect()
        };
        assert_eq!(shown(80), ["  id  answered, in 3 s"], "what fits is left alone");
        assert_eq!(shown(15), ["  id  answered,", "    in 3 s"]);
        let tones: Vec<Option<i32>> =
            flowed(&pieces, 4, 15).concat().into_iter().map(|(tone, _)| tone).collect();
        assert_eq!(tones, [None, Some(1), None, Some(0), Some(2), None, Some(2), None, Some(2)]);
    }
}
