//! Taking an answer out of the object that it was [wrapped](crate::schema::wrapped) in, as it comes.
//!
//! **Promises**: however the text is cut, the same comes out; what is not so wrapped (a refusal in words, say) comes out as it
//! is; what breaks off inside comes out as far as it came.

use crate::schema::MEMBER;

/// One text on its way out.
#[derive(Debug, Default, Clone)]
pub(super) struct Unwrap {
    state: State,
    /// What came and may yet be the wrapping.
    held: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the value: so many of the tokens have come, and of the name so many letters.
    #[default]
    Start,
    Open,
    Name(usize),
    Named,
    Colon,
    /// In the value: how deep, and whether in a string, and whether behind a backslash there.
    Value {
        depth: u32,
        in_string: bool,
        escaped: bool,
    },
    /// Behind it.
    Behind,
    /// This text is not wrapped.
    Bare,
}

impl Unwrap {
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
        self.state = State::Bare;
        std::mem::take(&mut self.held)
    }

    fn letter(&mut self, letter: char, out: &mut String) {
        match self.state {
            State::Bare => out.push(letter),
            State::Value { .. } | State::Behind => self.inside(letter, out),
            before => {
                self.held.push(letter);
                match before.next(letter) {
                    State::Bare => {
                        out.push_str(&self.end());
                    }
                    State::Value { .. } => {
                        self.held.clear();
                        self.state = State::Value { depth: 0, in_string: false, escaped: false };
                        self.inside(letter, out);
                    }
                    next => self.state = next,
                }
            }
        }
    }

    /// Takes a letter of the value, or what closes its object. More members were not asked for.
    fn inside(&mut self, letter: char, out: &mut String) {
        let State::Value { mut depth, mut in_string, mut escaped } = self.state else { return };
        let mut ends = false;
        match letter {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => {
                in_string = !in_string;
                ends = !in_string && depth == 0;
            }
            _ if in_string => {}
            '{' | '[' => depth += 1,
            '}' | ']' | ',' if depth == 0 => {
                self.state = State::Behind;
                return;
            }
            letter if depth == 0 && letter.is_ascii_whitespace() => {
                self.state = State::Behind;
                return;
            }
            '}' | ']' => {
                depth -= 1;
                ends = depth == 0;
            }
            _ => {}
        }
        out.push(letter);
        self.state = if ends { State::Behind } else { State::Value { depth, in_string, escaped } };
    }
}

impl State {
    /// Where a letter before the value leads.
    fn next(self, letter: char) -> Self {
        match (self, letter) {
            (Self::Start | Self::Open | Self::Named | Self::Colon, letter)
                if letter.is_ascii_whitespace() =>
            {
                self
            }
            (Self::Start, '{') => Self::Open,
            (Self::Open, '"') => Self::Name(0),
            (Self::Name(at), '"') if at == MEMBER.len() => Self::Named,
            (Self::Name(at), letter) if MEMBER[at..].starts_with(letter) => Self::Name(at + 1),
            (Self::Named, ':') => Self::Colon,
            (Self::Colon, _) => Self::Value { depth: 0, in_string: false, escaped: false },
            _ => Self::Bare,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(text: &str) -> String {
        let mut unwrap = Unwrap::default();
        let mut out = unwrap.push(text);
        out += &unwrap.end();
        out
    }

    #[test]
    fn what_is_wrapped_comes_out_and_what_is_not_stays() {
        for (text, expected) in [
            (r#"{"answer":["a","b"]}"#, r#"["a","b"]"#),
            ("\n{ \"answer\" : [ {\"x\": \"}]\\\"\"} ] } \n", "[ {\"x\": \"}]\\\"\"} ]"),
            (r#"{"answer":"a \"b\" {"}"#, r#""a \"b\" {""#),
            (r#"{"answer":12.5}"#, "12.5"),
            ("{\"answer\":null\n}", "null"),
            (r#"{"answer":{"answer":1},"more":[2]}"#, r#"{"answer":1}"#),
            (r#"{"answer":["a","#, r#"["a","#),
            (r#"{"answ"#, r#"{"answ"#),
            (r#"{"answers":[1]}"#, r#"{"answers":[1]}"#),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            ("I cannot help with that.", "I cannot help with that."),
            ("[1]", "[1]"),
            ("", ""),
        ] {
            assert_eq!(whole(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_same_comes_out(
            value in proptest::sample::select(&[
                r#"[{"a":"é\\\" ]}"},[],"x"]"#, r#""a, \"}""#, "-1e5", "true", r#"{"answer":"b"}"#,
            ][..]),
            blank in proptest::sample::select(&["", " ", "\r\n\t"][..]),
            places in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
        ) {
            let text = format!(r#"{blank}{{{blank}"answer"{blank}:{blank}{value}{blank}}}{blank}"#);
            let mut unwrap = Unwrap::default();
            let pieces = crate::conversation::testing::cut(&text, &places);
            let mut out: String = pieces.into_iter().map(|piece| unwrap.push(piece)).collect();
            out += &unwrap.end();
            prop_assert_eq!(out, value);
        }
    }
}
