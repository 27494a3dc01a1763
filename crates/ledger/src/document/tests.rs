use std::sync::Arc;
use std::time::Duration;

use catalogue::{Bucket, Money, Needs, PriceList, Protocol, Rate, Rates, Usage};
use proptest::prelude::*;
use routing::Reason;
use wire::{Broken, Failure};

use super::*;
use crate::attempt::{AttemptOutcome, AttemptRecord, CandidateRecord};
use crate::correction::Correction;
use crate::entry::Entry;
use crate::facts::RequestFacts;
use crate::outcome::{Outcome, UsageSource};
use crate::request_id::RequestId;

fn parts(entry: &Entry) -> (String, String) {
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    write_parts(&Record::Settlement(Box::new(entry.clone())), &mut head, &mut tail);
    (String::from_utf8(head).unwrap(), String::from_utf8(tail).unwrap())
}

fn entry() -> Entry {
    let facts = RequestFacts {
        protocol: Protocol::AnthropicMessages,
        stream: true,
        needs: Needs::TOOLS | Needs::IMAGES,
        max_tokens: Some(1024),
        prefix_hash: u64::MAX,
        session_hash: Some(7),
        product: "office".into(),
        route: "assistant \"2\"".into(),
        asked_model: "gpt-4o\n".into(),
        regions: Arc::new(["eu".parse().unwrap()]),
        config_version: "c1".into(),
        catalogue_version: "k1".into(),
        client_retries: Some(2),
        key_id: Some("key_1".into()),
        former_turns: 2,
        tags: Arc::new(["team=a".into(), "é".into()]),
        ..RequestFacts::default()
    };
    let decision = Arc::new([
        CandidateRecord { deployment: "a/m".into(), reason: None },
        CandidateRecord { deployment: "b/m".into(), reason: Some(Reason::Lacks(Needs::TOOLS)) },
    ]);
    let mut entry = Entry::new(RequestId::new(1_763_800_000_000, [1, 2]), 1, Arc::new(facts), decision);
    for (deployment, outcome) in [
        ("a/m", AttemptOutcome::Failed(Failure::RateLimited { retry_after: Some(Duration::from_secs(3)) })),
        ("b/m", AttemptOutcome::Refused(Reason::NoSlot)),
        ("a/m", AttemptOutcome::Failed(Failure::Broken(Broken::Cut))),
        ("c/m", AttemptOutcome::Served),
    ] {
        entry.attempts.push(AttemptRecord { outcome, ..AttemptRecord::started(deployment.into(), 5) });
    }
    let last = &mut entry.attempts[3];
    last.limits_seen = vec![("x-ratelimit-remaining-requests".into(), "9".into())];
    (last.status, last.ended_us) = (Some(200), Some(99));
    (last.dropped, last.amended) = (vec!["top_k".into()], vec!["system_prefix".into(), "parameters".into()]);
    let rates = Rates::NONE.with(Bucket::InputUncached, Rate::from_picos(1_500_000));
    let usage = Usage { input_uncached: 3, ..Usage::default() };
    entry.book(3, usage, UsageSource::Supplier, Some(&PriceList::configured(rates)));
    entry.deployment = Some("c/m".into());
    entry.kept = true;
    entry.outcome = Outcome::Answered;
    entry
}

#[test]
fn what_is_written_is_read_back() {
    let entry = Box::new(entry());
    let correction = Correction {
        id: entry.id,
        arrived_us: -1,
        product: "office".into(),
        route: "\"".into(),
        deployment: None,
        before: None,
        after: Some(Money::from_nanos(-3)),
        price_version: Some("invoice".into()),
        why: "é".into(),
        author: "ann".into(),
    };
    for record in
        [Record::Settlement(entry.clone()), Record::Intent(entry), Record::Correction(Box::new(correction))]
    {
        assert_eq!(read(&write(&record)).unwrap(), record);
    }
}

#[test]
fn a_head_repeats_for_requests_of_a_kind() {
    let (one, mut other) = (entry(), entry());
    other.id = RequestId::new(1_763_800_000_001, [9, 9]);
    other.arrived_us += 1;
    other.attempts.truncate(3);
    other.outcome = Outcome::Failed { failure: Some(Failure::Server) };
    assert_eq!(parts(&one).0, parts(&other).0);
    assert_ne!(parts(&one).1, parts(&other).1);
}

#[test]
fn a_decision_that_will_not_repeat_is_in_the_tail() {
    let mut waiting = entry();
    let reason = Some(Reason::RateLimited { wait_ms: 1234 });
    waiting.decision = Arc::new([CandidateRecord { deployment: "a/m".into(), reason }]);
    let (head, tail) = parts(&waiting);
    assert!(!head.contains("decision") && tail.contains("decision"));
    let record = Record::Settlement(Box::new(waiting));
    assert_eq!(read(&write(&record)).unwrap(), record);
}

#[test]
fn later_versions_and_rubbish_are_refused() {
    assert!(matches!(read(r#"{"v":2,"new":1}"#), Err(DocumentError::Version { version: 2 })));
    for rubbish in ["", "{}", "[1]", r#"{"v":1}"#, r#"{"v":1,"record":"dream","id":"x"}"#] {
        assert!(matches!(read(rubbish), Err(DocumentError::Json(_))), "{rubbish}");
    }
}

#[test]
fn fields_that_a_later_release_adds_are_no_hindrance() {
    let document = write(&Record::Settlement(Box::new(entry())));
    let with_more = document.replacen("\"v\":1,", "\"v\":1,\"colour\":{\"red\":1},", 1);
    assert_eq!(read(&with_more).unwrap(), Record::Settlement(Box::new(entry())));
}

proptest! {
    #[test]
    fn any_text_and_numbers_survive(
        texts in proptest::array::uniform6(".{0,20}"),
        numbers in proptest::array::uniform6(any::<u64>()),
        arrived_us in any::<i64>(),
    ) {
        let [product, route, asked, deployment, finish, tag] = texts.map(Arc::<str>::from);
        let facts = RequestFacts {
            product, route, asked_model: asked, tags: Arc::new([tag]),
            request_bytes: numbers[0], prefix_hash: numbers[1], dice_seed: numbers[2],
            ..RequestFacts::default()
        };
        let id = RequestId::new(numbers[3] >> 16, [numbers[4], numbers[5]]);
        let mut entry = Entry::new(id, arrived_us, Arc::new(facts), Arc::default());
        entry.attempts.push(AttemptRecord::started(Arc::clone(&deployment), numbers[0]));
        let usage = Usage { input_uncached: numbers[1], reasoning: numbers[2], ..Usage::default() };
        entry.book(0, usage, UsageSource::Supplier, None);
        (entry.deployment, entry.finish) = (Some(deployment), Some(finish));
        let record = Record::Settlement(Box::new(entry));
        prop_assert_eq!(read(&write(&record)).unwrap(), record);
    }
}
