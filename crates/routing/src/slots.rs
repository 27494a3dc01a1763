//! How many attempts a deployment has in flight. One word: the count.

/// One more, unless that is past `limit`.
pub(crate) fn take(word: u64, limit: Option<u32>) -> Option<u64> {
    let full = limit.is_some_and(|limit| word >= u64::from(limit));
    if full { None } else { word.checked_add(1) }
}

/// One less; never below none.
pub(crate) const fn give(word: u64) -> u64 {
    word.saturating_sub(1)
}

/// Whether `take` would refuse.
pub(crate) fn is_full(word: u64, limit: Option<u32>) -> bool {
    take(word, limit).is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_below_none_never_past_the_limit(limit in prop::option::of(0_u32..8), moves: Vec<bool>) {
            let (mut word, mut held) = (0, 0_u64);
            for taking in moves {
                if taking {
                    if let Some(next) = take(word, limit) {
                        word = next;
                        held += 1;
                    }
                } else {
                    word = give(word);
                    held = held.saturating_sub(1);
                }
                prop_assert_eq!(word, held);
                prop_assert!(limit.is_none_or(|limit| word <= u64::from(limit)));
            }
        }

        #[test]
        fn any_bits(word: u64, limit: Option<u32>) {
            prop_assert_eq!(is_full(word, limit), take(word, limit).is_none());
            prop_assert!(give(word) <= word);
        }
    }
}
