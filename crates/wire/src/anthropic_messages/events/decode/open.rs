//! The blocks of a stream that are open, in the order in which they opened. Only the first one's events go out; those of
//! the others wait for it to close.

use std::collections::VecDeque;

use crate::anthropic_messages::content::with_member;
use crate::anthropic_messages::fault::Fault;
use crate::anthropic_messages::members::{Members, raw};
use crate::anthropic_messages::search;
use crate::conversation::{BlockStart, Content, Delta, Event, Opaque, ToolInput};
use crate::framing::DEFAULT_LIMIT;

/// Nobody lets more blocks overlap.
const MOST_OPEN: usize = 64;

/// So many bytes may wait, twice as much as one frame may have.
const MOST_HELD: usize = 2 * DEFAULT_LIMIT;

#[derive(Debug, Default)]
pub(super) struct Blocks {
    open: VecDeque<Open>,
    /// Calls of searches that have ended: each is told together with its result.
    searching: Vec<Opaque>,
    /// Bytes that wait.
    held: usize,
}

/// One open block.
#[derive(Debug)]
pub(super) struct Open {
    index: Option<u64>,
    grows: Grows,
    is_stopped: bool,
    /// What came while another block was open.
    waiting: Vec<Event>,
    /// Bytes of it that wait.
    size: usize,
}

/// How a block grows.
#[derive(Debug)]
enum Grows {
    Text,
    Reasoning,
    /// By pieces of what a tool is called with. `whole` is what stood at the beginning, for suppliers that say it there.
    Call {
        whole: String,
        has_pieces: bool,
    },
    /// Not in the neutral form, which has it in one piece.
    Whole {
        block: Opaque,
        input: String,
        replaced: Vec<(&'static str, Vec<u8>)>,
    },
}

impl Blocks {
    /// Opens a block.
    pub(super) fn start(
        &mut self,
        index: Option<u64>,
        content: Content,
        events: &mut Vec<Event>,
    ) -> Result<(), Fault> {
        // An index that is in use belongs to a block whose end was left out.
        if let Some(at) = index.and_then(|index| self.position(Some(index))) {
            self.stop_at(at, events);
        }
        let mut first = Vec::new();
        let delta = |delta| Event::Delta { choice: 0, delta };
        let mut opens = |block| first.push(Event::BlockStart { choice: 0, block });
        let grows = match content {
            Content::Text(text) => {
                opens(BlockStart::Text);
                first.extend((!text.text.is_empty()).then(|| delta(Delta::Text(text.text))));
                first.extend(text.citations.into_iter().map(|citation| delta(Delta::Citation(citation))));
                Grows::Text
            }
            Content::Reasoning(thought) => {
                opens(super::REASONING);
                first.extend((!thought.text.is_empty()).then(|| delta(Delta::Text(thought.text))));
                first.extend(thought.proof.map(|proof| delta(Delta::Proof(proof))));
                Grows::Reasoning
            }
            Content::ToolCall(call) => {
                let whole = match call.input {
                    ToolInput::Arguments(json) => String::from_utf8_lossy(&json).into_owned(),
                    ToolInput::Text(text) => text,
                };
                opens(BlockStart::ToolCall { id: call.id, name: call.name, is_custom: false });
                Grows::Call { whole, has_pieces: false }
            }
            Content::Opaque(block) => Grows::Whole { block, input: String::new(), replaced: Vec::new() },
            Content::Refusal(_) | Content::Media(_) | Content::ToolResult(_) | Content::Search(_) => {
                return Ok(());
            }
        };
        self.push(index, grows, first, events)
    }

