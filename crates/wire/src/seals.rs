//! Taking what another supplier signed or encrypted out of a body that goes to a supplier of the client's own protocol.
//!
//! **For**: a conversation in which another supplier has spoken before. What that one alone can read came to the client as
//! a seal ([`Opaque`]) where it spoke another protocol, and as it is where it spoke the same; whoever is asked now would
//! refuse the whole request for it.
//!
//! **Promises**: all stays as it was but for the blocks whose proof goes (or the one member, where the protocol's block
//! stands without it; or its value, where the protocol has one for a call that somebody else made).

use std::ops::Range;
use std::sync::LazyLock;

use memchr::{memchr, memmem};

use crate::anthropic_messages::OURS;
use crate::conversation::{Opaque, SEAL, SEAL_IN_BASE64};
use crate::gemini::SIGNATURE_BYPASS;
use crate::scan::{Kind, ScanError, Scanner, Text};
use crate::splice::Edit;

/// The members that hold signatures and encrypted reasoning in any dialect.
const PROOFS: [&[u8]; 5] =
    [b"signature", b"encrypted_content", b"thoughtSignature", b"thought_signature", b"redactedContent"];

/// The member that holds them in blocks of these types, and pictures and sound in others.
const DATA: &[u8] = b"data";
const DATA_IS_PROOF: [&str; 2] = ["redacted_thinking", "reasoning.encrypted"];

/// Members below the top whose inside is the client's own: what tools are called with and answer, and schemas.
const NOT_OURS: [&[u8]; 8] =
    [b"input", b"args", b"arguments", b"response", b"json", b"parameters", b"input_schema", b"schema"];

/// The member of a Gemini part that calls a function: from Gemini 3 on refused without a signature.
const CALL: &[u8] = b"functionCall";

/// Members that may go alone; elsewhere the element of the list goes in which the seal stands.
const ALONE: [&[u8]; 2] = [b"thoughtSignature", b"extra_content"];

/// The members that hold the ids of searches, by which those are known that were made elsewhere: nobody takes them back.
const IDS: [&[u8]; 2] = [b"id", b"tool_use_id"];

/// What every place bears that can hold a proof: to pass over most bodies and events without reading them.
const MARKS: [&str; 3] = ["ignature", "encrypted", "redacted"];

/// The edits that take every seal out of `body`; none where there is none.
pub fn without_seals(body: &[u8]) -> Vec<Edit> {
    edits(body, &mut |_, text| is_seal(text))
}

/// The edits that take every signature and all encrypted reasoning out of `body`, whoever made it.
pub fn without_proofs(body: &[u8]) -> Vec<Edit> {
    edits(body, &mut |_, text| !text.raw.is_empty())
}

/// The edits that take out every seal, and of the other proofs those of which `is_foreign` says so, by where each stands
/// and what it is.
pub fn without_foreign_proofs(body: &[u8], is_foreign: impl Fn(usize, &[u8]) -> bool) -> Vec<Edit> {
    edits(body, &mut |at, text| {
        is_seal(text) || (!text.raw.is_empty() && is_foreign(at, text.unescape().as_bytes()))
    })
}

/// Shows `see` each signature and all encrypted reasoning in `json`: a body, an answer, or an event of one. `bytes` is what
/// that came in.
pub fn proofs<T: AsRef<[u8]>>(bytes: &[u8], json: impl FnOnce() -> T, mut see: impl FnMut(&[u8])) {
    if may_hold_a_proof(bytes) {
        edits(json().as_ref(), &mut |_, text| {
            if !text.raw.is_empty() && !is_seal(text) {
                see(text.unescape().as_bytes());
            }
            false
        });
    }
}

/// Whether `name` is that of a member that holds proofs, or of a type whose `data` is one.
#[inline]
pub(crate) fn is_proofs_name(name: &[u8]) -> bool {
    // Of every string of every body, so the length first.
    (9..=19).contains(&name.len())
        && (PROOFS.contains(&name) || DATA_IS_PROOF.iter().any(|kind| kind.as_bytes() == name))
}

