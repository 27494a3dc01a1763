//! An encoder that writes a piece of text as a copy of the last one writes what it writes in full.

use std::sync::Arc;

use catalogue::{Service, Usage};
use proptest::prelude::*;

use super::*;
use crate::conversation::{BlockStart, Citation, FinishReason, Logprob, TokenLogprob};

/// Something that a stream says; what makes no sense where it comes is left out.
#[derive(Debug, Clone)]
enum Said {
    Opens(BlockStart),
    Text(String),
    Other(Delta),
    Closes,
    Used(u64),
    Served(Service),
    Alive,
}

fn said() -> impl Strategy<Value = Said> {
    let block = prop_oneof![
        3 => Just(BlockStart::Text),
        1 => Just(BlockStart::Refusal),
        1 => any::<bool>().prop_map(|is_summary| BlockStart::Reasoning { is_summary }),
        1 => any::<bool>().prop_map(|is_custom| BlockStart::ToolCall { id: "1".into(), name: "f".into(), is_custom }),
    ];
    let logprob = Logprob { token: "a".into(), logprob: "-0.5".into(), bytes: None };
    let logprobs = Delta::Logprobs(vec![TokenLogprob { chosen: logprob, top: Vec::new() }]);
    let citation = Citation { url: Some("https://a.example".into()), ..Citation::default() };
    prop_oneof![
        2 => block.prop_map(Said::Opens),
        12 => prop_oneof![deceitful_text(), "[a-z \u{2028}é\"\\\\\n]{0,9}".prop_map(String::from)].prop_map(Said::Text),
        1 => prop::sample::select(vec![logprobs, Delta::Citation(citation)]).prop_map(Said::Other),
        1 => Just(Said::Closes),
        1 => (0_u64..3).prop_map(Said::Used),
        1 => prop::sample::select(&[Service::Standard, Service::Flex][..]).prop_map(Said::Served),
        1 => Just(Said::Alive),
    ]
}

/// A stream that says all of it in order, of one choice or of two.
fn events(said: Vec<(u32, Said)>) -> Vec<Event> {
    let mut events = vec![Event::Start { id: Some("r".into()), model: Some("m".into()), usage: None }];
    let mut open = [false; 2];
    for (choice, said) in said {
        let is_open = &mut open[choice as usize];
        match said {
            Said::Opens(block) => {
                if std::mem::replace(is_open, true) {
                    events.push(Event::BlockEnd { choice });
                }
                events.push(Event::BlockStart { choice, block });
            }
            Said::Text(text) if *is_open => events.push(Event::Delta { choice, delta: Delta::Text(text) }),
            Said::Other(delta) if *is_open => events.push(Event::Delta { choice, delta }),
            Said::Closes if std::mem::take(is_open) => events.push(Event::BlockEnd { choice }),
            Said::Text(_) | Said::Other(_) | Said::Closes => {}
            Said::Used(output_text) => events.push(Event::Usage(Usage { output_text, ..Usage::default() })),
            Said::Served(service) => events.push(Event::Service(service)),
            Said::Alive => events.push(Event::KeepAlive),
        }
    }
    for (choice, is_open) in (0..).zip(open) {
        events.extend(is_open.then_some(Event::BlockEnd { choice }));
    }
    events.extend([Event::Finish { choice: 0, reason: FinishReason::Stop }, Event::End]);
    events
}

proptest! {
    #[test]
    fn growing_writes_what_encoding_writes(
        said in prop::collection::vec((prop_oneof![9 => Just(0_u32), 1 => Just(1)], said()), 1..40),
        stream_usage in any::<bool>(),
    ) {
        let mut about = crate::translate::pairs::about();
        about.request = Arc::new(Request { stream: true, stream_usage, ..Request::default() });
        for client in clients() {
            let translator = crate::codec(client).unwrap().translator().unwrap().client().unwrap();
            let (mut growing, mut encoding) = (translator.event_encoder(&about), translator.event_encoder(&about));
            for event in events(said.clone()) {
                let (mut grown, mut encoded) = (Vec::new(), Vec::new());
                let told = match &event {
                    Event::Delta { choice, delta: Delta::Text(text) } => growing.grow(*choice, text, &mut grown),
                    event => growing.encode(event, &mut grown),
                };
                prop_assert_eq!(&told, &encoding.encode(&event, &mut encoded), "{}: {:?}", client, event);
                let (grown, encoded) = (String::from_utf8_lossy(&grown), String::from_utf8_lossy(&encoded));
                prop_assert_eq!(grown, encoded, "{}: {:?}", client, event);
                if told.is_err() {
                    break;
                }
            }
            prop_assert_eq!(growing.losses(), encoding.losses());
        }
    }
}
