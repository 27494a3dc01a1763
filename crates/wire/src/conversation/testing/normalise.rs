//! Taking away what dialects may differ in without saying anything else.
//!
//! Instructions stand in front in some and anywhere in others; turns of one speaker in a row are one turn; text in a row is
//! one text, a blank one none; results stand before what else a turn says; what proves something is the same under a seal;
//! a text document is the same in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::conversation::{
    Answer, Block, Citation, Content, Media, MediaSource, Opaque, Reasoning, Request, Role, Text, Tool,
    ToolCall, ToolChoice, ToolInput, ToolResult, Turn,
};

const NO_PARAMETERS: &[u8] = br#"{"type":"object","properties":{}}"#;

/// The request as all dialects would have it.
pub(crate) fn request(request: &Request) -> Request {
    let mut normal = request.clone();
    normal.turns = turns_of(in_order(request));
    for tool in &mut normal.tools {
        if let Tool::Function(function) = tool {
            function.schema.get_or_insert(Bytes::from_static(NO_PARAMETERS));
            function.strict = function.strict.filter(|strict| *strict);
        }
    }
    let says_nothing = matches!(normal.tool_choice, ToolChoice::Auto | ToolChoice::None);
    if normal.tool_choice == ToolChoice::Auto || (normal.tools.is_empty() && says_nothing) {
        normal.tool_choice = ToolChoice::Unsaid;
    }
    normal.parallel_tools = normal.parallel_tools.filter(|parallel| !parallel && !normal.tools.is_empty());
    normal.choices = normal.choices.filter(|choices| *choices > 1);
    normal.losses.clear();
    normal
}

/// The request's turns, instructions in front, with results that know their tools' names.
pub(crate) fn in_order(request: &Request) -> Vec<Turn> {
    let mut named = request.clone();
    name_results(&mut named);
    let (mut turns, rest): (Vec<_>, Vec<_>) =
        named.turns.into_iter().partition(|turn| turn.role == Role::System);
    turns.extend(rest);
    turns
}

/// The answer as all dialects would have it.
pub(crate) fn answer(answer: &Answer) -> Answer {
    let mut normal = answer.clone();
    for choice in &mut normal.choices {
        choice.blocks = blocks(std::mem::take(&mut choice.blocks));
    }
    normal.losses.clear();
    normal
}

/// Turns that say something, those of one speaker in a row as one.
pub(crate) fn turns_of(turns: Vec<Turn>) -> Vec<Turn> {
    let mut merged = Vec::<Turn>::new();
    for mut turn in turns {
        turn.blocks = blocks(turn.blocks);
        match merged.last_mut() {
            _ if turn.blocks.is_empty() => {}
            Some(last) if last.role == turn.role && last.name == turn.name => {
                last.blocks.append(&mut turn.blocks);
            }
            _ => merged.push(turn),
        }
    }
    for turn in &mut merged {
        let is_result = |block: &Block| matches!(block.content, Content::ToolResult(_));
        turn.blocks.sort_by_key(|block| !is_result(block));
        turn.blocks = blocks(std::mem::take(&mut turn.blocks));
    }
    merged
}

/// Blocks that say something, those that may be one as one.
pub(crate) fn blocks(blocks: Vec<Block>) -> Vec<Block> {
    let mut merged = Vec::<Block>::new();
    for block in blocks {
        let block = Block { content: content(block.content), ..block };
        let says = match &block.content {
            Content::Text(text) => !text.text.trim().is_empty() || text.proof.is_some(),
            Content::Refusal(text) => !text.is_empty(),
            Content::Reasoning(reasoning) => !reasoning.text.is_empty() || reasoning.proof.is_some(),
            _ => true,
        };
        if says && !merged.last_mut().is_some_and(|last| took(last, &block)) {
            merged.push(block);
        }
    }
    merged
}

/// Whether the block, which follows, went into the last one.
fn took(last: &mut Block, next: &Block) -> bool {
    if last.cache.is_some() {
        return false;
    }
    match (&mut last.content, &next.content) {
        (Content::Text(text), Content::Text(more)) if text.proof.is_none() => append(text, more),
        (Content::Refusal(text), Content::Refusal(more)) => text.push_str(more),
        (Content::Reasoning(thought), Content::Reasoning(more))
            if thought.proof.is_none() && thought.is_summary == more.is_summary =>
        {
            thought.text.push_str(&more.text);
            thought.proof.clone_from(&more.proof);
        }
        _ => return false,
    }
    last.cache = next.cache;
    true
}

fn append(text: &mut Text, more: &Text) {
    let offset = text.text.chars().count() as u64;
    let moved = |citation: &Citation| Citation {
        range: citation.range.map(|(start, end)| (start + offset, end + offset)),
        ..citation.clone()
    };
    text.citations.extend(more.citations.iter().map(moved));
    text.text.push_str(&more.text);
    text.logprobs.extend(more.logprobs.iter().cloned());
    text.proof.clone_from(&more.proof);
}

fn content(content: Content) -> Content {
    match content {
        Content::Text(text) => Content::Text(Text { proof: proof(text.proof), ..text }),
        Content::Reasoning(reasoning) => {
            Content::Reasoning(Reasoning { proof: proof(reasoning.proof), ..reasoning })
        }
        Content::ToolCall(call) => Content::ToolCall(tool_call(call)),
        Content::ToolResult(result) => {
            Content::ToolResult(ToolResult { blocks: blocks(result.blocks), ..result })
        }
        Content::Opaque(block) => Content::Opaque(opaque(block)),
        Content::Media(media) => Content::Media(self::media(media)),
        other @ (Content::Refusal(_) | Content::Search(_)) => other,
    }
}

/// The call, without blanks around what the tool is called with.
fn tool_call(call: ToolCall) -> ToolCall {
    ToolCall { input: input(&call.input), proof: proof(call.proof), ..call }
}

/// What a tool is called with, without blanks around it.
pub(crate) fn input(input: &ToolInput) -> ToolInput {
    match input {
        ToolInput::Arguments(arguments) => match arguments.trim_ascii() {
            b"" => ToolInput::Arguments(Bytes::from_static(b"{}")),
            trimmed => ToolInput::Arguments(Bytes::copy_from_slice(trimmed)),
        },
        ToolInput::Text(text) => ToolInput::Text(text.clone()),
    }
}

fn media(media: Media) -> Media {
    let source = match media.source {
        MediaSource::Text(text) => MediaSource::Base64(STANDARD.encode(text).into()),
        source => source,
    };
    Media { source, detail: media.detail.filter(|detail| detail != "auto"), ..media }
}

/// A proof of nothing, which some dialects want where there is none, is none.
fn proof(proof: Option<Opaque>) -> Option<Opaque> {
    proof.map(opaque).filter(|proof| !proof.data.is_empty())
}

/// What is under the seals, if there are any. Some dialects have proofs in base64.
fn opaque(mut opaque: Opaque) -> Opaque {
    let decoded = |data: &str| String::from_utf8(STANDARD.decode(data).ok()?).ok();
    let unsealed = |data: &str| Opaque::unseal(data).or_else(|| Opaque::unseal(&decoded(data)?));
    while let Some(inside) = unsealed(&opaque.data) {
        opaque = inside;
    }
    opaque
}

/// Results know their tools' names in some dialects only; the calls tell.
fn name_results(request: &mut Request) {
    let known = request.clone();
    for block in request.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        if let Content::ToolResult(result) = &mut block.content {
            let name = known.tool_name(&result.call_id).map(str::to_owned);
            result.name = result.name.take().or(name);
        }
    }
}
