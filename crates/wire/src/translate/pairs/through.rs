//! From one dialect into any other, as the gateway takes it there: a client of the one, a supplier of the other.

use proptest::prop_assert_eq;

use super::*;
use crate::translate::undo::Undo;
use crate::translate::{self, StreamTranslation};

/// A client's dialect and a supplier's.
type Pair = ((Dialect, &'static dyn ClientTranslator), Dialect);

/// Each dialect that clients speak with each other dialect.
fn pairs() -> Vec<Pair> {
    let with_others = |client: (Dialect, &'static dyn ClientTranslator)| {
        let others = dialects().into_iter().filter(move |supplier| supplier.name != client.0.name);
        others.map(move |supplier| (client, supplier))
    };
    spoken_by_clients().into_iter().flat_map(with_others).collect()
}

/// The same pairs, where what a supplier of the other says can be written in our tests, since clients speak it too.
fn pairs_of_clients() -> Vec<(Pair, &'static dyn ClientTranslator)> {
    let both = |pair: Pair| Some((pair, pair.1.translator.client()?));
    pairs().into_iter().filter_map(both).collect()
}

fn named(((client, _), supplier): Pair) -> String {
    format!("{} to {}", supplier.name, client.name)
}

/// A client's request in its own dialect reaches the supplier as the client said it.
pub(super) fn request_goes_through(
    ((from, client), to): Pair,
    request: &Request,
) -> Result<bool, TestCaseError> {
    let target = target();
    let Some(adapted) = unsayable(adapt(request, from.translator, &target))? else { return Ok(false) };
    let sent = from.translator.encode_request(&adapted.request, &target);
    let Some(sent) = unsayable(sent)? else { return Ok(false) };
    let Some(mut read) = unsayable(client.decode_request(&sent.body))? else { return Ok(false) };
    if from.streams_by_path {
        read.stream = request.stream;
    }
    let Some(outbound) = unsayable(translate::request(&read, to.translator, &target))? else {
        return Ok(false);
    };
    let told = adapt(&read, to.translator, &target).expect("it could be adapted").request;
    let names = format!("{} to {}", from.name, to.name);
    let Some(supplier) = to.translator.client() else {
        let differences = said::missing(&told, &outbound.body)?;
        covered(&differences, &[&outbound.losses], &names, &outbound.body)?;
        return Ok(true);
    };
    let Some(mut again) = unsayable(supplier.decode_request(&outbound.body))? else { return Ok(false) };
    if to.streams_by_path {
        again.stream = read.stream;
    }
    covered(&requests(&told, &again), &[&outbound.losses, &again.losses], &names, &outbound.body)?;
    Ok(true)
}

/// A supplier's whole answer reaches the client as the supplier said it.
pub(super) fn answer_goes_through(
    (pair, supplier): (Pair, &dyn ClientTranslator),
    answer: &Answer,
) -> Result<bool, TestCaseError> {
    let ((to, client), from) = pair;
    let Some(sent) = unsayable(supplier.encode_answer(answer, &about()))? else { return Ok(false) };
    let got = translate::answer(&sent.body, from.translator, client, &Undo::default(), &about());
    let Some(got) = unsayable(got)? else { return Ok(false) };
    let again = readable(to.translator.decode_answer(&got.body), &got.body)?;
    let losses = [&sent.losses[..], &got.losses, &again.losses];
    let told = without_last_proof(&[to, from], answer);
    covered(&answers(&told, &again), &losses, &named(pair), &got.body)?;
    Ok(true)
}

/// A supplier's stream as the client gets it, with what was lost; `None` where it cannot be said.
fn translated(
    ((to, client), from): Pair,
    sent: &[Frame],
    is_whole: bool,
) -> Result<Option<Streamed>, TestCaseError> {
    let new = || StreamTranslation::new(from.translator, client, Arc::new(Undo::default()), &about());
    let (mut translation, mut plodding) = (new(), new());
    let mut reader = from.codec.map(Codec::stream);
    let (mut got, mut plodded) = (Vec::new(), Vec::new());
    for frame in sent {
        let text = reader.as_mut().and_then(|reader| reader.read(frame).text);
        let told = translation.frame(frame, text, &mut got);
        // To go on from a frame that is like it says what reading it whole says. (What has no codec says each thing anew.)
        if to.codec.is_some() {
            prop_assert_eq!(&told, &plodding.frame(frame, None, &mut plodded));
            prop_assert_eq!(&got, &plodded);
        }
        if unsayable(told)?.is_none() {
            return Ok(None);
        }
    }
    // Only the end shows that the client could be told nothing of it.
    if is_whole && unsayable(translation.end(&mut got))?.is_none() {
        return Ok(None);
    }
    Ok(Some((got, translation.losses())))
}

/// Whether there is nothing in an answer, not even a count. A dialect that cannot say the only thing in it leaves that, and
/// to who watches some dialects it is a fault rather than a whole answer.
fn is_empty(answer: &Answer) -> bool {
    answer.usage.is_none() && answer.choices.iter().all(|choice| choice.blocks.is_empty())
}

/// The same for a stream.
pub(super) fn stream_goes_through(
    (pair, supplier): (Pair, &dyn ClientTranslator),
    answer: &Answer,
    events: &[Event],
) -> Result<bool, TestCaseError> {
    let Some((sent, lost)) = streamed(supplier, events)? else { return Ok(false) };
    if is_empty(&told(pair.1, &sent)?.0) {
        return Ok(false);
    }
    let Some((got, lost_here)) = translated(pair, &frames(pair.1, &sent), true)? else { return Ok(false) };
    let (again, is_whole, unread) = told(pair.0.0, &got)?;
    if !is_whole {
        let got = String::from_utf8_lossy(&got);
        return Err(TestCaseError::fail(format!("{}: a whole stream is cut\nin {got}", named(pair))));
    }
    let told = without_last_proof(&[pair.0.0, pair.1], answer);
    covered(&answers(&told, &again), &[&lost, &lost_here, &unread], &named(pair), &got)?;
    Ok(true)
}

/// What breaks off, at any byte, is not whole to the client: a11.
fn a_cut_stream_stays_cut_to_others(
    (pair, supplier): (Pair, &dyn ClientTranslator),
    events: &[Event],
    cut: proptest::sample::Index,
) -> Result<bool, TestCaseError> {
    let finished = events.iter().position(|event| matches!(event, Event::Finish { .. } | Event::End));
    let Some((sent, _)) = streamed(supplier, &events[..finished.unwrap_or_default()])? else {
        return Ok(false);
    };
    let (frames, _) = framed(pair.1, std::iter::once(&sent[..cut.index(sent.len() + 1)]));
    let Some((got, _)) = translated(pair, &frames, false)? else { return Ok(false) };
    let (_, is_whole, _) = told(pair.0.0, &got)?;
    if is_whole {
        let got = String::from_utf8_lossy(&got);
        return Err(TestCaseError::fail(format!("{}: a cut stream is whole\nin {got}", named(pair))));
    }
    Ok(true)
}

#[test]
fn g01_a_request_goes_from_any_dialect_into_any_other() {
    all_hold(pairs().into_iter().map(|pair| {
        // Two dialects have to say it.
        let held = hold_for_one_in(20, &any_request(), |request| request_goes_through(pair, &request));
        (format!("{} to {}", pair.0.0.name, pair.1.name), held)
    }));
}

#[test]
fn g01_an_answer_goes_from_any_dialect_into_any_other() {
    all_hold(pairs_of_clients().into_iter().map(|pair| {
        let held = hold(&any_served_answer(), |answer| answer_goes_through(pair, &answer));
        (named(pair.0), held)
    }));
}

#[test]
fn g01_a_stream_goes_from_any_dialect_into_any_other() {
    all_hold(pairs_of_clients().into_iter().map(|pair| {
        let held = hold(&any_served_stream(), |(answer, events)| stream_goes_through(pair, &answer, &events));
        (named(pair.0), held)
    }));
}

#[test]
fn a11_a_stream_that_breaks_off_anywhere_is_whole_in_no_dialect() {
    all_hold(pairs_of_clients().into_iter().map(|pair| {
        let broken = (any_served_stream(), proptest::arbitrary::any::<proptest::sample::Index>());
        let held = hold(&broken, |((_, events), cut)| a_cut_stream_stays_cut_to_others(pair, &events, cut));
        (named(pair.0), held)
    }));
}
