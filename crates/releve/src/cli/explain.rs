//! `releve explain`: one request's decision, attempts, tokens and money, in words.

use std::path::Path;

use ledger::{
    AttemptOutcome, AttemptRecord, Booked, Correction, Entry, Outcome, Record, RequestId, UsageSource,
};
use routing::Reason;
use serde_json::value::RawValue;
use store::{Reader, StoreError, Story};

use super::table::{Cell, Table};
use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit, LedgerFile, words};
use crate::posture::Decided;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The request's id, as `x-request-id` told it; without it, the last one.
    id: Option<RequestId>,
    #[command(flatten)]
    file: LedgerFile,
}

pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let path = desk.ledger(&arguments.file)?;
    let reader = Reader::open(&path)?;
    let id = match arguments.id {
        Some(id) => id,
        None => last(&reader, &path)?,
    };
    let Some(story) = reader.get(id)? else {
        let error = CliError::failed(format!("nothing is known of {id} in {}", path.display()));
        return Err(error.mend(
            "requests refused at the door are counted, not entered; `releve ledger tail` shows the last ones",
        ));
    };
    if terminal.json() {
        answer(&story, terminal)?;
    } else {
        // What cannot be read is not needed: the record names the decision by its number.
        let decided = Decided::read(&path).unwrap_or_default();
        tell_with(&story, &decided, terminal)?;
    }
    Ok(Exit::Done)
}

fn last(reader: &Reader, path: &Path) -> Result<RequestId, CliError> {
    let records = reader.tail(1)?;
    let record =
        records.first().ok_or_else(|| CliError::failed(format!("{} has no entries yet", path.display())))?;
    Ok(match read(record)? {
        Record::Intent(entry) | Record::Settlement(entry) => entry.id,
        Record::Correction(correction) => correction.id,
    })
}

fn read(booked: &Booked) -> Result<Record, StoreError> {
    booked.record().map_err(|source| StoreError::Record { seq: booked.seq, source })
}

/// The documents as they were written.
fn answer(story: &Story, terminal: &mut Terminal) -> Result<(), CliError> {
    terminal.answer(&Documents::of(story)?)
}

/// A request's records, as programs read them.
#[derive(serde::Serialize)]
pub(super) struct Documents {
    intent: Option<Box<RawValue>>,
    settlement: Option<Box<RawValue>>,
    corrections: Vec<Box<RawValue>>,
}

impl Documents {
    pub(super) fn of(story: &Story) -> Result<Self, CliError> {
        let raw = |booked: &Booked| {
            RawValue::from_string(booked.document.clone())
                .map_err(|error| CliError::failed(error.to_string()))
        };
        Ok(Self {
            intent: story.intent.as_ref().map(raw).transpose()?,
            settlement: story.settlement.as_ref().map(raw).transpose()?,
            corrections: story.corrections.iter().map(raw).collect::<Result<_, _>>()?,
        })
    }
}

/// A request's story in words.
pub(super) fn tell(story: &Story, terminal: &mut Terminal) -> Result<(), CliError> {
    tell_with(story, &Decided::default(), terminal)
}

/// The same with what is on record of decisions that kept somebody from being asked.
fn tell_with(story: &Story, decided: &Decided, terminal: &mut Terminal) -> Result<(), CliError> {
    let settled = story.settlement.is_some();
    let Some(booked) = story.settlement.as_ref().or(story.intent.as_ref()) else { return Ok(()) };
    let (Record::Intent(entry) | Record::Settlement(entry)) = read(booked)? else { return Ok(()) };
    headline(&entry, settled, terminal)?;
    asked(&entry, terminal)?;
    decision(&entry, decided, terminal)?;
    attempts(&entry, terminal)?;
    if settled {
        cost(&entry, terminal)?;
    }
    for booked in &story.corrections {
        if let Record::Correction(correction) = read(booked)? {
            corrected(&correction, terminal)?;
        }
    }
    Ok(())
}

