//! A streamed answer for a client, written.
//!
//! Each piece of text is a response of its own; a call is one when it is whole. The finish reasons are what a client takes
//! for the end, so they are held back until the neutral end has come, and stand in one last response with the usage and
//! the sources.

use std::collections::BTreeMap;

use catalogue::{Service, Usage};

use crate::conversation::{
    BlockStart, Citation, Delta, Event, EventEncoder, FinishReason, Loss, Media, Opaque, ReplyContext,
    TokenLogprob, ToolInput, TranslateError,
};
use crate::framing::DEFAULT_LIMIT;
use crate::gemini::answer::encode::is_part;
use crate::gemini::grounding::Grounding;
use crate::gemini::response::Response;
use crate::gemini::{client, media, usage};
use crate::json::Json;
use crate::service;
use crate::template::Template;
use crate::translate::note;

/// So much of an open text is kept, to find out where in it a passage stands.
const MOST_KEPT_BYTES: usize = 1024 * 1024;

/// The writer of one stream.
#[derive(Debug)]
pub(in crate::gemini) struct Encoder {
    about: ReplyContext,
    id: Option<String>,
    model: Option<String>,
    usage: Option<Usage>,
    service: Option<Service>,
    choices: BTreeMap<u32, Choice>,
    losses: Vec<Loss>,
    /// The last response that held a piece of text, and of which choice, while nothing else is to be said.
    piece: Template,
    piece_of: u32,
}

/// What is known of one choice.
#[derive(Debug, Default)]
struct Choice {
    open: Option<Open>,
    finish: Option<FinishReason>,
    /// Whether there is a part of it.
    speaks: bool,
    calls: bool,
    broke_a_call: bool,
    grounding: Grounding,
    /// Bytes of all its text before the open one.
    base: u64,
}

/// The open block.
#[derive(Debug)]
struct Open {
    kind: Kind,
    /// The text so far: a call's arguments, or text that is cited from.
    text: String,
    length: u64,
    citations: Vec<Citation>,
    proof: Option<Opaque>,
}

#[derive(Debug)]
enum Kind {
    Text,
    Thought,
    Call {
        id: String,
        name: String,
        is_custom: bool,
    },
    /// Written when it was opened.
    Whole,
}

impl Open {
    /// Takes a piece of text, or of what was thought.
    fn take(&mut self, text: &str) {
        self.length += text.len() as u64;
        if matches!(self.kind, Kind::Text) && self.text.len() + text.len() <= MOST_KEPT_BYTES {
            self.text.push_str(text);
        }
    }

    /// Takes a piece of a call's arguments.
    fn argument(&mut self, text: &str) -> Result<(), TranslateError> {
        if self.text.len() + text.len() > DEFAULT_LIMIT {
            return Err(TranslateError::malformed("tool_call.arguments", "longer than we are ready to hold"));
        }
        self.text.push_str(text);
        Ok(())
    }
}

impl Encoder {
    pub(in crate::gemini) fn new(about: &ReplyContext) -> Self {
        Self {
            about: about.clone(),
            id: None,
            model: None,
            usage: None,
            service: None,
            choices: BTreeMap::new(),
            losses: Vec::new(),
            piece: Template::default(),
            piece_of: 0,
        }
    }
}

impl EventEncoder for Encoder {
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let is_known = match event {
            Event::Usage(usage) => self.usage == Some(*usage),
            Event::KeepAlive => true,
            _ => false,
        };
        if !is_known {
            self.piece.forget();
        }
        match event {
            Event::Start { id, model, usage } => {
                self.id.clone_from(id);
                self.model.clone_from(model);
                self.usage = usage.or(self.usage);
            }
            Event::BlockStart { choice, block } => self.start(*choice, block, out),
            Event::Delta { choice, delta } => self.delta(*choice, delta, out)?,
            Event::BlockEnd { choice } => self.end(*choice, out),
            Event::Finish { choice, reason } => self.choice(*choice).finish = Some(reason.clone()),
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Service(service) => self.service = Some(*service),
            Event::KeepAlive => out.push(b'\n'),
            Event::End => self.last(out),
        }
        Ok(())
    }

    fn grow(&mut self, choice: u32, text: &str, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let is_like_before = self.piece.is_learnt() && choice == self.piece_of && !text.is_empty();
        if let (true, Some(open)) = (is_like_before, &mut self.choice(choice).open) {
            open.take(text);
            self.piece.write(text, 0, out);
            return Ok(());
        }
        let start = out.len();
        self.encode(&Event::Delta { choice, delta: Delta::Text(text.to_owned()) }, out)?;
        self.piece_of = choice;
        self.piece.learn_ours(&out[start..], |json| Some(Response::read(json).ok()?.holes.of_text()));
        Ok(())
    }

    fn losses(&self) -> &[Loss] {
        &self.losses
    }
}

impl Encoder {
    fn choice(&mut self, choice: u32) -> &mut Choice {
        self.choices.entry(choice).or_default()
    }

    fn start(&mut self, choice: u32, block: &BlockStart, out: &mut Vec<u8>) {
        let kind = match block {
            BlockStart::Text => Kind::Text,
            BlockStart::Refusal => {
                note(&mut self.losses, Loss::new("refusal", "said as text"));
                Kind::Text
            }
            BlockStart::Reasoning { .. } => Kind::Thought,
            BlockStart::ToolCall { id, name, is_custom } => {
                Kind::Call { id: id.clone(), name: name.clone(), is_custom: *is_custom }
            }
            BlockStart::Media(media) => {
                self.media(choice, media, out);
                Kind::Whole
            }
            BlockStart::Search(search) => {
                let mut losses = std::mem::take(&mut self.losses);
                self.choice(choice).grounding.searched(search, &mut losses);
                self.losses = losses;
                Kind::Whole
            }
            BlockStart::Opaque(opaque) => {
                if is_part(opaque) {
                    self.part(choice, opaque.data.as_bytes(), out);
                } else {
                    note(&mut self.losses, Loss::new(&*opaque.kind, "a block of another protocol's"));
                }
                Kind::Whole
            }
        };
        let open = Open { kind, text: String::new(), length: 0, citations: Vec::new(), proof: None };
        self.choice(choice).open = Some(open);
    }

