//! What proves that a piece of reasoning that comes back is one that we sent: signatures, encrypted contents.
//!
//! Each protocol's seals begin with letters of their own, so that none passes for another's.

use crate::{base64, dice::Digest};

pub(crate) const ANTHROPIC: &str = "Erel";
pub(crate) const OPENAI: &str = "gAAA";
pub(crate) const GEMINI: &str = "CpAB";
pub(crate) const BEDROCK: &str = "Ebed";

/// The seal of a text. Where the text is left out it is inside, as far as we pretend.
pub(crate) fn of(maker: &str, text: &str) -> String {
    let mut dice = Digest::new(0x51C4_ED00).with(text.as_bytes()).dice();
    let bytes: Vec<u8> = (0..12).flat_map(|_| dice.next_u64().to_le_bytes()).collect();
    format!("{maker}{}", base64::encode(&bytes))
}

/// Whether a seal that came back is one that we could have given. Without the text it cannot be checked in full.
pub(crate) fn is_ours(maker: &str, text: &str, given: &str) -> bool {
    given.starts_with(maker) && (text.is_empty() || given == of(maker, text))
}
