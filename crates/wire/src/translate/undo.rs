//! Taking back, in the answer, what was put differently in the request.

mod unfence;
mod unwrap;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;

use self::unfence::Unfence;
use self::unwrap::Unwrap;
use super::forced::Held;
use super::note;
use crate::conversation::{
    Answer, Block, BlockStart, Content, Delta, Event, FinishReason, Loss, Opaque, ToolCall, ToolInput,
};
use crate::scan::{ScanError, Scanner};

/// What to undo, and whose the answer is.
#[derive(Debug, Default)]
pub struct Undo {
    /// The tag of the account that answers.
    pub(super) owner: Arc<str>,
    /// Tools' names as the supplier knows them, with the client's.
    pub(super) renamed: HashMap<String, String>,
    /// Tools, as the supplier knows them, whose calls are free text to the client.
    pub(super) custom: HashSet<String>,
    /// The tool whose call is the answer.
    pub(super) answer_tool: Option<String>,
    /// Whether the answer is the only member of an object, since the supplier takes nothing else.
    pub(super) is_wrapped: bool,
    /// Whether JSON was asked for in words, so that the model may put it into a code fence.
    pub(super) may_be_fenced: bool,
    /// What is lost if a limit that the client did not set cuts the answer off.
    pub(super) if_cut: Option<Loss>,
    /// What the answer is where it is held to a call.
    pub(super) held: Option<Held>,
}

impl Undo {
    pub(super) fn answer(&self, answer: &mut Answer) {
        for choice in &mut answer.choices {
            if self.leave_answer_alone(&mut choice.blocks) {
                note(&mut answer.losses, said_more());
            }
            choice.blocks =
                std::mem::take(&mut choice.blocks).into_iter().map(|block| self.block(block)).collect();
            let calls = choice.blocks.iter().any(|block| block.call().is_some());
            let took_answer = self.answer_tool.is_some();
            choice.finish = choice.finish.take().map(|reason| finish(reason, calls, took_answer));
        }
    }

    /// Where the tool that takes the answer was called, its first call is the answer: with other calls of it, or with words, that
    /// is no JSON. Whether there were any.
    fn leave_answer_alone(&self, blocks: &mut Vec<Block>) -> bool {
        let is_answer = |block: &Block| block.call().is_some_and(|call| self.is_answer(&call.name));
        let Some(answer) = blocks.iter().position(is_answer) else { return false };
        // In a stream, words before another call are out by then.
        let other_call = blocks[..answer].iter().rposition(|block| block.call().is_some());
        let since = other_call.map_or(0, |at| at + 1);
        let (mut place, mut says_more) = (0, false);
        blocks.retain(|block| {
            let at = place;
            place += 1;
            let words = match &block.content {
                Content::Text(text) => Some(!text.text.trim().is_empty()),
                _ => is_answer(block).then_some(true),
            };
            let goes = words.filter(|_| at >= since && at != answer);
            says_more |= goes == Some(true);
            goes.is_none()
        });
        says_more
    }

    fn block(&self, mut block: Block) -> Block {
        if let Content::ToolCall(call) = block.content {
            block.content = self.call(call);
        }
        match &mut block.content {
            Content::Opaque(proof) | Content::ToolCall(ToolCall { proof: Some(proof), .. }) => {
                self.own(proof);
            }
            Content::Reasoning(reasoning) => reasoning.proof.iter_mut().for_each(|proof| self.own(proof)),
            Content::Text(text) => {
                if let Some(shell) = self.shell() {
                    text.text = shell.whole(&text.text);
                }
                text.proof.iter_mut().for_each(|proof| self.own(proof));
            }
            Content::Search(search) => search.own.iter_mut().for_each(|own| self.own(own)),
            _ => {}
        }
        block
    }

    fn call(&self, mut call: ToolCall) -> Content {
        if let (true, ToolInput::Arguments(arguments)) = (self.is_answer(&call.name), &call.input) {
            return Content::text(String::from_utf8_lossy(arguments));
        }
        if self.custom.contains(&call.name)
            && let ToolInput::Arguments(arguments) = &call.input
        {
            call.input = ToolInput::Text(free_text(arguments));
        }
        if let Some(name) = self.renamed.get(&call.name) {
            call.name.clone_from(name);
        }
        Content::ToolCall(call)
    }

    /// What a text of the answer comes out of.
    fn shell(&self) -> Option<Shell> {
        if self.is_wrapped {
            Some(Shell::Object(Unwrap::default()))
        } else {
            self.may_be_fenced.then(|| Shell::Fence(Unfence::default()))
        }
    }

    fn is_answer(&self, name: &str) -> bool {
        self.answer_tool.as_deref() == Some(name)
    }

