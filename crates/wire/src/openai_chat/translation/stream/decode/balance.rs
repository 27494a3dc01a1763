//! Whether a JSON text that comes in pieces is whole.

/// Follows the brackets of a JSON object or list, piece by piece. What is not JSON is never whole.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that was seen")]
pub(super) struct Balance {
    begun: bool,
    depth: u64,
    in_string: bool,
    escaped: bool,
    spoiled: bool,
}

impl Balance {
    /// Before the first piece.
    pub(super) const fn new() -> Self {
        Self { begun: false, depth: 0, in_string: false, escaped: false, spoiled: false }
    }

    /// Takes the next piece.
    pub(super) fn feed(&mut self, piece: &str) {
        piece.bytes().for_each(|byte| self.byte(byte));
    }

    /// Whether the outermost bracket is closed, and nothing but blanks came behind it.
    pub(super) const fn is_whole(self) -> bool {
        self.begun && self.depth == 0 && !self.spoiled
    }

    const fn byte(&mut self, byte: u8) {
        if self.in_string {
            if self.escaped {
                self.escaped = false;
            } else if byte == b'\\' {
                self.escaped = true;
            } else if byte == b'"' {
                self.in_string = false;
            }
            return;
        }
        match byte {
            b'{' | b'[' if !self.is_whole() => {
                self.begun = true;
                self.depth += 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'"' if self.depth > 0 => self.in_string = true,
            _ if self.depth > 0 => {}
            _ => self.spoiled = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_whole(text: &str) -> bool {
        let mut balance = Balance::new();
        balance.feed(text);
        balance.is_whole()
    }

    #[test]
    fn only_the_last_bracket_makes_it_whole() {
        let whole = r#" {"a":"}\"]","b":[{},[1]],"c":"\\"} "#;
        assert!(is_whole(whole));
        let inside = whole.trim_end();
        assert!((0..inside.len()).all(|end| !is_whole(&inside[..end])));
        let mut by_bytes = Balance::new();
        whole.split_inclusive(|_| true).for_each(|piece| by_bytes.feed(piece));
        assert!(by_bytes.is_whole());
    }

    #[test]
    fn what_is_no_object_or_list_is_never_whole() {
        for text in ["", " ", "1", "\"a\"", "null", "{}1", "{}{}", "1{}", "{}\"\""] {
            assert!(!is_whole(text), "{text}");
        }
    }
}
