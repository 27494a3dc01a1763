//! Streamed answers, both ways.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub(super) use self::decode::Decoder;
pub(super) use self::encode::Encoder;

/// Nobody offers more choices; more are no stream of this protocol.
const MOST_CHOICES: u32 = 128;
