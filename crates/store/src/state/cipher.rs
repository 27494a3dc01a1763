//! Sealing what is kept.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use super::key::StateKey;

/// Which place a text is sealed for. It opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) part: &'a str,
    pub(super) product: &'a str,
    pub(super) id: &'a str,
    pub(super) previous: &'a str,
    pub(super) owner: &'a str,
}

impl Place<'_> {
    /// As bytes that say nothing else: each text with its length before it.
    fn bound(&self) -> Vec<u8> {
        let mut bound = b"releve state 1".to_vec();
        for text in [self.part, self.product, self.id, self.previous, self.owner] {
            bound.extend_from_slice(&(text.len() as u64).to_le_bytes());
            bound.extend_from_slice(text.as_bytes());
        }
        bound
    }
}

/// The key, ready for use.
#[derive(Debug)]
pub(super) struct Cipher(RandomizedNonceKey);

impl Cipher {
    pub(super) fn new(key: &StateKey) -> Self {
        Self(RandomizedNonceKey::new(&AES_256_GCM, key.bytes()).expect("a key has 32 bytes"))
    }

    /// `text`, sealed: what is encrypted, its tag, and the nonce, which is drawn by lot.
    pub(super) fn seal(&self, place: &Place<'_>, mut text: Vec<u8>) -> Vec<u8> {
        let bound = Aad::from(place.bound());
        let nonce = self.0.seal_in_place_append_tag(bound, &mut text);
        text.extend_from_slice(nonce.expect("the operating system has randomness").as_ref());
        text
    }

    /// What was sealed for that place under this key; `None` for anything else.
    pub(super) fn open(&self, place: &Place<'_>, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let nonce = sealed.split_off(sealed.len().checked_sub(NONCE_LEN)?);
        let nonce = Nonce::try_assume_unique_for_key(&nonce).ok()?;
        let length = self.0.open_in_place(nonce, Aad::from(place.bound()), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }
}
