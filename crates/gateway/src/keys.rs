//! Virtual keys in memory: who holds which, without a database on the request's path.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A key that is in force.
#[derive(Debug, Clone)]
pub struct Key {
    /// SHA-256 of the secret. The secret has 256 bits, so a fast hash gives nothing away.
    pub hash: [u8; 32],
    /// The key's public name, recorded in entries.
    pub id: Arc<str>,
    /// The product that it was issued to.
    pub product: Arc<str>,
}

/// All keys in force; replaced whole when one is created or revoked.
#[derive(Debug, Default)]
pub struct KeyRing {
    by_prefix: HashMap<[u8; 8], Vec<Key>>,
    any_issued: bool,
}

impl KeyRing {
    /// A ring of the `keys` in force; `any_issued` says whether there ever was one, revoked ones included.
    pub fn new(keys: impl IntoIterator<Item = Key>, any_issued: bool) -> Self {
        let mut by_prefix: HashMap<[u8; 8], Vec<Key>> = HashMap::new();
        for key in keys {
            by_prefix.entry(prefix(&key.hash)).or_default().push(key);
        }
        Self { by_prefix, any_issued }
    }

    /// Whether no key was ever issued. Revoking the last key does not open the door again.
    pub fn none_issued(&self) -> bool {
        !self.any_issued
    }

    /// The key whose secret is `secret`. Its hash is compared in constant time.
    pub fn find(&self, secret: &[u8]) -> Option<&Key> {
        let hash: [u8; 32] = Sha256::digest(secret).into();
        let candidates = self.by_prefix.get(&prefix(&hash))?;
        candidates.iter().find(|key| key.hash.ct_eq(&hash).into())
    }
}

fn prefix(hash: &[u8; 32]) -> [u8; 8] {
    hash[..8].try_into().expect("a hash has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_secret_opens() {
        let hash = Sha256::digest(b"rlv_right").into();
        let ring = KeyRing::new([Key { hash, id: "k1".into(), product: "office".into() }], true);
        assert_eq!(&*ring.find(b"rlv_right").unwrap().product, "office");
        assert!(ring.find(b"rlv_wrong").is_none());
        assert!(ring.find(b"").is_none());
        assert!(!ring.none_issued() && KeyRing::default().none_issued());
    }
}
