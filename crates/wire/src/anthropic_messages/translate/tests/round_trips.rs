//! What is written and read again is the same, or the difference is named.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::accumulate;
use super::any::{about, conversation, foreign_answer, own_answer, request, target};
use crate::anthropic_messages::AnthropicMessages;
use crate::conversation::{
    Answer, Block, BlockStart, ClientTranslator, Content, Delta, Effort, Event, FinishReason, Loss,
    OutputFormat, Request, Role, ToolChoice, ToolInput, TranslateError, Translator,
};
use crate::testing::frames;

/// Takes what is named as lost out of a request.
fn erase(request: &mut Request, loss: &Loss) {
    let blocks = request.turns.iter_mut().flat_map(|turn| &mut turn.blocks);
    match loss.what.as_str() {
        "cache_control" | "cache_control.ttl" => {
            blocks.for_each(|block| block.cache = None);
            for tool in &mut request.tools {
                if let crate::conversation::Tool::Function(function) = tool {
                    function.cache = None;
                }
            }
        }
        "media.detail" => blocks.for_each(|block| match &mut block.content {
            Content::Media(media) => media.detail = None,
            Content::ToolResult(result) => result.blocks.iter_mut().for_each(|block| {
                if let Content::Media(media) = &mut block.content {
                    media.detail = None;
                }
            }),
            _ => {}
        }),
        "max_tokens" => request.max_tokens = None,
        "reasoning_effort" => request.effort = None,
        "reasoning.display" => request.shows_reasoning = None,
        "temperature" => request.sampling.temperature = None,
        "top_p" => request.sampling.top_p = None,
        "top_k" => request.sampling.top_k = None,
        "seed" => request.sampling.seed = None,
        "frequency_penalty" => request.sampling.frequency_penalty = None,
        "response_format" => request.format = OutputFormat::Text,
        "stop" => request.stop.clear(),
        "user" => request.user = None,
        other => panic!("a loss of {other} was not expected"),
    }
}

/// Takes out what says the same as its absence.
fn plain(request: &mut Request) {
    if let OutputFormat::Schema { name, .. } = &mut request.format {
        *name = None;
    }
    if request.parallel_tools == Some(true) || request.tool_choice == ToolChoice::None {
        request.parallel_tools = None;
    }
    if request.parallel_tools == Some(false) && request.tool_choice == ToolChoice::Unsaid {
        request.tool_choice = ToolChoice::Auto;
    }
    if request.sampling.frequency_penalty.as_deref() == Some("0") {
        request.sampling.frequency_penalty = None;
    }
    if request.sampling.top_p.as_deref() == Some("1") {
        request.sampling.top_p = None;
    }
    // Thinking that is off, or not asked for, shows nothing.
    if matches!(request.effort, None | Some(Effort::Off)) && request.shows_reasoning == Some(false) {
        request.shows_reasoning = None;
    }
    // The nearest budget of a word.
    if let Some(Effort::Named(_)) = request.effort {
        request.effort = request.effort.as_ref().and_then(Effort::budget).map(Effort::Budget);
    }
}

