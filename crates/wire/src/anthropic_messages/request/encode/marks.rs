//! Which cache marks may stand. At most four do, and in the order of the cache (tools, system, messages) none that lives
//! an hour may come behind one that lives five minutes.
//!
//! Of more than four, the first and the last three stay: the first covers what many conversations share, the last ones
//! what the next request begins with.

use catalogue::Needs;

use crate::anthropic_messages::losses::Losses;
use crate::conversation::{CacheMark, Target};

/// So many marks may stand.
const MOST: usize = 4;

/// The marks of one writing, in the order in which they are written.
#[derive(Debug)]
pub(super) struct Marks {
    asked: Vec<CacheMark>,
    /// What becomes of each; `None` where all may stand as they are, for all that is known.
    plan: Option<Vec<Option<CacheMark>>>,
    are_known: bool,
}

impl Marks {
    /// Before anything is written.
    pub(super) const fn new(target: &Target<'_>) -> Self {
        let are_known = !target.capabilities.no.contains(Needs::CACHE_MARKS);
        Self { asked: Vec::new(), plan: None, are_known }
    }

    /// The next block's mark as it may stand.
    pub(super) fn next(&mut self, mark: Option<CacheMark>) -> Option<CacheMark> {
        let mark = mark?;
        let at = self.asked.len();
        self.asked.push(mark);
        match &self.plan {
            Some(plan) => plan.get(at).copied().flatten(),
            None => Some(mark),
        }
    }

    /// Marks for another writing, where those of the last one may not all stand.
    pub(super) fn allowed(self, losses: &mut Losses) -> Option<Self> {
        if !self.are_known && !self.asked.is_empty() {
            losses.add("cache_control", "the supplier knows no marks");
            let plan = vec![None; self.asked.len()];
            return Some(Self { asked: Vec::new(), plan: Some(plan), are_known: true });
        }
        let dropped = self.asked.len().saturating_sub(MOST);
        let mut plan: Vec<Option<CacheMark>> = self.asked.iter().copied().map(Some).collect();
        if dropped > 0 {
            losses.add(
                "cache_control",
                "more than four marks are refused there: the first and the last three stay",
            );
            plan[1..=dropped].fill(None);
        }
        let mut is_short = false;
        for mark in plan.iter_mut().flatten() {
            if is_short && *mark == CacheMark::Hour {
                losses.add(
                    "cache_control.ttl",
                    "an hour behind five minutes is refused there: it is five minutes",
                );
                *mark = CacheMark::Short;
            }
            is_short |= *mark == CacheMark::Short;
        }
        let stands = plan.iter().copied().eq(self.asked.iter().copied().map(Some));
        (!stands).then(|| Self { asked: Vec::new(), plan: Some(plan), are_known: true })
    }
}
