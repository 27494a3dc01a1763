//! How much a supplier takes: limits that refuse what is above them, machines that work off what has piled up.

/// Tokens of a bucket, or work that waits: one number that time moves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    level: f64,
    at_ms: u64,
}

impl Bucket {
    /// A full bucket of a limit per minute. Suppliers refill continuously and let a minute's worth through at once.
    pub(super) const fn full(per_minute: f64) -> Self {
        Self { level: per_minute, at_ms: 0 }
    }

    /// Takes so much, or says in how many milliseconds it would be there.
    pub(super) fn take(&mut self, amount: f64, per_minute: f64, now_ms: u64) -> Result<(), u64> {
        let level = (self.level + since(&mut self.at_ms, now_ms) * per_minute / 60_000.0).min(per_minute);
        self.level = level;
        // What is larger than the whole bucket would never come through: it waits for a full one.
        let wanted = amount.min(per_minute);
        if level < wanted {
            return Err(wait_ms((wanted - level) * 60_000.0 / per_minute.max(1e-9)));
        }
        self.level = level - wanted;
        Ok(())
    }
}

/// Work that machines have before them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Backlog {
    level: f64,
    at_ms: u64,
}

/// A queue longer than this is turned away: engines bound theirs, and clients do not wait longer for a first token.
const LONGEST_QUEUE_MS: f64 = 30_000.0;

impl Backlog {
    /// Adds work and gives how long it waits, in milliseconds; `None` where the queue is too long.
    pub(super) fn add(&mut self, amount: f64, per_minute: f64, now_ms: u64) -> Option<f64> {
        self.level = (self.level - since(&mut self.at_ms, now_ms) * per_minute / 60_000.0).max(0.0);
        // Machines work on many requests at once: what fits in a second's work does not wait.
        let waits = (self.level * 60_000.0 / per_minute.max(1e-9) - 1_000.0).max(0.0);
        if waits > LONGEST_QUEUE_MS {
            return None;
        }
        self.level += amount;
        Some(waits)
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds")]
fn since(at_ms: &mut u64, now_ms: u64) -> f64 {
    let passed = now_ms.saturating_sub(*at_ms);
    *at_ms = now_ms.max(*at_ms);
    passed as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn wait_ms(wait: f64) -> u64 {
    wait.ceil().clamp(1.0, 3_600_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_lets_through_its_rate_and_says_when_to_come_back() {
        let mut bucket = Bucket::full(60.0);
        let mut let_through = 0;
        for now in (0..300_000).step_by(500) {
            match bucket.take(1.0, 60.0, now) {
                Ok(()) => let_through += 1,
                Err(wait) => assert!((1..=1_000).contains(&wait), "{wait}"),
            }
        }
        assert!(
            (355..=361).contains(&let_through),
            "a minute's worth at once, then one a second: {let_through}"
        );
        assert!(Bucket::full(60.0).take(1_000.0, 60.0, 0).is_ok(), "larger than the bucket: a full one does");
    }

    #[test]
    fn work_above_capacity_waits_longer_and_longer_then_is_turned_away() {
        let mut backlog = Backlog::default();
        let waits: Vec<Option<f64>> =
            (0..100).map(|second| backlog.add(120.0, 3_600.0, second * 1_000)).collect();
        assert_eq!(waits[0], Some(0.0));
        assert!(waits[10].unwrap() > waits[5].unwrap());
        assert!(waits[90..].contains(&None), "{waits:?}");
    }
}
