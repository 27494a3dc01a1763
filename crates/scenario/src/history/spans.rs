//! Times that lie apart from each other, in order.

use std::ops::Range;

use super::Minute;

/// Sets of minutes, as ranges that neither touch nor overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(Vec<Range<Minute>>);

impl Spans {
    /// Of ranges in any order, which may overlap; empty ones count for nothing.
    pub fn of(mut ranges: Vec<Range<Minute>>) -> Self {
        ranges.retain(|range| range.start < range.end);
        ranges.sort_unstable_by_key(|range| range.start);
        Self(ranges).bridged(0)
    }

    /// With what lies between two of them filled in, where that is no longer than `gap`.
    #[must_use]
    pub fn bridged(self, gap: Minute) -> Self {
        let mut joined: Vec<Range<Minute>> = Vec::with_capacity(self.0.len());
        for range in self.0 {
            match joined.last_mut() {
                Some(last) if range.start - last.end <= gap => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        Self(joined)
    }

    /// The minutes that both have.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        let (mut one, mut two) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut both = Vec::new();
        while let (Some(a), Some(b)) = (one.peek(), two.peek()) {
            let (start, end) = (a.start.max(b.start), a.end.min(b.end));
            if start < end {
                both.push(start..end);
            }
            if a.end <= b.end {
                one.next()
            } else {
                two.next()
            };
        }
        Self(both)
    }

    /// The minutes within a range.
    #[must_use]
    pub fn within(&self, range: &Range<Minute>) -> Self {
        let from = self.0.partition_point(|span| span.end <= range.start);
        let inside = self.0[from..].iter().take_while(|span| span.start < range.end);
        Self(inside.map(|span| span.start.max(range.start)..span.end.min(range.end)).collect())
    }

    /// Those within a range, counted from its beginning.
    #[must_use]
    pub fn since(&self, range: &Range<Minute>) -> Self {
        let within = self.within(range).0.into_iter();
        Self(within.map(|span| span.start - range.start..span.end - range.start).collect())
    }

    /// How many minutes they are.
    pub fn minutes(&self) -> Minute {
        self.0.iter().map(|span| span.end - span.start).sum()
    }

    /// Whether all of a range is in them.
    pub fn cover(&self, range: &Range<Minute>) -> bool {
        self.within(range).minutes() == range.end - range.start
    }

    /// The spans, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Range<Minute>> {
        self.0.iter()
    }

    /// Where the first begins and the last ends.
    pub fn ends(&self) -> Option<Range<Minute>> {
        Some(self.0.first()?.start..self.0.last()?.end)
    }

    /// What they are cut into by steps of `length` from 1970 on, without the steps that they have only a part of.
    pub fn whole(&self, length: Minute) -> impl Iterator<Item = Range<Minute>> + '_ {
        self.0.iter().flat_map(move |span| {
            let first = (span.start + length - 1).div_euclid(length);
            (first..span.end.div_euclid(length)).map(move |step| step * length..(step + 1) * length)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = (Spans, Vec<bool>)> {
        proptest::collection::vec((0_i64..60, 0_i64..12), 0..8).prop_map(|ranges| {
            let ranges: Vec<Range<Minute>> =
                ranges.into_iter().map(|(start, length)| start..start + length).collect();
            let bits = (0..80).map(|minute| ranges.iter().any(|range| range.contains(&minute))).collect();
            (Spans::of(ranges), bits)
        })
    }

    fn bits(spans: &Spans) -> Vec<bool> {
        (0..80).map(|minute| spans.iter().any(|span| span.contains(&minute))).collect()
    }

    proptest! {
        /// Against sets of minutes, one by one.
        #[test]
        fn spans_are_sets_of_minutes((one, of_one) in spans(), (two, of_two) in spans(), from in 0_i64..80, length in 1_i64..20) {
            prop_assert_eq!(bits(&one), of_one.clone());
            let ordered = one.iter().zip(one.iter().skip(1)).all(|(a, b)| a.end < b.start);
            prop_assert!(ordered, "{one:?}");
            let both: Vec<bool> = of_one.iter().zip(&of_two).map(|(a, b)| *a && *b).collect();
            prop_assert_eq!(bits(&one.both(&two)), both);
            let range = from..from + length;
            let within: Vec<bool> = (0..80).zip(&of_one).map(|(minute, bit)| *bit && range.contains(&minute)).collect();
            prop_assert_eq!(bits(&one.within(&range)), within.clone());
            let count = within.iter().filter(|bit| **bit).count();
            prop_assert_eq!(usize::try_from(one.within(&range).minutes()), Ok(count));
            prop_assert_eq!(one.since(&range).minutes(), one.within(&range).minutes());
            prop_assert_eq!(one.cover(&(from..from + 1)), of_one.get(usize::try_from(from).unwrap()) == Some(&true));
            for step in one.whole(length) {
                prop_assert!(one.cover(&step) && step.start % length == 0);
            }
        }
    }

    #[test]
    fn short_gaps_are_bridged_and_long_ones_are_not() {
        let spans = Spans::of(vec![0..1, 5..6, 20..21]);
        assert_eq!(spans.clone().bridged(4), Spans::of(vec![0..6, 20..21]));
        assert_eq!(spans.clone().bridged(3), spans);
        assert_eq!(spans.ends(), Some(0..21));
    }
}