/// Each choice's events, as a supplier's decoder of any dialect gives them: texts cut at `cut`, proofs of calls before
/// their pieces or behind them.
fn events_of(answer: &Answer, cut: usize, proof_first: bool) -> Vec<Event> {
    let mut events = vec![
        Event::Start { id: answer.id.clone(), model: answer.model.clone(), usage: None },
        Event::KeepAlive,
    ];
    let choice = &answer.choices[0];
    for block in &choice.blocks {
        let (start, text, proof) = match &block.content {
            Content::Text(text) => (BlockStart::Text, text.text.clone(), &text.proof),
            Content::Reasoning(thought) => {
                (BlockStart::Reasoning { is_summary: false }, thought.text.clone(), &thought.proof)
            }
            Content::ToolCall(call) => {
                let ToolInput::Arguments(input) = &call.input else { panic!("only functions are called") };
                let (id, name) = (call.id.clone(), call.name.clone());
                let text = String::from_utf8(input.to_vec()).unwrap();
                (BlockStart::ToolCall { id, name, is_custom: false }, text, &call.proof)
            }
            Content::Opaque(opaque) => (BlockStart::Opaque(opaque.clone()), String::new(), &None),
            other => panic!("{other:?} is not drawn"),
        };
        let delta = |delta| Event::Delta { choice: 0, delta };
        let proof = || proof.clone().map(|proof| delta(Delta::Proof(proof)));
        events.push(Event::BlockStart { choice: 0, block: start });
        events.extend(proof().filter(|_| proof_first));
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(rest.ceil_char_boundary(cut.min(rest.len())));
            events.push(delta(Delta::Text(piece.to_owned())));
            rest = more;
        }
        if let Content::Text(text) = &block.content {
            events.extend(text.citations.iter().map(|citation| delta(Delta::Citation(citation.clone()))));
        }
        events.extend(proof().filter(|_| !proof_first));
        events.push(Event::BlockEnd { choice: 0 });
    }
    if let Some(reason) = choice.finish.clone() {
        events.push(Event::Finish { choice: 0, reason });
    }
    events.extend(answer.usage.map(Event::Usage));
    events.push(Event::End);
    events
}

fn encoded(events: &[Event]) -> (String, Vec<Loss>) {
    let mut encoder = AnthropicMessages.event_encoder(&about());
    let mut out = Vec::new();
    for event in events {
        encoder.encode(event, &mut out).unwrap();
    }
    (String::from_utf8(out).unwrap(), encoder.losses().to_vec())
}

fn decoded(stream: &str) -> Vec<Event> {
    let mut decoder = AnthropicMessages.event_decoder();
    let mut events = Vec::new();
    for frame in frames(stream) {
        decoder.decode(&frame, &mut events).unwrap();
    }
    assert_eq!(decoder.losses(), []);
    events
}

/// Events with the pieces of each text put together, without signs of life; usage as it is in the end.
fn joined(events: &[Event]) -> Vec<Event> {
    let mut joined = Vec::<Event>::new();
    let mut usage = None;
    for event in events {
        match (event, joined.last_mut()) {
            (Event::KeepAlive, _) => {}
            (Event::Usage(stated), _) => usage = Some(*stated),
            (
                Event::Delta { delta: Delta::Text(more), .. },
                Some(Event::Delta { delta: Delta::Text(text), .. }),
            ) => text.push_str(more),
            (Event::Start { id, model, .. }, _) => {
                joined.push(Event::Start { id: id.clone(), model: model.clone(), usage: None });
            }
            (other, _) => joined.push(other.clone()),
        }
    }
    joined.extend(usage.map(Event::Usage));
    joined
}

/// The blocks that a client's next request gives back for a message's content.
fn given_back(content: &Value) -> Vec<Block> {
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "q"}, {"role": "assistant", "content": content}]});
    let mut request = AnthropicMessages.decode_request(body.to_string().as_bytes()).unwrap();
    assert_eq!(request.losses, []);
    request.turns.remove(1).blocks
}

/// An answer's blocks without what is lost: citations that have no address, and the proof of the text that ends a turn.
fn sayable(answer: &Answer) -> Vec<Block> {
    let mut blocks = answer.choices[0].blocks.clone();
    let calls = blocks.iter().any(|block| matches!(block.content, Content::ToolCall(_)));
    if let Some(Content::Text(text)) = blocks.last_mut().map(|block| &mut block.content).filter(|_| !calls) {
        text.proof = None;
        if text.text.is_empty() {
            blocks.pop();
        }
    }
    for block in &mut blocks {
        match &mut block.content {
            Content::Text(text) => text.citations.retain(|citation| citation.url.is_some()),
            // Given back through a tree, which has its own spaces and order.
            Content::Opaque(opaque) => {
                opaque.data = serde_json::from_str::<Value>(&opaque.data).unwrap().to_string();
            }
            Content::ToolCall(call) => {
                if let ToolInput::Arguments(input) = &mut call.input {
                    *input = serde_json::from_slice::<Value>(input).unwrap().to_string().into();
                }
            }
            _ => {}
        }
    }
    blocks
}

