//! What holds for every stream.

use bytes::Bytes;
use proptest::prelude::*;

use super::{ClientTranslator, Translator, about, read, written};
use crate::codec::{Codec as _, End};
use crate::conversation::{
    Answer, Block, BlockStart, Choice, Content, Delta, Event, FinishReason, Reasoning, Text, ToolCall,
    ToolInput,
};
use crate::framing::Frame;
use crate::gemini::answer::tests::properties::{answers, named};
use crate::gemini::translator::GeminiTranslator;
use crate::testing::frames;

/// A block as events, its text in pieces.
fn events_of(choice: u32, content: &Content, pieces: usize) -> Vec<Event> {
    let delta = |delta| Event::Delta { choice, delta };
    let (block, text, proof) = match content {
        Content::Text(text) => (BlockStart::Text, text.text.clone(), &text.proof),
        Content::Reasoning(reasoning) => {
            (BlockStart::Reasoning { is_summary: true }, reasoning.text.clone(), &reasoning.proof)
        }
        Content::ToolCall(call) => {
            let ToolInput::Arguments(arguments) = &call.input else { panic!("arguments were made") };
            let block =
                BlockStart::ToolCall { id: call.id.clone(), name: call.name.clone(), is_custom: false };
            (block, String::from_utf8(arguments.to_vec()).unwrap(), &call.proof)
        }
        other => panic!("{other:?} was not made"),
    };
    let letters: Vec<char> = text.chars().collect();
    let mut events = vec![Event::BlockStart { choice, block }];
    events.extend(letters.chunks(pieces).map(|piece| delta(Delta::Text(piece.iter().collect()))));
    if let Content::Text(text) = content {
        events.extend(text.citations.iter().map(|citation| delta(Delta::Citation(citation.clone()))));
        if !text.logprobs.is_empty() {
            events.push(delta(Delta::Logprobs(text.logprobs.clone())));
        }
    }
    events.extend(proof.clone().map(|proof| delta(Delta::Proof(proof))));
    events.push(Event::BlockEnd { choice });
    events
}

/// All choices' events, in turns that `order` decides.
fn interleaved(answer: &Answer, pieces: usize, order: &[usize]) -> Vec<Event> {
    let mut queues: Vec<std::collections::VecDeque<Event>> = answer
        .choices
        .iter()
        .zip(0..)
        .map(|(choice, index)| {
            let mut events: Vec<Event> =
                choice.blocks.iter().flat_map(|block| events_of(index, &block.content, pieces)).collect();
            events.extend(choice.finish.clone().map(|reason| Event::Finish { choice: index, reason }));
            events.into()
        })
        .collect();
    let mut events = vec![Event::Start { id: answer.id.clone(), model: answer.model.clone(), usage: None }];
    let mut order = order.iter().copied().cycle();
    while queues.iter().any(|queue| !queue.is_empty()) {
        let at = order.next().unwrap_or_default() % queues.len();
        let at = if queues[at].is_empty() {
            queues.iter().position(|queue| !queue.is_empty()).unwrap()
        } else {
            at
        };
        events.extend(queues[at].pop_front());
    }
    events.extend(answer.usage.map(Event::Usage));
    events.push(Event::End);
    events
}

/// What events say, as a whole answer.
fn gathered(events: &[Event]) -> Answer {
    let mut answer = Answer::default();
    for event in events {
        match event {
            Event::Start { id, model, usage } => {
                (answer.id, answer.model, answer.usage) = (id.clone(), model.clone(), *usage);
            }
            Event::BlockStart { choice, block } => {
                let content = match block {
                    BlockStart::Text => Content::text(""),
                    BlockStart::Reasoning { is_summary } => Content::Reasoning(Reasoning {
                        text: String::new(),
                        proof: None,
                        is_summary: *is_summary,
                    }),
                    BlockStart::ToolCall { id, name, .. } => {
                        let input = ToolInput::Arguments(Bytes::new());
                        Content::ToolCall(ToolCall { id: id.clone(), name: name.clone(), input, proof: None })
                    }
                    other => panic!("{other:?} was not made"),
                };
                choice_of(&mut answer, *choice).blocks.push(content.into());
            }
            Event::Delta { choice, delta } => {
                grow(&mut choice_of(&mut answer, *choice).blocks.last_mut().unwrap().content, delta);
            }
            Event::Finish { choice, reason } => choice_of(&mut answer, *choice).finish = Some(reason.clone()),
            Event::Usage(usage) => answer.usage = Some(*usage),
            Event::Service(service) => answer.service = Some(*service),
            Event::BlockEnd { .. } | Event::KeepAlive | Event::End => {}
        }
    }
    answer
}

fn choice_of(answer: &mut Answer, choice: u32) -> &mut Choice {
    let at = choice as usize;
    if answer.choices.len() <= at {
        answer.choices.resize(at + 1, Choice::default());
    }
    &mut answer.choices[at]
}

fn grow(content: &mut Content, delta: &Delta) {
    match (content, delta) {
        (Content::Text(text), Delta::Text(more)) => text.text.push_str(more),
        (Content::Text(text), Delta::Citation(citation)) => text.citations.push(citation.clone()),
        (Content::Text(text), Delta::Logprobs(tokens)) => text.logprobs.extend_from_slice(tokens),
        (
            Content::Text(Text { proof, .. })
            | Content::Reasoning(Reasoning { proof, .. })
            | Content::ToolCall(ToolCall { proof, .. }),
            Delta::Proof(more),
        ) => *proof = Some(more.clone()),
        (Content::Reasoning(reasoning), Delta::Text(more)) => reasoning.text.push_str(more),
        (Content::ToolCall(call), Delta::Text(more)) => {
            let ToolInput::Arguments(arguments) = &mut call.input else { panic!("arguments were made") };
            *arguments = [arguments, more.as_bytes()].concat().into();
        }
        other => panic!("{other:?} do not belong together"),
    }
}

