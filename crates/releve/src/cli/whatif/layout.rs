//! What an answer rests on, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use scenario::DomainKind;
use scenario::event::{Herd, Target, What};
use scenario::fit::Certainty;

use super::super::words;
use super::arrivals;
use super::input::Input;
use super::outcome::Assumption;
use super::runs::Question;
use crate::posture::Held;

/// What an assumption is about that says what was recorded, and how long.
pub(super) const RECORDED: &str = "recorded";

/// What is known of the input and not of the question.
#[derive(Debug)]
pub(super) struct Facts {
    requests: usize,
    length_ms: u64,
    known_ms: u64,
    day: Date,
    /// Whether requests of a file were dealt out to products that it does not name.
    dealt: bool,
    began_unix_ms: u64,
    unknown: u64,
    wrong: u64,
    held: Held,
    /// What is said of budgets, where there are any.
    budgets: Option<String>,
    /// By deployment, the day on which its model is switched off.
    ends: BTreeMap<Arc<str>, String>,
}

impl Facts {
    pub(super) fn of(input: &Input) -> Self {
        let Input { recording, .. } = input;
        Self {
            requests: recording.traffic.asks.len(),
            length_ms: recording.traffic.length_ms,
            known_ms: input.known_ms,
            day: input.day,
            dealt: recording.dealt,
            began_unix_ms: recording.traffic.began_unix_ms,
            unknown: recording.unknown,
            wrong: recording.wrong,
            held: input.held.clone(),
            budgets: input.budgets.rest_on(),
            ends: input.settings.resolved.ends.clone(),
        }
    }
}

/// The assumptions, the weightiest first.
pub(super) fn assumptions(facts: &Facts, question: &Question, source: &str) -> Vec<Assumption> {
    let mut all = Vec::new();
    let mut say = |about, says: String| all.push(Assumption { about, says });
    say(RECORDED, recorded(facts, question, source));
    if let Some(ill) = ill(question, facts.known_ms) {
        say("illness", ill);
    }
    say("decided", decided(facts, question));
    say("lost", lost(question));
    if let Some(arrivals) = arrivals::rest_on(&question.scenario, &question.estate) {
        say("arrives", arrivals);
    }
    say("herd", herd(question));
    say("speed", speed(question));
    say("limits", limits(question));
    say("tokens", tokens(question));
    say(
        "proven",
        format!(
            "a deployment is proven for a product where it has answered it 20 times in the recording, or where an approval in the configuration holds on {}",
            facts.day
        ),
    );
    if let Some(budgets) = &facts.budgets {
        say("budgets", budgets.clone());
    }
    if facts.unknown > 0 {
        let count = words::count(facts.unknown.into());
        say(
            "left out",
            format!("{count} entries of products or routes that the configuration does not have"),
        );
    }
    if facts.wrong > 0 {
        say(
            "left out",
            format!("{} requests that were wrong in themselves", words::count(facts.wrong.into())),
        );
    }
    all
}

fn recorded(facts: &Facts, question: &Question, source: &str) -> String {
    let when = i64::try_from(facts.began_unix_ms * 1_000).unwrap_or(0);
    let when =
        if facts.began_unix_ms == 0 { String::new() } else { format!(", from {}", words::moment(when)) };
    let mut says = format!(
        "{} requests in {} of {source}{when}",
        words::count(u128::try_from(facts.requests).unwrap_or(0)),
        period(facts.length_ms)
    );
    if facts.dealt {
        says += ", dealt out evenly to all products, for it names none";
    }
    if question.traffic.length_ms < facts.length_ms {
        let _ = write!(says, "; the newest {} of it", period(question.traffic.length_ms));
    }
    if question.traffic.length_ms < question.played_ms {
        let _ = write!(says, ", again and again for {}", period(question.played_ms));
    }
    if question.compressed() > 1.01 {
        let _ = write!(
            says,
            ", which stands for {}: what takes a moment (a breaker that opens) weighs {:.0} times too much",
            words::span(question.scenario.span),
            question.compressed()
        );
    }
    says
}

/// `12h`, in at most two units.
fn period(ms: u64) -> String {
    let step = if ms < 10_000 { 100 } else { 1_000 };
    words::span(Duration::from_millis((ms / step * step).max(1)))
}

