//! Ed25519 keys (RFC 8032): the one that signs, and the one that shows whose a signature is.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::digest::{self, NotHexadecimal};

/// What stands before the 32 bytes in a DER `SubjectPublicKeyInfo` of Ed25519 (RFC 8410, section 10.1).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const PEM_BEGINS: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_ENDS: &str = "-----END PUBLIC KEY-----";

/// A key that signs packs. Text form: the seed of RFC 8032 as 64 hexadecimal digits.
pub struct SigningKey(Ed25519KeyPair);

/// Text that is no signing key. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key is 64 hexadecimal digits (openssl rand -hex 32)")]
pub struct NoSigningKey;

impl SigningKey {
    /// The key that grows from 256 bits that nobody else has.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are a seed (RFC 8032, 5.1.5)"))
    }

    /// Its other half, to be given to everybody.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().try_into().expect("an Ed25519 key has 32 bytes"))
    }

    /// The signature, which is the same each time.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).as_ref().try_into().expect("an Ed25519 signature has 64 bytes")
    }
}

impl FromStr for SigningKey {
    type Err = NoSigningKey;

    fn from_str(text: &str) -> Result<Self, NoSigningKey> {
        digest::bytes(text.trim()).map(|seed| Self::from_seed(&seed)).map_err(|_| NoSigningKey)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public())
    }
}

/// A key that shows whose a signature is. Text form: 64 hexadecimal digits; PEM is read too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PublicKey([u8; 32]);

/// Text that is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a public key is 64 hexadecimal digits, or an Ed25519 key in PEM")]
pub struct NoPublicKey;

impl PublicKey {
    /// Whether `signature` is that of `message` by the key's other half.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }

    /// As `openssl pkey -pubin` reads it.
    pub fn pem(&self) -> String {
        let der = [&SPKI[..], &self.0].concat();
        format!("{PEM_BEGINS}\n{}\n{PEM_ENDS}\n", STANDARD.encode(der))
    }

    fn of_pem(text: &str) -> Option<Self> {
        let text = text.trim().strip_prefix(PEM_BEGINS)?.strip_suffix(PEM_ENDS)?;
        let der = STANDARD.decode(text.split_whitespace().collect::<String>()).ok()?;
        der.strip_prefix(&SPKI)?.try_into().ok().map(Self)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        digest::write_digits(&self.0, f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = NoPublicKey;

    fn from_str(text: &str) -> Result<Self, NoPublicKey> {
        let text = text.trim();
        digest::bytes(text).map(Self).or_else(|NotHexadecimal| Self::of_pem(text).ok_or(NoPublicKey))
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for PublicKey {
    type Error = NotHexadecimal;

    /// Digits only: a manifest has one way to write a key.
    fn try_from(text: String) -> Result<Self, NotHexadecimal> {
        digest::bytes(&text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn it_signs_as_the_standard_says() {
        let key: SigningKey =
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb\n".parse().unwrap();
        let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        assert_eq!(key.public().to_string(), public);
        let signature = key.sign(&[0x72]);
        let digits = signature.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        assert_eq!(
            digits,
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        assert!(key.public().has_signed(&[0x72], &signature));
        assert!(!key.public().has_signed(&[0x73], &signature));
        assert!(!key.public().has_signed(&[0x72], &signature[..63]));
        assert!(!format!("{key:?}").contains("4ccd"), "a key is not for logs");
    }

    #[test]
    fn a_public_key_is_read_in_both_of_its_forms() {
        let key = SigningKey::from_seed(&[7; 32]).public();
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!(key.pem().parse(), Ok(key));
        assert_eq!(key.pem().replace('\n', "\r\n").parse(), Ok(key));
        let of_rsa = key.pem().replace("MCow", "MCox");
        for wrong in ["", "00", &of_rsa, &key.pem()[1..], &key.pem().replace("END", "BEGIN")] {
            assert_eq!(wrong.parse::<PublicKey>(), Err(NoPublicKey), "{wrong}");
        }
        assert!(serde_json::from_value::<PublicKey>(key.pem().into()).is_err());
    }
}