    fn push(
        &mut self,
        index: Option<u64>,
        grows: Grows,
        first: Vec<Event>,
        events: &mut Vec<Event>,
    ) -> Result<(), Fault> {
        let size = grows.size();
        if self.open.len() == MOST_OPEN {
            return Err(Fault::malformed("index", "too many blocks are open"));
        }
        // Something else begins: what was called before has no result here.
        let abandoned =
            if matches!(grows, Grows::Whole { .. }) { Vec::new() } else { abandoned(&mut self.searching) };
        self.open.push_back(Open { index, grows, is_stopped: false, waiting: Vec::new(), size: 0 });
        let at = self.open.len() - 1;
        self.hold(at, size)?;
        abandoned.into_iter().chain(first).try_for_each(|event| self.put(at, event, events))
    }

    /// Lets text or reasoning grow; opens a block like `like` where none is open that fits.
    pub(super) fn grow(
        &mut self,
        index: Option<u64>,
        like: BlockStart,
        delta: Delta,
        events: &mut Vec<Event>,
    ) -> Result<(), Fault> {
        let is_reasoning = matches!(like, BlockStart::Reasoning { .. });
        let fits =
            |open: &Open| matches!(open.grows, Grows::Reasoning) == is_reasoning && open.grows.is_prose();
        let at = match self.position(index) {
            Some(at) if fits(&self.open[at]) => at,
            other => {
                if let Some(at) = other {
                    self.stop_at(at, events);
                }
                let grows = if is_reasoning { Grows::Reasoning } else { Grows::Text };
                self.push(index, grows, vec![Event::BlockStart { choice: 0, block: like }], events)?;
                self.open.len() - 1
            }
        };
        if matches!(&delta, Delta::Text(text) if text.is_empty()) {
            return Ok(());
        }
        self.put(at, Event::Delta { choice: 0, delta }, events)
    }

    /// Takes a piece of what a tool is called with.
    pub(super) fn input(
        &mut self,
        index: Option<u64>,
        piece: String,
        events: &mut Vec<Event>,
    ) -> Result<(), Fault> {
        let Some(at) = self.position(index) else {
            return Err(Fault::malformed("index", "no such block is open"));
        };
        if piece.is_empty() {
            return Ok(());
        }
        match &mut self.open[at].grows {
            Grows::Call { has_pieces, .. } => {
                *has_pieces = true;
                self.put(at, Event::Delta { choice: 0, delta: Delta::Text(piece) }, events)
            }
            Grows::Whole { input, .. } => {
                input.push_str(&piece);
                self.hold(at, piece.len())
            }
            Grows::Text | Grows::Reasoning => Err(Fault::malformed("delta", "the block is no tool's")),
        }
    }

