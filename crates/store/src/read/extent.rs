//! Which records an answer rests on, so that it can be given again.

use ledger::Chain;
use rusqlite::OptionalExtension;

use super::{Period, Reader, find};
use crate::error::StoreError;
use crate::postures;

/// A part of the ledger that stays as it is, whatever is booked later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// When its records were booked: a period that is over, and has the same records each time.
    pub period: Period,
    /// The place of its first record.
    pub first_seq: i64,
    /// The place of its last record; before the first where it has none.
    pub last_seq: i64,
    /// The chain after the last record: it stands for all records up to there.
    pub chain: Chain,
    /// The last decision about a supplier that was made by the end of the period, and the chain of decisions after it; `None`
    /// where there was none.
    pub decisions: Option<(i64, Chain)>,
}

impl Reader {
    /// What a period holds now. Read [`Extent::period`] then, and what is booked meanwhile stays out.
    ///
    /// # Errors
    /// Those of the database.
    pub fn extent(&self, period: Period) -> Result<Extent, StoreError> {
        let (first, end) = find::range(&self.connection, period)?;
        let last_seq = end - 1;
        let of_last = "SELECT chain, at_us FROM journal WHERE seq = ?1";
        let last = self.connection.query_row(of_last, [last_seq], |row| Ok((row.get(0)?, row.get(1)?)));
        let (chain, at_us) = last
            .optional()?
            .map_or((Chain::START, 0), |(chain, at_us): (_, i64)| (Chain::from_bytes(chain), at_us));
        let to_us = period.to_us.unwrap_or(at_us.saturating_add(1));
        let acts = self.decisions()?;
        let last_act = acts.iter().filter(|act| act.set_us < to_us).map(|act| act.id).max();
        let decisions = last_act.and_then(|last| Some((last, postures::up_to(&acts, last)?)));
        let period = Period { to_us: Some(to_us), ..period };
        Ok(Extent { period, first_seq: first, last_seq, chain, decisions })
    }

    /// The chain of decisions after the one at a place; `None` where there is no such decision.
    ///
    /// # Errors
    /// Those of the database.
    pub fn decisions_chain_at(&self, id: i64) -> Result<Option<Chain>, StoreError> {
        Ok(postures::up_to(&self.decisions()?, id))
    }

    /// The chain after the record at a place; `None` where there is no such record.
    ///
    /// # Errors
    /// Those of the database.
    pub fn chain_at(&self, seq: i64) -> Result<Option<Chain>, StoreError> {
        let mut select = self.connection.prepare_cached("SELECT chain FROM journal WHERE seq = ?1")?;
        Ok(select.query_row([seq], |row| row.get(0)).optional()?.map(Chain::from_bytes))
    }
}
