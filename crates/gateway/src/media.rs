//! Media that a client points at, fetched for suppliers that take only bytes: where the configuration wants that, and only
//! once such a supplier has been found to be the next.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use tokio::time::Instant;
use upstream::Fetcher;
use wire::conversation::Request;

use crate::call::Call;
use crate::memory::Growing;

/// The most addresses of one request that are asked.
const MOST_ADDRESSES: usize = 20;
/// The most bytes that all of it may take in the request that is said, where it is base64 and stands as often as the client
/// points at it: the largest request that the usual byte-only suppliers take.
const MOST_BYTES: usize = 20 << 20;
/// The longest that all of it may take.
const LONGEST: Duration = Duration::from_secs(10);

/// The request with bytes in place of addresses, and the memory that they take.
#[derive(Debug)]
pub(crate) struct Inlined {
    pub(crate) request: Arc<Request>,
    _room: Growing,
}

/// What came of fetching, once it was tried; `None` in it where nothing could be fetched.
pub(crate) type Fetched = RefCell<Option<Option<Rc<Inlined>>>>;

/// Fetches what the client's request points at; whether there is now something to say that could not be said before.
pub(crate) async fn fetch(call: &Call) -> bool {
    let Some(fetcher) = &call.route().fetcher else { return false };
    let Some(Ok(said)) = call.neutral.borrow().clone() else { return false };
    if call.fetched.borrow().is_some() {
        return false;
    }
    let inlined = inlined(call, fetcher, &said).await.map(Rc::new);
    let is_there = inlined.is_some();
    call.fetched.replace(Some(inlined));
    is_there
}

async fn inlined(call: &Call, fetcher: &Fetcher, said: &Request) -> Option<Inlined> {
    let addresses = said.web_addresses();
    if addresses.is_empty() || addresses.len() > MOST_ADDRESSES {
        return None;
    }
    let until = (Instant::now() + LONGEST).min(call.deadline);
    let (mut request, mut left) = (said.clone(), MOST_BYTES);
    let mut room = Growing::new(call.room.shared.memory.clone());
    for (address, times) in addresses {
        let within = until.saturating_duration_since(Instant::now());
        let most = left / times / 4 * 3;
        let fetched = match fetcher.fetch(&address, most, within, |bytes| room.take(bytes)).await {
            Ok(fetched) => fetched,
            Err(error) => {
                // The address is the client's own; what is behind it is not told.
                tracing::debug!(request.id = %call.id_text, %error, "media cannot be fetched");
                return None;
            }
        };
        let (bytes, encoded) = (fetched.bytes.len(), fetched.bytes.len().div_ceil(3) * 4);
        left -= encoded * times;
        // Once in the request, and in the body made of it wherever it stands; what was read goes for it.
        if !room.take(encoded * (1 + times) - bytes) {
            return None;
        }
        let base64 = Bytes::from(STANDARD.encode(&fetched.bytes));
        request.put_in_place(&address, fetched.media_type, &base64);
    }
    Some(Inlined { request: Arc::new(request), _room: room })
}
