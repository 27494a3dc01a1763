//! What people have decided about suppliers, held against its chain.

use rusqlite::Connection;

use super::{Problem, Report};
use crate::error::StoreError;
use crate::postures::{self, Act, Chained};

/// Both are read in one moment: somebody may be deciding.
pub(super) fn check(connection: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let moment = connection.unchecked_transaction()?;
    let (acts, links) = (postures::recorded(connection)?, postures::stored(connection)?);
    drop(moment);
    let find = |id: i64| acts.iter().find(|act| act.id == id);
    for Chained { id, chain } in &links {
        match find(*id) {
            None => report.add(Problem::DecisionGone { id: *id }),
            Some(act) if act.chained_to(report.decisions_chain) != *chain => {
                report.add(Problem::Decision { id: *id });
            }
            Some(_) => {}
        }
        report.decisions_chain = *chain;
    }
    let last = links.last().map_or(0, |link| link.id);
    let is_unchained = |act: &&Act| links.iter().all(|link| link.id != act.id);
    for act in acts.iter().filter(is_unchained) {
        if act.id < last {
            report.add(Problem::DecisionPutIn { id: act.id });
        } else {
            report.unchained_decisions += 1;
        }
    }
    report.decisions = acts.len() as u64;
    Ok(())
}