fn headline(entry: &Entry, settled: bool, terminal: &mut Terminal) -> Result<(), CliError> {
    let id = (Tone::Strong, entry.id.to_string());
    if !settled {
        let says = "  still goes on, or was interrupted and will be settled at the next start";
        return terminal.paragraph(2, &[id, (Tone::Plain, says.to_owned())]);
    }
    let by = entry.deployment.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
    let (tone, words) = match entry.outcome {
        Outcome::Answered => (Tone::Good, format!("answered{by}")),
        Outcome::ClientError { status } => {
            (Tone::Doubtful, format!("refused as the client's error: {status}{by}"))
        }
        Outcome::Failed { failure: Some(failure) } => (Tone::Bad, format!("failed: {failure}")),
        Outcome::Failed { failure: None } => (Tone::Bad, "failed: nobody could be asked".to_owned()),
        Outcome::BrokenOff => {
            (Tone::Bad, format!("broken off in the middle{by}; the client got an error event"))
        }
        Outcome::ClientLeft => (Tone::Doubtful, format!("the client left{by}")),
        Outcome::Interrupted => (Tone::Bad, "interrupted by our own end".to_owned()),
    };
    let first =
        entry.ttft_us.map(|us| format!(", first content after {}", words::duration(us))).unwrap_or_default();
    let lasted = if entry.outcome == Outcome::Answered { "in" } else { "after" };
    let lasted = format!(" {lasted} {}{first}", words::duration(entry.total_us));
    terminal.paragraph(2, &[id, (Tone::Plain, "  ".to_owned()), (tone, words), (Tone::Plain, lasted)])
}

fn asked(entry: &Entry, terminal: &mut Terminal) -> Result<(), CliError> {
    let facts = &entry.facts;
    let key = facts.key_id.as_ref().map(|key| format!(" ({key})")).unwrap_or_default();
    plain(
        format!(
            "  {}  {}{key} asked for \"{}\", which is the route {}",
            words::moment(entry.arrived_us),
            facts.product,
            facts.asked_model,
            facts.route,
        ),
        terminal,
    )?;
    let streamed = if facts.stream { "streamed" } else { "whole" };
    let output = facts
        .max_tokens
        .map(|most| format!(", at most {} out", words::count(most.into())))
        .unwrap_or_default();
    let regions: Vec<&str> = facts.regions.iter().map(catalogue::Region::as_str).collect();
    let regions =
        if regions.is_empty() { String::new() } else { format!(", only in {}", regions.join(", ")) };
    plain(
        format!(
            "  {}, {streamed}, {} or about {} in{output}{}{regions}",
            facts.protocol,
            words::bytes(facts.request_bytes),
            words::counted(facts.estimated_input_tokens.into(), "token"),
            words::needs(facts.needs),
        ),
        terminal,
    )?;
    let turns = facts.former_turns;
    let built =
        (turns > 0).then(|| format!("builds on {turns} kept turn{}", if turns == 1 { "" } else { "s" }));
    let kept = entry.kept.then(|| "its answer is kept".to_owned());
    let state: Vec<String> = built.into_iter().chain(kept).collect();
    if state.is_empty() { Ok(()) } else { plain(format!("  {}", state.join("; ")), terminal) }
}

/// A line of the story, and more where it is long.
fn plain(text: String, terminal: &mut Terminal) -> Result<(), CliError> {
    terminal.paragraph(4, &[(Tone::Plain, text)])
}

/// In the order of asking; whoever had something against it, with the reason.
fn decision(entry: &Entry, decided: &Decided, terminal: &mut Terminal) -> Result<(), CliError> {
    let (config, catalogue) = (&entry.facts.config_version, &entry.facts.catalogue_version);
    let by = format!("  configuration {config}, catalogue {catalogue}");
    terminal.paragraph(2, &[(Tone::Strong, "candidates".to_owned()), (Tone::Plain, by)])?;
    let mut table = Table::default().indented(2).right([0]);
    for (number, candidate) in (1..).zip(entry.decision.iter()) {
        let excluded = candidate.reason.is_some_and(|reason| !is_trouble(reason));
        let mark = if excluded { Cell::toned(Tone::Bad, "✗") } else { Cell::from(format!("{number}.")) };
        let reason = candidate.reason.map(|reason| decided.tell(reason)).unwrap_or_default();
        table.row([mark, Cell::from(candidate.deployment.as_ref()), Cell::toned(Tone::Doubtful, reason)]);
    }
    table.print(terminal)
}

/// Whether the candidate was only asked later, or would have been.
fn is_trouble(reason: Reason) -> bool {
    reason.wait().is_some() || matches!(reason, Reason::Due { .. } | Reason::NoSlot)
}

