//! Whole answers, read and written.

#[cfg(test)]
mod tests;

use super::items::Item;
use super::output::Body;
use super::read::{self, Read};
use super::response::Response;
use super::said::Said;
use super::{finish, output};
use crate::conversation::{Answer, Block, Choice, Encoded, Loss, ReplyContext, TranslateError};
use crate::json::Json;
use crate::scan::Scanner;
use crate::service;
use crate::translate::note;

/// A supplier's answer.
pub(super) fn decode(body: &[u8]) -> Result<Answer, TranslateError> {
    let said = Said::read(body).map_err(read::Fault::from)?;
    if let Some(failure) = said.failure(body) {
        return Err(TranslateError::Failed(failure));
    }
    if !said.is_response {
        return Err(TranslateError::malformed("output", "there is no output"));
    }
    let owned = |text: Option<crate::scan::Text<'_>>| text.map(|text| text.unescape().into_owned());
    let mut answer = Answer {
        id: owned(said.id),
        model: owned(said.model),
        usage: said.usage(),
        service: said.service,
        ..Answer::default()
    };
    let mut choice = Choice::default();
    read::document(body, |scan, name| match name {
        b"output" => read::list(scan, "output", |scan| item(scan, &mut choice.blocks, &mut answer.losses)),
        _ => Ok(scan.skip()?),
    })?;
    let calls = choice.blocks.iter().any(|block| block.call().is_some());
    let (status, reason) = (owned(said.status), owned(said.reason));
    choice.finish = finish::read(status.as_deref(), reason.as_deref(), calls);
    answer.choices.push(choice);
    Ok(answer)
}

fn item(scan: &mut Scanner<'_>, blocks: &mut Vec<Block>, losses: &mut Vec<Loss>) -> Read<()> {
    blocks.extend(Item::read(scan, "output")?.answer(losses)?);
    Ok(())
}

/// A client's answer.
pub(super) fn encode(answer: &Answer, about: &ReplyContext) -> Result<Encoded, TranslateError> {
    let [choice] = answer.choices.as_slice() else {
        return Err(TranslateError::unsayable("n", "one answer at a time"));
    };
    let mut losses = Vec::new();
    let ending = finish::write(choice.finish.as_ref());
    let items = output::items(&choice.blocks, &about.request_id, &mut losses)?;
    let mut list = Json::new();
    let last = items.iter().rposition(|item| !matches!(item.body, Body::Proof(_)));
    for (at, item) in items.iter().enumerate() {
        item.write(&mut list, if Some(at) == last { ending.item } else { "completed" }, &mut losses);
    }
    let response = Response {
        about,
        model: answer.model.as_deref().unwrap_or(&about.model),
        status: ending.status,
        reason: ending.reason,
        output: &list.finish(),
        usage: answer.usage.as_ref(),
        service: answer.service,
    };
    let mut json = Json::new();
    response.write(&mut json);
    if let Some(loss) = service::unsaid(answer.service, answer.service.and_then(service::to_openai)) {
        note(&mut losses, loss);
    }
    if let Some(loss) = ending.loss {
        note(&mut losses, loss);
    }
    Ok(Encoded { body: json.finish().into(), losses })
}