/// Whether there can be a proof in `bytes`, a body or a part of one.
pub(crate) fn may_hold_a_proof(bytes: &[u8]) -> bool {
    static FINDERS: LazyLock<[memmem::Finder<'static>; 3]> = LazyLock::new(|| MARKS.map(memmem::Finder::new));
    FINDERS.iter().any(|mark| mark.find(bytes).is_some())
}

/// What is bytes to the SDKs of a protocol holds a seal in base64.
fn is_seal(text: &Text<'_>) -> bool {
    (text.starts_with(SEAL) && Opaque::unseal(&text.unescape()).is_some())
        || (text.starts_with(SEAL_IN_BASE64) && Opaque::unseal_base64(&text.unescape()).is_some())
}

/// Whether a proof goes, by where it stands and what it is.
type Goes<'a> = &'a mut dyn FnMut(usize, &Text<'_>) -> bool;

fn edits(body: &[u8], goes: Goes<'_>) -> Vec<Edit> {
    let mut walk = Walk { goes, edits: Vec::new(), depth: 0 };
    let walked = Scanner::new(body).and_then(|mut scan| walk.value(&mut scan));
    // What is not JSON is not for us to mend.
    if walked.is_ok() { walk.edits } else { Vec::new() }
}

struct Walk<'a> {
    goes: Goes<'a>,
    edits: Vec<Edit>,
    depth: u32,
}

impl Walk<'_> {
    /// Whether the value that starts here holds a proof that has to go with what is around it.
    fn value(&mut self, scan: &mut Scanner<'_>) -> Result<bool, ScanError> {
        match scan.kind()? {
            Kind::Object => self.object(scan),
            Kind::Array => Ok(!self.array(scan)?.is_kept),
            _ => scan.skip().map(|()| false),
        }
    }

    fn object(&mut self, scan: &mut Scanner<'_>) -> Result<bool, ScanError> {
        let mut parts = Vec::<Part>::new();
        let (mut goes, mut holds_data, mut data_is_proof) = (false, false, false);
        let (mut is_call, mut of_call) = (false, None);
        let open = scan.at();
        self.depth += 1;
        scan.object(|scan, name| {
            let before = self.edits.len();
            // The name's quote is the first one behind the brace or the last value.
            let behind = parts.last().map_or(open + 1, |last| last.range.end);
            let start = behind + memchr(b'"', scan.slice(behind..scan.at())).unwrap_or_default();
            is_call |= name == CALL;
            let found = if PROOFS.contains(&name) {
                scan.kind()?;
                let value = scan.at();
                let found = self.is_proof(scan)?;
                if found && name == ALONE[0] {
                    of_call = Some((parts.len(), value..scan.at()));
                }
                found
            } else if name == DATA {
                holds_data = self.is_proof(scan)?;
                false
            } else if IDS.contains(&name) {
                scan.text()?.is_some_and(|id| id.starts_with(OURS))
            } else if name == b"type" {
                data_is_proof = scan.text()?.is_some_and(|kind| DATA_IS_PROOF.iter().any(|one| kind.is(one)));
                false
            } else {
                self.member(scan, name)?
            };
            let alone = found && ALONE.contains(&name);
            goes |= found && !alone;
            if alone {
                self.edits.truncate(before);
            }
            parts.push(Part { range: start..scan.at(), is_kept: !alone });
            Ok::<_, ScanError>(())
        })?;
        self.depth -= 1;
        if let Some((place, value)) = of_call.filter(|_| is_call) {
            parts[place].is_kept = true;
            self.edits.push(Edit::replace_string(value, SIGNATURE_BYPASS));
        }
        cut(&parts, &mut self.edits);
        Ok(goes || (holds_data && data_is_proof))
    }

    /// A message of which nothing is left goes too; a list of another name may be empty.
    fn member(&mut self, scan: &mut Scanner<'_>, name: &[u8]) -> Result<bool, ScanError> {
        if self.depth > 1 && NOT_OURS.contains(&name) {
            return scan.skip().map(|()| false);
        }
        if scan.kind()? == Kind::Array {
            return Ok(!self.array(scan)?.is_kept && name == b"content");
        }
        self.value(scan)
    }

    /// Walks a list; the part that comes back is not kept when nothing of it is left.
    fn array(&mut self, scan: &mut Scanner<'_>) -> Result<Part, ScanError> {
        let mut parts = Vec::new();
        let start = scan.at();
        scan.array(|scan| {
            let before = self.edits.len();
            scan.kind()?;
            let start = scan.at();
            let goes = self.value(scan)?;
            if goes {
                self.edits.truncate(before);
            }
            parts.push(Part { range: start..scan.at(), is_kept: !goes });
            Ok::<_, ScanError>(())
        })?;
        cut(&parts, &mut self.edits);
        let is_kept = parts.is_empty() || parts.iter().any(|part| part.is_kept);
        Ok(Part { range: start..scan.at(), is_kept })
    }

    fn is_proof(&mut self, scan: &mut Scanner<'_>) -> Result<bool, ScanError> {
        scan.kind()?;
        let at = scan.at();
        Ok(scan.text()?.is_some_and(|text| (self.goes)(at, &text)))
    }
}

/// A member or an element.
pub(crate) struct Part {
    pub(crate) range: Range<usize>,
    pub(crate) is_kept: bool,
}