    fn own(&self, opaque: &mut Opaque) {
        opaque.owner.get_or_insert_with(|| Arc::clone(&self.owner));
    }
}

/// The model says more than the answer that it was asked for.
fn said_more() -> Loss {
    Loss::new("response_format", "what the model said beside its answer, which has to be JSON")
}

/// The reason as the client is to see it: some suppliers say `stop` behind a tool call, and the call of the tool that
/// takes the answer is none to the client.
fn finish(reason: FinishReason, calls: bool, took_answer: bool) -> FinishReason {
    match reason {
        FinishReason::Stop if calls => FinishReason::ToolCalls,
        FinishReason::ToolCalls if took_answer && !calls => FinishReason::Stop,
        reason => reason,
    }
}

/// What stands in `input` of a call whose tool takes free text; all of it where the model wrote something else.
fn free_text(arguments: &Bytes) -> String {
    let whole = || String::from_utf8_lossy(arguments).into_owned();
    let read = || {
        let mut found = None;
        let mut scan = Scanner::new(arguments)?;
        scan.object(|scan, name| {
            if name == b"input" {
                found = scan.text()?.map(|text| text.unescape().into_owned());
                return Ok(());
            }
            scan.skip()
        })?;
        Ok::<_, ScanError>(found)
    };
    read().ok().flatten().unwrap_or_else(whole)
}

/// What stands around the text that the client asked for.
#[derive(Debug, Clone)]
enum Shell {
    Object(Unwrap),
    Fence(Unfence),
}

impl Shell {
    /// What there is to say once `text` has come.
    fn push(&mut self, text: &str) -> String {
        match self {
            Self::Object(unwrap) => unwrap.push(text),
            Self::Fence(unfence) => unfence.push(text),
        }
    }

    /// What there is to say once no more comes.
    fn end(&mut self) -> String {
        match self {
            Self::Object(unwrap) => unwrap.end(),
            Self::Fence(unfence) => unfence.end(),
        }
    }

    /// Whether all that comes is said as it is.
    fn is_off(&self) -> bool {
        matches!(self, Self::Fence(unfence) if unfence.is_off())
    }

    /// The whole of a text.
    fn whole(mut self, text: &str) -> String {
        let mut out = self.push(text);
        out += &self.end();
        out
    }
}

/// The same for a stream, event by event.
#[derive(Debug)]
pub(super) struct Stream {
    undo: Arc<Undo>,
    choices: Vec<State>,
    losses: Vec<Loss>,
}

/// What becomes of a block.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Open {
    #[default]
    Passed,
    LeftOut,
    Waits,
}

/// What is known of one choice.
#[derive(Debug, Default, Clone)]
struct State {
    calls: bool,
    /// Whether a call of the tool that takes the answer came.
    is_answered: bool,
    /// What becomes of the open block, where a tool takes the answer.
    open: Open,
    /// Words of which it is not known yet whether an answer follows.
    waiting: Vec<Event>,
    /// The arguments so far of an open call whose tool takes free text.
    free_text: Option<Vec<u8>>,
    /// What the open text comes out of.
    shell: Option<Shell>,
}

impl Stream {
    pub(super) const fn new(undo: Arc<Undo>) -> Self {
        Self { undo, choices: Vec::new(), losses: Vec::new() }
    }

    /// Appends what `event` is to the client.
    pub(super) fn event(&mut self, event: Event, out: &mut Vec<Event>) {
        if self.undo.answer_tool.is_none() {
            return self.pass(event, out);
        }
        match event {
            Event::BlockStart { choice, .. } => self.opens(choice, &event, out),
            Event::Finish { choice, .. } => self.let_go(choice, out),
            _ => {}
        }
        let (Event::BlockStart { choice, .. } | Event::Delta { choice, .. } | Event::BlockEnd { choice }) =
            &event
        else {
            return self.pass(event, out);
        };
        let state = self.state(*choice);
        let open = state.open;
        if matches!(event, Event::BlockEnd { .. }) {
            state.open = Open::Passed;
        }
        match open {
            Open::Passed => self.pass(event, out),
            Open::Waits => state.waiting.push(event),
            Open::LeftOut if says_words(&event) => note(&mut self.losses, said_more()),
            Open::LeftOut => {}
        }
    }

    /// Decides on the block that opens, where a tool takes the answer: words wait until it is known whether an answer follows,
    /// and go then, as do words and answers behind it.
    fn opens(&mut self, choice: u32, event: &Event, out: &mut Vec<Event>) {
        let Event::BlockStart { block, .. } = event else { return };
        let is_text = matches!(block, BlockStart::Text);
        let (is_call, is_answer) = match block {
            BlockStart::ToolCall { name, .. } => (true, self.undo.is_answer(name)),
            _ => (false, false),
        };
        let state = self.state(choice);
        state.open = match state.is_answered {
            true if is_text || is_answer => Open::LeftOut,
            false if is_text => Open::Waits,
            _ => Open::Passed,
        };
        if is_answer && !state.is_answered {
            state.is_answered = true;
            if std::mem::take(&mut state.waiting).iter().any(says_words) {
                note(&mut self.losses, said_more());
            }
        } else if is_call && !is_answer {
            self.let_go(choice, out);
        }
    }

