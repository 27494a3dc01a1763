//! What is written down of one request: its attempts as they end, its intent if it takes long, exactly one entry
//! whatever happens.
//!
//! The entry is settled by [`Record::settle`] before the answer's last byte. If the answer is dropped first (the
//! client left, or a bug), dropping the record settles it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use catalogue::{Service, Usage};
use ledger::{
    AttemptOutcome, AttemptRecord, CandidateRecord, Entry, FACTS_VERSION, Intent, Kind, Outcome,
    RequestFacts, Settled, UsageSource,
};
use routing::{Change, DeploymentIndex, Permit};
use tokio::time::Instant;
use wire::{Failure, StreamReader};

use crate::attempt::Failed;
use crate::call::Call;
use crate::metrics::{Ended, Tried};
use crate::trace::AttemptTrace;
use crate::{budget, estimate};

/// See the module.
pub(crate) struct Record<'a> {
    call: &'a Call,
    facts: Arc<RequestFacts>,
    decision: Arc<[CandidateRecord]>,
    entry: RefCell<Option<Box<Entry>>>,
    current: RefCell<Option<Current>>,
    released_bytes: Cell<u64>,
}

/// The attempt under way.
struct Current {
    deployment: DeploymentIndex,
    permit: Permit,
    trace: Rc<AttemptTrace>,
    reader: Option<Box<dyn StreamReader>>,
    dropped: Vec<Arc<str>>,
}

/// What a supplier is known or believed to have used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    usage: Usage,
    source: UsageSource,
    service: Service,
}

impl<'a> Record<'a> {
    /// Opens the record of an admitted request.
    pub(crate) fn open(call: &'a Call) -> Self {
        call.room.shared.metrics.admitted();
        let facts = Arc::new(facts(call));
        let decision: Arc<[CandidateRecord]> = decision(call).collect();
        let entry = Entry::new(call.id, call.arrived_us, Arc::clone(&facts), Arc::clone(&decision));
        Self {
            call,
            facts,
            decision,
            entry: RefCell::new(Some(Box::new(entry))),
            current: RefCell::default(),
            released_bytes: Cell::new(0),
        }
    }

    /// Writes down that the request is under way, so that a crash leaves a trace of it.
    pub(crate) fn intend(&self) {
        let first = self.current.borrow().as_ref().map(|current| current.deployment);
        let deployment = first.map(|first| self.call.snapshot.deployment(first));
        self.call.room.shared.journal.intent(Intent {
            id: self.call.id,
            arrived_us: self.call.arrived_us,
            facts: Arc::clone(&self.facts),
            decision: Arc::clone(&self.decision),
            deployment: deployment.map(|deployment| Arc::clone(&deployment.name)),
            prices: deployment.and_then(|deployment| deployment.prices.clone()),
        });
    }

    /// An attempt begins.
    pub(crate) fn begin(&self, permit: Permit, now: Instant) -> Rc<AttemptTrace> {
        let trace = Rc::new(AttemptTrace::new(now));
        let deployment = permit.deployment();
        let current =
            Current { deployment, permit, trace: Rc::clone(&trace), reader: None, dropped: Vec::new() };
        self.current.replace(Some(current));
        trace
    }

    /// Whether an attempt at `deployment` was made and is over.
    pub(crate) fn has_tried(&self, deployment: DeploymentIndex) -> bool {
        let name = &self.call.snapshot.deployment(deployment).name;
        let entry = self.entry.borrow();
        let mut attempts = entry.iter().flat_map(|entry| &entry.attempts);
        attempts.any(|attempt| attempt.deployment == *name)
    }

    /// A candidate was not dialled.
    pub(crate) fn refused(&self, deployment: DeploymentIndex, reason: routing::Reason) {
        let name = Arc::clone(&self.call.snapshot.deployment(deployment).name);
        let mut record = AttemptRecord::started(name, self.since_arrival(Instant::now()));
        record.outcome = AttemptOutcome::Refused(reason);
        self.with_entry(|entry| entry.attempts.push(record));
    }

    /// A candidate cannot be told the request, and in words, why.
    pub(crate) fn unsayable(&self, deployment: DeploymentIndex, why: &str) {
        let name = Arc::clone(&self.call.snapshot.deployment(deployment).name);
        let mut record = AttemptRecord::started(name, self.since_arrival(Instant::now()));
        record.outcome = AttemptOutcome::Refused(routing::Reason::Unsayable);
        record.dropped.push(why.into());
        self.with_entry(|entry| entry.attempts.push(record));
    }

