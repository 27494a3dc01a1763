//! What a supplier's whole answer, or a chunk of a streamed one, says: both have the same members.
//!
//! Read with patience: suppliers write nulls, leave members out and add their own. What is missing or of another type is
//! not there.
//!
//! Source: `chat_completion.py`, `chat_completion_chunk.py` and `chat_completion_message.py` in openai 3.54.0;
//! `thinkchunk.py` in mistralai 3.7.0 for content that is a list; read 2026-11-28.

mod extras;
mod message;

use catalogue::{Service, Usage};

pub(super) use self::extras::read_signature;
pub(super) use self::message::{Call, Message, Piece, argument_text};
use super::read::Losses;
use super::words;
use crate::conversation::TokenLogprob;
use crate::openai_chat::usage;
use crate::scan::{Kind, ScanError, Scanner};
use crate::service;

/// An answer, or a chunk of one.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    /// When it was made, in the supplier's words.
    pub(super) created: u64,
    pub(super) usage: Option<Usage>,
    /// The class of service that is stated; `auto`, until it is known, says nothing.
    pub(super) service: Option<Service>,
    pub(super) choices: Vec<Choice>,
    /// Whether the supplier reports a failure in it.
    pub(super) is_error: bool,
}

/// A choice, or a piece of one.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) index: u64,
    pub(super) message: Message,
    /// Why it ended; never empty.
    pub(super) finish: Option<String>,
    /// vLLM's `stop_reason`.
    pub(super) stopped_by: Option<String>,
    pub(super) logprobs: Vec<TokenLogprob>,
}

impl Choice {
    /// Whether it says a text of the answer, and nothing else.
    pub(super) fn is_text(&self) -> bool {
        let Self { index: _, message, finish, stopped_by, logprobs } = self;
        message.is_text() && finish.is_none() && stopped_by.is_none() && logprobs.is_empty()
    }
}

impl Reply {
    /// Reads the object that `json` is; `None` when it is something else.
    pub(super) fn read(json: &[u8], losses: &mut Losses) -> Result<Option<Self>, ScanError> {
        let mut scan = Scanner::new(json)?;
        if scan.kind()? != Kind::Object {
            scan.skip()?;
            scan.end()?;
            return Ok(None);
        }
        let mut reply = Self::default();
        scan.object(|scan, name| reply.member(scan, name, losses))?;
        scan.end()?;
        Ok(Some(reply))
    }

    fn member(&mut self, scan: &mut Scanner<'_>, name: &[u8], losses: &mut Losses) -> Result<(), ScanError> {
        match name {
            b"choices" => self.choice_list(scan, losses)?,
            // Azure's first chunk has empty ones.
            b"id" => self.id = said(scan)?,
            b"model" => self.model = said(scan)?,
            b"created" => self.created = scan.integer()?.unwrap_or_default(),
            b"usage" => self.usage = usage::read(scan)?.or(self.usage),
            b"service_tier" => self.service = said(scan)?.and_then(|word| service::of_openai(&word)),
            b"error" => self.is_error |= scan.says_something()?,
            // The flat error of older vLLM servers.
            b"object" => self.is_error |= scan.text()?.is_some_and(|object| object.is("error")),
            // About the supplier's machines, not the answer; clients of this protocol compare the one, `system_fingerprint`.
            b"obfuscation" | b"provider" | b"timings" | b"prompt_filter_results" | b"x_groq" => {
                scan.skip()?;
            }
            _ => losses.unknown(scan, "", name)?,
        }
        Ok(())
    }

    fn choice_list(&mut self, scan: &mut Scanner<'_>, losses: &mut Losses) -> Result<(), ScanError> {
        if scan.kind()? != Kind::Array {
            return scan.skip();
        }
        let mut place = 0;
        scan.array(|scan| {
            if scan.kind()? == Kind::Object {
                self.choice(scan, place, losses)?;
            } else {
                scan.skip()?;
            }
            place += 1;
            Ok::<_, ScanError>(())
        })
    }

    fn choice(&mut self, scan: &mut Scanner<'_>, place: u64, losses: &mut Losses) -> Result<(), ScanError> {
        let mut choice = Choice { index: place, ..Choice::default() };
        scan.object(|scan, name| {
            match name {
                b"delta" | b"message" => choice.message.read(scan, losses)?,
                // Some write an empty one for "not yet".
                b"finish_reason" => choice.finish = said(scan)?,
                b"stop_reason" => choice.stopped_by = said(scan)?,
                b"index" => choice.index = scan.integer()?.unwrap_or(place),
                b"logprobs" => choice.logprobs = extras::read_logprobs(scan, losses)?,
                // Moonshot states it here.
                b"usage" => self.usage = usage::read(scan)?.or(self.usage),
                b"native_finish_reason" | b"token_ids" => scan.skip()?,
                _ => losses.unknown(scan, "choices", name)?,
            }
            Ok::<_, ScanError>(())
        })?;
        self.is_error |= choice.finish.as_deref().is_some_and(words::is_failure);
        self.choices.push(choice);
        Ok(())
    }
}

/// A string that is not empty.
fn said(scan: &mut Scanner<'_>) -> Result<Option<String>, ScanError> {
    Ok(scan.text()?.filter(|text| !text.raw.is_empty()).map(|text| text.unescape().into_owned()))
}
