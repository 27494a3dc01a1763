//! Blocks that overlap: what is handed on never does.

use super::*;

/// The payloads of one block's events, in order.
fn payloads(index: u64, content: &Content) -> Vec<(&'static str, Value)> {
    let mut encoder = Encoder::new(&about());
    let mut out = Vec::new();
    for event in events_of(content) {
        encoder.encode(&event, &mut out).unwrap();
    }
    frames(&out)
        .into_iter()
        .map(|frame| {
            let mut payload: Value = serde_json::from_slice(&frame.data()).unwrap();
            payload["contentBlockIndex"] = json!(index);
            let name = match frame.event().unwrap() {
                b"contentBlockStart" => "contentBlockStart",
                b"contentBlockDelta" => "contentBlockDelta",
                _ => "contentBlockStop",
            };
            (name, payload)
        })
        .collect()
}

proptest! {
    /// However the blocks' events are mixed, and whether or not their ends are said: each block comes whole, and no two
    /// are open at once.
    #[test]
    fn any_mix_of_blocks_gives_each_block_whole(
        content in prop::collection::vec(said_by_assistant(), 0..5),
        order in prop::collection::vec(any::<prop::sample::Index>(), 60),
        ends in any::<bool>(),
    ) {
        let mut queues: Vec<std::collections::VecDeque<_>> =
            (0..).zip(&content).map(|(index, content)| payloads(index, content).into()).collect();
        let mut first_said = Vec::new();
        let mut mixed = vec![begun()];
        let mut order = order.into_iter().cycle();
        while queues.iter().any(|queue| !queue.is_empty()) {
            let open: Vec<usize> = (0..queues.len()).filter(|at| !queues[*at].is_empty()).collect();
            let at = open[order.next().unwrap().index(open.len())];
            let event = queues[at].pop_front().unwrap();
            if !first_said.contains(&at) {
                first_said.push(at);
            }
            if ends || event.0 != "contentBlockStop" {
                mixed.push(event);
            }
        }
        mixed.extend([ended("end_turn"), metadata()]);
        let (found, outcome, losses) = decoded(&frames(&stream(mixed)));
        prop_assert_eq!((outcome, losses), (Ok(()), vec![]));
        let blocks = first_said.iter().flat_map(|at| events_of(&content[*at]));
        let expected: Vec<Event> = std::iter::once(start())
            .chain(blocks)
            .chain([finish(FinishReason::Stop), Event::Usage(used()), Event::End])
            .collect();
        prop_assert_eq!(found, joined(expected));
    }
}

#[test]
fn the_open_block_goes_through_at_once_and_the_others_wait() {
    let mut decoder = Decoder::default();
    let mut say = |event| {
        let mut events = Vec::new();
        decoder.decode(&frames(&stream([event]))[0], &mut events).unwrap();
        events
    };
    say(begun());
    assert_eq!(say(delta(4, json!({"text": "a"}))).len(), 2);
    assert_eq!(say(delta(7, json!({"text": "b"}))), []);
    assert_eq!(say(delta(4, json!({"text": "c"}))), [Event::Delta { choice: 0, delta: text("c") }]);
    let opened = [Event::BlockEnd { choice: 0 }, Event::BlockStart { choice: 0, block: BlockStart::Text }];
    assert_eq!(say(stop(4)), [&opened[..], &[Event::Delta { choice: 0, delta: text("b") }]].concat());
    assert_eq!(say(delta(7, json!({"text": "d"}))), [Event::Delta { choice: 0, delta: text("d") }]);
    assert_eq!(say(stop(7)), [Event::BlockEnd { choice: 0 }]);
    assert_eq!(say(stop(7)), []);
}

#[test]
fn kinds_that_change_within_an_index_are_blocks_of_their_own() {
    let (events, ..) = decoded(&frames(&stream([
        begun(),
        delta(0, json!({"reasoningContent": {"text": "hm"}})),
        delta(0, json!({"text": "a"})),
        ended("end_turn"),
        metadata(),
    ])));
    let expected = [block(REASONING, [text("hm")]), block(BlockStart::Text, [text("a")])].concat();
    assert_eq!(events[1..events.len() - 3], expected);
}

#[test]
fn what_was_never_started_cannot_grow() {
    for odd in [
        json!({"toolUse": {"input": "{}"}}),
        json!({"image": {"source": {"bytes": "AA=="}}}),
        json!({"toolResult": [{"text": "x"}]}),
    ] {
        let (_, outcome, _) = decoded(&frames(&stream([begun(), delta(0, odd.clone())])));
        assert!(matches!(outcome, Err(TranslateError::Malformed { .. })), "{odd}");
    }
    let behind = frames(&stream([begun(), ended("end_turn"), delta(0, json!({"text": "a"}))]));
    assert!(matches!(decoded(&behind).1, Err(TranslateError::Malformed { .. })));
}

#[test]
fn no_supplier_fills_the_memory() {
    let long = "x".repeat(1 << 20);
    let waiting =
        [delta(0, json!({"text": "a"}))].into_iter().chain((0..9).map(|_| delta(1, json!({"text": long}))));
    let many = (0..300).map(|index| delta(index, json!({"text": "a"})));
    let signature = (0..9).map(|_| delta(0, json!({"reasoningContent": {"signature": long}})));
    let supplied = json!({"toolUse": {"toolUseId": "1", "name": "g", "type": "server_tool_use"}});
    let supplied = [("contentBlockStart", json!({"contentBlockIndex": 0, "start": supplied}))]
        .into_iter()
        .chain((0..9).map(|_| delta(0, json!({"toolUse": {"input": long}}))));
    for events in [waiting.collect::<Vec<_>>(), many.collect(), signature.collect(), supplied.collect()] {
        assert!(matches!(decoded(&frames(&stream(events))).1, Err(TranslateError::Malformed { .. })));
    }
    // What goes through at once may be as long as it likes.
    let text = (0..9).map(|_| delta(0, json!({"text": long})));
    assert_eq!(decoded(&frames(&stream(text))).1, Ok(()));
}