    /// The attempt under way failed before anything of it reached the client.
    pub(crate) fn failed(&self, failed: &Failed) {
        let failure = failed.failure;
        self.dropped(&failed.unsayable);
        let Some(current) = self.current.take() else { return };
        let now = Instant::now();
        let used = self.used_in_vain(&current.trace).or_else(|| self.used_unheard(&current.trace, failure));
        // Who sets so short a time says nothing of the supplier by it.
        let is_no_verdict = failure == Failure::Timeout && self.call.is_hurried(current.trace.started);
        let outcome = if is_no_verdict { AttemptOutcome::Abandoned } else { AttemptOutcome::Failed(failure) };
        self.conclude(current, outcome, used, now);
    }

    /// Of an attempt that our own time limit cut off before the supplier said a word. It had the prompt, and bills that
    /// even where hanging up ends the bill for what it writes. One that said itself that it took too long has said what it
    /// bills: nothing.
    fn used_unheard(&self, trace: &AttemptTrace, failure: Failure) -> Option<Used> {
        let hung_up_on = failure == Failure::Timeout && trace.status.get().is_none();
        let sent = trace.connected.get().is_some();
        (hung_up_on && sent).then(|| self.estimated(Usage::default(), Service::Standard, 0))
    }

    /// Of an attempt that came to nothing: a supplier that took the request in has read the prompt, and bills it.
    fn used_in_vain(&self, trace: &AttemptTrace) -> Option<Used> {
        let reported = trace.usage.get().unwrap_or_default();
        trace.was_accepted().then(|| self.estimated(reported, Service::Standard, trace.output_bytes.get()))
    }

    /// The first content is about to be released: `reader` will follow the stream from here on.
    pub(crate) fn begun_well(&self, reader: Option<Box<dyn StreamReader>>) {
        let now = Instant::now();
        if let Some(current) = self.current.borrow_mut().as_mut() {
            let changes = current.permit.begun_well(self.call.room.shared.clock.world(now));
            tell(changes, None);
            current.reader = reader;
        }
        self.with_entry(|entry| entry.ttft_us = Some(self.since_arrival(now)));
    }

    /// Lets the stream's reader look at a frame.
    pub(crate) fn read(&self, frame: &wire::framing::Frame) -> wire::Seen {
        let mut current = self.current.borrow_mut();
        let reader = current.as_mut().and_then(|current| current.reader.as_mut());
        reader.expect("a stream that is relayed has a reader").read(frame)
    }

    /// The same for the frame that `bytes` begin with, if it differs from one before in its text and its counts alone: where
    /// the text stands, and the frame's length.
    pub(crate) fn read_alike(&self, bytes: &[u8]) -> Option<(wire::OnlyText, usize)> {
        let mut current = self.current.borrow_mut();
        current.as_mut()?.reader.as_mut()?.read_alike(bytes)
    }

    /// The same for all such frames that stand there one behind the other: how long they are together.
    pub(crate) fn read_all_alike(&self, bytes: &[u8]) -> usize {
        let mut current = self.current.borrow_mut();
        let reader = current.as_mut().and_then(|current| current.reader.as_mut());
        reader.map_or(0, |reader| reader.read_all_alike(bytes))
    }

    /// Whether the stream has come to its proper end.
    pub(crate) fn stream_end(&self) -> wire::End {
        let current = self.current.borrow();
        current
            .as_ref()
            .and_then(|current| current.reader.as_ref())
            .map_or(wire::End::Cut, |reader| reader.end())
    }

    /// What the attempt under way did not say, on the way there or back.
    pub(crate) fn dropped(&self, losses: &[wire::conversation::Loss]) {
        if let Some(current) = self.current.borrow_mut().as_mut() {
            for loss in losses {
                if !current.dropped.iter().any(|known| **known == *loss.what) {
                    current.dropped.push(loss.what.as_str().into());
                }
            }
        }
    }

    /// The answer was kept, so that a later request can build on it.
    pub(crate) fn kept(&self) {
        self.with_entry(|entry| entry.kept = true);
    }

    /// Bytes have gone to the client.
    pub(crate) fn released(&self, bytes: usize) {
        self.released_bytes.set(self.released_bytes.get() + bytes as u64);
    }

    /// The supplier's usage, or an estimate from what it sent.
    pub(crate) fn used(&self, reported: Option<Usage>, service: Service, output_bytes: u64) -> Used {
        match reported {
            Some(usage) => Used { usage, source: UsageSource::Supplier, service },
            None => self.estimated(Usage::default(), service, output_bytes),
        }
    }

