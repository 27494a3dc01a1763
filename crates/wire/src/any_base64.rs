//! Base64 as it comes: in either alphabet, padded or not. Python SDKs send bytes in the one for URLs.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

use crate::inline_data::standard_base64;

/// Reads it once it is in the standard alphabet.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The text that base64 in any form holds, if it is text.
pub(crate) fn text_in_base64(text: &str) -> Option<String> {
    String::from_utf8(LENIENT.decode(standard_base64(text)?).ok()?).ok()
}

/// `text` in base64.
pub(crate) fn in_base64(text: &str) -> String {
    STANDARD.encode(text)
}
