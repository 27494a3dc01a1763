//! The chain of decisions.

use ledger::{ActLink, Chain};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Act, all};
use crate::error::StoreError;

/// A link as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chained {
    /// The decision.
    pub(crate) id: i64,
    /// The chain after it.
    pub(crate) chain: Chain,
}

impl Act {
    /// The chain after it, where `before` is the chain after the decision before it.
    pub(crate) fn chained_to(&self, before: Chain) -> Chain {
        before.next_act(&ActLink {
            id: self.id,
            set_us: self.set_us,
            expires_us: self.expires_us,
            per_hour: self.per_hour,
            texts: [&self.target, &self.posture, &self.reason, &self.author],
        })
    }
}

/// The chain after the decision at a place, by the decisions themselves; `None` where there is no such decision.
pub(crate) fn up_to(acts: &[Act], last: i64) -> Option<Chain> {
    let place = acts.iter().position(|act| act.id == last)?;
    Some(acts[..=place].iter().fold(Chain::START, |chain, act| act.chained_to(chain)))
}

/// Whether there are decisions behind the chain's end.
pub(super) fn is_behind(connection: &Connection) -> Result<bool, rusqlite::Error> {
    let behind =
        "SELECT EXISTS (SELECT 1 FROM posture WHERE id > (SELECT COALESCE(MAX(id), 0) FROM posture_chain))";
    connection.query_row(behind, [], |row| row.get(0))
}

/// Chains all that are behind the chain's end; within a transaction.
pub(super) fn go_on(connection: &Connection) -> Result<(), rusqlite::Error> {
    let last = "SELECT id, chain FROM posture_chain ORDER BY id DESC LIMIT 1";
    let last = connection.query_row(last, [], chained).optional()?;
    let Chained { id, mut chain } = last.unwrap_or(Chained { id: 0, chain: Chain::START });
    for act in all(connection)?.iter().filter(|act| act.id > id) {
        chain = act.chained_to(chain);
        connection.execute(
            "INSERT INTO posture_chain (id, chain) VALUES (?1, ?2)",
            params![act.id, chain.as_bytes()],
        )?;
    }
    Ok(())
}

/// The chain as it is kept, in order; of a ledger that is only read, and so may have none yet.
pub(crate) fn stored(connection: &Connection) -> Result<Vec<Chained>, StoreError> {
    if !connection.table_exists(None, "posture_chain")? {
        return Ok(Vec::new());
    }
    let mut select = connection.prepare("SELECT id, chain FROM posture_chain ORDER BY id")?;
    let links = select.query_map([], chained)?.collect::<Result<_, _>>()?;
    Ok(links)
}

fn chained(row: &Row<'_>) -> Result<Chained, rusqlite::Error> {
    Ok(Chained { id: row.get(0)?, chain: Chain::from_bytes(row.get(1)?) })
}
