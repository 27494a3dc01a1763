//! Proving that a ledger is whole.
//!
//! Checked: the database's own structure; that places and moments go on without a gap and never back; each link of the
//! chain; that columns and extracts say what the documents say; that each entry's money adds up; that no request is settled
//! twice; that each correction corrects what its request was last said to cost; each link of the chain of decisions.

use std::path::Path;

use catalogue::{Bucket, Money};
use ledger::document::DocumentError;
use ledger::{Booked, Chain, EntryError, Link, Record, RecordKind, RequestId};
use rusqlite::{Connection, Row};

use crate::error::StoreError;
use crate::read::{self, BOOKED, Reader};
use crate::schema::BUCKETS;

mod compare;
mod decisions;
mod extracts;

use extracts::Extracts;

/// The most problems that are told one by one.
const TOLD: usize = 100;
/// How many records one step covers: between them the write-ahead log can start over.
const STEP: usize = 8192;
/// The column of the head's place, behind those of usage.
const HEAD: usize = 17 + Bucket::COUNT;

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// How many records there are.
    pub records: u64,
    /// Among them, intents.
    pub intents: u64,
    /// Settlements.
    pub settlements: u64,
    /// Corrections.
    pub corrections: u64,
    /// Requests that go on, or will be settled at the next start.
    pub open: u64,
    /// The chain after the last record. To prove later that nothing up to here was altered, note it elsewhere.
    pub chain: Chain,
    /// How many decisions about suppliers there are.
    pub decisions: u64,
    /// Of those, how many an older release has written behind the chain's end; the next decision chains them.
    pub unchained_decisions: u64,
    /// The chain after the last decision. Note it elsewhere, too.
    pub decisions_chain: Chain,
    /// What is wrong, the first hundred.
    pub problems: Vec<Problem>,
    /// How much is wrong.
    pub problem_count: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub const fn is_whole(&self) -> bool {
        self.problem_count == 0
    }

    fn add(&mut self, problem: Problem) {
        self.problem_count += 1;
        if self.problems.len() < TOLD {
            self.problems.push(problem);
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file is damaged.
    #[error("the database is damaged: {0}")]
    Database(String),
    /// A record was removed.
    #[error("record {seq} does not follow on record {before}")]
    Gap {
        /// Its place.
        seq: i64,
        /// The place before it.
        before: i64,
    },
    /// A record was put in, or its time altered.
    #[error("record {seq} was booked before the one before it")]
    Time {
        /// Its place.
        seq: i64,
    },
    /// This record was altered, or one before it was removed or put in.
    #[error("record {seq} does not fit the chain")]
    Chain {
        /// Its place.
        seq: i64,
    },
    /// It cannot be read.
    #[error("record {seq} cannot be understood: {source}")]
    Document {
        /// Its place.
        seq: i64,
        /// Why.
        source: DocumentError,
    },
    /// A column was altered.
    #[error("record {seq}: its columns do not say what its document says")]
    Columns {
        /// Its place.
        seq: i64,
    },
    /// What sums are made of was altered, or records under it were.
    #[error(
        "the extract of records {first_seq} to {last_seq} does not say what they say; \
         without it (DELETE FROM extract WHERE first_seq = {first_seq}) they are read themselves"
    )]
    Extract {
        /// The first place that it covers.
        first_seq: i64,
        /// The last.
        last_seq: i64,
    },
    /// Usage or money was written wrongly.
    #[error("record {seq}: {source}")]
    Money {
        /// Its place.
        seq: i64,
        /// What does not add up.
        source: EntryError,
    },
    /// It counts more than once.
    #[error("request {id} has {count} {}s", .kind.as_str())]
    Doubled {
        /// The request.
        id: RequestId,
        /// What it has several of.
        kind: RecordKind,
        /// How many.
        count: i64,
    },
    /// A decision was altered, or one before it.
    #[error("decision {id} does not fit the chain of decisions: it was altered, or one before it")]
    Decision {
        /// Its place.
        id: i64,
    },
    /// A decision is gone.
    #[error("decision {id} was removed")]
    DecisionGone {
        /// Its place.
        id: i64,
    },
    /// A decision stands among those that are chained, and is not.
    #[error("decision {id} was put in")]
    DecisionPutIn {
        /// Its place.
        id: i64,
    },
    /// It corrects something else than what was said.
    #[error("correction {seq} of {id} is not of what that request was last said to cost")]
    Correction {
        /// Its place.
        seq: i64,
        /// The request.
        id: RequestId,
    },
}

/// Checks a whole ledger, also while it is written: up to the record that is the last one now.
///
/// # Errors
/// It cannot be read at all; whatever else is wrong is in the report.
pub fn verify(path: &Path) -> Result<Report, StoreError> {
    let connection = Reader::open(path)?.into_connection();
    let mut report = Report {
        records: 0,
        intents: 0,
        settlements: 0,
        corrections: 0,
        open: 0,
        chain: Chain::START,
        decisions: 0,
        unchained_decisions: 0,
        decisions_chain: Chain::START,
        problems: Vec::new(),
        problem_count: 0,
    };
    check_database(&connection, &mut report)?;
    let end = connection.query_row("SELECT COALESCE(MAX(seq), 0) + 1 FROM journal", [], |row| row.get(0))?;
    check_records(&connection, end, &mut report)?;
    check_doubles(&connection, end, &mut report)?;
    check_corrections(&connection, end, &mut report)?;
    decisions::check(&connection, &mut report)?;
    Ok(report)
}

