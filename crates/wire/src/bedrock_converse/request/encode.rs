//! From no dialect to Converse.

use super::arrange::{Arranged, arrange};
use super::blocks::Writer;
use super::{settings, thinking, tools};
use crate::conversation::{Content, Encoded, Request, Role, Target, TranslateError};

/// Says `request` to a supplier. The model and whether to stream stand in the path.
pub(in super::super) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
    let mut losses = Vec::new();
    let Arranged { system, messages } = arrange(request, target, &mut losses)?;
    let mut writer = Writer::new(request, target, losses);
    settings::refuse_or_lose(&mut writer, request)?;
    let thinking = thinking::decide(&mut writer, request, &messages, target);

    writer.json.object();
    if !system.is_empty() {
        writer.json.key("system").array();
        for block in &system {
            if matches!(block.content, Content::Text(_) | Content::Refusal(_)) {
                writer.blocks(std::slice::from_ref(block))?;
            } else {
                return Err(TranslateError::unsayable("system", "instructions are text there"));
            }
        }
        writer.json.end_array();
    }
    writer.json.key("messages").array();
    for message in &messages {
        let role = if message.role == Role::Assistant { "assistant" } else { "user" };
        writer.json.object().key("role").text(role).key("content").array();
        writer.blocks(&message.blocks)?;
        writer.json.end_array().end_object();
    }
    writer.json.end_array();
    settings::inference(&mut writer, request, target, thinking)?;
    tools::write(&mut writer, request, &messages, target)?;
    settings::additional(&mut writer, request, target, thinking);
    settings::output(&mut writer, request, thinking);
    settings::metadata(&mut writer, request);
    settings::tier(&mut writer, request);
    writer.json.end_object();
    Ok(Encoded { body: writer.json.finish().into(), losses: writer.losses })
}
