//! `releve posture`: what people decide about a supplier before it fails. Shows what it would do, then acts; on record,
//! reversible, in force in the running gateway when the command returns.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use gateway::Clock;
use routing::PostureKind;
use scenario::event::Target;
use scenario::{Domain, Verdict};
use serde::Serialize;
use store::{Act, InForce, NewAct, Postures};

use super::report::today;
use super::table::{Cell, Table};
use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit, LedgerFile, whatif, words};
use crate::config::period;
use crate::posture::{Now, Terms, USUAL_DRAIN, is_looked_at};
use crate::report::Fallback;

/// A running gateway looks for decisions every 50 ms; after this it does not look at all.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Whom, and how: maker:openai=watch, provider:azure-sweden=drain, host:azure=leave, maker:openai=normal. Without it,
    /// what holds now and what was decided.
    act: Option<String>,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Until when it holds; then what was decided before it does again. Without it, until somebody decides anew.
    #[arg(long, value_name = "DURATION")]
    expires: Option<period::Period>,
    /// What a drain takes away in an hour, as a share up to 1; without it, 0.1.
    #[arg(long, value_name = "SHARE")]
    per_hour: Option<f64>,
    /// Who decides; without it, the user's name.
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// Only show what it would do.
    #[arg(long)]
    dry_run: bool,
    /// End with 1 where those who would step in for what is watched or drained do not carry the busiest minute, or nobody can
    /// tell: for alarms.
    #[arg(long, conflicts_with = "act")]
    check: bool,
    #[command(flatten)]
    ledger: LedgerFile,
}

/// A decision as programs read it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    /// Its number on record; none of what a contract's dates bring.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    target: &'a str,
    posture: &'a str,
    reason: &'a str,
    author: &'a str,
    set: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_hour: Option<f64>,
    holds: bool,
    /// It will hold again, when one that stands before it for a time has expired.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    waits: bool,
    /// Of what is watched or drained, how the products would fare that its loss would touch.
    #[serde(skip_serializing_if = "Option::is_none")]
    fallbacks: Option<Vec<Fallback>>,
    /// Whether all of them would be served whole: `yes`, `no` or `not_known`.
    #[serde(skip_serializing_if = "Option::is_none")]
    carries: Option<&'static str>,
    #[serde(skip)]
    names_nothing: bool,
}

impl<'a> Row<'a> {
    fn of(act: &'a Act, holds: bool) -> Self {
        Self {
            id: Some(act.id),
            target: &act.target,
            posture: &act.posture,
            reason: &act.reason,
            author: &act.author,
            set: words::moment(act.set_us),
            expires: act.expires_us.map(words::moment),
            per_hour: (&*act.posture == "drain").then_some(act.per_hour),
            holds,
            waits: false,
            fallbacks: None,
            carries: None,
            names_nothing: false,
        }
    }

    /// What a contract's dates bring holds, and nobody has put it on record.
    fn of_contract(act: &'a Act) -> Self {
        Self { id: None, ..Self::of(act, true) }
    }
}

pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let path = desk.ledger(&arguments.ledger)?;
    let Some(act) = &arguments.act else {
        arguments.only_of_acts()?;
        return list(&path, arguments.check, desk, terminal);
    };
    let (target, kind) = asked(act)?;
    let per_hour = arguments.fitting(kind)?;
    let Some(reason) = arguments.reason.as_deref().filter(|reason| !reason.trim().is_empty()) else {
        return Err(CliError::usage("a posture needs a reason: it is put on record")
            .mend("add --reason \"...\", and --expires 7d if it should end by itself"));
    };
    let user = || desk.environment.get("USER").or(desk.environment.get("LOGNAME"));
    let author = arguments.author.as_deref().or_else(user).filter(|author| !author.trim().is_empty());
    let author = match author {
        Some(author) => author,
        None if arguments.dry_run => "",
        None => {
            return Err(CliError::usage("nobody says who decides: it is put on record")
                .mend("add --author NAME; where USER is set, that is taken"));
        }
    };
    let shown = whatif::of_posture(&target, kind, per_hour, &arguments.ledger, desk, terminal)?;
    if arguments.dry_run {
        if terminal.json() {
            terminal.answer(&serde_json::json!({ "whatif": shown }))?;
        }
        return Ok(Exit::Done);
    }
    let mut postures = Postures::open(&path)?;
    let before = postures.all()?;
    let act = postures.decide(&NewAct {
        target: &target.to_string(),
        posture: kind.as_str(),
        per_hour,
        reason,
        author,
        expires: arguments.expires.map(|period| period.0),
    })?;
    let in_force = postures.wait_in_force(act.id, PATIENCE)?;
    if terminal.json() {
        let code = match in_force {
            InForce::Now => "now",
            InForce::NoServer => "no_server",
            InForce::NotYet => "not_yet",
        };
        terminal.answer(&serde_json::json!({
            "act": Row::of(&act, true),
            "replaces": replaced(&act, &before),
            "in_force": code,
            "whatif": shown,
        }))?;
    } else {
        say(&act, &before, in_force, terminal)?;
    }
    Ok(if in_force == InForce::NotYet { Exit::Failed } else { Exit::Done })
}

impl Arguments {
    /// The options that would mean nothing without an act are refused, not swallowed.
    fn only_of_acts(&self) -> Result<(), CliError> {
        let given = [
            ("--reason", self.reason.is_some()),
            ("--expires", self.expires.is_some()),
            ("--per-hour", self.per_hour.is_some()),
            ("--author", self.author.is_some()),
            ("--dry-run", self.dry_run),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => Err(CliError::usage(format!("{option} says not of whom"))
                .mend("write whom and how before it: maker:openai=drain")),
            None => Ok(()),
        }
    }

    /// What a drain takes in an hour, where all that was asked fits the posture.
    fn fitting(&self, kind: PostureKind) -> Result<f64, CliError> {
        let means_nothing = |option: &str, mend: &str| {
            Err(CliError::usage(format!("{kind} takes no {option}")).mend(mend.to_owned()))
        };
        if kind == PostureKind::Normal && self.expires.is_some() {
            return means_nothing("--expires", "leave it out: what ends a decision ends it for good");
        }
        if self.expires.is_some_and(|expires| expires.0.is_zero()) {
            return Err(CliError::usage("what expires at once is over before it began")
                .mend("write how long it holds, such as 7d; TARGET=normal ends what holds"));
        }
        let Some(per_hour) = self.per_hour else { return Ok(USUAL_DRAIN) };
        if kind != PostureKind::Drain {
            return means_nothing("--per-hour", "leave it out, or decide `drain`: only a drain takes time");
        }
        if per_hour > 0.0 && per_hour <= 1.0 {
            return Ok(per_hour);
        }
        let error =
            CliError::usage(format!("{per_hour} is no share of an hour's requests: it is beyond 0 to 1"));
        Err(if per_hour > 1.0 && per_hour <= 100.0 {
            error.mend(format!("write {} for {per_hour} %", per_hour / 100.0))
        } else {
            error.mend("write 0.1 for a tenth")
        })
    }
}

/// `maker:openai=drain`. A name may hold `=`, a posture does not.
fn asked(act: &str) -> Result<(Target, PostureKind), CliError> {
    let usage = |what: String| {
        CliError::usage(what).mend("write maker:openai=drain, host:azure=leave, provider:house=watch")
    };
    let (target, kind) = act.rsplit_once('=').ok_or_else(|| usage(format!("\"{act}\" says not how")))?;
    let target = target.parse().map_err(|error: scenario::InvalidDomain| usage(error.to_string()))?;
    let kind = kind.parse().map_err(|error: routing::UnknownPosture| usage(error.to_string()))?;
    Ok((target, kind))
}

