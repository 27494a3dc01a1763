//! Usage: taking Google's counts apart, and putting ours together as Google counts them.
//!
//! Source: `GenerateContentResponseUsageMetadata` in `types.py` of the official Python SDK, google-genai 3.4.0, read
//! 2026-11-28: `promptTokenCount` includes what was cached, `candidatesTokenCount` leaves thoughts out,
//! `toolUsePromptTokenCount` is input beside the prompt, and the total is the sum of the four.

use catalogue::{Service, Usage};

use super::names::{elements, members};
use crate::codec::Counts;
use crate::conversation::Loss;
use crate::counts;
use crate::json::Json;
use crate::scan::{Kind, ScanError, Scanner};
use crate::service;
use crate::template::Holes;
use crate::translate::note;

/// Counts as stated so far. A stream states running totals: what a later response gives replaces what was, what it
/// leaves out stays.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stated {
    prompt: Option<u64>,
    cached: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
    tool_use: Option<u64>,
    in_prompt: Modalities,
    in_cache: Modalities,
    in_candidates: Modalities,
    /// Queries that the supplier's own search ran. They stand beside the content, not in the usage.
    searches: Option<u64>,
    service: Option<Service>,
}

/// What of a count is no text.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Modalities {
    audio: u64,
    image: u64,
}

/// The class of service that a word of `ServiceTier` or `TrafficType` names.
fn service_of(word: &str) -> Service {
    match word {
        "ON_DEMAND" | "TRAFFIC_TYPE_UNSPECIFIED" => Service::Standard,
        "ON_DEMAND_FLEX" => Service::Flex,
        "ON_DEMAND_PRIORITY" => Service::Priority,
        word => Service::of_word(word),
    }
}

/// The counts by themselves; each one's place is its place among a frame's [`Counts`].
const COUNTS: [&[u8]; Counts::PLACES] = [
    b"promptTokenCount",
    b"cachedContentTokenCount",
    b"candidatesTokenCount",
    b"thoughtsTokenCount",
    b"toolUsePromptTokenCount",
];

impl Stated {
    /// Takes in the usage that starts here.
    pub(super) fn read(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        self.read_noting(scan, &mut Holes::default())
    }

    /// The same. Notes where its numbers stand, for frames that differ in them.
    pub(super) fn read_noting(&mut self, scan: &mut Scanner<'_>, holes: &mut Holes) -> Result<(), ScanError> {
        members(scan, |scan, name| {
            match name {
                b"promptTokensDetails" => self.in_prompt = Modalities::read(scan, holes)?,
                b"cacheTokensDetails" => self.in_cache = Modalities::read(scan, holes)?,
                b"candidatesTokensDetails" => self.in_candidates = Modalities::read(scan, holes)?,
                // Google's one host says the one, its other host the other.
                b"serviceTier" | b"trafficType" => {
                    let word = scan.text()?.map(|word| service_of(&word.unescape()));
                    self.service = word.or(self.service);
                }
                _ => {
                    scan.kind()?;
                    let start = scan.at();
                    let mut is_set = false;
                    counts::member(scan, name, &mut |_, name, count| is_set |= self.set(name, count))?;
                    let value = scan.slice(start..scan.at());
                    if !holes.number(start, value, place(name)) && is_set {
                        holes.says_more();
                    }
                }
            }
            Ok(())
        })
        .map(drop)
    }

    /// Takes in the counts of a response that says nothing else of usage, or again what was read before.
    pub(super) fn count(&mut self, counts: &Counts) {
        for (place, count) in counts.iter() {
            if let Some(known) = self.places().into_iter().nth(place.into()) {
                *known = Some(count);
            }
        }
    }

    /// The counts of [`COUNTS`].
    const fn places(&mut self) -> [&mut Option<u64>; Counts::PLACES] {
        [&mut self.prompt, &mut self.cached, &mut self.candidates, &mut self.thoughts, &mut self.tool_use]
    }

    /// The class of service.
    pub(super) fn service(&self) -> Service {
        self.service.unwrap_or_default()
    }

    /// The same, if it is stated.
    pub(super) const fn stated_service(&self) -> Option<Service> {
        self.service
    }

    /// Counts the queries in the grounding metadata that starts here.
    pub(super) fn read_searches(&mut self, scan: &mut Scanner<'_>) -> Result<(), ScanError> {
        members(scan, |scan, name| {
            if name != b"webSearchQueries" {
                return scan.skip();
            }
            let mut queries = 0;
            elements(scan, |scan| {
                queries += 1;
                scan.skip()
            })?;
            self.searches = Some(queries);
            Ok(())
        })
        .map(drop)
    }

    /// Whether the name is known.
    fn set(&mut self, name: &[u8], count: u64) -> bool {
        let Some(place) = place(name) else { return false };
        *self.places()[usize::from(place)] = Some(count);
        true
    }

