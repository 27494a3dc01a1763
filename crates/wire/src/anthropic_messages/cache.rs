//! Cache marks: `cache_control`, read, written, and taken out of blocks and tools that are carried whole.
//!
//! Source: `cache_control_ephemeral_param.py` of the official Python SDK, anthropic 2.12.0, read 2026-11-28.

use std::borrow::Cow;
use std::ops::Range;

use super::fault::Fault;
use super::losses::Losses;
use super::members::Members;
use crate::conversation::CacheMark;
use crate::json::Json;
use crate::scan::{Kind, ScanError, Scanner};

/// The member's name.
pub(super) const NAME: &str = "cache_control";

/// The mark in `members`, taken out of them.
pub(super) fn taken(members: &mut Members<'_>, losses: &mut Losses) -> Result<Option<CacheMark>, Fault> {
    members.take(NAME).map(|mut value| read(&mut value, losses)).transpose()
}

/// The mark that starts here.
fn read(scan: &mut Scanner<'_>, losses: &mut Losses) -> Result<CacheMark, Fault> {
    let within = |fault: Fault| fault.within(|| NAME.to_owned());
    let mut members = Members::read(scan, &["type", "ttl"]).map_err(within)?;
    members.text("type").map_err(within)?;
    let ttl = members.text("ttl").map_err(within)?;
    members.rest(losses, NAME)?;
    Ok(match ttl {
        Some(ttl) if ttl.is("1h") => CacheMark::Hour,
        Some(ttl) if !ttl.is("5m") => {
            losses.add("cache_control.ttl", "a lifetime that is not known here: the shortest is taken");
            CacheMark::Short
        }
        _ => CacheMark::Short,
    })
}

/// Writes a mark as a member, if there is one.
pub(super) fn write(json: &mut Json, mark: Option<CacheMark>) {
    if let Some(mark) = mark {
        json.key(NAME).raw(text(mark));
    }
}

const fn text(mark: CacheMark) -> &'static str {
    match mark {
        CacheMark::Short => r#"{"type":"ephemeral"}"#,
        CacheMark::Hour => r#"{"type":"ephemeral","ttl":"1h"}"#,
    }
}

/// An object that is carried whole, without its mark.
#[derive(Debug)]
pub(super) struct Carried<'a> {
    /// The object; as it came where it had no mark.
    json: Cow<'a, [u8]>,
    /// The mark that stood in it.
    pub(super) mark: Option<CacheMark>,
}

impl<'a> Carried<'a> {
    /// Takes `json` apart; `None` where it is not one JSON object. What is carried may have been in a client's hands, and
    /// whatever stands behind the object would become part of what it is put into.
    pub(super) fn new(json: &'a str, losses: &mut Losses) -> Option<Self> {
        let json = json.trim_ascii().as_bytes();
        let mut scan = Scanner::new(json).ok()?;
        if scan.kind().ok()? != Kind::Object {
            return None;
        }
        let mut cuts = Vec::new();
        let mut mark = None;
        // Where the last member ended, or the object began.
        let mut ended = scan.at() + 1;
        let mut is_first = true;
        scan.object(|scan, name| {
            let range = scan.range()?;
            if name == NAME.as_bytes() {
                mark = match scan.again(range.clone()).kind()? {
                    Kind::Null => None,
                    _ => read(&mut scan.again(range.clone()), losses).ok(),
                };
                cuts.push((ended..range.end, is_first));
            } else {
                is_first = false;
            }
            ended = range.end;
            Ok::<_, ScanError>(())
        })
        .ok()?;
        scan.end().ok()?;
        Some(Self { json: without(json, &cuts), mark })
    }

    /// The object without a mark.
    pub(super) fn plain(&self) -> &[u8] {
        &self.json
    }

    /// Writes the object, with `mark` in it.
    pub(super) fn write(&self, json: &mut Json, mark: Option<CacheMark>) {
        let Some(mark) = mark else {
            json.raw(&self.json);
            return;
        };
        let inside = self.json[1..self.json.len() - 1].trim_ascii();
        let comma = if inside.is_empty() { "" } else { "," };
        let marked =
            [b"{", inside, comma.as_bytes(), b"\"", NAME.as_bytes(), b"\":", text(mark).as_bytes(), b"}"];
        json.raw(marked.concat());
    }
}

fn without<'a>(json: &'a [u8], cuts: &[(Range<usize>, bool)]) -> Cow<'a, [u8]> {
    if cuts.is_empty() {
        return Cow::Borrowed(json);
    }
    let mut kept = Vec::with_capacity(json.len());
    let mut at = 0;
    for (cut, is_first) in cuts {
        // Two cuts in a row share a comma, which is gone by now.
        kept.extend_from_slice(json.get(at..cut.start).unwrap_or_default());
        at = cut.end;
        // The comma before a member goes with it; the first has one behind it.
        let rest = &json[at..];
        let blank = rest.len() - rest.trim_ascii_start().len();
        if *is_first && rest.get(blank) == Some(&b',') {
            at += blank + 1;
        }
    }
    kept.extend_from_slice(&json[at..]);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(json: &str, mark: Option<CacheMark>) -> Option<(String, Option<CacheMark>)> {
        let carried = Carried::new(json, &mut Losses::default())?;
        let mut out = Json::new();
        carried.write(&mut out, mark);
        Some((String::from_utf8(out.finish()).unwrap(), carried.mark))
    }

    #[test]
    fn a_mark_is_taken_out_and_put_in_and_nothing_else_changes() {
        for (json, plain, was) in [
            (r#"{"a": 1.50, "b":[ ]}"#, r#"{"a": 1.50, "b":[ ]}"#, None),
            (r#"{"cache_control":{"type":"ephemeral"}}"#, "{}", Some(CacheMark::Short)),
            (r#"{"cache_control":{"ttl":"1h"} , "a":1}"#, r#"{ "a":1}"#, Some(CacheMark::Hour)),
            (r#"{"a":1 , "cache_control":{"ttl":"5m"} }"#, r#"{"a":1 }"#, Some(CacheMark::Short)),
            (r#"{"a":1,"cache_control":null,"b":2}"#, r#"{"a":1,"b":2}"#, None),
            (
                r#" {"cache_control":null,"cache_control":{"ttl":"1h"},"b":2}"#,
                r#"{"b":2}"#,
                Some(CacheMark::Hour),
            ),
        ] {
            assert_eq!(written(json, None), Some((plain.to_owned(), was)), "{json}");
            let (marked, _) = written(json, Some(CacheMark::Hour)).unwrap();
            assert_eq!(written(&marked, None).unwrap().1, Some(CacheMark::Hour), "{marked}");
        }
    }

    #[test]
    fn what_is_not_one_object_is_not_carried() {
        for json in ["", "[]", "{}{}", r#"{"a":1}],"model":"dear""#, r#"{"a":1"#, "\"x\""] {
            assert_eq!(written(json, None), None, "{json}");
        }
    }
}
