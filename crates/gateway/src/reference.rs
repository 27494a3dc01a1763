//! Holds `docs/http.md` against what is said and read here. Tests only.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use catalogue::{Bucket, Money, Protocol, Usage};
use http::{HeaderName, Method};
use serde_json::Value;
use wire::{ErrorKind, ErrorReply, Failure, PeekError};

use crate::asked::codec;
use crate::door::{self, NoEndpoint};
use crate::headers;
use crate::intake::IntakeError;
use crate::metrics::{Ended, Metrics, Recent, Tried};
use crate::pass;
use crate::refusal::Refusal;
use crate::visitor::Foreign;

const PAGE: &str = include_str!("../../../docs/http.md");

/// Those that clients speak, in the page's order.
const CLIENTS: [Protocol; 5] = [
    Protocol::OpenaiChat,
    Protocol::OpenaiResponses,
    Protocol::AnthropicMessages,
    Protocol::Gemini,
    Protocol::BedrockConverse,
];

/// What stands under a heading.
fn section(heading: &str) -> &'static str {
    let after = PAGE.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    after.split("\n## ").next().unwrap()
}

/// The rows of the table under `heading` whose first column is called `first`, each cell by cell.
fn rows(heading: &str, first: &str) -> Vec<Vec<&'static str>> {
    let lines = section(heading).lines().skip_while(|line| !line.starts_with(&format!("| {first} |")));
    let rows: Vec<Vec<&str>> = lines
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(!rows.is_empty(), "{heading}: {first}");
    rows
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn all_quoted<'a>(cells: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    cells.into_iter().flat_map(quoted).collect()
}

/// The part of a section between two phrases.
fn between(heading: &str, from: &str, to: &str) -> &'static str {
    section(heading).split(from).nth(1).unwrap().split(to).next().unwrap()
}

