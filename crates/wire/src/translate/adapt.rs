//! Putting a request in terms of what the supplier has.

use std::borrow::Cow;
use std::collections::HashSet;

use catalogue::{Needs, Quirks};

use super::opening;
use super::undo::Undo;
use crate::conversation::document;
use crate::conversation::{
    Block, Content, Effort, Function, Loss, OutputFormat, Request, Role, Target, Tool, ToolChoice, ToolInput,
    ToolNames, TranslateError, Translator, Turn,
};
use crate::json::Json;

/// The tool whose call is the answer, where a model has no other way to be held to a schema and the schema has no name.
const ANSWER_TOOL: &str = "answer_in_this_form";

/// What asks for JSON where nothing else does: without the rest models put it into a fence, with words around it.
const ONLY_JSON: &str =
    "Your answer must be one JSON object and nothing else: no words before or after it, no code fence.";

/// The schema of a tool that takes free text, for models that have only functions.
const FREE_TEXT_SCHEMA: &[u8] = br#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

/// The adapted request and the way back.
#[derive(Debug)]
pub(super) struct Adapted<'a> {
    pub(super) request: Cow<'a, Request>,
    pub(super) undo: Undo,
    pub(super) losses: Vec<Loss>,
}

/// Adapts `request`. Nothing is copied where nothing changes.
pub(super) fn adapt<'a>(
    request: &'a Request,
    supplier: &dyn Translator,
    target: &Target<'_>,
) -> Result<Adapted<'a>, TranslateError> {
    let undo = Undo { owner: target.owner.into(), ..Undo::default() };
    let mut adapted = Adapted { request: Cow::Borrowed(request), undo, losses: Vec::new() };
    adapted.calls_of_one_id_each();
    adapted.stops_that_say_something();
    adapted.numbers_within(supplier.ranges());
    if let Some(turns) = opening::turns(request, supplier.begins(), &mut adapted.losses) {
        adapted.request.to_mut().turns = turns;
    }
    if !supplier.has_custom_tools() {
        adapted.custom_tools_to_functions();
    }
    adapted.request = document::fit(adapted.request, supplier.documents(), &mut adapted.losses);
    adapted.searches_to_blocks();
    adapted.rename_tools(supplier.tool_names());
    if !supplier.has_forced_tools() {
        adapted.forced_tools_to_schema(target);
    }
    if request.format == OutputFormat::Json {
        let lacks = target.capabilities.no.contains(Needs::JSON_MODE);
        if lacks || !supplier.has_json_mode() {
            let why = "nothing holds an answer to JSON there: the instructions alone ask for it";
            adapted.ask_in_words(ONLY_JSON, why);
            adapted.request.to_mut().format = OutputFormat::Text;
            // The tokens of probabilities are those of the text as it came.
            adapted.undo.may_be_fenced = request.sampling.logprobs.is_none();
        } else if !says_json(&request.turns) {
            let why = "the word, which stands nowhere in the prompt, is put into the instructions";
            adapted.ask_in_words("Answer in JSON.", why);
        }
    }
    adapted.schemas(supplier, target)?;
    Ok(adapted)
}

