//! Recognising a frame that is like an earlier one but for what some strings and numbers say, and writing one.
//!
//! **For**: streams. Between the first word and the last, a supplier sends the same event over and over; only the piece
//! of text differs, and with it what is counted: the tokens so far, the event's own number. (And some padding, at suppliers
//! that hide the lengths of their pieces.) Once one such frame has been scanned, the next need only be compared with it; and
//! once one has been written, the next is a copy with another text.
//!
//! **Promises**: a match is exact. All bytes outside the holes are the same, and what fills these is a sound string or a
//! whole number, so the frame has the structure of the one that was scanned: nothing can hide in it. A frame that does not
//! match says nothing; it is scanned.

use std::ops::Range;

use crate::codec::{Counts, OnlyText};
use crate::{json, scan, seals};

/// A longer frame is no pattern: the text makes it long, and a stream that nobody reads would hold it twice.
const LONGEST_BYTES: usize = 4 * 1024;

/// A number of more digits is none of a frame like others: no answer has so many tokens, or events. So each fits in a `u32`.
const MOST_DIGITS: usize = 9;

/// One frame, and where others may differ from it.
#[derive(Debug, Default)]
pub(crate) struct Template {
    frame: Vec<u8>,
    /// In their order, one of them the text; none as long as nothing was learnt.
    holes: Vec<Hole>,
}

/// A place at which frames may differ.
#[derive(Debug, Clone)]
struct Hole {
    at: Range<usize>,
    what: What,
}

/// What stands at such a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The inside of the string of generated text.
    Text,
    /// The inside of a string that means nothing to us.
    Padding,
    /// A whole number: a count, at this place of [`Counts`], or one that means nothing to us.
    Number(Option<u8>),
}

/// Where a frame's JSON differs from others like it, as its reader comes upon these places.
#[derive(Debug, Default)]
pub(crate) struct Holes {
    found: Vec<Hole>,
    says_more: bool,
}

impl Holes {
    /// The inside of a string of generated text. A frame with several of them is no pattern.
    pub(crate) fn text(&mut self, at: Range<usize>) {
        self.found.push(Hole { at, what: What::Text });
    }

    /// The inside of a string that means nothing to us.
    pub(crate) fn padding(&mut self, at: Range<usize>) {
        self.found.push(Hole { at, what: What::Padding });
    }

    /// The `value` that begins at `start`: a count, if it has a place among the [`Counts`], or a number that means nothing to
    /// us. Whether it is a plain number, so that it may be another; else it has to stay as it is.
    pub(crate) fn number(&mut self, start: usize, value: &[u8], place: Option<u8>) -> bool {
        let is_plain = number(value).is_some_and(|(_, rest)| rest.is_empty());
        if is_plain {
            self.found.push(Hole { at: start..start + value.len(), what: What::Number(place) });
        }
        is_plain
    }

    /// Of these, those of text alone: the numbers stay as they are.
    pub(crate) fn of_text(mut self) -> Self {
        self.found.retain(|hole| hole.what == What::Text);
        self
    }

    /// The frame says something else too, so that it is no pattern.
    pub(crate) const fn says_more(&mut self) {
        self.says_more = true;
    }

    /// The holes in their order, by where they stand in what begins `offset` bytes before; `None` where it is no pattern.
    fn in_order(mut self, offset: usize) -> Option<Vec<Hole>> {
        let mut texts = self.found.iter().filter(|hole| hole.what == What::Text);
        if self.says_more || texts.next().is_none_or(|text| text.at.is_empty()) || texts.next().is_some() {
            return None;
        }
        for hole in &mut self.found {
            hole.at = hole.at.start + offset..hole.at.end + offset;
        }
        self.found.sort_unstable_by_key(|hole| hole.at.start);
        Some(self.found)
    }
}

