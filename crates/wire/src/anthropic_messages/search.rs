//! Searches of the web: the tool, and what an answer tells of a search.
//!
//! Here that is two blocks, the call and its result. What others found is told to a client in the same two, under an id and
//! with seals that are ours, so that they are known when they come back and reach none of Anthropic's.
//!
//! Source: `web_search_tool_20250305_param.py`, `server_tool_use_block.py`, `web_search_tool_result_block.py` and what they
//! name, of the official Python SDK, anthropic 2.12.0, read 2026-11-28.

use catalogue::Protocol;

use super::content::whole;
use super::fault::Fault;
use super::losses::Losses;
use super::members::Members;
use crate::conversation::{Block, Content, Opaque, Page, Search, Target, Tool, TranslateError, WebSearch};
use crate::json::Json;
use crate::scan::{Kind, Scanner};
use crate::web_search::{self, Limits};

/// What the types of the tool begin with; a date follows.
const KINDS: &str = "web_search_";

/// The type that is asked for on behalf of others: the first, which every host of Claude's takes that has one.
const KIND: &str = "web_search_20250305";

/// The tool's name; there is no other.
pub(super) const NAME: &str = "web_search";

/// The types of the two blocks.
const CALL: &str = "server_tool_use";
const RESULT: &str = "web_search_tool_result";

/// How the ids begin of searches that were made elsewhere.
pub(crate) const OURS: &str = "srvtoolu_rlv1.";

const TOOL: &[&str] = &[
    "type",
    "name",
    "allowed_domains",
    "blocked_domains",
    "max_uses",
    "user_location",
    "allowed_callers",
    "cache_control",
];

/// The tool that is written in `text`, if it is a search.
pub(super) fn tool(kind: &str, text: &[u8], losses: &mut Losses) -> Result<Option<Tool>, Fault> {
    if !kind.starts_with(KINDS) {
        return Ok(None);
    }
    let mut members = Members::read(&mut Scanner::new(text)?, TOOL)?;
    members.take("type");
    members.take("name");
    // Who calls it is said of Anthropic's own code; the mark belongs to tools of which none is told elsewhere.
    members.take("allowed_callers");
    let written = String::from_utf8_lossy(text);
    let mut search = WebSearch::new(NAME, Opaque::new(Protocol::AnthropicMessages, kind.to_owned(), written));
    let mut strings = |name| match members.take(name) {
        Some(mut list) => web_search::strings(&mut list),
        None => Ok(Vec::new()),
    };
    search.only = strings("allowed_domains")?;
    search.never = strings("blocked_domains")?;
    search.most = members.integer("max_uses")?;
    search.near = match members.take("user_location") {
        Some(mut place) => web_search::place(&mut place)?,
        None => None,
    };
    members.rest(losses, "tools")?;
    Ok(Some(Tool::Search(Box::new(search))))
}

/// Writes the tool for a supplier to whom it is not its own.
///
/// # Errors
/// [`TranslateError::Unsayable`] where the model does not search.
pub(super) fn write_tool(
    json: &mut Json,
    search: &WebSearch,
    target: &Target<'_>,
    losses: &mut Losses,
) -> Result<(), TranslateError> {
    web_search::check(search, target, Limits { only: true, never: true })?;
    if search.depth.is_some() {
        losses.add("search_context_size", web_search::NO_DEPTH);
    }
    json.object().key("type").text(KIND).key("name").text(NAME);
    for (name, domains) in [("allowed_domains", &search.only), ("blocked_domains", &search.never)] {
        if !domains.is_empty() {
            json.key(name);
            web_search::write_strings(json, domains);
        }
    }
    if let Some(most) = search.most {
        json.key("max_uses").number(most);
    }
    if let Some(place) = &search.near {
        json.key("user_location").object().key("type").text("approximate");
        web_search::write_place(json, place);
        json.end_object();
    }
    json.end_object();
    Ok(())
}

/// Whether a block calls a search.
pub(super) fn is_call(block: &Opaque) -> bool {
    let named = || members(&block.data).ok().and_then(|mut block| block.string("name").ok().flatten());
    block.kind == CALL
        && block.protocol == Protocol::AnthropicMessages
        && named().is_some_and(|name| name == NAME)
}

/// The id of the call that `block` answers, if it is a search's result.
pub(super) fn answers(block: &Opaque) -> Option<String> {
    if block.kind != RESULT || block.protocol != Protocol::AnthropicMessages {
        return None;
    }
    members(&block.data).ok()?.string("tool_use_id").ok()?
}

