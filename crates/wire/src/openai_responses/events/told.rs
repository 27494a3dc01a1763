//! What one event tells, as far as it is about one item.

use std::borrow::Cow;

use super::super::read::{self, Read};
use crate::scan::{Scanner, Text};

/// The members of an event, whatever its type.
#[derive(Debug, Default)]
pub(super) struct Told<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) output_index: u64,
    /// `content_index`, or `summary_index`.
    pub(super) part_index: u64,
    /// `delta`, or the whole that repeats the deltas at their end.
    pub(super) text: Option<Text<'a>>,
    pub(super) logprobs: Option<Scanner<'a>>,
    pub(super) annotation: Option<Scanner<'a>>,
    pub(super) item: Option<Scanner<'a>>,
}

impl<'a> Told<'a> {
    pub(super) fn read(data: &'a [u8]) -> Read<Self> {
        let mut told = Self::default();
        let mut scan = Scanner::new(data)?;
        read::object(&mut scan, "event", |scan, name| {
            match name {
                b"type" => told.kind = scan.text()?.map(|kind| kind.unescape()),
                b"output_index" => told.output_index = scan.integer()?.unwrap_or(0),
                b"content_index" | b"summary_index" => told.part_index = scan.integer()?.unwrap_or(0),
                b"delta" | b"text" | b"refusal" | b"arguments" | b"input" => {
                    told.text = scan.text()?.or(told.text);
                }
                b"logprobs" => told.logprobs = Some(inside(scan)?),
                b"annotation" => told.annotation = Some(inside(scan)?),
                b"item" => told.item = Some(inside(scan)?),
                _ => scan.skip()?,
            }
            Ok(())
        })?;
        scan.end()?;
        Ok(told)
    }
}

/// Takes any value; a scanner of it alone.
fn inside<'a>(scan: &mut Scanner<'a>) -> Read<Scanner<'a>> {
    let range = scan.range()?;
    Ok(scan.again(range))
}
