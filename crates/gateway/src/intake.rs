//! Reading a request's body: bounded in bytes, in time and, over all requests, in memory; gzip unpacked.

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout, timeout_at};

use crate::gzip::{Coding, Gzip, UnpackError};
use crate::large::Buffer;
use crate::memory::{MemoryBudget, Reservation, SMALL_BYTES};

/// A client that sends nothing for so long is gone.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// How long a body waits for its share of memory, or for its turn, before the client is told to come back.
const LONGEST_WAIT_FOR_MEMORY: Duration = Duration::from_secs(30);
/// How much memory is taken at a time for a body that announced no length.
const STEP_BYTES: usize = 1 << 20;
/// After this time a body must have come at [`SLOWEST_BYTES_PER_S`] on average: slower is a way to hold on to memory.
const GRACE: Duration = Duration::from_secs(30);
const SLOWEST_BYTES_PER_S: usize = 16 * 1024;

/// How much of a body that nobody wants is read before its client is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Farewell {
    bytes: usize,
    within: Duration,
}

impl Farewell {
    /// For whoever has shown no key: enough for a conversation that somebody sends with a wrong one.
    pub(crate) const OF_A_STRANGER: Self = Self { bytes: 1 << 20, within: Duration::from_secs(2) };

    /// For a product, as much as it may send.
    pub(crate) const fn of_a_product(limit: usize) -> Self {
        Self { bytes: limit, within: Duration::from_secs(5) }
    }
}

/// A request's body, whole, and the memory that it holds.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) body: Bytes,
    pub(crate) reservation: Reservation,
}

impl Intake {
    /// Whether its route, which is known only now, takes one so large.
    pub(crate) fn fits(&self, limit: usize) -> Result<(), IntakeError> {
        if self.body.len() > limit { Err(IntakeError::TooLarge { limit }) } else { Ok(()) }
    }

    /// Waits for room for `bytes` beside the body, for what is made of it; not for ever.
    pub(crate) async fn needs_more(
        &mut self,
        memory: &MemoryBudget,
        bytes: usize,
    ) -> Result<(), IntakeError> {
        let more = memory.reserve_more(&mut self.reservation, bytes);
        timeout(LONGEST_WAIT_FOR_MEMORY, more).await.map_err(|_| IntakeError::NoMemory)
    }
}

/// Why a body was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IntakeError {
    #[error("the request body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("content-encoding {0} is not accepted here: send gzip or none")]
    Encoding(String),
    #[error("the request body is not valid gzip")]
    NotGzip,
    #[error("the request body did not arrive in time")]
    TooSlow,
    #[error("too many large requests are in flight")]
    NoMemory,
    #[error("the request body is not framed as HTTP wants it")]
    Malformed,
    #[error("the client went away while sending")]
    Gone,
}

/// Reads `body` to its end.
pub(crate) async fn take<B>(
    headers: &HeaderMap,
    body: B,
    limit: usize,
    memory: &MemoryBudget,
) -> Result<Intake, IntakeError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Error + 'static,
{
    let is_gzip = is_gzip(headers)?;
    let announced = body.size_hint().exact().map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    if announced.is_some_and(|bytes| bytes > limit) {
        return Err(IntakeError::TooLarge { limit });
    }
    if announced.is_none() && is_packed_on_the_way(headers) {
        return Err(IntakeError::Malformed);
    }
    let mut reservation = Reservation::default();
    let upload = Upload { body, began: Instant::now(), bytes: 0 };
    let packed = upload.read(announced, limit, memory, &mut reservation).await?;
    if !is_gzip {
        return Ok(Intake { body: packed, reservation });
    }
    let unpack_error = |error| match error {
        UnpackError::NotGzip => IntakeError::NotGzip,
        UnpackError::TooLarge => IntakeError::TooLarge { limit },
    };
    let packed = Gzip::new(packed).map_err(unpack_error)?;
    drop(reservation);
    let reservation = reserve(memory, packed.claimed(limit)).await?;
    Ok(Intake { body: packed.unpack(limit).await.map_err(unpack_error)?, reservation })
}

