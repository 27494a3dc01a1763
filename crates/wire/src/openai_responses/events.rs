//! Streamed answers, read and written.

mod decode;
mod encode;
mod frame;
mod open;
#[cfg(test)]
pub(super) mod tests;
mod told;
mod tracks;

pub(super) use self::decode::Decoder;
pub(super) use self::encode::Encoder;