fn ill(question: &Question, length_ms: u64) -> Option<String> {
    let mut parts: Vec<(usize, u64)> = Vec::new();
    for illness in &question.fitted.illnesses {
        let took = illness.during.end.min(length_ms).saturating_sub(illness.during.start);
        match parts.iter_mut().find(|(known, _)| *known == usize::from(illness.deployment)) {
            Some((_, sum)) => *sum += took,
            None => parts.push((usize::from(illness.deployment), took)),
        }
    }
    let words: Vec<String> = parts
        .iter()
        .map(|(deployment, took)| {
            format!("{} ({} %)", question.estate.deployments[*deployment].name, took * 100 / length_ms.max(1))
        })
        .collect();
    let all = words.join(", ");
    (!words.is_empty())
        .then(|| format!("left out of how suppliers usually are, for they were not themselves: {all}"))
}

/// Who may serve, before anything happens and after: what the router keeps to by itself.
fn decided(facts: &Facts, question: &Question) -> String {
    let span_ms = u64::try_from(question.scenario.span.as_millis()).unwrap_or(u64::MAX);
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    for index in listed(question) {
        let name = &*question.estate.deployments[index].name;
        let ends = facts.ends.get(name).map(String::as_str);
        let says = facts.held.told(&question.estate.backing[index].tenure, ends, span_ms).join(", ");
        match told.iter_mut().find(|(same, _)| *same == says) {
            _ if says.is_empty() => {}
            Some((_, names)) => names.push(name),
            None => told.push((says, vec![name])),
        }
    }
    if told.is_empty() {
        return "nobody was left or is drained, and no contract or model ends in this time".to_owned();
    }
    let told = told.into_iter().map(|(says, names)| format!("{}: {says}", words::some_of(names.into_iter())));
    let told = told.collect::<Vec<_>>().join("; ");
    format!("as it holds today, and turns by itself, both before and after: {told}{}", renewed(question))
}

/// With whom a new contract is played.
fn renewed(question: &Question) -> String {
    let renews = |index: &usize| {
        let mut events = question.scenario.events.iter().filter(|event| event.what == What::Contract);
        events.any(|event| event.reaches(&question.estate, *index))
    };
    let all: Vec<usize> = listed(question).into_iter().filter(renews).collect();
    if all.is_empty() {
        return String::new();
    }
    let names = words::some_of(all.iter().map(|index| &*question.estate.deployments[*index].name));
    format!(
        "; but after it a new contract is played with {names}: there what is said of today's contract holds before only"
    )
}

fn lost(question: &Question) -> String {
    let gone = |what: &What| {
        matches!(
            what,
            What::Outage(_) | What::Retirement | What::LicenceEnd | What::RampDown | What::Terms(_)
        )
    };
    let hit = |index: &usize| {
        let mut events = question.scenario.events.iter().filter(|event| gone(&event.what));
        events.any(|event| event.reaches(&question.estate, *index))
    };
    let named = |indices: Vec<usize>| {
        let names = indices.iter().map(|index| &*question.estate.deployments[*index].name);
        words::some_of(names)
    };
    let (goes, stays): (Vec<usize>, Vec<usize>) = listed(question).into_iter().partition(hit);
    let stays: Vec<usize> = stays.into_iter().filter(|index| is_of_the_lost(question, *index)).collect();
    let gone = if goes.is_empty() { "no deployment goes".to_owned() } else { named(goes) };
    let on = (!stays.is_empty()).then(|| {
        let stay = if stays.len() == 1 { "stays" } else { "stay" };
        format!(
            "; of the same maker {} {stay}, as in the report: open weights elsewhere, rights or promises that last, or not what is lost",
            named(stays)
        )
    });
    gone + &on.unwrap_or_default() + &spared(question)
}

/// Whether its model was made by whoever is lost, or whom something takes models from.
fn is_of_the_lost(question: &Question, index: usize) -> bool {
    let takes =
        |what: &What| matches!(what, What::Outage(_) | What::Retirement | What::LicenceEnd | What::Terms(_));
    let events = question.scenario.events.iter().filter(|event| takes(&event.what));
    let mut all = question.lost.iter().chain(events.flat_map(|event| &event.targets));
    all.any(|target| target.kind() == Some(DomainKind::Maker) && target.names(&question.estate, index))
}

/// Whom a loss may take as well, for nobody says where they belong.
fn spared(question: &Question) -> String {
    let in_events = question.scenario.events.iter().flat_map(|event| &event.targets);
    let kinds: BTreeSet<DomainKind> =
        question.lost.iter().chain(in_events).filter_map(Target::kind).collect();
    let mut says = String::new();
    for kind in kinds {
        let listed = listed(question).into_iter().filter(|index| !question.estate.is_placed(*index, kind));
        let names: Vec<&str> = listed.map(|index| &*question.estate.deployments[index].name).collect();
        if !names.is_empty() {
            let (kind, names) = (kind.as_str(), words::some_of(names.into_iter()));
            let _ = write!(says, "; nobody says the {kind} of {names}: taken as spared, which may be wrong");
        }
    }
    says
}

