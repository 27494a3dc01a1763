//! Cuts that differ only in what they take from others: for the product they are one.

use std::collections::HashMap;

use super::Effect;

/// A cut: of each loss, those that it may be.
pub(super) type Choices = Vec<Vec<usize>>;

/// Joins cuts that have the same effect and differ in one loss alone, where both take the same from the product. Of each
/// loss, `kinds` has a number that such losses share.
///
/// Exact: whatever is chosen of each loss of a joined cut is one of the cuts given, and each of those is in just one.
pub(super) fn joined(cuts: Vec<(Vec<usize>, Effect)>, kinds: &[usize]) -> Vec<(Choices, Effect)> {
    let mut groups: Vec<(Vec<Choices>, Effect)> = Vec::new();
    let mut known: HashMap<(Vec<usize>, [u64; 3]), usize> = HashMap::new();
    for (cut, effect) in cuts {
        let Effect { stopped, short_tokens, short_requests } = effect;
        let mut of_kinds: Vec<usize> = cut.iter().map(|loss| kinds[*loss]).collect();
        of_kinds.sort_unstable();
        let group = *known
            .entry((of_kinds, [stopped.to_bits(), short_tokens, short_requests]))
            .or_insert_with(|| {
                groups.push((Vec::new(), effect));
                groups.len() - 1
            });
        add(&mut groups[group].0, cut.into_iter().map(|loss| vec![loss]).collect(), kinds);
    }
    groups.into_iter().flat_map(|(cuts, effect)| cuts.into_iter().map(move |cut| (cut, effect))).collect()
}

/// Adds a cut, joined with what it can be; what comes of that may be joined again.
fn add(cuts: &mut Vec<Choices>, mut new: Choices, kinds: &[usize]) {
    while let Some((place, both)) =
        cuts.iter().enumerate().find_map(|(place, cut)| Some((place, both(cut, &new, kinds)?)))
    {
        cuts.remove(place);
        new = both;
    }
    cuts.push(new);
}

/// Both cuts as one, where they differ in one loss, of one kind.
fn both(one: &Choices, other: &Choices, kinds: &[usize]) -> Option<Choices> {
    let place = only(one, other)?;
    let more = &other[only(other, one)?];
    if kinds[one[place][0]] != kinds[more[0]] {
        return None;
    }
    let mut both = one.clone();
    both[place].extend(more);
    both[place].sort_unstable();
    Some(both)
}

/// The place of the only loss that the other cut does not have.
fn only(cut: &Choices, other: &Choices) -> Option<usize> {
    let mut places = (0..cut.len()).filter(|place| !other.contains(&cut[*place]));
    let first = places.next()?;
    places.next().is_none().then_some(first)
}
