//! What only one supplier can read: signatures, encrypted reasoning, blocks of its own kind.
//!
//! **For**: giving it back to its owner and to nobody else. A client of another dialect carries it as a *seal*, text that
//! says whose it is; a client of the same dialect carries the supplier's own bytes, untouched.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalogue::Protocol;

use crate::any_base64::text_in_base64;

/// Every seal begins so; nothing that a supplier makes does.
pub const SEAL: &str = "rlv1.";

/// How every seal begins in base64, since the letter behind the dot is a protocol's first.
pub(crate) const SEAL_IN_BASE64: &str = "cmx2MS5";

/// The kind of a seal that proves nothing.
const UNSIGNED: &str = "unsigned";

/// Text that is carried and not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// The only protocol in which it means something.
    pub protocol: Protocol,
    /// Whose it is: the tag of the account that made it. `None` where it came from the client in its own dialect, so
    /// that nobody but the supplier can tell.
    pub owner: Option<Arc<str>>,
    /// What it is, in the protocol's word: `signature`, `redacted`, `encrypted_content`, `thought_signature`, or the
    /// type of a whole block.
    pub kind: Cow<'static, str>,
    /// The text: what stood in the string of that name, or the JSON of a whole block.
    pub data: String,
}

impl Opaque {
    /// Something that came in `protocol`, of unknown owner.
    pub fn new(protocol: Protocol, kind: impl Into<Cow<'static, str>>, data: impl Into<String>) -> Self {
        Self { protocol, owner: None, kind: kind.into(), data: data.into() }
    }

    /// What stands in a proof's place for a client of `protocol` where the maker proves nothing. Suppliers of a protocol with
    /// proofs refuse thoughts without: by its seal such a thought is known for another's, and taken out, when the
    /// conversation goes on at one of them.
    pub fn unsigned(protocol: Protocol) -> Self {
        Self::new(protocol, UNSIGNED, "")
    }

    /// Whether it only stands in a proof's place.
    pub fn is_unsigned(&self) -> bool {
        self.kind == UNSIGNED
    }

    /// Whether a supplier that speaks `protocol` under the account `owner` can read it.
    pub fn is_for(&self, protocol: Protocol, owner: &str) -> bool {
        self.protocol == protocol && self.owner.as_deref().is_none_or(|own| own == owner)
    }

    /// As text for a string of another dialect: `rlv1.` and four parts without dots.
    pub fn seal(&self) -> String {
        let parts = [self.owner.as_deref().unwrap_or_default(), &self.kind, &self.data];
        let mut seal = format!("{SEAL}{}", self.protocol);
        for part in parts {
            seal.push('.');
            URL_SAFE_NO_PAD.encode_string(part, &mut seal);
        }
        seal
    }

    /// What `text` seals; `None` when it is no seal of ours.
    pub fn unseal(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(SEAL)?.split('.');
        let protocol = parts.next()?.parse().ok()?;
        let mut part = || String::from_utf8(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok();
        let (owner, kind, data) = (part()?, part()?, part()?);
        let whole = parts.next().is_none();
        let owner = Some(owner).filter(|owner| !owner.is_empty()).map(Arc::from);
        whole.then(|| Self { protocol, owner, kind: kind.into(), data })
    }

    /// The same for a string of bytes in base64, in whichever alphabet an SDK writes them.
    pub fn unseal_base64(base64: &str) -> Option<Self> {
        // Most of what is no seal need not be decoded.
        if !base64.starts_with(SEAL_IN_BASE64) {
            return None;
        }
        Self::unseal(&text_in_base64(base64)?)
    }

    /// What a client gave back in a string of `protocol`'s own: a seal of ours, or that protocol's own text.
    pub fn given_back(protocol: Protocol, kind: &'static str, text: &str) -> Self {
        Self::unseal(text).unwrap_or_else(|| Self::new(protocol, kind, text))
    }

    /// What goes into a string of `protocol`'s own, for a client: its own text where it is of that protocol, else a seal.
    pub fn to_client(&self, protocol: Protocol) -> Cow<'_, str> {
        if self.protocol == protocol && self.owner.is_none() {
            Cow::Borrowed(&self.data)
        } else {
            Cow::Owned(self.seal())
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_seal_opens_to_what_was_sealed(
            owner in proptest::option::of("[a-z.]{1,9}"), kind in ".{0,9}", data in any::<String>(), at in 0_usize..7,
        ) {
            let owner = owner.map(Arc::from);
            let opaque = Opaque { protocol: Protocol::ALL[at], owner, kind: kind.into(), data };
            let seal = opaque.seal();
            prop_assert_eq!(Opaque::unseal(&seal), Some(opaque.clone()));
            for packed in [STANDARD.encode(&seal), URL_SAFE_NO_PAD.encode(&seal)] {
                prop_assert!(packed.starts_with(SEAL_IN_BASE64));
                prop_assert_eq!(Opaque::unseal_base64(&packed), Some(opaque.clone()));
            }
        }

        #[test]
        fn other_text_is_no_seal(text in any::<String>()) {
            prop_assert_eq!(Opaque::unseal(&text), None);
            prop_assert_eq!(Opaque::unseal(&format!("{SEAL}{text}")).is_some(), false);
        }
    }

    #[test]
    fn it_goes_back_to_its_owner_only() {
        let mut opaque = Opaque::new(Protocol::Gemini, "thought_signature", "x");
        assert!(opaque.is_for(Protocol::Gemini, "anyone"));
        opaque.owner = Some("a".into());
        assert!(opaque.is_for(Protocol::Gemini, "a"));
        assert!(!opaque.is_for(Protocol::Gemini, "b"));
        assert!(!opaque.is_for(Protocol::OpenaiChat, "a"));
    }
}
