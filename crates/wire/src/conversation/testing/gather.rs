//! A stream's events put together to the answer that they tell, each held to the order that is promised.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::conversation::{
    Answer, Block, BlockStart, Choice, Content, Delta, Event, FinishReason, Reasoning, Text, ToolCall,
    ToolInput,
};

/// What a stream told.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The answer; its blocks hold no cache marks, and arguments of a call are `{}` where none came.
    pub(crate) answer: Answer,
    /// Whether it ended as promised.
    pub(crate) is_whole: bool,
}

/// One choice so far.
#[derive(Debug, Default)]
struct Told {
    blocks: Vec<Block>,
    has_open: bool,
    has_finished: bool,
    finish: Option<FinishReason>,
}

/// Puts events together.
///
/// # Panics
/// Where they come in an order that is not promised.
#[track_caller]
pub(crate) fn gather(events: &[Event]) -> Gathered {
    let mut gathered = Gathered::default();
    let mut choices = BTreeMap::<u32, Told>::new();
    let mut has_started = false;
    for event in events {
        assert!(!gathered.is_whole, "nothing follows the end: {events:?}");
        if !matches!(event, Event::Service(_)) {
            let starts = matches!(event, Event::Start { .. });
            assert_eq!(starts, !has_started, "one start, and first: {events:?}");
            has_started = true;
        }
        take(event, &mut gathered, &mut choices);
    }
    if gathered.is_whole {
        assert!(choices.values().all(|choice| !choice.has_open), "no block is left open: {events:?}");
    }
    gathered.answer.choices = choices
        .into_iter()
        .map(|(index, choice)| {
            assert!((index as usize) < 128, "choices are dense");
            Choice { blocks: choice.blocks, finish: choice.finish }
        })
        .collect();
    gathered
}

#[track_caller]
fn take(event: &Event, gathered: &mut Gathered, choices: &mut BTreeMap<u32, Told>) {
    match event {
        Event::Start { id, model, usage } => {
            gathered.answer.id.clone_from(id);
            gathered.answer.model.clone_from(model);
            gathered.answer.usage = *usage;
        }
        Event::BlockStart { choice, block } => {
            let choice = choices.entry(*choice).or_default();
            assert!(!choice.has_open && !choice.has_finished, "blocks come one after the other: {block:?}");
            choice.has_open = true;
            choice.blocks.push(begun(block).into());
        }
        Event::Delta { choice, delta } => {
            let choice = choices.get_mut(choice).expect("a delta has its block");
            assert!(choice.has_open, "only an open block grows: {delta:?}");
            grow(&mut choice.blocks.last_mut().expect("an open block").content, delta);
        }
        Event::BlockEnd { choice } => {
            let choice = choices.get_mut(choice).expect("an end has its block");
            assert!(std::mem::replace(&mut choice.has_open, false), "a block ends once");
            if let Some(Content::ToolCall(ToolCall { input: ToolInput::Arguments(arguments), .. })) =
                choice.blocks.last_mut().map(|block| &mut block.content)
                && arguments.is_empty()
            {
                *arguments = Bytes::from_static(b"{}");
            }
        }
        Event::Finish { choice, reason } => {
            let choice = choices.entry(*choice).or_default();
            assert!(!choice.has_open && !choice.has_finished, "a choice finishes once, with no block open");
            choice.has_finished = true;
            choice.finish = Some(reason.clone());
        }
        Event::Usage(usage) => gathered.answer.usage = Some(*usage),
        Event::Service(service) => gathered.answer.service = Some(*service),
        Event::KeepAlive => {}
        Event::End => gathered.is_whole = true,
    }
}

fn begun(block: &BlockStart) -> Content {
    match block {
        BlockStart::Text => Content::text(""),
        BlockStart::Refusal => Content::Refusal(String::new()),
        BlockStart::Reasoning { is_summary } => {
            Content::Reasoning(Reasoning { text: String::new(), proof: None, is_summary: *is_summary })
        }
        BlockStart::ToolCall { id, name, is_custom } => {
            let input =
                if *is_custom { ToolInput::Text(String::new()) } else { ToolInput::Arguments(Bytes::new()) };
            Content::ToolCall(ToolCall { id: id.clone(), name: name.clone(), input, proof: None })
        }
        BlockStart::Media(media) => Content::Media(media.clone()),
        BlockStart::Search(search) => Content::Search(search.clone()),
        BlockStart::Opaque(opaque) => Content::Opaque(opaque.clone()),
    }
}

#[track_caller]
fn grow(content: &mut Content, delta: &Delta) {
    match (content, delta) {
        (
            Content::Text(Text { text, .. })
            | Content::Refusal(text)
            | Content::Reasoning(Reasoning { text, .. })
            | Content::ToolCall(ToolCall { input: ToolInput::Text(text), .. }),
            Delta::Text(more),
        ) => text.push_str(more),
        (Content::ToolCall(ToolCall { input: ToolInput::Arguments(arguments), .. }), Delta::Text(more)) => {
            *arguments = [&arguments[..], more.as_bytes()].concat().into();
        }
        (Content::Text(text), Delta::Citation(citation)) => text.citations.push(citation.clone()),
        (Content::Text(text), Delta::Logprobs(tokens)) => text.logprobs.extend(tokens.iter().cloned()),
        (
            Content::Text(Text { proof, .. })
            | Content::Reasoning(Reasoning { proof, .. })
            | Content::ToolCall(ToolCall { proof, .. }),
            Delta::Proof(new),
        ) => *proof = Some(new.clone()),
        (content, delta) => panic!("{content:?} does not grow by {delta:?}"),
    }
}
