//! A response as the translator reads it, whole or one of a stream's.

use crate::classify;
use crate::conversation::{Citation, Logprob, Loss, Search, TokenLogprob, TranslateError};
use crate::scan::{Kind, Scanner};

use super::grounding::{self, Source};
use super::names::{elements, members};
use super::part::Part;
use super::reading::{Read, Wrong, integer, lose, named, number, string};
use super::usage::Stated;

/// No supplier offers more candidates; a larger index is none.
const MOST_CANDIDATES: u64 = 128;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) candidates: Vec<Candidate>,
    /// Why the prompt was blocked, in a sentence where there is one.
    pub(super) block: Option<Block>,
    pub(super) usage: Stated,
}

/// A blocked prompt.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) message: Option<String>,
}

/// A candidate, or a piece of one.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    pub(super) index: u32,
    pub(super) parts: Vec<Part>,
    pub(super) finish: Option<String>,
    pub(super) sources: Vec<Source>,
    /// What was looked for and found.
    pub(super) search: Search,
    pub(super) logprobs: Vec<TokenLogprob>,
}

impl Chunk {
    /// Reads a response, with the usage that was stated before.
    pub(super) fn read(body: &[u8], usage: Stated, losses: &mut Vec<Loss>) -> Result<Self, TranslateError> {
        let mut chunk = Self { usage, ..Self::default() };
        match chunk.read_on(body, losses) {
            Ok(false) => Ok(chunk),
            Ok(true) => Err(TranslateError::Failed(classify::hidden_error(body))),
            Err(wrong) => Err(wrong.0),
        }
    }

    /// Gives whether it is an error.
    fn read_on(&mut self, body: &[u8], losses: &mut Vec<Loss>) -> Read<bool> {
        let mut scan = Scanner::new(body)?;
        let mut is_error = false;
        if scan.kind()? == Kind::Array {
            scan.array(|scan| {
                members(scan, |scan, name| {
                    let says = scan.says_something()?;
                    is_error |= says && name == b"error";
                    Read::Ok(())
                })
                .map(drop)
            })?;
            return if is_error { Ok(true) } else { Err(Wrong::malformed("body", "an object was expected")) };
        }
        let is_object = members(&mut scan, |scan, name| {
            match name {
                b"responseId" => self.id = string(scan)?.filter(|id| !id.is_empty()),
                b"modelVersion" => self.model = string(scan)?.filter(|model| !model.is_empty()),
                b"usageMetadata" => self.usage.read(scan)?,
                b"promptFeedback" => self.feedback(scan)?,
                b"candidates" => self.candidate_list(scan, losses)?,
                b"error" => is_error |= scan.says_something()?,
                b"createTime" => scan.skip()?,
                _ => lose(scan, named("", name), losses)?,
            }
            Read::Ok(())
        })?;
        scan.end()?;
        if is_object { Ok(is_error) } else { Err(Wrong::malformed("body", "an object was expected")) }
    }

    fn feedback(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        let (mut reason, mut message) = (None, None);
        members(scan, |scan, name| {
            match name {
                b"blockReason" => reason = string(scan)?,
                b"blockReasonMessage" => message = string(scan)?.filter(|text| !text.is_empty()),
                _ => scan.skip()?,
            }
            Read::Ok(())
        })?;
        let is_blocked = |reason: &String| !reason.is_empty() && reason != "BLOCKED_REASON_UNSPECIFIED";
        self.block = reason.filter(is_blocked).map(|_| Block { message }).or(self.block.take());
        Ok(())
    }

