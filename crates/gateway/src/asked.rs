//! What a request asks for, read from its body in one pass and from a few headers.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use catalogue::{Needs, Protocol};
use http::{HeaderMap, HeaderName};
use siphasher::sip::SipHasher13;
use smallvec::SmallVec;
use wire::{Codec, Edit};

use crate::door::Conversation;
use crate::headers::{CLIENT_RETRIES, DEADLINE, EXPLAIN, SESSION, TAGS};
use crate::makers::{Account, Makers};
use crate::refusal::Refusal;

/// How much of a prompt's start its hash covers: enough to tell system prompts apart.
const PREFIX_BYTES: usize = 1024;

/// How many tags of a request are kept.
const MOST_TAGS: usize = 16;

/// One request, understood as far as routing and the ledger need it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) protocol: Protocol,
    pub(crate) codec: &'static dyn Codec,
    /// Length of the body, unpacked.
    pub(crate) body_bytes: usize,
    /// The name in `model`; empty when none was given.
    pub(crate) model: Arc<str>,
    /// Where its value stands in the body; `None` when none was given.
    pub(crate) model_range: Option<Range<usize>>,
    /// Where a key can be inserted, and whether the object is empty.
    pub(crate) object_open: usize,
    pub(crate) is_empty: bool,
    pub(crate) stream: bool,
    /// The splice that asks for usage in the stream; `None` when the client asked, or it is not a stream.
    pub(crate) usage_edit: Option<Edit>,
    /// The splices that take out what other suppliers' seals hold; `None` where there is nothing signed or encrypted at all.
    pub(crate) seal_edits: Option<Vec<Edit>>,
    pub(crate) needs: Needs,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) estimated_input_tokens: u64,
    pub(crate) prefix_hash: u64,
    pub(crate) session_hash: Option<u64>,
    pub(crate) client_retries: Option<u32>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) explain: bool,
    pub(crate) tags: Arc<[Arc<str>]>,
}

impl Asked {
    /// Who made the proofs in `body`, which it is of, as far as that is known; each once.
    pub(crate) fn proof_makers(&self, makers: &Makers, body: &[u8]) -> SmallVec<[Account; 2]> {
        if self.seal_edits.is_some() { makers.of(body) } else { SmallVec::new() }
    }
}

/// The behaviour of a protocol that is spoken here.
pub(crate) fn codec(protocol: Protocol) -> &'static dyn Codec {
    wire::codec(protocol).expect("each protocol of an endpoint or a candidate has a codec")
}

/// Reads `body`, spoken as the endpoint wants it.
pub(crate) fn read(
    endpoint: &Conversation,
    headers: &HeaderMap,
    body: &[u8],
    salt: u64,
) -> Result<Asked, Refusal> {
    let codec = codec(endpoint.protocol);
    let mut peek = codec.peek(body)?;
    if codec.has_state() && peek.background {
        return Err(Refusal::Background);
    }
    peek.stream = endpoint.stream.unwrap_or(peek.stream);
    let model = endpoint.model.as_deref().or(peek.model_name()).unwrap_or_default();
    let usage_edit = if peek.stream { codec.usage_request(&peek) } else { None };
    let prompt = peek.system.clone().or_else(|| peek.messages.clone()).unwrap_or_default();
    let session = header(headers, &SESSION)
        .or_else(|| peek.user.as_ref().map(|user| user.value.as_ref()))
        .map(|session| salted_hash(salt, session.as_bytes()));
    Ok(Asked {
        protocol: endpoint.protocol,
        codec,
        model: model.into(),
        model_range: peek.model.as_ref().map(|model| model.range.clone()),
        object_open: peek.object_open,
        is_empty: peek.is_empty,
        stream: peek.stream,
        usage_edit,
        seal_edits: peek.names_proofs.then(|| wire::without_seals(body)),
        needs: peek.needs,
        max_tokens: peek.max_tokens,
        estimated_input_tokens: crate::estimate::tokens(peek.text_bytes),
        prefix_hash: salted_hash(salt, &body[prompt.start..prompt.end.min(prompt.start + PREFIX_BYTES)]),
        session_hash: session,
        client_retries: header(headers, &CLIENT_RETRIES).and_then(|count| count.parse().ok()),
        deadline: header(headers, &DEADLINE).map(deadline).transpose()?,
        explain: header(headers, &EXPLAIN).is_some_and(is_on),
        tags: header(headers, &TAGS).map(tags).unwrap_or_default(),
        body_bytes: body.len(),
    })
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a switch is on: with any word but those for off.
fn is_on(word: &str) -> bool {
    let word = word.trim();
    !["", "0", "false", "no", "off"].iter().any(|off| word.eq_ignore_ascii_case(off))
}

/// `x-releve-tags`: words separated by commas.
fn tags(text: &str) -> Arc<[Arc<str>]> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).take(MOST_TAGS).map(Arc::from).collect()
}

/// `x-releve-deadline`: how long the client is willing to wait, in seconds (`2.5`) or with a unit (`800ms`, `2s`).
fn deadline(text: &str) -> Result<Duration, Refusal> {
    const WRONG: Refusal = Refusal::BadHeader("x-releve-deadline is a time such as 2.5, 2s or 800ms");
    let text = text.trim();
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    let seconds: f64 = number.trim().parse().map_err(|_| WRONG)?;
    Duration::try_from_secs_f64(seconds * unit).map_err(|_| WRONG)
}

/// A hash that tells equal from different here and nothing elsewhere: prompts are never kept.
fn salted_hash(salt: u64, bytes: &[u8]) -> u64 {
    SipHasher13::new_with_keys(salt, 0).hash(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_read_in_seconds_or_with_its_unit() {
        assert_eq!(deadline("2.5").unwrap(), Duration::from_millis(2500));
        assert_eq!(deadline("2s").unwrap(), Duration::from_secs(2));
        assert_eq!(deadline("800ms").unwrap(), Duration::from_millis(800));
        for wrong in ["", "soon", "-1s", "nan", "1e300s"] {
            assert!(deadline(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_switch_is_off_when_it_says_so() {
        assert!(["1", "true", "yes", "please"].into_iter().all(is_on));
        assert!(!["", "0", "false", "False", " no "].into_iter().any(is_on));
    }

    #[test]
    fn equal_prompts_hash_alike_only_under_one_salt() {
        assert_eq!(salted_hash(1, b"hello"), salted_hash(1, b"hello"));
        assert_ne!(salted_hash(1, b"hello"), salted_hash(2, b"hello"));
        assert_ne!(salted_hash(1, b"hello"), salted_hash(1, b"hullo"));
    }
}
