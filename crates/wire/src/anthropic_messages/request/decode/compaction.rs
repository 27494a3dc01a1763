//! A block that stands for the conversation before it: `compaction`, with a summary in plain text.
//!
//! Its maker reads nothing of what stands before the last one, whether clients still send it or not. Source:
//! `beta_compaction_block_param.py` of the official Python SDK, anthropic 2.12.0, read 2026-11-29: `content` is `null` where
//! summing up failed, and the block then stands for nothing.

use super::super::super::losses::Losses;
use crate::conversation::{Block, Content, Opaque, Role, Turn};
use crate::scan::{ScanError, Scanner};

/// Adds `turn`. Where it begins anew from a summary, the user says that in the place of all that was said before, so that
/// whoever serves knows it; instructions stay.
pub(super) fn resumed(turns: &mut Vec<Turn>, mut turn: Turn, losses: &mut Losses) {
    let summary = |block: &Block| match &block.content {
        Content::Opaque(opaque) if opaque.kind == "compaction" => summary(opaque),
        _ => None,
    };
    let last =
        turn.blocks.iter().enumerate().filter_map(|(at, block)| Some((at, summary(block)?))).next_back();
    if let Some((at, summary)) = last {
        losses.add("compaction", "said by the user as text, in the place of what it sums up");
        turns.retain(|turn| turn.role == Role::System);
        let words = format!("A summary of our conversation so far:\n\n{summary}");
        let blocks = vec![Block { content: Content::text(words), cache: turn.blocks[at].cache }];
        turns.push(Turn { role: Role::User, name: None, blocks });
        turn.blocks.drain(..=at);
        if turn.blocks.is_empty() {
            return;
        }
    }
    turns.push(turn);
}

fn summary(opaque: &Opaque) -> Option<String> {
    let read = || {
        let mut found = None;
        Scanner::new(opaque.data.as_bytes())?.object(|scan, name| {
            if name == b"content" {
                found = scan.text()?.map(|text| text.unescape().into_owned());
                return Ok(());
            }
            scan.skip()
        })?;
        Ok::<_, ScanError>(found)
    };
    read().ok().flatten().filter(|text| !text.is_empty())
}
