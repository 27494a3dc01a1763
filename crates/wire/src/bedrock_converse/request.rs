//! Requests, between Converse and no dialect.

mod arrange;
mod blocks;
mod decode;
mod encode;
mod settings;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;

pub(super) use self::decode::decode;
pub(super) use self::encode::encode;
pub(super) use self::thinking::is_claude;
