//! Writing version 1. [`read`](super::read) tells what each field means by where it puts it.

use catalogue::Usage;

use crate::attempt::{AttemptRecord, CandidateRecord};
use crate::correction::Correction;
use crate::document::json::{Json, key};
use crate::entry::Entry;
use crate::outcome::UsageSource;
use crate::record::RecordKind;
use crate::request_id::RequestId;

pub(crate) fn write_entry(kind: RecordKind, entry: &Entry, head: &mut Vec<u8>, tail: &mut Vec<u8>) {
    // A candidate that is out for a time has a reason that will not repeat, so it would spoil the head.
    let repeats = |candidate: &CandidateRecord| candidate.reason.is_none_or(|reason| reason.wait().is_none());
    let decided = entry.decision.iter().all(repeats);
    let (in_head, in_tail) = if decided { (&*entry.decision, &[][..]) } else { (&[][..], &*entry.decision) };
    write_head(&mut Json(head), entry, in_head);
    write_tail(&mut Json(tail), kind, entry, in_tail);
}

fn write_head(json: &mut Json<'_>, entry: &Entry, decision: &[CandidateRecord]) {
    let facts = &*entry.facts;
    json.raw("{\"v\":1");
    json.number(key!("facts_version"), facts.version.into());
    json.text(key!("kind"), facts.kind.as_str());
    json.text(key!("protocol"), facts.protocol.as_str());
    json.value(key!("stream"), &facts.stream);
    json.value(key!("needs"), &facts.needs);
    json.text(key!("product"), &facts.product);
    json.text(key!("route"), &facts.route);
    json.text(key!("asked_model"), &facts.asked_model);
    json.list(key!("regions"), &facts.regions, |json, _, region| json.string(region.as_str()));
    json.text(key!("config_version"), &facts.config_version);
    json.text(key!("catalogue_version"), &facts.catalogue_version);
    json.text_if(key!("key_id"), facts.key_id.as_deref());
    json.text_if(key!("price_version"), entry.price_version.as_deref());
    json.text_if(key!("price_agreement"), entry.price_agreement.map(catalogue::Agreement::as_str));
    write_decision(json, decision);
}

fn write_tail(json: &mut Json<'_>, kind: RecordKind, entry: &Entry, decision: &[CandidateRecord]) {
    let facts = &*entry.facts;
    let used_by = sole_user(entry);
    json.text(key!("record"), kind.as_str());
    write_id(json, entry.id);
    json.value(key!("arrived_us"), &entry.arrived_us);
    json.value(key!("outcome"), &entry.outcome);
    json.text_if(key!("deployment"), entry.deployment.as_deref());
    write_usage(json, &entry.usage, entry.usage_source);
    json.raw(key!("cost"));
    match entry.cost {
        Some(cost) => json.money(cost),
        None => json.raw("null"),
    }
    json.list(key!("cost_lines"), &entry.cost_lines, |json, _, line| {
        json.raw("[");
        json.digits(line.attempt.into());
        json.raw(",");
        json.string(line.bucket.as_str());
        json.raw(",");
        json.money(line.cost);
        json.raw("]");
    });
    json.number_if(key!("used_by"), used_by.map(|index| index as u64));
    json.number_if(key!("ttft_us"), entry.ttft_us);
    json.number(key!("total_us"), entry.total_us);
    json.number(key!("released_bytes"), entry.released_bytes);
    json.text_if(key!("finish"), entry.finish.as_deref());
    json.number_if(key!("max_tokens"), facts.max_tokens);
    json.number(key!("request_bytes"), facts.request_bytes);
    json.number(key!("estimated_input_tokens"), facts.estimated_input_tokens);
    json.hex(key!("prefix_hash"), facts.prefix_hash);
    if let Some(hash) = facts.session_hash {
        json.hex(key!("session_hash"), hash);
    }
    json.hex(key!("dice_seed"), facts.dice_seed);
    json.number_if(key!("client_retries"), facts.client_retries.map(u64::from));
    json.number_if(key!("former_turns"), Some(facts.former_turns.into()).filter(|turns| *turns > 0));
    if entry.kept {
        json.value(key!("kept"), &true);
    }
    json.list(key!("tags"), &facts.tags, |json, _, tag| json.string(tag));
    write_decision(json, decision);
    json.list(key!("attempts"), &entry.attempts, |json, index, attempt| {
        write_attempt(json, attempt, used_by == Some(index));
    });
    json.raw("}");
}

