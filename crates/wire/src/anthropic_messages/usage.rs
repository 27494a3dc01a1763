//! Usage, which a stream states twice: at the start, and as a running total at the end.

use catalogue::{Service, Usage};

use crate::counts::{counts, member};
use crate::scan::{Kind, ScanError, Scanner};

/// Counts as stated so far. What a later statement leaves out keeps its earlier value; what it gives replaces it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stated {
    /// Without cached input.
    input: Option<u64>,
    cache_read: Option<u64>,
    /// Both lifetimes together.
    cache_write: Option<u64>,
    cache_write_5m: Option<u64>,
    cache_write_1h: Option<u64>,
    /// Thinking included.
    output: Option<u64>,
    thinking: Option<u64>,
    web_searches: Option<u64>,
    service: Option<Service>,
    /// What compactions used. The totals above leave it out, by the SDK's words on `iterations`.
    compaction: Option<Plain>,
}

/// A sum without parts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Plain {
    input: u64,
    cache_read: u64,
    cache_write: u64,
    output: u64,
}

impl Stated {
    /// Takes in the usage object that starts here.
    pub(super) fn read(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Object {
            return scan.skip();
        }
        scan.object(|scan, name| {
            match name {
                b"iterations" => return self.iterations(scan),
                b"service_tier" => {
                    let word = scan.text()?.map(|word| Service::of_word(&word.unescape()));
                    self.service = word.or(self.service);
                    return Ok(());
                }
                _ => {}
            }
            member(scan, name, &mut |group, name, count| self.set(group, name, count))
        })
    }

    /// The class of service.
    pub(super) fn service(&self) -> Service {
        self.service.unwrap_or_default()
    }

    /// The same, if it is stated.
    pub(super) const fn stated_service(&self) -> Option<Service> {
        self.service
    }

    fn set(&mut self, group: &[u8], name: &[u8], count: u64) {
        let place = match (group, name) {
            (b"", b"input_tokens") => &mut self.input,
            (b"", b"cache_read_input_tokens") => &mut self.cache_read,
            (b"", b"cache_creation_input_tokens") => &mut self.cache_write,
            (b"cache_creation", b"ephemeral_5m_input_tokens") => &mut self.cache_write_5m,
            (b"cache_creation", b"ephemeral_1h_input_tokens") => &mut self.cache_write_1h,
            (b"", b"output_tokens") => &mut self.output,
            (b"output_tokens_details", b"thinking_tokens") => &mut self.thinking,
            (b"server_tool_use", b"web_search_requests") => &mut self.web_searches,
            _ => return,
        };
        *place = Some(count);
    }

    fn iterations(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Array {
            return scan.skip();
        }
        let mut sum = None::<Plain>;
        scan.array(|scan| {
            if let Some(one) = compaction(scan)? {
                let sum = sum.get_or_insert_default();
                sum.input = sum.input.saturating_add(one.input);
                sum.cache_read = sum.cache_read.saturating_add(one.cache_read);
                sum.cache_write = sum.cache_write.saturating_add(one.cache_write);
                sum.output = sum.output.saturating_add(one.output);
            }
            Ok::<_, ScanError>(())
        })?;
        self.compaction = sum.or(self.compaction);
        Ok(())
    }

    /// Every token in one bucket; `None` when nothing was stated.
    pub(super) fn buckets(&self) -> Option<Usage> {
        self.input.or(self.output)?;
        let extra = self.compaction.unwrap_or_default();
        let one_hour = self.cache_write_1h.unwrap_or_default();
        // The total is the newer word where both are stated: the running total at the end comes without lifetimes.
        let five_minutes = match self.cache_write {
            Some(total) => total.saturating_sub(one_hour),
            None => self.cache_write_5m.unwrap_or_default(),
        };
        let output = self.output.unwrap_or_default();
        let reasoning = self.thinking.unwrap_or_default().min(output);
        Some(Usage {
            input_uncached: self.input.unwrap_or_default().saturating_add(extra.input),
            cache_read: self.cache_read.unwrap_or_default().saturating_add(extra.cache_read),
            cache_write_5m: five_minutes.saturating_add(extra.cache_write),
            cache_write_1h: one_hour,
            output_text: (output - reasoning).saturating_add(extra.output),
            reasoning,
            tool_requests: self.web_searches.unwrap_or_default(),
            ..Usage::default()
        })
    }
}

/// One iteration, if it is a compaction.
fn compaction(scan: &mut Scanner<'_>) -> Result<Option<Plain>, ScanError> {
    let range = scan.range()?;
    let mut plain = Plain::default();
    counts(&mut scan.again(range.clone()), &mut |group, name, count| match (group, name) {
        (b"", b"input_tokens") => plain.input = count,
        (b"", b"cache_read_input_tokens") => plain.cache_read = count,
        (b"", b"cache_creation_input_tokens") => plain.cache_write = count,
        (b"", b"output_tokens") => plain.output = count,
        _ => {}
    })?;
    let mut scan = scan.again(range);
    let mut is_compaction = false;
    if scan.kind()? == Kind::Object {
        scan.object(|scan, name| {
            if name != b"type" {
                return scan.skip();
            }
            is_compaction = scan.text()?.is_some_and(|kind| kind.is("compaction"));
            Ok(())
        })?;
    }
    Ok(is_compaction.then_some(plain))
}
