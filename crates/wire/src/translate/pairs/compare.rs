//! What differs between two conversations, and which losses would tell of it.

mod words;

use std::collections::BTreeSet;
use std::fmt::Debug;

use catalogue::Usage;

use self::words::{is_same, said};
use crate::conversation::testing::normalise;
use crate::conversation::{
    Answer, Block, CacheMark, Choice, Citation, Content, Effort, FinishReason, Loss, Media, MediaSource,
    Opaque, OutputFormat, Request, Role, Search, Text, Tool, ToolChoice, Turn,
};

/// Differences, each with the words of which one has to stand in the name of a loss; a word behind `=` is the whole name.
#[derive(Debug, Default)]
pub(super) struct Differences(Vec<(String, Vec<&'static str>)>);

impl Differences {
    /// What no loss tells of.
    pub(super) fn uncovered(&self, losses: &[Loss]) -> Vec<String> {
        let names: Vec<String> = losses.iter().map(|loss| loss.what.to_lowercase()).collect();
        let tells = |name: &str, word: &str| match word.strip_prefix('=') {
            Some(whole) => name == whole,
            None => name.contains(word),
        };
        let is_told = |words: &[&str]| names.iter().any(|name| words.iter().any(|word| tells(name, word)));
        self.0.iter().filter(|(_, words)| !is_told(words)).map(|(what, _)| what.clone()).collect()
    }

    /// Notes that `what` is not there.
    pub(super) fn add(&mut self, what: &str, covered_by: &[&'static str], is_there: bool, text: &str) {
        if !is_there {
            self.0.push((format!("{what} is not there: {text:?}"), covered_by.to_vec()));
        }
    }

    fn compare<T: PartialEq + Debug>(
        &mut self,
        what: &str,
        covered_by: &[&'static str],
        before: &T,
        after: &T,
    ) {
        self.differ(what, covered_by, T::eq, before, after);
    }

    fn differ<T: Debug + ?Sized>(
        &mut self,
        what: &str,
        covered_by: &[&'static str],
        is_same: impl Fn(&T, &T) -> bool,
        before: &T,
        after: &T,
    ) {
        if !is_same(before, after) {
            self.0.push((format!("{what}: {before:?} became {after:?}"), covered_by.to_vec()));
        }
    }
}

const MEDIA: &[&str] = &["media", "image", "audio", "document", "video", "file"];
const REASONING: &[&str] = &["reasoning", "thinking", "thought", "summary"];
const PROOF: &[&str] = &["proof", "signature", "reasoning", "thinking", "thought", "encrypted"];
const MOVED: &[&str] =
    &["=messages.order", "=messages.role", "=messages.first", "=text", "=tool_result", "refusal", "document"];
const ORDER: &[&str] = &[
    "order",
    "reasoning",
    "thinking",
    "thought",
    "refusal",
    "media",
    "image",
    "document",
    "tool_result",
    "citation",
    "=text",
];

/// What a request lost on its way.
pub(super) fn requests(before: &Request, after: &Request) -> Differences {
    let mut found = Differences::default();
    let spoken = |request| said(&normalise::in_order(request));
    found.differ("what is said", MOVED, is_same, &spoken(before), &spoken(after));
    let (mut before, after) = (normalise::request(before), normalise::request(after));
    // That none is to be called may be said by offering none.
    if before.tool_choice == ToolChoice::None {
        before.parallel_tools = after.parallel_tools;
        if after.tools.is_empty() {
            before.tools.clear();
            before.tool_choice = ToolChoice::Unsaid;
        }
    }
    let (before, after) = (&before, &after);
    let blocks =
        |request: &Request| request.turns.iter().flat_map(|turn| turn.blocks.clone()).collect::<Vec<_>>();
    found.compare("names", &["messages.name"], &names(before), &names(after));
    refusals(&mut found, &blocks(before), &blocks(after));
    contents(&mut found, &blocks(before), &blocks(after));
    found.compare("cache marks", &["cache"], &marks(before), &marks(after));
    tools(&mut found, before, after);
    options(&mut found, before, after);
    found
}

/// What an answer lost on its way. Its id and the model's name are not looked at: dialects make up what they lack.
pub(super) fn answers(before: &Answer, after: &Answer) -> Differences {
    let mut found = Differences::default();
    let (before, after) = (&normalise::answer(before), &normalise::answer(after));
    found.compare("how many choices", &["choices"], &before.choices.len(), &after.choices.len());
    for (before, after) in before.choices.iter().zip(&after.choices) {
        let turn =
            |choice: &Choice| [Turn { role: Role::Assistant, name: None, blocks: choice.blocks.clone() }];
        let moved = &["refusal", "order", "text"];
        found.differ("what is said", moved, is_same, &said(&turn(before)), &said(&turn(after)));
        // That it is a refusal may be said by why it ended.
        let mut read = after.blocks.clone();
        if finish(after) == Some(FinishReason::Filtered) {
            read.extend(
                before.blocks.iter().filter(|block| matches!(block.content, Content::Refusal(_))).cloned(),
            );
        }
        refusals(&mut found, &before.blocks, &read);
        contents(&mut found, &before.blocks, &after.blocks);
        let stopped = &["finish", "stop", "refusal"];
        found.compare("why it ended", stopped, &finish(before), &finish(after));
    }
    usage(&mut found, before.usage, after.usage);
    if before.service.is_some() {
        found.compare("who served", &["service_tier"], &before.service, &after.service);
    }
    found
}

fn refusals(found: &mut Differences, before: &[Block], after: &[Block]) {
    let told = |blocks| {
        all(blocks, |content| match content {
            Content::Refusal(text) => vec![text.clone()],
            _ => Vec::new(),
        })
    };
    let (before, after) = (told(before).concat(), told(after).concat());
    found.add("refusal", &["refusal"], after.contains(&before), &before);
}

/// What stands in blocks beside text: each kind by itself, in order.
fn contents(found: &mut Differences, before: &[Block], after: &[Block]) {
    let mut compare = |what: &str, covered_by: &[&'static str], each: fn(&Content) -> Vec<String>| {
        found.compare(what, covered_by, &all(before, each), &all(after, each));
    };
    compare("media", MEDIA, |content| {
        media(content, |media| Some(format!("{:?} {:?}", media.kind, media.source)))
    });
    compare("media types", MEDIA, |content| {
        media(content, |media| match media.source {
            MediaSource::Base64(_) => media.media_type.as_deref().map(str::to_owned),
            _ => None,
        })
    });
    compare("details", &["detail"], |content| media(content, |media| media.detail.clone()));
    compare("call ids", &["call.id", "call_id", "tool_use_id", "calls.id"], |content| match content {
        Content::ToolCall(call) => vec![call.id.clone()],
        Content::ToolResult(result) => vec![result.call_id.clone()],
        _ => Vec::new(),
    });
    compare("failed results", &["is_error", "status"], |content| match content {
        Content::ToolResult(result) if result.is_error => vec![result.call_id.clone()],
        _ => Vec::new(),
    });
    let cited = &["citation", "annotation", "grounding"];
    compare("cited addresses", cited, |content| cites(content, |_, citation| citation.url.clone()));
    compare("cited titles", cited, |content| cites(content, |_, citation| citation.title.clone()));
    compare("quotes", cited, |content| cites(content, |_, citation| citation.quote.clone()));
    compare("citing passages", cited, |content| cites(content, passage));
    compare("probabilities", &["logprob"], |content| match content {
        Content::Text(text) => text.logprobs.iter().map(|token| format!("{token:?}")).collect(),
        _ => Vec::new(),
    });
    searches(found, before, after);
    let names = |blocks| all(blocks, |content| media(content, stem));
    // A dialect that wants a name makes one up.
    for name in names(before) {
        let words = &["name", "title", "document", "media"];
        found.add("media's name", words, names(after).contains(&name), &name);
    }
    let thoughts = |blocks| {
        all(blocks, |content| match content {
            Content::Reasoning(reasoning) => vec![reasoning.text.clone()],
            _ => Vec::new(),
        })
    };
    found.compare("reasoning", REASONING, &thoughts(before).concat(), &thoughts(after).concat());
    found.compare("proofs", PROOF, &proofs(before), &proofs(after));
    found.compare("the order of blocks", ORDER, &order(before), &order(after));
}

/// What was looked for, and the pages that were found, each once: some tell all searches of an answer as one.
fn searches(found: &mut Differences, before: &[Block], after: &[Block]) {
    let mut each = |what, of: fn(&Search) -> Vec<String>| {
        let told = |blocks: &[Block]| {
            let searches = blocks.iter().filter_map(|block| match &block.content {
                Content::Search(search) => Some(search),
                _ => None,
            });
            searches.flat_map(|search| of(search)).collect::<BTreeSet<_>>()
        };
        // A page that is cited may be told as found, and one without a title by its address.
        found.differ(what, &["web_search"], BTreeSet::is_subset, &told(before), &told(after));
    };
    each("queries", |search| search.queries.clone());
    each("pages found", |search| search.pages.iter().map(|page| page.url.clone()).collect());
    each("pages' titles", |search| search.pages.iter().filter_map(|page| page.title.clone()).collect());
}

/// What proves anything; a dialect may put it beside what it proves.
fn proofs(blocks: &[Block]) -> Vec<String> {
    let mut found = all(blocks, |content| {
        let proof = match content {
            Content::Text(text) => &text.proof,
            Content::ToolCall(call) => &call.proof,
            Content::Reasoning(reasoning) => &reasoning.proof,
            _ => &None,
        };
        // What a search's maker wants back stands beside it as a proof does.
        let proves = |proof: &&Opaque| !proof.kind.contains("web_search");
        proof.iter().filter(proves).map(|proof| proof.data.clone()).collect()
    });
    found.sort_unstable();
    found
}

/// What each block, or block of a result, has of something.
fn all(blocks: &[Block], each: fn(&Content) -> Vec<String>) -> Vec<String> {
    let inner = |block: &Block| match &block.content {
        Content::ToolResult(result) => result.blocks.clone(),
        _ => Vec::new(),
    };
    let flat = blocks.iter().flat_map(|block| std::iter::once(block.clone()).chain(inner(block)));
    flat.flat_map(|block| each(&block.content)).collect()
}

fn media(content: &Content, each: fn(&Media) -> Option<String>) -> Vec<String> {
    match content {
        Content::Media(media) => each(media).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The name without the ending that only says again what the media is.
fn stem(media: &Media) -> Option<String> {
    let name = media.name.as_deref()?;
    Some(name.strip_suffix(".pdf").unwrap_or(name).to_owned())
}

fn cites(content: &Content, each: fn(&Text, &Citation) -> Option<String>) -> Vec<String> {
    let Content::Text(text) = content else { return Vec::new() };
    text.citations.iter().filter_map(|citation| each(text, citation)).collect()
}

/// The words that cite.
fn passage(text: &Text, citation: &Citation) -> Option<String> {
    let (start, end) = citation.range?;
    let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
    Some(text.text.chars().take(end).skip(start).collect())
}

/// Kinds of blocks in a row.
fn order(blocks: &[Block]) -> String {
    // Where a search stands says nothing: some tell it beside the text.
    let blocks = blocks.iter().filter(|block| !matches!(block.content, Content::Search(_)));
    let kind = |block: &Block| match &block.content {
        Content::Text(_) | Content::Refusal(_) => 'T',
        Content::Reasoning(_) => 'R',
        Content::ToolCall(_) => 'C',
        Content::ToolResult(_) => 'O',
        Content::Media(_) => 'M',
        Content::Search(_) => 'S',
        Content::Opaque(_) => 'X',
    };
    // Reasoning that is nothing but its proof may be where the proof of something else stands.
    let says = |block: &&Block| !matches!(&block.content, Content::Reasoning(reasoning) if reasoning.text.is_empty());
    let mut kinds: Vec<char> = blocks.filter(says).map(kind).collect();
    kinds.dedup();
    kinds.into_iter().collect()
}

fn names(request: &Request) -> Vec<String> {
    request.turns.iter().filter_map(|turn| turn.name.clone()).collect()
}

fn marks(request: &Request) -> Vec<CacheMark> {
    let inner = |block: &Block| match &block.content {
        Content::ToolResult(result) => result.blocks.iter().filter_map(|block| block.cache).collect(),
        _ => Vec::new(),
    };
    let blocks = request.turns.iter().flat_map(|turn| &turn.blocks);
    let of_blocks = blocks.flat_map(|block| inner(block).into_iter().chain(block.cache).collect::<Vec<_>>());
    let of_tools = request.tools.iter().filter_map(|tool| match tool {
        Tool::Function(function) => function.cache,
        _ => None,
    });
    of_tools.chain(of_blocks).collect()
}

fn tools(found: &mut Differences, before: &Request, after: &Request) {
    let functions = |request: &Request| {
        let each = request.tools.iter().filter_map(|tool| match tool {
            Tool::Function(function) => Some(function.clone()),
            _ => None,
        });
        each.collect::<Vec<_>>()
    };
    let names =
        |request: &Request| request.tools.iter().map(|tool| tool.name().to_owned()).collect::<Vec<_>>();
    found.compare("tools", &["tools", "tool_choice"], &names(before), &names(after));
    let choice = &["tool_choice", "tools"];
    found.compare("tool choice", choice, &before.tool_choice, &after.tool_choice);
    // A call that has to be made may be held to its schema by that.
    let forced = matches!(before.tool_choice, ToolChoice::Any | ToolChoice::Named(_));
    for (before, after) in functions(before).iter().zip(&functions(after)) {
        found.compare("descriptions", &["description"], &before.description, &after.description);
        found.compare("schemas", &["schema", "parameters"], &before.schema, &after.schema);
        if !forced {
            found.compare("strictness", &["strict"], &before.strict, &after.strict);
        }
    }
    let grammars = |request: &Request| {
        let each = request.tools.iter().filter_map(|tool| match tool {
            Tool::Custom { grammar, .. } => Some(grammar.clone()),
            _ => None,
        });
        each.collect::<Vec<_>>()
    };
    found.compare("grammars", &["grammar"], &grammars(before), &grammars(after));
    let parallel = &["parallel"];
    found.compare("parallel calls", parallel, &before.parallel_tools, &after.parallel_tools);
}

fn options(found: &mut Differences, before: &Request, after: &Request) {
    formats(found, &before.format, &after.format);
    if !same_effort(before.effort.as_ref(), after.effort.as_ref()) {
        let told = &["effort", "reasoning", "thinking", "budget"];
        found.compare("effort", told, &before.effort, &after.effort);
    }
    if before.max_tokens.is_some() {
        found.compare("max_tokens", &["max_tokens", "max_output"], &before.max_tokens, &after.max_tokens);
    }
    let (asked, read) = (&before.sampling, &after.sampling);
    found.compare("temperature", &["temperature"], &asked.temperature, &read.temperature);
    found.compare("top_p", &["top_p", "topp"], &asked.top_p, &read.top_p);
    found.compare("top_k", &["top_k", "topk"], &asked.top_k, &read.top_k);
    found.compare("seed", &["seed"], &asked.seed, &read.seed);
    let (frequency, presence) = (&["frequency"], &["presence"]);
    found.compare("frequency_penalty", frequency, &asked.frequency_penalty, &read.frequency_penalty);
    found.compare("presence_penalty", presence, &asked.presence_penalty, &read.presence_penalty);
    found.compare("logprobs", &["logprob"], &asked.logprobs, &read.logprobs);
    found.compare("stop", &["stop"], &before.stop, &after.stop);
    found.compare("choices", &["choices", "candidate", "=n"], &before.choices, &after.choices);
    found.compare("stream", &["stream"], &before.stream, &after.stream);
    found.compare("verbosity", &["verbosity"], &before.verbosity, &after.verbosity);
    // Two words for one class.
    let tier = |request: &Request| request.unusual_tier().map(|tier| tier.replace("fast", "priority"));
    found.compare("class of service", &["service_tier"], &tier(before), &tier(after));
    let caching = (&before.caching, &after.caching);
    found.compare("the cache's key", &["prompt_cache_key"], &caching.0.key, &caching.1.key);
    let retention = &["prompt_cache_retention"];
    found.compare("the cache's retention", retention, &caching.0.retention, &caching.1.retention);
    found.compare("the cache's mode", &["prompt_cache_options"], &caching.0.mode, &caching.1.mode);
    found.compare("the cache's time", &["prompt_cache_options"], &caching.0.ttl, &caching.1.ttl);
    found.compare("user", &["user"], &before.end_user(), &after.end_user());
    if before.safety_identifier.is_some() && after.safety_identifier.is_some() {
        found.compare("the other user", &["user"], &before.user, &after.user);
    }
    found.compare("metadata", &["metadata"], &before.metadata, &after.metadata);
}

/// Amounts are words in some dialects and numbers in others; the neutral steps are those that all go by.
fn same_effort(asked: Option<&Effort>, read: Option<&Effort>) -> bool {
    match (asked, read) {
        (Some(asked), Some(read)) => asked.budget() == read.budget() || asked.word() == read.word(),
        // Either is what happens where nothing is said.
        (Some(Effort::Off | Effort::Auto), None) => true,
        (asked, read) => asked == read,
    }
}

fn formats(found: &mut Differences, before: &OutputFormat, after: &OutputFormat) {
    let format = &["format", "schema"];
    match (before, after) {
        (
            OutputFormat::Schema { name, description, schema, .. },
            OutputFormat::Schema { name: name_after, description: description_after, schema: after, .. },
        ) => {
            found.compare("the answer's schema", format, schema, after);
            // A dialect that wants a name makes one up, and one without has no use for it.
            if name.is_some() && name_after.is_some() {
                found.compare("the schema's name", format, name, name_after);
            }
            found.compare("the schema's description", format, description, description_after);
        }
        (before, after) => found.compare("the answer's format", format, before, after),
    }
}

/// A stop text that came up is a stop, whichever it was; behind a call it says that tools are to be called, and behind a
/// refusal that there was one.
fn finish(choice: &Choice) -> Option<FinishReason> {
    let has = |kind: fn(&Content) -> bool| choice.blocks.iter().any(|block| kind(&block.content));
    let reason = choice.finish.clone()?;
    if !matches!(reason, FinishReason::Stop | FinishReason::StopSequence(_)) {
        return Some(reason);
    }
    Some(if has(|content| matches!(content, Content::ToolCall(_))) {
        FinishReason::ToolCalls
    } else if has(|content| matches!(content, Content::Refusal(_))) {
        FinishReason::Filtered
    } else {
        FinishReason::Stop
    })
}

/// All that was used, and what of it came from, or went into, a cache. Finer counts are not in every dialect, and what one
/// wants that was not stated may be estimated.
fn usage(found: &mut Differences, before: Option<Usage>, after: Option<Usage>) {
    let Some(before) = before.filter(|usage| !usage.is_zero()) else { return };
    let after = after.unwrap_or_default();
    let total = |usage: &Usage| (usage.input_total(), usage.output_total());
    found.compare("all that was used", &["usage"], &total(&before), &total(&after));
    let cached = |usage: &Usage| (usage.cache_read, usage.cache_write_5m + usage.cache_write_1h);
    found.compare("what was cached", &["usage"], &cached(&before), &cached(&after));
    found.compare("requests of tools", &["usage"], &before.tool_requests, &after.tool_requests);
}
