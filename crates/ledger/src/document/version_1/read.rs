//! Reading version 1. The fields as they are read; apart from the types in memory on purpose: those may change, this may
//! not.

use std::sync::Arc;

use catalogue::{Agreement, Money, Needs, Protocol, Region, Usage};
use serde::Deserialize;

use crate::attempt::{AttemptOutcome, AttemptRecord, CandidateRecord};
use crate::correction::Correction;
use crate::entry::{CostLine, Entry};
use crate::facts::{Kind, RequestFacts};
use crate::outcome::{Outcome, UsageSource};
use crate::record::{Record, RecordKind};
use crate::request_id::RequestId;
use crate::sighting;

#[derive(Deserialize)]
struct Head {
    facts_version: u32,
    kind: Kind,
    protocol: Protocol,
    stream: bool,
    needs: Needs,
    product: Arc<str>,
    route: Arc<str>,
    asked_model: Arc<str>,
    #[serde(default)]
    regions: Vec<Region>,
    config_version: Arc<str>,
    catalogue_version: Arc<str>,
    key_id: Option<Arc<str>>,
    price_version: Option<Arc<str>>,
    price_agreement: Option<Agreement>,
    #[serde(default)]
    decision: Vec<CandidateRecord>,
}

#[derive(Deserialize)]
struct Tail {
    id: RequestId,
    arrived_us: i64,
    outcome: Outcome,
    deployment: Option<Arc<str>>,
    #[serde(default)]
    usage: Usage,
    #[serde(default)]
    usage_source: UsageSource,
    cost: Option<Money>,
    #[serde(default)]
    cost_lines: Vec<CostLine>,
    /// The one attempt that all usage and cost are of: they are not said a second time there.
    used_by: Option<usize>,
    ttft_us: Option<u64>,
    total_us: u64,
    released_bytes: u64,
    finish: Option<Arc<str>>,
    max_tokens: Option<u64>,
    request_bytes: u64,
    estimated_input_tokens: u64,
    prefix_hash: Hex,
    session_hash: Option<Hex>,
    dice_seed: Hex,
    client_retries: Option<u32>,
    #[serde(default)]
    former_turns: u32,
    #[serde(default)]
    kept: bool,
    #[serde(default)]
    tags: Vec<Arc<str>>,
    #[serde(default)]
    decision: Vec<CandidateRecord>,
    #[serde(default)]
    attempts: Vec<Attempt>,
}

/// An attempt, without what the entry says already.
#[derive(Deserialize)]
struct Attempt {
    deployment: Arc<str>,
    started_us: u64,
    connected_us: Option<u64>,
    headers_us: Option<u64>,
    first_content_us: Option<u64>,
    ended_us: Option<u64>,
    status: Option<u16>,
    outcome: AttemptOutcome,
    #[serde(default)]
    usage: Usage,
    #[serde(default)]
    usage_source: UsageSource,
    cost: Option<Money>,
    price_version: Option<Arc<str>>,
    #[serde(default)]
    limits_seen: Vec<(Arc<str>, Arc<str>)>,
    trouble: Option<Arc<str>>,
    supplier_request_id: Option<Arc<str>>,
    #[serde(default)]
    dropped: Vec<Arc<str>>,
    #[serde(default)]
    amended: Vec<Arc<str>>,
}

#[derive(Deserialize)]
struct CorrectionHead {
    product: Arc<str>,
    route: Arc<str>,
}

#[derive(Deserialize)]
struct CorrectionTail {
    id: RequestId,
    arrived_us: i64,
    deployment: Option<Arc<str>>,
    before: Option<Money>,
    after: Option<Money>,
    price_version: Option<Arc<str>>,
    why: Arc<str>,
    author: Arc<str>,
}

#[derive(Deserialize)]
struct Which {
    record: Arc<str>,
}

/// 64 bits as text: numbers that long lose their end in many JSON readers.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Hex(u64);

impl TryFrom<String> for Hex {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u64::from_str_radix(&text, 16).map(Self)
    }
}

