//! A journal that lasts as long as its process: for simulations, trials and tests.

use std::sync::{Mutex, MutexGuard};

use crate::correction::Correction;
use crate::entry::Entry;
use crate::intent::Intent;
use crate::journal::{Health, Journal, Kept, Settled};
use crate::record::Record;

/// Keeps every record in a list that only grows.
#[derive(Debug, Default)]
pub struct Memory {
    records: Mutex<Vec<Record>>,
}

impl Memory {
    /// All records so far, oldest first.
    pub fn records(&self) -> Vec<Record> {
        self.lock().clone()
    }

    /// All entries settled so far, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        let records = self.lock();
        let settled = records.iter().filter_map(|record| match record {
            Record::Settlement(entry) => Some((**entry).clone()),
            Record::Intent(_) | Record::Correction(_) => None,
        });
        settled.collect()
    }

    fn keep(&self, record: Record) -> Settled {
        self.lock().push(record);
        Settled::now(Kept::Committed)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Record>> {
        self.records.lock().expect("nothing panics while it holds this lock")
    }
}

impl Journal for Memory {
    fn intent(&self, intent: Intent) {
        drop(self.keep(Record::Intent(Box::new(intent.interrupted()))));
    }

    fn settle(&self, entry: Box<Entry>) -> Settled {
        self.keep(Record::Settlement(entry))
    }

    fn correct(&self, correction: Correction) -> Settled {
        self.keep(Record::Correction(Box::new(correction)))
    }

    fn health(&self) -> Health {
        Health::Good
    }
}
