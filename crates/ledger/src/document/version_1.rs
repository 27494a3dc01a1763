//! Version 1. Apart from the types in memory on purpose: those may change, this may not.

use std::borrow::Cow;
use std::sync::Arc;

use catalogue::{Agreement, Money, Needs, Protocol, Region, Usage};
use serde::{Deserialize, Serialize};

use crate::attempt::{AttemptOutcome, AttemptRecord, CandidateRecord};
use crate::correction::Correction;
use crate::entry::{CostLine, Entry};
use crate::facts::{Kind, RequestFacts};
use crate::outcome::{Outcome, UsageSource};
use crate::record::{Record, RecordKind};
use crate::request_id::RequestId;

#[derive(Serialize, Deserialize)]
struct Head<'a> {
    v: u32,
    facts_version: u32,
    kind: Kind,
    protocol: Protocol,
    stream: bool,
    needs: Needs,
    product: Cow<'a, str>,
    route: Cow<'a, str>,
    asked_model: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_empty")]
    regions: Cow<'a, [Region]>,
    config_version: Cow<'a, str>,
    catalogue_version: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price_version: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price_agreement: Option<Agreement>,
    #[serde(default, skip_serializing_if = "is_empty")]
    decision: Cow<'a, [CandidateRecord]>,
}

#[derive(Serialize, Deserialize)]
struct Tail<'a> {
    record: Cow<'a, str>,
    id: RequestId,
    arrived_us: i64,
    outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deployment: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Usage::is_zero")]
    usage: Usage,
    #[serde(default, skip_serializing_if = "UsageSource::is_none")]
    usage_source: UsageSource,
    cost: Option<Money>,
    #[serde(default, skip_serializing_if = "is_empty")]
    cost_lines: Cow<'a, [CostLine]>,
    /// The one attempt that all usage and cost are of: they are not said a second time there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_by: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttft_us: Option<u64>,
    total_us: u64,
    released_bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finish: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    request_bytes: u64,
    estimated_input_tokens: u64,
    prefix_hash: Hex,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_hash: Option<Hex>,
    dice_seed: Hex,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_retries: Option<u32>,
    #[serde(default, skip_serializing_if = "is_empty")]
    tags: Cow<'a, [Arc<str>]>,
    #[serde(default, skip_serializing_if = "is_empty")]
    decision: Cow<'a, [CandidateRecord]>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<Attempt<'a>>,
}

/// An attempt, without what the entry says already.
#[derive(Serialize, Deserialize)]
struct Attempt<'a> {
    deployment: Cow<'a, str>,
    started_us: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connected_us: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    headers_us: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_content_us: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_us: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    outcome: AttemptOutcome,
    #[serde(default, skip_serializing_if = "Usage::is_zero")]
    usage: Usage,
    #[serde(default, skip_serializing_if = "UsageSource::is_none")]
    usage_source: UsageSource,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cost: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price_version: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    limits_seen: Cow<'a, [(Arc<str>, Arc<str>)]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    supplier_request_id: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct CorrectionHead<'a> {
    v: u32,
    product: Cow<'a, str>,
    route: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct CorrectionTail<'a> {
    record: Cow<'a, str>,
    id: RequestId,
    arrived_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deployment: Option<Cow<'a, str>>,
    before: Option<Money>,
    after: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price_version: Option<Cow<'a, str>>,
    why: Cow<'a, str>,
    author: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Which<'a> {
    #[serde(borrow)]
    record: Cow<'a, str>,
}

/// 64 bits as text: numbers that long lose their end in many JSON readers.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
struct Hex(u64);

impl From<Hex> for String {
    fn from(hex: Hex) -> Self {
        format!("{:016x}", hex.0)
    }
}

impl TryFrom<String> for Hex {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u64::from_str_radix(&text, 16).map(Self)
    }
}

pub(super) fn write_entry(kind: RecordKind, entry: &Entry, head: &mut Vec<u8>, tail: &mut Vec<u8>) {
    let lasting =
        entry.decision.iter().all(|candidate| candidate.reason.is_none_or(|why| why.wait().is_none()));
    let (in_head, in_tail) = if lasting { (&*entry.decision, &[][..]) } else { (&[][..], &*entry.decision) };
    join(head, tail, &head_of(entry, in_head), &tail_of(kind, entry, in_tail));
}