    /// Every token in one bucket; `None` when nothing was stated.
    pub(super) fn buckets(&self) -> Option<Usage> {
        self.prompt.or(self.candidates).or(self.thoughts)?;
        let mut input = self.prompt.unwrap_or_default();
        let mut output = self.candidates.unwrap_or_default();
        Some(Usage {
            cache_read: take(&mut input, self.cached.unwrap_or_default()),
            audio_in: take(&mut input, self.in_prompt.audio.saturating_sub(self.in_cache.audio)),
            image_in: take(&mut input, self.in_prompt.image.saturating_sub(self.in_cache.image)),
            input_uncached: input.saturating_add(self.tool_use.unwrap_or_default()),
            audio_out: take(&mut output, self.in_candidates.audio),
            image_out: take(&mut output, self.in_candidates.image),
            output_text: output,
            reasoning: self.thoughts.unwrap_or_default(),
            tool_requests: self.searches.unwrap_or_default(),
            ..Usage::default()
        })
    }
}

/// The place of a count.
fn place(name: &[u8]) -> Option<u8> {
    (0..).zip(COUNTS).find(|(_, known)| *known == name).map(|(place, _)| place)
}

impl Modalities {
    /// Reads a list of `{modality, tokenCount}`. Those that are not told apart may differ.
    fn read(scan: &mut Scanner<'_>, holes: &mut Holes) -> Result<Self, ScanError> {
        let mut sum = Self::default();
        elements(scan, |scan| {
            let (mut count, mut place) = (0, None);
            let mut number = 0..0;
            members(scan, |scan, name| {
                match name {
                    b"modality" => place = scan.text()?.map(|modality| modality.unescape().to_uppercase()),
                    b"tokenCount" if scan.kind()? == Kind::Number => {
                        let start = scan.at();
                        counts::member(scan, name, &mut |_, _, tokens| count = tokens)?;
                        number = start..scan.at();
                    }
                    _ => scan.skip()?,
                }
                Ok::<_, ScanError>(())
            })?;
            match place.as_deref() {
                Some("AUDIO") => sum.audio = count.saturating_add(sum.audio),
                Some("IMAGE") => sum.image = count.saturating_add(sum.image),
                _ => drop(holes.number(number.start, scan.slice(number), None)),
            }
            Ok::<_, ScanError>(())
        })?;
        Ok(sum)
    }
}

/// Moves up to `count` out of `whole`.
fn take(whole: &mut u64, count: u64) -> u64 {
    let part = count.min(*whole);
    *whole -= part;
    part
}

/// The word of `TrafficType` for a class of service, where there is one.
const fn traffic(service: Service) -> Option<&'static str> {
    match service {
        Service::Standard => Some("ON_DEMAND"),
        Service::Flex => Some("ON_DEMAND_FLEX"),
        Service::Priority => Some("ON_DEMAND_PRIORITY"),
        Service::Batch | Service::Other => None,
    }
}

/// Writes `usageMetadata`, and what it cannot say into `losses`.
pub(super) fn write(json: &mut Json, usage: &Usage, service: Option<Service>, losses: &mut Vec<Loss>) {
    if usage.cache_write_5m > 0 || usage.cache_write_1h > 0 {
        note(losses, Loss::new("usage.cache_write", "counted as plain input there"));
    }
    if usage.tool_requests > 0 {
        note(losses, Loss::new("usage.tool_requests", "no place for it there"));
    }
    let candidates = usage.output_total().saturating_sub(usage.reasoning);
    json.key("usageMetadata").object();
    json.key("promptTokenCount").number(usage.input_total());
    json.key("candidatesTokenCount").number(candidates);
    json.key("totalTokenCount").number(usage.input_total().saturating_add(usage.output_total()));
    if usage.cache_read > 0 {
        json.key("cachedContentTokenCount").number(usage.cache_read);
    }
    if usage.reasoning > 0 {
        json.key("thoughtsTokenCount").number(usage.reasoning);
    }
    let text = usage.input_total().saturating_sub(usage.audio_in).saturating_sub(usage.image_in);
    details(json, "promptTokensDetails", [text, usage.audio_in, usage.image_in]);
    details(json, "candidatesTokensDetails", [usage.output_text, usage.audio_out, usage.image_out]);
    let said = service.and_then(traffic);
    json.optional("trafficType", said).end_object();
    if let Some(loss) = service::unsaid(service, said) {
        note(losses, loss);
    }
}

fn details(json: &mut Json, name: &str, counts: [u64; 3]) {
    if counts.iter().all(|count| *count == 0) {
        return;
    }
    json.key(name).array();
    for (modality, count) in ["TEXT", "AUDIO", "IMAGE"].into_iter().zip(counts) {
        if count > 0 {
            json.object().key("modality").text(modality).key("tokenCount").number(count).end_object();
        }
    }
    json.end_array();
}