    fn estimated(&self, known: Usage, service: Service, output_bytes: u64) -> Used {
        let mut usage = known;
        if usage.input_total() == 0 {
            usage.input_uncached = self.call.asked.estimated_input_tokens;
        }
        usage.output_text = usage.output_text.max(estimate::tokens(output_bytes));
        Used { usage, source: UsageSource::Estimated, service }
    }

    /// Ends the record; wait for what it returns before the answer's last byte. `served` is what the attempt under
    /// way came to; the usage is its reader's where `used` is `None`.
    pub(crate) fn settle(
        &self,
        outcome: Outcome,
        served: AttemptOutcome,
        used: Option<Used>,
    ) -> Option<Settled> {
        let now = Instant::now();
        if let Some(mut current) = self.current.take() {
            let used = used.or_else(|| self.used_by_stream(&mut current, served));
            self.conclude(current, served, used, now);
        }
        let mut entry = self.entry.take()?;
        entry.outcome = outcome;
        entry.total_us = self.since_arrival(now);
        entry.released_bytes = self.released_bytes.get();
        self.count(&entry, now);
        Some(self.call.room.shared.journal.settle(entry))
    }

    fn used_by_stream(&self, current: &mut Current, served: AttemptOutcome) -> Option<Used> {
        let Some(reader) = &current.reader else { return self.used_unseen(current, served) };
        let finish = reader.finish().map(Arc::from);
        self.with_entry(|entry| entry.finish = finish);
        let (reported, service) = (reader.usage(), reader.service());
        Some(match (served, reported) {
            (AttemptOutcome::Served, Some(usage)) => Used { usage, source: UsageSource::Supplier, service },
            (_, reported) => self.estimated(reported.unwrap_or_default(), service, reader.output_bytes()),
        })
    }

    /// Of an attempt given up before its first content, by us or by the client: a supplier that bills on has read the
    /// prompt.
    fn used_unseen(&self, current: &Current, served: AttemptOutcome) -> Option<Used> {
        let provider = self.call.snapshot.provider_of(current.deployment);
        let sent = current.trace.connected.get().is_some();
        let billed =
            sent && provider.stops_billing_on_abort != Some(true) && served == AttemptOutcome::Abandoned;
        billed.then(|| self.estimated(Usage::default(), Service::Standard, 0))
    }

    fn conclude(&self, current: Current, outcome: AttemptOutcome, used: Option<Used>, now: Instant) {
        let Current { deployment, permit, trace, dropped, .. } = current;
        let name = &self.call.snapshot.deployment(deployment).name;
        let shared = &self.call.room.shared;
        self.observe(permit, outcome, &trace, now);
        let tried = Tried {
            recent: &self.call.room.recent,
            product: &self.facts.product,
            route: &self.facts.route,
            deployment: name,
        };
        let first_token = trace.first_content.get().map(|first| (first - trace.started).as_secs_f64());
        shared.metrics.attempt(&tried, outcome.as_str(), first_token);
        if let AttemptOutcome::Failed(failure) = outcome
            && failure.is_alarm()
        {
            let provider = &self.call.snapshot.provider_of(deployment).name;
            tracing::error!(%provider, deployment = %name, "{failure}: mend it; its requests go elsewhere meanwhile");
            shared.metrics.alarm(provider, failure.as_str());
        }
        if outcome == AttemptOutcome::Failed(Failure::AnswerUnsayable) {
            self.call.answer_unsayable(deployment, &dropped);
        }
        self.with_entry(|entry| {
            entry.deployment = Some(Arc::clone(name));
            let record = self.attempt_record(name, outcome, &trace, now);
            let amended = self.call.snapshot.deployment(deployment).amendments.names();
            let amended = amended.map(Arc::from).collect();
            entry.attempts.push(AttemptRecord { dropped, amended, ..record });
            if let Some(used) = used {
                let prices = self.call.snapshot.deployment(deployment).prices.as_deref();
                let prices = prices.map(|prices| prices.at(used.service, used.usage.input_total()));
                entry.book(entry.attempts.len() - 1, used.usage, used.source, prices.as_deref());
            }
        });
    }