fn attempts(entry: &Entry, terminal: &mut Terminal) -> Result<(), CliError> {
    if entry.attempts.is_empty() {
        return Ok(());
    }
    terminal.line(terminal.toned(Tone::Strong, "attempts"))?;
    let mut table = Table::default().indented(2).right([0, 2]);
    for (number, attempt) in (1..).zip(&entry.attempts) {
        let served = attempt.outcome == AttemptOutcome::Served;
        table.row([
            Cell::from(format!("{number}.")),
            Cell::from(attempt.deployment.as_ref()),
            format!("+{}", words::duration(attempt.started_us)).into(),
            Cell::toned(if served { Tone::Good } else { Tone::Bad }, went(attempt)),
            timings(attempt).into(),
            Cell::toned(Tone::Faint, attempt.supplier_request_id.as_deref().unwrap_or_default()),
            Cell::toned(Tone::Doubtful, changes(attempt)),
        ]);
    }
    table.print(terminal)
}

fn went(attempt: &AttemptRecord) -> String {
    let status = attempt
        .status
        .filter(|status| *status != 200)
        .map(|status| format!(" ({status})"))
        .unwrap_or_default();
    match attempt.outcome {
        AttemptOutcome::Served => "served".to_owned(),
        AttemptOutcome::Failed(failure) => {
            let trouble =
                attempt.trouble.as_deref().map(|trouble| format!(": {trouble}")).unwrap_or_default();
            format!("{failure}{status}{trouble}")
        }
        AttemptOutcome::Abandoned => "abandoned".to_owned(),
        AttemptOutcome::Refused(reason) => format!("not dialled: {reason}"),
    }
}

/// What of the client's request was changed for this attempt, and what could not be said.
fn changes(attempt: &AttemptRecord) -> String {
    let named = |what: &str, names: &[std::sync::Arc<str>]| {
        (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")))
    };
    let parts = [named("sets", &attempt.amended), named("leaves out", &attempt.dropped)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn timings(attempt: &AttemptRecord) -> String {
    let since = |moment: Option<u64>, what: &str| {
        let moment = moment?.saturating_sub(attempt.started_us);
        Some(format!("{what} {}", words::duration(moment)))
    };
    let parts = [
        since(attempt.connected_us, "connected"),
        since(attempt.headers_us, "headers"),
        since(attempt.first_content_us, "first content"),
        since(attempt.ended_us, "end"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// One line a kind of token and attempt, then the sum: a bill that can be checked by hand.
fn cost(entry: &Entry, terminal: &mut Terminal) -> Result<(), CliError> {
    let source = match entry.usage_source {
        UsageSource::Supplier => "as the supplier counted",
        UsageSource::Estimated => "estimated by us",
        UsageSource::None => "nothing was used, as far as known",
    };
    terminal.line(format_args!("{}  {source}", terminal.toned(Tone::Strong, "tokens and money")))?;
    let several = entry.attempts.iter().filter(|attempt| !attempt.usage.is_zero()).count() > 1;
    let mut table = Table::default().indented(2).right([1, 2]);
    for (number, attempt) in (0..).zip(&entry.attempts) {
        for (bucket, used) in attempt.usage.iter().filter(|(_, used)| *used > 0) {
            let line = entry.cost_lines.iter().find(|line| line.attempt == number && line.bucket == bucket);
            let mut cells = vec![
                bucket.as_str().replace('_', " ").into(),
                words::count(used.into()).into(),
                words::money(line.map(|line| line.cost)).into(),
            ];
            if several {
                cells.push(Cell::toned(Tone::Faint, attempt.deployment.as_ref()));
            }
            table.row(cells);
        }
    }
    table.row([
        Cell::toned(Tone::Strong, "total"),
        Cell::from(""),
        Cell::toned(Tone::Strong, words::money(entry.cost)),
    ]);
    table.print(terminal)?;
    if let Some(version) = &entry.price_version {
        let agreement = entry.price_agreement.map(|agreement| format!(", {agreement}")).unwrap_or_default();
        terminal.paragraph(4, &[(Tone::Faint, format!("  prices: {version}{agreement}"))])?;
    }
    Ok(())
}

fn corrected(correction: &Correction, terminal: &mut Terminal) -> Result<(), CliError> {
    let (before, after) = (words::money(correction.before), words::money(correction.after));
    let says = format!("  from {before} to {after} by {}: {}", correction.author, correction.why);
    terminal.paragraph(2, &[(Tone::Doubtful, "corrected".to_owned()), (Tone::Plain, says)])
}
