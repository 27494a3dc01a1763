//! What was used, in disjoint buckets: every token is counted in exactly one of them.
//!
//! Suppliers nest their counts differently (`OpenAI`'s prompt tokens include cached ones, Anthropic's exclude them);
//! `wire` takes them apart, so that each bucket can be billed at its own price.

use serde::{Deserialize, Serialize};

/// One kind of billed unit. All are tokens but [`ToolRequests`](Self::ToolRequests).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// Text input that was not read from, or written to, a cache.
    InputUncached,
    /// Input read from the supplier's prompt cache.
    CacheRead,
    /// Input written to a cache that lives five minutes, or whose life the supplier does not state.
    #[serde(rename = "cache_write_5m")]
    CacheWrite5m,
    /// Input written to a cache that lives an hour.
    #[serde(rename = "cache_write_1h")]
    CacheWrite1h,
    /// Audio input.
    AudioIn,
    /// Image input, where the supplier counts it apart from text.
    ImageIn,
    /// Text output without reasoning.
    OutputText,
    /// Reasoning ("thinking") output.
    Reasoning,
    /// Audio output.
    AudioOut,
    /// Image output.
    ImageOut,
    /// Requests of the supplier's own tools, such as web searches: a count, not tokens.
    ToolRequests,
}

impl Bucket {
    /// How many buckets there are.
    pub const COUNT: usize = 11;

    /// Every bucket, input first.
    pub const ALL: [Self; Self::COUNT] = [
        Self::InputUncached,
        Self::CacheRead,
        Self::CacheWrite5m,
        Self::CacheWrite1h,
        Self::AudioIn,
        Self::ImageIn,
        Self::OutputText,
        Self::Reasoning,
        Self::AudioOut,
        Self::ImageOut,
        Self::ToolRequests,
    ];

    /// The name in the ledger and in JSON; also the name of the field of [`Usage`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InputUncached => "input_uncached",
            Self::CacheRead => "cache_read",
            Self::CacheWrite5m => "cache_write_5m",
            Self::CacheWrite1h => "cache_write_1h",
            Self::AudioIn => "audio_in",
            Self::ImageIn => "image_in",
            Self::OutputText => "output_text",
            Self::Reasoning => "reasoning",
            Self::AudioOut => "audio_out",
            Self::ImageOut => "image_out",
            Self::ToolRequests => "tool_requests",
        }
    }
}

/// Counts per [`Bucket`]. In JSON, empty buckets are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field is the bucket of that name, documented there")]
pub struct Usage {
    #[serde(skip_serializing_if = "is_zero")]
    pub input_uncached: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_read: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_5m: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_1h: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub audio_in: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub image_in: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub output_text: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub reasoning: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub audio_out: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub image_out: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub tool_requests: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields by reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Usage {
    /// The count in one bucket.
    pub const fn get(&self, bucket: Bucket) -> u64 {
        match bucket {
            Bucket::InputUncached => self.input_uncached,
            Bucket::CacheRead => self.cache_read,
            Bucket::CacheWrite5m => self.cache_write_5m,
            Bucket::CacheWrite1h => self.cache_write_1h,
            Bucket::AudioIn => self.audio_in,
            Bucket::ImageIn => self.image_in,
            Bucket::OutputText => self.output_text,
            Bucket::Reasoning => self.reasoning,
            Bucket::AudioOut => self.audio_out,
            Bucket::ImageOut => self.image_out,
            Bucket::ToolRequests => self.tool_requests,
        }
    }

    /// The count in one bucket, to change it.
    pub const fn get_mut(&mut self, bucket: Bucket) -> &mut u64 {
        match bucket {
            Bucket::InputUncached => &mut self.input_uncached,
            Bucket::CacheRead => &mut self.cache_read,
            Bucket::CacheWrite5m => &mut self.cache_write_5m,
            Bucket::CacheWrite1h => &mut self.cache_write_1h,
            Bucket::AudioIn => &mut self.audio_in,
            Bucket::ImageIn => &mut self.image_in,
            Bucket::OutputText => &mut self.output_text,
            Bucket::Reasoning => &mut self.reasoning,
            Bucket::AudioOut => &mut self.audio_out,
            Bucket::ImageOut => &mut self.image_out,
            Bucket::ToolRequests => &mut self.tool_requests,
        }
    }

    /// Every bucket with its count, empty ones included, in the order of [`Bucket::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Bucket, u64)> + use<> {
        let usage = *self;
        Bucket::ALL.into_iter().map(move |bucket| (bucket, usage.get(bucket)))
    }

    /// All input tokens, cached or not, of every kind. Decides long-context prices.
    pub const fn input_total(&self) -> u64 {
        self.input_uncached
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write_5m)
            .saturating_add(self.cache_write_1h)
            .saturating_add(self.audio_in)
            .saturating_add(self.image_in)
    }

    /// All output tokens, reasoning included.
    pub const fn output_total(&self) -> u64 {
        self.output_text
            .saturating_add(self.reasoning)
            .saturating_add(self.audio_out)
            .saturating_add(self.image_out)
    }

    /// Whether nothing was used.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Usage};

    #[test]
    fn each_bucket_is_the_field_of_its_name() {
        for (place, bucket) in Bucket::ALL.into_iter().enumerate() {
            assert_eq!(bucket as usize, place);
            let mut usage = Usage::default();
            *usage.get_mut(bucket) = 7;
            assert_eq!(usage.get(bucket), 7);
            assert_eq!(toml::to_string(&usage).unwrap(), format!("{} = 7\n", bucket.as_str()));
            assert_eq!(usage.iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>(), [(bucket, 7)]);
        }
    }

    #[test]
    fn totals_take_each_token_once() {
        let mut usage = Usage::default();
        for (bucket, count) in
            Bucket::ALL.into_iter().zip([1, 10, 100, 1_000, 10_000, 100_000, 2, 20, 200, 2_000, 5])
        {
            *usage.get_mut(bucket) = count;
        }
        assert_eq!((usage.input_total(), usage.output_total()), (111_111, 2_222));
        assert!(!usage.is_zero() && Usage::default().is_zero());
    }
}
