//! `GET /v1/responses/{id}/input_items`.

use super::Turn;
use super::items::{self, Element};
use crate::json::Json;
use crate::scan::{Kind, ScanError, Scanner};

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The most items.
    pub limit: usize,
    /// The oldest first; the newest first where false.
    pub is_ascending: bool,
    /// The item behind which it begins.
    pub after: Option<String>,
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 20, is_ascending: false, after: None }
    }
}

/// A page is to begin behind an item that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no item has the id that `after` names")]
pub struct NoSuchItem;

/// The body that lists what a model was given for the last of `turns`: the turns before it, oldest first, and its own
/// input.
///
/// # Errors
/// [`NoSuchItem`].
pub fn list(turns: &[Turn<'_>], page: &Page) -> Result<Vec<u8>, NoSuchItem> {
    let mut all = Vec::new();
    for (place, turn) in turns.iter().enumerate() {
        all.extend(listed(turn, items::elements(turn.input), 0));
        if place + 1 < turns.len() {
            all.extend(listed(turn, items::elements(items::output(turn.response)), 1));
        }
    }
    if !page.is_ascending {
        all.reverse();
    }
    let start = match &page.after {
        None => 0,
        Some(after) => 1 + all.iter().position(|(id, _)| id == after).ok_or(NoSuchItem)?,
    };
    let rest = &all[start..];
    let shown = &rest[..rest.len().min(page.limit)];
    let mut json = Json::new();
    json.object().key("object").text("list").key("data").array();
    for (id, element) in shown {
        item(&mut json, id, element);
    }
    json.end_array();
    let id = |item: Option<&(String, Element<'_>)>| item.map(|(id, _)| id.clone()).unwrap_or_default();
    json.key("first_id").text(&id(shown.first())).key("last_id").text(&id(shown.last()));
    json.key("has_more").boolean(shown.len() < rest.len()).end_object();
    Ok(json.finish())
}

/// The items with their ids: their own, else one that follows from their place, so that it is the same each time.
fn listed<'a>(
    turn: &Turn<'a>,
    elements: Vec<Element<'a>>,
    part: u8,
) -> impl Iterator<Item = (String, Element<'a>)> {
    let name = turn.id.strip_prefix("resp_").unwrap_or(turn.id).to_owned();
    elements.into_iter().enumerate().map(move |(place, element)| {
        let own = element.id.clone().filter(|id| !id.is_empty());
        let made = || format!("{}_{name}_{part}_{place}", prefix(element.kind.as_deref()));
        (own.unwrap_or_else(made), element)
    })
}

/// How ids of a kind of item begin.
fn prefix(kind: Option<&str>) -> &'static str {
    match kind {
        None | Some("message") => "msg",
        Some("function_call") => "fc",
        Some("function_call_output") => "fco",
        Some("custom_tool_call") => "ctc",
        Some("custom_tool_call_output") => "ctco",
        Some("reasoning") => "rs",
        Some(_) => "item",
    }
}

/// What the API says of an item, with what the client may leave out.
fn item(json: &mut Json, id: &str, element: &Element<'_>) {
    let mut known = Known::default();
    let mut rest = Json::new();
    let walked = Scanner::new(element.raw).and_then(|mut scan| {
        scan.object(|scan, name| {
            let kind = scan.kind()?;
            let range = scan.range()?;
            known.note(name, kind, scan.slice(range.clone()));
            if !matches!(name, b"id" | b"type" | b"content") {
                rest.key(&String::from_utf8_lossy(name)).raw(scan.slice(range));
            }
            Ok::<_, ScanError>(())
        })
    });
    if walked.is_err() {
        return;
    }
    let kind = element.kind.as_deref().unwrap_or("message");
    json.object().key("id").text(id).key("type").text(kind);
    if let Some((is_text, content)) = known.content {
        json.key("content");
        if is_text {
            part(json, known.is_assistants, content);
        } else {
            json.raw(content);
        }
    }
    let has_status = kind == "message" || kind.ends_with("_call") || kind.ends_with("_call_output");
    if has_status && !known.has_status {
        json.key("status").text("completed");
    }
    let rest = rest.finish();
    if !rest.is_empty() {
        json.raw(rest);
    }
    json.end_object();
}

/// A text alone, as the list of one part that it stands for.
fn part(json: &mut Json, is_assistants: bool, text: &[u8]) {
    json.array().object().key("type");
    if is_assistants {
        json.text("output_text").key("annotations").array().end_array();
    } else {
        json.text("input_text");
    }
    json.key("text").raw(text).end_object().end_array();
}

#[derive(Default)]
struct Known<'a> {
    is_assistants: bool,
    has_status: bool,
    /// Whether it is a text alone, and its JSON.
    content: Option<(bool, &'a [u8])>,
}

impl<'a> Known<'a> {
    fn note(&mut self, name: &[u8], kind: Kind, value: &'a [u8]) {
        match name {
            b"role" => self.is_assistants = value == b"\"assistant\"",
            b"status" => self.has_status = kind == Kind::String,
            b"content" => self.content = Some((kind == Kind::String, value)),
            _ => {}
        }
    }
}
