//! Answers that a model may give, whole and as events.

use catalogue::Usage;
use proptest::prelude::*;

use super::parts::{an_image, any_proof, any_reasoning, any_said, rarely};
use super::texts::{any_arguments, any_tool_name, cut, some_text};
use crate::conversation::{
    Answer, Block, BlockStart, Choice, Content, Delta, Event, FinishReason, Page, Reasoning, Search, Text,
    ToolCall, ToolInput,
};

/// A whole answer: mostly one choice, with blocks in any order, and the finish that belongs to them. None without a word:
/// to some protocols that is no answer. Who declines calls nothing and says nothing more.
pub(crate) fn any_answer() -> impl Strategy<Value = Answer> {
    let choices = prop_oneof![
        12 => prop::collection::vec(any_choice(), 1),
        1 => prop::collection::vec(any_choice(), 2..4),
    ];
    let id = rarely(2, Just("answer-1".to_owned()));
    let model = rarely(2, Just("model-2026".to_owned()));
    (id, model, choices, prop::option::weighted(0.9, any_usage())).prop_map(
        |(id, model, mut choices, mut usage)| {
            let searches = number_searches(&mut choices);
            if let Some(usage) = usage.as_mut().filter(|_| searches > 0) {
                usage.tool_requests = searches;
            }
            Answer { id, model, choices, usage, ..Answer::default() }
        },
    )
}

/// Makes all that is looked for different, as it is counted; gives how much that is. Of several choices none searches.
fn number_searches(choices: &mut [Choice]) -> u64 {
    let is_one = choices.len() == 1;
    let mut queries = 0;
    for choice in choices {
        if !is_one && choice.blocks.iter().any(|block| !matches!(block.content, Content::Search(_))) {
            choice.blocks.retain(|block| !matches!(block.content, Content::Search(_)));
        }
        for block in &mut choice.blocks {
            match &mut block.content {
                Content::Search(_) if !is_one => block.content = Content::text("Found."),
                Content::Search(search) => {
                    for query in &mut search.queries {
                        queries += 1;
                        *query += &queries.to_string();
                    }
                }
                _ => {}
            }
        }
    }
    queries
}

fn any_choice() -> impl Strategy<Value = Choice> {
    let refusal = rarely(12, some_text().prop_map(Content::Refusal));
    (prop::collection::vec(any_block(), 1..6), refusal, any_finish()).prop_map(
        |(mut contents, refusal, finish)| {
            let refused = refusal.is_some();
            if let Some(refusal) = refusal {
                contents.retain(|content| !matches!(content, Content::ToolCall(_)));
                contents.push(refusal);
            }
            let mut calls = 0;
            for content in &mut contents {
                if let Content::ToolCall(call) = content {
                    call.id = format!("call_{calls}");
                    calls += 1;
                }
            }
            let finish = match finish {
                finish if refused && finish != FinishReason::Filtered => FinishReason::Stop,
                FinishReason::Stop if calls > 0 => FinishReason::ToolCalls,
                finish => finish,
            };
            Choice { blocks: contents.into_iter().map(Block::from).collect(), finish: Some(finish) }
        },
    )
}

fn any_block() -> impl Strategy<Value = Content> {
    let called =
        (any_tool_name(), any_arguments(), rarely(6, any_proof())).prop_map(|(name, arguments, proof)| {
            Content::ToolCall(ToolCall {
                id: String::new(),
                name,
                input: ToolInput::Arguments(arguments),
                proof,
            })
        });
    prop_oneof![
        8 => any_said(true, true).prop_map(Content::Text),
        4 => any_reasoning().prop_map(Content::Reasoning),
        5 => called,
        1 => any_search(),
        1 => an_image().prop_map(|image| Content::Media(crate::conversation::Media { detail: None, ..image })),
    ]
}

/// A search as suppliers tell it of whom nothing is kept.
fn any_search() -> impl Strategy<Value = Content> {
    let page = (
        prop::sample::select(&["https://example.com/a?b=1", "https://example.org/ü"][..]),
        rarely(2, some_text()),
    );
    let pages =
        prop::collection::vec(page.prop_map(|(url, title)| Page { url: url.to_owned(), title }), 0..3);
    (prop::collection::vec(some_text(), 1..3), pages).prop_map(|(queries, pages)| {
        Content::Search(Box::new(Search { id: "search-1".to_owned(), queries, pages, ..Search::default() }))
    })
}

fn any_finish() -> impl Strategy<Value = FinishReason> {
    prop_oneof![
        12 => Just(FinishReason::Stop),
        4 => Just(FinishReason::Length),
        1 => rarely(2, Just("END".to_owned())).prop_map(FinishReason::StopSequence),
        1 => Just(FinishReason::Filtered),
        1 => Just(FinishReason::Paused),
        1 => Just(FinishReason::Other("new_word".to_owned())),
    ]
}

