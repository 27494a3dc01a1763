//! Media that a client points at, fetched for suppliers that take only bytes: where the configuration wants that, and only
//! once such a supplier has been found to be the next.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use tokio::time::Instant;
use wire::conversation::Request;

use crate::call::Call;
use crate::memory::Reservation;

/// The most addresses of one request that are asked.
const MOST_ADDRESSES: usize = 20;
/// The most bytes of one request that are fetched: the largest request that the usual byte-only suppliers take.
const MOST_BYTES: usize = 20 << 20;
/// The longest that all of it may take.
const LONGEST: Duration = Duration::from_secs(10);

/// The request with bytes in place of addresses, and the memory that they take.
#[derive(Debug)]
pub(crate) struct Inlined {
    pub(crate) request: Arc<Request>,
    _room: Vec<Reservation>,
}

/// What came of fetching, once it was tried.
pub(crate) type Fetched = std::cell::OnceCell<Option<Rc<Inlined>>>;

/// Fetches what the client's request points at; whether there is now something to say that could not be said before.
pub(crate) async fn fetch(call: &Call) -> bool {
    if call.fetched.get().is_some() {
        return false;
    }
    let inlined = inlined(call).await.map(Rc::new);
    let is_there = inlined.is_some();
    // Nobody else has set it meanwhile: one future makes the answer.
    let _ = call.fetched.set(inlined);
    is_there
}

async fn inlined(call: &Call) -> Option<Inlined> {
    let fetcher = call.route().fetcher.as_ref()?;
    let said = call.neutral.get()?.as_ref().ok()?;
    let addresses = said.web_addresses();
    if addresses.is_empty() || addresses.len() > MOST_ADDRESSES {
        return None;
    }
    let until = (Instant::now() + LONGEST).min(call.deadline);
    let (mut request, mut room, mut left) = (Request::clone(said), Vec::new(), MOST_BYTES);
    for address in addresses {
        let within = until.saturating_duration_since(Instant::now());
        let fetched = match fetcher.fetch(&address, left, within).await {
            Ok(fetched) => fetched,
            Err(error) => {
                // The address is the client's own; what is behind it is not told.
                tracing::debug!(request.id = %call.id_text, %error, "media cannot be fetched");
                return None;
            }
        };
        left -= fetched.bytes.len();
        let base64 = Bytes::from(STANDARD.encode(&fetched.bytes));
        // Once in the request, once in the body made of it.
        room.push(call.room.shared.memory.try_reserve(2 * base64.len())?);
        request.put_in_place(&address, fetched.media_type, &base64);
    }
    Some(Inlined { request: Arc::new(request), _room: room })
}
