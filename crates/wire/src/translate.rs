//! From a client's dialect to a supplier's and back: two translators put together.
//!
//! **For**: a request whose candidate speaks another protocol than the client. What is true of every pair lives here, so
//! that no codec knows another: tool names that the supplier would refuse are renamed and named back, tools and formats
//! that it lacks are put in terms of what it has, what is opaque gets its owner's tag, a `stop` behind a tool call says
//! `tool calls`.
//!
//! **Promises**: a loss is an error or is named, on both ways; the answer's blocks and their order are the supplier's.

mod adapt;
mod checks;
mod forced;
mod opening;
#[cfg(test)]
mod pairs;
mod schemas;
mod shown;
mod spare;
#[cfg(test)]
mod tests;
mod undo;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use catalogue::Needs;

pub(crate) use self::adapt::says_json;
pub use self::undo::Undo;
use crate::codec::OnlyText;
use crate::conversation::{
    ClientTranslator, Delta, Encoded, Event, EventDecoder, EventEncoder, FinishReason, GoneOn, Loss,
    OutputFormat, ReplyContext, Request, Role, Start, Target, TranslateError, Translator,
};
use crate::framing::Frame;
use crate::{Broken, Failure, json, scan};

/// A request as a supplier of another protocol gets it.
#[derive(Debug)]
pub struct Outbound {
    /// The body.
    pub body: Bytes,
    /// What is not said in it.
    pub losses: Vec<Loss>,
    /// What was put differently, to be undone in the answer.
    pub undo: Undo,
}

/// What a request may need of a model that lacks all of `lacking`, and a translated one gets in other ways: JSON by words, and JSON
/// of a schema by a tool that takes the answer.
pub const fn met_otherwise(lacking: Needs) -> Needs {
    if lacking.contains(Needs::TOOLS) { Needs::JSON_MODE } else { Needs::JSON_MODE.union(Needs::JSON_SCHEMA) }
}

/// Says `request` to a supplier that is spoken to through `supplier`: without the tools that it may
/// [do without](Target::may_drop), as far as this one lacks them.
///
/// # Errors
/// [`TranslateError::Unsayable`]: this supplier cannot serve the request.
pub fn request(
    request: &Request,
    supplier: &dyn Translator,
    target: &Target<'_>,
) -> Result<Outbound, TranslateError> {
    let mut request = Cow::Borrowed(request);
    loop {
        match told(&request, supplier, target) {
            Err(error) => {
                request = Cow::Owned(spare::without(&request, &error, target.may_drop).ok_or(error)?);
            }
            told => return told,
        }
    }
}

/// The same with every tool.
fn told(
    request: &Request,
    supplier: &dyn Translator,
    target: &Target<'_>,
) -> Result<Outbound, TranslateError> {
    checks::check(request)?;
    let mut adapted = adapt::adapt(request, supplier, target)?;
    let mut encoded = supplier.encode_request(&adapted.request, target)?;
    if is_lower(adapted.request.max_tokens, target) {
        let at = encoded.losses.iter().position(|loss| loss.what == LIMIT);
        adapted.undo.if_cut = at.map(|at| encoded.losses.remove(at));
    }
    let mut losses = request.losses.clone();
    for loss in adapted.losses.into_iter().chain(encoded.losses) {
        note(&mut losses, loss);
    }
    if matches!(adapted.request.format, OutputFormat::Schema { name: Some(_), .. })
        && !supplier.names_schemas()
    {
        note(&mut losses, Loss::new("response_format.name", "a schema has no name there"));
    }
    if !supplier.carries_betas(target) {
        for beta in target.betas {
            note(
                &mut losses,
                Loss::new(format!("anthropic-beta.{beta}"), "only Claude's own requests have it"),
            );
        }
    }
    Ok(Outbound { body: encoded.body, losses, undo: adapted.undo })
}

/// How losses name a limit of the answer.
const LIMIT: &str = "max_tokens";

/// Whether a limit on the answer can be lower than what was asked for: then only an answer that it cuts off lost anything.
fn is_lower(asked: Option<u64>, target: &Target<'_>) -> bool {
    asked.is_none_or(|asked| target.max_output.is_some_and(|most| asked > most))
}

