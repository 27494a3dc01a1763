//! Requests, read and written.

mod choice;
mod decode;
mod encode;
#[cfg(test)]
mod tests;
mod tools;
mod turns;
mod write;

pub(super) use self::choice::write as write_choice;
pub(super) use self::decode::decode;
pub(super) use self::encode::{encode, plain_instructions, write_format, write_metadata};
pub(super) use self::tools::{Strictness, apart, write as write_tools};
