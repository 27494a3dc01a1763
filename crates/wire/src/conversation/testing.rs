//! What the tests of all protocols share: putting streams together, and holding them to their order.

mod gather;

use catalogue::{Capabilities, Quirks};

pub(crate) use self::gather::{Gathered, gather};
use super::Target;

/// A model of which nothing is known.
pub(crate) fn target() -> Target<'static> {
    Target {
        model: "model-1",
        owner: "account",
        max_output: None,
        capabilities: Capabilities::default(),
        quirks: Quirks::NONE,
        refuses: &[],
        stream_usage: true,
    }
}
