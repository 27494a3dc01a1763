//! Unpacking gzip, never into more than was allowed: a few kilobytes can claim to be, and be, gigabytes.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::bufread::GzDecoder;
use http::{HeaderMap, header};

use crate::large::{Buffer, Exactly};

/// Unpacking more than this would hold up the other requests of the thread.
const UNPACK_ELSEWHERE_BYTES: usize = 256 * 1024;
/// RFC 1952, section 2.3.1.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Not at all.
    Identity,
    /// In the one way that is unpacked here.
    Gzip,
    /// In some other way.
    Other,
}

impl Coding {
    /// What `content-encoding` says.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let coding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().trim_ascii());
        let coding = coding.unwrap_or_default();
        let is = |name: &[u8]| coding.eq_ignore_ascii_case(name);
        if is(b"") || is(b"identity") {
            Self::Identity
        } else if is(b"gzip") || is(b"x-gzip") {
            Self::Gzip
        } else {
            Self::Other
        }
    }
}

/// Something packed, and what it claims to unpack to.
#[derive(Debug)]
pub(crate) struct Gzip {
    packed: Bytes,
    claimed: usize,
}

/// Why nothing was unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnpackError {
    /// Not gzip, damaged, cut off, or followed by something else.
    #[error("not valid gzip")]
    NotGzip,
    /// More than allowed.
    #[error("unpacks to more than is allowed")]
    TooLarge,
}

impl Gzip {
    /// Looks at both ends of `packed`.
    pub(crate) fn new(packed: Bytes) -> Result<Self, UnpackError> {
        let trailer = packed.last_chunk::<4>().filter(|_| packed.starts_with(&MAGIC));
        let claimed = u32::from_le_bytes(*trailer.ok_or(UnpackError::NotGzip)?) as usize;
        Ok(Self { packed, claimed })
    }

    /// How much memory unpacking takes where `limit` is allowed. A claim: what proves it wrong is not unpacked.
    pub(crate) fn claimed(&self, limit: usize) -> usize {
        if self.claimed > limit { 0 } else { self.claimed }
    }

    /// Unpacks it; the work is done elsewhere where it is much.
    pub(crate) async fn unpack(self, limit: usize) -> Result<Bytes, UnpackError> {
        if self.claimed <= UNPACK_ELSEWHERE_BYTES {
            return self.unpack_now(limit);
        }
        let unpacking = tokio::task::spawn_blocking(move || self.unpack_now(limit));
        unpacking.await.unwrap_or(Err(UnpackError::NotGzip))
    }

    fn unpack_now(&self, limit: usize) -> Result<Bytes, UnpackError> {
        let mut decoder = GzDecoder::new(&*self.packed);
        if self.claimed > limit {
            // A cut or damaged body claims anything. Only what does unpack to more is too large.
            let unpacked = io::copy(&mut decoder.take(limit as u64 + 1), &mut io::sink());
            let is_larger = unpacked.is_ok_and(|bytes| bytes > limit as u64);
            return Err(if is_larger { UnpackError::TooLarge } else { UnpackError::NotGzip });
        }
        let mut plain = Buffer::default();
        let read = io::copy(&mut decoder, &mut Exactly { buffer: &mut plain, most: self.claimed });
        let is_all = decoder.get_ref().is_empty();
        if is_all && read.is_ok_and(|bytes| bytes == self.claimed as u64) {
            Ok(plain.freeze())
        } else {
            Err(UnpackError::NotGzip)
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    pub(crate) fn gzip(plain: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    async fn unpacked(packed: impl Into<Bytes>, limit: usize) -> Result<Bytes, UnpackError> {
        Gzip::new(packed.into())?.unpack(limit).await
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_was_packed_comes_back_and_nothing_else_does() {
        for plain in [b"".as_slice(), b"{\"model\":\"m\"}", &vec![b'x'; 300 * 1024]] {
            let packed = gzip(plain);
            assert_eq!(unpacked(packed.clone(), 1 << 20).await.unwrap(), plain);
            for kept in [0, 2, 10, packed.len() / 2, packed.len() - 4, packed.len() - 1] {
                let cut = unpacked(packed.slice(..kept), 1 << 20).await;
                assert_eq!(cut, Err(UnpackError::NotGzip), "{kept} of {}", packed.len());
            }
            for behind in [b"x".as_slice(), b"and more", &[0xff; 8], &gzip(b"another")] {
                let followed = unpacked([&packed, behind].concat(), 1 << 20).await;
                assert_eq!(followed, Err(UnpackError::NotGzip), "{behind:?}");
            }
        }
        assert_eq!(unpacked("{\"model\":\"m\"}", 100).await, Err(UnpackError::NotGzip));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn p9_a_small_gzip_that_unpacks_to_a_flood_is_refused() {
        let flood = gzip(&vec![b' '; 10_000_000]);
        assert!(flood.len() < 20_000);
        let mut lying = flood.to_vec();
        let trailer = lying.len() - 4;
        lying[trailer..].copy_from_slice(&100_u32.to_le_bytes());
        assert_eq!(unpacked(flood, 100_000).await, Err(UnpackError::TooLarge));
        assert_eq!(unpacked(lying, 100_000).await, Err(UnpackError::NotGzip));
    }
}
