//! What a supplier writes down about the requests it got: counters, the invoice, the last requests in full.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::{
    base64,
    billing::{Billed, Line, Meter},
    play::{Audience, Step, What},
    supplier::lock,
};

/// Counts since the supplier was spawned or last forgot.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Counters {
    /// Connections accepted.
    pub connections_opened: u64,
    /// Connections open now.
    pub connections_open: u64,
    /// Bytes received.
    pub received_bytes: u64,
    /// Bytes that sockets took.
    pub sent_bytes: u64,
    /// Requests of any kind, read whole.
    pub requests: u64,
    /// Requests for an answer, by the model asked for; the empty name where none was readable.
    pub attempts: BTreeMap<String, u64>,
    /// Replies begun, by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Faults played, by name.
    pub faults: BTreeMap<String, u64>,
    /// Replies played to their end, spoilt ones among them.
    pub ended: u64,
    /// Replies that the client did not wait for.
    pub client_left: u64,
    /// How many events of content (plain answers: 0) had been sent each time that a client left; the last 1000.
    pub client_left_after: VecDeque<u64>,
    /// Replies broken off because the supplier was cut.
    pub cut_off: u64,
    /// Requests being answered now.
    pub in_flight: u64,
    /// The most that were answered at one time.
    pub in_flight_peak: u64,
}

/// How a reply ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is still being sent.
    InFlight,
    /// Everything that was to be sent was sent.
    Ended,
    /// The client closed its connection before.
    ClientLeft,
    /// The supplier was cut.
    CutOff,
}

/// A request as it came, and what became of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Recorded {
    /// Number of the request at this supplier, from 1.
    pub number: u64,
    /// Number of the connection that it came on, from 1.
    pub connection: u64,
    /// When it had been read, in milliseconds since the supplier was spawned.
    pub at_ms: u64,
    /// The method.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// The head, byte for byte, blank line included.
    #[serde(with = "base64")]
    pub head: Bytes,
    /// Header fields in the order and the letters sent.
    pub headers: Vec<(String, String)>,
    /// The body, without chunked framing.
    #[serde(with = "base64")]
    pub body: Bytes,
    /// The model asked for.
    pub model: Option<String>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The fault that it met.
    pub fault: Option<String>,
    /// The answer's own id.
    pub answer_id: Option<String>,
    /// The reply's status, once sent.
    pub status: Option<u16>,
    /// How the reply ended.
    pub outcome: Outcome,
    /// Events of content sent; of a plain answer, its tokens once sent.
    pub contents: u64,
    /// Bytes of the reply that the socket took, head and framing included.
    pub written_bytes: u64,
    /// The reply's body as far as sent, without framing; empty unless the settings record replies.
    #[serde(with = "base64")]
    pub reply: Bytes,
}

impl Recorded {
    /// The first header field of that name, in any letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// All that is written down.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) counters: Counters,
    pub(crate) meter: Meter,
    recorded: VecDeque<Arc<Page>>,
    recorded_bytes: usize,
}

/// One request's page, written while its reply is played.
#[derive(Debug)]
struct Page {
    entry: Mutex<Recorded>,
    reply: Mutex<BytesMut>,
    written: AtomicU64,
}

/// Older requests are dropped when the recorded bodies are larger than this together.
const RECORDED_BYTES: usize = 64 << 20;
const LEFT_AFTER: usize = 1000;

impl Books {
    pub(crate) fn recorded(&self) -> Vec<Recorded> {
        let page = |page: &Arc<Page>| Recorded {
            written_bytes: page.written.load(Relaxed),
            reply: lock(&page.reply).clone().freeze(),
            ..lock(&page.entry).clone()
        };
        self.recorded.iter().map(page).collect()
    }

    pub(crate) fn count_fault(&mut self, name: &str) {
        *self.counters.faults.entry(name.to_owned()).or_default() += 1;
    }

    pub(crate) fn forget(&mut self) {
        let in_flight = self.counters.in_flight;
        *self = Self::default();
        self.counters.in_flight = in_flight;
        self.counters.in_flight_peak = in_flight;
    }

    fn keep(&mut self, page: Arc<Page>, most: usize) {
        self.recorded_bytes += lock(&page.entry).body.len();
        self.recorded.push_back(page);
        while self.recorded.len() > most || self.recorded_bytes > RECORDED_BYTES && self.recorded.len() > 1 {
            let Some(oldest) = self.recorded.pop_front() else { break };
            self.recorded_bytes -= lock(&oldest.entry).body.len();
        }
    }
}

