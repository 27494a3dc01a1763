//! Taking seals out of a body that goes to a supplier of the client's own protocol.
//!
//! **For**: a conversation in which another supplier has spoken before. What that one alone can read came to the client as
//! a seal ([`Opaque`]), in the place where the protocol has its signatures; whoever is asked now would refuse the whole
//! request for it.
//!
//! **Promises**: whatever holds no seal stays as it was; the rest is what it was but for the blocks whose proof is a seal
//! (or the one member, where the protocol's block stands without it).

use std::ops::Range;

use memchr::{memchr, memmem};

use crate::conversation::{Opaque, SEAL};
use crate::scan::{Kind, ScanError, Scanner};
use crate::splice::Edit;

/// Where a seal can stand: the members that hold signatures and encrypted reasoning in any dialect.
const PROOFS: [&[u8]; 6] = [
    b"signature",
    b"data",
    b"encrypted_content",
    b"thoughtSignature",
    b"thought_signature",
    b"redactedContent",
];

/// Members that may go alone; elsewhere the element of the list goes in which the seal stands.
const ALONE: [&[u8]; 2] = [b"thoughtSignature", b"extra_content"];

/// The edits that take every seal out of `body`; none where there is none.
pub fn without_seals(body: &[u8]) -> Vec<Edit> {
    let mut edits = Vec::new();
    if memmem::find(body, SEAL.as_bytes()).is_none() {
        return edits;
    }
    let walked = Scanner::new(body).and_then(|mut scan| value(&mut scan, &mut edits));
    // What is not JSON is not for us to mend.
    if walked.is_err() {
        edits.clear();
    }
    edits
}

/// Whether the value that starts here holds a seal that has to go with what is around it.
fn value(scan: &mut Scanner<'_>, edits: &mut Vec<Edit>) -> Result<bool, ScanError> {
    match scan.kind()? {
        Kind::Object => object(scan, edits),
        Kind::Array => Ok(!array(scan, edits)?.is_kept),
        _ => scan.skip().map(|()| false),
    }
}

fn object(scan: &mut Scanner<'_>, edits: &mut Vec<Edit>) -> Result<bool, ScanError> {
    let mut parts = Vec::<Part>::new();
    let mut goes = false;
    let open = scan.at();
    scan.object(|scan, name| {
        let before = edits.len();
        // The name's quote is the first one behind the brace or the last value.
        let behind = parts.last().map_or(open + 1, |last| last.range.end);
        let start = behind + memchr(b'"', scan.slice(behind..scan.at())).unwrap_or_default();
        let sealed = if PROOFS.contains(&name) { is_seal(scan)? } else { member(scan, name, edits)? };
        let alone = sealed && ALONE.contains(&name);
        goes |= sealed && !alone;
        if alone {
            edits.truncate(before);
        }
        parts.push(Part { range: start..scan.at(), is_kept: !alone });
        Ok::<_, ScanError>(())
    })?;
    cut(&parts, edits);
    Ok(goes)
}

/// A message of which nothing is left goes too; a list of another name may be empty.
fn member(scan: &mut Scanner<'_>, name: &[u8], edits: &mut Vec<Edit>) -> Result<bool, ScanError> {
    if scan.kind()? == Kind::Array {
        return Ok(!array(scan, edits)?.is_kept && name == b"content");
    }
    value(scan, edits)
}

/// Walks a list; the part that comes back is not kept when nothing of it is left.
fn array(scan: &mut Scanner<'_>, edits: &mut Vec<Edit>) -> Result<Part, ScanError> {
    let mut parts = Vec::new();
    let start = scan.at();
    scan.array(|scan| {
        let before = edits.len();
        scan.kind()?;
        let start = scan.at();
        let goes = value(scan, edits)?;
        if goes {
            edits.truncate(before);
        }
        parts.push(Part { range: start..scan.at(), is_kept: !goes });
        Ok::<_, ScanError>(())
    })?;
    cut(&parts, edits);
    Ok(Part { range: start..scan.at(), is_kept: parts.is_empty() || parts.iter().any(|part| part.is_kept) })
}

fn is_seal(scan: &mut Scanner<'_>) -> Result<bool, ScanError> {
    Ok(scan.text()?.is_some_and(|text| text.starts_with(SEAL) && Opaque::unseal(&text.unescape()).is_some()))
}

