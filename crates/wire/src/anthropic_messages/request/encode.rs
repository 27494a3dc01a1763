//! A request written for a supplier.
//!
//! What the dialect asks for and others do not:
//! - Instructions stand at the top, wherever they stood ([`mod@arrange`]). Those behind the last word of all would leave the
//!   model's own word as the last; they become the user's.
//! - Turns alternate, the user's first; results of tools stand first in the turn right behind the calls, in their order.
//! - No text is empty, no turn of the model's ends in a thought, and only thoughts that the supplier signed go back.
//! - `max_tokens` is said; thinking needs room within it and has no say in sampling ([`thinking`]).
//! - At most four cache marks, an hour's before five minutes' ([`marks`]).
//! - Calls in the conversation want tools on offer: where there are none, they are declared and the choice is `none`.
//!
//! Source: `message_create_params.py` and what it names, of the official Python SDK, anthropic 2.12.0, and errors of the
//! API as reported in public issues (of litellm, claude-code, forgecode), read 2026-11-28.

mod arrange;
mod content;
mod ids;
mod marks;
mod media;
mod options;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;

use self::arrange::{Arranged, arrange};
use self::content::Writer;
use self::marks::Marks;
use self::thinking::Thinking;
use super::super::losses::Losses;
use crate::conversation::{Encoded, Request, Target, TranslateError};

/// Writes a request.
pub(in super::super) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
    let mut losses = Losses::default();
    options::only_elsewhere(request, &mut losses)?;
    let arranged = arrange(request, target, &mut losses)?;
    let thinking = Thinking::decide(request, target, &arranged, &mut losses)?;
    let asked = Asked { request, target, arranged: &arranged, thinking: &thinking };
    let mut marks = Marks::new(target);
    let mut body = asked.write(&mut marks, &mut losses)?;
    // Which marks may stand depends on all of them, so it is known only now. It is rare that some may not.
    if let Some(mut allowed) = marks.allowed(&mut losses) {
        body = asked.write(&mut allowed, &mut losses)?;
    }
    Ok(Encoded { body: body.into(), losses: losses.into_vec() })
}

/// Everything that is known before the first byte is written.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    request: &'a Request,
    target: &'a Target<'a>,
    arranged: &'a Arranged<'a>,
    thinking: &'a Thinking,
}

impl Asked<'_> {
    /// Writes the body. Tools, system and messages come in this order, which is that of the cache.
    fn write(&self, marks: &mut Marks, losses: &mut Losses) -> Result<Vec<u8>, TranslateError> {
        let mut writer = Writer::new(self.target, self.arranged, marks, losses);
        writer.json.object().key("model").text(self.target.model);
        writer.json.key("max_tokens").number(self.thinking.max_tokens);
        if self.request.stream {
            writer.json.key("stream").boolean(true);
        }
        tools::write(&mut writer, self.request, self.arranged)?;
        writer.system(&self.arranged.system)?;
        writer.messages(&self.arranged.messages)?;
        self.thinking.write(&mut writer.json);
        options::output_config(&mut writer.json, self.request, self.thinking, writer.losses);
        options::sampling(&mut writer.json, self.request, self.target, self.thinking, writer.losses);
        options::stop(&mut writer.json, self.request, writer.losses);
        options::user(&mut writer.json, self.request, writer.losses);
        writer.json.end_object();
        Ok(writer.json.finish())
    }
}
