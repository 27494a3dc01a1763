//! Records one after the other, however many there are.

use std::collections::VecDeque;

use ledger::Booked;
use rusqlite::Connection;

use super::{BOOKED, booked};
use crate::error::StoreError;

/// How many records are in memory at a time.
const STEP: usize = 256;

/// Settlements and corrections, oldest first. Holds a few hundred at a time, and no snapshot between them.
#[derive(Debug)]
pub struct Export<'c> {
    connection: &'c Connection,
    next: i64,
    end: i64,
    read: VecDeque<Booked>,
}

impl<'c> Export<'c> {
    pub(super) const fn new(connection: &'c Connection, next: i64, end: i64) -> Self {
        Self { connection, next, end, read: VecDeque::new() }
    }

    fn step(&mut self) -> Result<(), StoreError> {
        let range = "WHERE journal.seq >= ?1 AND journal.seq < ?2 AND journal.record > 0";
        let step = format!("{BOOKED} {range} ORDER BY journal.seq LIMIT {STEP}");
        let mut select = self.connection.prepare_cached(&step)?;
        for record in select.query_map([self.next, self.end], booked)? {
            self.read.push_back(record?);
        }
        self.next = match self.read.back() {
            Some(last) if self.read.len() == STEP => last.seq + 1,
            _ => self.end,
        };
        Ok(())
    }
}

impl Iterator for Export<'_> {
    type Item = Result<Booked, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.read.is_empty()
            && self.next < self.end
            && let Err(error) = self.step()
        {
            self.end = self.next;
            return Some(Err(error));
        }
        self.read.pop_front().map(Ok)
    }
}
