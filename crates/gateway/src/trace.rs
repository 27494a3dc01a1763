//! What one attempt shows of itself while it runs: times, status, limits. Read when its record is written, also
//! when the attempt was dropped in the middle.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use catalogue::Usage;
use http::{HeaderMap, HeaderName, StatusCode};
use tokio::time::Instant;

/// The headers in which suppliers say how much of our limits is left.
static LIMITS: [HeaderName; 6] = [
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("anthropic-ratelimit-requests-remaining"),
    HeaderName::from_static("anthropic-ratelimit-tokens-remaining"),
];

/// Where suppliers put their request id.
static REQUEST_IDS: [HeaderName; 2] =
    [HeaderName::from_static("x-request-id"), HeaderName::from_static("request-id")];

/// The longest header value that is kept.
const LONGEST_VALUE: usize = 128;

/// One attempt's marks.
#[derive(Debug)]
pub(crate) struct AttemptTrace {
    pub(crate) started: Instant,
    pub(crate) connected: Cell<Option<Instant>>,
    pub(crate) headers: Cell<Option<Instant>>,
    pub(crate) first_content: Cell<Option<Instant>>,
    pub(crate) status: Cell<Option<u16>>,
    /// What the supplier has said and sent of an answer that came to nothing.
    pub(crate) usage: Cell<Option<Usage>>,
    pub(crate) output_bytes: Cell<u64>,
    /// Why it could not be reached, or broke off before it answered.
    pub(crate) trouble: RefCell<Option<Arc<str>>>,
    pub(crate) supplier_request_id: RefCell<Option<Arc<str>>>,
    pub(crate) limits: RefCell<Vec<(Arc<str>, Arc<str>)>>,
}

impl AttemptTrace {
    pub(crate) fn new(started: Instant) -> Self {
        Self {
            started,
            connected: Cell::default(),
            headers: Cell::default(),
            first_content: Cell::default(),
            status: Cell::default(),
            usage: Cell::default(),
            output_bytes: Cell::default(),
            trouble: RefCell::default(),
            supplier_request_id: RefCell::default(),
            limits: RefCell::default(),
        }
    }

    pub(crate) fn connected(&self, at: Instant) {
        self.connected.set(Some(at));
    }

    pub(crate) fn headers(&self, status: StatusCode, headers: &HeaderMap) {
        self.headers.set(Some(Instant::now()));
        self.status.set(Some(status.as_u16()));
        let text =
            |name: &HeaderName| headers.get(name)?.to_str().ok().filter(|value| value.len() <= LONGEST_VALUE);
        self.supplier_request_id.replace(REQUEST_IDS.iter().find_map(text).map(Arc::from));
        // Most suppliers' answers have none: a look at each name is less than looking each of ours up.
        if !headers.keys().any(|name| LIMITS.contains(name)) {
            return;
        }
        let mut limits = self.limits.borrow_mut();
        limits.extend(LIMITS.iter().filter_map(|name| Some((name.as_str().into(), text(name)?.into()))));
    }

    pub(crate) fn first_content(&self) {
        self.first_content.set(Some(Instant::now()));
    }

    /// The answer came to nothing; so much of it was there.
    pub(crate) fn in_vain(&self, usage: Option<Usage>, output_bytes: u64) {
        self.usage.set(usage);
        self.output_bytes.set(output_bytes);
    }

    /// Whether the supplier took the request in: it said 2xx, whatever followed.
    pub(crate) fn was_accepted(&self) -> bool {
        self.status.get().is_some_and(|status| (200..300).contains(&status))
    }
}
