//! Requests, both ways.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub(super) use self::decode::decode;
pub(super) use self::encode::encode;
use crate::conversation::Request;

/// The member in which tools once stood. A client that writes it looks for its call in `function_call`, not in
/// `tool_calls`; the neutral request has no place for that, so it is told as a loss and found there again.
const LEGACY: &str = "functions";

/// Whether the client speaks of functions as one did before there were tools.
pub(super) fn is_legacy(request: &Request) -> bool {
    request.losses.iter().any(|loss| loss.what == LEGACY)
}
