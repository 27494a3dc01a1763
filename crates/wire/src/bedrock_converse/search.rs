//! The search of the web: a system tool, which Amazon's own models have.
//!
//! Source: `SystemTool` in botocore's service model of bedrock-runtime, botocore 1.44.8, read 2026-11-28; the name is that of
//! Amazon Nova's web grounding.

use catalogue::{Needs, Protocol};

use crate::conversation::{Loss, Opaque, Target, Tool, TranslateError, WebSearch};
use crate::json::Json;
use crate::scan::Scanner;
use crate::translate::note;
use crate::web_search;

/// The tool's name.
const NAME: &str = "nova_grounding";

/// Why a search is not told to clients: an answer has a place for its sources.
pub(super) const APART: &str = "a search has no place there; the sources that are cited have";

/// The tool that `value` names, if it is the search.
pub(super) fn tool(value: &[u8]) -> Option<Tool> {
    let mut name = None;
    let mut scan = Scanner::new(value).ok()?;
    let read = scan.object(|scan, member| {
        if member == b"name" {
            name = scan.text()?.map(|text| text.unescape().into_owned());
            return Ok(());
        }
        scan.skip()
    });
    read.ok().filter(|()| name.as_deref() == Some(NAME)).map(|()| {
        let mut json = Json::new();
        json.object().key("systemTool").raw(value).end_object();
        let written = String::from_utf8_lossy(&json.finish()).into_owned();
        let written = Opaque::new(Protocol::BedrockConverse, "systemTool", written);
        Tool::Search(Box::new(WebSearch::new(NAME, written)))
    })
}

/// Writes the tool, for models that are known to have it.
pub(super) fn write_tool(
    json: &mut Json,
    search: &WebSearch,
    target: &Target<'_>,
    losses: &mut Vec<Loss>,
) -> Result<(), TranslateError> {
    if search.written.protocol == Protocol::BedrockConverse {
        json.raw(&search.written.data);
        return Ok(());
    }
    if !target.capabilities.yes.contains(Needs::WEB_SEARCH) {
        return Err(TranslateError::unsayable(search.path(), "the model is not known to search the web"));
    }
    web_search::check(search, target, web_search::NO_LIMITS)?;
    for (name, why, is_said) in web_search::wishes(search) {
        if is_said {
            note(losses, Loss::new(name, why));
        }
    }
    json.object().key("systemTool").object().key("name").text(NAME).end_object().end_object();
    Ok(())
}
