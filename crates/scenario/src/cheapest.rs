//! The cheapest set of things that reaches a goal, where how a set does is found out by trying it.

use std::collections::BTreeMap;

/// How many of the things that help are tried in pairs: those that help most.
const PAIRED: usize = 12;
/// Dropping and exchanging is gone through so many times at most.
const ROUNDS: usize = 6;

/// How a set does: what it leaves missing of the goal, 0 where it is reached; then what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score<P> {
    /// What is missing, in any unit.
    pub missing: u64,
    /// What it costs.
    pub price: P,
}

/// What can be had, and what that is worth.
pub trait Shop {
    /// One thing. A set of them is in their order.
    type Thing: Copy + Ord;
    /// What a set costs.
    type Price: Copy + Ord;

    /// What could be added to a set.
    fn offers(&self, set: &[Self::Thing]) -> Vec<Self::Thing>;

    /// Sets that are worth a try as a whole.
    fn bundles(&self) -> Vec<Vec<Self::Thing>> {
        Vec::new()
    }

    /// How each set does.
    fn scores(&self, sets: &[Vec<Self::Thing>]) -> Vec<Score<Self::Price>>;
}

/// How sets do that were tried already. Shops that differ only in what they offer can share it.
pub type Known<S> = BTreeMap<Vec<<S as Shop>::Thing>, Score<<S as Shop>::Price>>;

/// A set, and how it does.
pub type Found<S> = (Score<<S as Shop>::Price>, Vec<<S as Shop>::Thing>);

/// The best set that is found from `start` on, of which things may be left out again; no more than `most` are added.
///
/// Tried are each thing by itself, every pair of those that help, and the bundles. Where none of that reaches the goal, what helps
/// most is added to the best, and so on. Then whatever is not needed is left out, and each thing exchanged for what is cheaper.
pub fn cheapest<S: Shop>(shop: &S, start: &[S::Thing], most: usize, known: &mut Known<S>) -> Found<S> {
    Search { shop, known }.run(start, most)
}

struct Search<'a, S: Shop> {
    shop: &'a S,
    known: &'a mut Known<S>,
}