/// As it is told piece by piece: blocks of one kind without a signature between them are one, and a citation is told of the
/// last text.
fn as_streamed(answer: Answer) -> Answer {
    let mut answer = named(answer);
    for choice in &mut answer.choices {
        let mut blocks: Vec<Block> = Vec::new();
        for block in std::mem::take(&mut choice.blocks) {
            match (blocks.last_mut().map(|last| &mut last.content), &block.content) {
                (Some(Content::Text(last)), Content::Text(text)) if last.proof.is_none() => {
                    last.text.push_str(&text.text);
                    last.proof.clone_from(&text.proof);
                    last.logprobs.extend_from_slice(&text.logprobs);
                }
                (Some(Content::Reasoning(last)), Content::Reasoning(reasoning)) if last.proof.is_none() => {
                    last.text.push_str(&reasoning.text);
                    last.proof.clone_from(&reasoning.proof);
                }
                _ => blocks.push(block),
            }
        }
        choice.blocks = blocks;
    }
    answer
}

/// Citations are told with the last response, of the text that is open then; what they cite is another test's.
fn without_citations(mut answer: Answer) -> Answer {
    for block in answer.choices.iter_mut().flat_map(|choice| &mut choice.blocks) {
        if let Content::Text(text) = &mut block.content {
            text.citations.clear();
        }
    }
    answer
}

/// A choice of which nothing is told is none.
fn seen(mut answer: Answer) -> Answer {
    for choice in answer.choices.iter_mut().filter(|choice| choice.blocks.is_empty()) {
        choice.finish.get_or_insert(FinishReason::Stop);
    }
    answer
}

fn is_ended(answer: &Answer) -> bool {
    answer.choices.iter().all(|choice| choice.finish.is_some())
}

proptest! {
    #[test]
    fn g1_any_interleaving_says_the_same(answer in answers(), pieces in 1_usize..5, order in proptest::collection::vec(0_usize..4, 1..9)) {
        let answer = without_citations(seen(answer));
        let (stream, losses) = written(&interleaved(&answer, pieces, &order));
        prop_assert_eq!(losses, Vec::<String>::new());
        let (events, losses) = read(&stream).unwrap();
        prop_assert_eq!(losses, vec![]);
        prop_assert_eq!(events.last() == Some(&Event::End), is_ended(&answer));
        let mut told = gathered(&events);
        let mut expected = as_streamed(answer);
        if !events.contains(&Event::End) {
            // Nothing is told of an end before all have ended.
            for choices in [&mut told.choices, &mut expected.choices] {
                for choice in choices.iter_mut() {
                    choice.finish = None;
                }
                choices.retain(|choice| !choice.blocks.is_empty());
            }
        }
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn the_codec_sees_the_same(answer in answers(), pieces in 1_usize..5) {
        let answer = seen(answer);
        let (stream, _) = written(&interleaved(&answer, pieces, &[0]));
        let frames = frames(&stream);
        for cut in 0..=frames.len() {
            let mut reader = crate::gemini::Gemini.stream();
            for frame in &frames[..cut] {
                reader.read(frame);
            }
            let whole = cut == frames.len() && is_ended(&answer);
            prop_assert_eq!(reader.end(), if whole { End::Complete } else { End::Cut });
            if cut == frames.len() {
                prop_assert_eq!(reader.usage(), answer.usage);
            }
        }
    }

    #[test]
    fn the_life_cycle_is_kept(answer in answers(), pieces in 1_usize..5, order in proptest::collection::vec(0_usize..4, 1..9)) {
        let (stream, _) = written(&interleaved(&answer, pieces, &order));
        let (events, _) = read(&stream).unwrap();
        let mut open = std::collections::BTreeSet::new();
        let mut finished = std::collections::BTreeSet::new();
        for (at, event) in events.iter().enumerate() {
            match event {
                Event::Start { .. } => prop_assert_eq!(at, 0),
                Event::BlockStart { choice, .. } => prop_assert!(!finished.contains(choice) && open.insert(*choice)),
                Event::Delta { choice, .. } => prop_assert!(open.contains(choice)),
                Event::BlockEnd { choice } => prop_assert!(open.remove(choice)),
                Event::Finish { choice, .. } => prop_assert!(!open.contains(choice) && finished.insert(*choice)),
                Event::End => prop_assert_eq!(at, events.len() - 1),
                Event::Usage(_) | Event::Service(_) | Event::KeepAlive => {}
            }
        }
    }

    #[test]
    fn no_frame_is_too_odd(answer in answers(), bytes in proptest::collection::vec(any::<u8>(), 0..6), at in any::<prop::sample::Index>()) {
        let mut stream = written(&interleaved(&answer, 3, &[0, 1])).0.into_bytes();
        let at = at.index(stream.len());
        stream.splice(at..(at + bytes.len()).min(stream.len()), bytes);
        let mut decoder = GeminiTranslator.event_decoder();
        let mut encoder = GeminiTranslator.event_encoder(&about());
        let mut events = Vec::new();
        for line in stream.split_inclusive(|byte| *byte == b'\n') {
            let _ = decoder.decode(&Frame::sse(Bytes::copy_from_slice(line)), &mut events);
        }
        let _ = decoder.end(&mut events);
        for event in &events {
            encoder.encode(event, &mut Vec::new()).unwrap();
        }
    }
}
