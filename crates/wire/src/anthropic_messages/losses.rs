//! Losses of one request or answer: each named once, and no more of them than anybody reads.

use crate::conversation::Loss;

/// So many different losses are named; what comes after them is named as one. A body may hold any number of members
/// that nobody knows.
const MOST: usize = 48;

/// Longer names are cut.
const LONGEST_NAME: usize = 80;

/// Why a member that is not known here is left out.
const UNKNOWN: &str = "not known here";

/// What was lost so far.
#[derive(Debug, Default, Clone)]
pub(super) struct Losses(Vec<Loss>);

impl Losses {
    /// Names a loss.
    pub(super) fn add(&mut self, what: impl Into<String>, why: &'static str) {
        let mut what = what.into();
        if self.0.len() > MOST || self.0.iter().any(|known| known.what == what) {
            return;
        }
        if self.0.len() == MOST {
            self.0.push(Loss::new("...", "more than are named"));
            return;
        }
        if what.len() > LONGEST_NAME {
            what.truncate(what.floor_char_boundary(LONGEST_NAME));
        }
        self.0.push(Loss { what, why });
    }

    /// Names them.
    pub(super) fn extend(&mut self, losses: impl IntoIterator<Item = Loss>) {
        for Loss { what, why } in losses {
            self.add(what, why);
        }
    }

    /// Names a member that nobody here knows, by its own name and that of what it is in.
    pub(super) fn unknown(&mut self, place: &str, name: &str) {
        let name = if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
        self.add(name, UNKNOWN);
    }

    pub(super) fn as_slice(&self) -> &[Loss] {
        &self.0
    }

    pub(super) fn into_vec(self) -> Vec<Loss> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_named_once_and_there_is_an_end() {
        let mut losses = Losses::default();
        for number in 0..1000 {
            losses.add(format!("member_{}", number / 2), UNKNOWN);
        }
        losses.add("é".repeat(1000), UNKNOWN);
        let losses = losses.into_vec();
        assert_eq!(losses.len(), MOST + 1);
        assert_eq!((losses[1].what.as_str(), losses[MOST].what.as_str()), ("member_1", "..."));
    }
}
