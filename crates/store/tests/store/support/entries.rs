//! Entries like those of real traffic, for tests and examples.

use std::sync::Arc;

use catalogue::{Bucket, Needs, PriceList, Rate, Rates, Usage};
use ledger::{
    AttemptOutcome, AttemptRecord, CandidateRecord, Entry, Intent, Outcome, RequestFacts, RequestId,
    UsageSource,
};
use routing::Reason;

/// What all requests of a test share.
#[derive(Debug, Clone)]
pub(crate) struct Traffic {
    facts: RequestFacts,
    decision: Arc<[CandidateRecord]>,
    prices: Arc<PriceList>,
    names: [Arc<str>; 6],
}

impl Traffic {
    /// An assistant with three deployments, of which the first serves.
    pub(crate) fn new() -> Self {
        let names = [
            "openai/gpt-5.2",
            "anthropic/claude-sonnet-4-5",
            "azure-sweden/gpt-5.2",
            "x-ratelimit-remaining-requests",
            "4999",
            "stop",
        ]
        .map(Arc::<str>::from);
        let facts = RequestFacts {
            stream: true,
            needs: Needs::TOOLS,
            max_tokens: Some(1024),
            product: "office".into(),
            route: "assistant".into(),
            asked_model: "gpt-4o".into(),
            regions: Arc::new(["eu".parse().expect("a region")]),
            config_version: "9f86d081884c7d65".into(),
            catalogue_version: "2026-11-22".into(),
            key_id: Some("key_0123456789ab".into()),
            ..RequestFacts::default()
        };
        let candidate = |name: &Arc<str>, reason| CandidateRecord { deployment: Arc::clone(name), reason };
        let decision = Arc::new([
            candidate(&names[0], None),
            candidate(&names[1], Some(Reason::Protocol)),
            candidate(&names[2], None),
        ]);
        let rate = |text: &str| text.parse::<Rate>().expect("a rate");
        let rates = Rates::NONE
            .with(Bucket::InputUncached, rate("1.25"))
            .with(Bucket::CacheRead, rate("0.125"))
            .with(Bucket::OutputText, rate("10"));
        Self { facts, decision, prices: Arc::new(PriceList::configured(rates)), names }
    }

    /// The intent of a request; `number` makes it unlike others.
    pub(crate) fn intent(&self, number: u64, arrived_us: i64) -> Intent {
        let dice = [number.wrapping_mul(0x9e37_79b9_7f4a_7c15), number];
        let facts = RequestFacts {
            request_bytes: 2_000 + number % 977,
            estimated_input_tokens: 500 + number % 244,
            prefix_hash: dice[0],
            dice_seed: dice[0].rotate_left(17),
            ..self.facts.clone()
        };
        Intent {
            id: RequestId::new(u64::try_from(arrived_us / 1000).unwrap_or(0), dice),
            arrived_us,
            facts: Arc::new(facts),
            decision: Arc::clone(&self.decision),
            deployment: Some(Arc::clone(&self.names[0])),
            prices: Some(Arc::clone(&self.prices)),
        }
    }

    /// The entry of an answered request.
    pub(crate) fn entry(&self, number: u64, arrived_us: i64) -> Box<Entry> {
        self.settlement(&self.intent(number, arrived_us), number)
    }

    /// The entry of that intent, answered.
    pub(crate) fn settlement(&self, intent: &Intent, number: u64) -> Box<Entry> {
        let mut entry =
            Entry::new(intent.id, intent.arrived_us, Arc::clone(&intent.facts), Arc::clone(&intent.decision));
        entry.attempts.push(AttemptRecord {
            connected_us: Some(140),
            headers_us: Some(210_000 + number % 9_000),
            first_content_us: Some(231_000 + number % 9_000),
            ended_us: Some(1_840_000 + number % 90_000),
            status: Some(200),
            outcome: AttemptOutcome::Served,
            limits_seen: vec![(Arc::clone(&self.names[3]), Arc::clone(&self.names[4]))],
            ..AttemptRecord::started(Arc::clone(&self.names[0]), 90)
        });
        entry.book(0, usage(number), UsageSource::Supplier, Some(&self.prices));
        entry.outcome = Outcome::Answered;
        entry.deployment = Some(Arc::clone(&self.names[0]));
        entry.finish = Some(Arc::clone(&self.names[5]));
        entry.ttft_us = Some(231_100);
        entry.total_us = 1_840_200 + number % 90_000;
        entry.released_bytes = 1_500;
        Box::new(entry)
    }
}

/// What request `number` used.
pub(crate) fn usage(number: u64) -> Usage {
    Usage {
        input_uncached: 400 + number % 251,
        cache_read: 100,
        output_text: 300 + number % 97,
        ..Usage::default()
    }
}
