//! What of an answer is to be kept.

use bytes::Bytes;

use super::items;
use crate::framing::{DEFAULT_LIMIT, Framing};
use crate::scan::{Kind, ScanError, Scanner};

/// An answer's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its id.
    pub id: String,
    /// The ids of its items: a later request may refer to them.
    pub items: Vec<String>,
}

impl Answer {
    /// Reads a response; `None` where it has no id by which anybody could ask for it.
    pub fn read(response: &[u8]) -> Option<Self> {
        let mut id = None;
        let mut scan = Scanner::new(response).ok()?;
        let walked = scan.object(|scan, name| {
            match name {
                b"id" => id = scan.text()?.map(|id| id.unescape().into_owned()),
                _ => scan.skip()?,
            }
            Ok::<_, ScanError>(())
        });
        walked.ok()?;
        let items = items::elements(items::output(response)).into_iter().filter_map(|item| item.id).collect();
        Some(Self { id: id.filter(|id| !id.is_empty())?, items })
    }
}

/// The response in the event that ends a stream; `end` holds that event whole, and perhaps others before it. `None` where
/// it is not there.
pub fn last_response(end: &Bytes) -> Option<Bytes> {
    let mut framer = Framing::Sse.framer(end.len().max(DEFAULT_LIMIT));
    framer.push(end.clone());
    let mut found = None;
    while let Ok(Some(frame)) = framer.next_frame() {
        found = response_of(&frame.data()).or(found);
    }
    framer.finish().and_then(|rest| response_of(&rest.data())).or(found)
}

fn response_of(event: &[u8]) -> Option<Bytes> {
    let (mut is_end, mut response) = (false, None);
    let mut scan = Scanner::new(event).ok()?;
    let walked = scan.object(|scan, name| {
        match name {
            b"type" => {
                let ends = |kind: crate::scan::Text<'_>| {
                    kind.is("response.completed") || kind.is("response.incomplete")
                };
                is_end = scan.text()?.is_some_and(ends);
            }
            b"response" if scan.kind()? == Kind::Object => {
                let range = scan.range()?;
                response = Some(scan.slice(range));
            }
            _ => scan.skip()?,
        }
        Ok::<_, ScanError>(())
    });
    walked.ok()?;
    response.filter(|_| is_end).map(Bytes::copy_from_slice)
}