proptest! {
    #[test]
    fn a_request_says_the_same_or_what_is_lost_is_named(asked in request()) {
        let encoded = AnthropicMessages.encode_request(&asked, &target()).unwrap();
        let again = AnthropicMessages.encode_request(&asked, &target()).unwrap();
        prop_assert_eq!(&encoded.body, &again.body, "the same request is the same bytes (g07)");
        let mut read = AnthropicMessages.decode_request(&encoded.body).unwrap();
        prop_assert_eq!(&read.losses, &[]);
        let mut asked = asked;
        if asked.max_tokens.is_none() {
            asked.max_tokens = target().max_output;
        }
        plain(&mut asked);
        plain(&mut read);
        for loss in &encoded.losses {
            erase(&mut asked, loss);
            erase(&mut read, loss);
        }
        plain(&mut asked);
        plain(&mut read);
        prop_assert_eq!(read, asked);
    }

    #[test]
    fn turns_in_any_order_are_put_in_order_or_refused(
        turns in conversation(), order in proptest::collection::vec(0_usize..99, 0..12),
    ) {
        let mut turns = turns;
        for (at, to) in order.iter().enumerate() {
            let (at, to) = (at % turns.len(), to % turns.len());
            turns.swap(at, to);
        }
        let request = Request { turns, ..Request::default() };
        let encoded = match AnthropicMessages.encode_request(&request, &target()) {
            Ok(encoded) => encoded,
            Err(TranslateError::Unsayable { .. }) => return Ok(()),
            Err(other) => panic!("{other}"),
        };
        let body: Value = serde_json::from_slice(&encoded.body).unwrap();
        obeys_the_rules(&body);
        let told = body.to_string();
        for turn in request.turns.iter().filter(|turn| turn.role == Role::System) {
            for block in &turn.blocks {
                if let Content::Text(text) = &block.content {
                    let text = serde_json::to_string(&text.text).unwrap();
                    prop_assert!(told.contains(&text), "an instruction is lost (g06): {text}");
                }
            }
        }
    }

    #[test]
    fn an_answer_of_its_own_says_the_same(answer in own_answer()) {
        let encoded = AnthropicMessages.encode_answer(&answer, &about()).unwrap();
        prop_assert_eq!(&encoded.losses, &[]);
        let mut read = AnthropicMessages.decode_answer(&encoded.body).unwrap();
        // A thought without proof goes out with a seal that proves nothing, which only its own clients open.
        for block in &mut read.choices[0].blocks {
            if let Content::Reasoning(thought) = &mut block.content
                && thought.proof.as_ref().is_some_and(|proof| proof.data.starts_with("rlv1."))
            {
                thought.proof = None;
            }
        }
        prop_assert_eq!(read, answer);
    }

    #[test]
    fn g02_an_answer_of_any_maker_comes_back_as_it_was(answer in foreign_answer()) {
        let encoded = AnthropicMessages.encode_answer(&answer, &about()).unwrap();
        let body: Value = serde_json::from_slice(&encoded.body).unwrap();
        let back = given_back(&body["content"]);
        prop_assert_eq!(back, sayable(&answer));
    }

    #[test]
    fn g01_a_stream_of_its_own_says_the_same(answer in own_answer(), cut in 1_usize..9, first in any::<bool>()) {
        let events = events_of(&answer, cut, first);
        let (stream, losses) = encoded(&events);
        prop_assert_eq!(losses, []);
        let whole = AnthropicMessages.encode_answer(&answer, &about()).unwrap();
        let whole: Value = serde_json::from_slice(&whole.body).unwrap();
        prop_assert_eq!(&accumulate(&stream)["content"], &whole["content"]);
        let events = events_of(&answer, cut, false);
        let mut read = joined(&decoded(&stream));
        read.retain(|event| !matches!(event, Event::Delta { delta: Delta::Proof(proof), .. } if proof.data.starts_with("rlv1.")));
        prop_assert_eq!(read, joined(&events));
    }

    #[test]
    fn g01_a_stream_of_any_maker_is_what_the_whole_answer_is(
        answer in foreign_answer(), cut in 1_usize..9, first in any::<bool>(),
    ) {
        let (stream, losses) = encoded(&events_of(&answer, cut, first));
        let message = accumulate(&stream);
        let encoded = AnthropicMessages.encode_answer(&answer, &about()).unwrap();
        let body: Value = serde_json::from_slice(&encoded.body).unwrap();
        for name in ["id", "model", "role", "type", "stop_reason", "stop_sequence"] {
            prop_assert_eq!(&message[name], &body[name]);
        }
        // What the start told and the end did not repeat is the end's all the same.
        for (name, count) in body["usage"].as_object().unwrap() {
            prop_assert_eq!(&message["usage"][name], count);
        }
        prop_assert_eq!(losses, encoded.losses);
        // Where a proof stands depends on when it was known; whose it is does not.
        prop_assert_eq!(given_back(&message["content"]), sayable(&answer));
    }

    #[test]
    fn d10_a_stream_that_broke_has_no_end(answer in foreign_answer(), cut in 1_usize..9, keep in 0_usize..99) {
        let events = events_of(&answer, cut, true);
        let keep = keep % events.len();
        let (stream, _) = encoded(&events[..keep]);
        prop_assert!(!stream.contains("event: message_delta") && !stream.contains("event: message_stop"));
    }
}