/// Takes out the parts that are not kept, with the commas that belonged to them.
pub(crate) fn cut(parts: &[Part], edits: &mut Vec<Edit>) {
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
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
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
        assert_eq!(
            cleaned(&gemini),
            r#"{"parts":[{"functionCall":{} , "thoughtSignature" : "skip_thought_signature_validator"}]}"#
        );
        let text = format!(r#"{{"parts":[{{"text":"a" , "thoughtSignature" : "{seal}"}}]}}"#);
        assert_eq!(cleaned(&text), r#"{"parts":[{"text":"a"}]}"#);
        let chat = format!(
            r#"{{"tool_calls":[{{"extra_content":{{"google":{{"thought_signature":"{seal}"}}}},"id":"1"}}],"reasoning_details":[{{"data":"{seal}","type":"reasoning.encrypted"}}]}}"#
        );
        assert_eq!(cleaned(&chat), r#"{"tool_calls":[{"id":"1"}],"reasoning_details":[]}"#);
    }

    #[test]
    fn g22_a_seal_is_seen_in_base64_too() {
        let seal = Opaque::new(Protocol::OpenaiResponses, "encrypted_content", "?>?>\u{f6}").seal();
        for packed in [STANDARD.encode(&seal), URL_SAFE.encode(&seal)] {
            let converse = format!(
                r#"{{"messages":[{{"content":[{{"reasoningContent":{{"redactedContent":"{packed}"}}}},{{"text":"{packed}"}}]}}]}}"#
            );
            let expected = format!(r#"{{"messages":[{{"content":[{{"text":"{packed}"}}]}}]}}"#);
            assert_eq!(cleaned(&converse), expected);
            let gemini = format!(r#"{{"parts":[{{"text":"a","thoughtSignature":"{packed}"}}]}}"#);
            assert_eq!(cleaned(&gemini), r#"{"parts":[{"text":"a"}]}"#);
        }
        let own = r#"{"reasoningContent":{"redactedContent":"cmx2MS5hbmQgbm8gc2VhbA=="}}"#;
        assert_eq!(cleaned(own), own);
    }

    #[test]
    fn a_responses_item_goes_whole() {
        let seal = seal();
        let body = format!(
            r#"{{"input":[{{"type":"reasoning","summary":[],"encrypted_content":"{seal}"}},{{"type":"message"}}]}}"#
        );
        assert_eq!(cleaned(&body), r#"{"input":[{"type":"message"}]}"#);
    }

    #[test]
    fn g22_all_proofs_go_where_somebody_refuses_them_and_nothing_that_only_looks_like_one() {
        let body = r#"{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"sig"},{"type":"redacted_thinking","data":"x"},{"type":"tool_use","id":"1","input":{"signature":"kept","encrypted_content":"kept"}},{"type":"image","source":{"type":"base64","data":"kept"}}]}]}"#;
        let mut edits = without_proofs(body.as_bytes());
        let left =
            String::from_utf8(splice(&Bytes::from_static(body.as_bytes()), &mut edits).concat()).unwrap();
        let expected = r#"{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"1","input":{"signature":"kept","encrypted_content":"kept"}},{"type":"image","source":{"type":"base64","data":"kept"}}]}]}"#;
        assert_eq!(left, expected);
        assert_eq!(without_seals(body.as_bytes()), []);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z\"\\\\]{0,5}".prop_map(Value::from),
            Just(json!({ "signature": seal() })),
            Just(json!({ "thoughtSignature": seal(), "b": 1 })),
            Just(json!({ "functionCall": {}, "thoughtSignature": seal() })),
            Just(json!({ "redactedContent": STANDARD.encode(seal()) })),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::hash_map("content|parts|a|b", inner, 0..4)
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
            let sealed = |json: &str| json.contains(SEAL) || json.contains(SEAL_IN_BASE64);
            prop_assert!(!sealed(&read.to_string()), "{}", cleaned);
            if !sealed(&value.to_string()) {
                prop_assert_eq!(read, value);
            }
        }

        #[test]
        fn whoever_passes_a_proof_has_passed_its_name(value in any_json()) {
            let names_proofs = |body: &str| {
                let mut scan = Scanner::new(body.as_bytes()).unwrap();
                scan.skip().unwrap();
                scan.names_proofs()
            };
            let none_named = names_proofs(r#"["a signature", {"signatures": 1}]"#);
            prop_assert!(!none_named);
            for body in [value.to_string(), value.to_string().replace("\"signature\"", "\"signat\\u0075re\"")] {
                prop_assert!(names_proofs(&body) || without_proofs(body.as_bytes()).is_empty(), "{}", body);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            without_seals(&[SEAL.as_bytes(), &bytes].concat());
        }
    }
}