impl Template {
    /// Takes `frame` as the pattern, unless it says more than its text and its counts, or may hold a proof; where its text is
    /// then. The holes are those of `json`, which is part of `frame`.
    pub(crate) fn learn(&mut self, frame: &[u8], json: &[u8], holes: Holes) -> Option<OnlyText> {
        if frame.len() > LONGEST_BYTES {
            return None;
        }
        // Several data lines were joined elsewhere; such a frame teaches nothing.
        let offset = json.as_ptr().addr().wrapping_sub(frame.as_ptr().addr());
        if frame.get(offset..).is_none_or(|rest| !rest.starts_with(json)) {
            return None;
        }
        let holes = holes.in_order(offset)?;
        let text = holes.iter().find(|hole| hole.what == What::Text)?.at.clone();
        if seals::may_hold_a_proof(frame) {
            return None;
        }
        self.frame.clear();
        self.frame.extend_from_slice(frame);
        self.holes = holes;
        Some(OnlyText { start: text.start, end: text.end, is_like_before: false, counts: Counts::default() })
    }

    /// Takes the frame that `written`, of ours, is: for [`write`](Self::write), which leaves all as it is but the text and the
    /// numbers that `holes` finds in its JSON. Learns nothing of what is no single frame with one text.
    pub(crate) fn learn_ours(&mut self, written: &[u8], holes: impl FnOnce(&[u8]) -> Option<Holes>) {
        self.forget();
        // No field's name, nor an event's, has a brace.
        let Some(start) = memchr::memchr(b'{', written) else { return };
        let json = written[start..].trim_ascii_end();
        if let Some(holes) = holes(json) {
            self.learn(written, json, holes);
        }
    }

    /// Knows no pattern any more.
    pub(crate) fn forget(&mut self) {
        self.holes.clear();
    }

    /// The text that the frame carries, if it is of the pattern. Never an empty one: a frame without text is scanned.
    pub(crate) fn text(&self, frame: &[u8]) -> Option<OnlyText> {
        self.begins(frame).filter(|(_, length)| *length == frame.len()).map(|(text, _)| text)
    }

    /// The same for the frame that `bytes` begin with, and its length; `None` where the next byte could belong to it.
    pub(crate) fn text_ahead(&self, bytes: &[u8]) -> Option<(OnlyText, usize)> {
        // Behind a blank line that ends in LF nothing more can.
        self.begins(bytes).filter(|_| self.frame.ends_with(b"\n\n") || self.frame.ends_with(b"\n\r\n"))
    }

    fn begins(&self, bytes: &[u8]) -> Option<(OnlyText, usize)> {
        let mut text = None;
        let mut counts = Counts::default();
        let (mut rest, mut kept) = (bytes, 0);
        for hole in &self.holes {
            rest = rest.strip_prefix(&self.frame[kept..hole.at.start])?;
            kept = hole.at.end;
            match hole.what {
                What::Text => {
                    let start = bytes.len() - rest.len();
                    let inside;
                    (inside, rest) = string(rest)?;
                    text = Some(start..start + inside.len()).filter(|text| !text.is_empty());
                }
                What::Padding => (_, rest) = string(rest)?,
                What::Number(place) => {
                    let count;
                    (count, rest) = number(rest)?;
                    if let Some(place) = place {
                        counts.say(place, count);
                    }
                }
            }
        }
        let text = text?;
        let behind = rest.strip_prefix(&self.frame[kept..])?;
        let found = OnlyText { start: text.start, end: text.end, is_like_before: true, counts };
        Some((found, bytes.len() - behind.len()))
    }

    /// Whether there is a pattern.
    pub(crate) const fn is_learnt(&self) -> bool {
        !self.holes.is_empty()
    }

    /// Appends a frame of the pattern that says `text`, and `number` wherever a number stands that means nothing to us: in a frame
    /// of ours, its own. Nothing where there is no pattern.
    pub(crate) fn write(&self, text: &str, number: u64, out: &mut Vec<u8>) {
        if !self.is_learnt() {
            return;
        }
        let mut kept = 0;
        for hole in &self.holes {
            match hole.what {
                What::Text => {
                    // Written with its quotes.
                    out.extend_from_slice(&self.frame[kept..hole.at.start - 1]);
                    json::write_text(out, text);
                    kept = hole.at.end + 1;
                }
                What::Number(None) => {
                    out.extend_from_slice(&self.frame[kept..hole.at.start]);
                    json::write_number(out, number);
                    kept = hole.at.end;
                }
                What::Padding | What::Number(Some(_)) => {}
            }
        }
        out.extend_from_slice(&self.frame[kept..]);
    }
}

