//! What a supplier charges for: the meter that its invoice is written from.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Duration, Instant};

use crate::dice::Digest;

/// Tokens of a prompt, in buckets that do not overlap.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Input {
    pub(crate) uncached: u64,
    pub(crate) cache_read: u64,
    pub(crate) cache_write_5m: u64,
    pub(crate) cache_write_1h: u64,
}

impl Input {
    pub(crate) fn total(&self) -> u64 {
        self.uncached + self.cache_read + self.cache_write_5m + self.cache_write_1h
    }
}

/// Tokens charged, in buckets that do not overlap.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Billed {
    /// Requests charged for.
    pub requests: u64,
    /// Prompt tokens that no cache held.
    pub input_uncached: u64,
    /// Prompt tokens read from a cache.
    pub cache_read: u64,
    /// Prompt tokens written to a cache for 5 minutes.
    pub cache_write_5m: u64,
    /// Prompt tokens written to a cache for an hour.
    pub cache_write_1h: u64,
    /// Answer tokens, tool calls included, reasoning not.
    pub output: u64,
    /// Reasoning tokens, shown or not.
    pub reasoning: u64,
}

impl Billed {
    pub(crate) fn of_input(input: &Input) -> Self {
        Self {
            requests: 1,
            input_uncached: input.uncached,
            cache_read: input.cache_read,
            cache_write_5m: input.cache_write_5m,
            cache_write_1h: input.cache_write_1h,
            output: 0,
            reasoning: 0,
        }
    }

    fn add(&mut self, other: &Self) {
        let Self { requests, input_uncached, cache_read, cache_write_5m, cache_write_1h, output, reasoning } =
            other;
        self.requests += requests;
        self.input_uncached += input_uncached;
        self.cache_read += cache_read;
        self.cache_write_5m += cache_write_5m;
        self.cache_write_1h += cache_write_1h;
        self.output += output;
        self.reasoning += reasoning;
    }
}

/// One line of the invoice.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Line {
    /// Number of the request, as in [`crate::Recorded`].
    pub request: u64,
    /// The answer's own id, as the client saw it: `chatcmpl-...`, `msg_...`.
    pub id: String,
    /// The model, as the supplier calls it.
    pub model: String,
    /// What is charged.
    pub billed: Billed,
    /// Whether the answer did not reach its end.
    pub broken_off: bool,
}

/// A supplier's own account of what it is owed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Meter {
    /// Everything.
    pub total: Billed,
    /// The same by model.
    pub by_model: BTreeMap<String, Billed>,
    /// The last lines, oldest first; at most [`Meter::LINES`].
    pub lines: VecDeque<Line>,
}

impl Meter {
    /// How many lines are kept.
    pub const LINES: usize = 10_000;

