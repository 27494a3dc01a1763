//! From a supplier's frames to events.

use super::super::answer::{more_fields, read_service};
use super::super::content::read_citation;
use super::super::read::{Read, count, list, named, object, raw, text, whole};
use super::super::{stop, usage};
use super::lane::{Lane, Piece};
use crate::conversation::{Event, EventDecoder, FinishReason, Loss, TranslateError};
use crate::failure::Failure;
use crate::framing::Frame;
use crate::scan::Scanner;
use crate::translate::note;

/// Reads one stream.
#[derive(Debug, Default)]
pub(in super::super) struct Decoder {
    started: bool,
    /// Whether `messageStop` came, and whether `metadata` did. Behind both comes nothing.
    stopped: bool,
    closed: bool,
    lane: Lane,
    losses: Vec<Loss>,
}

impl EventDecoder for Decoder {
    fn decode(&mut self, frame: &Frame, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        if self.stopped && self.closed {
            return Ok(());
        }
        if let Some(failure) = super::failure(frame) {
            return Err(TranslateError::Failed(failure));
        }
        let data = frame.data();
        match frame.event().unwrap_or_default() {
            b"messageStart" => self.start(events),
            b"contentBlockStart" => self.block(&data, b"start", events)?,
            b"contentBlockDelta" => self.block(&data, b"delta", events)?,
            b"contentBlockStop" => {
                self.start(events);
                self.lane.take(index(&data)?, Piece::Stop, events)?;
            }
            b"messageStop" => {
                self.start(events);
                self.message_stop(&data, events)?;
            }
            b"metadata" => {
                self.start(events);
                self.metadata(&data, events)?;
            }
            // One that is not known here: a sign of life.
            _ if self.started => events.push(Event::KeepAlive),
            _ => {}
        }
        Ok(())
    }

    fn losses(&self) -> &[Loss] {
        &self.losses
    }
}

impl Decoder {
    fn start(&mut self, events: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.started, true) {
            events.push(Event::Start { id: None, model: None, usage: None });
        }
    }

    /// A block's start or growth, which stand in a member of that name.
    fn block(&mut self, data: &[u8], member: &[u8], events: &mut Vec<Event>) -> Result<(), TranslateError> {
        self.start(events);
        let mut at = 0;
        let mut pieces = Vec::new();
        whole(data, |scan, name| {
            if name == b"contentBlockIndex" {
                at = count(scan)?;
            } else if name == member {
                object(scan, |scan, kind| {
                    if member == b"start" {
                        start(scan, kind, &mut pieces, &mut self.losses)
                    } else {
                        delta(scan, kind, &mut pieces, &mut self.losses)
                    }
                })?;
            } else {
                scan.skip()?;
            }
            Ok(())
        })?;
        if self.stopped {
            return Err(TranslateError::malformed("contentBlock", "it comes behind the message's end"));
        }
        pieces.into_iter().try_for_each(|piece| self.lane.take(at, piece, events))
    }

    fn message_stop(&mut self, data: &[u8], events: &mut Vec<Event>) -> Result<(), TranslateError> {
        let (mut word, mut sequence) = (None, None);
        whole(data, |scan, name| {
            match name {
                b"stopReason" => word = Some(text(scan)?),
                b"additionalModelResponseFields" => sequence = more_fields(scan, &mut self.losses)?,
                _ => scan.skip()?,
            }
            Ok(())
        })?;
        let Some(word) = word else { return Ok(()) };
        if stop::is_failure(&word) {
            return Err(TranslateError::Failed(Failure::Server));
        }
        if !std::mem::replace(&mut self.stopped, true) {
            self.lane.end(events)?;
            let reason: FinishReason = stop::read(&word, sequence);
            events.push(Event::Finish { choice: 0, reason });
            self.conclude(events);
        }
        Ok(())
    }

    fn metadata(&mut self, data: &[u8], events: &mut Vec<Event>) -> Result<(), TranslateError> {
        whole(data, |scan, name| {
            match name {
                b"usage" => events.extend(usage::read(scan)?.map(Event::Usage)),
                b"serviceTier" => events.extend(read_service(scan)?.map(Event::Service)),
                b"trace" => {
                    if scan.says_something()? {
                        note(&mut self.losses, Loss::new("trace", "no place for it elsewhere"));
                    }
                }
                _ => scan.skip()?,
            }
            Ok(())
        })?;
        self.closed = true;
        self.conclude(events);
        Ok(())
    }

    /// The end is there when both of its events are.
    fn conclude(&self, events: &mut Vec<Event>) {
        if self.stopped && self.closed {
            events.push(Event::End);
        }
    }
}