    /// Puts members of a delta in the place of a carried block's.
    pub(super) fn replace(
        &mut self,
        index: Option<u64>,
        names: &[&'static str],
        delta: &mut Members<'_>,
    ) -> Result<(), Fault> {
        let Some(at) = self.position(index) else { return Ok(()) };
        for name in names {
            let Some(mut value) = delta.take(name) else { continue };
            let value = raw(&mut value)?.to_vec();
            self.hold(at, value.len())?;
            if let Grows::Whole { replaced, .. } = &mut self.open[at].grows {
                replaced.retain(|(known, _)| known != name);
                replaced.push((name, value));
            }
        }
        Ok(())
    }

    /// Closes a block.
    pub(super) fn stop(&mut self, index: Option<u64>, events: &mut Vec<Event>) {
        if let Some(at) = self.position(index) {
            self.stop_at(at, events);
        }
    }

    /// Closes every block. A search without a result goes on in another turn: its call is a block of its own.
    pub(super) fn stop_all(&mut self, events: &mut Vec<Event>) {
        while !self.open.is_empty() {
            self.stop_at(0, events);
        }
        events.append(&mut abandoned(&mut self.searching));
    }

    fn stop_at(&mut self, at: usize, events: &mut Vec<Event>) {
        let open = &mut self.open[at];
        open.is_stopped = true;
        let mut last = Vec::with_capacity(2);
        let mut is_told = true;
        match &mut open.grows {
            Grows::Call { has_pieces: true, .. } | Grows::Text | Grows::Reasoning => {}
            Grows::Call { whole, has_pieces: false } => {
                let whole = std::mem::take(whole);
                last.push(Event::Delta { choice: 0, delta: Delta::Text(whole) });
            }
            Grows::Whole { block, input, replaced } => {
                if !input.is_empty() {
                    let input = ToolInput::Arguments(std::mem::take(input).into_bytes().into());
                    let (input, _) = input.as_object();
                    replaced.push(("input", input.into_owned().into()));
                }
                for (name, value) in replaced {
                    if let Ok(data) = with_member(&block.data, name, value) {
                        block.data = data;
                    }
                }
                let told = told(&mut self.searching, block);
                is_told = told.is_some();
                if matches!(told, Some(BlockStart::Opaque(_))) {
                    last.append(&mut abandoned(&mut self.searching));
                }
                last.extend(told.map(|block| Event::BlockStart { choice: 0, block }));
            }
        }
        if is_told {
            last.push(Event::BlockEnd { choice: 0 });
        }
        if at > 0 {
            open.waiting.extend(last);
            return;
        }
        events.extend(last);
        self.next(events);
    }

    /// Lets the first block go, and those behind it that have closed; what the next one has to say goes out.
    fn next(&mut self, events: &mut Vec<Event>) {
        while let Some(gone) = self.open.pop_front() {
            self.held -= gone.size;
            let Some(next) = self.open.front_mut() else { return };
            events.append(&mut next.waiting);
            if !next.is_stopped {
                return;
            }
        }
    }

    /// The block that is open under an index; the last one for none.
    fn position(&self, index: Option<u64>) -> Option<usize> {
        self.open.iter().rposition(|open| !open.is_stopped && (index.is_none() || open.index == index))
    }

    fn put(&mut self, at: usize, event: Event, events: &mut Vec<Event>) -> Result<(), Fault> {
        if at == 0 {
            events.push(event);
            return Ok(());
        }
        let size = size_of::<Event>()
            + match &event {
                Event::Delta { delta: Delta::Text(text), .. } => text.len(),
                Event::Delta { delta: Delta::Proof(proof), .. } => proof.data.len(),
                _ => 0,
            };
        self.open[at].waiting.push(event);
        self.hold(at, size)
    }

    fn hold(&mut self, at: usize, size: usize) -> Result<(), Fault> {
        self.open[at].size += size;
        self.held += size;
        if self.held > MOST_HELD {
            Err(Fault::malformed("index", "too much waits for a block to end"))
        } else {
            Ok(())
        }
    }
}

/// The calls of searches that have no result, as blocks of their own.
fn abandoned(searching: &mut Vec<Opaque>) -> Vec<Event> {
    let as_block = |call| {
        [Event::BlockStart { choice: 0, block: BlockStart::Opaque(call) }, Event::BlockEnd { choice: 0 }]
    };
    searching.drain(..).flat_map(as_block).collect()
}

/// How a block that has ended is told; `None` for the call of a search, which waits for its result.
fn told(searching: &mut Vec<Opaque>, block: &Opaque) -> Option<BlockStart> {
    if search::is_call(block) && searching.len() < MOST_OPEN {
        searching.push(block.clone());
        return None;
    }
    let call = search::answers(block)
        .and_then(|id| searching.iter().position(|call| search::is_called(call, &id)))
        .map(|at| searching.remove(at));
    Some(match call {
        Some(call) => BlockStart::Search(Box::new(search::made(&call, block))),
        None => BlockStart::Opaque(block.clone()),
    })
}

impl Grows {
    /// Bytes of it that wait for its end.
    fn size(&self) -> usize {
        match self {
            Self::Text | Self::Reasoning => 0,
            Self::Call { whole, .. } => whole.len(),
            Self::Whole { block, .. } => block.data.len(),
        }
    }

    const fn is_prose(&self) -> bool {
        matches!(self, Self::Text | Self::Reasoning)
    }
}
