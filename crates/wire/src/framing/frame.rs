//! One frame and what it says.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use memchr::memchr2;

/// One event as it came: for server-sent events a run of lines up to and including a blank one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The exact bytes, terminator included.
    pub raw: Bytes,
    form: Form,
}

/// Where a frame says what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// In the lines of a server-sent event.
    Sse,
    /// In one piece each.
    Whole { event: Range<usize>, data: Range<usize> },
}

impl Frame {
    /// A server-sent event of these bytes. No blank line is asked for: the rest at a stream's end may be read too.
    pub const fn sse(raw: Bytes) -> Self {
        Self { raw, form: Form::Sse }
    }

    /// A frame whose name and data stand in `raw` at these ranges; an empty name is none.
    pub(crate) const fn whole(raw: Bytes, event: Range<usize>, data: Range<usize>) -> Self {
        Self { raw, form: Form::Whole { event, data } }
    }

    /// The event's name (of server-sent events the last `event:` line), if it has one.
    pub fn event(&self) -> Option<&[u8]> {
        if let Form::Whole { event, .. } = &self.form {
            return Some(&self.raw[event.clone()]).filter(|name| !name.is_empty());
        }
        let names = self.fields().filter(|(name, _)| *name == b"event");
        names.last().map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// The event's data (of server-sent events all `data:` lines, joined by LF). Empty when there is none. Borrowed
    /// unless there are several lines.
    pub fn data(&self) -> Cow<'_, [u8]> {
        if let Form::Whole { data, .. } = &self.form {
            return Cow::Borrowed(&self.raw[data.clone()]);
        }
        let mut lines = self.fields().filter(|(name, _)| *name == b"data").map(|(_, value)| value);
        let first = lines.next().unwrap_or_default();
        let Some(second) = lines.next() else { return Cow::Borrowed(first) };
        let mut joined = [first, second].join(&b'\n');
        for line in lines {
            joined.push(b'\n');
            joined.extend_from_slice(line);
        }
        Cow::Owned(joined)
    }

    /// Whether the frame holds nothing at all: comments and blank lines, a sign of life and nothing else.
    pub fn is_comment_only(&self) -> bool {
        self.form == Form::Sse && self.fields().next().is_none()
    }

    /// Name and value of each line that is neither blank nor a comment.
    fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        // A byte-order mark may open the stream; elsewhere it could only spoil a field nobody knows.
        let lines = self.raw.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.raw);
        Lines(lines).filter(|line| !line.is_empty() && line[0] != b':').map(field)
    }
}

/// Name and value of a line; one space after the colon is not part of the value.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = memchr::memchr(b':', line) else { return (line, b"") };
    let value = &line[colon + 1..];
    (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
}

/// Lines without their ends. (CRLF shows as a line and a blank one, which every reader here passes over.)
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let end = memchr2(b'\n', b'\r', self.0);
        let line = &self.0[..end.unwrap_or(self.0.len())];
        self.0 = end.map_or(&[], |end| &self.0[end + 1..]);
        Some(line)
    }
}
