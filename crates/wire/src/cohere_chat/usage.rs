//! Usage, taken apart.
//!
//! Cohere counts twice: `billed_units` is what it charges for, `tokens` is what the model saw, the supplier's own
//! preamble included, which is not charged for. So the billed units count here, and the tokens only where a server bills
//! nothing. `cached_tokens` is a part of `tokens.input_tokens`. How many *billed* tokens came from the cache is not
//! stated, but at least those that are more than all that is not billed; only those are counted as read from it. That is
//! also the likely number: a cache holds a prompt's beginning, and the preamble comes first.
//!
//! Source: `cohere/types/usage.py`, `usage_billed_units.py` and `usage_tokens.py` of the official Python SDK, cohere
//! 7.3.1, read 2026-11-28; that only billed units are charged for: docs.cohere.com, "How Does Cohere's Pricing Work?".

use catalogue::Usage;

use crate::counts::counts;
use crate::scan::{ScanError, Scanner};

/// Counts as the supplier states them.
#[derive(Debug, Default)]
struct Stated {
    billed_input: Option<u64>,
    billed_output: Option<u64>,
    all_input: Option<u64>,
    all_output: Option<u64>,
    cached: u64,
    searches: u64,
}

/// Reads the usage object that starts here; `None` when there is no count in it.
pub(super) fn read(scan: &mut Scanner<'_>) -> Result<Option<Usage>, ScanError> {
    let mut stated = Stated::default();
    let mut found = false;
    counts(scan, &mut |group, name, count| found |= stated.set(group, name, count))?;
    Ok(found.then(|| stated.apart()))
}

impl Stated {
    /// Whether the count is one that we know.
    fn set(&mut self, group: &[u8], name: &[u8], count: u64) -> bool {
        match (group, name) {
            (b"billed_units", b"input_tokens") => self.billed_input = Some(count),
            (b"billed_units", b"output_tokens") => self.billed_output = Some(count),
            (b"billed_units", b"search_units") => self.searches = count,
            (b"tokens", b"input_tokens") => self.all_input = Some(count),
            (b"tokens", b"output_tokens") => self.all_output = Some(count),
            (b"", b"cached_tokens") => self.cached = count,
            _ => return false,
        }
        true
    }

    fn apart(&self) -> Usage {
        let input = self.billed_input.or(self.all_input).unwrap_or_default();
        let unbilled = self.all_input.unwrap_or_default().saturating_sub(input);
        let cache_read = self.cached.saturating_sub(unbilled).min(input);
        Usage {
            input_uncached: input - cache_read,
            cache_read,
            output_text: self.billed_output.or(self.all_output).unwrap_or_default(),
            tool_requests: self.searches,
            ..Usage::default()
        }
    }
}
