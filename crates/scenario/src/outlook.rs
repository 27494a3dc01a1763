//! How a product would fare after a loss: by whom its recorded requests would be served.

use serde::Serialize;

use crate::cuts::{Effect, Needs, part};
use crate::set::Set;

/// Parts of a product's recorded requests, of 1, by who would serve them after a loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Outlook {
    /// By a deployment that is proven for the product.
    pub proven: f64,
    /// Only by one that is not.
    pub unproven: f64,
    /// By none.
    pub none: f64,
    /// Tokens of its busiest minute that find no room in the capacity that is configured, as far as the loss is the reason.
    pub short_tokens: u64,
    /// Requests of its busiest minute, likewise.
    pub short_requests: u64,
    /// Tokens of its busiest minute that find no room while nothing is lost: no loss is to blame for them.
    pub short_already_tokens: u64,
    /// Requests of its busiest minute, likewise.
    pub short_already_requests: u64,
    /// Tokens of its busiest minute beyond what the accounts that are left have ever carried here, as far as the loss
    /// is the reason.
    pub beyond_proven_tokens: u64,
}

/// In how many words an outlook can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing changes: it uses none of what is lost.
    Untouched,
    /// Proven deployments take over.
    Proven,
    /// Somebody would serve all, but not everything by a proven deployment.
    Unproven,
    /// A part is not served, for want of a candidate or of capacity.
    Partly,
    /// Nothing is served.
    Stopped,
}

impl Verdict {
    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Untouched => "untouched",
            Self::Proven => "proven",
            Self::Unproven => "unproven",
            Self::Partly => "partly",
            Self::Stopped => "stopped",
        }
    }
}

impl Outlook {
    /// After the loss of the deployments `lost`. `carried` are the same needs, held against what was carried before.
    pub fn after(needs: &Needs, carried: &Needs, proven: &Set, lost: &Set) -> Self {
        let (mut by_proven, mut by_unproven) = (0, 0);
        for (candidates, requests) in needs.groups() {
            let left = candidates.without(lost);
            if !left.intersection(proven).is_empty() {
                by_proven += requests;
            } else if !left.is_empty() {
                by_unproven += requests;
            }
        }
        let Effect { stopped, short_tokens, short_requests } = needs.added_by(lost);
        let already = needs.already();
        Self {
            proven: part(by_proven, needs.requests()),
            unproven: part(by_unproven, needs.requests()),
            none: stopped,
            short_tokens,
            short_requests,
            short_already_tokens: already.short_tokens,
            short_already_requests: already.short_requests,
            beyond_proven_tokens: carried.added_by(lost).short_tokens,
        }
    }

    /// Whether room is short while nothing is lost.
    pub const fn is_short_already(&self) -> bool {
        self.short_already_tokens > 0 || self.short_already_requests > 0
    }

    /// In one word, of what the loss does. `touched`: whether any candidate of the product is among what is lost.
    pub fn verdict(&self, touched: bool) -> Verdict {
        if self.none >= 1.0 {
            Verdict::Stopped
        } else if self.none > 0.0 || self.short_tokens > 0 || self.short_requests > 0 {
            Verdict::Partly
        } else if !touched {
            Verdict::Untouched
        } else if self.unproven > 0.0 {
            Verdict::Unproven
        } else {
            Verdict::Proven
        }
    }
}