/// Refuses a request whose answer is to go on with the model's last word, for a supplier that would do otherwise.
///
/// # Errors
/// [`TranslateError::Unsayable`].
pub fn check_start(
    request: &Request,
    client: &dyn ClientTranslator,
    supplier: &dyn Translator,
    target: &Target<'_>,
) -> Result<(), TranslateError> {
    let spoken = request.turns.iter().rfind(|turn| turn.role != Role::System);
    if spoken.is_none_or(|turn| turn.role != Role::Assistant) {
        return Ok(());
    }
    let why = match supplier.given_start(target) {
        Start::GoneOnWith => return Ok(()),
        // Instructions behind it make it no start.
        Start::LeftBehind if !(client.goes_on() && request.is_prefilled()) => return Ok(()),
        Start::LeftBehind => "the answer would be a message of its own",
        Start::Refused => "the last word there is never the model's",
    };
    Err(TranslateError::unsayable("prefill", why))
}

/// Says a supplier's whole answer to the client.
///
/// # Errors
/// As [`Translator::decode_answer`] and [`ClientTranslator::encode_answer`]; [`TranslateError::Unsayable`] where the client
/// could be shown nothing of it; [`TranslateError::Failed`] where it does not say why it ended.
pub fn answer(
    body: &[u8],
    supplier: &dyn Translator,
    client: &dyn ClientTranslator,
    undo: &Undo,
    about: &ReplyContext,
) -> Result<Encoded, TranslateError> {
    let mut answer = supplier.decode_answer(body)?;
    // Nobody could tell whether it is whole, and no reason is made up for it: as in a stream.
    if answer.choices.iter().any(|choice| choice.finish.is_none()) {
        return Err(TranslateError::Failed(Failure::Broken(Broken::Cut)));
    }
    if let Some(held) = &undo.held {
        held.answer(&mut answer, &about.request_id);
    }
    undo.answer(&mut answer);
    if answer.choices.iter().any(|choice| choice.finish == Some(FinishReason::Length)) {
        answer.losses.extend(undo.if_cut.clone());
    }
    shown::leave_out(&mut answer, client)?;
    let mut encoded = client.encode_answer(&answer, about)?;
    let mut losses = answer.losses;
    losses.append(&mut encoded.losses);
    Ok(Encoded { losses, ..encoded })
}

/// A streamed answer on its way from a supplier's dialect into the client's.
#[derive(Debug)]
pub struct StreamTranslation {
    decoder: Box<dyn EventDecoder>,
    /// What makes calls of an answer that is held to the form of one.
    forced: Option<forced::Stream>,
    undo: undo::Stream,
    shown: shown::Stream,
    encoder: Box<dyn EventEncoder>,
    decoded: Vec<Event>,
    events: Vec<Event>,
    /// What is lost if the answer is cut off by a limit that the client did not set, and once it was.
    if_cut: Option<Loss>,
    cut: Option<Loss>,
    /// Whether the frame that was decoded last is what [`OnlyText::is_like_before`] compares with, and its text is what the
    /// decoder made of it.
    is_pattern: bool,
}

impl StreamTranslation {
    /// Before the first frame.
    pub fn new(
        supplier: &dyn Translator,
        client: &'static dyn ClientTranslator,
        undo: Arc<Undo>,
        about: &ReplyContext,
    ) -> Self {
        Self {
            decoder: supplier.event_decoder(),
            forced: forced::Stream::new(&undo, &about.request_id),
            if_cut: undo.if_cut.clone(),
            cut: None,
            undo: undo::Stream::new(undo),
            shown: shown::Stream::new(client),
            encoder: client.event_encoder(about),
            decoded: Vec::new(),
            events: Vec::new(),
            is_pattern: false,
        }
    }

