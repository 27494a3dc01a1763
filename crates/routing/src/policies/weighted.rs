//! At random, each with a chance of its weight: who comes first, then who of the rest comes second, and so on.

use smallvec::SmallVec;

use super::Entries;
use crate::deployment::RouteEntry;
use crate::dice::Dice;

/// Draws without replacement.
///
/// Each entry waits for an exponential time with its weight as rate, and they come as their time does; that is the same
/// distribution as drawing one by one, and needs one number each (Efraimidis and Spirakis, 2006).
pub(super) fn order(entries: &mut Entries, dice: &mut Dice) {
    if entries.len() < 2 {
        return;
    }
    let mut timed: SmallVec<[(f64, RouteEntry); 4]> =
        entries.iter().map(|entry| (wait(entry.weight, dice), *entry)).collect();
    timed.sort_by(|one, other| one.0.total_cmp(&other.0));
    for (place, (_, entry)) in entries.iter_mut().zip(timed) {
        *place = entry;
    }
}

fn wait(weight: u32, dice: &mut Dice) -> f64 {
    // 1 - unit lies in (0, 1]: its logarithm is finite. Weight 0 waits for ever.
    -(1.0 - dice.unit_f64()).ln() / f64::from(weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::DeploymentIndex;

    fn drawn(weights: [u32; 3], draws: u32) -> [[u32; 3]; 3] {
        let mut counts = [[0; 3]; 3];
        let mut dice = Dice::new(11);
        for _ in 0..draws {
            let listed = (0_u32..).zip(weights);
            let mut entries: Entries = listed
                .map(|(index, weight)| RouteEntry { deployment: DeploymentIndex(index), weight })
                .collect();
            order(&mut entries, &mut dice);
            for (place, entry) in entries.iter().enumerate() {
                counts[place][entry.deployment.at()] += 1;
            }
        }
        counts
    }

    #[test]
    fn shares_are_the_weights() {
        let [first, second, _] = drawn([1, 2, 7], 100_000);
        for (count, share) in first.into_iter().zip([0.1, 0.2, 0.7]) {
            assert!((f64::from(count) / 100_000.0 - share).abs() < 0.01, "{first:?}");
        }
        // Second: by the weights of those that are left.
        let expected = 0.2 * (0.7 / 0.8) + 0.1 * (0.7 / 0.9);
        assert!((f64::from(second[2]) / 100_000.0 - expected).abs() < 0.01, "{second:?}");
    }

    #[test]
    fn the_same_dice_give_the_same_order() {
        assert_eq!(drawn([1, 1, 1], 50), drawn([1, 1, 1], 50));
    }
}
