//! Usage: asking for it in streams, and taking it apart.

use catalogue::Usage;

use crate::counts::counts;
use crate::peek::Peek;
use crate::scan::{ScanError, Scanner};
use crate::splice::Edit;

/// The edit that makes a stream end with a usage chunk.
pub(super) fn request(peek: &Peek<'_>) -> Option<Edit> {
    if !peek.stream || peek.asks_for_usage() {
        return None;
    }
    let Some(options) = &peek.stream_options else {
        let member: &[u8] = br#""stream_options":{"include_usage":true},"#;
        // A body that says `stream` is not empty, so the comma is right.
        return Some(Edit::insert(peek.object_open, member));
    };
    if options.is_null || options.is_empty {
        return Some(Edit::replace(options.range.clone(), &br#"{"include_usage":true}"#[..]));
    }
    Some(match &options.include_usage_range {
        Some(range) => Edit::replace(range.clone(), &b"true"[..]),
        None => Edit::insert(options.range.start + 1, &br#""include_usage":true,"#[..]),
    })
}

/// Counts as the supplier nests them.
#[derive(Default)]
struct Nested {
    prompt: u64,
    completion: u64,
    total: u64,
    cached: u64,
    written: u64,
    audio_in: u64,
    image_in: u64,
    reasoning: u64,
    audio_out: u64,
    image_out: u64,
    tool_requests: u64,
}

/// Reads the usage object that starts here; `None` when there is no count in it.
pub(super) fn read(scan: &mut Scanner<'_>) -> Result<Option<Usage>, ScanError> {
    let mut nested = Nested::default();
    let mut found = false;
    counts(scan, &mut |group, name, count| found |= nested.set(group, name, count))?;
    Ok(found.then(|| nested.apart()))
}

impl Nested {
    /// Whether the count is one that we know.
    fn set(&mut self, group: &[u8], name: &[u8], count: u64) -> bool {
        let place = match (group, name) {
            (b"", b"prompt_tokens") => &mut self.prompt,
            (b"", b"completion_tokens") => &mut self.completion,
            (b"", b"total_tokens") => &mut self.total,
            // DeepSeek and Moonshot state it at the top, some beside the same count below.
            (b"prompt_tokens_details", b"cached_tokens")
            | (b"", b"prompt_cache_hit_tokens" | b"cached_tokens") => &mut self.cached,
            (b"prompt_tokens_details", b"cache_write_tokens") => &mut self.written,
            (b"prompt_tokens_details", b"audio_tokens") => &mut self.audio_in,
            (b"prompt_tokens_details", b"image_tokens") => &mut self.image_in,
            (b"completion_tokens_details", b"reasoning_tokens") => &mut self.reasoning,
            (b"completion_tokens_details", b"audio_tokens") => &mut self.audio_out,
            (b"completion_tokens_details", b"image_tokens") => &mut self.image_out,
            // xAI's searched sources and Perplexity's queries, billed each.
            (b"", b"num_sources_used" | b"num_search_queries") => &mut self.tool_requests,
            _ => return false,
        };
        *place = count;
        true
    }

    /// Every token in one bucket. Parts never add up to more than the whole that contains them.
    fn apart(&self) -> Usage {
        let mut input = self.prompt;
        let mut output = self.completion;
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
            tool_requests: self.tool_requests,
            ..Usage::default()
        }
    }

    /// Reasoning that the supplier counts beside `completion_tokens` rather than in it (xAI states it apart, Gemini's
    /// compatible endpoint only in the total): then the total is larger than its two parts.
    fn reasoning_outside(&self) -> Option<u64> {
        let beyond = self.total.saturating_sub(self.prompt.saturating_add(self.completion));
        (beyond > 0 && (self.reasoning == 0 || self.reasoning == beyond)).then_some(beyond)
    }
}

/// Moves up to `count` out of `whole`.
fn take(whole: &mut u64, count: u64) -> u64 {
    let part = count.min(*whole);
    *whole -= part;
    part
}
