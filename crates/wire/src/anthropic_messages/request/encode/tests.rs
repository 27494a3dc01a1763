//! Requests, written for suppliers.

mod limits;
mod turns;

use serde_json::Value;

use super::encode;
use crate::anthropic_messages::translate::tests::target;
use crate::conversation::{
    Block, Content, Request, Role, Target, ToolCall, ToolInput, ToolResult, TranslateError, Turn,
};

/// What is written, and the names of what is lost.
fn written_to(request: &Request, target: &Target<'_>) -> Result<(Value, Vec<String>), TranslateError> {
    let encoded = encode(request, target)?;
    let body = serde_json::from_slice(&encoded.body).unwrap();
    Ok((body, encoded.losses.into_iter().map(|loss| loss.what).collect()))
}

fn written(request: &Request) -> (Value, Vec<String>) {
    written_to(request, &target()).unwrap()
}

/// What cannot be said.
fn unsayable(request: &Request) -> String {
    match encode(request, &target()) {
        Err(TranslateError::Unsayable { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

fn turn(role: Role, contents: Vec<Content>) -> Turn {
    Turn { role, name: None, blocks: contents.into_iter().map(Block::from).collect() }
}

fn said(role: Role, text: &str) -> Turn {
    turn(role, vec![Content::text(text)])
}

fn asking(turns: Vec<Turn>) -> Request {
    Request { turns, ..Request::default() }
}

/// The least request.
fn least() -> Request {
    asking(vec![said(Role::User, "q")])
}

fn call(id: &str, arguments: &str) -> Content {
    let input = ToolInput::Arguments(arguments.to_owned().into());
    Content::ToolCall(ToolCall { id: id.into(), name: "f".into(), input, proof: None })
}

fn result(id: &str, contents: Vec<Content>) -> Content {
    let blocks = contents.into_iter().map(Block::from).collect();
    Content::ToolResult(ToolResult {
        call_id: id.into(),
        name: None,
        blocks,
        is_error: false,
        is_custom: false,
    })
}
