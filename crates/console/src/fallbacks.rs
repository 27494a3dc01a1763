//! Whether those who would step in carry what is asked, as metrics.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::pages::escaped;

/// How one product would fare, should somebody fall who is watched or drained.
#[derive(Debug, Clone, PartialEq)]
pub struct Fallback {
    /// Whose fall: a fault domain, such as `maker:openai`.
    pub target: Arc<str>,
    /// Whose requests.
    pub product: Arc<str>,
    /// Whether a part of them would go unserved, for want of a candidate or of room.
    pub falls_short: bool,
    /// Whether that is not known, for nobody says where some belong who would have to carry it.
    pub may_fall_short: bool,
    /// The part that nobody could serve, 0 to 1.
    pub unserved: f64,
    /// Tokens of the busiest minute for which there is no room.
    pub short_tokens: u64,
    /// Requests of the busiest minute for which there is no room.
    pub short_requests: u64,
}

/// What a metric says of a product.
type Value = fn(&Fallback) -> f64;

#[expect(clippy::cast_precision_loss, reason = "gauges are floats")]
const GAUGES: [(&str, &str, Value); 5] = [
    (
        "releve_fallback_falls_short",
        "Whether a part of a product's requests would go unserved, should what is watched or drained fall: 1 if so.",
        |fallback| f64::from(u8::from(fallback.falls_short)),
    ),
    (
        "releve_fallback_may_fall_short",
        "Whether that is not known, for nobody says where some belong who would have to carry it: 1 if so.",
        |fallback| f64::from(u8::from(fallback.may_fall_short)),
    ),
    (
        "releve_fallback_unserved_ratio",
        "The part of a product's requests of the last 30 days that nobody else could serve.",
        |fallback| fallback.unserved,
    ),
    (
        "releve_fallback_short_tokens",
        "Tokens of a product's busiest minute for which the others have no room, beyond those that find none already.",
        |fallback| fallback.short_tokens as f64,
    ),
    (
        "releve_fallback_short_requests",
        "Requests of a product's busiest minute for which the others have no room, beyond those that find none already.",
        |fallback| fallback.short_requests as f64,
    ),
];

/// Writes them; where nothing is watched or drained there are none.
pub(crate) fn write(text: &mut String, all: &[Fallback]) {
    for (name, help, value) in GAUGES {
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge").expect("a string takes everything");
        for fallback in all {
            let (target, product) = (escaped(&fallback.target), escaped(&fallback.product));
            writeln!(text, "{name}{{target=\"{target}\",product=\"{product}\"}} {}", value(fallback))
                .expect("a string takes everything");
        }
    }
}
