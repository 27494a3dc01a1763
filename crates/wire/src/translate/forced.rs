//! A tool that must be called, where a model can be held to a schema but to no tool: it is held to what the call says, and its
//! answer becomes the call again.
//!
//! **Promises**: the client gets a call of a tool that it offered, whole and streamed; text that is no such call stays text.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use catalogue::Needs;

use super::adapt::Adapted;
use super::note;
use super::undo::Undo;
use crate::call_id;
use crate::conversation::{
    Answer, Block, BlockStart, Content, Delta, Event, Function, Loss, OutputFormat, Target, Tool, ToolCall,
    ToolChoice, ToolInput,
};
use crate::json::Json;
use crate::scan::{Kind, ScanError, Scanner};
use crate::splice::{Edit, splice};

/// The arguments of a tool that says nothing of them.
const ANY_ARGUMENTS: &[u8] = br#"{"type":"object"}"#;

const NAME: &str = "name";
const ARGUMENTS: &str = "arguments";

/// What an answer is that is held to a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// The arguments of this tool, by its name at the supplier.
    Arguments(String),
    /// An object of a tool's name, one of these, and its arguments.
    Call(HashSet<String>),
}

impl Adapted<'_> {
    /// Asks for the call by the form of the answer. Nothing is done where that cannot be: the supplier's writer refuses it then.
    pub(super) fn forced_tools_to_schema(&mut self, target: &Target<'_>) {
        let request = &*self.request;
        if target.capabilities.no.contains(Needs::JSON_SCHEMA) || request.is_prefilled() {
            return;
        }
        let functions = |may_be: &dyn Fn(&str) -> bool| -> Vec<Function> {
            let functions = request.tools.iter().filter_map(|tool| match tool {
                Tool::Function(function) if may_be(&function.name) => Some(function.clone()),
                _ => None,
            });
            functions.collect()
        };
        let meant = match &request.tool_choice {
            ToolChoice::Named(name) => functions(&|known| known == name),
            ToolChoice::Any => functions(&|_| true),
            ToolChoice::Unsaid | ToolChoice::Auto | ToolChoice::None => return,
        };
        let names_one = matches!(request.tool_choice, ToolChoice::Named(_)) || request.tools.len() == 1;
        let (schema, words) = match &meant[..] {
            [] => return,
            [one, ..] if names_one => (arguments_of(one), words_for_one(one)),
            several => (form_of_call(several), WORDS_FOR_SEVERAL.to_owned()),
        };
        self.undo.held = Some(if names_one {
            self.drop_tools();
            Held::Arguments(meant[0].name.clone())
        } else {
            Held::Call(meant.into_iter().map(|function| function.name).collect())
        });
        let why = "no call can be asked for there: the answer is held to the form of one, and made one";
        note(&mut self.losses, Loss::new("tool_choice", why));
        let request = self.request.to_mut();
        if request.sampling.logprobs.take().is_some() {
            note(&mut self.losses, Loss::new("logprobs", "only answers' text has these"));
        }
        request.tool_choice = ToolChoice::Unsaid;
        // One answer is one call.
        request.parallel_tools = None;
        request.format = OutputFormat::Schema { name: None, description: None, schema, strict: None };
        self.instruct(words);
    }

    /// The words say what the one tool is. On offer it would be called in the model's own way, which the form rules out.
    fn drop_tools(&mut self) {
        let request = self.request.to_mut();
        let is_marked =
            |tool: &Tool| matches!(tool, Tool::Function(Function { cache, .. }) if cache.is_some());
        if request.tools.iter().any(is_marked) {
            note(&mut self.losses, Loss::new("cache_control", "no cache marks there"));
        }
        request.tools.clear();
    }
}

const WORDS_FOR_SEVERAL: &str = "Call one of the tools. Your whole answer is that call as JSON: an object of the tool's `name` and its `arguments`.";

fn words_for_one(function: &Function) -> String {
    let schema = arguments_of(function);
    let schema = String::from_utf8_lossy(&schema);
    let does = function.description.as_deref().map(|text| format!("\n\nWhat it does: {text}"));
    format!(
        "Call the tool `{}`. Your whole answer is the arguments of that call, as JSON that fits this schema:\n{schema}{}",
        function.name,
        does.unwrap_or_default(),
    )
}

/// The schema of what the tool is called with, which is always an object.
fn arguments_of(function: &Function) -> Bytes {
    let any = Bytes::from_static(ANY_ARGUMENTS);
    let says_something = |schema: &Bytes| Scanner::new(schema)?.says_something();
    function.schema.clone().filter(|schema| says_something(schema).unwrap_or(false)).unwrap_or(any)
}

/// The schema of a call of any of these. A schema that refers to parts of itself stands among the definitions, so that what it
/// refers to is found there.
fn form_of_call(functions: &[Function]) -> Bytes {
    let mut json = Json::new();
    let mut definitions = Vec::new();
    json.object().key("anyOf").array();
    for function in functions {
        json.object().key("type").text("object").key("properties").object();
        json.key(NAME).object().key("type").text("string").key("enum").array().text(&function.name);
        json.end_array().end_object().key(ARGUMENTS);
        let schema = arguments_of(function);
        let mut edits = Vec::new();
        let place = format!("#/$defs/{}", function.name);
        let read = Scanner::new(&schema).and_then(|mut scan| references(&mut scan, &place, &mut edits));
        if edits.is_empty() || read.is_err() {
            json.raw(&schema);
        } else {
            json.object().key("$ref").text(&place).end_object();
            definitions.push((&function.name, splice(&schema, &mut edits).concat()));
        }
        json.end_object().key("required").array().text(NAME).text(ARGUMENTS).end_array();
        json.key("additionalProperties").boolean(false).end_object();
    }
    json.end_array();
    if !definitions.is_empty() {
        json.key("$defs").object();
        for (name, schema) in definitions {
            json.key(name).raw(schema);
        }
        json.end_object();
    }
    json.end_object();
    json.finish().into()
}