    pub(crate) fn enter(&mut self, line: Line) {
        self.total.add(&line.billed);
        self.by_model.entry(line.model.clone()).or_default().add(&line.billed);
        if self.lines.len() == Self::LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

/// A piece of a prompt, in the order in which models read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section {
    /// Hash of the prompt up to here, this piece included.
    pub(crate) prefix: u64,
    pub(crate) tokens: u64,
    /// The client marked the prompt up to here as worth keeping.
    pub(crate) mark: Option<Keep>,
}

/// A prompt's pieces, each with its tokens and its mark, as the caches and the answer engine see them.
pub(crate) fn sections<'a>(
    weights: &str,
    pieces: impl IntoIterator<Item = (&'a Value, u64, Option<Keep>)>,
) -> Vec<Section> {
    let mut digest = Digest::new(0).with(weights.as_bytes());
    let section = |(piece, tokens, mark): (&Value, u64, Option<Keep>)| {
        digest = digest.clone().with(piece.to_string().as_bytes());
        Section { prefix: digest.value(), tokens: 3 + tokens, mark }
    };
    pieces.into_iter().map(section).collect()
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Keep {
    Minutes5,
    Hour,
}

impl Keep {
    fn time(self) -> Duration {
        Duration::from_secs(if self == Self::Minutes5 { 300 } else { 3600 })
    }
}

/// Prefixes seen, with when they are forgotten.
#[derive(Debug, Default)]
pub(crate) struct PromptCache(HashMap<u64, Instant>);

/// Shorter prefixes are not cached, at either maker.
const SHORTEST_TOKENS: u64 = 1024;
const MOST_PREFIXES: usize = 20_000;

impl PromptCache {
    /// OpenAI's way: the longest prefix seen, in steps of 128 tokens, without being asked.
    pub(crate) fn automatic(&mut self, sections: &[Section], now: Instant) -> Input {
        let mut input =
            Input { uncached: sections.iter().map(|section| section.tokens).sum(), ..Input::default() };
        let mut tokens = 0;
        for section in sections {
            tokens += section.tokens;
            if tokens >= SHORTEST_TOKENS && self.holds(section.prefix, now) {
                input.cache_read = tokens / 128 * 128;
            }
            self.keep(section.prefix, Keep::Minutes5, now);
        }
        input.uncached -= input.cache_read;
        input
    }

    /// Anthropic's way: up to the marks that the client set.
    pub(crate) fn marked(&mut self, sections: &[Section], now: Instant) -> Input {
        let mut input = Input::default();
        let (mut tokens, mut settled) = (0, 0);
        for section in sections {
            tokens += section.tokens;
            let Some(keep) = section.mark.filter(|_| tokens >= SHORTEST_TOKENS) else { continue };
            if self.holds(section.prefix, now) {
                input = Input { cache_read: tokens, ..Input::default() };
            } else if keep == Keep::Minutes5 {
                input.cache_write_5m += tokens - settled;
            } else {
                input.cache_write_1h += tokens - settled;
            }
            settled = tokens;
            self.keep(section.prefix, keep, now);
        }
        input.uncached = tokens - settled;
        input
    }

    fn holds(&self, prefix: u64, now: Instant) -> bool {
        self.0.get(&prefix).is_some_and(|until| *until > now)
    }

    fn keep(&mut self, prefix: u64, keep: Keep, now: Instant) {
        if self.0.len() >= MOST_PREFIXES {
            self.0.clear();
        }
        self.0.insert(prefix, now + keep.time());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(prefix: u64, tokens: u64, mark: Option<Keep>) -> Section {
        Section { prefix, tokens, mark }
    }

    #[tokio::test(start_paused = true)]
    async fn long_prefixes_are_read_from_the_cache_without_asking() {
        let mut cache = PromptCache::default();
        let first = [section(1, 1200, None), section(2, 50, None)];
        assert_eq!(cache.automatic(&first, Instant::now()), Input { uncached: 1250, ..Input::default() });
        let next = [section(1, 1200, None), section(3, 100, None)];
        let input = cache.automatic(&next, Instant::now());
        assert_eq!(input, Input { uncached: 148, cache_read: 1152, ..Input::default() });
        tokio::time::advance(Duration::from_secs(301)).await;
        assert_eq!(cache.automatic(&first, Instant::now()).cache_read, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn marks_write_first_and_read_later() {
        let mut cache = PromptCache::default();
        let sections =
            [section(1, 2000, Some(Keep::Hour)), section(2, 500, Some(Keep::Minutes5)), section(3, 7, None)];
        let input = cache.marked(&sections, Instant::now());
        let expected = Input { uncached: 7, cache_read: 0, cache_write_5m: 500, cache_write_1h: 2000 };
        assert_eq!(input, expected);
        let again = cache.marked(&sections, Instant::now());
        assert_eq!(again, Input { uncached: 7, cache_read: 2500, ..Input::default() });
        tokio::time::advance(Duration::from_secs(301)).await;
        let later = cache.marked(&sections, Instant::now());
        let expected = Input { uncached: 7, cache_read: 2000, cache_write_5m: 500, cache_write_1h: 0 };
        assert_eq!(later, expected);
        assert_eq!(later.total(), 2507);
    }

    #[tokio::test]
    async fn short_prompts_are_not_cached() {
        let mut cache = PromptCache::default();
        let sections = [section(1, 1000, Some(Keep::Minutes5))];
        for _ in 0..2 {
            assert_eq!(cache.marked(&sections, Instant::now()).uncached, 1000);
            assert_eq!(cache.automatic(&sections, Instant::now()).uncached, 1000);
        }
    }
}
