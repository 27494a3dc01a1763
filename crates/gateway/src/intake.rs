//! Reading a request's body: bounded in bytes, in time and, over all requests, in memory; gzip unpacked.

use std::io::Read;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::read::GzDecoder;
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::memory::{MemoryBudget, Reservation, SMALL_BYTES};

/// A client that sends nothing for so long is gone.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// How long a large body waits for its share of memory before the client is told to come back.
const LONGEST_WAIT_FOR_MEMORY: Duration = Duration::from_secs(10);
/// Unpacking more than this would hold up the other requests of the thread.
const UNPACK_ELSEWHERE_BYTES: usize = 256 * 1024;
/// RFC 1952, section 2.3.1.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

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
{
    let gzip = match headers.get(header::CONTENT_ENCODING).map(http::HeaderValue::as_bytes) {
        None | Some(b"identity") => false,
        Some(b"gzip" | b"x-gzip") => true,
        Some(other) => return Err(IntakeError::Encoding(String::from_utf8_lossy(other).into_owned())),
    };
    let announced = body.size_hint().exact().map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    if announced.is_some_and(|bytes| bytes > limit) {
        return Err(IntakeError::TooLarge { limit });
    }
    let mut reservation = reserve(memory, announced.unwrap_or_default()).await?;
    let packed = read(body, announced, limit, memory, &mut reservation).await?;
    if !gzip {
        return Ok(Intake { body: packed, reservation });
    }
    let claimed = claimed_size(&packed)?;
    if claimed > limit {
        return Err(IntakeError::TooLarge { limit });
    }
    drop(reservation);
    let reservation = reserve(memory, claimed).await?;
    Ok(Intake { body: unpack(packed, claimed).await?, reservation })
}

async fn reserve(memory: &MemoryBudget, bytes: usize) -> Result<Reservation, IntakeError> {
    timeout(LONGEST_WAIT_FOR_MEMORY, memory.reserve(bytes)).await.map_err(|_| IntakeError::NoMemory)
}

async fn read<B>(
    mut body: B,
    announced: Option<usize>,
    limit: usize,
    memory: &MemoryBudget,
    reservation: &mut Reservation,
) -> Result<Bytes, IntakeError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let Some(first) = next(&mut body).await? else { return Ok(Bytes::new()) };
    if announced == Some(first.len()) {
        return Ok(first);
    }
    let mut reserved = announced.unwrap_or(SMALL_BYTES);
    let mut all = BytesMut::with_capacity(announced.unwrap_or(2 * first.len()));
    all.extend_from_slice(&first);
    while let Some(chunk) = next(&mut body).await? {
        let grown = all.len() + chunk.len();
        if grown > limit {
            return Err(IntakeError::TooLarge { limit });
        }
        if grown > reserved {
            // A body that announced no length and is not small may grow to the limit.
            *reservation = reserve(memory, limit).await?;
            reserved = limit;
        }
        all.extend_from_slice(&chunk);
    }
    if all.len() > limit {
        return Err(IntakeError::TooLarge { limit });
    }
    Ok(all.freeze())
}

async fn next<B>(body: &mut B) -> Result<Option<Bytes>, IntakeError>
where
    B: Body<Data = Bytes> + Unpin,
{
    loop {
        let frame = timeout(LONGEST_SILENCE, body.frame()).await.map_err(|_| IntakeError::TooSlow)?;
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(IntakeError::Gone),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// What the last four bytes say that a gzip of one member unpacks to; [`unpack`] holds it to its word.
fn claimed_size(packed: &[u8]) -> Result<usize, IntakeError> {
    if !packed.starts_with(&GZIP_MAGIC) {
        return Err(IntakeError::NotGzip);
    }
    let trailer = packed.last_chunk::<4>().ok_or(IntakeError::NotGzip)?;
    Ok(u32::from_le_bytes(*trailer) as usize)
}

async fn unpack(packed: Bytes, claimed: usize) -> Result<Bytes, IntakeError> {
    if claimed <= UNPACK_ELSEWHERE_BYTES {
        return unpack_now(&packed, claimed);
    }
    let unpacking = tokio::task::spawn_blocking(move || unpack_now(&packed, claimed));
    unpacking.await.unwrap_or(Err(IntakeError::NotGzip))
}

fn unpack_now(packed: &[u8], claimed: usize) -> Result<Bytes, IntakeError> {
    let mut plain = Vec::with_capacity(claimed);
    let most = claimed as u64 + 1; // one more than claimed shows a lie
    GzDecoder::new(packed).take(most).read_to_end(&mut plain).map_err(|_| IntakeError::NotGzip)?;
    if plain.len() == claimed { Ok(plain.into()) } else { Err(IntakeError::NotGzip) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http_body_util::Full;

    use super::*;

    fn gzip(plain: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    async fn taken(encoding: Option<&str>, body: Bytes, limit: usize) -> Result<Bytes, IntakeError> {
        let mut headers = HeaderMap::new();
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
        }
        let memory = MemoryBudget::new(1 << 20);
        take(&headers, Full::new(body), limit, &memory).await.map(|intake| intake.body)
    }

    #[tokio::test(flavor = "current_thread")]
    async fn bodies_are_taken_as_they_are_or_unpacked() {
        let plain = Bytes::from_static(b"{\"model\":\"m\"}");
        assert_eq!(taken(None, plain.clone(), 100).await.unwrap(), plain);
        assert_eq!(taken(Some("gzip"), gzip(&plain), 100).await.unwrap(), plain);
        assert!(matches!(taken(Some("br"), plain.clone(), 100).await, Err(IntakeError::Encoding(_))));
        assert!(matches!(taken(Some("gzip"), plain, 100).await, Err(IntakeError::NotGzip)));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn p9_a_small_gzip_that_unpacks_to_a_flood_is_refused() {
        let flood = gzip(&vec![b' '; 10_000_000]);
        assert!(flood.len() < 20_000);
        let mut lying = flood.to_vec();
        let trailer = lying.len() - 4;
        lying[trailer..].copy_from_slice(&100_u32.to_le_bytes());
        assert!(matches!(taken(Some("gzip"), flood, 100_000).await, Err(IntakeError::TooLarge { .. })));
        assert!(matches!(taken(Some("gzip"), lying.into(), 100_000).await, Err(IntakeError::NotGzip)));
        assert!(matches!(
            taken(None, Bytes::from(vec![b' '; 101]), 100).await,
            Err(IntakeError::TooLarge { .. })
        ));
    }
}
