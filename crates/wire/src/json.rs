//! Writing JSON without a tree.
//!
//! **For**: the bodies and events that translation makes.
//!
//! **Promises**: what is written is JSON as long as opened values are closed and raw values are JSON; U+2028 and U+2029
//! are escaped, since some readers of event streams take them for ends of lines. Commas take care of themselves.

use std::io::Write as _;

/// A JSON text in the making.
#[derive(Debug, Default)]
pub(crate) struct Json {
    out: Vec<u8>,
    /// Whether the next name or element follows another one.
    follows: bool,
}

impl Json {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self { out: Vec::with_capacity(512), follows: false }
    }

    /// Goes on behind `out`, which becomes what [`finish`](Self::finish) gives.
    pub(crate) fn behind(out: &mut Vec<u8>) -> Self {
        Self { out: std::mem::take(out), follows: false }
    }

    /// The text.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Opens an object: `{`.
    pub(crate) fn object(&mut self) -> &mut Self {
        self.open(b'{')
    }

    /// Closes it: `}`.
    pub(crate) fn end_object(&mut self) -> &mut Self {
        self.close(b'}')
    }

    /// Opens a list: `[`.
    pub(crate) fn array(&mut self) -> &mut Self {
        self.open(b'[')
    }

    /// Closes it: `]`.
    pub(crate) fn end_array(&mut self) -> &mut Self {
        self.close(b']')
    }

    /// The name of the next member.
    pub(crate) fn key(&mut self, name: &str) -> &mut Self {
        self.comma();
        self.string(name);
        self.out.push(b':');
        self.follows = false;
        self
    }

    /// A string.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.comma();
        self.string(text);
        self.follows = true;
        self
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, json: impl AsRef<[u8]>) -> &mut Self {
        self.comma();
        self.out.extend_from_slice(json.as_ref());
        self.follows = true;
        self
    }

    /// A whole number.
    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.comma();
        write!(self.out, "{number}").expect("a vector takes everything");
        self.follows = true;
        self
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, holds: bool) -> &mut Self {
        self.raw(if holds { "true" } else { "false" })
    }

    /// `null`.
    pub(crate) fn null(&mut self) -> &mut Self {
        self.raw("null")
    }

    /// A string member, if there is one to write.
    pub(crate) fn optional(&mut self, name: &str, text: Option<impl AsRef<str>>) -> &mut Self {
        if let Some(text) = text {
            self.key(name).text(text.as_ref());
        }
        self
    }

    /// A member that is JSON already, if there is one to write.
    pub(crate) fn optional_raw(&mut self, name: &str, json: Option<impl AsRef<[u8]>>) -> &mut Self {
        if let Some(json) = json {
            self.key(name).raw(json);
        }
        self
    }

    fn open(&mut self, bracket: u8) -> &mut Self {
        self.comma();
        self.out.push(bracket);
        self.follows = false;
        self
    }

    fn close(&mut self, bracket: u8) -> &mut Self {
        self.out.push(bracket);
        self.follows = true;
        self
    }

    fn comma(&mut self) {
        if self.follows {
            self.out.push(b',');
        }
    }

    fn string(&mut self, text: &str) {
        self.out.reserve(text.len() + 2);
        // All of it, without leaving early: so it is looked at sixteen bytes at a time.
        if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
            self.out.push(b'"');
            self.out.extend_from_slice(text.as_bytes());
            self.out.push(b'"');
            return;
        }
        let start = self.out.len();
        serde_json::to_writer(&mut self.out, text).expect("a vector takes everything and a string is JSON");
        // Both begin with the same two bytes; most texts have neither.
        if memchr::memmem::find(&self.out[start..], b"\xE2\x80").is_some() {
            let written = String::from_utf8(self.out.split_off(start)).expect("JSON is UTF-8");
            let escaped = written.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
            self.out.extend_from_slice(escaped.as_bytes());
        }
    }
}

/// Whether a byte of a string stands for itself in JSON, and begins none of the characters that are escaped all the same.
const fn is_plain(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\' && byte != 0xE2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn members_and_elements_get_their_commas() {
        let mut json = Json::new();
        json.object().key("a").array().number(1).text("x").null().end_array();
        json.key("b").object().end_object().optional("c", Some("y")).optional("d", None::<&str>);
        json.key("e").boolean(true).optional_raw("f", Some("0.70")).end_object();
        assert_eq!(json.finish(), br#"{"a":[1,"x",null],"b":{},"c":"y","e":true,"f":0.70}"#);
    }

    proptest! {
        #[test]
        fn strings_say_the_same_and_hold_no_end_of_line(text in any::<String>(), odd in "[\u{2028}\u{2029}a\n]{0,9}") {
            let text = text + &odd;
            let mut json = Json::new();
            json.array().text(&text).end_array();
            let written = String::from_utf8(json.finish()).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), json!([text]));
            let ends_line = written.contains(['\n', '\r', '\u{2028}', '\u{2029}']);
            prop_assert!(!ends_line);
        }
    }
}