impl Adapted<'_> {
    fn custom_tools_to_functions(&mut self) {
        let is_custom = |tool: &Tool| matches!(tool, Tool::Custom { .. });
        let speaks_custom = |content: &Content| match content {
            Content::ToolCall(call) => matches!(call.input, ToolInput::Text(_)),
            Content::ToolResult(result) => result.is_custom,
            _ => false,
        };
        let blocks = || self.request.turns.iter().flat_map(|turn| &turn.blocks);
        if !self.request.tools.iter().any(is_custom) && !blocks().any(|block| speaks_custom(&block.content)) {
            return;
        }
        let request = self.request.to_mut();
        for tool in &mut request.tools {
            let Tool::Custom { name, description, grammar } = tool else { continue };
            if grammar.is_some() {
                super::note(
                    &mut self.losses,
                    Loss::new("tools.grammar", "no grammars for a tool's text there"),
                );
            }
            self.undo.custom.insert(name.clone());
            *tool = Tool::Function(Function {
                name: std::mem::take(name),
                description: description.take(),
                schema: Some(FREE_TEXT_SCHEMA.into()),
                ..Function::default()
            });
        }
        for block in request.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
            match &mut block.content {
                Content::ToolCall(call) => {
                    if let ToolInput::Text(text) = &call.input {
                        let mut json = Json::new();
                        json.object().key("input").text(text).end_object();
                        call.input = ToolInput::Arguments(json.finish().into());
                    }
                }
                Content::ToolResult(result) => result.is_custom = false,
                _ => {}
            }
        }
    }

    /// Models are asked for JSON in words, too: `OpenAI` refuses a prompt without the word, Cohere warns of answers without an end.
    /// Where a protocol has no such form the words are all that there is, so that they say all of it, whatever the prompt says.
    ///
    /// Source: `response_format_json_object.py` in openai 3.54.0 and its API's error, `response_format_v2.py` in cohere 7.3.1;
    /// read 2026-11-29.
    fn ask_in_words(&mut self, words: &str, why: &'static str) {
        super::note(&mut self.losses, Loss::new("response_format", why));
        self.instruct(words.to_owned());
    }

    /// Puts words behind the first instructions.
    pub(super) fn instruct(&mut self, words: String) {
        let words = Block::from(Content::text(words));
        let turns = &mut self.request.to_mut().turns;
        match turns.first_mut() {
            Some(turn) if turn.role == Role::System => turn.blocks.push(words),
            _ => turns.insert(0, Turn { role: Role::System, name: None, blocks: vec![words] }),
        }
    }

    /// What the conversation tells of searches becomes the blocks that their makers wrote, which each may read again. Of
    /// others' nothing goes there: what the model made of what it found stands in the text.
    fn searches_to_blocks(&mut self) {
        let is_search = |block: &Block| matches!(block.content, Content::Search(_));
        if !self.request.turns.iter().flat_map(|turn| &turn.blocks).any(is_search) {
            return;
        }
        for turn in &mut self.request.to_mut().turns {
            for block in std::mem::take(&mut turn.blocks) {
                let Content::Search(search) = block.content else {
                    turn.blocks.push(block);
                    continue;
                };
                if search.own.is_empty() {
                    super::note(
                        &mut self.losses,
                        Loss::new("web_search", "a search that somebody else made"),
                    );
                }
                turn.blocks.extend(search.own.into_iter().map(|own| Block::from(Content::Opaque(own))));
            }
        }
        self.request.to_mut().turns.retain(|turn| !turn.blocks.is_empty());
    }

    fn rename_tools(&mut self, rule: ToolNames) {
        let mut taken: HashSet<String> =
            self.request.tools.iter().map(|tool| tool.name().to_owned()).collect();
        let called = self.request.turns.iter().flat_map(|turn| &turn.blocks).filter_map(|block| block.call());
        let mut names: Vec<&str> =
            self.request.tools.iter().filter(|tool| !is_supplied(tool)).map(Tool::name).collect();
        names.extend(called.map(|call| call.name.as_str()));
        let mut renamed = Vec::<(String, String)>::new();
        for name in names {
            if rule.take(name) || renamed.iter().any(|(old, _)| old == name) {
                continue;
            }
            let new = fitting(name, rule, &taken);
            taken.insert(new.clone());
            renamed.push((name.to_owned(), new));
        }
        if renamed.is_empty() {
            return;
        }
        let rename = |name: &mut String| {
            if let Some((_, new)) = renamed.iter().find(|(old, _)| old == name) {
                name.clone_from(new);
            }
        };
        let request = self.request.to_mut();
        for tool in &mut request.tools {
            match tool {
                Tool::Function(Function { name, .. }) | Tool::Custom { name, .. } => rename(name),
                Tool::Search(_) | Tool::Supplied(_) => {}
            }
        }
        if let ToolChoice::Named(name) = &mut request.tool_choice {
            rename(name);
        }
        for block in request.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
            match &mut block.content {
                Content::ToolCall(call) => rename(&mut call.name),
                Content::ToolResult(result) => result.name.iter_mut().for_each(rename),
                _ => {}
            }
        }
        self.undo.custom = std::mem::take(&mut self.undo.custom)
            .into_iter()
            .map(|mut name| {
                rename(&mut name);
                name
            })
            .collect();
        self.undo.renamed = renamed.into_iter().map(|(old, new)| (new, old)).collect();
    }

    /// A model without structured output can still be asked for a schema by a tool that takes the answer.
    pub(super) fn schema_to_tool(
        &mut self,
        supplier: &dyn Translator,
        target: &Target<'_>,
    ) -> Result<(), TranslateError> {
        let rule = supplier.tool_names();
        if target.capabilities.no.contains(Needs::TOOLS) {
            return Err(TranslateError::unsayable(
                "response_format",
                "the model has neither schemas nor tools",
            ));
        }
        let thinks = !matches!(self.request.effort, None | Some(Effort::Off));
        let request = self.request.to_mut();
        let OutputFormat::Schema { name, description, schema, .. } = std::mem::take(&mut request.format)
        else {
            return Ok(());
        };
        if request.sampling.logprobs.take().is_some() {
            super::note(&mut self.losses, Loss::new("logprobs", "the answer is a call, which has none"));
        }
        let taken = request.tools.iter().map(|tool| tool.name().to_owned()).collect();
        let name = fitting(name.as_deref().unwrap_or(ANSWER_TOOL), rule, &taken);
        let description = description.unwrap_or_else(|| "Call this with your answer.".to_owned());
        let alone = request.tools.is_empty() || request.tool_choice == ToolChoice::None;
        if request.tool_choice == ToolChoice::None {
            request.tools.clear();
        }
        request.tools.push(Tool::Function(Function {
            name: name.clone(),
            description: Some(description),
            schema: Some(schema),
            ..Function::default()
        }));
        let is_free = thinks && target.quirks.contains(Quirks::NO_FORCED_TOOL_WITH_THINKING);
        request.tool_choice = if is_free || !supplier.has_forced_tools() {
            ToolChoice::Auto
        } else if alone {
            ToolChoice::Named(name.clone())
        } else {
            ToolChoice::Any
        };
        self.undo.answer_tool = Some(name);
        Ok(())
    }
}

