//! Whether those who would step in carry what is asked of suppliers that are watched or drained: looked at when that is decided
//! and then now and again, for the metrics. `releve posture --check` says the same.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use console::Fallback;
use gateway::Clock;
use jiff::tz::TimeZone;
use scenario::Domain;
use store::StoreError;

use super::Standing;
use crate::posture::{Now, is_looked_at};
use crate::report;
use crate::resolve::Resolved;

/// How often it is seen whether there is anything to look at.
const TICK: Duration = Duration::from_secs(1);
/// Between two looks at the same. Each reads what was asked in thirty days, which takes seconds where that is much.
const LOOK_EVERY: Duration = Duration::from_mins(15);

/// Where it looks, and where it says what it found.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) ledger: PathBuf,
    pub(super) clock: Clock,
    pub(super) resolved: Arc<ArcSwap<Resolved>>,
    pub(super) standing: Arc<ArcSwap<Standing>>,
    pub(super) found: Arc<ArcSwap<Vec<Fallback>>>,
}

/// Looks until dropped; a look under way then is not waited for.
#[derive(Debug)]
pub(super) struct FallbackWatch {
    _stop: Sender<()>,
}

impl FallbackWatch {
    pub(super) fn start(look: Look) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        thread::Builder::new().name("fallbacks".to_owned()).spawn(move || {
            let mut last = None;
            loop {
                look.again(&mut last);
                if stopped.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        })?;
        Ok(Self { _stop: stop })
    }
}

/// What was looked at, with which configuration, and when.
type Looked = (Vec<Domain>, Arc<str>, Instant);

impl Look {
    /// Looks, if it is time to.
    fn again(&self, last: &mut Option<Looked>) {
        let resolved = self.resolved.load_full();
        let (domains, version) = (self.domains(), Arc::clone(&resolved.snapshot.version));
        let is_same = last.as_ref().map_or(domains.is_empty(), |(before, with, at)| {
            *before == domains && *with == version && (domains.is_empty() || at.elapsed() < LOOK_EVERY)
        });
        if is_same {
            return;
        }
        match self.look(&resolved, &domains) {
            Ok(found) => self.found.store(Arc::new(found)),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "whether fallbacks carry what is watched cannot be looked at");
            }
        }
        *last = Some((domains, version, Instant::now()));
    }

    /// Who is watched or drained now.
    fn domains(&self) -> Vec<Domain> {
        let standing = self.standing.load();
        let acts = standing.decided.in_force(Now::of(self.clock)).into_iter();
        acts.filter(|act| is_looked_at(&act.posture)).filter_map(|act| act.target.parse().ok()).collect()
    }

    fn look(&self, resolved: &Resolved, domains: &[Domain]) -> Result<Vec<Fallback>, StoreError> {
        if domains.is_empty() {
            return Ok(Vec::new());
        }
        let now_us = self.clock.unix_us();
        let now = jiff::Timestamp::from_microsecond(now_us).unwrap_or_default();
        let today = now.to_zoned(TimeZone::UTC).date();
        let found = report::fallbacks(resolved, &self.ledger, (now_us, today), domains)?;
        let named = domains.iter().zip(found).flat_map(|(domain, watched)| {
            let target: Arc<str> = domain.to_string().into();
            watched.products.into_iter().map(move |fallback| Fallback {
                target: Arc::clone(&target),
                falls_short: fallback.falls_short,
                may_fall_short: fallback.may_fall_short,
                product: fallback.product,
                unserved: fallback.outlook.none,
                short_tokens: fallback.outlook.short_tokens,
                short_requests: fallback.outlook.short_requests,
            })
        });
        Ok(named.collect())
    }
}