    /// No answer follows the words that wait.
    fn let_go(&mut self, choice: u32, out: &mut Vec<Event>) {
        for event in std::mem::take(&mut self.state(choice).waiting) {
            self.pass(event, out);
        }
    }

    fn pass(&mut self, event: Event, out: &mut Vec<Event>) {
        match event {
            Event::BlockStart { choice, block } => {
                let block = self.block_start(choice, block);
                out.push(Event::BlockStart { choice, block });
            }
            Event::Delta { choice, delta } => {
                out.extend(self.delta(choice, delta).map(|delta| Event::Delta { choice, delta }));
            }
            Event::BlockEnd { choice } => {
                if let Some(arguments) = self.state(choice).free_text.take() {
                    let delta = Delta::Text(free_text(&arguments.into()));
                    out.push(Event::Delta { choice, delta });
                }
                let held = self.state(choice).shell.take().map(|mut shell| shell.end());
                if let Some(held) = held.filter(|held| !held.is_empty()) {
                    out.push(Event::Delta { choice, delta: Delta::Text(held) });
                }
                out.push(Event::BlockEnd { choice });
            }
            Event::Finish { choice, reason } => {
                let calls = self.state(choice).calls;
                let reason = finish(reason, calls, self.undo.answer_tool.is_some());
                out.push(Event::Finish { choice, reason });
            }
            other => out.push(other),
        }
    }

    /// What was lost so far.
    pub(super) fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Whether text that the open block grows by is to the client what it was.
    pub(super) fn lets_text_through(&self, choice: u32) -> bool {
        let at = MOST_CHOICES.min(choice as usize);
        self.choices.get(at).is_none_or(|state| {
            let is_plain = state.free_text.is_none() && state.open == Open::Passed;
            is_plain && state.shell.as_ref().is_none_or(Shell::is_off)
        })
    }

    fn block_start(&mut self, choice: u32, block: BlockStart) -> BlockStart {
        match block {
            BlockStart::ToolCall { name, .. } if self.undo.is_answer(&name) => {
                self.block_start(choice, BlockStart::Text)
            }
            BlockStart::Text => {
                let shell = self.undo.shell();
                if shell.is_some() {
                    self.state(choice).shell = shell;
                }
                BlockStart::Text
            }
            BlockStart::ToolCall { id, name, is_custom } => {
                let was_custom = self.undo.custom.contains(&name);
                let name = self.undo.renamed.get(&name).cloned().unwrap_or(name);
                let state = self.state(choice);
                state.calls = true;
                state.free_text = was_custom.then(Vec::new);
                BlockStart::ToolCall { id, name, is_custom: is_custom || was_custom }
            }
            BlockStart::Opaque(mut opaque) => {
                self.undo.own(&mut opaque);
                BlockStart::Opaque(opaque)
            }
            BlockStart::Search(mut search) => {
                search.own.iter_mut().for_each(|own| self.undo.own(own));
                BlockStart::Search(search)
            }
            other => other,
        }
    }

    fn delta(&mut self, choice: u32, delta: Delta) -> Option<Delta> {
        match delta {
            Delta::Text(text) => match self.state(choice) {
                State { free_text: Some(arguments), .. } => {
                    arguments.extend_from_slice(text.as_bytes());
                    None
                }
                State { shell: Some(shell), .. } => {
                    Some(shell.push(&text)).filter(|text| !text.is_empty()).map(Delta::Text)
                }
                _ => Some(Delta::Text(text)),
            },
            Delta::Proof(mut proof) => {
                self.undo.own(&mut proof);
                Some(Delta::Proof(proof))
            }
            other => Some(other),
        }
    }

    fn state(&mut self, choice: u32) -> &mut State {
        let at = choice as usize;
        if self.choices.len() <= at {
            // A supplier says how many there are; more than anybody offers share the last state.
            self.choices.resize(at.min(MOST_CHOICES) + 1, State::default());
        }
        let last = self.choices.len() - 1;
        &mut self.choices[at.min(last)]
    }
}

/// Whether the open block grows by more than white space.
fn says_words(event: &Event) -> bool {
    matches!(event, Event::Delta { delta: Delta::Text(text), .. } if !text.trim().is_empty())
}

/// Nobody offers more choices.
const MOST_CHOICES: usize = 127;
