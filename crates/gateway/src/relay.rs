//! The answer on its way to the client: counted as it passes, never changed but for the listed edits, its last bytes
//! held until the entry is on disk.

mod run;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use catalogue::Service;
use http_body::Body;
use http_body_util::BodyExt;
use ledger::{AttemptOutcome, Outcome};
use routing::DeploymentIndex;
use tokio::time::{Instant, timeout};
use upstream::{AnswerBody, ExchangeError};
use wire::conversation::Loss;
use wire::framing::{Frame, Framer};
use wire::translate::StreamTranslation;
use wire::{Broken, End, Failure, SeenKind};

use self::run::Run;
use crate::attempt::{Answer, Started, Streaming, finished};
use crate::call::Call;
use crate::heard::Heard;
use crate::held::Held;
use crate::outlet::Outlet;
use crate::pace::{Due, Pace, Waited, after};
use crate::record::Record;
use crate::refusal::Refusal;
use crate::reply::{self, About};
use crate::takeover::Serving;

/// After a stream's terminal event the rest is read for so long, to keep the connection.
const LONGEST_TAIL: Duration = Duration::from_secs(2);

/// Events that are there at once go out together up to so many bytes.
const MOST_JOINED_BYTES: usize = 16 * 1024;

/// One answer being relayed.
pub(crate) struct Relay<'a> {
    pub(crate) call: &'a Call,
    pub(crate) record: &'a Record<'a>,
    pub(crate) outlet: &'a Outlet,
    pub(crate) pace: Pace<'a>,
}

/// Where a stream's frames come from, and what becomes of them.
struct Source {
    deployment: DeploymentIndex,
    heard: Heard,
    framer: Framer,
    rest: AnswerBody,
    translation: Option<Box<StreamTranslation>>,
    /// Whether the usage that we asked for is taken out.
    strips: bool,
}

/// How a relayed body came to its end.
enum Ended {
    /// As it should; the bytes are the last.
    Well(Bytes),
    Broke(Failure),
    Stopped,
    TookTooLong,
}

