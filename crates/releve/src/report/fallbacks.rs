//! Whether those who would step in carry what is asked, should somebody fall who is watched or drained.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use scenario::{Domain, Outlook, Verdict};
use serde::Serialize;
use store::{Period, Reader, StoreError};

use super::figures::{losses, products};
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
    /// What it asked in its busiest minutes, of tokens and of requests.
    pub(crate) peak_tokens: u64,
    pub(crate) peak_requests: u64,
    #[serde(flatten)]
    pub(crate) outlook: Outlook,
}

impl Fallback {
    /// Whether a part of it would go unserved, for want of a candidate or of configured capacity.
    pub(crate) fn falls_short(&self) -> bool {
        self.verdict >= Verdict::Partly
    }

    /// Whether it hangs on what nobody has seen yet: an unproven deployment, or more than was ever carried here.
    pub(crate) const fn is_unseen(&self) -> bool {
        matches!(self.verdict, Verdict::Unproven) || self.outlook.beyond_proven_tokens > 0
    }
}

/// Of each domain, the products that its loss would touch, by the requests of the last thirty days.
///
/// # Errors
/// Those of the ledger.
pub(crate) fn fallbacks(
    resolved: &Resolved,
    ledger: &Path,
    (now_us, today): (i64, Date),
    domains: &[Domain],
) -> Result<Vec<Vec<Fallback>>, StoreError> {
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
    let of = |domain: &Domain| {
        let takes = estate.taken_by(domain, &today.to_string());
        let asked = studies.iter().filter(|study| study.needs.requests() > 0);
        let all = asked.map(|study| {
            let losses::OnProduct { product, verdict, outlook } = losses::on(study, &takes);
            let [peak_tokens, peak_requests] = study.needs.peak();
            Fallback { product, verdict, peak_tokens, peak_requests, outlook }
        });
        all.filter(|fallback| fallback.verdict != Verdict::Untouched).collect()
    };
    Ok(domains.iter().map(of).collect())
}
