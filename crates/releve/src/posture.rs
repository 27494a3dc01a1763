//! Postures: what people have decided about suppliers, put in force in a running gateway.

/// What a drain takes away in an hour where nobody says: a tenth, so that the last request goes after ten hours.
pub(crate) const USUAL_DRAIN: f64 = 0.1;
