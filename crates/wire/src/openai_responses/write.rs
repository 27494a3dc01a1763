//! What is written alike in several places: the line of an event.

/// Appends JSON as one line. Schemas are said back as the client wrote them, and may hold ends of lines: in JSON those of
/// ASCII stand between values alone, the others in strings alone.
pub(super) fn append_line(out: &mut Vec<u8>, json: &[u8]) {
    let start = out.len();
    out.extend_from_slice(json);
    let line = &mut out[start..];
    if memchr::memchr2(b'\n', b'\r', line).is_some() {
        line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    }
    if memchr::memmem::find(line, b"\xE2\x80").is_none() {
        return;
    }
    let written = out.split_off(start);
    let mut rest = written.as_slice();
    while let Some(at) = memchr::memmem::find(rest, b"\xE2\x80") {
        out.extend_from_slice(&rest[..at]);
        let (escaped, length) = match rest.get(at + 2) {
            Some(0xA8) => (&b"\\u2028"[..], 3),
            Some(0xA9) => (&b"\\u2029"[..], 3),
            _ => (&rest[at..at + 2], 2),
        };
        out.extend_from_slice(escaped);
        rest = &rest[at + length..];
    }
    out.extend_from_slice(rest);
}