/// What the decision means, from when to when, and what becomes of the one that held before it.
fn say(act: &Act, before: &[Act], in_force: InForce, terminal: &mut Terminal) -> Result<(), CliError> {
    let means = match &*act.posture {
        "watch" => {
            "it serves, and each fallback gets a fiftieth of its requests so that it is proven".to_owned()
        }
        "drain" => format!(
            "it loses {:.0} % of its requests each hour, and stays the last fallback",
            act.per_hour * 100.0
        ),
        "leave" => "nothing is sent there".to_owned(),
        _ => "it is asked as the routes say".to_owned(),
    };
    let until =
        act.expires_us.map_or_else(String::new, |expires| format!(", until {}", words::moment(expires)));
    let holds = match in_force {
        InForce::Now => "in force now",
        InForce::NoServer => "no gateway is running; the next one starts with it",
        InForce::NotYet => "but the running gateway has not followed: look at its log",
    };
    let decided = format!("{}={}: {means}{until}; {holds}", act.target, act.posture);
    for says in std::iter::once(decided).chain(replaced(act, before)) {
        terminal.paragraph(2, &[(Tone::Plain, says)])?;
    }
    if &*act.posture != "normal" {
        let back = terminal
            .toned(Tone::Strong, format_args!("releve posture {}=normal --reason \"...\"", act.target));
        terminal.line(format_args!("to take it back: {back}"))?;
    }
    Ok(())
}

/// What held on the same target until now, in words; `None` where nothing did.
fn replaced(act: &Act, before: &[Act]) -> Option<String> {
    let holding = store::in_force(before, act.set_us);
    let old = holding.into_iter().find(|old| old.target == act.target)?;
    let Some(expires) = act.expires_us else { return Some(format!("this ends {}", in_words(old))) };
    let later = store::in_force(before, expires).into_iter().find(|later| later.target == act.target);
    Some(match later {
        Some(later) if later.id == old.id => {
            format!("until then instead of {}, which then holds again", in_words(old))
        }
        Some(later) => {
            format!("until then instead of {}; then {} holds again", in_words(old), in_words(later))
        }
        None => format!("instead of {}, which is over by then", in_words(old)),
    })
}

/// `leave (a rumour, by ada, until 2026-12-01 00:00:00 UTC)`.
fn in_words(act: &Act) -> String {
    let until = act.expires_us.map(|expires| format!(", until {}", words::moment(expires)));
    format!("{} ({}, by {}{})", act.posture, act.reason, act.author, until.unwrap_or_default())
}

/// What holds, and all that was decided, the newest first; what contracts bring by their dates; then whether the fallbacks of
/// what is watched or drained carry what is asked.
fn list(path: &Path, check: bool, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let all = Postures::open(path)?.all()?;
    let now = Now::of(Clock::system());
    let holding: Vec<i64> = store::in_force(&all, now.unix_us).into_iter().map(|act| act.id).collect();
    // A ledger may be looked at where there is no configuration.
    let terms = desk.described().map(|settings| Terms::of(&settings.resolved.effective)).unwrap_or_default();
    let contracts: Vec<Act> = terms.iter().filter_map(|terms| terms.act(now)).collect();
    let ends = all.iter().filter_map(|act| act.expires_us).filter(|expires| *expires > now.unix_us);
    let later: Vec<i64> = ends.flat_map(|end| store::in_force(&all, end)).map(|act| act.id).collect();
    let rows = all.iter().rev().map(|act| {
        let holds = holding.contains(&act.id);
        Row { waits: !holds && later.contains(&act.id), ..Row::of(act, holds) }
    });
    let mut rows: Vec<Row<'_>> = rows.chain(contracts.iter().map(Row::of_contract)).collect();
    look_at_fallbacks(&mut rows, path, desk)?;
    let is_alarm = rows.iter().any(|row| row.carries.is_some_and(|carries| carries != "yes"));
    if terminal.json() {
        terminal.answer(&rows)?;
    } else {
        if rows.is_empty() {
            terminal.line("nothing was decided: everybody is asked as the routes say")?;
        } else {
            decisions(&rows, terminal)?;
            fallbacks(&rows, terminal)?;
        }
        if check {
            verdict(&rows, terminal)?;
        }
    }
    Ok(if check && is_alarm { Exit::Failed } else { Exit::Done })
}

