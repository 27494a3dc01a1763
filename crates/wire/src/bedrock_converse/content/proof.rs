//! What proves reasoning to its maker: a signature, or reasoning that only the maker can read.
//!
//! `signature` is text, so a seal fits in as it is. `redactedContent` is bytes, which SDKs unpack from base64 and pack
//! again, so a seal in it is packed too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalogue::Protocol;

use super::From;
use crate::conversation::Opaque;

pub(super) const SIGNATURE: &str = "signature";
const REDACTED: &str = "redacted";

/// What stood in `signature`, where it proves anything.
pub(super) fn signature(text: &str, from: From) -> Option<Opaque> {
    match from {
        From::Client => Some(Opaque::given_back(Protocol::BedrockConverse, SIGNATURE, text))
            .filter(|proof| !proof.is_unsigned()),
        From::Supplier => Some(Opaque::new(Protocol::BedrockConverse, SIGNATURE, text)),
    }
}

/// What stood in `redactedContent`.
pub(super) fn redacted(base64: &str, from: From) -> Opaque {
    let sealed = if from == From::Client { Opaque::unseal_base64(base64) } else { None };
    sealed.unwrap_or_else(|| Opaque::new(Protocol::BedrockConverse, REDACTED, base64))
}

/// In which member a proof is given, and how it reads there.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Given {
    /// `signature`, beside the text, which may be empty.
    Signature(String),
    /// `redactedContent`, in base64.
    Redacted(String),
}

/// As a client gets it; a proof of another protocol's, or an account's, as a seal, and so for a thought that nobody
/// signed.
pub(in super::super) fn given(proof: Option<&Opaque>, has_text: bool) -> Given {
    let Some(proof) = proof else {
        return Given::Signature(Opaque::unsigned(Protocol::BedrockConverse).seal());
    };
    let text = proof.to_client(Protocol::BedrockConverse);
    if has_text || proof.kind == SIGNATURE {
        return Given::Signature(text.into_owned());
    }
    Given::Redacted(match text {
        std::borrow::Cow::Borrowed(own) => own.to_owned(),
        std::borrow::Cow::Owned(seal) => STANDARD.encode(seal),
    })
}

/// As the supplier that made it gets it back.
pub(in super::super) fn given_back(proof: &Opaque) -> Given {
    if proof.kind == REDACTED {
        Given::Redacted(proof.data.clone())
    } else {
        Given::Signature(proof.data.clone())
    }
}
