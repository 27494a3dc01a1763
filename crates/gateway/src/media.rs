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
use upstream::{FetchError, Fetcher};
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

/// Why what a client points at is not in its request.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum NotFetched {
    #[error("it points at media in {0} places of the web, and at most {MOST_ADDRESSES} are asked")]
    Many(usize),
    /// Which, from 1, and why. The address is the client's own; of what is behind it no more is told.
    #[error("of the media that it points at, number {0} could not be fetched: {1}")]
    Failed(usize, Rc<FetchError>),
}

/// What came of fetching, once it was tried.
pub(crate) type Fetched = RefCell<Option<Result<Rc<Inlined>, NotFetched>>>;

/// Whether something could be fetched, and nobody has tried.
pub(crate) fn may_help(call: &Call) -> bool {
    let points_at_media =
        || matches!(&*call.neutral.borrow(), Some(Ok(said)) if !said.web_addresses().is_empty());
    call.route().fetcher.is_some() && call.fetched.borrow().is_none() && points_at_media()
}

/// Fetches what the client's request points at, where that [`may_help`]. It is not tried again.
pub(crate) async fn fetch(call: &Call) {
    let Some(fetcher) = &call.route().fetcher else { return };
    let Some(Ok(said)) = call.neutral.borrow().clone() else { return };
    let inlined = inlined(call, fetcher, &said, said.web_addresses()).await.map(Rc::new);
    if let Err(error) = &inlined {
        tracing::debug!(request.id = %call.id_text, %error, "media cannot be fetched");
    }
    call.fetched.replace(Some(inlined));
}

async fn inlined(
    call: &Call,
    fetcher: &Fetcher,
    said: &Request,
    addresses: Vec<(String, usize)>,
) -> Result<Inlined, NotFetched> {
    if addresses.len() > MOST_ADDRESSES {
        return Err(NotFetched::Many(addresses.len()));
    }
    let until = (Instant::now() + LONGEST).min(call.deadline);
    let (mut request, mut left) = (said.clone(), MOST_BYTES);
    let mut room = Growing::new(call.room.shared.memory.clone());
    for (number, (address, times)) in (1..).zip(addresses) {
        let failed = |error| NotFetched::Failed(number, Rc::new(error));
        let within = until.saturating_duration_since(Instant::now());
        let most = left / times / 4 * 3;
        let fetched =
            fetcher.fetch(&address, most, within, |bytes| room.take(bytes)).await.map_err(failed)?;
        let (bytes, encoded) = (fetched.bytes.len(), fetched.bytes.len().div_ceil(3) * 4);
        left -= encoded * times;
        // Once in the request, and in the body made of it wherever it stands; what was read goes for it.
        if !room.take(encoded * (1 + times) - bytes) {
            return Err(failed(FetchError::NoRoom));
        }
        let base64 = Bytes::from(STANDARD.encode(&fetched.bytes));
        request.put_in_place(&address, fetched.media_type, &base64);
    }
    Ok(Inlined { request: Arc::new(request), _room: room })
}