    fn media(&mut self, choice: u32, media: &Media, out: &mut Vec<u8>) {
        let mut json = Json::new();
        json.object();
        if media::write_for_client(&mut json, media) {
            json.end_object();
            self.part(choice, &json.finish(), out);
        } else {
            note(&mut self.losses, Loss::new("media", "a file that its supplier holds"));
        }
    }

    fn delta(&mut self, choice: u32, delta: &Delta, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let Some(open) = &mut self.choice(choice).open else { return Ok(()) };
        match delta {
            Delta::Text(text) => {
                let is_thought = match open.kind {
                    Kind::Text => false,
                    Kind::Thought => true,
                    Kind::Call { .. } => return open.argument(text),
                    Kind::Whole => return Ok(()),
                };
                open.take(text);
                if !text.is_empty() {
                    self.text(choice, text, is_thought, None, out);
                }
            }
            Delta::Citation(citation) => open.citations.push(citation.clone()),
            Delta::Proof(proof) => open.proof = Some(proof.clone()),
            Delta::Logprobs(tokens) => self.logprobs(choice, tokens, out),
        }
        Ok(())
    }

    /// The block closes: what is said of it as a whole is said now.
    fn end(&mut self, choice: u32, out: &mut Vec<u8>) {
        let Some(open) = self.choice(choice).open.take() else { return };
        match &open.kind {
            Kind::Text => {
                let state = self.choice(choice);
                for citation in &open.citations {
                    state.grounding.add(citation, 0, &open.text, state.base);
                }
                state.base += open.length;
                self.signature(choice, false, open.proof.as_ref(), out);
            }
            Kind::Thought => self.signature(choice, true, open.proof.as_ref(), out),
            Kind::Call { id, name, is_custom } => {
                let input = if *is_custom {
                    ToolInput::Text(open.text)
                } else {
                    ToolInput::Arguments(open.text.into())
                };
                let is_first = !self.choice(choice).calls;
                let proof = open.proof.as_ref();
                let mut json = Json::new();
                if client::call(&mut json, id, name, &input, proof, is_first, &mut self.losses) {
                    self.choice(choice).calls = true;
                    self.part(choice, &json.finish(), out);
                } else {
                    self.choice(choice).broke_a_call = true;
                }
            }
            Kind::Whole => {}
        }
    }

    /// A signature behind what it signs: in a part without text, as Google does it.
    fn signature(&mut self, choice: u32, is_thought: bool, proof: Option<&Opaque>, out: &mut Vec<u8>) {
        if proof.is_some() {
            self.text(choice, "", is_thought, proof, out);
        }
    }

    fn text(&mut self, choice: u32, text: &str, is_thought: bool, proof: Option<&Opaque>, out: &mut Vec<u8>) {
        let mut json = Json::new();
        client::text(&mut json, text, is_thought, proof);
        self.part(choice, &json.finish(), out);
    }

    /// A response that holds one part.
    fn part(&mut self, choice: u32, part: &[u8], out: &mut Vec<u8>) {
        // The choice is known from now on, so that its reason is waited for.
        self.choice(choice).speaks = true;
        let mut json = Json::new();
        json.object().key("candidates").array().object();
        content(&mut json, part);
        json.key("index").number(choice.into()).end_object().end_array();
        self.response(json, out);
    }

    fn logprobs(&mut self, choice: u32, tokens: &[TokenLogprob], out: &mut Vec<u8>) {
        if tokens.is_empty() {
            return;
        }
        let mut json = Json::new();
        json.object().key("candidates").array().object();
        content(&mut json, NO_WORDS);
        json.key("index").number(choice.into());
        client::logprobs(&mut json, tokens, &mut self.losses);
        json.end_object().end_array();
        self.response(json, out);
    }

    /// The last response.
    fn last(&mut self, out: &mut Vec<u8>) {
        let mut json = Json::new();
        json.object().key("candidates").array();
        for (index, choice) in &self.choices {
            json.object();
            if choice.speaks {
                content(&mut json, NO_WORDS);
            }
            if let Some(reason) = &choice.finish {
                client::ended(&mut json, reason, choice.broke_a_call, &mut self.losses);
            }
            json.key("index").number((*index).into());
            choice.grounding.write(&mut json, &mut self.losses);
            json.end_object();
        }
        json.end_array();
        if self.usage.is_none() {
            self.losses.extend(service::unsaid(self.service, None));
        }
        self.response(json, out);
    }

    /// Ends a response with what all of them say.
    fn response(&mut self, mut json: Json, out: &mut Vec<u8>) {
        if let Some(used) = &self.usage {
            usage::write(&mut json, used, self.service, &mut self.losses);
        }
        client::name(&mut json, self.id.as_deref(), self.model.as_deref(), &self.about);
        json.end_object();
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&json.finish());
        out.extend_from_slice(b"\r\n\r\n");
    }
}

/// A part that says nothing. Google ends streams with one, and its SDKs' chats keep no turn in which a response has no part.
const NO_WORDS: &[u8] = br#"{"text":""}"#;

fn content(json: &mut Json, part: &[u8]) {
    json.key("content").object().key("parts").array().raw(part).end_array();
    json.key("role").text("model").end_object();
}
