//! The tests themselves, tried on a dialect that keeps what it is told by heart, and one that forgets.

use std::cell::RefCell;

use super::through::{answer_goes_through, request_goes_through, stream_goes_through};
use super::*;
use crate::conversation::{
    Begins, Block, Content, Encoded, EventDecoder, EventEncoder, FinishReason, Media, ToolNames, Turn,
};
use crate::translate::note;

/// What it does with what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heart {
    /// Keeps all of it.
    Whole,
    /// Forgets temperatures, last blocks and why answers ended, and says so.
    Forgetful,
    /// Forgets the same in silence.
    Silent,
}

thread_local! {
    static REQUESTS: RefCell<Vec<Request>> = const { RefCell::new(Vec::new()) };
    static ANSWERS: RefCell<Vec<Answer>> = const { RefCell::new(Vec::new()) };
    static EVENTS: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
}

impl Heart {
    const fn kept(self) -> &'static Self {
        match self {
            Self::Whole => &Self::Whole,
            Self::Forgetful => &Self::Forgetful,
            Self::Silent => &Self::Silent,
        }
    }

    const fn dialect(self) -> Dialect {
        let translator = self.kept();
        Dialect { name: "by heart", translator, framing: Framing::Lines, streams_by_path: false, codec: None }
    }

    fn forgets(self, what: &str, losses: &mut Vec<Loss>) -> bool {
        if self == Self::Forgetful {
            note(losses, Loss::new(what, "forgotten"));
        }
        self != Self::Whole
    }
}

fn keep<T>(kept: &'static std::thread::LocalKey<RefCell<Vec<T>>>, value: T) -> String {
    kept.with_borrow_mut(|kept| {
        kept.push(value);
        (kept.len() - 1).to_string()
    })
}

fn recall<T: Clone>(kept: &'static std::thread::LocalKey<RefCell<Vec<T>>>, number: &[u8]) -> T {
    let number: usize = std::str::from_utf8(number).unwrap().parse().unwrap();
    kept.with_borrow(|kept| kept[number].clone())
}

impl Translator for Heart {
    fn encode_request(&self, request: &Request, _: &Target<'_>) -> Result<Encoded, TranslateError> {
        let mut request = request.clone();
        let mut losses = Vec::new();
        if request.sampling.temperature.is_some() && self.forgets("temperature", &mut losses) {
            request.sampling.temperature = None;
        }
        Ok(Encoded { body: keep(&REQUESTS, request).into(), losses })
    }

    fn decode_answer(&self, body: &[u8]) -> Result<Answer, TranslateError> {
        Ok(recall(&ANSWERS, body))
    }

    fn event_decoder(&self) -> Box<dyn EventDecoder> {
        Box::new(Recalling)
    }

    fn begins(&self) -> Begins {
        Begins::Anyhow
    }

    fn tool_names(&self) -> ToolNames {
        ToolNames { longest: 64, also: "_-", any_start: true }
    }

    fn has_custom_tools(&self) -> bool {
        true
    }

    fn client(&self) -> Option<&'static dyn ClientTranslator> {
        Some(self.kept())
    }
}

impl ClientTranslator for Heart {
    fn decode_request(&self, body: &[u8]) -> Result<Request, TranslateError> {
        Ok(recall(&REQUESTS, body))
    }

    fn shows(&self, _: &Media, _: bool) -> Result<(), &'static str> {
        Ok(())
    }

    fn encode_answer(&self, answer: &Answer, _: &ReplyContext) -> Result<Encoded, TranslateError> {
        let mut answer = answer.clone();
        let mut losses = Vec::new();
        for choice in &mut answer.choices {
            if choice.finish == Some(FinishReason::Length) && self.forgets("finish_reason", &mut losses) {
                choice.finish = Some(FinishReason::Stop);
            }
        }
        Ok(Encoded { body: keep(&ANSWERS, answer).into(), losses })
    }

    fn event_encoder(&self, _: &ReplyContext) -> Box<dyn EventEncoder> {
        Box::new(Keeping { heart: *self, losses: Vec::new() })
    }
}

