//! Everything once, as far as sums need it: no document is read but where there is no extract, and there only where usage is
//! split or a request could not be said.

use std::collections::HashMap;
use std::sync::Arc;

use ledger::{Correction, Sighting, UsageSource, Witness, document};
use rusqlite::Connection;

use super::{Period, Reader, find};
use crate::error::StoreError;
use crate::extract::{self, Corrected, Item, Settled};

impl Reader {
    /// Hands over the settlements and corrections of a period, oldest first, in constant memory.
    ///
    /// # Errors
    /// Those of the database; a record or an extract that is damaged.
    pub fn scan(&self, period: Period, witness: &mut dyn Witness) -> Result<(), StoreError> {
        let places = find::range(&self.connection, period)?;
        let mut scan = Scan::new(&self.connection, witness);
        extract::walk(&self.connection, places, &mut |item| scan.item(item))
    }
}

struct Scan<'c, 'w> {
    connection: &'c Connection,
    witness: &'w mut dyn Witness,
    /// The number of each head that was handed over, by its place in the database.
    heads: HashMap<i64, usize>,
    /// The last of them: mostly the next is the same.
    last: Option<(i64, usize)>,
    /// The products of corrections' heads.
    products: HashMap<i64, Arc<str>>,
}

impl<'c, 'w> Scan<'c, 'w> {
    fn new(connection: &'c Connection, witness: &'w mut dyn Witness) -> Self {
        Self { connection, witness, heads: HashMap::new(), last: None, products: HashMap::new() }
    }

    fn item(&mut self, item: &Item<'_>) -> Result<(), StoreError> {
        match item {
            Item::Settled(settled) => self.settled(settled),
            Item::Corrected(corrected) => self.corrected(corrected),
        }
    }

    fn settled(&mut self, settled: &Settled<'_>) -> Result<(), StoreError> {
        let sighting = Sighting {
            head: self.head(settled.head)?,
            arrived_us: settled.arrived_us,
            outcome: settled.outcome,
            deployment: settled.deployment,
            usage: settled.usage,
            estimated: settled.usage_source == UsageSource::Estimated.code(),
            cost: settled.cost,
            estimated_input_tokens: settled.estimated_input_tokens,
            max_tokens: settled.max_tokens,
            shares: settled.shares,
            unsayable: settled.unsayable,
        };
        self.witness.sighting(&sighting);
        Ok(())
    }

    /// The number of a head; hands it over when it is met for the first time.
    fn head(&mut self, id: i64) -> Result<usize, StoreError> {
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == id) {
            return Ok(number);
        }
        let next = self.heads.len();
        let number = *self.heads.entry(id).or_insert(next);
        if number == next {
            let mut select = self.connection.prepare_cached("SELECT text FROM head WHERE id = ?1")?;
            let text: String = select.query_row([id], |row| row.get(0))?;
            let head = document::read_head(&text).map_err(|source| StoreError::Head { id, source })?;
            self.witness.head(head);
        }
        self.last = Some((id, number));
        Ok(number)
    }

    fn corrected(&mut self, corrected: &Corrected<'_>) -> Result<(), StoreError> {
        let difference = Correction::difference_of(corrected.before, corrected.after).unwrap_or_default();
        let product = match self.products.get(&corrected.head) {
            Some(product) => Arc::clone(product),
            None => self.product(corrected.head)?,
        };
        self.witness.correction(&product, corrected.deployment, difference);
        Ok(())
    }

    fn product(&mut self, head: i64) -> Result<Arc<str>, StoreError> {
        let mut select = self.connection.prepare_cached("SELECT product FROM head WHERE id = ?1")?;
        let product: Arc<str> = select.query_row([head], |row| row.get(0))?;
        self.products.insert(head, Arc::clone(&product));
        Ok(product)
    }
}