/// Reads what is left of a body that nobody wants, as far as `farewell` goes, and keeps nothing. Who is answered while still
/// sending may lose the answer: hyper closes a connection with an unread body, and what then still comes resets it (RFC 9112,
/// section 9.6). The next request on it would be lost as well.
pub(crate) async fn forget<B>(headers: &HeaderMap, mut body: B, farewell: Farewell)
where
    B: Body<Data = Bytes> + Unpin,
{
    let Farewell { bytes: limit, within } = farewell;
    // Who waits to be told to send the body is told not to.
    let waits = headers.contains_key(header::EXPECT);
    if waits || body.is_end_stream() || body.size_hint().lower() > limit as u64 {
        return;
    }
    let reading = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > limit {
                return;
            }
        }
    };
    // Whoever is still not done by then is answered all the same.
    let _ = timeout(within, reading).await;
}

/// Whether more than `chunked` was done to the body for the way, which hyper passes over.
fn is_packed_on_the_way(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    codings.into_iter().any(|coding| !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, IntakeError> {
    match Coding::of(headers) {
        Coding::Identity => Ok(false),
        Coding::Gzip => Ok(true),
        Coding::Other => {
            let name =
                headers.get(header::CONTENT_ENCODING).map(http::HeaderValue::as_bytes).unwrap_or_default();
            Err(IntakeError::Encoding(String::from_utf8_lossy(name).into_owned()))
        }
    }
}

/// Waits for memory, but not for ever.
async fn reserve(memory: &MemoryBudget, bytes: usize) -> Result<Reservation, IntakeError> {
    timeout(LONGEST_WAIT_FOR_MEMORY, memory.reserve(bytes)).await.map_err(|_| IntakeError::NoMemory)
}

/// A body on its way in.
struct Upload<B> {
    body: B,
    /// Waits of our own moved it.
    began: Instant,
    bytes: usize,
}

impl<B> Upload<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Error + 'static,
{
    /// All of it. Memory is taken when more than a little has arrived: who only announces much holds nothing.
    async fn read(
        mut self,
        announced: Option<usize>,
        limit: usize,
        memory: &MemoryBudget,
        reservation: &mut Reservation,
    ) -> Result<Bytes, IntakeError> {
        let mut reserved = SMALL_BYTES;
        let mut all = Buffer::default();
        while let Some(chunk) = self.next().await? {
            if self.bytes > limit {
                return Err(IntakeError::TooLarge { limit });
            }
            if self.bytes > reserved {
                reserved = announced.unwrap_or_else(|| self.bytes.next_multiple_of(STEP_BYTES).min(limit));
                let asked = Instant::now();
                *reservation = Reservation::default();
                *reservation = reserve(memory, reserved).await?;
                self.began += asked.elapsed();
            }
            if announced == Some(chunk.len()) {
                return Ok(chunk);
            }
            all.extend(&chunk, announced.map_or(self.bytes, |announced| announced.min(reserved)))
                .map_err(|_| IntakeError::NoMemory)?;
        }
        Ok(all.freeze())
    }

    async fn next(&mut self) -> Result<Option<Bytes>, IntakeError> {
        loop {
            let steady = self.began + GRACE + Duration::from_secs((self.bytes / SLOWEST_BYTES_PER_S) as u64);
            let until = steady.min(Instant::now() + LONGEST_SILENCE);
            match timeout_at(until, self.body.frame()).await.map_err(|_| IntakeError::TooSlow)? {
                None => return Ok(None),
                Some(Err(error)) if is_malformed(&error) => return Err(IntakeError::Malformed),
                Some(Err(_)) => return Err(IntakeError::Gone),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.bytes += data.len();
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

/// Whether the client is there and its body is not HTTP: hyper says so deep inside.
fn is_malformed(error: &(dyn Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(cause) = error {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
        }
        error = cause.source();
    }
    false
}

#[cfg(test)]
mod tests;
