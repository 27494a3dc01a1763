//! Every protocol held to the promise of translation: what is said arrives, or it is an error, or it is named as lost.
//!
//! A request goes into a dialect and, where clients speak it, is read again; an answer, whole or streamed, goes to a client
//! and is read as a supplier's. What differs has to be among the losses. [`through`] holds every pair to the same, the way
//! that the gateway takes. Protocols join by having a translator.

mod compare;
mod memory;
mod said;
mod through;

use std::cell::Cell;
use std::sync::Arc;

use catalogue::Protocol;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use self::compare::{Differences, answers, requests};
use super::adapt::adapt;
use crate::codec::{Codec, End};
use crate::conversation::testing::{any_request, any_served_answer, any_served_stream, gather, target};
use crate::conversation::{
    Answer, Block, ClientTranslator, Content, Event, Loss, ReplyContext, Request, Target, TranslateError,
    Translator,
};
use crate::framing::{DEFAULT_LIMIT, Frame, Framing};

/// A protocol under test.
#[derive(Debug, Clone, Copy)]
struct Dialect {
    name: &'static str,
    translator: &'static dyn Translator,
    framing: Framing,
    /// Whether the request says nothing of streams, since the address does.
    streams_by_path: bool,
    /// `None` for the dialect that the tests themselves are tried on.
    codec: Option<&'static dyn Codec>,
}

/// All that can be translated.
fn dialects() -> Vec<Dialect> {
    let of = |protocol: Protocol| {
        let codec = crate::codec(protocol)?;
        Some(Dialect {
            name: protocol.as_str(),
            translator: codec.translator()?,
            framing: codec.framing(),
            streams_by_path: codec.path("m", true) != codec.path("m", false),
            codec: Some(codec),
        })
    };
    Protocol::ALL.into_iter().filter_map(of).collect()
}

/// Those that clients speak too.
fn spoken_by_clients() -> Vec<(Dialect, &'static dyn ClientTranslator)> {
    dialects().into_iter().filter_map(|dialect| Some((dialect, dialect.translator.client()?))).collect()
}

pub(super) fn about() -> ReplyContext {
    ReplyContext {
        request_id: "req_1".into(),
        created_unix_s: 1_795_000_000,
        model: "model-1".into(),
        estimated_input_tokens: 7,
        request: Arc::new(Request { stream: true, stream_usage: true, ..Request::default() }),
        previous: None,
    }
}

/// So many of each law, dialect and pair, unless `PROPTEST_CASES` says otherwise: more find more, and this is what every
/// build can afford.
const CASES: u32 = 64;

type Checked = Result<(), TestCaseError>;

/// Tries many values of a strategy; at least a quarter of them have to be sayable, or the test would say nothing.
fn hold<S: Strategy>(
    strategy: &S,
    check: impl Fn(S::Value) -> Result<bool, TestCaseError>,
) -> Result<(), String>
where
    S::Value: Clone + std::fmt::Debug,
{
    hold_for_one_in(4, strategy, check)
}

/// The same where fewer can be said: one in `odds`.
fn hold_for_one_in<S: Strategy>(
    odds: u32,
    strategy: &S,
    check: impl Fn(S::Value) -> Result<bool, TestCaseError>,
) -> Result<(), String>
where
    S::Value: Clone + std::fmt::Debug,
{
    let config = Config {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { CASES },
        failure_persistence: None,
        ..Config::default()
    };
    let (tried, said) = (Cell::new(0_u32), Cell::new(0_u32));
    let result = TestRunner::new(config).run(strategy, |value| {
        tried.set(tried.get() + 1);
        said.set(said.get() + u32::from(check(value)?));
        Ok(())
    });
    result.map_err(|error| error.to_string())?;
    // Three standard deviations below the share may be chance.
    let share = f64::from(tried.get()) / f64::from(odds);
    if f64::from(said.get()) >= share - 3.0 * share.sqrt() {
        return Ok(());
    }
    Err(format!("only {} of {} could be said", said.get(), tried.get()))
}