/// The edits that move what the schema's references start from to `place`.
fn references(scan: &mut Scanner<'_>, place: &str, edits: &mut Vec<Edit>) -> Result<(), ScanError> {
    match scan.kind()? {
        Kind::Object => scan.object(|scan, name| {
            if name != b"$ref" || scan.kind()? != Kind::String {
                return references(scan, place, edits);
            }
            let start = scan.at();
            let target = scan.string()?.unescape();
            if let Some(inside) = target.strip_prefix('#') {
                edits.push(Edit::replace_string(start..scan.at(), &format!("{place}{inside}")));
            }
            Ok(())
        }),
        Kind::Array => scan.array(|scan| references(scan, place, edits)),
        _ => scan.skip(),
    }
}

impl Held {
    /// Makes the answer's texts calls again. Ids are made of the request's.
    pub(super) fn answer(&self, answer: &mut Answer, request_id: &str) {
        let mut calls = 0;
        for choice in &mut answer.choices {
            for block in &mut choice.blocks {
                let Content::Text(text) = &block.content else { continue };
                let Some((name, arguments)) = self.call(&text.text) else { continue };
                let id = call_id::made(request_id.as_bytes(), calls);
                calls += 1;
                let input = ToolInput::Arguments(arguments);
                *block = Block::from(Content::ToolCall(ToolCall { id, name, input, proof: None }));
            }
        }
    }

    /// The tool's name and its arguments, if `text` is a call. Arguments that were cut are a call's, too.
    fn call(&self, text: &str) -> Option<(String, Bytes)> {
        match self {
            Self::Arguments(name) => {
                is_begun(text).then(|| (name.clone(), Bytes::copy_from_slice(text.as_bytes())))
            }
            Self::Call(names) => read_call(text).filter(|(name, _)| names.contains(name)),
        }
    }
}

/// Whether an object begins there.
fn is_begun(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

fn read_call(text: &str) -> Option<(String, Bytes)> {
    let mut name = None;
    let mut arguments = None;
    let mut scan = Scanner::new(text.as_bytes()).ok()?;
    let read = scan.object(|scan, member| {
        match member {
            b"name" => name = scan.text()?.map(|text| text.unescape().into_owned()),
            b"arguments" if scan.kind()? == Kind::Object => arguments = Some(scan.range()?),
            _ => scan.skip()?,
        }
        Ok::<_, ScanError>(())
    });
    read.and_then(|()| scan.end()).ok()?;
    Some((name?, Bytes::copy_from_slice(scan.slice(arguments?))))
}

/// The same for a stream, event by event.
#[derive(Debug)]
pub(super) struct Stream {
    undo: Arc<Undo>,
    request_id: Arc<str>,
    calls: usize,
    /// By choice, the text so far of a block of which it is not known yet what it is.
    open: HashMap<u32, String>,
}

impl Stream {
    /// `None` where nothing is held to a call.
    pub(super) fn new(undo: &Arc<Undo>, request_id: &Arc<str>) -> Option<Self> {
        undo.held.as_ref()?;
        let (undo, request_id) = (Arc::clone(undo), Arc::clone(request_id));
        Some(Self { undo, request_id, calls: 0, open: HashMap::new() })
    }

    /// Appends what `event` is to whoever offered the tools.
    pub(super) fn event(&mut self, event: Event, out: &mut Vec<Event>) {
        match event {
            Event::BlockStart { choice, block: BlockStart::Text } => {
                self.open.insert(choice, String::new());
            }
            Event::Delta { choice, delta: Delta::Text(more) } if self.open.contains_key(&choice) => {
                let text = self.open.entry(choice).or_default();
                text.push_str(&more);
                self.look(choice, out);
            }
            Event::BlockEnd { choice } => {
                if let Some(text) = self.open.remove(&choice) {
                    self.whole(choice, text, out);
                }
                out.push(Event::BlockEnd { choice });
            }
            other => out.push(other),
        }
    }

    /// Lets the open text go on once it is known what it is.
    fn look(&mut self, choice: u32, out: &mut Vec<Event>) {
        let text = &self.open[&choice];
        if text.trim_start().is_empty() {
            return;
        }
        let block = match &self.undo.held {
            Some(Held::Arguments(name)) if is_begun(text) => self.call(name.clone()),
            Some(Held::Call(_)) if is_begun(text) => return,
            _ => BlockStart::Text,
        };
        let text = self.open.remove(&choice).unwrap_or_default();
        out.push(Event::BlockStart { choice, block });
        out.push(Event::Delta { choice, delta: Delta::Text(text) });
    }

    /// A block whose end came before it was known what it is.
    fn whole(&mut self, choice: u32, text: String, out: &mut Vec<Event>) {
        let called = self.undo.held.as_ref().and_then(|held| held.call(&text));
        let (block, text) = match called {
            Some((name, arguments)) => (self.call(name), String::from_utf8_lossy(&arguments).into_owned()),
            None => (BlockStart::Text, text),
        };
        out.push(Event::BlockStart { choice, block });
        out.push(Event::Delta { choice, delta: Delta::Text(text) });
    }

    fn call(&mut self, name: String) -> BlockStart {
        let id = call_id::made(self.request_id.as_bytes(), self.calls);
        self.calls += 1;
        BlockStart::ToolCall { id, name, is_custom: false }
    }
}