    fn candidate_list(&mut self, scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<()> {
        elements(scan, |scan| {
            let place = self.candidates.len() as u64;
            let (candidate, searches) = Candidate::read(scan, place, self.usage, losses)?;
            self.usage = searches;
            self.candidates.push(candidate);
            Ok(())
        })
    }
}

impl Candidate {
    fn read(
        scan: &mut Scanner<'_>,
        place: u64,
        mut usage: Stated,
        losses: &mut Vec<Loss>,
    ) -> Read<(Self, Stated)> {
        let mut candidate = Self::default();
        let mut index = place;
        members(scan, |scan, name| {
            match name {
                b"content" => candidate.content(scan, losses)?,
                b"finishReason" => {
                    candidate.finish = string(scan)?.filter(|word| super::finish::is_said(word));
                }
                b"index" => index = integer(scan)?.unwrap_or(place),
                b"groundingMetadata" => {
                    scan.kind()?;
                    let start = scan.at();
                    let (sources, search) = grounding::read(scan, losses)?;
                    candidate.sources.extend(sources);
                    candidate.search = search;
                    usage.read_searches(&mut scan.again(start..scan.at()))?;
                }
                b"citationMetadata" => candidate.sources.extend(grounding::read_citations(scan)?),
                b"logprobsResult" => candidate.logprobs = logprobs(scan)?,
                // Said again by other members.
                b"avgLogprobs" | b"tokenCount" => scan.skip()?,
                _ => lose(scan, named("candidates.", name), losses)?,
            }
            Read::Ok(())
        })?;
        if index >= MOST_CANDIDATES {
            return Err(Wrong::malformed("candidates.index", "too many candidates"));
        }
        candidate.index = u32::try_from(index).unwrap_or_default();
        Ok((candidate, usage))
    }

    fn content(&mut self, scan: &mut Scanner<'_>, losses: &mut Vec<Loss>) -> Read<()> {
        members(scan, |scan, name| {
            if name != b"parts" {
                return Ok(scan.skip()?);
            }
            elements(scan, |scan| {
                self.parts.push(Part::read(scan, losses)?);
                Read::Ok(())
            })
        })
        .map(drop)
    }
}

fn logprobs(scan: &mut Scanner<'_>) -> Read<Vec<TokenLogprob>> {
    let (mut chosen, mut top) = (Vec::new(), Vec::new());
    members(scan, |scan, name| {
        match name {
            b"chosenCandidates" => elements(scan, |scan| {
                chosen.push(logprob(scan)?);
                Read::Ok(())
            })?,
            b"topCandidates" => elements(scan, |scan| {
                let mut step = Vec::new();
                members(scan, |scan, name| {
                    if name != b"candidates" {
                        return Ok(scan.skip()?);
                    }
                    elements(scan, |scan| {
                        step.push(logprob(scan)?);
                        Read::Ok(())
                    })
                })?;
                top.push(step);
                Read::Ok(())
            })?,
            _ => scan.skip()?,
        }
        Read::Ok(())
    })?;
    let mut top = top.into_iter();
    Ok(chosen
        .into_iter()
        .map(|chosen| TokenLogprob { chosen, top: top.next().unwrap_or_default() })
        .collect())
}

fn logprob(scan: &mut Scanner<'_>) -> Read<Logprob> {
    let (mut token, mut logprob) = (String::new(), None);
    members(scan, |scan, name| {
        match name {
            b"token" => token = string(scan)?.unwrap_or_default(),
            b"logProbability" => logprob = number(scan)?,
            _ => scan.skip()?,
        }
        Read::Ok(())
    })?;
    // A certain token's 0 is a default, and defaults are left out there.
    Ok(Logprob { token, logprob: logprob.unwrap_or_else(|| "0".to_owned()), bytes: None })
}

/// A citation at a range of bytes in `text`, or at none where the range does not fit it.
pub(super) fn cited(source: &Source, text: &str, range: Option<(u64, u64)>) -> Citation {
    let characters = |byte: u64| {
        let head = text.get(..usize::try_from(byte).ok()?)?;
        Some(head.chars().count() as u64)
    };
    let range = range.and_then(|(start, end)| Some((characters(start)?, characters(end)?)));
    Citation { range, ..source.citation.clone() }
}
