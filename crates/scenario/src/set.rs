//! Sets of small numbers: deployments by their index.

use smallvec::SmallVec;

/// A set of indices.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set(SmallVec<[u64; 2]>);

impl Set {
    /// Puts one in.
    pub fn insert(&mut self, index: usize) {
        let (word, bit) = (index / 64, index % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << bit;
    }

    /// Whether it is in.
    pub fn contains(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Whether none is in.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// How many are in.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether all of it are in `other`.
    pub fn within(&self, other: &Self) -> bool {
        self.0.iter().enumerate().all(|(index, word)| word & !other.0.get(index).copied().unwrap_or(0) == 0)
    }

    /// Those of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (long, short) = if self.0.len() < other.0.len() { (other, self) } else { (self, other) };
        let mut all = long.clone();
        for (word, more) in all.0.iter_mut().zip(&short.0) {
            *word |= more;
        }
        all
    }

    /// Those that both have. Without empty words at its end, so that equal sets are equal.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self::trimmed(self.0.iter().zip(&other.0).map(|(one, two)| one & two).collect())
    }

    /// Those that `other` does not have.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let other = |index: usize| other.0.get(index).copied().unwrap_or(0);
        Self::trimmed(self.0.iter().enumerate().map(|(index, word)| word & !other(index)).collect())
    }

    /// Its members, smallest first.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let words = self.0.iter().enumerate();
        words.flat_map(|(index, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index * 64 + bit)
        })
    }

    fn trimmed(mut words: SmallVec<[u64; 2]>) -> Self {
        while words.last() == Some(&0) {
            words.pop();
        }
        Self(words)
    }
}

impl FromIterator<usize> for Set {
    fn from_iter<I: IntoIterator<Item = usize>>(indices: I) -> Self {
        let mut set = Self::default();
        indices.into_iter().for_each(|index| set.insert(index));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(indices: &[usize]) -> Set {
        indices.iter().copied().collect()
    }

    #[test]
    fn sets_are_sets() {
        let (few, many) = (set(&[1, 3]), set(&[1, 3, 70, 200]));
        assert!(few.within(&many) && !many.within(&few));
        assert_eq!(many.without(&few), set(&[70, 200]));
        assert_eq!(many.intersection(&few), few);
        assert_eq!(few.union(&set(&[200])), set(&[1, 3, 200]));
        assert_eq!(many.without(&set(&[70, 200])), few, "no empty words are left");
        assert_eq!(many.iter().collect::<Vec<_>>(), [1, 3, 70, 200]);
        assert_eq!(many.len(), 4);
        assert!(set(&[]).is_empty() && few.without(&many).is_empty());
        assert!(many.contains(200) && !many.contains(201) && !many.contains(7));
    }
}
