//! Conversations that a client may send.

use proptest::prelude::*;

use super::parts::{an_image, any_mark, any_media, any_proof, any_reasoning, any_said, rarely};
use super::texts::{any_arguments, any_schema, any_text, any_tool_name, number_between_0_and_1, some_text};
use crate::conversation::{
    Block, Caching, Content, Effort, Function, Grammar, Opaque, OutputFormat, Request, Role, Sampling, Tool,
    ToolCall, ToolChoice, ToolInput, ToolResult, Turn,
};

/// A request: a conversation in which every call has its result right behind it, tools with names of their own, and all
/// options, each seldom enough that most requests can be said in most dialects.
pub(crate) fn any_request() -> impl Strategy<Value = Request> {
    (any_tools(), prop::collection::vec(any_step(), 1..5), prop::bool::weighted(0.1), any_options()).prop_map(
        |((tools, tool_choice), steps, prefilled, options)| {
            let names: Vec<(String, bool)> = tools.iter().filter_map(callable).collect();
            let turns = conversation(steps, &names, prefilled);
            Request { turns, tools, tool_choice, ..options }
        },
    )
}

/// A tool's name and whether it takes free text; `None` for those that the supplier runs.
fn callable(tool: &Tool) -> Option<(String, bool)> {
    match tool {
        Tool::Function(function) => Some((function.name.clone(), false)),
        Tool::Custom { name, .. } => Some((name.clone(), true)),
        Tool::Search(_) | Tool::Supplied(_) => None,
    }
}

/// One exchange, or a part of it.
#[derive(Debug, Clone)]
enum Step {
    Instruct(Vec<Block>),
    Ask(Option<String>, Vec<Block>),
    Answer(Vec<Block>, Vec<Called>),
}

/// A call and its result; which tool it is for depends on what is on offer.
#[derive(Debug, Clone)]
struct Called {
    which: prop::sample::Index,
    arguments: bytes::Bytes,
    text: String,
    proof: Option<Opaque>,
    answered: Vec<Block>,
    is_error: bool,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => prop::collection::vec(any_text_block(), 1..3).prop_map(Step::Instruct),
        4 => (rarely(20, Just("bob".to_owned())), prop::collection::vec(any_asked(), 1..4))
            .prop_map(|(name, blocks)| Step::Ask(name, blocks)),
        4 => (prop::collection::vec(any_answered(), 0..4), prop::collection::vec(any_called(), 0..3))
            .prop_map(|(blocks, calls)| Step::Answer(blocks, calls)),
        1 => (prop::collection::vec(any_answered(), 0..2), block(some_text().prop_map(Content::Refusal)))
            .prop_map(|(blocks, refusal)| Step::Answer([blocks, vec![refusal]].concat(), Vec::new())),
    ]
}

/// What is empty, which many leave out, has no mark.
fn block(content: impl Strategy<Value = Content>) -> impl Strategy<Value = Block> {
    (content, rarely(12, any_mark())).prop_map(|(content, cache)| {
        let is_empty = matches!(&content, Content::Text(text) if text.text.is_empty());
        Block { content, cache: cache.filter(|_| !is_empty) }
    })
}

fn any_text_block() -> impl Strategy<Value = Block> {
    block(prop_oneof![9 => some_text(), 1 => any_text()].prop_map(Content::text))
}

fn any_asked() -> impl Strategy<Value = Block> {
    prop_oneof![
        12 => any_text_block(),
        1 => block(an_image().prop_map(Content::Media)),
        1 => block(any_media().prop_map(Content::Media)),
    ]
}

fn any_answered() -> impl Strategy<Value = Block> {
    prop_oneof![
        6 => any_text_block(),
        2 => block(any_said(true, false).prop_map(Content::Text)),
        3 => block(any_reasoning().prop_map(Content::Reasoning)).prop_map(|block| Block { cache: None, ..block }),
    ]
}