/// A member or an element.
struct Part {
    range: Range<usize>,
    is_kept: bool,
}

/// Takes out the parts that are not kept, with the commas that belonged to them.
fn cut(parts: &[Part], edits: &mut Vec<Edit>) {
    let mut at = 0;
    while at < parts.len() {
        if parts[at].is_kept {
            at += 1;
            continue;
        }
        let run = parts[at..].iter().take_while(|part| !part.is_kept).count();
        let (first, last) = (at, at + run - 1);
        let range = match parts.get(last + 1) {
            Some(next) => parts[first].range.start..next.range.start,
            None if first > 0 => parts[first - 1].range.end..parts[last].range.end,
            None => parts[first].range.start..parts[last].range.end,
        };
        edits.push(Edit::replace(range, ""));
        at = last + 1;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use catalogue::Protocol;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::splice;

    fn seal() -> String {
        Opaque::new(Protocol::Gemini, "thought_signature", "x").seal()
    }

    fn cleaned(body: &str) -> String {
        let mut edits = without_seals(body.as_bytes());
        let pieces = splice(&Bytes::copy_from_slice(body.as_bytes()), &mut edits);
        String::from_utf8(pieces.concat()).unwrap()
    }

    #[test]
    fn g22_a_block_of_another_supplier_goes_and_the_rest_stays_to_the_letter() {
        let seal = seal();
        let body = format!(
            r#"{{"messages": [ {{"role":"assistant","content":[{{"type":"thinking","thinking":"t","signature":"{seal}"}} , {{"type":"text","text":"a 0.70"}}]}}, {{"role":"user","content":"{seal}"}} ],"temperature": 0.70}}"#
        );
        let expected = format!(
            r#"{{"messages": [ {{"role":"assistant","content":[{{"type":"text","text":"a 0.70"}}]}}, {{"role":"user","content":"{seal}"}} ],"temperature": 0.70}}"#
        );
        assert_eq!(cleaned(&body), expected, "only where signatures stand");
    }

    #[test]
    fn a_message_of_which_nothing_is_left_goes_too() {
        let seal = seal();
        let body = format!(
            r#"{{"messages":[{{"role":"user","content":"a"}},{{"content":[{{"signature":"{seal}"}}],"role":"assistant"}}]}}"#
        );
        assert_eq!(cleaned(&body), r#"{"messages":[{"role":"user","content":"a"}]}"#);
    }

    #[test]
    fn a_member_that_may_go_alone_does() {
        let seal = seal();
        let gemini = format!(r#"{{"parts":[{{"functionCall":{{}} , "thoughtSignature" : "{seal}"}}]}}"#);
        assert_eq!(cleaned(&gemini), r#"{"parts":[{"functionCall":{}}]}"#);
        let chat = format!(
            r#"{{"tool_calls":[{{"extra_content":{{"google":{{"thought_signature":"{seal}"}}}},"id":"1"}}],"reasoning_details":[{{"data":"{seal}"}}]}}"#
        );
        assert_eq!(cleaned(&chat), r#"{"tool_calls":[{"id":"1"}],"reasoning_details":[]}"#);
    }

    #[test]
    fn a_responses_item_goes_whole() {
        let seal = seal();
        let body = format!(
            r#"{{"input":[{{"type":"reasoning","summary":[],"encrypted_content":"{seal}"}},{{"type":"message"}}]}}"#
        );
        assert_eq!(cleaned(&body), r#"{"input":[{"type":"message"}]}"#);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z\"\\\\]{0,5}".prop_map(Value::from),
            Just(json!({ "signature": seal() })),
            Just(json!({ "thoughtSignature": seal(), "b": 1 })),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::hash_map("content|input|a|b", inner, 0..4)
                    .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_comes_out_is_json_and_a_list_holds_no_seal(value in any_json()) {
            let value = json!([value]);
            let cleaned = cleaned(&value.to_string());
            let read: Value = serde_json::from_str(&cleaned).expect(&cleaned);
            prop_assert!(!read.to_string().contains(SEAL), "{}", cleaned);
            if !value.to_string().contains(SEAL) {
                prop_assert_eq!(read, value);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            without_seals(&[SEAL.as_bytes(), &bytes].concat());
        }
    }
}