fn check_database(connection: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let mut check = connection.prepare(&format!("PRAGMA integrity_check({TOLD})"))?;
    for line in check.query_map([], |row| row.get::<_, String>(0))? {
        let line = line?;
        if line != "ok" {
            report.add(Problem::Database(line));
        }
    }
    Ok(())
}

fn check_records(connection: &Connection, end: i64, report: &mut Report) -> Result<(), StoreError> {
    let mut select = connection.prepare(&format!(
        "SELECT journal.seq, at_us, text || tail, chain, text, record, journal.id, arrived_us, product, route, \
         deployment, outcome, usage_source, cost_nanos, split, ttft_us, total_us, {BUCKETS}, journal.head \
         FROM journal JOIN head ON head.id = journal.head WHERE journal.seq > ?1 AND journal.seq < ?2 \
         ORDER BY journal.seq LIMIT {STEP}"
    ))?;
    let (mut seq, mut at_us) = (0, i64::MIN);
    let mut extracts = Extracts::new(connection, end)?;
    loop {
        let mut rows = select.query([seq, end])?;
        let before = seq;
        while let Some(row) = rows.next()? {
            let booked = read::booked(row)?;
            if booked.seq != seq + 1 {
                report.add(Problem::Gap { seq: booked.seq, before: seq });
            }
            if booked.at_us < at_us {
                report.add(Problem::Time { seq: booked.seq });
            }
            (seq, at_us) = (booked.seq, booked.at_us);
            let record = check_record(row, &booked, report)?;
            extracts.check(seq, row.get(HEAD)?, record.as_ref(), report)?;
        }
        if seq == before {
            return extracts.finish(report);
        }
    }
}

/// Checks one record; gives it where it can be understood.
fn check_record(row: &Row<'_>, booked: &Booked, report: &mut Report) -> Result<Option<Record>, StoreError> {
    let seq = booked.seq;
    let (head, kind, id) = (row.get::<_, String>(4)?, row.get(5)?, RequestId::from_bytes(row.get(6)?));
    let kind = RecordKind::from_code(kind).unwrap_or(RecordKind::Intent);
    report.records += 1;
    match kind {
        RecordKind::Intent => report.intents += 1,
        RecordKind::Settlement => report.settlements += 1,
        RecordKind::Correction => report.corrections += 1,
    }
    let digest = Chain::digest(head.as_bytes());
    let tail = &booked.document.as_bytes()[head.len()..];
    if report.chain.next(&Link { seq, at_us: booked.at_us, kind, id, head: &digest, tail }) != booked.chain {
        report.add(Problem::Chain { seq });
    }
    report.chain = booked.chain;
    match booked.record() {
        Ok(record) => {
            check_contents(row, seq, &record, report)?;
            Ok(Some(record))
        }
        Err(source) => {
            report.add(Problem::Document { seq, source });
            Ok(None)
        }
    }
}

fn check_contents(row: &Row<'_>, seq: i64, record: &Record, report: &mut Report) -> Result<(), StoreError> {
    if !compare::agree(row, record)? {
        report.add(Problem::Columns { seq });
    }
    match record {
        Record::Intent(entry) | Record::Settlement(entry) => {
            if let Err(source) = entry.check() {
                report.add(Problem::Money { seq, source });
            }
        }
        Record::Correction(_) => {}
    }
    Ok(())
}

fn check_doubles(connection: &Connection, end: i64, report: &mut Report) -> Result<(), StoreError> {
    let mut doubles = connection.prepare(
        "SELECT record, id, COUNT(*) FROM journal WHERE seq < ?1 AND record < 2 \
         GROUP BY record, id HAVING COUNT(*) > 1",
    )?;
    let mut rows = doubles.query([end])?;
    while let Some(row) = rows.next()? {
        let kind = RecordKind::from_code(row.get(0)?).unwrap_or(RecordKind::Intent);
        report.add(Problem::Doubled { id: RequestId::from_bytes(row.get(1)?), kind, count: row.get(2)? });
    }
    report.open = connection.query_row(
        "SELECT COUNT(*) FROM (SELECT id FROM journal WHERE record = 0 AND seq < ?1 \
         EXCEPT SELECT id FROM journal WHERE record = 1 AND seq < ?1)",
        [end],
        |row| row.get::<_, i64>(0).map(i64::unsigned_abs),
    )?;
    Ok(())
}

fn check_corrections(connection: &Connection, end: i64, report: &mut Report) -> Result<(), StoreError> {
    let by_request =
        format!("{BOOKED} WHERE record = 2 AND journal.seq < ?1 ORDER BY journal.id, journal.seq");
    let mut select = connection.prepare(&by_request)?;
    let mut rows = select.query([end])?;
    let mut said = None;
    while let Some(row) = rows.next()? {
        let booked = read::booked(row)?;
        let Ok(Record::Correction(correction)) = booked.record() else { continue };
        let id = correction.id;
        let before = match said {
            Some((request, cost)) if request == id => cost,
            _ => settled_cost(connection, id)?,
        };
        if before != Some(correction.before) {
            report.add(Problem::Correction { seq: booked.seq, id });
        }
        said = Some((id, Some(correction.after)));
    }
    Ok(())
}

/// What a request's settlement says that it cost; `None` where there is no settlement.
#[expect(clippy::option_option, reason = "no settlement, and one without a price, are two things")]
fn settled_cost(connection: &Connection, id: RequestId) -> Result<Option<Option<Money>>, StoreError> {
    let found = read::find::records_of(connection, id)?;
    let Some((seq, _)) = found.into_iter().find(|(_, kind)| *kind == RecordKind::Settlement) else {
        return Ok(None);
    };
    match read::at(connection, seq)?.record() {
        Ok(Record::Settlement(entry)) => Ok(Some(entry.cost)),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
