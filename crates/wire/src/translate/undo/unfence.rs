//! Taking an answer out of the code fence that models like to put JSON into, as it comes.
//!
//! **For**: answers that words alone held to JSON, which is in no fence where a supplier has a form for it.
//!
//! **Promises**: however the text is cut, the same comes out. Nothing changes in a text that does not begin with a fence and JSON
//! behind it; and of one that does nothing goes but its fence, and the blanks around that.

/// One text on its way out.
#[derive(Debug, Default, Clone)]
pub(super) struct Unfence {
    state: State,
    /// What came and may yet be the fence.
    held: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the value: blanks, and so many of the fence's marks.
    #[default]
    Start,
    Marks(usize),
    /// In the word behind it, which is the language's.
    Word,
    /// Behind that.
    Behind,
    /// Inside. What is held is blanks and marks: what closes the fence, if nothing follows.
    Inside,
    /// This text is in no fence.
    Bare,
}

const MARK: char = '`';
const FENCE: &str = "```";

impl Unfence {
    /// What there is to say once `text` has come.
    pub(super) fn push(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for letter in text.chars() {
            self.letter(letter, &mut out);
        }
        out
    }

    /// What there is to say once no more comes.
    pub(super) fn end(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        if self.state == State::Inside && held.trim() == FENCE { String::new() } else { held }
    }

    /// Whether this text is known to be in no fence.
    pub(super) fn is_off(&self) -> bool {
        self.state == State::Bare
    }

    fn letter(&mut self, letter: char, out: &mut String) {
        match self.state {
            State::Bare => out.push(letter),
            State::Inside => {
                // More behind a closed fence is no end of it.
                let may_close = letter.is_whitespace() || (letter == MARK && !self.held.ends_with(FENCE));
                if may_close {
                    self.held.push(letter);
                } else {
                    out.push_str(&std::mem::take(&mut self.held));
                    out.push(letter);
                }
            }
            before => {
                self.state = before.next(letter);
                match self.state {
                    State::Inside => {
                        self.held.clear();
                        out.push(letter);
                    }
                    State::Bare => {
                        out.push_str(&std::mem::take(&mut self.held));
                        out.push(letter);
                    }
                    _ => self.held.push(letter),
                }
            }
        }
    }
}

impl State {
    /// Where a letter before the value leads.
    fn next(self, letter: char) -> Self {
        match (self, letter) {
            (Self::Start, letter) if letter.is_whitespace() => Self::Start,
            (Self::Start, MARK) => Self::Marks(1),
            (Self::Marks(count), MARK) if count < FENCE.len() => Self::Marks(count + 1),
            (Self::Marks(count), _) if count < FENCE.len() => Self::Bare,
            (Self::Marks(_) | Self::Word | Self::Behind, '{' | '[') => Self::Inside,
            (Self::Marks(_) | Self::Word | Self::Behind, letter) if letter.is_whitespace() => Self::Behind,
            (Self::Marks(_) | Self::Word, letter) if letter.is_ascii_alphanumeric() => Self::Word,
            _ => Self::Bare,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(text: &str) -> String {
        let mut unfence = Unfence::default();
        let mut out = unfence.push(text);
        out += &unfence.end();
        out
    }

    #[test]
    fn a_fence_around_json_goes_and_nothing_else() {
        for (text, expected) in [
            ("```json\n{\"a\": 1}\n```", r#"{"a": 1}"#),
            ("\n```JSON\r\n[1, 2]\r\n```\n", "[1, 2]"),
            ("```{\"a\":1}```", r#"{"a":1}"#),
            ("```json\n{\"a\":\"```\"}\n```\n", r#"{"a":"```"}"#),
            ("```json\n{\"a\":\"\\n```\\n\"}\n```", r#"{"a":"\n```\n"}"#),
            ("```json\n{\"a\":1}\n```\nThat is all.", "{\"a\":1}\n```\nThat is all."),
            ("```json\n{\"a\":1}\n````", "{\"a\":1}\n````"),
            ("```json\n{\"a\":1}\n\n", "{\"a\":1}\n\n"),
            ("```json\n{\"a\":", "{\"a\":"),
            ("```json\n{\"a\":1}\n``", "{\"a\":1}\n``"),
        ] {
            assert_eq!(whole(text), expected, "{text}");
        }
        for same in [
            "",
            " ",
            "{\"a\":1}",
            "{\"a\":\"```json\"}\n```",
            "Here:\n```json\n{}\n```",
            "```json\n```",
            "```json",
            "``",
            "````json\n{}\n````",
            "```json\nnull\n```",
            "```text\nwords\n```",
            "`{}`",
            "I cannot help with that.",
        ] {
            assert_eq!(whole(same), same);
        }
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_same_comes_out(
            text in "(`{2,4}(json)?[ \n]{0,2})?[{\\[a\"` \n]{0,12}(\n?`{2,4}[ \n]{0,2})?",
            places in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
        ) {
            let mut unfence = Unfence::default();
            let pieces = crate::conversation::testing::cut(&text, &places);
            let mut out: String = pieces.into_iter().map(|piece| unfence.push(piece)).collect();
            out += &unfence.end();
            prop_assert_eq!(&out, &whole(&text));
            // What is taken is at its ends.
            prop_assert!(text.contains(&out));
        }
    }
}
