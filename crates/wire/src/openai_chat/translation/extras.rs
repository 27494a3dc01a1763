//! Writing, for clients, what stands beside a message's text: sources, probabilities, Google's signatures, usage.
//!
//! Source: `chat_completion_message.py`, `chat_completion_token_logprob.py` and `completion_usage.py` in openai 3.54.0,
//! read 2026-11-28.

use catalogue::{Protocol, Usage};

use super::read::Losses;
use crate::conversation::{Citation, Logprob, Media, MediaKind, Opaque, TokenLogprob, TranslateError};
use crate::json::Json;

/// The kind of a signature in Google's place for it.
pub(super) const SIGNATURE: &str = "thought_signature";

/// Writes a source as an element of `annotations`. `block` is where the text that cites it begins and ends in the
/// message: a source without a place of its own is cited by all of it. `index` is for streams, whose readers merge lists
/// by it.
pub(super) fn write_citation(
    json: &mut Json,
    citation: &Citation,
    block: (u64, u64),
    index: Option<u64>,
    losses: &mut Losses,
) {
    if citation.place.is_some() {
        losses.note("citations.location", Citation::PLACE_LOST);
    }
    if citation.url.is_none() {
        losses.note("citations", "a source without an address has none here");
    }
    let range =
        citation.range.map(|(start, end)| (block.0.saturating_add(start), block.0.saturating_add(end)));
    let (start, end) = range.unwrap_or(block);
    json.object();
    if let Some(index) = index {
        json.key("index").number(index);
    }
    json.key("type").text("url_citation").key("url_citation").object();
    json.key("start_index").number(start).key("end_index").number(end);
    json.key("url").text(citation.url.as_deref().unwrap_or_default());
    json.key("title").text(citation.title.as_deref().unwrap_or_default());
    json.optional("content", citation.quote.as_ref()).end_object().end_object();
}

/// Writes `logprobs`: probabilities of text, or `null` where there are none.
pub(super) fn write_logprobs<'a>(json: &mut Json, tokens: impl IntoIterator<Item = &'a TokenLogprob>) {
    let mut tokens = tokens.into_iter().peekable();
    if tokens.peek().is_none() {
        json.key("logprobs").null();
        return;
    }
    json.key("logprobs").object().key("content").array();
    for token in tokens {
        json.object();
        write_token(json, &token.chosen);
        json.key("top_logprobs").array();
        for likely in &token.top {
            json.object();
            write_token(json, likely);
            json.end_object();
        }
        json.end_array().end_object();
    }
    json.end_array().key("refusal").null().end_object();
}

fn write_token(json: &mut Json, token: &Logprob) {
    json.key("token").text(&token.token).key("logprob").raw(&token.logprob).key("bytes");
    let Some(bytes) = &token.bytes else {
        json.null();
        return;
    };
    json.array();
    for byte in bytes {
        json.number(u64::from(*byte));
    }
    json.end_array();
}

/// Writes `extra_content` with a signature in it.
pub(super) fn write_signature(json: &mut Json, signature: &str) {
    json.key("extra_content").object().key("google").object();
    json.key(SIGNATURE).text(signature).end_object().end_object();
}

/// What proves a call or a text, as text for a client.
pub(super) fn shown_signature(proof: &Opaque) -> std::borrow::Cow<'_, str> {
    // Only what came from that very place is its own there.
    if proof.kind == SIGNATURE { proof.to_client(Protocol::OpenaiChat) } else { proof.seal().into() }
}

/// Writes a picture that the model made as an element of `images`, `OpenRouter`'s place for them.
///
/// # Errors
/// [`TranslateError::Unsayable`] for other media: a message has no place for them.
pub(super) fn write_image(json: &mut Json, media: &Media, index: usize) -> Result<(), TranslateError> {
    if media.kind != MediaKind::Image {
        let why = "answers of Chat Completions hold no other media than images";
        return Err(TranslateError::unsayable("media", why));
    }
    let address = super::media::image_address(media)?;
    json.object().key("index").number(index as u64).key("type").text("image_url");
    json.key("image_url").object().key("url").text(&address).end_object().end_object();
    Ok(())
}

/// Writes `usage`, so that whoever takes it apart gets the same buckets.
pub(super) fn write_usage(json: &mut Json, usage: &Usage, losses: &mut Losses) {
    let written = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
    let sum = |parts: &[u64]| parts.iter().fold(0_u64, |sum, part| sum.saturating_add(*part));
    let prompt = sum(&[usage.input_uncached, usage.cache_read, written, usage.audio_in, usage.image_in]);
    let completion = sum(&[usage.output_text, usage.reasoning, usage.audio_out, usage.image_out]);
    if usage.cache_write_1h > 0 {
        losses.note("usage.cache_write_1h", "counted with what is cached for a shorter time");
    }
    let some = |json: &mut Json, name: &str, count: u64| {
        if count > 0 {
            json.key(name).number(count);
        }
    };
    json.key("usage").object();
    json.key("prompt_tokens").number(prompt).key("completion_tokens").number(completion);
    json.key("total_tokens").number(prompt.saturating_add(completion));
    json.key("prompt_tokens_details").object().key("cached_tokens").number(usage.cache_read);
    some(json, "cache_write_tokens", written);
    some(json, "audio_tokens", usage.audio_in);
    some(json, "image_tokens", usage.image_in);
    json.end_object().key("completion_tokens_details").object();
    json.key("reasoning_tokens").number(usage.reasoning);
    some(json, "audio_tokens", usage.audio_out);
    some(json, "image_tokens", usage.image_out);
    json.end_object();
    // Perplexity's count of searches; `OpenAI` has none.
    some(json, "num_search_queries", usage.tool_requests);
    json.end_object();
}