fn any_called() -> impl Strategy<Value = Called> {
    let answered = prop_oneof![8 => any_text_block(), 1 => block(an_image().prop_map(Content::Media))];
    let result = (prop::collection::vec(answered, 0..3), prop::bool::weighted(0.1));
    (any::<prop::sample::Index>(), any_arguments(), some_text(), rarely(8, any_proof()), result).prop_map(
        |(which, arguments, text, proof, (answered, is_error))| Called {
            which,
            arguments,
            text,
            proof,
            answered,
            is_error,
        },
    )
}

/// Steps as turns. The last word is the user's, unless the answer is to go on from a given start.
fn conversation(steps: Vec<Step>, names: &[(String, bool)], prefilled: bool) -> Vec<Turn> {
    let mut turns = vec![turn(Role::User, vec![Content::text("hello").into()])];
    let mut calls = 0;
    for step in steps {
        match step {
            Step::Instruct(blocks) => turns.push(turn(Role::System, blocks)),
            Step::Ask(name, blocks) => turns.push(Turn { name, ..turn(Role::User, blocks) }),
            Step::Answer(mut blocks, called) => {
                let mut results = Vec::new();
                for one in called.into_iter().filter(|_| !names.is_empty()) {
                    let (call, result) = one.for_tool(one.which.get(names), calls);
                    calls += 1;
                    blocks.push(call.into());
                    results.push(result.into());
                }
                turns.push(turn(Role::Assistant, blocks));
                turns.extend((!results.is_empty()).then(|| turn(Role::User, results)));
            }
        }
    }
    if prefilled {
        turns.push(turn(Role::Assistant, vec![Content::text("So").into()]));
    } else if turns.last().is_some_and(|turn| turn.role != Role::User) {
        turns.push(turn(Role::User, vec![Content::text("go on").into()]));
    }
    turns
}

fn turn(role: Role, blocks: Vec<Block>) -> Turn {
    Turn { role, name: None, blocks }
}

impl Called {
    fn for_tool(&self, (name, is_custom): &(String, bool), number: usize) -> (Content, Content) {
        let id = format!("call_{number}");
        let input = if *is_custom {
            ToolInput::Text(self.text.clone())
        } else {
            ToolInput::Arguments(self.arguments.clone())
        };
        let call = ToolCall { id: id.clone(), name: name.clone(), input, proof: self.proof.clone() };
        let result = ToolResult {
            call_id: id,
            name: None,
            blocks: self.answered.clone(),
            is_error: self.is_error,
            is_custom: *is_custom,
        };
        (Content::ToolCall(call), Content::ToolResult(result))
    }
}

/// Tools on offer and whether one is to be called.
fn any_tools() -> impl Strategy<Value = (Vec<Tool>, ToolChoice)> {
    let tools = prop::collection::btree_map(any_tool_name(), any_tool(), 0..4);
    (tools, 0_u8..16, any::<prop::sample::Index>()).prop_map(|(tools, choice, which)| {
        let tools: Vec<Tool> = tools.into_iter().map(|(name, tool)| named(tool, name)).collect();
        let names: Vec<_> = tools.iter().filter_map(callable).collect();
        let choice = match choice {
            8..=11 => ToolChoice::Auto,
            12 if !tools.is_empty() => ToolChoice::None,
            13 if !names.is_empty() => ToolChoice::Any,
            14 if !names.is_empty() => ToolChoice::Named(which.get(&names).0.clone()),
            _ => ToolChoice::Unsaid,
        };
        (tools, choice)
    })
}

fn any_tool() -> impl Strategy<Value = Tool> {
    let strict = prop::sample::select(&[None, None, None, Some(true), Some(false)][..]);
    let description = || rarely(2, some_text());
    prop_oneof![
        20 => (description(), rarely(2, any_schema()), strict, rarely(12, any_mark())).prop_map(
            |(description, schema, strict, cache)| {
                Tool::Function(Function { name: String::new(), description, schema, strict, cache })
            }
        ),
        2 => (description(), rarely(2, any_grammar())).prop_map(|(description, grammar)| {
            Tool::Custom { name: String::new(), description, grammar }
        }),
    ]
}