impl Relay<'_> {
    /// Relays `serving` to its end and settles the record.
    pub(crate) async fn run(mut self, serving: Serving) {
        let Serving { deployment, attempts, started } = serving;
        let Started { status, headers, answer, speech } = started;
        let edits = self.call.edits(deployment);
        self.call.forget_body(deployment);
        let mut dropped = [speech.losses(), self.call.thread.losses()].concat();
        // Before the head, which says what is lost. What flows is kept at its end.
        match &answer {
            Answer::Whole { body, .. } => {
                let heard = Heard::of(self.call, deployment);
                heard.body(body);
                heard.response(self.call, body);
                dropped.extend(self.keep(deployment, || Some(body.clone())).await);
            }
            Answer::Large { .. } => dropped.extend(self.keep(deployment, || None).await),
            Answer::Stream(_) => {}
        }
        self.record.dropped(&dropped);
        let about = About {
            deployment: &self.call.snapshot.deployment(deployment).name_header,
            attempts,
            edits,
            dropped: &dropped,
        };
        match answer {
            Answer::Whole { body, reply } => {
                self.record.begun_well(None);
                let used = self.record.used(reply.usage, reply.service, reply.output_bytes);
                self.record.released(body.len());
                self.settle(Outcome::Answered, AttemptOutcome::Served, Some(used)).await;
                self.outlet.whole(reply::head(self.call, status, &headers, &about, body));
            }
            Answer::Large { held, rest } => {
                self.record.begun_well(None);
                let mut head = reply::head(self.call, status, &headers, &about, ());
                if let Some(length) = headers.get(http::header::CONTENT_LENGTH) {
                    head.headers_mut().insert(http::header::CONTENT_LENGTH, length.clone());
                }
                self.outlet.head(head);
                self.large(held, rest).await;
            }
            Answer::Stream(streaming) => {
                self.record.begun_well(Some(streaming.reader));
                if !self.outlet.head_sent() {
                    self.outlet.head(reply::head(self.call, status, &headers, &about, ()));
                }
                let Streaming { held, ended, framer, rest, translation, .. } = streaming;
                let strips = self.call.strips_usage(deployment);
                let heard = Heard::of(self.call, deployment);
                let source = Source { deployment, heard, framer, rest, translation, strips };
                self.stream(held, ended, source).await;
            }
        }
    }

    async fn settle(&self, outcome: Outcome, served: AttemptOutcome, used: Option<crate::record::Used>) {
        let outcome = if self.outlet.client_left() { Outcome::ClientLeft } else { outcome };
        if let Some(settled) = self.record.settle(outcome, served, used) {
            settled.await;
        }
    }

    async fn stream(&mut self, held: Vec<Bytes>, ended: bool, mut source: Source) {
        let ended = self.stream_body(held, ended, &mut source).await;
        if let Some(translation) = &source.translation {
            self.record.dropped(&translation.losses());
        }
        let (served, refusal) = match ended {
            Ended::Well(last) => {
                if self.call.asked.codec.has_state()
                    && let Some(response) = wire::state::last_response(&last)
                {
                    source.heard.response(self.call, &response);
                }
                let lost = self.keep(source.deployment, || wire::state::last_response(&last)).await;
                self.record.dropped(lost.as_slice());
                self.record.released(last.len());
                self.settle(Outcome::Answered, AttemptOutcome::Served, None).await;
                self.outlet.send_last(last).await;
                return keep(source.rest);
            }
            Ended::Broke(failure) => (AttemptOutcome::Failed(failure), spent(self.call, failure)),
            Ended::Stopped => (AttemptOutcome::Abandoned, Refusal::Stopping),
            Ended::TookTooLong => (AttemptOutcome::Abandoned, Refusal::TookTooLong),
        };
        // The supplier need not wait until the client has taken the last word.
        drop(source);
        self.break_off(served, &refusal).await;
    }

    /// Keeps the response, if it is to be kept and somebody hears it. What is lost where that does not succeed.
    async fn keep(
        &self,
        deployment: DeploymentIndex,
        response: impl FnOnce() -> Option<Bytes>,
    ) -> Option<Loss> {
        if !self.call.thread.keeps() || self.outlet.client_left() {
            return None;
        }
        self.call.keep(self.record, deployment, response()).await
    }

    /// Ends a stream that cannot be completed: its protocol's own error, so that nobody takes it for the end.
    async fn break_off(&self, served: AttemptOutcome, refusal: &Refusal) {
        let event = self.call.dialect().last_event(refusal);
        self.settle(Outcome::BrokenOff, served, None).await;
        self.outlet.send(event).await;
    }

    async fn stream_body(&mut self, held: Vec<Bytes>, ended: bool, source: &mut Source) -> Ended {
        let mut run = Run::default();
        for frame in held {
            run.push(frame);
        }
        if ended {
            return Ended::Well(run.take());
        }
        loop {
            if let Some(ended) = self.frames(source, &mut run) {
                // What came whole before a break still belongs to the client.
                self.record.released(run.len());
                self.send(run.take()).await;
                return ended;
            }
            let at_hand = at_hand(&mut source.rest, self.outlet).await;
            // What may be the last waits until it is known whether it is.
            if self.record.stream_end() == End::Cut && !joins(&run, at_hand.as_ref()) {
                self.record.released(run.len());
                if let Some(ended) = self.send(run.take()).await {
                    return ended;
                }
            }
            let arrived = match at_hand {
                Some(arrived) => arrived,
                None => match self.arrival(&mut source.rest).await {
                    Ok(arrived) => arrived,
                    Err(ended) => return ended,
                },
            };
            match arrived {
                Some(Ok(frame)) => source.framer.push(frame.into_data().unwrap_or_default()),
                Some(Err(_)) => return Ended::Broke(Failure::Broken(Broken::Cut)),
                None => return self.at_end(source, run),
            }
        }
    }

    /// Waits for the next piece of the supplier's stream, and keeps the client company meanwhile.
    async fn arrival(&mut self, rest: &mut AnswerBody) -> Result<Arrived, Ended> {
        let outlet = self.outlet;
        if let Some(ended) = self.wait_for_client(outlet.clear()).await {
            return Err(ended);
        }
        let policy = self.call.policy();
        self.silence_ends(policy.keepalive, policy.token_gap_timeout);
        loop {
            match self.pace.wait(rest.frame()).await {
                Waited::Done(arrived) => return Ok(arrived),
                Waited::Due(Due::KeepAlive) => {
                    self.pace.schedule.keep_alive = Some(after(Instant::now(), policy.keepalive));
                    self.outlet.offer(Bytes::from_static(self.call.asked.codec.keep_alive()));
                }
                Waited::Due(Due::Intent) => self.intend(),
                Waited::Due(Due::Gap) => return Err(Ended::Broke(Failure::Timeout)),
                Waited::Due(Due::Total) => return Err(Ended::TookTooLong),
                Waited::Due(Due::Ending) => return Err(Ended::Stopped),
            }
        }
    }

    /// An answer that begins at once may last as long as any.
    fn intend(&mut self) {
        self.pace.schedule.intent = None;
        self.record.intend();
    }

    fn silence_ends(&mut self, keepalive: Duration, gap: Duration) {
        let now = Instant::now();
        self.pace.schedule.keep_alive = Some(after(now, keepalive));
        self.pace.schedule.gap = Some(after(now, gap));
    }

    /// Takes the whole frames that are there into `run`.
    fn frames(&self, source: &mut Source, run: &mut Run) -> Option<Ended> {
        loop {
            if let Err(failure) = self.alike(source, run) {
                return Some(Ended::Broke(failure));
            }
            let frame = match source.framer.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => return None,
                Err(_) => return Some(Ended::Broke(Failure::Broken(Broken::TooLong))),
            };
            let seen = self.record.read(&frame);
            match seen.kind {
                SeenKind::Error(failure) => return Some(Ended::Broke(failure)),
                // Its end says nothing of why: that is a break, and no reason is made up for it.
                SeenKind::Terminal if self.record.stream_end() == End::Cut => {
                    return Some(Ended::Broke(Failure::Broken(Broken::Cut)));
                }
                _ if seen.strip_if_unasked && source.strips => continue,
                _ => {}
            }
            if seen.text.is_none() {
                source.heard.frame(&frame);
            }
            if let Err(failure) = run.say(&mut source.translation, frame, seen.text) {
                return Some(Ended::Broke(failure));
            }
            if seen.kind == SeenKind::Terminal {
                return Some(Ended::Well(run.take()));
            }
        }
    }

    /// Takes the frames in front that differ from one before in their text and their counts alone: most of a stream. Nothing else
    /// is looked at, and where it is not translated they are passed on in one piece.
    fn alike(&self, source: &mut Source, run: &mut Run) -> Result<(), Failure> {
        let Source { framer, translation, .. } = source;
        if translation.is_none() {
            let length = self.record.read_all_alike(framer.ahead());
            run.push(framer.take(length));
            return Ok(());
        }
        let mut length = 0;
        while let Some((text, more)) = self.record.read_alike(&framer.ahead()[length..]) {
            let frame = &framer.ahead()[length..length + more];
            let told = translation
                .as_mut()
                .and_then(|translation| run.add(|out| translation.go_on(frame, text, out)));
            if let Some(told) = told {
                told?;
                length += more;
                continue;
            }
            framer.take(length);
            length = 0;
            run.say(translation, Frame::sse(framer.take(more)), Some(text))?;
        }
        framer.take(length);
        Ok(())
    }

    /// The supplier closed the stream. Its terminal event may lack the blank line, or the protocol has none; anything else
    /// that is not whole is torn, and stays here.
    fn at_end(&self, source: &mut Source, mut run: Run) -> Ended {
        if let Some(rest) = source.framer.finish() {
            match self.record.read(&rest).kind {
                SeenKind::Error(failure) if !matches!(failure, Failure::Broken(_)) => {
                    return Ended::Broke(failure);
                }
                _ if self.record.stream_end() == End::Cut => {
                    return Ended::Broke(Failure::Broken(Broken::Cut));
                }
                _ => {}
            }
            source.heard.frame(&rest);
            if let Err(failure) = run.say(&mut source.translation, rest, None) {
                return Ended::Broke(failure);
            }
        }
        if self.record.stream_end() == End::Cut {
            return Ended::Broke(Failure::Broken(Broken::Cut));
        }
        match finished(&mut source.translation) {
            Ok(bytes) => {
                run.push(bytes);
                Ended::Well(run.take())
            }
            Err(failure) => Ended::Broke(failure),
        }
    }

    /// Gives `bytes` to the client as fast as it takes them.
    async fn send(&mut self, bytes: Bytes) -> Option<Ended> {
        let outlet = self.outlet;
        self.wait_for_client(outlet.send(bytes)).await
    }

    /// A slow client must not be mistaken for a slow supplier.
    async fn wait_for_client(&mut self, client: impl Future<Output = ()>) -> Option<Ended> {
        let mut client = std::pin::pin!(client);
        loop {
            match self.pace.wait(client.as_mut()).await {
                Waited::Done(()) => return None,
                Waited::Due(Due::Total) => return Some(Ended::TookTooLong),
                Waited::Due(Due::Ending) => return Some(Ended::Stopped),
                Waited::Due(Due::Intent) => self.intend(),
                Waited::Due(Due::Gap) => self.pace.schedule.gap = None,
                Waited::Due(Due::KeepAlive) => self.pace.schedule.keep_alive = None,
            }
        }
    }

    /// A plain answer too large to hold: what is held goes out, then the rest as it comes, a chunk behind.
    async fn large(&mut self, held: Held, mut rest: AnswerBody) {
        let mut last = Bytes::new();
        let mut output_bytes = 0;
        let gap = self.call.policy().token_gap_timeout;
        let outlet = self.outlet;
        let mut held = held.into_chunks();
        let ended = loop {
            let next = if let Some(chunk) = held.next() {
                chunk
            } else {
                if let Some(ended) = self.wait_for_client(outlet.clear()).await {
                    break ended;
                }
                self.pace.schedule.gap = Some(after(Instant::now(), gap));
                match self.pace.wait(rest.frame()).await {
                    Waited::Done(None) => break Ended::Well(last),
                    Waited::Done(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
                    Waited::Done(Some(Err(_))) => break Ended::Broke(Failure::Broken(Broken::Cut)),
                    Waited::Due(Due::Gap) => break Ended::Broke(Failure::Timeout),
                    Waited::Due(Due::Total) => break Ended::TookTooLong,
                    Waited::Due(Due::Ending) => break Ended::Stopped,
                    Waited::Due(Due::Intent) => {
                        self.intend();
                        continue;
                    }
                    Waited::Due(Due::KeepAlive) => {
                        self.pace.schedule.keep_alive = None;
                        continue;
                    }
                }
            };
            output_bytes += next.len() as u64;
            let before = std::mem::replace(&mut last, next);
            self.record.released(before.len());
            if let Some(ended) = self.send(before).await {
                break ended;
            }
        };
        let used = Some(self.record.used(None, Service::Standard, output_bytes));
        match ended {
            Ended::Well(last) => {
                self.record.released(last.len());
                self.settle(Outcome::Answered, AttemptOutcome::Served, used).await;
                self.outlet.send(last).await;
            }
            Ended::Broke(failure) => {
                self.settle(Outcome::BrokenOff, AttemptOutcome::Failed(failure), used).await;
                self.outlet.break_off();
            }
            Ended::Stopped | Ended::TookTooLong => {
                self.settle(Outcome::BrokenOff, AttemptOutcome::Abandoned, used).await;
                self.outlet.break_off();
            }
        }
    }
}

