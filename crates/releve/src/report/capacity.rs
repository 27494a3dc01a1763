//! What deployments carry by themselves, as far as the ledger tells: how long their answers take, for as long as which a
//! slot is taken; and the limits that suppliers name in their headers.

use std::sync::Arc;
use std::time::Duration;

use ledger::Record;
use scenario::Estate;
use scenario::fit::limits_said;
use serde::Serialize;
use store::{Extent, Reader, StoreError};

/// The newest records of the period whose answers are timed.
const TIMED: u32 = 100_000;
/// The newest whose headers are read.
const HEARD: usize = 2_000;

/// What binds a deployment beside its account's `capacity`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OwnLimit {
    pub(crate) deployment: Arc<str>,
    /// `max_in_flight`, and how long a slot is taken, in milliseconds; both or the first where nobody saw an answer.
    pub(crate) slots: Option<u32>,
    pub(crate) answer_ms: Option<u64>,
    /// What follows, or what the supplier says, whichever is less.
    pub(crate) requests_per_minute: Option<u64>,
    pub(crate) tokens_per_minute: Option<u64>,
}

/// Puts into the estate what the newest records of the extent say: a period that is over has the limits of that time. A limit of a supplier's headers counts where the configuration states
/// no `capacity` of its account, and for no machines of one's own.
pub(super) fn observe(estate: &mut Estate, reader: &Reader, extent: &Extent) -> Result<(), StoreError> {
    if estate.members.iter().any(|member| member.routing.max_in_flight.is_some()) {
        for pace in reader.paces_of(extent, TIMED)? {
            let member = estate.members.iter_mut().find(|member| member.routing.name == pace.deployment);
            if let Some(member) = member {
                member.answer = Some(Duration::from_micros(pace.total_us / pace.answers.max(1)));
            }
        }
    }
    for booked in reader.tail_of(extent, HEARD)? {
        let record = booked.record().map_err(|source| StoreError::Record { seq: booked.seq, source })?;
        let Record::Settlement(entry) = record else { continue };
        for attempt in &entry.attempts {
            let (requests, tokens) = limits_said(&attempt.limits_seen);
            let at = estate.members.iter().position(|member| member.routing.name == attempt.deployment);
            let Some(at) = at else { continue };
            let account = &estate.accounts[estate.account_of(at)];
            let free = |limit: Option<u64>| limit.is_none() && !account.own;
            let requests = requests.map(whole).filter(|_| free(account.requests_per_minute));
            let tokens = tokens.map(whole).filter(|_| free(account.tokens_per_minute));
            let member = &mut estate.members[at];
            member.said_requests_per_minute = requests.or(member.said_requests_per_minute);
            member.tokens_per_minute = tokens.or(member.tokens_per_minute);
        }
    }
    Ok(())
}

/// All that are bound.
pub(super) fn own_limits(estate: &Estate) -> Vec<OwnLimit> {
    let of = |member: &scenario::Member| OwnLimit {
        deployment: Arc::clone(&member.routing.name),
        slots: member.routing.max_in_flight,
        answer_ms: member.answer.map(|answer| u64::try_from(answer.as_millis()).unwrap_or(u64::MAX)),
        requests_per_minute: member.requests_per_minute(),
        tokens_per_minute: member.tokens_per_minute,
    };
    let bound = |limit: &OwnLimit| {
        limit.slots.is_some() || limit.requests_per_minute.is_some() || limit.tokens_per_minute.is_some()
    };
    estate.members.iter().map(of).filter(bound).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn whole(limit: f64) -> u64 {
    limit as u64
}
