//! Whether those who would step in carry what is asked, should somebody fall who is watched or drained.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use scenario::{Domain, Outlook, Verdict};
use serde::Serialize;
use store::{Period, Reader, StoreError};

use super::figures::survival::{Survival, Taken};
use super::figures::{losses, products, targets};
use super::{capacity, estate, gather};
use crate::posture::Held;
use crate::resolve::Resolved;

/// How far back requests say what is needed.
const LOOKED_BACK: Duration = Duration::from_hours(30 * 24);

/// How one product would fare.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fallback {
    pub(crate) product: Arc<str>,
    pub(crate) verdict: Verdict,
    /// The same if everything that may belong to what is watched, because nobody says where it belongs, fell too.
    pub(crate) at_worst: Verdict,
    /// Whether a part of it would go unserved, for want of a candidate or of configured capacity: as `must_survive` has it.
    pub(crate) falls_short: bool,
    /// Whether that is not known.
    pub(crate) may_fall_short: bool,
    /// What it asked in its busiest minutes, of tokens and of requests.
    pub(crate) peak_tokens: u64,
    pub(crate) peak_requests: u64,
    #[serde(flatten)]
    pub(crate) outlook: Outlook,
}

/// What the fall of somebody who is watched would do.
#[derive(Debug)]
pub(crate) struct Watched {
    /// The products that it would touch.
    pub(crate) products: Vec<Fallback>,
    /// Whether nothing that is configured is known by that name.
    pub(crate) names_nothing: bool,
}

impl Watched {
    /// Whether all are served whole, as `must_survive` has it; `None` where that is not known.
    pub(crate) fn carries(&self) -> Option<bool> {
        let any = |is_so: fn(&Fallback) -> bool| self.products.iter().any(is_so);
        if any(|fallback| fallback.falls_short) {
            return Some(false);
        }
        (!self.names_nothing && !any(|fallback| fallback.may_fall_short)).then_some(true)
    }
}

impl Fallback {
    /// Whether it finds too little room while nobody falls.
    pub(crate) const fn is_short_already(&self) -> bool {
        self.outlook.is_short_already()
    }

    /// Whether it hangs on what nobody has seen yet: an unproven deployment, or more than was ever carried here.
    pub(crate) const fn is_unseen(&self) -> bool {
        matches!(self.verdict, Verdict::Unproven) || self.outlook.beyond_proven_tokens > 0
    }
}

/// Of each domain, what its loss would do, by the requests of the last thirty days.
///
/// # Errors
/// Those of the ledger.
pub(crate) fn fallbacks(
    resolved: &Resolved,
    ledger: &Path,
    (now_us, today): (i64, Date),
    domains: &[Domain],
) -> Result<Vec<Watched>, StoreError> {
    let reader = Reader::open(ledger)?;
    let back_us = i64::try_from(LOOKED_BACK.as_micros()).unwrap_or(i64::MAX);
    let period = Period { from_us: Some(now_us.saturating_sub(back_us)), to_us: None };
    let (extent, acts) = super::period(&reader, period)?;
    let held = Held::on(today, resolved, &acts);
    let mut estate = estate::estate(resolved, &held);
    capacity::observe(&mut estate, &reader, &extent)?;
    let traffic = gather(&reader, &estate, extent.period)?;
    let candidates = scenario::candidates(&traffic, &estate);
    let carried = scenario::carried(&traffic, &estate);
    let studies = products::studies(&traffic, &estate, &candidates, &carried);
    let today = today.to_string();
    let of = |domain: &Domain| {
        let taken = Taken::by(domain, &estate, &today);
        let all = studies.iter().map(|study| {
            let losses::OnProduct { product, verdict, at_worst, outlook } = taken.from(study);
            let survival = taken.survived_by(study);
            let [peak_tokens, peak_requests] = study.needs.peak();
            Fallback {
                product,
                verdict,
                at_worst,
                falls_short: survival == Survival::No,
                may_fall_short: survival == Survival::NotKnown,
                peak_tokens,
                peak_requests,
                outlook,
            }
        });
        let touched = |fallback: &Fallback| {
            let changes = fallback.verdict.max(fallback.at_worst) != Verdict::Untouched;
            fallback.falls_short || changes && !taken.is_nobody()
        };
        let products = all.filter(touched).collect();
        Watched { products, names_nothing: targets::is_nowhere(domain, &estate, &today) }
    };
    Ok(domains.iter().map(of).collect())
}
