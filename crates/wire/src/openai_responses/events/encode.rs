//! A client's stream, written: the full life cycle that the official SDKs keep account of.
//!
//! A block's end is written when it is known what follows: only then is it known whether the item is complete. A call that
//! the token limit cut must not be told as complete, for clients act on it.
//!
//! Source: `types/responses/response_*_event.py`, `lib/streaming/responses/_responses.py`.

use catalogue::{Service, Usage};

use super::super::finish::{self, Ending};
use super::super::output::{Body, IN_PROGRESS, Item, Opening};
use super::super::response::Response;
use super::super::said::Said;
use super::frame::Pen;
use super::open::Open;
use crate::conversation::{
    BlockStart, Delta, Event, EventEncoder, FinishReason, Loss, Opaque, ReplyContext, TranslateError,
};
use crate::service;
use crate::template::Template;
use crate::translate::note;

/// The longest answer, in bytes: its last event says all of it again.
const LONGEST: usize = 64 * 1024 * 1024;

/// See [`EventEncoder`].
#[derive(Debug)]
pub(in super::super) struct Encoder {
    about: ReplyContext,
    /// The model's name, once the supplier has stated it.
    model: Option<String>,
    started: bool,
    ended: bool,
    pen: Pen,
    open: Option<Open>,
    /// How many items have ended.
    items: u64,
    /// Their JSON, with commas between.
    output: Vec<u8>,
    /// Whether the last block has ended, and waits for what follows.
    block_ended: bool,
    /// What proves the last block, or what the maker of a search wants back, where its item has no place for it.
    proofs: Vec<Opaque>,
    /// Bytes of text.
    bytes: usize,
    usage: Option<Usage>,
    service: Option<Service>,
    finish: Option<FinishReason>,
    /// The last delta, while nothing but text follows it.
    delta: Template,
}

impl EventEncoder for Encoder {
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        if self.ended {
            return Ok(());
        }
        // These are no part of a delta.
        if !matches!(event, Event::Usage(_) | Event::Service(_) | Event::KeepAlive) {
            self.delta.forget();
        }
        match event {
            Event::Start { model, usage, .. } => {
                self.usage = usage.or(self.usage);
                self.model = self.model.take().or_else(|| model.clone());
                self.start(out);
            }
            Event::BlockStart { choice, block } => {
                only_one(*choice)?;
                self.start(out);
                self.open(block, out)?;
            }
            Event::Delta { choice, delta } => {
                only_one(*choice)?;
                self.grow(delta, out)?;
            }
            Event::BlockEnd { .. } => self.block_ended = true,
            Event::Finish { choice, reason } => {
                only_one(*choice)?;
                self.finish = Some(reason.clone());
                self.start(out);
                self.close(finish::write(Some(reason)).item, out);
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Service(service) => {
                self.service = Some(*service);
                if let Some(loss) = service::unsaid(self.service, service::to_openai(*service)) {
                    note(&mut self.pen.losses, loss);
                }
            }
            Event::KeepAlive => out.extend_from_slice(b": keep-alive\n\n"),
            Event::End => self.end(out),
        }
        Ok(())
    }

    fn grow(&mut self, choice: u32, text: &str, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        if let (true, Some(open)) =
            (self.delta.is_learnt() && choice == 0 && !text.is_empty(), &mut self.open)
        {
            weigh(&mut self.bytes, text)?;
            open.take(text);
            self.delta.write(text, self.pen.number(), out);
            return Ok(());
        }
        let start = out.len();
        self.encode(&Event::Delta { choice, delta: Delta::Text(text.to_owned()) }, out)?;
        self.delta.learn_ours(&out[start..], |json| Some(Said::read(json).ok()?.holes));
        Ok(())
    }

    fn losses(&self) -> &[Loss] {
        &self.pen.losses
    }
}

/// Counts a piece of text in.
fn weigh(bytes: &mut usize, text: &str) -> Result<(), TranslateError> {
    *bytes += text.len();
    if *bytes > LONGEST {
        return Err(TranslateError::unsayable("output", "too long to be said again at its end"));
    }
    Ok(())
}

fn only_one(choice: u32) -> Result<(), TranslateError> {
    if choice == 0 { Ok(()) } else { Err(TranslateError::unsayable("n", "one answer at a time")) }
}