/// Fails with all that failed.
fn all_hold(results: impl IntoIterator<Item = (String, Result<(), String>)>) {
    let failures: Vec<String> = results
        .into_iter()
        .filter_map(|(name, result)| Some(format!("== {name}\n{}", result.err()?)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn unsayable<T>(result: Result<T, TranslateError>) -> Result<Option<T>, TestCaseError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(TranslateError::Unsayable { .. }) => Ok(None),
        Err(error) => Err(TestCaseError::fail(error.to_string())),
    }
}

fn readable<T>(result: Result<T, TranslateError>, what: &[u8]) -> Result<T, TestCaseError> {
    result.map_err(|error| TestCaseError::fail(format!("{error}\nin {}", String::from_utf8_lossy(what))))
}

fn covered(differences: &Differences, losses: &[&[Loss]], dialect: &str, what: &[u8]) -> Checked {
    let uncovered = differences.uncovered(&losses.concat());
    if uncovered.is_empty() {
        return Ok(());
    }
    let what = String::from_utf8_lossy(what);
    Err(TestCaseError::fail(format!("{dialect}: {}\nlosses: {losses:?}\nin {what}", uncovered.join("\n"))))
}

/// A request says what it says in a dialect: it is JSON, the same each time, and holds every text, argument, schema and
/// number as it came. Whether the request could be said.
fn request_is_said(dialect: Dialect, request: &Request, target: &Target<'_>) -> Result<bool, TestCaseError> {
    let Some(adapted) = unsayable(adapt(request, dialect.translator, target))? else { return Ok(false) };
    let encode = || dialect.translator.encode_request(&adapted.request, target);
    let Some(encoded) = unsayable(encode())? else { return Ok(false) };
    if encode().as_ref() != Ok(&encoded) {
        return Err(TestCaseError::fail("the same request gives other bytes"));
    }
    let differences = said::missing(&adapted.request, &encoded.body)?;
    covered(&differences, &[&encoded.losses, &adapted.losses], dialect.name, &encoded.body)?;
    Ok(true)
}

/// The same, read again as a client's.
fn request_comes_back(
    dialect: Dialect,
    client: &dyn ClientTranslator,
    request: &Request,
) -> Result<bool, TestCaseError> {
    let target = target();
    let Some(adapted) = unsayable(adapt(request, dialect.translator, &target))? else { return Ok(false) };
    let encoded = dialect.translator.encode_request(&adapted.request, &target);
    let Some(encoded) = unsayable(encoded)? else { return Ok(false) };
    let Some(mut again) = unsayable(client.decode_request(&encoded.body))? else { return Ok(false) };
    if dialect.streams_by_path {
        again.stream = request.stream;
    }
    let differences = requests(&adapted.request, &again);
    covered(&differences, &[&encoded.losses, &again.losses], dialect.name, &encoded.body)?;
    Ok(true)
}

fn answer_comes_back(
    dialect: Dialect,
    client: &dyn ClientTranslator,
    answer: &Answer,
) -> Result<bool, TestCaseError> {
    let Some(encoded) = unsayable(client.encode_answer(answer, &about()))? else { return Ok(false) };
    if let Some(codec) = dialect.codec {
        let reply = codec.reply(&encoded.body);
        reply.map_err(|failure| TestCaseError::fail(format!("what we say is no reply: {failure}")))?;
    }
    let again = readable(dialect.translator.decode_answer(&encoded.body), &encoded.body)?;
    let differences = answers(&without_last_proof(&[dialect], answer), &again);
    covered(&differences, &[&encoded.losses, &again.losses], dialect.name, &encoded.body)?;
    Ok(true)
}

/// The answer without what proves the text that ends a turn, where a way through Messages is meant: that it is left out there is
/// no loss, since the turn is over.
fn without_last_proof(through: &[Dialect], answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    if through.iter().any(|dialect| dialect.name == Protocol::AnthropicMessages.as_str()) {
        for choice in &mut answer.choices {
            let calls = choice.blocks.iter().any(|block| block.call().is_some());
            let says_something = |block: &&mut Block| !matches!(&block.content, Content::Reasoning(thought) if thought.text.is_empty() && thought.proof.is_none());
            if let Some(Block { content: Content::Text(text), .. }) =
                choice.blocks.iter_mut().rfind(says_something).filter(|_| !calls)
            {
                text.proof = None;
            }
        }
    }
    answer
}

/// A stream as a client gets it, and what was lost.
type Streamed = (Vec<u8>, Vec<Loss>);

/// A stream in a dialect; `None` where it cannot be said.
fn streamed(client: &dyn ClientTranslator, events: &[Event]) -> Result<Option<Streamed>, TestCaseError> {
    let mut encoder = client.event_encoder(&about());
    let mut bytes = Vec::new();
    for event in events {
        if unsayable(encoder.encode(event, &mut bytes))?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some((bytes, encoder.losses().to_vec())))
}

/// The frames of a whole stream.
fn frames(dialect: Dialect, bytes: &[u8]) -> Vec<Frame> {
    let (frames, rest) = framed(dialect, std::iter::once(bytes));
    assert_eq!(rest, None, "what we write ends with a whole frame");
    frames
}

/// The frames of what came in these pieces, and what is left.
fn framed<'b>(dialect: Dialect, pieces: impl Iterator<Item = &'b [u8]>) -> (Vec<Frame>, Option<Frame>) {
    let mut framer = dialect.framing.framer(DEFAULT_LIMIT);
    let mut frames = Vec::new();
    for piece in pieces {
        framer.push(bytes::Bytes::copy_from_slice(piece));
        while let Some(frame) = framer.next_frame().expect("what we write is framed") {
            frames.push(frame);
        }
    }
    (frames, framer.finish())
}