impl<S: Shop> Search<'_, S> {
    fn run(&mut self, start: &[S::Thing], most: usize) -> Found<S> {
        let mut best = self.scored(vec![start.to_vec()]).remove(0);
        if best.0.missing > 0 {
            let tried = self.near(start, best.0.missing);
            best = self.best(tried).into_iter().fold(best, Ord::min);
        }
        while best.0.missing > 0 && best.1.len() < start.len() + most {
            match self.best(self.grown(&best.1)) {
                Some(more) if more.0.missing < best.0.missing => best = more,
                _ => break,
            }
        }
        for _ in 0..ROUNDS {
            match self.best(self.changed(&best.1)) {
                Some(other) if other.0 < best.0 => best = other,
                _ => break,
            }
        }
        best
    }

    /// Sets that are near to `start`: with one thing more, with two that help by themselves, with a bundle.
    fn near(&mut self, start: &[S::Thing], missing: u64) -> Vec<Vec<S::Thing>> {
        let mut tried = self.grown(start);
        let mut helpful: Vec<Found<S>> = self.scored(tried.clone());
        helpful.retain(|(score, _)| score.missing < missing);
        helpful.sort();
        helpful.truncate(PAIRED);
        for (place, (_, one)) in helpful.iter().enumerate() {
            tried.extend(helpful[..place].iter().map(|(_, other)| [&one[..], other].concat()));
        }
        tried.extend(self.shop.bundles().into_iter().map(|bundle| [start, &bundle].concat()));
        tried
    }

    /// The set with each thing that could be added.
    fn grown(&self, set: &[S::Thing]) -> Vec<Vec<S::Thing>> {
        self.shop.offers(set).into_iter().map(|thing| [set, &[thing]].concat()).collect()
    }

    /// The set without each of its things, and with each of them exchanged.
    fn changed(&self, set: &[S::Thing]) -> Vec<Vec<S::Thing>> {
        let without = |place: usize| [&set[..place], &set[place + 1..]].concat();
        let shorter: Vec<Vec<S::Thing>> = (0..set.len()).map(without).collect();
        let exchanged = shorter.iter().flat_map(|set| self.grown(set)).collect();
        [shorter, exchanged].concat()
    }

    fn best(&mut self, sets: Vec<Vec<S::Thing>>) -> Option<Found<S>> {
        self.scored(sets).into_iter().min()
    }

    fn scored(&mut self, mut sets: Vec<Vec<S::Thing>>) -> Vec<Found<S>> {
        for set in &mut sets {
            set.sort_unstable();
            set.dedup();
        }
        sets.sort_unstable();
        sets.dedup();
        let unknown: Vec<Vec<S::Thing>> =
            sets.iter().filter(|set| !self.known.contains_key(*set)).cloned().collect();
        let scores = self.shop.scores(&unknown);
        self.known.extend(unknown.into_iter().zip(scores));
        sets.into_iter().map(|set| (self.known[&set], set)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Things that each cover some of eight places, at a price.
    #[derive(Debug, Clone)]
    struct Cover(Vec<(u8, u32)>);

    impl Shop for Cover {
        type Thing = usize;
        type Price = u32;

        fn offers(&self, set: &[usize]) -> Vec<usize> {
            (0..self.0.len()).filter(|thing| !set.contains(thing)).collect()
        }

        fn scores(&self, sets: &[Vec<usize>]) -> Vec<Score<u32>> {
            sets.iter().map(|set| self.score(set)).collect()
        }
    }

    impl Cover {
        fn score(&self, set: &[usize]) -> Score<u32> {
            let covered = set.iter().fold(0, |covered, thing| covered | self.0[*thing].0);
            let price = set.iter().map(|thing| self.0[*thing].1).sum();
            Score { missing: covered.count_zeros().into(), price }
        }

        /// The best of all sets of no more than `most` things.
        fn by_brute_force(&self, most: u32) -> Score<u32> {
            let sets = (0..1_u32 << self.0.len()).filter(|set| set.count_ones() <= most);
            let things =
                |set: u32| (0..self.0.len()).filter(|thing| set >> thing & 1 == 1).collect::<Vec<_>>();
            sets.map(|set| self.score(&things(set))).min().unwrap()
        }
    }

    proptest! {
        #[test]
        fn nothing_of_two_things_is_cheaper(shop in proptest::collection::vec((any::<u8>(), 1_u32..100), 1..10)) {
            let shop = Cover(shop);
            let (score, set) = cheapest(&shop, &[], 8, &mut BTreeMap::new());
            prop_assert_eq!(score, shop.score(&set));
            let two = shop.by_brute_force(2);
            prop_assert!(two.missing > 0 || score <= two, "{score:?}, and {two:?} of two");
            let all = shop.by_brute_force(10);
            prop_assert_eq!(score.missing, all.missing, "whatever can be covered is");
            for place in 0..set.len() {
                let without = [&set[..place], &set[place + 1..]].concat();
                prop_assert!(shop.score(&without) > score, "{} is not needed", set[place]);
            }
        }

        #[test]
        fn what_is_there_already_is_kept_if_it_is_needed(
            shop in proptest::collection::vec((any::<u8>(), 1_u32..100), 2..10)
        ) {
            let shop = Cover(shop);
            let (score, _) = cheapest(&shop, &[0, 1], 8, &mut BTreeMap::new());
            prop_assert!(score <= shop.score(&[0, 1]));
        }
    }

    /// Three of four come as a bundle.
    struct Thirds(Cover);
    impl Shop for Thirds {
        type Thing = usize;
        type Price = u32;
        fn offers(&self, set: &[usize]) -> Vec<usize> {
            self.0.offers(set)
        }
        fn bundles(&self) -> Vec<Vec<usize>> {
            vec![vec![1, 2, 3, 4]]
        }
        fn scores(&self, sets: &[Vec<usize>]) -> Vec<Score<u32>> {
            self.0.scores(sets)
        }
    }

    /// Two cheap halves in place of one dear whole, and three thirds where they come as a bundle.
    #[test]
    fn several_small_things_may_be_cheaper_than_a_large_one() {
        let shop = Cover(vec![(0xff, 70), (0x0f, 6), (0xf0, 6)]);
        assert_eq!(
            cheapest(&shop, &[], 8, &mut BTreeMap::new()),
            (Score { missing: 0, price: 12 }, vec![1, 2])
        );
        let thirds = Cover(vec![(0xff, 70), (0x07, 6), (0x38, 6), (0xc0, 6), (0x01, 6)]);
        let found = cheapest(&Thirds(thirds.clone()), &[], 8, &mut BTreeMap::new());
        assert_eq!(found, (Score { missing: 0, price: 18 }, vec![1, 2, 3]), "the fourth is not needed");
    }
}
