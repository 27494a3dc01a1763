//! Reading an extract.

use std::sync::Arc;

use catalogue::{Bucket, Money, Usage};
use ledger::UsageShare;

use super::write::flag;
use super::{Corrected, Item, Settled, varint};

/// The items of an extract, one after the other.
#[derive(Debug)]
pub(crate) struct Items<'b> {
    bytes: &'b [u8],
    names: Vec<&'b str>,
    arrived_us: i64,
    shares: Vec<UsageShare>,
    unsayable: Vec<Arc<str>>,
}

/// The bytes are no extract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

impl<'b> Items<'b> {
    /// Those of an extract of the form [`FORM`](super::FORM).
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, names: Vec::new(), arrived_us: 0, shares: Vec::new(), unsayable: Vec::new() }
    }

    /// The next one; `None` after the last.
    ///
    /// # Errors
    /// The bytes are damaged.
    pub(crate) fn next(&mut self) -> Result<Option<Item<'_>>, Damaged> {
        let Some((flags, rest)) = self.bytes.split_first() else { return Ok(None) };
        self.bytes = rest;
        let item = if flags & flag::CORRECTION == 0 { self.settled(*flags) } else { self.corrected(*flags) };
        item.map(Some).ok_or(Damaged)
    }

    fn settled(&mut self, flags: u8) -> Option<Item<'_>> {
        let ([outcome, usage_source], rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        let head = varint::take_signed(&mut self.bytes)?;
        self.arrived_us = self.arrived_us.wrapping_add(varint::take_signed(&mut self.bytes)?);
        let deployment = self.when(flags & flag::DEPLOYMENT, Self::name)?;
        let usage = self.usage()?;
        let cost = self.when(flags & flag::COST, Self::money)?;
        let estimated_input_tokens = varint::take(&mut self.bytes)?;
        let max_tokens = self.when(flags & flag::MAX_TOKENS, |this| varint::take(&mut this.bytes))?;
        self.shares.clear();
        self.unsayable.clear();
        if flags & flag::DETAILS != 0 {
            self.details()?;
        }
        Some(Item::Settled(Settled {
            head,
            arrived_us: self.arrived_us,
            outcome: *outcome,
            usage_source: *usage_source,
            deployment,
            usage,
            cost,
            estimated_input_tokens,
            max_tokens,
            shares: &self.shares,
            unsayable: &self.unsayable,
        }))
    }

    fn details(&mut self) -> Option<()> {
        for _ in 0..varint::take(&mut self.bytes)? {
            let (deployment, usage) = (self.name()?.into(), self.usage()?);
            let (priced, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            let cost = self.when(*priced, Self::money)?;
            self.shares.push(UsageShare { deployment, usage, cost });
        }
        for _ in 0..varint::take(&mut self.bytes)? {
            let deployment = self.name()?.into();
            self.unsayable.push(deployment);
        }
        Some(())
    }

    fn corrected(&mut self, flags: u8) -> Option<Item<'_>> {
        let head = varint::take_signed(&mut self.bytes)?;
        let deployment = self.when(flags & flag::DEPLOYMENT, Self::name)?;
        let before = self.when(flags & flag::COST, Self::money)?;
        let after = self.when(flags & flag::COST_AFTER, Self::money)?;
        Some(Item::Corrected(Corrected { head, deployment, before, after }))
    }

    /// What is there where a flag says so. The outer `None` is damage.
    #[expect(clippy::option_option, reason = "nothing there, and something that is damaged, are two things")]
    fn when<T>(&mut self, flag: u8, take: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if flag == 0 { Some(None) } else { take(self).map(Some) }
    }

    fn name(&mut self) -> Option<&'b str> {
        let number = usize::try_from(varint::take(&mut self.bytes)?).ok()?;
        if number == self.names.len() {
            let length = usize::try_from(varint::take(&mut self.bytes)?).ok()?;
            let (name, rest) = self.bytes.split_at_checked(length)?;
            self.bytes = rest;
            self.names.push(std::str::from_utf8(name).ok()?);
        }
        self.names.get(number).copied()
    }

    fn usage(&mut self) -> Option<Usage> {
        let mut bits = varint::take(&mut self.bytes)?;
        let mut usage = Usage::default();
        while bits != 0 {
            let bucket = Bucket::ALL.get(bits.trailing_zeros() as usize)?;
            *usage.get_mut(*bucket) = varint::take(&mut self.bytes)?;
            bits &= bits - 1;
        }
        Some(usage)
    }

    fn money(&mut self) -> Option<Money> {
        varint::take_signed(&mut self.bytes).map(Money::from_nanos)
    }
}
