//! Writing an extract: one item after the other.
//!
//! An item is a byte of flags and then numbers ([`varint`]): the head, the arrival as the distance from the one before,
//! only the buckets that were used. A name is spelt out when it comes for the first time and has its number from then on.

use std::collections::HashMap;

use catalogue::{Bucket, Money, Usage};

use super::{Corrected, Item, Settled, varint};
use crate::row::capped;

/// What the byte of flags says.
pub(super) mod flag {
    pub(in crate::extract) const CORRECTION: u8 = 1;
    pub(in crate::extract) const DEPLOYMENT: u8 = 1 << 1;
    /// Of a settlement: it has a price. Of a correction: it had one before.
    pub(in crate::extract) const COST: u8 = 1 << 2;
    pub(in crate::extract) const COST_AFTER: u8 = 1 << 3;
    pub(in crate::extract) const MAX_TOKENS: u8 = 1 << 4;
    /// Shares of usage, or deployments in whose protocol it could not be said.
    pub(in crate::extract) const DETAILS: u8 = 1 << 5;
}

/// An extract that is being written.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    names: HashMap<Box<str>, u64>,
    arrived_us: i64,
}

impl Writer {
    /// Begins anew.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.names.clear();
        self.arrived_us = 0;
    }

    /// What was written.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds the next item.
    pub(crate) fn add(&mut self, item: &Item<'_>) {
        match item {
            Item::Settled(settled) => self.settled(settled),
            Item::Corrected(corrected) => self.corrected(corrected),
        }
    }

    fn settled(&mut self, settled: &Settled<'_>) {
        let details = !(settled.shares.is_empty() && settled.unsayable.is_empty());
        self.bytes.push(flags([
            (settled.deployment.is_some(), flag::DEPLOYMENT),
            (settled.cost.is_some(), flag::COST),
            (settled.max_tokens.is_some(), flag::MAX_TOKENS),
            (details, flag::DETAILS),
        ]));
        self.bytes.extend([settled.outcome, settled.usage_source]);
        varint::put_signed(&mut self.bytes, settled.head);
        varint::put_signed(&mut self.bytes, settled.arrived_us.wrapping_sub(self.arrived_us));
        self.arrived_us = settled.arrived_us;
        self.name(settled.deployment);
        self.usage(&settled.usage);
        self.money(settled.cost);
        varint::put(&mut self.bytes, settled.estimated_input_tokens);
        if let Some(max_tokens) = settled.max_tokens {
            varint::put(&mut self.bytes, max_tokens);
        }
        if details {
            self.details(settled);
        }
    }

    fn details(&mut self, settled: &Settled<'_>) {
        varint::put(&mut self.bytes, settled.shares.len() as u64);
        for share in settled.shares {
            self.name(Some(&share.deployment));
            self.usage(&share.usage);
            self.bytes.push(u8::from(share.cost.is_some()));
            self.money(share.cost);
        }
        varint::put(&mut self.bytes, settled.unsayable.len() as u64);
        for deployment in settled.unsayable {
            self.name(Some(deployment));
        }
    }

    fn corrected(&mut self, corrected: &Corrected<'_>) {
        self.bytes.push(flags([
            (true, flag::CORRECTION),
            (corrected.deployment.is_some(), flag::DEPLOYMENT),
            (corrected.before.is_some(), flag::COST),
            (corrected.after.is_some(), flag::COST_AFTER),
        ]));
        varint::put_signed(&mut self.bytes, corrected.head);
        self.name(corrected.deployment);
        self.money(corrected.before);
        self.money(corrected.after);
    }

    /// A number, and the name itself where the number is new.
    fn name(&mut self, name: Option<&str>) {
        let Some(name) = name else { return };
        let next = self.names.len() as u64;
        if let Some(number) = self.names.get(name) {
            return varint::put(&mut self.bytes, *number);
        }
        self.names.insert(name.into(), next);
        varint::put(&mut self.bytes, next);
        varint::put(&mut self.bytes, name.len() as u64);
        self.bytes.extend_from_slice(name.as_bytes());
    }

    /// A bit for each bucket that was used, then how much of those. As in the database, no count is beyond 2^63.
    fn usage(&mut self, usage: &Usage) {
        let bits = usage.iter().zip(0..).map(|((_, count), place)| u64::from(count > 0) << place);
        varint::put(&mut self.bytes, bits.sum());
        for (_, count) in usage.iter().filter(|(_, count)| *count > 0) {
            varint::put(&mut self.bytes, capped(count).cast_unsigned());
        }
    }

    fn money(&mut self, money: Option<Money>) {
        if let Some(money) = money {
            varint::put_signed(&mut self.bytes, money.nanos());
        }
    }
}

fn flags<const N: usize>(flags: [(bool, u8); N]) -> u8 {
    flags.into_iter().filter(|(set, _)| *set).fold(0, |all, (_, flag)| all | flag)
}

const _: () = assert!(Bucket::COUNT < 64, "a bit for each");