pub(super) fn write_correction(correction: &Correction, head: &mut Vec<u8>, tail: &mut Vec<u8>) {
    let first = CorrectionHead {
        v: 1,
        product: Cow::Borrowed(&correction.product),
        route: Cow::Borrowed(&correction.route),
    };
    let second = CorrectionTail {
        record: Cow::Borrowed(RecordKind::Correction.as_str()),
        id: correction.id,
        arrived_us: correction.arrived_us,
        deployment: correction.deployment.as_deref().map(Cow::Borrowed),
        before: correction.before,
        after: correction.after,
        price_version: correction.price_version.as_deref().map(Cow::Borrowed),
        why: Cow::Borrowed(&correction.why),
        author: Cow::Borrowed(&correction.author),
    };
    join(head, tail, &first, &second);
}

/// Writes two objects so that one after the other they are one object.
fn join(head: &mut Vec<u8>, tail: &mut Vec<u8>, first: &impl Serialize, second: &impl Serialize) {
    serde_json::to_writer(&mut *head, first).expect("nothing in it can fail to be JSON");
    head.pop();
    let start = tail.len();
    serde_json::to_writer(&mut *tail, second).expect("nothing in it can fail to be JSON");
    tail[start] = b',';
}

fn head_of<'a>(entry: &'a Entry, decision: &'a [CandidateRecord]) -> Head<'a> {
    let facts = &*entry.facts;
    Head {
        v: 1,
        facts_version: facts.version,
        kind: facts.kind,
        protocol: facts.protocol,
        stream: facts.stream,
        needs: facts.needs,
        product: Cow::Borrowed(&facts.product),
        route: Cow::Borrowed(&facts.route),
        asked_model: Cow::Borrowed(&facts.asked_model),
        regions: Cow::Borrowed(&facts.regions),
        config_version: Cow::Borrowed(&facts.config_version),
        catalogue_version: Cow::Borrowed(&facts.catalogue_version),
        key_id: facts.key_id.as_deref().map(Cow::Borrowed),
        price_version: entry.price_version.as_deref().map(Cow::Borrowed),
        price_agreement: entry.price_agreement,
        decision: Cow::Borrowed(decision),
    }
}

fn tail_of<'a>(kind: RecordKind, entry: &'a Entry, decision: &'a [CandidateRecord]) -> Tail<'a> {
    let facts = &*entry.facts;
    let used_by = sole_user(entry);
    let attempts = entry.attempts.iter().enumerate();
    Tail {
        record: Cow::Borrowed(kind.as_str()),
        id: entry.id,
        arrived_us: entry.arrived_us,
        outcome: entry.outcome,
        deployment: entry.deployment.as_deref().map(Cow::Borrowed),
        usage: entry.usage,
        usage_source: entry.usage_source,
        cost: entry.cost,
        cost_lines: Cow::Borrowed(&entry.cost_lines),
        used_by,
        ttft_us: entry.ttft_us,
        total_us: entry.total_us,
        released_bytes: entry.released_bytes,
        finish: entry.finish.as_deref().map(Cow::Borrowed),
        max_tokens: facts.max_tokens,
        request_bytes: facts.request_bytes,
        estimated_input_tokens: facts.estimated_input_tokens,
        prefix_hash: Hex(facts.prefix_hash),
        session_hash: facts.session_hash.map(Hex),
        dice_seed: Hex(facts.dice_seed),
        client_retries: facts.client_retries,
        tags: Cow::Borrowed(&facts.tags),
        decision: Cow::Borrowed(decision),
        attempts: attempts.map(|(index, attempt)| attempt_of(attempt, used_by == Some(index))).collect(),
    }
}

/// The only attempt that used anything, if it is the only one and says what the entry says.
fn sole_user(entry: &Entry) -> Option<usize> {
    let mut used = entry.attempts.iter().enumerate().filter(|(_, attempt)| !attempt.usage.is_zero());
    let (index, attempt) = used.next().filter(|_| used.next().is_none())?;
    let said = (attempt.usage, attempt.usage_source, attempt.cost);
    (said == (entry.usage, entry.usage_source, entry.cost)).then_some(index)
}

