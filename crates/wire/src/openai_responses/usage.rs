//! Usage: taking it apart, and putting it together.
//!
//! Source: `types/responses/response_usage.py`. Input includes what was read from and written to the cache, output
//! includes reasoning. Counts of audio and images are not in the SDK's models; suppliers that state them put them beside.

use catalogue::Usage;

use crate::counts::counts;
use crate::json::Json;
use crate::scan::{ScanError, Scanner};

/// Counts as the supplier nests them.
#[derive(Debug, Default, Clone, Copy)]
struct Nested {
    input: u64,
    output: u64,
    total: u64,
    cached: u64,
    written: u64,
    audio_in: u64,
    image_in: u64,
    reasoning: u64,
    audio_out: u64,
    image_out: u64,
}

/// Reads the usage object that starts here; `None` when there is no count in it.
pub(super) fn read(scan: &mut Scanner<'_>) -> Result<Option<Usage>, ScanError> {
    let mut nested = Nested::default();
    let mut found = false;
    counts(scan, &mut |group, name, count| found |= nested.set(group, name, count))?;
    Ok(found.then(|| nested.apart()))
}

/// Reads `tool_usage`: the requests of the supplier's own tools that are billed one by one.
pub(super) fn read_tool_requests(scan: &mut Scanner<'_>) -> Result<u64, ScanError> {
    let mut requests = 0;
    counts(scan, &mut |_, name, count| {
        requests += if name == b"num_requests" { count } else { 0 };
    })?;
    Ok(requests)
}

/// Writes `tool_usage` as a member of the response, where there is any. A family of tools without usage has zeros
/// (`ToolUsage` in `types/responses/response.py`).
pub(super) fn write_tool_requests(json: &mut Json, requests: u64) {
    if requests == 0 {
        return;
    }
    json.key("tool_usage").object().key("image_gen").object().key("input_tokens").number(0);
    json.key("input_tokens_details").object().key("image_tokens").number(0).key("text_tokens").number(0);
    json.end_object().key("output_tokens").number(0).key("total_tokens").number(0).end_object();
    json.key("web_search").object().key("num_requests").number(requests).end_object().end_object();
}

impl Nested {
    /// Whether the count is one that we know.
    fn set(&mut self, group: &[u8], name: &[u8], count: u64) -> bool {
        let place = match (group, name) {
            (b"", b"input_tokens") => &mut self.input,
            (b"", b"output_tokens") => &mut self.output,
            (b"", b"total_tokens") => &mut self.total,
            (b"input_tokens_details", b"cached_tokens") => &mut self.cached,
            (b"input_tokens_details", b"cache_write_tokens") => &mut self.written,
            (b"input_tokens_details", b"audio_tokens") => &mut self.audio_in,
            (b"input_tokens_details", b"image_tokens") => &mut self.image_in,
            (b"output_tokens_details", b"reasoning_tokens") => &mut self.reasoning,
            (b"output_tokens_details", b"audio_tokens") => &mut self.audio_out,
            (b"output_tokens_details", b"image_tokens") => &mut self.image_out,
            _ => return false,
        };
        *place = count;
        true
    }

    /// Every token in one bucket. Parts never add up to more than the whole that contains them.
    fn apart(&self) -> Usage {
        let mut input = self.input;
        let mut output = self.output;
        let outside = self.reasoning_outside();
        Usage {
            cache_read: take(&mut input, self.cached),
            cache_write_5m: take(&mut input, self.written),
            audio_in: take(&mut input, self.audio_in),
            image_in: take(&mut input, self.image_in),
            input_uncached: input,
            reasoning: outside.unwrap_or_else(|| take(&mut output, self.reasoning)),
            audio_out: take(&mut output, self.audio_out),
            image_out: take(&mut output, self.image_out),
            output_text: output,
            ..Usage::default()
        }
    }

    /// Reasoning that the supplier counts beside the output, as some do in Chat Completions: then the total is larger
    /// than its two parts.
    fn reasoning_outside(&self) -> Option<u64> {
        let beyond = self.total.saturating_sub(self.input.saturating_add(self.output));
        (beyond > 0 && self.reasoning == beyond).then_some(beyond)
    }
}

/// Moves up to `count` out of `whole`.
fn take(whole: &mut u64, count: u64) -> u64 {
    let part = count.min(*whole);
    *whole -= part;
    part
}

/// Writes the usage object. The buckets' sums are the dialect's counts.
pub(super) fn write(json: &mut Json, usage: &Usage) {
    let sum = |counts: &[u64]| counts.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    let written = sum(&[usage.cache_write_5m, usage.cache_write_1h]);
    let input = sum(&[usage.input_uncached, usage.cache_read, written, usage.audio_in, usage.image_in]);
    let output = sum(&[usage.output_text, usage.reasoning, usage.audio_out, usage.image_out]);
    json.object().key("input_tokens").number(input);
    json.key("input_tokens_details").object();
    json.key("cached_tokens").number(usage.cache_read).key("cache_write_tokens").number(written);
    media(json, usage.audio_in, usage.image_in);
    json.end_object();
    json.key("output_tokens").number(output);
    json.key("output_tokens_details").object().key("reasoning_tokens").number(usage.reasoning);
    media(json, usage.audio_out, usage.image_out);
    json.end_object();
    json.key("total_tokens").number(input.saturating_add(output)).end_object();
}

fn media(json: &mut Json, audio: u64, image: u64) {
    for (name, count) in [("audio_tokens", audio), ("image_tokens", image)] {
        if count > 0 {
            json.key(name).number(count);
        }
    }
}
