//! The name of one request: what the client gets as its request id, and the ledger's key.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

const PREFIX: &str = "req_";

/// A UUID version 7: sorts by arrival, and tells it to the millisecond. Text form: `req_` and 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RequestId(Uuid);

impl RequestId {
    /// The id of a request that arrived at `unix_ms`; 74 bits of `dice` make it unique.
    pub fn new(unix_ms: u64, dice: [u64; 2]) -> Self {
        let [high, low] = dice.map(u64::to_le_bytes);
        let mut random = [0; 10];
        random[..8].copy_from_slice(&high);
        random[8..].copy_from_slice(&low[..2]);
        Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
    }

    /// The text form, without allocating.
    pub(crate) fn encode<'a>(&self, text: &'a mut [u8; 36]) -> &'a str {
        text[..PREFIX.len()].copy_from_slice(PREFIX.as_bytes());
        self.0.as_simple().encode_lower(&mut text[PREFIX.len()..]);
        std::str::from_utf8(text).expect("hexadecimal digits are text")
    }

    /// When the request arrived, by the clock that named it, in milliseconds since 1970.
    pub fn unix_ms(&self) -> u64 {
        let bytes = self.0.as_bytes();
        bytes[..6].iter().fold(0, |ms, byte| ms << 8 | u64::from(*byte))
    }

    /// The 16 bytes that the ledger stores.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id of those 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.encode(&mut [0; 36]))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that names no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no request id: expected req_ and 32 hexadecimal digits")]
pub struct InvalidRequestId(String);

/// With or without `req_`, in any case.
impl FromStr for RequestId {
    type Err = InvalidRequestId;

    fn from_str(text: &str) -> Result<Self, InvalidRequestId> {
        let digits = text.strip_prefix(PREFIX).unwrap_or(text);
        Uuid::try_parse(digits).map(Self).map_err(|_| InvalidRequestId(text.to_owned()))
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for RequestId {
    type Error = InvalidRequestId;

    fn try_from(text: String) -> Result<Self, InvalidRequestId> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_its_time_and_sorts_by_it() {
        let early = RequestId::new(1_763_800_000_000, [u64::MAX, u64::MAX]);
        let late = RequestId::new(1_763_800_000_001, [0, 0]);
        assert_eq!(early.unix_ms(), 1_763_800_000_000);
        assert!(early < late);
        assert_eq!(RequestId::from_bytes(*late.as_bytes()), late);
    }

    #[test]
    fn reads_with_and_without_prefix() {
        let id = RequestId::new(1_763_800_000_000, [7, 9]);
        let text = id.to_string();
        assert_eq!(text.len(), 36);
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(text[4..].parse(), Ok(id));
        assert!("req_12".parse::<RequestId>().is_err());
        assert!("".parse::<RequestId>().is_err());
    }
}
