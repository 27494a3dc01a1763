//! The conversation of a client's request.

use crate::conversation::{Block, Content, Request, Role, Turn};
use crate::gemini::ids::Ids;
use crate::gemini::part::{Data, Part};
use crate::gemini::reading::{Read, Wrong, lose, named};
use crate::gemini::signature;
use crate::gemini::strict::{list, object, text};
use crate::scan::{Kind, Scanner};
use catalogue::Protocol;

/// The calls so far, and which of them have their result.
#[derive(Debug, Default)]
pub(super) struct Calls {
    ids: Ids,
    made: Vec<Call>,
}

#[derive(Debug)]
struct Call {
    id: String,
    name: String,
    is_answered: bool,
}

impl Calls {
    /// The id of the call that a result is for: by its id, else the first call of that name that waits, else the first
    /// that waits.
    fn answered(&mut self, id: Option<&str>, name: Option<&str>) -> String {
        let by_id = self.made.iter().rposition(|call| Some(call.id.as_str()) == id);
        let waits = |call: &Call| !call.is_answered;
        let by_name = || self.made.iter().position(|call| waits(call) && Some(call.name.as_str()) == name);
        let at = by_id.or_else(by_name).or_else(|| {
            // A result without id and name, or with names that do not meet: order is all there is.
            id.is_none().then(|| self.made.iter().position(waits)).flatten()
        });
        match at.and_then(|at| self.made.get_mut(at)) {
            Some(call) => {
                call.is_answered = true;
                call.id.clone()
            }
            None => id.map_or_else(|| self.ids.next(), str::to_owned),
        }
    }
}

/// Reads `contents`.
pub(super) fn read(scan: &mut Scanner<'_>, calls: &mut Calls, request: &mut Request) -> Read<()> {
    list(scan, |scan| {
        let (role, blocks) = content(scan, calls, request)?;
        if !blocks.is_empty() {
            request.turns.push(Turn { role, name: None, blocks });
        }
        Ok(())
    })
}

/// Reads `systemInstruction`, also where it is a mere text.
pub(super) fn instructions(scan: &mut Scanner<'_>, request: &mut Request) -> Read<Option<Turn>> {
    let blocks = match scan.kind()? {
        Kind::Null => {
            scan.skip()?;
            Vec::new()
        }
        Kind::String => vec![Content::text(scan.string()?.unescape()).into()],
        _ => content(scan, &mut Calls::default(), request)?.1,
    };
    Ok((!blocks.is_empty()).then_some(Turn { role: Role::System, name: None, blocks }))
}

fn content(scan: &mut Scanner<'_>, calls: &mut Calls, request: &mut Request) -> Read<(Role, Vec<Block>)> {
    if scan.kind()? == Kind::String {
        return Ok((Role::User, vec![Content::text(scan.string()?.unescape()).into()]));
    }
    let (mut role, mut blocks) = (Role::User, Vec::new());
    object(scan, |scan, name| {
        match name {
            b"role" => role = self::role(scan)?,
            b"parts" => list(scan, |scan| {
                let part = Part::read(scan, &mut request.losses)?;
                blocks.extend(block(part, calls, request));
                Ok(())
            })?,
            _ => lose(scan, named("contents.", name), &mut request.losses)?,
        }
        Ok(())
    })?;
    if role == Role::Assistant {
        blocks = joined(blocks);
    } else {
        check_said(&blocks)?;
    }
    Ok((role, blocks))
}

/// Refuses parts that only this protocol knows where it is not the model that says them: without them the request would be
/// another.
fn check_said(blocks: &[Block]) -> Read<()> {
    blocks.iter().try_for_each(|block| match &block.content {
        Content::ToolResult(result) => check_said(&result.blocks),
        Content::Opaque(own) if own.protocol == Protocol::Gemini => {
            let what = format!("contents.{}", own.kind);
            Err(Wrong::unsayable(
                &what,
                "only its own protocol has it, and the request means something else without",
            ))
        }
        _ => Ok(()),
    })
}

/// What Google's SDKs make of a stream goes back as it came, a part a piece: pieces of one thought, or of one text, are one
/// again, up to the signature that ends it.
fn joined(pieces: Vec<Block>) -> Vec<Block> {
    let mut blocks = Vec::<Block>::with_capacity(pieces.len());
    for piece in pieces {
        match (blocks.last_mut().map(|block| &mut block.content), &piece.content) {
            (Some(Content::Reasoning(open)), Content::Reasoning(more)) if open.proof.is_none() => {
                open.text.push_str(&more.text);
                open.proof.clone_from(&more.proof);
            }
            (Some(Content::Text(open)), Content::Text(more)) if open.proof.is_none() => {
                open.text.push_str(&more.text);
                open.proof.clone_from(&more.proof);
            }
            _ => blocks.push(piece),
        }
    }
    blocks
}

fn role(scan: &mut Scanner<'_>) -> Read<Role> {
    match text(scan)?.as_deref().unwrap_or_default() {
        "" | "user" | "function" => Ok(Role::User),
        "model" => Ok(Role::Assistant),
        "system" => Ok(Role::System),
        _ => Err(Wrong::malformed("", "user or model was expected")),
    }
}

fn block(part: Part, calls: &mut Calls, request: &mut Request) -> Option<Block> {
    let proof = part.signature.as_deref().and_then(signature::given_back);
    let answers = match &part.data {
        Some(Data::Result { id, result }) => Some(calls.answered(id.as_deref(), result.name.as_deref())),
        _ => None,
    };
    let mut content = part.content(proof, || calls.ids.next(), &mut request.losses)?;
    match &mut content {
        Content::ToolCall(call) => {
            calls.made.push(Call { id: call.id.clone(), name: call.name.clone(), is_answered: false });
        }
        Content::ToolResult(result) => result.call_id = answers.unwrap_or_default(),
        _ => {}
    }
    Some(content.into())
}