fn index(data: &[u8]) -> Result<u64, TranslateError> {
    let mut at = 0;
    whole(data, |scan, name| {
        if name == b"contentBlockIndex" {
            at = count(scan)?;
            return Ok(());
        }
        Ok(scan.skip()?)
    })?;
    Ok(at)
}

/// A member of `start`.
fn start(scan: &mut Scanner<'_>, kind: &[u8], pieces: &mut Vec<Piece>, losses: &mut Vec<Loss>) -> Read<()> {
    match kind {
        b"toolUse" | b"toolResult" => {
            let is_result = kind == b"toolResult";
            let mut members = Vec::new();
            object(scan, |scan, name| {
                members.push((named("", name), text(scan)?));
                Ok(())
            })?;
            let member = |wanted: &str| {
                members.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
            };
            if is_result || member("type").is_some() {
                pieces.push(Piece::Supplied { is_result, members });
            } else {
                let missing =
                    || TranslateError::malformed("start.toolUse", "`toolUseId` or `name` is missing");
                let (id, name) = member("toolUseId").zip(member("name")).ok_or_else(missing)?;
                pieces.push(Piece::Call { id, name });
            }
        }
        b"image" => {
            let mut format = String::from("png");
            object(scan, |scan, name| {
                if name == b"format" {
                    format = text(scan)?;
                    return Ok(());
                }
                Ok(scan.skip()?)
            })?;
            pieces.push(Piece::Image(format));
        }
        // Not in the SDK, and said by some who speak like AWS.
        b"text" => pieces.push(Piece::Text(text(scan)?)),
        _ => {
            note(
                losses,
                Loss::new(named("contentBlockStart.", kind), "a kind of block that is not known here"),
            );
            scan.skip()?;
        }
    }
    Ok(())
}

/// A member of `delta`.
fn delta(scan: &mut Scanner<'_>, kind: &[u8], pieces: &mut Vec<Piece>, losses: &mut Vec<Loss>) -> Read<()> {
    match kind {
        b"text" => pieces.push(Piece::Text(text(scan)?)),
        b"toolUse" => object(scan, |scan, name| {
            if name == b"input" {
                pieces.push(Piece::Input(text(scan)?));
                return Ok(());
            }
            Ok(scan.skip()?)
        })?,
        b"reasoningContent" => object(scan, |scan, name| {
            let piece = match name {
                b"text" => Piece::Thought,
                b"signature" => Piece::Signature,
                b"redactedContent" => Piece::Redacted,
                _ => return Ok(scan.skip()?),
            };
            pieces.push(piece(text(scan)?));
            Ok(())
        })?,
        b"citation" => pieces.push(Piece::Citation(read_citation(scan, losses)?)),
        b"image" => object(scan, |scan, name| {
            if name != b"source" {
                note(losses, Loss::new(named("image.", name), "no place for it elsewhere"));
                return Ok(scan.skip()?);
            }
            object(scan, |scan, name| {
                if name == b"bytes" {
                    pieces.push(Piece::ImageBytes(text(scan)?));
                    return Ok(());
                }
                Err(TranslateError::malformed("delta.image.source", "bytes were expected").into())
            })
        })?,
        b"toolResult" => list(scan, |scan| {
            pieces.push(Piece::ResultPart(raw(scan)?.to_vec()));
            Ok(())
        })?,
        _ => {
            note(
                losses,
                Loss::new(named("contentBlockDelta.", kind), "a kind of block that is not known here"),
            );
            scan.skip()?;
        }
    }
    Ok(())
}