/// Whether what has arrived may wait for what is in it to go out with `run`.
fn joins(run: &Run, at_hand: Option<&Arrived>) -> bool {
    let Some(Some(Ok(frame))) = at_hand else { return false };
    run.len() + frame.data_ref().map_or(0, Bytes::len) <= MOST_JOINED_BYTES
}

/// What polling a body gives: a piece, an error, or `None` at its end.
type Arrived = Option<Result<http_body::Frame<Bytes>, ExchangeError>>;

/// The next piece of a body if it is there already: pieces that came together then go out together, for one system
/// call. Nothing is taken that could not go on.
async fn at_hand(rest: &mut AnswerBody, outlet: &Outlet) -> Option<Arrived> {
    if outlet.is_held_up() {
        return None;
    }
    poll_fn(|context| match Pin::new(&mut *rest).poll_frame(context) {
        Poll::Ready(arrived) => Poll::Ready(Some(arrived)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

fn spent(call: &Call, failure: Failure) -> Refusal {
    Refusal::BrokenOff { route: std::sync::Arc::clone(&call.route().name), failure }
}

/// Keeps the connection if the supplier ends its answer as it should, soon.
fn keep(mut rest: AnswerBody) {
    if rest.is_end_stream() {
        return;
    }
    tokio::task::spawn_local(timeout(LONGEST_TAIL, async move {
        // Read to its end it leaves its connection to another request, whatever stands there.
        while let Some(Ok(_)) = rest.frame().await {}
    }));
}