#[derive(Debug)]
struct Keeping {
    heart: Heart,
    losses: Vec<Loss>,
}

impl EventEncoder for Keeping {
    fn encode(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let mut event = event.clone();
        if let Event::Finish { reason: reason @ FinishReason::Length, .. } = &mut event
            && self.heart.forgets("finish_reason", &mut self.losses)
        {
            *reason = FinishReason::Stop;
        }
        out.extend_from_slice(keep(&EVENTS, event).as_bytes());
        out.push(b'\n');
        Ok(())
    }

    fn losses(&self) -> &[Loss] {
        &self.losses
    }
}

#[derive(Debug)]
struct Recalling;

impl EventDecoder for Recalling {
    fn decode(&mut self, frame: &Frame, events: &mut Vec<Event>) -> Result<(), TranslateError> {
        events.push(recall(&EVENTS, &frame.data()));
        Ok(())
    }
}

/// Requests, answers and streams, by themselves and to or from elsewhere.
fn all_ways(heart: Heart) -> [Result<(), String>; 6] {
    let (dialect, client) = (heart.dialect(), heart.kept());
    let elsewhere = (Heart::Whole.dialect(), Heart::Whole.kept() as &dyn ClientTranslator);
    let from_elsewhere = (((dialect, client as &dyn ClientTranslator), elsewhere.0), elsewhere.1);
    [
        hold(&any_request(), |request| request_comes_back(dialect, client, &request)),
        hold(&any_served_answer(), |answer| answer_comes_back(dialect, client, &answer)),
        hold(&any_served_stream(), |(answer, events)| stream_comes_back(dialect, client, &answer, &events)),
        hold(&any_request(), |request| request_goes_through((elsewhere, dialect), &request)),
        hold(&any_served_answer(), |answer| answer_goes_through(from_elsewhere, &answer)),
        hold(&any_served_stream(), |(answer, events)| stream_goes_through(from_elsewhere, &answer, &events)),
    ]
}

#[test]
fn what_is_kept_or_named_passes() {
    for heart in [Heart::Whole, Heart::Forgetful] {
        assert_eq!(all_ways(heart), [const { Ok(()) }; 6], "{heart:?}");
        let cut = hold(&any_served_stream(), |(_, events)| {
            a_cut_stream_stays_cut(heart.dialect(), heart.kept(), &events)
        });
        assert_eq!(cut, Ok(()));
    }
}

#[test]
fn what_is_forgotten_in_silence_fails() {
    let results = all_ways(Heart::Silent);
    assert!(results.iter().all(Result::is_err), "the tests take what they should not: {results:?}");
}

#[test]
fn every_kind_of_difference_is_seen() {
    let text = |text: &str| Block::from(Content::text(text));
    let turn = |role, blocks| Turn { role, name: None, blocks };
    let user = crate::conversation::Role::User;
    let request = Request { turns: vec![turn(user, vec![text("a"), text("b")])], ..Request::default() };
    let merged = Request { turns: vec![turn(user, vec![text("ab")])], ..Request::default() };
    let other = Request { turns: vec![turn(user, vec![text("b"), text("a")])], ..Request::default() };
    assert!(requests(&request, &merged).uncovered(&[]).is_empty(), "pieces of a text are one");
    assert!(!requests(&request, &other).uncovered(&[]).is_empty(), "their order counts");
    let body = br#"{"a":["ab"],"temperature":0.7}"#;
    assert!(said::missing(&request, body).unwrap().uncovered(&[]).is_empty());
    let mut exact = request.clone();
    exact.sampling.temperature = Some("0.70".into());
    assert!(!said::missing(&exact, body).unwrap().uncovered(&[]).is_empty(), "0.7 is not 0.70");
    assert!(!said::missing(&request, br#"{"a":"b"}"#).unwrap().uncovered(&[]).is_empty());
    assert!(said::missing(&request, b"{").is_err());
}
