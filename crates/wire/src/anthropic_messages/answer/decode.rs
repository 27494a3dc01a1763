//! A supplier's whole answer, read.
//!
//! Source: `message.py` and what it names, of the official Python SDK, anthropic 2.12.0, read 2026-11-28.

use super::stop;
use crate::anthropic_messages::content::{Origin, Reader};
use crate::anthropic_messages::fault::Fault;
use crate::anthropic_messages::losses::Losses;
use crate::anthropic_messages::members::Members;
use crate::anthropic_messages::usage::Stated;
use crate::classify;
use crate::conversation::{Answer, Choice, Content, TranslateError};
use crate::scan::{Kind, Scanner};

const NAMES: &[&str] = &[
    "type",
    "role",
    "id",
    "model",
    "content",
    "stop_reason",
    "stop_sequence",
    "stop_details",
    "usage",
    "error",
    "request_id",
];

/// Reads an answer.
pub(in crate::anthropic_messages) fn decode(body: &[u8]) -> Result<Answer, Fault> {
    let mut scan = Scanner::new(body)?;
    let mut members = Members::read(&mut scan, NAMES).map_err(|fault| fault.within(|| "body".to_owned()))?;
    scan.end()?;
    let kind = members.text("type")?;
    if members.take("error").is_some() || kind.is_some_and(|kind| kind.is("error")) {
        return Err(TranslateError::Failed(classify::hidden_error(body)).into());
    }
    members.take("role");
    members.take("request_id");
    let mut losses = Losses::default();
    let Some((Kind::Array, mut content)) = members.take_with_kind("content") else {
        return Err(Fault::malformed("content", "a list of blocks was expected"));
    };
    let mut reader = Reader { from: Origin::Supplier, losses: &mut losses };
    let mut blocks = reader.blocks(&mut content).map_err(|fault| fault.within(|| "content".to_owned()))?;
    let sequence = members.string("stop_sequence")?;
    let finish = members.string("stop_reason")?.map(|word| stop::read(word, sequence));
    if let Some(words) = stop::explanation(&mut members, &mut losses)? {
        blocks.push(Content::Refusal(words).into());
    }
    let mut usage = Stated::default();
    if let Some(mut stated) = members.take("usage") {
        usage.read(&mut stated)?;
    }
    let (id, model) = (members.string("id")?, members.string("model")?);
    members.rest(&mut losses, "")?;
    let choices = vec![Choice { blocks, finish }];
    let (usage, service) = (usage.buckets(), usage.stated_service());
    Ok(Answer { id, model, choices, usage, service, losses: losses.into_vec() })
}
