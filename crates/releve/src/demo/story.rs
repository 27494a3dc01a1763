//! *The weekend*: what happens to the suppliers, and when. Pure: a position in it is a share of the whole.
//!
//! Modelled on a weekend in November 2023, when the biggest maker lost its chief on a Friday and nobody outside knew
//! until Monday who would run it. No service failed then; here some do, so that one can see what would happen.

use super::cast::{BIGGEST, ITS_CLOUD, SupplierIndex};

/// What is done to a supplier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Condition {
    #[default]
    Well,
    /// Several times slower, and every third request is refused: 429, 503, 500.
    Brownout,
    /// Takes no request any more. Answers that have begun are let finish.
    Gone,
}

impl Condition {
    /// One word for the screen.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Brownout => "brownout",
            Self::Gone => "gone",
        }
    }
}

/// A part of the story.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) when: &'static str,
    pub(super) title: &'static str,
    /// Two short sentences at most: what happens, and what to look at.
    pub(super) caption: &'static str,
    /// Its part of the story, in hundredths.
    hundredths: u32,
    /// Who is not well.
    unwell: &'static [(SupplierIndex, Condition)],
}

/// The scenes, in order.
pub(super) const SCENES: [Scene; 6] = [
    Scene {
        when: "Friday noon",
        title: "a normal day",
        caption: "Five products, six suppliers. Each route asks its first choice.",
        hundredths: 13,
        unwell: &[],
    },
    Scene {
        when: "Friday evening",
        title: "a rumour",
        caption: "The biggest maker's board dismisses its chief. Every status page is green, and so is this one: \
                  only people can act on a rumour.",
        hundredths: 13,
        unwell: &[],
    },
    Scene {
        when: "Saturday",
        title: "brownout",
        caption: "The maker's API slows down and refuses every third request. Another supplier takes over \
                  before the first token; products do not notice.",
        hundredths: 20,
        unwell: &[(BIGGEST, Condition::Brownout)],
    },
    Scene {
        when: "Sunday",
        title: "loss of the biggest maker",
        caption: "Its API is gone. The same weights run on a cloud: traffic moves there.",
        hundredths: 12,
        unwell: &[(BIGGEST, Condition::Gone)],
    },
    Scene {
        when: "Sunday night",
        title: "its cloud as well",
        caption: "Now the cloud drops its models, too. Another maker and the own machines carry on.",
        hundredths: 12,
        unwell: &[(BIGGEST, Condition::Gone), (ITS_CLOUD, Condition::Gone)],
    },
    Scene {
        when: "Monday",
        title: "the return",
        caption: "Both are back. A probe finds out, one request at a time, and the traffic returns.",
        hundredths: 30,
        unwell: &[],
    },
];

impl Scene {
    /// What it does to a supplier.
    pub(super) fn condition(&self, supplier: SupplierIndex) -> Condition {
        let named = self.unwell.iter().find(|(unwell, _)| *unwell == supplier);
        named.map_or(Condition::Well, |(_, condition)| *condition)
    }
}

/// The scene that is played when `share` of the story is over (0 to 1).
pub(super) fn scene_at(share: f64) -> usize {
    let mut end = 0;
    SCENES
        .iter()
        .position(|scene| {
            end += scene.hundredths;
            share * 100.0 < f64::from(end)
        })
        .unwrap_or(SCENES.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_is_whole_and_ends_well() {
        assert_eq!(SCENES.iter().map(|scene| scene.hundredths).sum::<u32>(), 100);
        assert_eq!(
            (scene_at(0.0), scene_at(0.12), scene_at(0.13), scene_at(1.0), scene_at(7.0)),
            (0, 0, 1, 5, 5)
        );
        for supplier in 0..super::super::cast::SUPPLIERS.len() {
            assert_eq!(SCENES[0].condition(supplier), Condition::Well);
            assert_eq!(SCENES[SCENES.len() - 1].condition(supplier), Condition::Well);
        }
    }

    #[test]
    fn nothing_measurable_happens_in_the_rumour() {
        assert!(SCENES[1].unwell.is_empty());
    }

    #[test]
    fn somebody_is_always_left_for_each_product() {
        // At most two at a time: with three attempts a request, a third candidate is always reached.
        for scene in &SCENES {
            assert!(scene.unwell.len() <= 2, "{}", scene.title);
        }
    }
}