/// Whether `call` is the one of that id.
pub(super) fn is_called(call: &Opaque, id: &str) -> bool {
    let found = || members(&call.data).ok().and_then(|mut call| call.string("id").ok().flatten());
    is_call(call) && found().as_deref() == Some(id)
}

/// Adds a block; a result goes together with its call.
pub(super) fn push(blocks: &mut Vec<Block>, block: Block) {
    let Content::Opaque(result) = &block.content else { return blocks.push(block) };
    let Some(id) = answers(result) else { return blocks.push(block) };
    let is_its_call = |block: &Block| matches!(&block.content, Content::Opaque(call) if is_called(call, &id));
    let Some(at) = blocks.iter().rposition(is_its_call) else { return blocks.push(block) };
    let Content::Opaque(call) = &blocks[at].content else { return blocks.push(block) };
    let content = Content::Search(Box::new(made(call, result)));
    let cache = block.cache.or(blocks[at].cache);
    blocks.remove(at);
    blocks.push(Block { content, cache });
}

/// The search of which `call` and `result` tell.
pub(super) fn made(call: &Opaque, result: &Opaque) -> Search {
    let mut search = Search::default();
    // What cannot be read is not told; their maker gets the blocks as they are.
    let _ = read_call(&call.data, &mut search);
    let _ = read_result(&result.data, &mut search);
    if !search.id.starts_with(OURS) {
        search.own = vec![call.clone(), result.clone()];
    }
    search
}

/// The members of a block that are read.
fn members(block: &str) -> Result<Members<'_>, Fault> {
    Members::read(&mut Scanner::new(block.as_bytes())?, &["id", "name", "input", "tool_use_id", "content"])
}

fn read_call(block: &str, search: &mut Search) -> Result<(), Fault> {
    let mut block = members(block)?;
    search.id = block.string("id")?.unwrap_or_default();
    let Some(mut input) = block.members("input", &["query", "queries"])? else { return Ok(()) };
    if let Some(mut queries) = input.take("queries") {
        search.queries = web_search::strings(&mut queries)?;
    }
    if search.queries.is_empty() {
        search.queries.extend(input.string("query")?);
    }
    Ok(())
}

fn read_result(block: &str, search: &mut Search) -> Result<(), Fault> {
    let mut block = members(block)?;
    let Some((kind, mut content)) = block.take_with_kind("content") else { return Ok(()) };
    if kind != Kind::Array {
        search.error = Members::read(&mut content, &["error_code"])?.string("error_code")?;
        return Ok(());
    }
    content.array(|scan| {
        let (_, text) = whole(scan)?;
        let mut page = Members::read(&mut Scanner::new(text)?, &["url", "title"])?;
        if let Some(url) = page.string("url")? {
            search.pages.push(Page { url, title: page.string("title")? });
        }
        Ok(())
    })
}

/// A search for a client: two blocks, and what its maker wants back of it.
#[derive(Debug)]
pub(super) struct Told<'a> {
    search: &'a Search,
    id: String,
}

impl<'a> Told<'a> {
    /// The `number`th of the answer to a request.
    pub(super) fn new(search: &'a Search, request_id: &str, number: usize) -> Self {
        Self { search, id: format!("{OURS}{request_id}_{number}") }
    }

    /// Writes the call; without what it looks for where that follows.
    pub(super) fn call(&self, json: &mut Json, with_input: bool) {
        json.object().key("type").text(CALL).key("id").text(&self.id).key("name").text(NAME).key("input");
        if with_input {
            json.raw(self.input());
        } else {
            json.object().end_object();
        }
        json.end_object();
    }

    /// What the call looks for.
    pub(super) fn input(&self) -> Vec<u8> {
        let mut json = Json::new();
        json.object();
        json.optional("query", self.search.queries.first());
        if self.search.queries.len() > 1 {
            json.key("queries");
            web_search::write_strings(&mut json, &self.search.queries);
        }
        json.end_object();
        json.finish()
    }

    /// Writes the result.
    pub(super) fn result(&self, json: &mut Json) {
        json.object().key("type").text(RESULT).key("tool_use_id").text(&self.id).key("content");
        if let Some(error) = &self.search.error {
            json.object().key("type").text("web_search_tool_result_error").key("error_code").text(error);
            json.end_object();
        } else {
            let seal = Opaque::unsigned(Protocol::AnthropicMessages).seal();
            json.array();
            for page in &self.search.pages {
                json.object().key("type").text("web_search_result").key("url").text(&page.url);
                json.key("title").text(page.title.as_deref().unwrap_or(&page.url));
                json.key("encrypted_content").text(&seal).key("page_age").null().end_object();
            }
            json.end_array();
        }
        json.end_object();
    }
}