pub(crate) fn read(document: &str) -> Result<Record, serde_json::Error> {
    let which: Which = serde_json::from_str(document)?;
    if *which.record == *RecordKind::Correction.as_str() {
        let correction = correction(serde_json::from_str(document)?, serde_json::from_str(document)?);
        return Ok(Record::Correction(Box::new(correction)));
    }
    let entry = Box::new(entry(serde_json::from_str(document)?, serde_json::from_str(document)?));
    match &*which.record {
        "settlement" => Ok(Record::Settlement(entry)),
        "intent" => Ok(Record::Intent(entry)),
        other => Err(serde::de::Error::unknown_variant(other, &["intent", "settlement", "correction"])),
    }
}

/// What the head alone says.
pub(crate) fn read_head(head: &str) -> Result<sighting::Head, serde_json::Error> {
    let mut head: Head = serde_json::from_str(head)?;
    let decision = std::mem::take(&mut head.decision);
    Ok(sighting::Head { facts: facts(head), decision })
}

fn facts(head: Head) -> RequestFacts {
    RequestFacts {
        version: head.facts_version,
        kind: head.kind,
        protocol: head.protocol,
        stream: head.stream,
        needs: head.needs,
        product: head.product,
        route: head.route,
        asked_model: head.asked_model,
        regions: head.regions.into(),
        config_version: head.config_version,
        catalogue_version: head.catalogue_version,
        key_id: head.key_id,
        ..RequestFacts::default()
    }
}

fn entry(mut head: Head, tail: Tail) -> Entry {
    let decision = std::mem::take(&mut head.decision);
    let decision = if decision.is_empty() { tail.decision } else { decision };
    let (price_version, price_agreement) = (head.price_version.take(), head.price_agreement);
    let facts = RequestFacts {
        max_tokens: tail.max_tokens,
        request_bytes: tail.request_bytes,
        estimated_input_tokens: tail.estimated_input_tokens,
        prefix_hash: tail.prefix_hash.0,
        session_hash: tail.session_hash.map(|hash| hash.0),
        dice_seed: tail.dice_seed.0,
        client_retries: tail.client_retries,
        former_turns: tail.former_turns,
        tags: tail.tags.into(),
        ..facts(head)
    };
    let mut attempts: Vec<_> = tail.attempts.into_iter().map(attempt).collect();
    if let Some(used) = tail.used_by.and_then(|index| attempts.get_mut(index)) {
        (used.usage, used.usage_source, used.cost) = (tail.usage, tail.usage_source, tail.cost);
    }
    Entry {
        id: tail.id,
        arrived_us: tail.arrived_us,
        facts: Arc::new(facts),
        decision: decision.into(),
        attempts,
        outcome: tail.outcome,
        usage: tail.usage,
        usage_source: tail.usage_source,
        cost: tail.cost,
        cost_lines: tail.cost_lines,
        price_version,
        price_agreement,
        deployment: tail.deployment,
        ttft_us: tail.ttft_us,
        total_us: tail.total_us,
        released_bytes: tail.released_bytes,
        finish: tail.finish,
        kept: tail.kept,
    }
}

fn attempt(attempt: Attempt) -> AttemptRecord {
    AttemptRecord {
        deployment: attempt.deployment,
        started_us: attempt.started_us,
        connected_us: attempt.connected_us,
        headers_us: attempt.headers_us,
        first_content_us: attempt.first_content_us,
        ended_us: attempt.ended_us,
        status: attempt.status,
        outcome: attempt.outcome,
        usage: attempt.usage,
        usage_source: attempt.usage_source,
        cost: attempt.cost,
        price_version: attempt.price_version,
        limits_seen: attempt.limits_seen,
        trouble: attempt.trouble,
        supplier_request_id: attempt.supplier_request_id,
        dropped: attempt.dropped,
        amended: attempt.amended,
    }
}

fn correction(head: CorrectionHead, tail: CorrectionTail) -> Correction {
    Correction {
        id: tail.id,
        arrived_us: tail.arrived_us,
        product: head.product,
        route: head.route,
        deployment: tail.deployment,
        before: tail.before,
        after: tail.after,
        price_version: tail.price_version,
        why: tail.why,
        author: tail.author,
    }
}
