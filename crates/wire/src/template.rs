//! Recognising a frame that is like an earlier one but for what a string or two say.
//!
//! **For**: streams. Between the first word and the last, a supplier sends the same event over and over; only the piece
//! of text differs (and some padding, at suppliers that hide the lengths of their pieces). Once one such frame has been
//! scanned, the next need only be compared with it.
//!
//! **Promises**: a match is exact. All bytes outside the strings are the same, and the strings are sound, so the frame
//! has the structure of the one that was scanned: nothing can hide in it. A frame that does not match says nothing; it
//! is scanned.

use std::ops::Range;

use crate::codec::OnlyText;
use crate::{scan, seals};

/// A longer frame is no pattern: the text makes it long, and a stream that nobody reads would hold it twice.
const LONGEST_BYTES: usize = 4 * 1024;

/// One frame, and where its strings may differ.
#[derive(Debug, Default)]
pub(crate) struct Template {
    frame: Vec<u8>,
    /// The inside of the string of generated text; empty as long as nothing was learnt.
    text: Range<usize>,
    /// The inside of a later string that does not matter.
    padding: Option<Range<usize>>,
}

impl Template {
    /// Takes `frame` as the pattern, unless it may hold a proof; where its text is then. The ranges are those of the
    /// strings' insides, in `json`, which is part of `frame`.
    pub(crate) fn learn(
        &mut self,
        frame: &[u8],
        json: &[u8],
        text: &Range<usize>,
        padding: Option<&Range<usize>>,
    ) -> Option<OnlyText> {
        if text.is_empty() || frame.len() > LONGEST_BYTES || seals::may_hold_a_proof(frame) {
            return None;
        }
        // Several data lines were joined elsewhere; such a frame teaches nothing.
        let offset = json.as_ptr().addr().wrapping_sub(frame.as_ptr().addr());
        if frame.get(offset..).is_none_or(|rest| !rest.starts_with(json)) {
            return None;
        }
        let shift = |range: &Range<usize>| range.start + offset..range.end + offset;
        self.frame.clear();
        self.frame.extend_from_slice(frame);
        self.text = shift(text);
        self.padding = padding.filter(|padding| padding.start > text.end).map(shift);
        Some(OnlyText { start: self.text.start, end: self.text.end, is_like_before: false })
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
        if self.text.is_empty() {
            return None;
        }
        let rest = bytes.strip_prefix(&self.frame[..self.text.start])?;
        let (text, mut rest) = string(rest)?;
        let mut kept = self.text.end;
        if let Some(padding) = &self.padding {
            rest = rest.strip_prefix(&self.frame[kept..padding.start])?;
            (_, rest) = string(rest)?;
            kept = padding.end;
        }
        let start = self.text.start;
        let found = OnlyText { start, end: start + text.len(), is_like_before: true };
        let behind = rest.strip_prefix(&self.frame[kept..])?;
        (!text.is_empty()).then_some((found, bytes.len() - behind.len()))
    }
}

/// The inside of the string that `bytes` start in, and what follows it, the closing quote first.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = scan::string_inside(bytes).ok()?;
    if !inside.is_ascii() {
        std::str::from_utf8(inside).ok()?;
    }
    Some((inside, &bytes[inside.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &str = "data: {\"c\":\"word\",\"u\":null,\"p\":\"xx\"}\n\n";

    fn text_bytes(template: &Template, frame: &[u8]) -> Option<usize> {
        template.text(frame).map(|text| text.end - text.start)
    }

    fn learnt(padded: bool) -> Template {
        let mut template = Template::default();
        let json = &FRAME[6..];
        assert_eq!((&json[6..10], &json[26..28]), ("word", "xx"));
        template.learn(FRAME.as_bytes(), json.as_bytes(), &(6..10), padded.then_some(&(26..28)));
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
        template.learn(frame.as_bytes(), &frame.as_bytes()[6..], &(6..10), None);
        assert_eq!(text_bytes(&template, frame.as_bytes()), None);
        // What is only said is no proof.
        let said = FRAME.replace("word", r#"\"signature\":\"x\""#);
        assert_eq!(text_bytes(&learnt(true), said.as_bytes()), Some(19));
    }

    #[test]
    fn what_is_not_inside_the_frame_teaches_nothing() {
        let mut template = Template::default();
        template.learn(FRAME.as_bytes(), b"{\"c\":\"word\"}", &(6..10), None);
        assert_eq!(text_bytes(&template, FRAME.as_bytes()), None);
    }
}