fn attempt_of(attempt: &AttemptRecord, used_all: bool) -> Attempt<'_> {
    Attempt {
        deployment: Cow::Borrowed(&attempt.deployment),
        started_us: attempt.started_us,
        connected_us: attempt.connected_us,
        headers_us: attempt.headers_us,
        first_content_us: attempt.first_content_us,
        ended_us: attempt.ended_us,
        status: attempt.status,
        outcome: attempt.outcome,
        usage: if used_all { Usage::default() } else { attempt.usage },
        usage_source: if used_all { UsageSource::None } else { attempt.usage_source },
        cost: attempt.cost.filter(|_| !used_all),
        price_version: attempt.price_version.as_deref().map(Cow::Borrowed),
        limits_seen: Cow::Borrowed(&attempt.limits_seen),
        supplier_request_id: attempt.supplier_request_id.as_deref().map(Cow::Borrowed),
    }
}

pub(super) fn read(document: &str) -> Result<Record, serde_json::Error> {
    let which: Which<'_> = serde_json::from_str(document)?;
    if which.record == RecordKind::Correction.as_str() {
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

fn entry(head: Head<'_>, tail: Tail<'_>) -> Entry {
    let facts = RequestFacts {
        version: head.facts_version,
        kind: head.kind,
        protocol: head.protocol,
        stream: head.stream,
        needs: head.needs,
        max_tokens: tail.max_tokens,
        request_bytes: tail.request_bytes,
        estimated_input_tokens: tail.estimated_input_tokens,
        prefix_hash: tail.prefix_hash.0,
        session_hash: tail.session_hash.map(|hash| hash.0),
        product: head.product.into(),
        route: head.route.into(),
        asked_model: head.asked_model.into(),
        regions: head.regions.into_owned().into(),
        config_version: head.config_version.into(),
        catalogue_version: head.catalogue_version.into(),
        dice_seed: tail.dice_seed.0,
        client_retries: tail.client_retries,
        key_id: head.key_id.map(Into::into),
        tags: tail.tags.into_owned().into(),
    };
    let decision = if head.decision.is_empty() { tail.decision } else { head.decision };
    let mut attempts: Vec<_> = tail.attempts.into_iter().map(attempt).collect();
    if let Some(used) = tail.used_by.and_then(|index| attempts.get_mut(index)) {
        (used.usage, used.usage_source, used.cost) = (tail.usage, tail.usage_source, tail.cost);
    }
    Entry {
        id: tail.id,
        arrived_us: tail.arrived_us,
        facts: Arc::new(facts),
        decision: decision.into_owned().into(),
        attempts,
        outcome: tail.outcome,
        usage: tail.usage,
        usage_source: tail.usage_source,
        cost: tail.cost,
        cost_lines: tail.cost_lines.into_owned(),
        price_version: head.price_version.map(Into::into),
        price_agreement: head.price_agreement,
        deployment: tail.deployment.map(Into::into),
        ttft_us: tail.ttft_us,
        total_us: tail.total_us,
        released_bytes: tail.released_bytes,
        finish: tail.finish.map(Into::into),
    }
}

fn attempt(attempt: Attempt<'_>) -> AttemptRecord {
    AttemptRecord {
        deployment: attempt.deployment.into(),
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
        price_version: attempt.price_version.map(Into::into),
        limits_seen: attempt.limits_seen.into_owned(),
        supplier_request_id: attempt.supplier_request_id.map(Into::into),
    }
}

fn correction(head: CorrectionHead<'_>, tail: CorrectionTail<'_>) -> Correction {
    Correction {
        id: tail.id,
        arrived_us: tail.arrived_us,
        product: head.product.into(),
        route: head.route.into(),
        deployment: tail.deployment.map(Into::into),
        before: tail.before,
        after: tail.after,
        price_version: tail.price_version.map(Into::into),
        why: tail.why.into(),
        author: tail.author.into(),
    }
}

fn is_empty<T: Clone>(list: &[T]) -> bool {
    list.is_empty()
}