fn any_grammar() -> impl Strategy<Value = Grammar> {
    let syntax = prop::sample::select(&["lark", "regex"][..]);
    (syntax, some_text()).prop_map(|(syntax, definition)| Grammar { syntax: syntax.to_owned(), definition })
}

fn named(tool: Tool, name: String) -> Tool {
    match tool {
        Tool::Function(function) => Tool::Function(Function { name, ..function }),
        Tool::Custom { description, grammar, .. } => Tool::Custom { name, description, grammar },
        supplied @ (Tool::Search(_) | Tool::Supplied(_)) => supplied,
    }
}

/// Everything but the conversation and the tools.
fn any_options() -> impl Strategy<Value = Request> {
    let format = prop_oneof![
        8 => Just(OutputFormat::Text),
        1 => Just(OutputFormat::Json),
        1 => (rarely(2, Just("answer".to_owned())), rarely(3, some_text()), any_schema(), rarely(2, any::<bool>())).prop_map(
            |(name, description, schema, strict)| OutputFormat::Schema { name, description, schema, strict }
        ),
    ];
    let named = prop::sample::select(&["minimal", "low", "medium", "high", "xhigh", "max"][..]);
    let effort = prop_oneof![
        Just(Effort::Off),
        Just(Effort::Auto),
        named.prop_map(|word| Effort::Named(word.to_owned())),
        (1024_u64..40_000).prop_map(Effort::Budget),
    ];
    let thinking = (rarely(4, effort), rarely(8, any::<bool>()));
    let limits =
        (rarely(2, 50_000_u64..60_000), prop::collection::vec("[A-Z]{1,5}", 0..3), rarely(20, 2_u32..4));
    let rest =
        (any_sampling(), rarely(6, any::<bool>()), any::<bool>(), rarely(6, Just("user-1".to_owned())));
    let metadata = rarely(10, Just(vec![("team".to_owned(), "a \"b\"".to_owned())]));
    (format, thinking, limits, rest, metadata, any_service()).prop_map(
        |(
            format,
            (effort, shows_reasoning),
            (max_tokens, stop, choices),
            (sampling, parallel_tools, stream, user),
            metadata,
            service,
        )| {
            Request {
                format,
                effort,
                shows_reasoning,
                max_tokens,
                stop,
                choices,
                sampling,
                parallel_tools,
                stream,
                stream_usage: stream,
                user,
                metadata: metadata.unwrap_or_default(),
                ..service
            }
        },
    )
}

/// What the supplier is told beside what the model is.
fn any_service() -> impl Strategy<Value = Request> {
    let word =
        |words: &'static [&'static str]| rarely(12, prop::sample::select(words).prop_map(str::to_owned));
    let tier = word(&["default", "flex", "priority", "fast", "scale", "ultrafast", "reserved", "odd"]);
    let caching = (word(&["office"]), word(&["in_memory", "24h"]), word(&["explicit"]), word(&["30m"]));
    (word(&["low", "high"]), tier, caching, word(&["user-1", "user-2"])).prop_map(
        |(verbosity, service_tier, (key, retention, mode, ttl), safety_identifier)| Request {
            verbosity,
            service_tier,
            caching: Caching { key, retention, mode, ttl },
            safety_identifier,
            ..Request::default()
        },
    )
}

fn any_sampling() -> impl Strategy<Value = Sampling> {
    let fraction = || rarely(4, number_between_0_and_1());
    let whole =
        |numbers: &'static [&'static str]| rarely(6, prop::sample::select(numbers).prop_map(str::to_owned));
    let top_k = whole(&["1", "40", "200"]);
    let seed = whole(&["0", "7", "9007199254740993"]);
    let logprobs = rarely(15, 0_u32..6);
    (fraction(), fraction(), top_k, seed, fraction(), fraction(), logprobs).prop_map(
        |(temperature, top_p, top_k, seed, frequency_penalty, presence_penalty, logprobs)| Sampling {
            temperature,
            top_p,
            top_k,
            seed,
            frequency_penalty,
            presence_penalty,
            logprobs,
        },
    )
}