/// The inside of the string that `bytes` start in, and what follows it, the closing quote first.
#[inline]
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = match scan::short_ascii(bytes) {
        Some(length) => length,
        None => long_string(bytes)?,
    };
    Some(bytes.split_at(length))
}

/// The length of the string that `bytes` start in, whatever stands in it.
#[inline(never)]
fn long_string(bytes: &[u8]) -> Option<usize> {
    let inside = scan::string_inside(bytes).ok()?;
    if !inside.is_ascii() {
        std::str::from_utf8(inside).ok()?;
    }
    Some(inside.len())
}

/// The whole number that `bytes` begin with, and what follows it. Whether that goes on with the number (a fraction, an exponent, one
/// digit more than we take) is for the caller to see.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let length = bytes.iter().take(MOST_DIGITS).take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at(length);
    let leads_with_0 = length > 1 && digits[0] == b'0';
    if length == 0 || leads_with_0 {
        return None;
    }
    Some((digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &str = "data: {\"c\":\"word\",\"u\":null,\"p\":\"xx\"}\n\n";

    fn text_bytes(template: &Template, frame: &[u8]) -> Option<usize> {
        template.text(frame).map(|text| text.end - text.start)
    }

    fn text(at: Range<usize>) -> Holes {
        let mut holes = Holes::default();
        holes.text(at);
        holes
    }

    fn learnt(padded: bool) -> Template {
        let mut template = Template::default();
        let json = &FRAME[6..];
        assert_eq!((&json[6..10], &json[26..28]), ("word", "xx"));
        let mut holes = text(6..10);
        if padded {
            holes.padding(26..28);
        }
        template.learn(FRAME.as_bytes(), json.as_bytes(), holes).unwrap();
        template
    }

    #[test]
    fn strings_may_differ_and_nothing_else() {
        let with = |text: &str, padding: &str| FRAME.replace("word", text).replace("xx", padding);
        let template = learnt(true);
        assert_eq!(text_bytes(&template, FRAME.as_bytes()), Some(4));
        assert_eq!(text_bytes(&template, with(r#"\"u\":1 größer"#, "").as_bytes()), Some(16));
        assert_eq!(text_bytes(&learnt(false), with("other", "xx").as_bytes()), Some(5));
        assert_eq!(text_bytes(&learnt(false), with("other", "xxx").as_bytes()), None);
        for other in [
            with("", "xx"),
            with("a\",\"u\":1,\"z\":\"b", "xx"),
            with("a\\", "xx"),
            with("a\nb", "xx"),
            FRAME.replace("null", "1"),
            FRAME.replace("\n\n", "\n"),
            FRAME.replace("\n\n", "\n\n\n"),
            FRAME.replace("data: ", "data:"),
            FRAME[..FRAME.len() - 4].to_owned(),
            String::new(),
        ] {
            assert_eq!(text_bytes(&template, other.as_bytes()), None, "{other}");
        }
        let broken = [&FRAME.as_bytes()[..12], b"\xff", &FRAME.as_bytes()[13..]].concat();
        assert_eq!(text_bytes(&template, &broken), None);
    }

    #[test]
    fn g22_what_may_hold_a_proof_is_no_pattern() {
        let frame = FRAME.replace("\"u\":null", "\"signature\":\"x\"");
        let mut template = Template::default();
        assert_eq!(template.learn(frame.as_bytes(), &frame.as_bytes()[6..], text(6..10)), None);
        assert_eq!(text_bytes(&template, frame.as_bytes()), None);
        // What is only said is no proof.
        let said = FRAME.replace("word", r#"\"signature\":\"x\""#);
        assert_eq!(text_bytes(&learnt(true), said.as_bytes()), Some(19));
    }

    #[test]
    fn what_is_not_inside_the_frame_teaches_nothing() {
        let mut template = Template::default();
        assert_eq!(template.learn(FRAME.as_bytes(), b"{\"c\":\"word\"}", text(6..10)), None);
        assert_eq!(text_bytes(&template, FRAME.as_bytes()), None);
    }

    const COUNTED: &str = "data: {\"n\":7,\"c\":\"word\",\"u\":{\"in\":10,\"out\":3}}\n\n";

    /// The event's own number, the text, and two counts.
    fn counted() -> Template {
        let mut template = Template::default();
        let json = &COUNTED[6..];
        let mut holes = Holes::default();
        let mut number = |value: &str, place| {
            let at = json.find(&format!(":{value}")).unwrap() + 1;
            assert!(holes.number(at, value.as_bytes(), place));
        };
        // In whatever order they are come upon.
        number("3", Some(1));
        number("7", None);
        number("10", Some(0));
        let at = json.find("word").unwrap();
        holes.text(at..at + 4);
        template.learn(COUNTED.as_bytes(), json.as_bytes(), holes).unwrap();
        template
    }

    #[test]
    fn numbers_may_differ_as_far_as_they_are_plain() {
        let template = counted();
        let said =
            |frame: &str| template.text(frame.as_bytes()).map(|text| text.counts.iter().collect::<Vec<_>>());
        let with = |number: &str| COUNTED.replace("\"out\":3", &format!("\"out\":{number}"));
        assert_eq!(said(COUNTED), Some(vec![(0, 10), (1, 3)]));
        assert_eq!(said(&with("0").replace(":7,", ":12345,")), Some(vec![(0, 10), (1, 0)]));
        assert_eq!(said(&with("999999999")), Some(vec![(0, 10), (1, 999_999_999)]));
        for odd in [
            "",
            "-1",
            "+1",
            "1.0",
            "1.",
            "1e3",
            "1E3",
            "03",
            "00",
            "1000000000",
            "18446744073709551616",
            " 1",
            "1 ",
            "null",
            "\"1\"",
            "1,\"out\":2",
            "[1]",
            "{}",
        ] {
            assert_eq!(said(&with(odd)), None, "{odd}");
        }
        assert_eq!(said(&COUNTED.replace(":7,", ":7.5,")), None);
        assert_eq!(said(&COUNTED.replace("\"in\"", "\"ni\"")), None);
    }

    #[test]
    fn only_plain_numbers_are_holes() {
        for (value, is_plain) in [
            ("0", true),
            ("999999999", true),
            ("1000000000", false),
            ("01", false),
            ("1.0", false),
            ("-1", false),
            ("", false),
            ("\"1\"", false),
        ] {
            assert_eq!(Holes::default().number(0, value.as_bytes(), None), is_plain, "{value}");
        }
    }

    #[test]
    fn a_frame_that_says_more_is_no_pattern() {
        let learns = |holes: Holes| {
            Template::default().learn(FRAME.as_bytes(), &FRAME.as_bytes()[6..], holes).is_some()
        };
        assert!(learns(text(6..10)));
        assert!(!learns(text(6..6)), "no text");
        assert!(!learns(Holes::default()), "none at all");
        let mut two = text(6..10);
        two.text(26..28);
        assert!(!learns(two));
        let mut more = text(6..10);
        more.says_more();
        assert!(!learns(more));
        let long = FRAME.replace("xx", &"x".repeat(LONGEST_BYTES));
        assert_eq!(Template::default().learn(long.as_bytes(), &long.as_bytes()[6..], text(6..10)), None);
    }

    #[test]
    fn what_was_forgotten_is_neither_found_nor_written() {
        let mut template = learnt(true);
        template.forget();
        assert_eq!(text_bytes(&template, FRAME.as_bytes()), None);
        let mut out = Vec::new();
        template.write("a", 1, &mut out);
        assert_eq!((out, template.is_learnt()), (Vec::new(), false));
    }

    #[test]
    fn a_frame_is_written_with_its_text_and_its_own_number() {
        let mut out = Vec::new();
        counted().write("a \"b\"\u{2028}", 12, &mut out);
        let written = COUNTED.replace(":7,", ":12,").replace("word", "a \\\"b\\\"\\u2028");
        assert_eq!(String::from_utf8(out).unwrap(), written);
    }
}
