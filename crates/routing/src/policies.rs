//! The preferences: one file each, one row here. Each puts healthy candidates in order and decides nothing else.
//!
//! To add one: a file with a function of this shape, a variant of [`Prefer`], a row in [`order`].

mod listed;
mod weighted;

use smallvec::SmallVec;

use crate::deployment::RouteEntry;
use crate::dice::Dice;
use crate::policy::Prefer;

/// Eligible entries; they come as the route lists them and leave in order of preference.
pub(crate) type Entries = SmallVec<[RouteEntry; 4]>;

/// Puts eligible entries in the order that `prefer` names.
pub(crate) fn order(prefer: Prefer, entries: &mut Entries, dice: &mut Dice) {
    match prefer {
        Prefer::Listed => listed::order(entries),
        Prefer::Weighted => weighted::order(entries, dice),
    }
}