fn any_usage() -> impl Strategy<Value = Usage> {
    let often = || prop_oneof![1 => Just(0_u64), 3 => 1_u64..100_000];
    let seldom = || prop_oneof![12 => Just(0_u64), 1 => 1_u64..1000];
    let input = (often(), often(), seldom(), seldom(), seldom(), seldom());
    let output = (often(), often(), seldom(), seldom(), seldom());
    (input, output).prop_map(|(input, output)| Usage {
        input_uncached: input.0,
        cache_read: input.1,
        cache_write_5m: input.2,
        cache_write_1h: input.3,
        audio_in: input.4,
        image_in: input.5,
        output_text: output.0,
        reasoning: output.1,
        audio_out: output.2,
        image_out: output.3,
        tool_requests: output.4,
    })
}

/// An answer, and the events of a stream that tells it: texts cut between any two characters, choices told side by side,
/// usage before or behind the end of the choices, signs of life anywhere.
pub(crate) fn any_event_stream() -> impl Strategy<Value = (Answer, Vec<Event>)> {
    let cuts = prop::collection::vec(any::<prop::sample::Index>(), 0..5);
    let order = prop::collection::vec(any::<prop::sample::Index>(), 1..40);
    (any_answer(), cuts, order, any::<bool>(), any::<bool>(), prop::bool::weighted(0.2)).prop_map(
        |(answer, cuts, order, early_usage, late_usage, alive)| {
            let mut told = Vec::new();
            told.push(Event::Start {
                id: answer.id.clone(),
                model: answer.model.clone(),
                usage: answer.usage.filter(|_| early_usage).map(|usage| Usage {
                    output_text: 0,
                    reasoning: 0,
                    ..usage
                }),
            });
            let mut choices: Vec<_> =
                (0..).zip(&answer.choices).map(|(index, one)| of_choice(index, one, &cuts)).collect();
            let mut order = order.iter().cycle();
            if !late_usage {
                told.extend(answer.usage.map(Event::Usage));
            }
            while let Some(place) = order.next().filter(|_| !choices.is_empty()) {
                let place = place.index(choices.len());
                told.extend(choices[place].pop());
                if alive {
                    told.push(Event::KeepAlive);
                }
                choices.retain(|events| !events.is_empty());
            }
            if late_usage {
                told.extend(answer.usage.map(Event::Usage));
            }
            told.push(Event::End);
            (answer, told)
        },
    )
}

/// A choice's events, the last one first.
fn of_choice(choice: u32, told: &Choice, cuts: &[prop::sample::Index]) -> Vec<Event> {
    let mut events = Vec::new();
    for block in &told.blocks {
        let (start, deltas) = of_block(&block.content, cuts);
        events.push(Event::BlockStart { choice, block: start });
        events.extend(deltas.into_iter().map(|delta| Event::Delta { choice, delta }));
        events.push(Event::BlockEnd { choice });
    }
    events.extend(told.finish.clone().map(|reason| Event::Finish { choice, reason }));
    events.reverse();
    events
}

fn of_block(content: &Content, cuts: &[prop::sample::Index]) -> (BlockStart, Vec<Delta>) {
    let pieces = |text: &str| {
        cut(text, cuts).into_iter().map(|piece| Delta::Text(piece.to_owned())).collect::<Vec<_>>()
    };
    match content {
        Content::Text(Text { text, citations, logprobs, proof }) => {
            let mut tokens = logprobs.iter().cloned();
            let mut deltas = Vec::new();
            for piece in cut(text, cuts) {
                deltas.push(Delta::Text(piece.to_owned()));
                let of_piece: Vec<_> = tokens.by_ref().take(piece.chars().count()).collect();
                deltas.extend((!of_piece.is_empty()).then_some(Delta::Logprobs(of_piece)));
            }
            deltas.extend(citations.iter().cloned().map(Delta::Citation));
            deltas.extend(proof.clone().map(Delta::Proof));
            (BlockStart::Text, deltas)
        }
        Content::Refusal(text) => (BlockStart::Refusal, pieces(text)),
        Content::Reasoning(Reasoning { text, proof, is_summary }) => {
            let mut deltas = pieces(text);
            deltas.extend(proof.clone().map(Delta::Proof));
            (BlockStart::Reasoning { is_summary: *is_summary }, deltas)
        }
        Content::ToolCall(ToolCall { id, name, input, proof }) => {
            let (is_custom, text) = match input {
                ToolInput::Arguments(arguments) => (false, String::from_utf8_lossy(arguments).into_owned()),
                ToolInput::Text(text) => (true, text.clone()),
            };
            let mut deltas = pieces(&text);
            deltas.extend(proof.clone().map(Delta::Proof));
            (BlockStart::ToolCall { id: id.clone(), name: name.clone(), is_custom }, deltas)
        }
        Content::Media(media) => (BlockStart::Media(media.clone()), Vec::new()),
        Content::Search(search) => (BlockStart::Search(search.clone()), Vec::new()),
        Content::Opaque(opaque) => (BlockStart::Opaque(opaque.clone()), Vec::new()),
        Content::ToolResult(result) => unreachable!("no answer has a result: {result:?}"),
    }
}
