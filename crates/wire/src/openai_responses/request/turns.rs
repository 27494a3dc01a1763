//! From items to turns.

use super::super::PROTOCOL;
use super::super::items::{ENCRYPTED, Item, OF_PREVIOUS, Said};
use super::super::parts::{self, Strange};
use super::super::read::{self, Read};
use super::tools;
use crate::conversation::{Block, Content, Loss, Opaque, Role, Tool, ToolResult, TranslateError, Turn};
use crate::scan::{Kind, Scanner};
use crate::translate::note;

/// Items of the supplier's own tools: what the model found with them stands in the text that follows, so that others can
/// do without. All other kinds that nobody else has would change the meaning by their absence.
const SUPPORTING: &[&str] = &[
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "mcp_list_tools",
    "mcp_call",
    "program",
    "program_output",
];

/// Turns in the making.
#[derive(Debug)]
pub(super) struct Turns<'r> {
    made: Vec<Turn>,
    /// Where tools go that come with the conversation.
    tools: &'r mut Vec<Tool>,
    losses: &'r mut Vec<Loss>,
}

impl<'r> Turns<'r> {
    pub(super) const fn new(tools: &'r mut Vec<Tool>, losses: &'r mut Vec<Loss>) -> Self {
        Self { made: Vec::new(), tools, losses }
    }

    pub(super) fn finish(self) -> Vec<Turn> {
        self.made
    }

    /// What goes before everything else.
    pub(super) fn instruct(&mut self, instructions: Option<String>) {
        let blocks = instructions.filter(|text| !text.is_empty()).map(|text| Content::text(text).into());
        self.message(Role::System, None, blocks.into_iter().collect());
    }

    /// Reads `input`: one text of the user, or items.
    pub(super) fn read(&mut self, scan: &mut Scanner<'_>) -> Read<()> {
        if scan.kind()? == Kind::String {
            let blocks = parts::blocks(scan, "input", Strange::Refuse, self.losses)?;
            self.message(Role::User, None, blocks);
            return Ok(());
        }
        read::list(scan, "input", |scan| {
            let item = Item::read(scan, "input")?;
            match item.say("input", self.losses)? {
                Said::Message { role, name, blocks } => self.message(role, name, blocks),
                Said::Blocks(blocks) => {
                    let blocks = blocks.into_iter().filter_map(|block| self.unsealed(block)).collect();
                    self.message(Role::Assistant, None, blocks);
                }
                Said::Result(result) => self.result(result),
                Said::Other { kind, raw } => self.other(&kind, raw)?,
            }
            Ok(())
        })
    }

    /// Whatever the model says in a row is one turn of its.
    fn message(&mut self, role: Role, name: Option<String>, mut blocks: Vec<Block>) {
        if blocks.is_empty() {
            return;
        }
        match self.made.last_mut() {
            Some(last) if role == Role::Assistant && last.role == role && last.name == name => {
                last.blocks.append(&mut blocks);
            }
            _ => self.made.push(Turn { role, name, blocks }),
        }
    }

    /// So are results of tools the caller's.
    fn result(&mut self, result: ToolResult) {
        let block = Block::from(Content::ToolResult(result));
        let is_result = |block: &Block| matches!(block.content, Content::ToolResult(_));
        match self.made.last_mut() {
            Some(last) if last.blocks.iter().all(is_result) => last.blocks.push(block),
            _ => self.made.push(Turn { role: Role::User, name: None, blocks: vec![block] }),
        }
    }

    /// The block, with the proof that is under our seal; none where that is all that it holds, and belongs to the block
    /// before it.
    fn unsealed(&mut self, mut block: Block) -> Option<Block> {
        if let Content::Reasoning(reasoning) = &mut block.content
            && let Some(proof) = reasoning.proof.take()
        {
            let proof = Opaque::given_back(PROTOCOL, ENCRYPTED, &proof.data);
            if let Some(kind) = proof.kind.strip_prefix(OF_PREVIOUS) {
                self.prove(Opaque { kind: kind.to_owned().into(), ..proof });
                return None;
            }
            reasoning.proof = Some(proof);
        }
        Some(block)
    }

    /// Gives a proof to the last block.
    fn prove(&mut self, proof: Opaque) {
        let last = self.made.last_mut().and_then(|turn| turn.blocks.last_mut());
        match last.map(|block| &mut block.content) {
            Some(Content::ToolCall(call)) => call.proof = Some(proof),
            Some(Content::Text(text)) => text.proof = Some(proof),
            Some(Content::Search(search)) => search.own.push(proof),
            _ => note(self.losses, Loss::new("reasoning.proof", "what it proves is not there")),
        }
    }

    fn other(&mut self, kind: &str, raw: &[u8]) -> Read<()> {
        if kind == "additional_tools" {
            let mut scan = Scanner::new(raw)?;
            return scan.object(|scan, name| match name {
                b"tools" => tools::read(scan, self.tools, self.losses),
                _ => Ok(scan.skip()?),
            });
        }
        if SUPPORTING.contains(&kind) {
            let raw = String::from_utf8_lossy(raw).into_owned();
            let opaque = Opaque::new(PROTOCOL, kind.to_owned(), raw);
            self.message(Role::Assistant, None, vec![Content::Opaque(opaque).into()]);
            return Ok(());
        }
        let why = match kind {
            "item_reference" => "the item that it names is kept elsewhere",
            "compaction" => "only its maker can read what it stands for",
            _ => "an item that only its own protocol has",
        };
        Err(TranslateError::unsayable(format!("input.{kind}"), why).into())
    }
}