/// What an answer costs if all of it is made, and who gets the bill.
#[derive(Clone, Debug)]
pub(crate) struct Bill {
    pub(crate) id: String,
    pub(crate) model: String,
    pub(crate) whole: Billed,
    pub(crate) stops_on_abort: bool,
}

/// A request being answered. Dropping it closes its page, whatever happened.
#[derive(Debug)]
pub(crate) struct Exchange {
    books: Arc<Mutex<Books>>,
    page: Arc<Page>,
    number: u64,
    records_reply: bool,
    pub(crate) bill: Option<Bill>,
    pub(crate) outcome: Outcome,
    contents: u64,
    tokens: u64,
}

impl Exchange {
    /// Opens a page and counts the request. `keeps`: how many pages the supplier keeps.
    pub(crate) fn open(
        books: &Arc<Mutex<Books>>,
        entry: Recorded,
        keeps: usize,
        records_reply: bool,
    ) -> Self {
        let number = entry.number;
        let mut counted = lock(books);
        counted.counters.requests += 1;
        counted.counters.in_flight += 1;
        counted.counters.in_flight_peak = counted.counters.in_flight_peak.max(counted.counters.in_flight);
        if let Some(fault) = &entry.fault {
            counted.count_fault(fault);
        }
        let page = Page { entry: Mutex::new(entry), reply: Mutex::default(), written: AtomicU64::new(0) };
        let page = Arc::new(page);
        if keeps > 0 {
            counted.keep(Arc::clone(&page), keeps);
        }
        drop(counted);
        let books = Arc::clone(books);
        Self {
            books,
            page,
            number,
            records_reply,
            bill: None,
            outcome: Outcome::CutOff,
            contents: 0,
            tokens: 0,
        }
    }

    /// Notes the attempt on a model and the answer's id.
    pub(crate) fn attempt(&self, model: Option<&str>) {
        *lock(&self.books).counters.attempts.entry(model.unwrap_or_default().to_owned()).or_default() += 1;
    }

    /// Whom to bill for what is answered; none: nobody.
    pub(crate) fn answers(&mut self, bill: Option<Bill>) {
        lock(&self.page.entry).answer_id = bill.as_ref().map(|bill| bill.id.clone());
        self.bill = bill;
    }

    /// The line of the invoice: all of it, or what had been made when the reply broke off.
    fn line(&self, bill: &Bill) -> Line {
        let whole = bill.whole.output + bill.whole.reasoning;
        let broken_off = self.tokens < whole;
        let stopped = broken_off && (self.outcome == Outcome::Ended || bill.stops_on_abort);
        let made = if stopped { self.tokens } else { whole };
        let reasoning = made.min(bill.whole.reasoning);
        let billed = Billed { output: made - reasoning, reasoning, ..bill.whole };
        Line { request: self.number, id: bill.id.clone(), model: bill.model.clone(), billed, broken_off }
    }
}

impl Audience for Exchange {
    fn saw_status(&mut self, status: u16) {
        lock(&self.page.entry).status = Some(status);
        *lock(&self.books).counters.statuses.entry(status).or_default() += 1;
    }

    fn saw(&mut self, step: &Step) {
        self.tokens += step.tokens;
        if step.contents > 0 {
            self.contents += step.contents;
            lock(&self.page.entry).contents = self.contents;
        }
        if let (What::Body(bytes), true) = (&step.what, self.records_reply) {
            lock(&self.page.reply).extend_from_slice(bytes);
        }
    }

    fn written(&self) -> &AtomicU64 {
        &self.page.written
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        lock(&self.page.entry).outcome = self.outcome;
        let line = self.bill.as_ref().map(|bill| self.line(bill));
        let mut books = lock(&self.books);
        books.counters.in_flight -= 1;
        match self.outcome {
            Outcome::Ended => books.counters.ended += 1,
            Outcome::CutOff | Outcome::InFlight => books.counters.cut_off += 1,
            Outcome::ClientLeft => {
                books.counters.client_left += 1;
                if books.counters.client_left_after.len() == LEFT_AFTER {
                    books.counters.client_left_after.pop_front();
                }
                books.counters.client_left_after.push_back(self.contents);
            }
        }
        if let Some(line) = line {
            books.meter.enter(line);
        }
    }
}