/// What a stream tells, read as a supplier's, and whether it is whole: to the decoder and to whoever watches it alike.
fn told(dialect: Dialect, bytes: &[u8]) -> Result<(Answer, bool, Vec<Loss>), TestCaseError> {
    let mut decoder = dialect.translator.event_decoder();
    let mut reader = dialect.codec.map(Codec::stream);
    let mut events = Vec::new();
    for frame in frames(dialect, bytes) {
        if let Some(reader) = &mut reader {
            reader.read(&frame);
        }
        readable(decoder.decode(&frame, &mut events), bytes)?;
    }
    let seen = reader.map(|reader| reader.end() == End::Complete);
    if seen == Some(true) {
        readable(decoder.end(&mut events), bytes)?;
    }
    let gathered = gather(&events);
    if let Some(seen) = seen.filter(|seen| *seen != gathered.is_whole) {
        let what = String::from_utf8_lossy(bytes);
        return Err(TestCaseError::fail(format!(
            "whole to who watches: {seen}; events: {events:?}\nin {what}"
        )));
    }
    Ok((gathered.answer, gathered.is_whole, decoder.losses().to_vec()))
}

fn stream_comes_back(
    dialect: Dialect,
    client: &dyn ClientTranslator,
    answer: &Answer,
    events: &[Event],
) -> Result<bool, TestCaseError> {
    let Some((bytes, lost)) = streamed(client, events)? else { return Ok(false) };
    let (again, is_whole, unread) = told(dialect, &bytes)?;
    if !is_whole {
        let what = String::from_utf8_lossy(&bytes);
        return Err(TestCaseError::fail(format!("{}: a whole stream is cut\nin {what}", dialect.name)));
    }
    covered(
        &answers(&without_last_proof(&[dialect], answer), &again),
        &[&lost, &unread],
        dialect.name,
        &bytes,
    )?;
    Ok(true)
}

/// However the network cuts a stream, its frames are the same.
fn cuts_do_not_matter(
    dialect: Dialect,
    client: &dyn ClientTranslator,
    events: &[Event],
    size: usize,
) -> Result<bool, TestCaseError> {
    let Some((bytes, _)) = streamed(client, events)? else { return Ok(false) };
    let raw = |frames: Vec<Frame>| frames.into_iter().map(|frame| frame.raw).collect::<Vec<_>>();
    let (in_pieces, rest) = framed(dialect, bytes.chunks(size));
    if raw(frames(dialect, &bytes)) != raw(in_pieces) || rest.is_some() {
        return Err(TestCaseError::fail(format!("{}: other frames in pieces of {size}", dialect.name)));
    }
    Ok(true)
}

/// A stream that breaks off is not whole in any dialect: a11.
fn a_cut_stream_stays_cut(
    dialect: Dialect,
    client: &dyn ClientTranslator,
    events: &[Event],
) -> Result<bool, TestCaseError> {
    let finished = events.iter().position(|event| matches!(event, Event::Finish { .. } | Event::End));
    let Some((bytes, _)) = streamed(client, &events[..finished.unwrap_or_default()])? else {
        return Ok(false);
    };
    let (_, is_whole, _) = told(dialect, &bytes)?;
    if is_whole {
        let what = String::from_utf8_lossy(&bytes);
        return Err(TestCaseError::fail(format!("{}: a cut stream is whole\nin {what}", dialect.name)));
    }
    Ok(true)
}

#[test]
fn g06_g07_a13_every_request_says_all_that_it_does_not_name_as_lost() {
    all_hold(dialects().into_iter().map(|dialect| {
        let held = hold(&any_request(), |request| request_is_said(dialect, &request, &target()));
        (dialect.name.to_owned(), held)
    }));
}

#[test]
fn g01_a_request_comes_back_as_it_went() {
    all_hold(spoken_by_clients().into_iter().map(|(dialect, client)| {
        let held = hold(&any_request(), |request| request_comes_back(dialect, client, &request));
        (dialect.name.to_owned(), held)
    }));
}

#[test]
fn g01_an_answer_comes_back_as_it_went() {
    all_hold(spoken_by_clients().into_iter().map(|(dialect, client)| {
        let held = hold(&any_served_answer(), |answer| answer_comes_back(dialect, client, &answer));
        (dialect.name.to_owned(), held)
    }));
}

#[test]
fn g01_a_stream_tells_what_it_was_told() {
    all_hold(spoken_by_clients().into_iter().map(|(dialect, client)| {
        let held = hold(&any_served_stream(), |(answer, events)| {
            stream_comes_back(dialect, client, &answer, &events)
        });
        (dialect.name.to_owned(), held)
    }));
}

#[test]
fn a11_a_stream_that_breaks_off_is_never_whole() {
    all_hold(spoken_by_clients().into_iter().map(|(dialect, client)| {
        let held = hold(&any_served_stream(), |(_, events)| a_cut_stream_stays_cut(dialect, client, &events));
        (dialect.name.to_owned(), held)
    }));
}

#[test]
fn a01_a02_a_stream_says_the_same_in_pieces_of_any_size() {
    all_hold(spoken_by_clients().into_iter().map(|(dialect, client)| {
        let held = hold(&(any_served_stream(), 1_usize..9), |((_, events), size)| {
            cuts_do_not_matter(dialect, client, &events, size)
        });
        (dialect.name.to_owned(), held)
    }));
}