/// What the API refuses.
fn obeys_the_rules(body: &Value) {
    let messages = body["messages"].as_array().unwrap();
    for pair in messages.windows(2) {
        assert_ne!(pair[0]["role"], pair[1]["role"], "turns alternate");
        let calls = pair[0]["content"].as_array().unwrap().iter().filter(|block| block["type"] == "tool_use");
        let calls: Vec<&Value> = calls.map(|call| &call["id"]).collect();
        let next = pair[1]["content"].as_array().unwrap();
        let results: Vec<&Value> = next
            .iter()
            .take_while(|block| block["type"] == "tool_result")
            .map(|result| &result["tool_use_id"])
            .collect();
        assert_eq!(calls, results, "b05: results stand first, in the order of the calls");
    }
    let last = messages.last().unwrap()["content"].as_array().unwrap();
    assert!(last.iter().all(|block| block["type"] != "tool_use"), "a call without a result");
    for message in messages {
        let content = message["content"].as_array().unwrap();
        let end = &content.last().unwrap()["type"];
        assert!(
            message["role"] == "user" || !end.as_str().unwrap().contains("thinking"),
            "a turn ends in a thought"
        );
        assert!(content.iter().all(|block| block["type"] != "text" || block["text"] != ""), "b09");
    }
    assert!(body.to_string().matches("\"cache_control\":{").count() <= 4, "b25");
}

#[test]
fn every_reason_has_a_word_and_only_the_unknown_ones_are_lost() {
    // Kept beside the properties: their drawn answers have no unknown reason.
    let answer = |reason| Answer {
        choices: vec![crate::conversation::Choice { blocks: Vec::new(), finish: Some(reason) }],
        ..Answer::default()
    };
    let encoded =
        AnthropicMessages.encode_answer(&answer(FinishReason::Other("odd".into())), &about()).unwrap();
    assert!(encoded.losses.iter().any(|loss| loss.what == "finish_reason"));
}
