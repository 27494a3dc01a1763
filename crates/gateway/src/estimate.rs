//! Token counts where no supplier told them. Always marked as estimates where they end up.

/// Bytes of UTF-8 text to a token: the usual figure for English prose and code with today's vocabularies.
const BYTES_PER_TOKEN: u64 = 4;

/// About how many tokens `text_bytes` of text make.
pub fn tokens(text_bytes: u64) -> u64 {
    text_bytes.div_ceil(BYTES_PER_TOKEN)
}