fn names(headers: &'static [HeaderName]) -> BTreeSet<&'static str> {
    headers.iter().map(HeaderName::as_str).collect()
}

#[test]
fn the_pages_paths_are_there_and_by_no_other_method() {
    for row in rows("Paths", "path") {
        let path = quoted(row[0]).next().unwrap().replace("ID", "resp_1").replace("MODEL", "a/b");
        let mut paths = vec![path.clone()];
        if path.contains("/v1beta/") {
            paths.extend(["/v1/", "/v1alpha/"].map(|version| path.replace("/v1beta/", version)));
        } else if path.starts_with("/v1/") && !path.starts_with("/v1/messages") {
            paths.push(format!("/openai{path}"));
        }
        for path in paths {
            for method in quoted(row[1]) {
                let method: Method = method.parse().unwrap();
                assert!(door::find(&method, &path).is_ok(), "{method} {path}");
            }
            let Err(NoEndpoint::Method(allowed)) = door::find(&Method::PATCH, &path) else {
                panic!("PATCH {path}")
            };
            let told: BTreeSet<&str> = quoted(row[1]).collect();
            let allowed: BTreeSet<&str> = allowed.split(", ").filter(|method| *method != "HEAD").collect();
            assert_eq!(told, allowed, "{path}");
        }
    }
}

#[test]
fn the_page_has_every_header_that_a_request_may_have_and_no_other() {
    let heading = "What a request may say";
    let told = all_quoted(rows(heading, "header").into_iter().map(|row| row[0]));
    let read = headers::ASKED.iter().copied().chain(headers::KEYS).chain(["authorization"]);
    assert_eq!(told, read.collect());
    let passed = between(heading, "What goes on is", ";");
    assert_eq!(all_quoted([passed]), names(&pass::TO_SUPPLIER));
    let translated = between(heading, "in translation", "only");
    assert_eq!(all_quoted([translated]), names(&pass::ANY_PROTOCOL));
}

#[test]
fn the_page_has_every_header_that_an_answer_may_have_and_no_other() {
    let heading = "What an answer says";
    let told = all_quoted(rows(heading, "header").into_iter().map(|row| row[0]));
    let ids = CLIENTS.map(|protocol| codec(protocol).request_id_header());
    let said = headers::ANSWERED.iter().copied().chain(ids).chain(["retry-after"]);
    assert_eq!(told, said.collect());
    let passed = between(heading, "From the supplier come", ";");
    assert_eq!(all_quoted([passed]), names(&pass::TO_CLIENT));
    let of_errors = between(heading, "passed on,", "too.");
    assert_eq!(all_quoted([of_errors]), names(&pass::ERROR_TO_CLIENT));
}

/// An error as a client of `protocol` gets it.
fn told(protocol: Protocol, status: u16, kind: ErrorKind, code: Option<&str>) -> Value {
    let error = ErrorReply { status, kind, message: "m", request_id: "req_1", code, param: None };
    serde_json::from_slice(&codec(protocol).error_reply(&error)).unwrap()
}

/// Its status and the words by which programs know it, as the page writes them.
fn words(protocol: Protocol, kind: ErrorKind) -> String {
    let status = codec(protocol).status(kind);
    let error = told(protocol, status, kind, None);
    let words = match protocol {
        Protocol::AnthropicMessages => vec![&error["error"]["type"]],
        Protocol::Gemini => vec![&error["error"]["status"]],
        Protocol::BedrockConverse => vec![&error["__type"]],
        _ => vec![&error["error"]["type"], &error["error"]["code"]],
    };
    let words = words.into_iter().filter_map(Value::as_str).map(|word| format!(" `{word}`"));
    format!("{status}{}", words.collect::<String>())
}

#[test]
fn the_pages_kinds_of_errors_are_those_that_clients_get() {
    let rows = rows("Errors", "kind");
    assert_eq!(rows.len(), ErrorKind::ALL.len());
    for (row, kind) in rows.into_iter().zip(ErrorKind::ALL) {
        let [chat, responses, others @ ..] = CLIENTS.map(|protocol| words(protocol, kind));
        assert_eq!(chat, responses);
        assert_eq!(row[1], chat, "{kind:?}");
        assert_eq!(row[2..], others, "{kind:?}");
    }
}

/// One of each, and of those that differ in themselves one of each sort.
fn refusals() -> Vec<Refusal> {
    let name: Arc<str> = "n".into();
    let text = || "t".to_owned();
    let spent = |kind| Refusal::Spent {
        route: Arc::clone(&name),
        reasons: text(),
        kind,
        retry_after: None::<Duration>,
        attempts: 1,
    };
    let none = |kind| Refusal::NoCandidate {
        route: Arc::clone(&name),
        reasons: text(),
        kind,
        retry_after: None::<Duration>,
    };
    vec![
        Refusal::NoEndpoint(text()),
        Refusal::Method { method: text(), allow: "GET" },
        Refusal::WebSocket,
        Refusal::Foreign(Foreign::Host),
        Refusal::Foreign(Foreign::Origin),
        Refusal::NoKey,
        Refusal::WrongKey,
        Refusal::NoProduct(Arc::clone(&name)),
        Refusal::Intake(IntakeError::TooLarge { limit: 1 }),
        Refusal::Intake(IntakeError::Encoding(text())),
        Refusal::Intake(IntakeError::NotGzip),
        Refusal::Intake(IntakeError::TooSlow),
        Refusal::Intake(IntakeError::NoMemory),
        Refusal::Intake(IntakeError::Malformed),
        Refusal::Intake(IntakeError::Gone),
        Refusal::Peek(PeekError::NotAnObject),
        Refusal::BadHeader("w"),
        Refusal::NoModel(Arc::clone(&name)),
        Refusal::UnknownModel { asked: text(), near: Vec::new() },
        Refusal::NotAllowed { product: Arc::clone(&name), asked: text() },
        none(ErrorKind::InvalidRequest),
        none(ErrorKind::Overloaded),
        spent(ErrorKind::InvalidRequest),
        spent(ErrorKind::TooLarge),
        spent(ErrorKind::RateLimited),
        spent(ErrorKind::Overloaded),
        spent(ErrorKind::Timeout),
        Refusal::BrokenOff { route: Arc::clone(&name), failure: Failure::Server },
        Refusal::Wrong(text()),
        Refusal::Malformed { path: text(), what: "w" },
        Refusal::Background,
        Refusal::OverBudget(text()),
        Refusal::BudgetHeld(text()),
        Refusal::NotKept { param: "p", what: "w" },
        Refusal::BadQuery { param: "p", what: text() },
        Refusal::NoResponse(text()),
        Refusal::NoItem(text()),
        Refusal::NoPrevious { asked: text(), missing: None },
        Refusal::NoThread,
        Refusal::Outgrown { limit: 1 },
        Refusal::StateFailed,
        Refusal::TookTooLong,
        Refusal::LedgerFull,
        Refusal::Stopping,
    ]
}

/// Does not compile once there is another: it belongs above, and on the page.
const fn is_among_them(refusal: &Refusal) {
    match refusal {
        Refusal::NoEndpoint(_)
        | Refusal::Method { .. }
        | Refusal::WebSocket
        | Refusal::Foreign(Foreign::Host | Foreign::Origin)
        | Refusal::NoKey
        | Refusal::WrongKey
        | Refusal::NoProduct(_)
        | Refusal::Intake(
            IntakeError::TooLarge { .. }
            | IntakeError::Encoding(_)
            | IntakeError::NotGzip
            | IntakeError::TooSlow
            | IntakeError::NoMemory
            | IntakeError::Malformed
            | IntakeError::Gone,
        )
        | Refusal::Peek(_)
        | Refusal::BadHeader(_)
        | Refusal::NoModel(_)
        | Refusal::UnknownModel { .. }
        | Refusal::NotAllowed { .. }
        | Refusal::NoCandidate { .. }
        | Refusal::Spent { .. }
        | Refusal::BrokenOff { .. }
        | Refusal::Wrong(_)
        | Refusal::Malformed { .. }
        | Refusal::Background
        | Refusal::OverBudget(_)
        | Refusal::BudgetHeld(_)
        | Refusal::NotKept { .. }
        | Refusal::BadQuery { .. }
        | Refusal::NoResponse(_)
        | Refusal::NoItem(_)
        | Refusal::NoPrevious { .. }
        | Refusal::NoThread
        | Refusal::Outgrown { .. }
        | Refusal::StateFailed
        | Refusal::TookTooLong
        | Refusal::LedgerFull
        | Refusal::Stopping => {}
    }
}

#[test]
fn the_page_has_every_error_with_its_status_and_code_and_no_other() {
    let refusals = refusals();
    let said: BTreeSet<(String, String)> = refusals
        .iter()
        .map(|refusal| {
            is_among_them(refusal);
            let status = refusal.status(codec(Protocol::OpenaiChat));
            let error = told(Protocol::OpenaiChat, status, refusal.kind(), refusal.code());
            (status.to_string(), error["error"]["code"].as_str().unwrap_or_default().to_owned())
        })
        .collect();
    let lost = told(Protocol::AnthropicMessages, 404, ErrorKind::NotFound, Refusal::NoThread.code());
    assert_eq!(lost["error"]["details"]["error_code"], "thread_not_found");
    let rows = rows("Errors", "status");
    let told: BTreeSet<(String, String)> =
        rows.iter().map(|row| (row[0].to_owned(), row[1].trim_matches('`').to_owned())).collect();
    assert_eq!(told, said);
    assert_eq!(rows.len(), told.len(), "each once");
    let reasons = between("Errors", "Google's clients read", "as `reason`");
    // Only Anthropic's clients have threads.
    let others = refusals.iter().filter(|refusal| !matches!(refusal, Refusal::NoThread));
    assert_eq!(all_quoted([reasons]), others.filter_map(Refusal::code).collect());
}

/// Every series counted in once.
fn counted() -> String {
    let metrics = Metrics::default();
    let recent = Recent::default();
    let name: Arc<str> = "n".into();
    let mut usage = Usage::default();
    *usage.get_mut(Bucket::OutputText) = 1;
    metrics.refused("r");
    metrics.state_kept(&name, 1);
    metrics.state_used(&name);
    metrics.alarm(&name, "k");
    metrics.over_budget(&name);
    metrics.budget(&name, 0.5);
    let tried = Tried { recent: &recent, product: &name, route: &name, deployment: &name };
    metrics.attempt(&tried, "served", Some(0.1));
    for cost in [Some(Money::ZERO), None] {
        metrics.admitted();
        metrics.ended(&Ended {
            recent: &recent,
            product: &name,
            route: &name,
            deployment: Some(&name),
            outcome: "answered",
            taken_over: true,
            seconds: 1.0,
            usage: &usage,
            cost,
        });
    }
    metrics.encode()
}

#[test]
fn the_page_has_every_metric_with_its_type_and_labels_and_no_other() {
    let text = counted();
    let mut said = BTreeSet::new();
    for line in text.lines() {
        let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|line| line.split_once(' ')) else {
            continue;
        };
        let (shown, sample) = match kind {
            "counter" => (format!("{name}_total"), format!("{name}_total")),
            "histogram" => (name.to_owned(), format!("{name}_count")),
            _ => (name.to_owned(), name.to_owned()),
        };
        let is_of_it = |line: &&str| line.split(['{', ' ']).next() == Some(&*sample);
        let sample = text.lines().find(is_of_it).unwrap_or_else(|| panic!("{name} was not counted in"));
        let labels: Vec<String> = sample
            .split('"')
            .step_by(2)
            .filter_map(|part| Some(part.split_once('=')?.0))
            .map(label)
            .collect();
        said.insert((shown, kind.to_owned(), labels.join(", ")));
    }
    let told: BTreeSet<(String, String, String)> = rows("Metrics", "metric")
        .into_iter()
        .filter(|row| !row[0].starts_with("`releve_deployment_"))
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].to_owned(), row[2].to_owned()))
        .collect();
    assert_eq!(told, said);
}

/// A label's name, as the page writes it.
fn label(before_equals: &str) -> String {
    let name = before_equals.rsplit(['{', ',']).next().unwrap_or_default();
    format!("`{name}`")
}

#[test]
fn the_pages_values_of_labels_are_those_there_are() {
    let values = |label: &str| -> Vec<&str> {
        let rows = rows("Metrics", "label");
        quoted(rows.into_iter().find(|row| row[0] == label).unwrap()[1]).collect()
    };
    assert_eq!(values("`outcome` of requests"), ledger::Outcome::NAMES);
    assert_eq!(values("`bucket`"), Bucket::ALL.map(Bucket::as_str));
    assert_eq!(values("`state`"), routing::State::ALL.map(routing::State::as_str));
    assert_eq!(values("`posture`"), routing::PostureKind::ALL.map(routing::PostureKind::as_str));
}
