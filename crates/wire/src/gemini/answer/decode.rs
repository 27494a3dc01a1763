//! A supplier's whole answer, read.

use crate::conversation::{Answer, Choice, Content, FinishReason, Loss, Text, TokenLogprob, TranslateError};
use crate::gemini::chunk::{Candidate, Chunk, cited};
use crate::gemini::grounding::Source;
use crate::gemini::ids::Ids;
use crate::gemini::usage::Stated;
use crate::gemini::{finish, signature};
use crate::translate::note;

/// Reads an answer.
pub(in crate::gemini) fn answer(body: &[u8]) -> Result<Answer, TranslateError> {
    let mut losses = Vec::new();
    let mut chunk = Chunk::read(body, Stated::default(), &mut losses)?;
    if chunk.candidates.is_empty() && chunk.block.is_none() {
        return Err(TranslateError::malformed("candidates", "an answer was expected"));
    }
    let mut ids = Ids::of(body);
    chunk.candidates.sort_by_key(|candidate| candidate.index);
    let mut choices = Vec::new();
    for candidate in chunk.candidates {
        choices.push(choice(candidate, &mut ids, &mut losses)?);
    }
    if let (true, Some(block)) = (choices.is_empty(), chunk.block) {
        // A blocked prompt is an answer: withheld, in Google's words where there are any.
        let blocks = block.message.map(|message| Content::Refusal(message).into()).into_iter().collect();
        choices.push(Choice { blocks, finish: Some(FinishReason::Filtered) });
    }
    let (usage, service) = (chunk.usage.buckets(), chunk.usage.stated_service());
    Ok(Answer { id: chunk.id, model: chunk.model, choices, usage, service, losses })
}

fn choice(candidate: Candidate, ids: &mut Ids, losses: &mut Vec<Loss>) -> Result<Choice, TranslateError> {
    let finish =
        candidate.finish.as_deref().map(finish::neutral).transpose().map_err(TranslateError::Failed)?;
    if candidate.finish.as_deref() == Some("CONTINUATION") {
        note(losses, Loss::new("continuationToken", "an answer that was cut is not gone on with"));
    }
    let mut contents: Vec<Content> = Vec::new();
    let mut of_part = Vec::new();
    for part in candidate.parts {
        let proof = part.signature.as_deref().and_then(signature::said);
        let is_empty_text = part.data.is_none() && part.text.as_deref().unwrap_or_default().is_empty();
        match contents.last_mut() {
            // A signature that comes behind what it signs.
            Some(Content::Text(Text { proof: before @ None, .. })) if is_empty_text && !part.is_thought => {
                *before = proof;
            }
            _ => contents.extend(part.content(proof, || ids.next(), losses)),
        }
        of_part.push(contents.len().checked_sub(1));
    }
    for source in candidate.sources {
        cite(&source, &of_part, &mut contents, losses);
    }
    weigh(candidate.logprobs, &mut contents, losses);
    if !candidate.search.queries.is_empty() {
        // The model looked before it spoke.
        let text = contents.iter().position(|content| matches!(content, Content::Text(_)));
        let at = text.unwrap_or(contents.len());
        contents.insert(at, Content::Search(Box::new(candidate.search)));
    }
    Ok(Choice { blocks: contents.into_iter().map(Into::into).collect(), finish })
}

/// Puts a citation to the text that it is about: that of the part, else the first that has the passage, else the last.
fn cite(source: &Source, of_part: &[Option<usize>], contents: &mut [Content], losses: &mut Vec<Loss>) {
    let stated = of_part.get(source.part).copied().flatten();
    let places = stated.into_iter().chain(0..contents.len());
    let found = places.clone().find_map(|at| match contents.get(at) {
        Some(Content::Text(text)) => source.range_in(&text.text, 0).map(|range| (at, Some(range))),
        _ => None,
    });
    let is_text = |at: &usize| matches!(contents.get(*at), Some(Content::Text(_)));
    if source.range.is_some() && found.is_none() {
        note(losses, Loss::new("groundingMetadata.segment", "the passage is not in the answer's text"));
    }
    let stated_text = stated.filter(|at| is_text(at) && source.range.is_none());
    let last = (0..contents.len()).rev().find(is_text);
    let place = found.or_else(|| stated_text.or(last).map(|at| (at, None)));
    match place.and_then(|(at, range)| Some((contents.get_mut(at)?, range))) {
        Some((Content::Text(text), range)) => {
            let citation = cited(source, &text.text, range);
            text.citations.push(citation);
        }
        _ => note(losses, Loss::new("groundingMetadata", "sources of an answer without text")),
    }
}

/// Puts the probabilities to the last text: which token is whose is not said.
fn weigh(logprobs: Vec<TokenLogprob>, contents: &mut [Content], losses: &mut Vec<Loss>) {
    if logprobs.is_empty() {
        return;
    }
    let last = contents.iter_mut().rev().find_map(|content| match content {
        Content::Text(text) => Some(text),
        _ => None,
    });
    match last {
        Some(text) => text.logprobs = logprobs,
        None => note(losses, Loss::new("logprobsResult", "probabilities of an answer without text")),
    }
}