impl Encoder {
    pub(in super::super) fn new(about: &ReplyContext) -> Self {
        Self {
            about: about.clone(),
            model: None,
            started: false,
            ended: false,
            pen: Pen::default(),
            open: None,
            items: 0,
            output: Vec::new(),
            block_ended: false,
            proofs: Vec::new(),
            bytes: 0,
            usage: None,
            service: None,
            finish: None,
            delta: Template::default(),
        }
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if !self.started {
            self.started = true;
            self.response("response.created", IN_PROGRESS, None, out);
            self.response("response.in_progress", IN_PROGRESS, None, out);
        }
    }

    fn response(&mut self, kind: &'static str, status: &str, reason: Option<&str>, out: &mut Vec<u8>) {
        let mut frame = self.pen.event(kind);
        frame.json.key("response");
        Response {
            about: &self.about,
            model: self.model.as_deref().unwrap_or(&self.about.model),
            status,
            reason,
            output: &self.output,
            usage: self.usage.as_ref().filter(|_| status != IN_PROGRESS),
            service: self.service,
        }
        .write(&mut frame.json);
        frame.send(out);
    }

    fn open(&mut self, block: &BlockStart, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let opening = Opening::of(block, &mut self.pen.losses)?;
        // A message goes on with another part, unless something has to stand between.
        let goes_on = self.proofs.is_empty() && self.open.as_ref().is_some_and(Open::is_message);
        match &mut self.open {
            Some(open) if goes_on && matches!(opening, Some(Opening::Part(_))) => {
                open.end_block(&mut self.pen, out);
            }
            _ => self.close("completed", out),
        }
        self.block_ended = false;
        match opening {
            Some(Opening::Part(part)) => {
                let message = || Body::Message(Vec::new());
                let open = match self.open.take() {
                    Some(open) => open,
                    None => self.begin(message(), out),
                };
                self.open.insert(open).add_part(part, &mut self.pen, out);
            }
            Some(Opening::Item(body)) => {
                if let Body::Search(search) = &body {
                    self.proofs.clone_from(&search.own);
                }
                self.open = Some(self.begin(body, out));
            }
            None => {}
        }
        Ok(())
    }

    fn begin(&mut self, body: Body, out: &mut Vec<u8>) -> Open {
        let item = Item::new(body, &self.about.request_id, self.items);
        Open::new(item, self.items, &mut self.pen, out)
    }

    fn grow(&mut self, delta: &Delta, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let Some(open) = self.open.as_mut().filter(|_| !self.block_ended) else { return Ok(()) };
        match delta {
            Delta::Text(text) if text.is_empty() => {}
            Delta::Text(text) => {
                weigh(&mut self.bytes, text)?;
                open.text(text, &mut self.pen, out);
            }
            Delta::Citation(citation) => open.cite(citation, &mut self.pen, out),
            Delta::Logprobs(tokens) => open.rate(tokens, &mut self.pen, out),
            Delta::Proof(proof) if open.prove(proof) => {}
            Delta::Proof(proof) => self.proofs = vec![proof.clone()],
        }
        Ok(())
    }

    /// Ends the open item, and tells what proves it.
    fn close(&mut self, status: &str, out: &mut Vec<u8>) {
        self.block_ended = false;
        let Some(mut open) = self.open.take() else { return };
        open.end_block(&mut self.pen, out);
        self.done(open, status, out);
        for proof in std::mem::take(&mut self.proofs) {
            let open = self.begin(Body::proof_of_previous(&proof), out);
            self.done(open, "completed", out);
        }
    }

    fn done(&mut self, open: Open, status: &str, out: &mut Vec<u8>) {
        let json = open.end(status, &mut self.pen, out);
        if self.items > 0 {
            self.output.push(b',');
        }
        self.output.extend_from_slice(&json);
        self.items += 1;
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.start(out);
        let Ending { status, reason, item, loss } = finish::write(self.finish.as_ref());
        self.close(item, out);
        if let Some(loss) = loss {
            note(&mut self.pen.losses, loss);
        }
        let kind = if status == "completed" { "response.completed" } else { "response.incomplete" };
        self.response(kind, status, reason, out);
        self.ended = true;
    }
}