/// Whether the word stands in any text of these turns.
pub(crate) fn says_json(turns: &[Turn]) -> bool {
    let has_word =
        |text: &str| text.as_bytes().windows(4).any(|letters| letters.eq_ignore_ascii_case(b"json"));
    let mut blocks = turns.iter().flat_map(|turn| &turn.blocks);
    blocks.any(|block| matches!(&block.content, Content::Text(text) if has_word(&text.text)))
}

const fn is_supplied(tool: &Tool) -> bool {
    matches!(tool, Tool::Search(_) | Tool::Supplied(_))
}

/// A name of the rule that nobody has: the old one with what is not taken replaced, cut, and numbered where need be.
fn fitting(name: &str, rule: ToolNames, taken: &HashSet<String>) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || rule.also.contains(letter);
    let mut base: String = name.chars().map(|letter| if fits(letter) { letter } else { '_' }).collect();
    if !rule.any_start && !base.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_') {
        base.insert(0, '_');
    }
    let numbered = |number: usize| {
        let tail = if number == 0 { String::new() } else { format!("_{number}") };
        let head = &base[..base.len().min(rule.longest - tail.len())];
        format!("{head}{tail}")
    };
    let mut names = (0..).map(numbered);
    names.find(|name| !name.is_empty() && !taken.contains(name)).expect("some number is free")
}
