//! What several tests use.

pub(crate) mod child;
pub(crate) mod dice;
pub(crate) mod disk;
pub(crate) mod entries;
