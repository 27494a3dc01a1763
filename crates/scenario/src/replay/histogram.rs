//! Times by their logarithm: any quantile within 1.5 %, in a kilobyte, without keeping the times.

/// Buckets to a doubling: one is 2.2 % wide, and a quantile is read from its middle.
const PER_DOUBLING: usize = 32;
/// From 1 ms to 2^21 ms, which is 35 minutes.
const BUCKETS: usize = PER_DOUBLING * 21;

/// Counts of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u32>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl Histogram {
    /// Adds a time in milliseconds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "`as` saturates"
    )]
    pub fn add(&mut self, ms: f32) {
        let place = (ms.max(1.0).log2() * PER_DOUBLING as f32) as usize;
        self.counts[place.min(BUCKETS - 1)] += 1;
        self.total += 1;
    }

    /// Adds all of another.
    pub fn join(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, count)| *sum += count);
        self.total += other.total;
    }

    /// How many there are.
    pub const fn len(&self) -> u64 {
        self.total
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The time in milliseconds that this share of all is not longer than; `None` of nothing.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "small"
    )]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total.max(1));
        let mut seen = 0;
        let place = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        })?;
        Some(((place as f64 + 0.5) / PER_DOUBLING as f64).exp2())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_their_bucket() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        for ms in 1..=10_000_u16 {
            histogram.add(f32::from(ms));
        }
        for (share, exact) in [(0.5, 5_000.0), (0.95, 9_500.0), (0.01, 100.0)] {
            let read = histogram.quantile(share).unwrap();
            assert!((read / exact - 1.0).abs() < 0.015, "{share}: {read} of {exact}");
        }
    }
}
