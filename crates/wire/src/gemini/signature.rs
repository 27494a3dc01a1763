//! Thought signatures, and what else travels in their place.
//!
//! A signature is bytes to the SDKs, so it is base64 in JSON, and the Python SDK refuses anything else there and gives it
//! back in the other alphabet. What is not Google's own goes to clients as a seal inside base64.

use catalogue::Protocol;

use crate::any_base64::in_base64;
use crate::conversation::{Opaque, SEAL};

/// What a signature is called among opaque parts.
pub(super) const KIND: &str = "thought_signature";

/// What Google documents for calls that come from another model, in the place of a signature that was never made.
/// Source: ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11-28.
pub(crate) const BYPASS: &str = "skip_thought_signature_validator";

/// A supplier's signature.
pub(super) fn made(text: impl Into<String>) -> Opaque {
    Opaque::new(Protocol::Gemini, KIND, text)
}

/// What a supplier said. `None` for what stands there in the place of a signature.
pub(super) fn said(text: &str) -> Option<Opaque> {
    (!stands_in(text)).then(|| made(text))
}

/// Whether it only stands in a signature's place; SDKs to which it is bytes may write it in the other alphabet.
fn stands_in(text: &str) -> bool {
    text.is_empty() || text.replace('/', "_") == BYPASS
}

/// What a client gave back. `None` for what stands there in the place of a signature.
pub(super) fn given_back(text: &str) -> Option<Opaque> {
    if stands_in(text) {
        return None;
    }
    Some(Opaque::unseal_base64(text).unwrap_or_else(|| Opaque::given_back(Protocol::Gemini, KIND, text)))
}

/// What a client is given to carry.
pub(super) fn to_client(opaque: &Opaque) -> String {
    let text = opaque.to_client(Protocol::Gemini);
    if text.starts_with(SEAL) { in_base64(&text) } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn f04_googles_own_stays_as_it_is() {
        let signature = made("CpcBA+/w==");
        assert_eq!(to_client(&signature), "CpcBA+/w==");
        assert_eq!(given_back("CpcBA+/w=="), Some(signature));
        for text in [BYPASS, "skip/thought/signature/validator"] {
            assert_eq!((given_back(text), said(text)), (None, None));
        }
        assert_eq!(given_back(""), None);
        assert_eq!(given_back("no base64 at all"), Some(made("no base64 at all")));
    }

    proptest! {
        #[test]
        fn f04_what_others_made_comes_back_however_the_sdk_writes_bytes(data in any::<String>(), owner in "[a-z]{1,9}") {
            let made = Opaque {
                owner: Some(owner.as_str().into()),
                ..Opaque::new(Protocol::AnthropicMessages, "signature", data)
            };
            let carried = to_client(&made);
            let bytes = base64::engine::general_purpose::STANDARD.decode(&carried).unwrap();
            for text in [carried, URL_SAFE.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
                prop_assert_eq!(given_back(&text), Some(made.clone()));
            }
        }
    }
}
