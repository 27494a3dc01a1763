//! Intents that wait for their settlement, so that a quick request costs one record.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use ledger::{Intent, RequestId};

use crate::queue::LINGER;

/// Intents of the last [`LINGER`].
#[derive(Debug, Default)]
pub(super) struct Lingering {
    intents: HashMap<RequestId, Intent>,
    /// Oldest first; also those that are settled.
    ends: VecDeque<(Instant, RequestId)>,
}

impl Lingering {
    pub(super) fn add(&mut self, intent: Intent) {
        self.ends.push_back((Instant::now() + LINGER, intent.id));
        self.intents.insert(intent.id, intent);
    }

    /// Whether its intent was waiting and need not be written any more.
    pub(super) fn remove(&mut self, id: RequestId) -> bool {
        let found = self.intents.remove(&id).is_some();
        while self.ends.front().is_some_and(|(_, id)| !self.intents.contains_key(id)) {
            self.ends.pop_front();
        }
        found
    }

    /// When the first of them has waited long enough.
    pub(super) fn next(&self) -> Option<Instant> {
        self.ends.front().map(|(end, _)| *end)
    }

    /// Takes those that have waited long enough, or would have in so much more time.
    pub(super) fn expired(&mut self, early: Option<Duration>) -> impl Iterator<Item = Intent> + '_ {
        let now = Instant::now();
        std::iter::from_fn(move || {
            loop {
                let (end, _) = self.ends.front()?;
                if end.saturating_duration_since(now) > early.unwrap_or_default() {
                    return None;
                }
                let (_, id) = self.ends.pop_front()?;
                if let Some(intent) = self.intents.remove(&id) {
                    return Some(intent);
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn intent(number: u64) -> Intent {
        let id = RequestId::new(number, [number, 0]);
        Intent {
            id,
            arrived_us: 0,
            facts: Arc::default(),
            decision: Arc::default(),
            deployment: None,
            prices: None,
        }
    }

    #[test]
    fn what_is_settled_in_time_is_never_written() {
        let mut lingering = Lingering::default();
        let intents: Vec<_> = (0..4).map(intent).collect();
        intents.iter().cloned().for_each(|intent| lingering.add(intent));
        assert!(lingering.remove(intents[0].id) && lingering.remove(intents[2].id));
        assert!(!lingering.remove(intents[0].id));
        assert_eq!(lingering.expired(None).count(), 0, "too early");
        let left: Vec<_> = lingering.expired(Some(LINGER)).map(|intent| intent.id).collect();
        assert_eq!(left, [intents[1].id, intents[3].id]);
        assert!(lingering.next().is_none());
    }
}
