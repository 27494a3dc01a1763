//! A stream for a client.
//!
//! Readers of this protocol merge chunks: strings of the same name are put together, elements of lists by their `index`
//! (`lib/streaming/_deltas.py` in openai 3.54.0, read 2026-11-28). So each element has one, what is said once is written
//! once, and no choice begins before the ones in front of it.

mod writing;

use catalogue::{Service, Usage};

use self::writing::Writing;
use super::super::answer::answer_id;
use super::super::extras::{write_logprobs, write_usage};
use super::super::read::Losses;
use super::super::{request, words};
use super::MOST_CHOICES;
use crate::conversation::{
    Delta, Event, EventEncoder, FinishReason, Loss, ReplyContext, TokenLogprob, TranslateError,
};
use crate::json::Json;
use crate::openai_chat::answer::Answer;
use crate::service;
use crate::template::{Holes, Template};

/// Writes one stream.
#[derive(Debug)]
pub(in super::super) struct Encoder {
    about: ReplyContext,
    id: String,
    model: String,
    is_legacy: bool,
    choices: Vec<Writing>,
    usage: Option<Usage>,
    service: Option<Service>,
    /// What of that the last chunk said.
    told: Option<Service>,
    done: bool,
    losses: Losses,
    /// The last chunk that said a piece of text, and of which choice, while nothing else is to be said.
    piece: Template,
    piece_of: u32,
}

/// What a chunk says of one choice.
#[derive(Debug, Default)]
struct Piece<'a> {
    /// The JSON of `delta`; an empty object where there is none.
    delta: Option<Vec<u8>>,
    logprobs: &'a [TokenLogprob],
    finish: Option<&'a FinishReason>,
}

impl Encoder {
    pub(in super::super) fn new(about: &ReplyContext) -> Self {
        Self {
            about: about.clone(),
            id: answer_id(None, about).into_owned(),
            model: about.model.to_string(),
            is_legacy: request::is_legacy(&about.request),
            choices: Vec::new(),
            usage: None,
            service: None,
            told: None,
            done: false,
            losses: Losses::default(),
            piece: Template::default(),
            piece_of: 0,
        }
    }
}

impl EventEncoder for Encoder {
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        if self.done {
            return Ok(());
        }
        // Usage is told at the end.
        if !matches!(event, Event::Usage(_) | Event::KeepAlive) {
            self.piece.forget();
        }
        match event {
            Event::Start { id, model, usage } => {
                self.id = answer_id(id.as_deref(), &self.about).into_owned();
                if let Some(model) = model {
                    self.model.clone_from(model);
                }
                self.usage = *usage;
                self.begin(0, out)?;
            }
            Event::BlockStart { choice, block } => {
                let at = self.begin(*choice, out)?;
                let delta = self.choices[at].start(block, self.is_legacy, &mut self.losses)?;
                self.say(*choice, delta, out);
            }
            Event::Delta { choice, delta: Delta::Logprobs(logprobs) } => {
                self.begin(*choice, out)?;
                self.write(*choice, &Piece { logprobs, ..Piece::default() }, out);
            }
            Event::Delta { choice, delta } => {
                let at = self.begin(*choice, out)?;
                let delta = self.choices[at].grow(delta, &mut self.losses);
                self.say(*choice, delta, out);
            }
            Event::BlockEnd { choice } => {
                let at = self.begin(*choice, out)?;
                let delta = self.choices[at].end(&mut self.losses);
                self.say(*choice, delta, out);
            }
            Event::Finish { choice, reason } => {
                let at = self.begin(*choice, out)?;
                let delta = self.choices[at].last_words();
                self.write(*choice, &Piece { delta, finish: Some(reason), ..Piece::default() }, out);
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Service(service) => {
                self.service = Some(*service);
                if let Some(Loss { what, why }) = service::unsaid(self.service, service::to_openai(*service))
                {
                    self.losses.note(&what, why);
                }
            }
            Event::KeepAlive => out.extend_from_slice(b": keep-alive\n\n"),
            Event::End => self.end(out),
        }
        Ok(())
    }

    fn grow(&mut self, choice: u32, text: &str, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let is_like_before = self.piece.is_learnt() && choice == self.piece_of && !text.is_empty();
        if is_like_before && self.choices[choice as usize].take(text, &mut self.losses) {
            self.piece.write(text, 0, out);
            return Ok(());
        }
        let start = out.len();
        self.encode(&Event::Delta { choice, delta: Delta::Text(text.to_owned()) }, out)?;
        self.piece_of = choice;
        self.piece.learn_ours(&out[start..], |json| {
            let said = Answer::read(json).ok().filter(Answer::is_plain_text)?;
            let mut holes = Holes::default();
            holes.text(said.last_text);
            Some(holes)
        });
        Ok(())
    }

    fn losses(&self) -> &[Loss] {
        self.losses.as_slice()
    }
}

impl Encoder {
    /// Makes sure that a choice, and each in front of it, has its first chunk; gives its place among them.
    fn begin(&mut self, choice: u32, out: &mut Vec<u8>) -> Result<usize, TranslateError> {
        if choice >= MOST_CHOICES {
            return Err(TranslateError::unsayable("choices", "nobody asks for so many"));
        }
        while self.choices.len() <= choice as usize {
            let next = u32::try_from(self.choices.len()).expect("there are fewer choices");
            self.choices.push(Writing::default());
            let mut json = Json::new();
            // Nothing is said yet: `null` gives way to the first text, and stays where none comes.
            json.object().key("role").text("assistant").key("content").null().end_object();
            self.say(next, Some(json.finish()), out);
        }
        Ok(choice as usize)
    }

    fn say(&mut self, choice: u32, delta: Option<Vec<u8>>, out: &mut Vec<u8>) {
        if delta.is_some() {
            self.write(choice, &Piece { delta, ..Piece::default() }, out);
        }
    }

    fn write(&mut self, choice: u32, piece: &Piece<'_>, out: &mut Vec<u8>) {
        let mut json = self.chunk();
        json.object().key("index").number(u64::from(choice));
        json.key("delta").raw(piece.delta.as_deref().unwrap_or(b"{}"));
        write_logprobs(&mut json, piece.logprobs);
        json.key("finish_reason");
        match piece.finish {
            Some(reason) => json.text(words::finish_word(reason, self.is_legacy, &mut self.losses)),
            None => json.null(),
        };
        if let Some(FinishReason::StopSequence(Some(text))) = piece.finish {
            json.key("stop_reason").text(text);
        }
        json.end_object().end_array();
        if self.about.request.stream_usage {
            json.key("usage").null();
        }
        send(json, out);
    }

    /// A chunk up to its choices.
    fn chunk(&mut self) -> Json {
        self.told = self.service;
        let mut json = Json::new();
        json.object().key("id").text(&self.id).key("object").text("chat.completion.chunk");
        json.key("created").number(self.about.created_unix_s).key("model").text(&self.model);
        json.optional("service_tier", self.service.and_then(service::to_openai));
        json.key("choices").array();
        json
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.done = true;
        if let (true, Some(usage)) = (self.about.request.stream_usage, self.usage) {
            let mut json = self.chunk();
            json.end_array();
            write_usage(&mut json, &usage, &mut self.losses);
            send(json, out);
        }
        if self.told != self.service {
            self.losses.note("service_tier", "it came behind the last chunk");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}

/// Closes a chunk and puts it out as an event.
fn send(mut json: Json, out: &mut Vec<u8>) {
    json.end_object();
    out.extend_from_slice(b"data: ");
    out.append(&mut json.finish());
    out.extend_from_slice(b"\n\n");
}
