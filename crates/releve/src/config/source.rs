//! The text of a configuration file: where an offset lies in it, and a copy that may be shown.

use std::ops::Range;

use super::masking;

/// A configuration file as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The path as the person wrote it.
    pub(crate) name: String,
    text: String,
}

/// Where something stands, as editors count: from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Source {
    pub(crate) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The whole text. May hold a key that somebody wrote into it by mistake: parse it, never print it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The text with everything hidden that looks like a secret, and `secrets` in any case. Offsets stay.
    pub(crate) fn shown(&self, secrets: impl Iterator<Item = Range<usize>>) -> String {
        masking::masked(&self.text, secrets)
    }

    /// The text for those who have no business with the file: its comments are hidden as well. Offsets stay.
    pub(crate) fn quotable(&self) -> String {
        self.shown(masking::comments(&self.text).into_iter())
    }

    /// Line and column of a byte offset.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// The offsets of the line that holds `offset`, without its end.
    pub(crate) fn line_around(&self, offset: usize) -> Range<usize> {
        let offset = self.text.floor_char_boundary(offset);
        let start = self.text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.text[offset..].find('\n').map_or(self.text.len(), |length| offset + length);
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one_and_in_characters() {
        let source = Source::new("f", "a = 1\ncafé = 2\n");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position("a = 1\ncafé".len()), Position { line: 2, column: 5 });
        assert_eq!(source.position(9_999), Position { line: 3, column: 1 });
        assert_eq!(source.line_around(8), 6..15);
    }
}
