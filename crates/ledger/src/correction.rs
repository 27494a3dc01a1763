//! That an entry's money was wrong. The entry stays as it is; this is added to it.

use std::sync::Arc;

use crate::request_id::RequestId;
use catalogue::Money;

/// A later word on what one request cost. The last correction of an entry holds; sums add their differences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Which request.
    pub id: RequestId,
    /// When the request arrived, in microseconds since 1970.
    pub arrived_us: i64,
    /// Whose request.
    pub product: Arc<str>,
    /// Its route.
    pub route: Arc<str>,
    /// Whose bill it is.
    pub deployment: Option<Arc<str>>,
    /// What it was said to cost until now; `None` is unpriced.
    pub before: Option<Money>,
    /// What it costs.
    pub after: Option<Money>,
    /// By which prices.
    pub price_version: Option<Arc<str>>,
    /// Why, for people.
    pub why: Arc<str>,
    /// Who says so.
    pub author: Arc<str>,
}

impl Correction {
    /// What it adds to a sum; negative where the request was cheaper than said. `None` where that does not fit.
    pub fn difference(&self) -> Option<Money> {
        Self::difference_of(self.before, self.after)
    }

    /// [`Self::difference`] of a correction from `before` to `after`.
    pub fn difference_of(before: Option<Money>, after: Option<Money>) -> Option<Money> {
        after.unwrap_or_default().checked_sub(before.unwrap_or_default())
    }
}