fn write_id(json: &mut Json<'_>, id: RequestId) {
    let mut text = [0; 36];
    json.text(key!("id"), id.encode(&mut text));
}

fn write_usage(json: &mut Json<'_>, usage: &Usage, source: UsageSource) {
    let mut before = key!("usage");
    for (bucket, count) in usage.iter().filter(|(_, count)| *count > 0) {
        json.raw(before);
        json.raw(if before.ends_with(':') { "{" } else { "" });
        json.string(bucket.as_str());
        json.raw(":");
        json.digits(count);
        before = ",";
    }
    if before == "," {
        json.raw("}");
    }
    if !source.is_none() {
        json.text(key!("usage_source"), source.as_str());
    }
}

fn write_decision(json: &mut Json<'_>, decision: &[CandidateRecord]) {
    json.list(key!("decision"), decision, |json, _, candidate| {
        json.raw("{\"deployment\":");
        json.string(&candidate.deployment);
        if let Some(reason) = &candidate.reason {
            json.value(key!("reason"), reason);
        }
        json.raw("}");
    });
}

/// The only attempt that used anything, if there is one and it says what the entry says.
fn sole_user(entry: &Entry) -> Option<usize> {
    let mut used = entry.attempts.iter().enumerate().filter(|(_, attempt)| !attempt.usage.is_zero());
    let (index, attempt) = used.next().filter(|_| used.next().is_none())?;
    let said = (attempt.usage, attempt.usage_source, attempt.cost);
    (said == (entry.usage, entry.usage_source, entry.cost)).then_some(index)
}

/// An attempt, without what the entry says already.
fn write_attempt(json: &mut Json<'_>, attempt: &AttemptRecord, used_all: bool) {
    json.raw("{\"deployment\":");
    json.string(&attempt.deployment);
    json.number(key!("started_us"), attempt.started_us);
    json.number_if(key!("connected_us"), attempt.connected_us);
    json.number_if(key!("headers_us"), attempt.headers_us);
    json.number_if(key!("first_content_us"), attempt.first_content_us);
    json.number_if(key!("ended_us"), attempt.ended_us);
    json.number_if(key!("status"), attempt.status.map(u64::from));
    json.value(key!("outcome"), &attempt.outcome);
    if !used_all {
        write_usage(json, &attempt.usage, attempt.usage_source);
        if let Some(cost) = attempt.cost {
            json.raw(key!("cost"));
            json.money(cost);
        }
    }
    json.text_if(key!("price_version"), attempt.price_version.as_deref());
    json.list(key!("limits_seen"), &attempt.limits_seen, |json, _, (name, value)| {
        json.raw("[");
        json.string(name);
        json.raw(",");
        json.string(value);
        json.raw("]");
    });
    json.text_if(key!("trouble"), attempt.trouble.as_deref());
    json.text_if(key!("supplier_request_id"), attempt.supplier_request_id.as_deref());
    json.list(key!("dropped"), &attempt.dropped, |json, _, what| json.string(what));
    json.list(key!("amended"), &attempt.amended, |json, _, what| json.string(what));
    json.raw("}");
}

pub(crate) fn write_correction(correction: &Correction, head: &mut Vec<u8>, tail: &mut Vec<u8>) {
    let mut json = Json(head);
    json.raw("{\"v\":1");
    json.text(key!("product"), &correction.product);
    json.text(key!("route"), &correction.route);
    let mut json = Json(tail);
    json.text(key!("record"), RecordKind::Correction.as_str());
    write_id(&mut json, correction.id);
    json.value(key!("arrived_us"), &correction.arrived_us);
    json.text_if(key!("deployment"), correction.deployment.as_deref());
    json.value(key!("before"), &correction.before);
    json.value(key!("after"), &correction.after);
    json.text_if(key!("price_version"), correction.price_version.as_deref());
    json.text(key!("why"), &correction.why);
    json.text(key!("author"), &correction.author);
    json.raw("}");
}