    /// Appends what a frame says to `out`, in whole frames of the client's dialect; nothing where it says nothing yet.
    /// `text` is what the stream's [reader](crate::StreamReader) saw of it ([`Seen::text`](crate::Seen::text)): of frames that
    /// differ in their text and their counts alone only one is read in full.
    ///
    /// # Errors
    /// As [`EventDecoder::decode`] and [`EventEncoder::encode`]; the stream cannot go on then.
    pub fn frame(
        &mut self,
        frame: &Frame,
        text: Option<OnlyText>,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        if let Some(told) = text.and_then(|text| self.go_on(&frame.raw, text, out)) {
            return told;
        }
        self.decoded.clear();
        self.decoder.decode(frame, &mut self.decoded)?;
        self.is_pattern = match (text.and_then(|text| said(&frame.raw, text)), self.decoded.last()) {
            (Some(said), Some(Event::Delta { delta: Delta::Text(text), .. })) => *text == said,
            _ => false,
        };
        self.encode(out)
    }

    /// The same for a frame that differs from one before in its text and its counts alone, from where its `bytes` begin. `None`, and nothing
    /// done, where it has to be read in full: by [`frame`](Self::frame).
    pub fn go_on(
        &mut self,
        bytes: &[u8],
        text: OnlyText,
        out: &mut Vec<u8>,
    ) -> Option<Result<(), TranslateError>> {
        if !(text.is_like_before && self.is_pattern) {
            return None;
        }
        let more = said(bytes, text)?;
        let GoneOn { choice, usage } = self.decoder.go_on(&more, &text.counts)?;
        let usage = usage.map(Event::Usage);
        if self.forced.is_none() && self.undo.lets_text_through(choice) {
            if let Some(Err(error)) = usage.map(|usage| self.encoder.encode(&usage, out)) {
                return Some(Err(error));
            }
            return Some(self.encoder.grow(choice, &more, out));
        }
        self.decoded.clear();
        self.decoded.extend(usage);
        self.decoded.push(Event::Delta { choice, delta: Delta::Text(more.into_owned()) });
        Some(self.encode(out))
    }

    /// Appends what the end of the supplier's body says to `out`: the end of the answer, in a protocol without a terminal
    /// event. To be called once, where the body ended as it should.
    ///
    /// # Errors
    /// As [`frame`](Self::frame).
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        self.decoded.clear();
        self.decoder.end(&mut self.decoded)?;
        self.encode(out)
    }

    fn encode(&mut self, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        self.events.clear();
        if let Some(forced) = &mut self.forced {
            for event in std::mem::take(&mut self.decoded) {
                forced.event(event, &mut self.decoded);
            }
        }
        for event in self.decoded.drain(..) {
            self.undo.event(event, &mut self.events);
        }
        for event in &self.events {
            if matches!(event, Event::Finish { reason: FinishReason::Length, .. }) {
                self.cut = self.cut.take().or(self.if_cut.take());
            }
            if !self.shown.lets_through(event)? {
                continue;
            }
            match event {
                Event::Delta { choice, delta: Delta::Text(text) } => self.encoder.grow(*choice, text, out)?,
                event => self.encoder.encode(event, out)?,
            }
        }
        Ok(())
    }

    /// Whether all that the answer has said so far is what the client cannot be shown.
    pub fn is_unshown(&self) -> bool {
        self.shown.is_nothing()
    }

    /// What was lost so far.
    pub fn losses(&self) -> Vec<Loss> {
        let ours = [self.cut.as_slice(), self.undo.losses(), self.shown.losses()].concat();
        [self.decoder.losses(), &ours, self.encoder.losses()].concat()
    }
}

/// What the text of a frame says; `None` where it is no sound string.
fn said(frame: &[u8], text: OnlyText) -> Option<Cow<'_, str>> {
    let inside = frame.get(text.start..text.end)?;
    if json::is_plain(inside) {
        return std::str::from_utf8(inside).ok().map(Cow::Borrowed);
    }
    scan::said(frame.get(text.start..=text.end)?)
}

/// Adds a loss that is not there yet.
pub(crate) fn note(losses: &mut Vec<Loss>, loss: Loss) {
    if !losses.iter().any(|known| known.what == loss.what) {
        losses.push(loss);
    }
}
