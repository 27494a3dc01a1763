//! Exact sums of a period.

use std::collections::HashMap;
use std::sync::Arc;

use ledger::{Group, Line, Summary, UsageSource};
use rusqlite::Connection;

use super::{Period, Reader, find};
use crate::error::StoreError;
use crate::extract::{self, Item};

impl Reader {
    /// Exact sums of a period.
    ///
    /// # Errors
    /// Those of the database; a record or an extract that is damaged.
    pub fn summary(&self, period: Period) -> Result<Summary, StoreError> {
        let places = find::range(&self.connection, period)?;
        let mut sums = Sums::new(&self.connection);
        extract::walk(&self.connection, places, &mut |item| sums.add(item))?;
        Ok(sums.summary)
    }
}

struct Sums<'c> {
    connection: &'c Connection,
    summary: Summary,
    /// The product and the route of each head.
    owners: HashMap<i64, (Arc<str>, Arc<str>)>,
    names: HashMap<Box<str>, Arc<str>>,
}

impl<'c> Sums<'c> {
    fn new(connection: &'c Connection) -> Self {
        Self { connection, summary: Summary::default(), owners: HashMap::new(), names: HashMap::new() }
    }

    fn add(&mut self, item: &Item<'_>) -> Result<(), StoreError> {
        match item {
            Item::Settled(settled) => {
                let group = self.group(settled.head, settled.deployment)?;
                let line = Line {
                    outcome: settled.outcome,
                    usage: settled.usage,
                    usage_source: source(settled.usage_source),
                    cost: settled.cost,
                };
                if settled.shares.is_empty() {
                    self.summary.add_line(group, &line);
                } else {
                    self.summary.add_shared(group, &line, settled.shares);
                }
            }
            Item::Corrected(corrected) => {
                let group = self.group(corrected.head, corrected.deployment)?;
                self.summary.add_difference(group, corrected.before, corrected.after);
            }
        }
        Ok(())
    }

    fn group(&mut self, head: i64, deployment: Option<&str>) -> Result<Group, StoreError> {
        let (product, route) = match self.owners.get(&head) {
            Some(owner) => owner.clone(),
            None => self.owner(head)?,
        };
        Ok(Group { product, route, deployment: deployment.map(|name| self.name(name)) })
    }

    fn owner(&mut self, head: i64) -> Result<(Arc<str>, Arc<str>), StoreError> {
        let mut select = self.connection.prepare_cached("SELECT product, route FROM head WHERE id = ?1")?;
        let owner: (Arc<str>, Arc<str>) = select.query_row([head], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.owners.insert(head, owner.clone());
        Ok(owner)
    }

    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let shared = Arc::<str>::from(name);
        self.names.insert(name.into(), Arc::clone(&shared));
        shared
    }
}

const fn source(code: u8) -> UsageSource {
    match code {
        1 => UsageSource::Supplier,
        2 => UsageSource::Estimated,
        _ => UsageSource::None,
    }
}
