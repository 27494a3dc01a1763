//! Usage: `TokenUsage`, whose input leaves out what was read from and written to the cache.
//!
//! Source: `TokenUsage` and `CacheDetail`, botocore 1.44.8, read 2026-11-28. Their counts are cumulative where they come
//! more than once.

use catalogue::Usage;

use crate::counts::{counts, member};
use crate::json::Json;
use crate::scan::{Kind, ScanError, Scanner};

/// Counts as stated.
#[derive(Debug, Default)]
struct Stated {
    found: bool,
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
    /// Of those, the ones that live an hour.
    cache_write_1h: u64,
    /// The sum over all times to live.
    cache_details: u64,
}

/// Reads the usage object that starts here; `None` when there is no count in it.
pub(super) fn read(scan: &mut Scanner<'_>) -> Result<Option<Usage>, ScanError> {
    let mut stated = Stated::default();
    if scan.kind()? != Kind::Object {
        scan.skip()?;
        return Ok(None);
    }
    scan.object(|scan, name| {
        if name == b"cacheDetails" && scan.kind()? == Kind::Array {
            return scan.array(|scan| stated.detail(scan));
        }
        member(scan, name, &mut |group, name, count| stated.set(group, name, count))
    })?;
    Ok(stated.found.then(|| stated.apart()))
}

impl Stated {
    fn set(&mut self, group: &[u8], name: &[u8], count: u64) {
        let place = match (group, name) {
            (b"", b"inputTokens") => &mut self.input,
            (b"", b"outputTokens") => &mut self.output,
            // Some regions say both names.
            (b"", b"cacheReadInputTokens" | b"cacheReadInputTokenCount") => &mut self.cache_read,
            (b"", b"cacheWriteInputTokens" | b"cacheWriteInputTokenCount") => &mut self.cache_write,
            _ => return,
        };
        *place = count;
        self.found = true;
    }

    /// What was written to the cache with one time to live.
    fn detail(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        let range = scan.range()?;
        let mut written = 0_u64;
        counts(&mut scan.again(range.clone()), &mut |group, name, count| {
            if (group, name) == (b"", b"inputTokens") {
                written = count;
            }
        })?;
        let mut scan = scan.again(range);
        let mut is_hour = false;
        if scan.kind()? == Kind::Object {
            scan.object(|scan, name| {
                if name == b"ttl" {
                    is_hour = scan.text()?.is_some_and(|ttl| ttl.is("1h"));
                    return Ok(());
                }
                scan.skip()
            })?;
        }
        self.cache_details = self.cache_details.saturating_add(written);
        if is_hour {
            self.cache_write_1h = self.cache_write_1h.saturating_add(written);
        }
        Ok(())
    }

    fn apart(&self) -> Usage {
        let written = self.cache_write.max(self.cache_details);
        Usage {
            input_uncached: self.input,
            cache_read: self.cache_read,
            cache_write_5m: written - self.cache_write_1h,
            cache_write_1h: self.cache_write_1h,
            output_text: self.output,
            ..Usage::default()
        }
    }
}

/// Writes `TokenUsage`.
pub(super) fn write(json: &mut Json, usage: &Usage) {
    let written = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
    let input = usage.input_uncached.saturating_add(usage.audio_in).saturating_add(usage.image_in);
    let total = usage.input_total().saturating_add(usage.output_total());
    json.object().key("inputTokens").number(input);
    json.key("outputTokens").number(usage.output_total());
    json.key("totalTokens").number(total);
    json.key("cacheReadInputTokens").number(usage.cache_read);
    json.key("cacheWriteInputTokens").number(written);
    if written > 0 {
        json.key("cacheDetails").array();
        for (ttl, tokens) in [("1h", usage.cache_write_1h), ("5m", usage.cache_write_5m)] {
            if tokens > 0 {
                json.object().key("ttl").text(ttl).key("inputTokens").number(tokens).end_object();
            }
        }
        json.end_array();
    }
    json.end_object();
}
