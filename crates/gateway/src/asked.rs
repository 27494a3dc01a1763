//! What a request asks for, read from its body in one pass and from a few headers.

use std::borrow::Cow;
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

/// How many tags of a request are kept, and how much of each.
const MOST_TAGS: usize = 16;
const MOST_TAG_CHARS: usize = 200;

/// The longest name of a model: it goes into each entry. (Those of AWS may have as many.)
const MOST_MODEL_BYTES: usize = 2048;

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
    if model.len() > MOST_MODEL_BYTES {
        let what = "the name of a model has at most 2048 bytes";
        return Err(Refusal::Malformed { path: "model".to_owned(), what });
    }
    let usage_edit = if peek.stream { codec.usage_request(&peek) } else { None };
    let prompt = peek.system.clone().or_else(|| peek.messages.clone()).unwrap_or_default();
    let session = headers
        .get(&SESSION)
        .map(http::HeaderValue::as_bytes)
        .or_else(|| peek.user.as_ref().map(|user| user.value.as_bytes()))
        .map(|session| salted_hash(salt, session));
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
        tags: headers.get(&TAGS).map(|value| tags(value.as_bytes())).unwrap_or_default(),
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

/// `x-releve-tags`: words separated by commas, in UTF-8 or, as some clients write headers, in Latin-1.
fn tags(value: &[u8]) -> Arc<[Arc<str>]> {
    let text = std::str::from_utf8(value)
        .map_or_else(|_| value.iter().copied().map(char::from).collect(), Cow::Borrowed);
    let words = text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).take(MOST_TAGS);
    words.map(|tag| tag.chars().take(MOST_TAG_CHARS).collect::<String>().into()).collect()
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
    fn tags_are_kept_in_whatever_letters_they_are_written() {
        let read = |value: &[u8]| tags(value).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(read("équipe-ventes, 营销,".as_bytes()), ["équipe-ventes", "营销"]);
        assert_eq!(read(b"\xe9quipe"), ["équipe"]);
        assert_eq!(read(&[b'x'; 5000])[0].len(), MOST_TAG_CHARS);
        assert_eq!(read(&b"x,".repeat(50)).len(), MOST_TAGS);
    }

    #[test]
    fn p8_the_name_of_a_model_is_bounded() {
        let read = |length: usize| {
            let endpoint = Conversation { protocol: Protocol::OpenaiChat, model: None, stream: None };
            let body = format!(r#"{{"model":"{}","messages":[]}}"#, "m".repeat(length));
            read(&endpoint, &HeaderMap::new(), body.as_bytes(), 0)
        };
        assert!(read(MOST_MODEL_BYTES).is_ok());
        let refused = read(MOST_MODEL_BYTES + 1).unwrap_err();
        assert_eq!((refused.kind(), refused.param()), (wire::ErrorKind::InvalidRequest, Some("model")));
    }

    #[test]
    fn equal_prompts_hash_alike_only_under_one_salt() {
        assert_eq!(salted_hash(1, b"hello"), salted_hash(1, b"hello"));
        assert_ne!(salted_hash(1, b"hello"), salted_hash(2, b"hello"));
        assert_ne!(salted_hash(1, b"hello"), salted_hash(1, b"hullo"));
    }
}
