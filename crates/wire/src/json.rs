//! Writing JSON without a tree.
//!
//! **For**: the bodies and events that translation makes.
//!
//! **Promises**: what is written is JSON as long as opened values are closed and raw values are JSON; U+2028 and U+2029
//! are escaped, since some readers of event streams take them for ends of lines. Commas take care of themselves.

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
        write_text(&mut self.out, name);
        self.out.push(b':');
        self.follows = false;
        self
    }

    /// A string.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.comma();
        write_text(&mut self.out, text);
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
        write_number(&mut self.out, number);
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
}

/// Writes a whole number.
pub(crate) fn write_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Writes a string, as [`Json`] does.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    if is_plain(text.as_bytes()) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        write_escaped(out, text);
    }
}

#[inline(never)]
fn write_escaped(out: &mut Vec<u8>, text: &str) {
    let start = out.len();
    serde_json::to_writer(&mut *out, text).expect("a vector takes everything and a string is JSON");
    // Both begin with the same two bytes; most texts have neither.
    if memchr::memmem::find(&out[start..], b"\xE2\x80").is_some() {
        let written = String::from_utf8(out.split_off(start)).expect("JSON is UTF-8");
        let escaped = written.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
        out.extend_from_slice(escaped.as_bytes());
    }
}

/// Whether a string stands in JSON as it is: nothing in it is escaped, nor may be one of the ends of lines that are escaped all
/// the same (all that begins like them counts).
#[inline]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    // Most strings are short; parts of a word may overlap.
    match (text.first_chunk(), text.last_chunk(), text) {
        (_, _, []) => true,
        (Some(first), Some(last), _) if text.len() <= 8 => {
            let word = u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
            is_plain_word(word)
        }
        (None, ..) => {
            let [first, middle, last] = [0, text.len() / 2, text.len() - 1].map(|at| text[at]);
            is_plain_word(u64::from_le_bytes([first, middle, last, b' ', b' ', b' ', b' ', b' ']))
        }
        _ => is_long_plain(text),
    }
}

/// The same for more than eight bytes: in blocks that the compiler turns into vector instructions, then in words.
#[inline(never)]
fn is_long_plain(text: &[u8]) -> bool {
    let (blocks, rest) = text.as_chunks::<32>();
    let (words, _) = rest.as_chunks::<8>();
    blocks.iter().all(|block| escaped(block) == 0)
        && words.iter().chain(text.last_chunk()).all(|word| is_plain_word(u64::from_le_bytes(*word)))
}

/// Not 0 when a byte does not stand for itself. Without a branch, which is what makes it quick.
#[inline]
fn escaped(bytes: &[u8; 32]) -> u8 {
    // Flipping one bit puts the quote (0x22) next to the control characters and takes the space (0x20) out of the way.
    let is_escaped = |byte: u8| {
        u8::from((byte ^ 0x02) < 0x21) | u8::from(byte == b'\\') | u8::from(byte == FIRST_OF_LINE_ENDS)
    };
    bytes.iter().fold(0, |found, byte| found | is_escaped(*byte))
}

/// The same for eight bytes at once.
#[inline]
const fn is_plain_word(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // Each is exact as to whether there is such a byte, not as to where.
    let control_or_quote = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21) & !word;
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES) & !word;
    let line_end = word ^ (ONES * FIRST_OF_LINE_ENDS as u64);
    let line_end = line_end.wrapping_sub(ONES) & !line_end;
    (control_or_quote | backslash | line_end) & HIGHS == 0
}

/// U+2028 and U+2029 begin so.
const FIRST_OF_LINE_ENDS: u8 = 0xE2;

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

    #[test]
    fn every_byte_at_every_place_is_looked_at() {
        for length in (1..18).chain([31, 32, 33, 45, 64, 65]) {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = vec![b'a'; length];
                    text[at] = byte;
                    let plain = byte >= b' ' && !matches!(byte, b'"' | b'\\' | 0xE2);
                    assert_eq!(is_plain(&text), plain, "{byte} at {at} of {length}");
                }
            }
        }
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
