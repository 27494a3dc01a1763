//! The secret itself.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::error::StoreError;

const PREFIX: &str = "rlv_";
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A key as its holder knows it: `rlv_` and 43 characters for 256 random bits. Cannot be printed by accident.
pub struct Secret(String);

impl Secret {
    pub(super) fn random() -> Result<Self, StoreError> {
        let mut bits = [0; 32];
        fill(&mut bits)?;
        Ok(Self(format!("{PREFIX}{}", base64url(&bits))))
    }

    /// The secret, to show it to its holder once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(rlv_...)")
    }
}

/// SHA-256 of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of what a client sent. To find out whether it is that of a key, compare in constant time.
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// A new public name: `key_` and 12 hexadecimal digits.
pub(super) fn random_id() -> Result<String, StoreError> {
    let mut bits = [0; 6];
    fill(&mut bits)?;
    Ok(bits.iter().fold("key_".to_owned(), |id, byte| format!("{id}{byte:02x}")))
}

fn fill(bits: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bits).map_err(|error| StoreError::Io(std::io::Error::other(error)))
}

/// Without padding: 43 characters.
fn base64url(bits: &[u8; 32]) -> String {
    let sextets = bits.chunks(3).flat_map(|chunk| {
        let word =
            chunk.iter().chain([0, 0].iter()).take(3).fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        [18, 12, 6, 0].into_iter().take(chunk.len() + 1).map(move |shift| word >> shift & 63)
    });
    sextets.map(|sextet| char::from(ALPHABET[sextet as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_as_others_write_it() {
        let bits = std::array::from_fn(|index| u8::try_from(index * 8 + 3).unwrap());
        assert_eq!(base64url(&bits), "AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2-Pr8_s");
        assert_eq!(base64url(&[255; 32]).len(), 43);
    }

    #[test]
    fn g24_a_secret_cannot_be_printed() {
        let secret = Secret::random().unwrap();
        assert!(secret.reveal().starts_with("rlv_") && secret.reveal().len() == 47);
        assert!(!format!("{secret:?}").contains(&secret.reveal()[4..]));
        assert_ne!(secret.reveal(), Secret::random().unwrap().reveal());
    }
}
