//! A neutral request for a supplier.

mod messages;
mod options;
#[cfg(test)]
mod tests;
mod tools;

use catalogue::Needs;

use crate::conversation::{Encoded, Loss, OutputFormat, Request, Target, TranslateError};
use crate::json::Json;
use crate::translate::note;

/// Says the request. The same request gives the same bytes.
///
/// `stream` is always said, since a server streams where it is not. So is `truncate`: where it is not `false`, a server
/// drops the oldest turns of a conversation that is too long for it and says nothing.
pub(super) fn encode(request: &Request, target: &Target<'_>) -> Result<Encoded, TranslateError> {
    if request.choices.is_some_and(|choices| choices > 1) {
        return Err(TranslateError::unsayable("n", "one answer a request there"));
    }
    if request.is_prefilled() && target.capabilities.no.contains(Needs::PREFILL) {
        return Err(TranslateError::unsayable("messages", "the model does not go on from a given start"));
    }
    let mut writer = Writer { request, target, json: Json::new(), losses: Vec::new() };
    writer.json.object().key("model").text(target.model).key("stream").boolean(request.stream);
    writer.json.key("truncate").boolean(false);
    writer.messages()?;
    writer.tools()?;
    writer.format();
    writer.think();
    writer.options();
    writer.json.end_object();
    Ok(Encoded { body: writer.json.finish().into(), losses: writer.losses })
}

/// A body in the making.
struct Writer<'a> {
    request: &'a Request,
    target: &'a Target<'a>,
    json: Json,
    losses: Vec<Loss>,
}

impl Writer<'_> {
    fn lose(&mut self, what: impl Into<String>, why: &'static str) {
        note(&mut self.losses, Loss::new(what, why));
    }

    fn format(&mut self) {
        match &self.request.format {
            OutputFormat::Text => {}
            OutputFormat::Json => {
                self.json.key("format").text("json");
            }
            OutputFormat::Schema { description, schema, .. } => {
                if description.is_some() {
                    self.lose("response_format.description", "schemas have no description beside them there");
                }
                self.json.key("format").raw(schema);
            }
        }
    }
}