fn herd(question: &Question) -> String {
    match question.scenario.herd {
        None => "others serve as ever".to_owned(),
        Some(Herd { limits, slower }) => format!(
            "when a public supplier falls everybody lands on the others: their limits x {limits}, their first tokens x {slower}; own machines stay as they are"
        ),
    }
}

fn speed(question: &Question) -> String {
    let listed = listed(question);
    let guessed: Vec<&str> = listed
        .iter()
        .filter(|index| question.fitted.suppliers[**index].certainty == Certainty::Assumed)
        .map(|index| &*question.estate.deployments[*index].name)
        .collect();
    let measured = listed.len() - guessed.len();
    if guessed.is_empty() {
        return format!("measured for all {measured} deployments, by prompt size and hour");
    }
    format!(
        "measured for {measured} of {} deployments; too seldom seen, and taken to be like the others, perhaps half or twice as fast: {}",
        listed.len(),
        words::some_of(guessed.into_iter())
    )
}

fn limits(question: &Question) -> String {
    let (mut known, mut unknown): (Vec<(String, Vec<&str>)>, Vec<&str>) = Default::default();
    for index in listed(question) {
        let name = &*question.estate.deployments[index].name;
        match bounds(question, index) {
            None => unknown.push(name),
            Some(bounds) => match known.iter_mut().find(|(same, _)| *same == bounds) {
                Some((_, names)) => names.push(name),
                None => known.push((bounds, vec![name])),
            },
        }
    }
    let known =
        known.into_iter().map(|(bounds, names)| format!("{bounds} at {}", words::some_of(names.into_iter())));
    let known = known.collect::<Vec<_>>().join("; ");
    let known =
        (!known.is_empty()).then(|| format!("as configured, or as suppliers' own headers say: {known}"));
    let unknown = (!unknown.is_empty()).then(|| {
        format!(
            "not known, so they do not bind (see what it hangs on; `capacity = {{ tokens_per_minute = ... }}` at the provider states them): {}",
            words::some_of(unknown.into_iter())
        )
    });
    known.into_iter().chain(unknown).collect::<Vec<_>>().join("; ")
}

/// What bounds a deployment: `10,000 requests and 90,000 tokens a minute, 2 requests at the same time`.
fn bounds(question: &Question, index: usize) -> Option<String> {
    let (backing, facts) = (&question.estate.backing[index], &question.estate.deployments[index]);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    let rate = |limit: Option<f64>, of: &str| Some(format!("{} {of}", words::count(limit? as u128)));
    let rates = [
        rate(backing.requests_per_minute, "requests"),
        rate(backing.tokens_per_minute, "tokens"),
        rate(backing.works_off_per_minute, "tokens worked off"),
    ];
    let rates = rates.into_iter().flatten().collect::<Vec<_>>().join(" and ");
    let shared =
        if backing.shares_requests || backing.shares_tokens { " with its account's others" } else { "" };
    let rates = (!rates.is_empty()).then(|| format!("{rates} a minute{shared}"));
    let slots = facts.max_in_flight.map(|slots| format!("{slots} requests at the same time"));
    let all = rates.into_iter().chain(slots).collect::<Vec<_>>();
    (!all.is_empty()).then(|| all.join(", "))
}

fn tokens(question: &Question) -> String {
    let guessed = listed(question)
        .into_iter()
        .filter(|index| question.fitted.suppliers[*index].tokens.certainty == Certainty::Assumed)
        .count();
    let rest = if guessed == 0 {
        String::new()
    } else {
        format!("; for {guessed} deployments that is not known and taken as equal")
    };
    format!(
        "another model counts the same prompt in other tokens and writes longer or shorter: by what was counted here, see below{rest}; a substitute has the cache hits that it had here, else none"
    )
}

/// The deployments that routes other than those for bare names list.
fn listed(question: &Question) -> Vec<usize> {
    let used: BTreeSet<u16> = question.traffic.asks.iter().map(|ask| ask.route).collect();
    let entries = used.iter().flat_map(|route| &question.estate.routes[usize::from(*route)].entries);
    let all: BTreeSet<usize> = entries.map(|entry| entry.deployment.0 as usize).collect();
    all.into_iter().collect()
}