    fn observe(&self, permit: Permit, outcome: AttemptOutcome, trace: &AttemptTrace, now: Instant) {
        let first = trace.first_content.get().map(|first| millis(first - trace.started));
        let outcome = match outcome {
            AttemptOutcome::Served => {
                routing::Outcome::Success { ttft_ms: first, total_ms: millis(now - trace.started) }
            }
            AttemptOutcome::Failed(failure) => routing::Outcome::Failed(failure),
            AttemptOutcome::Abandoned | AttemptOutcome::Refused(_) => routing::Outcome::Abandoned,
        };
        let failure = if let routing::Outcome::Failed(failure) = outcome { Some(failure) } else { None };
        tell(routing::observe(permit, outcome, self.call.room.shared.clock.world(now)), failure);
    }

    fn attempt_record(
        &self,
        name: &Arc<str>,
        outcome: AttemptOutcome,
        trace: &AttemptTrace,
        now: Instant,
    ) -> AttemptRecord {
        let since = |at: &Cell<Option<Instant>>| at.get().map(|at| self.since_arrival(at));
        let mut record = AttemptRecord::started(Arc::clone(name), self.since_arrival(trace.started));
        record.connected_us = since(&trace.connected);
        record.headers_us = since(&trace.headers);
        record.first_content_us = since(&trace.first_content);
        record.ended_us = Some(self.since_arrival(now));
        record.status = trace.status.get();
        record.outcome = outcome;
        record.limits_seen = trace.limits.take();
        record.trouble = trace.trouble.take();
        record.supplier_request_id = trace.supplier_request_id.take();
        record
    }

    fn count(&self, entry: &Entry, now: Instant) {
        budget::settle(&self.call.room.shared, self.call.product(), &self.call.hold, entry.cost);
        self.call.room.shared.metrics.ended(&Ended {
            recent: &self.call.room.recent,
            product: &self.facts.product,
            route: &self.facts.route,
            deployment: entry.deployment.as_ref(),
            outcome: entry.outcome.as_str(),
            taken_over: is_taken_over(&entry.attempts),
            seconds: now.saturating_duration_since(self.call.arrived).as_secs_f64(),
            usage: &entry.usage,
            cost: entry.cost,
        });
    }

    fn with_entry(&self, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entry.borrow_mut().as_mut() {
            change(entry);
        }
    }

    fn since_arrival(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.call.arrived).as_micros()).unwrap_or(u64::MAX)
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        let outcome = if std::thread::panicking() { Outcome::Interrupted } else { Outcome::ClientLeft };
        drop(self.settle(outcome, AttemptOutcome::Abandoned, None));
    }
}

/// Says which breakers have turned, and over what.
fn tell(changes: [Option<Change>; 2], failure: Option<Failure>) {
    for Change { target, is_open } in changes.into_iter().flatten() {
        match failure {
            Some(failure) if is_open => tracing::warn!("{target} is not asked for a while: {failure}"),
            _ if is_open => tracing::warn!("{target} is not asked for a while"),
            _ => tracing::info!("{target} is asked again"),
        }
    }
}

/// Whether another deployment answered than the one that was tried first.
fn is_taken_over(attempts: &[AttemptRecord]) -> bool {
    let mut tried = attempts.iter().filter(|attempt| !matches!(attempt.outcome, AttemptOutcome::Refused(_)));
    let served = attempts.iter().find(|attempt| attempt.outcome == AttemptOutcome::Served);
    tried.next().zip(served).is_some_and(|(first, served)| first.deployment != served.deployment)
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn decision(call: &Call) -> impl Iterator<Item = CandidateRecord> {
    call.plan.candidates.iter().map(|candidate| CandidateRecord {
        deployment: Arc::clone(&call.snapshot.deployment(candidate.deployment).name),
        reason: candidate.reason(),
    })
}

fn facts(call: &Call) -> RequestFacts {
    let asked = &call.asked;
    RequestFacts {
        version: FACTS_VERSION,
        kind: Kind::Chat,
        protocol: asked.protocol,
        stream: asked.stream,
        needs: asked.needs,
        max_tokens: asked.max_tokens,
        request_bytes: asked.body_bytes as u64,
        estimated_input_tokens: asked.estimated_input_tokens,
        prefix_hash: asked.prefix_hash,
        session_hash: asked.session_hash,
        product: Arc::clone(&call.product().name),
        route: Arc::clone(&call.route().name),
        asked_model: Arc::clone(&asked.model),
        regions: Arc::clone(&call.product().regions),
        config_version: Arc::clone(&call.snapshot.version),
        catalogue_version: Arc::clone(&call.snapshot.catalogue_version),
        dice_seed: call.dice_seed,
        client_retries: asked.client_retries,
        key_id: call.key_id.clone(),
        former_turns: call.thread.former_turns(),
        tags: Arc::clone(&asked.tags),
    }
}