/// By the requests of the last days: what a watch is for is whether others could step in now.
fn look_at_fallbacks(rows: &mut [Row<'_>], ledger: &Path, desk: &Desk<'_>) -> Result<(), CliError> {
    let mut watched: Vec<(&mut Row<'_>, Domain)> = rows
        .iter_mut()
        .filter(|row| row.holds && is_looked_at(row.posture))
        .filter_map(|row| row.target.parse().ok().map(|domain| (row, domain)))
        .collect();
    if watched.is_empty() {
        return Ok(());
    }
    let settings = desk.described()?;
    let now = (Clock::system().unix_us(), today());
    let domains: Vec<Domain> = watched.iter().map(|(_, domain)| domain.clone()).collect();
    let found = crate::report::fallbacks(&settings.resolved, ledger, now, &domains)?;
    for ((row, _), found) in watched.iter_mut().zip(found) {
        row.carries = Some(match found.carries() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not_known",
        });
        row.names_nothing = found.names_nothing;
        row.fallbacks = Some(found.products);
    }
    Ok(())
}

fn decisions(rows: &[Row<'_>], terminal: &mut Terminal) -> Result<(), CliError> {
    let mut table = Table::with_heads(["", "", "who", "posture", "since", "until", "by", "why"]);
    for row in rows {
        let holds = match (row.holds, row.waits) {
            (true, _) => Cell::toned(Tone::Good, "holds"),
            (false, true) => Cell::toned(Tone::Doubtful, "waits"),
            (false, false) => Cell::toned(Tone::Faint, "over"),
        };
        table.row([
            row.id.map(|id| id.to_string()).unwrap_or_default().into(),
            holds,
            Cell::toned(Tone::Strong, row.target),
            row.posture.into(),
            row.set.clone().into(),
            row.expires.clone().unwrap_or_else(|| "-".to_owned()).into(),
            words::plain(row.author).into(),
            words::plain(row.reason).into(),
        ]);
    }
    table.print(terminal)
}

fn fallbacks(rows: &[Row<'_>], terminal: &mut Terminal) -> Result<(), CliError> {
    for row in rows {
        let Some(fallbacks) = &row.fallbacks else { continue };
        terminal.line("")?;
        if row.names_nothing {
            let says =
                "nothing that is configured is known to belong there: what its fall would take is not known";
            terminal.paragraph(2, &[(Tone::Doubtful, format!("{}: {says}", row.target))])?;
        }
        if fallbacks.is_empty() && row.names_nothing {
            continue;
        }
        if fallbacks.is_empty() {
            terminal.line(format_args!("{}: no request of the last 30 days needs it", row.target))?;
            continue;
        }
        let says = format!("If {} fell, by the requests of the last 30 days:", row.target);
        terminal.paragraph(2, &[(Tone::Plain, says)])?;
        let heads = ["product", "", "busiest minute", "without room", "beyond what was ever carried"];
        let mut table = Table::with_heads(heads).indented(2).right([2, 3, 4]);
        for fallback in fallbacks {
            let (tone, words) = fares(fallback);
            let outlook = &fallback.outlook;
            let count = |number: u64| words::count(number.into());
            let missing = match (outlook.short_tokens, outlook.short_requests) {
                (0, 0) => "-".to_owned(),
                (0, requests) => format!("{} requests", count(requests)),
                (tokens, _) => format!("{} tokens", count(tokens)),
            };
            let beyond = match outlook.beyond_proven_tokens {
                0 => "-".to_owned(),
                tokens => format!("{} tokens", count(tokens)),
            };
            let busiest =
                format!("{} tokens, {} requests", count(fallback.peak_tokens), count(fallback.peak_requests));
            table.row([
                Cell::toned(Tone::Strong, &*fallback.product),
                Cell::toned(tone, words),
                busiest.into(),
                missing.into(),
                beyond.into(),
            ]);
        }
        table.print(terminal)?;
        let short: Vec<&str> = fallbacks
            .iter()
            .filter(|fallback| fallback.is_short_already())
            .map(|fallback| &*fallback.product)
            .collect();
        if !short.is_empty() {
            let says =
                format!("Short already, whoever falls: {}; the table has what is added", short.join(", "));
            terminal.paragraph(2, &[(Tone::Doubtful, says)])?;
        }
    }
    Ok(())
}

/// What the exit code says, for a person who reads the alarm.
fn verdict(rows: &[Row<'_>], terminal: &mut Terminal) -> Result<(), CliError> {
    let looked_at: Vec<&Fallback> = rows.iter().filter_map(|row| row.fallbacks.as_ref()).flatten().collect();
    let names = |is_one: fn(&Fallback) -> bool| {
        let products: BTreeSet<&str> =
            looked_at.iter().filter(|fallback| is_one(fallback)).map(|fallback| &*fallback.product).collect();
        products.into_iter().collect::<Vec<_>>().join(", ")
    };
    let (short, unseen) = (names(|fallback| fallback.falls_short), names(Fallback::is_unseen));
    let not_known = names(|fallback| fallback.may_fall_short);
    let already = names(Fallback::is_short_already);
    let nowhere: Vec<&str> = rows.iter().filter(|row| row.names_nothing).map(|row| row.target).collect();
    let (tone, says) = if rows.iter().all(|row| row.fallbacks.is_none()) {
        (Tone::Good, "carries: nothing is watched or drained".to_owned())
    } else if !short.is_empty() {
        (Tone::Bad, format!("falls short: nobody, or too few, would step in for {short}"))
    } else if !not_known.is_empty() {
        let says = "not known: who would step in may fall too, for nobody says where they belong";
        (Tone::Doubtful, format!("{says}: {not_known}"))
    } else if !nowhere.is_empty() {
        let says = "not known: nothing that is configured is known to belong to";
        (Tone::Doubtful, format!("{says} {}", nowhere.join(", ")))
    } else if !already.is_empty() {
        let says = "carries no less than now, but room is short already, whoever falls, for";
        (Tone::Doubtful, format!("{says} {already}"))
    } else if !unseen.is_empty() {
        let says = "carries as configured, though nobody has seen it, by an unproven deployment or with more than ever";
        (Tone::Doubtful, format!("{says}: {unseen}"))
    } else {
        (
            Tone::Good,
            "carries: proven deployments would step in, with no more than they have carried".to_owned(),
        )
    };
    terminal.line("")?;
    // One line, however long: alarms are read by the line.
    terminal.line(terminal.toned(tone, says))
}

/// How a product would fare, in words.
fn fares(fallback: &Fallback) -> (Tone, String) {
    let none = fallback.outlook.none * 100.0;
    match fallback.verdict {
        Verdict::Stopped => (Tone::Bad, "nobody steps in".to_owned()),
        Verdict::Partly if none > 0.0 => (Tone::Bad, format!("nobody steps in for {none:.1} %")),
        Verdict::Partly => (Tone::Bad, "too little room".to_owned()),
        _ if fallback.falls_short => (Tone::Bad, "some find nobody even now".to_owned()),
        _ if fallback.may_fall_short => {
            (Tone::Doubtful, "at best others step in: some may fall too".to_owned())
        }
        Verdict::Unproven => (Tone::Doubtful, "others step in, not all proven".to_owned()),
        _ if fallback.is_unseen() => (Tone::Doubtful, "proven ones step in, with more than ever".to_owned()),
        _ => (Tone::Good, "proven ones step in".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_and_how() {
        let (target, kind) = asked("deployment:azure/a=b=leave").unwrap();
        assert_eq!((target.to_string().as_str(), kind), ("deployment:azure/a=b", PostureKind::Leave));
        for wrong in ["maker:openai", "openai=drain", "maker:openai=gone", "=leave"] {
            assert!(asked(wrong).is_err(), "{wrong}");
        }
    }
}
