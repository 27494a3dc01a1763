//! P1, G12, G14, G15: before the first content, a supplier's failure is invisible while any candidate is healthy.

use std::collections::BTreeMap;

use ledger::{AttemptOutcome, Outcome};
use simulator::{After, CutWith, Ending, Fault, Handle, HiddenError, ResetAt, RetryAfter, Rule, Supplier};
use tokio::task::JoinSet;

use crate::client::{Dialect, Reply, ask};
use crate::harness::{Config, Gateway, House};

/// Where nothing has to be waited for, no time is set that a busy machine could need for a healthy answer.
const POLICY: &str = "";
/// For faults that only time tells: as little as a healthy answer surely does with, too, since it has the same limits.
const SHORT: &str = "header_timeout = \"3s\"\nmax_time_to_first_token = \"3s\"\ntotal_timeout = \"12s\"";

/// What can go wrong before the first content of a stream, and whether only time tells.
fn stream_faults() -> Vec<(Fault, bool)> {
    let mut faults = vec![
        (Fault::SlowHeaders { delay_ms: 120_000 }, true),
        (Fault::Stall { after: After::Headers, pings_ms: 0 }, true),
        (Fault::Stall { after: After::Preamble, pings_ms: 0 }, true),
        (Fault::Stall { after: After::Preamble, pings_ms: 100 }, true),
        (Fault::Garbage { bytes: 3000, after: Some(After::Headers) }, false),
        (Fault::HugeLine { bytes: 9 << 20 }, false),
    ];
    for after in [After::Headers, After::Preamble] {
        faults.push((Fault::InvalidJson { after }, false));
        for error in
            [HiddenError::Server, HiddenError::Overloaded, HiddenError::RateLimited, HiddenError::Quota]
        {
            faults.push((Fault::ErrorIn200 { after, error }, false));
        }
        for with in [CutWith::Fin, CutWith::Rst] {
            faults.push((Fault::Cut { after, with }, false));
        }
        for says in [Ending::Nothing, Ending::Terminal] {
            faults.push((Fault::CleanEnd { after, says }, false));
        }
    }
    faults
}

/// The same for a plain answer, which is not released before all of it is there.
fn plain_faults() -> Vec<(Fault, bool)> {
    let after = After::Tokens(3);
    let mut faults = vec![
        (Fault::Stall { after, pings_ms: 0 }, true),
        (Fault::InvalidJson { after }, false),
        (Fault::CleanEnd { after, says: Ending::Nothing }, false),
        (Fault::Garbage { bytes: 3000, after: Some(after) }, false),
        (Fault::LyingLength { by: 10 }, false),
        (Fault::LyingLength { by: -10 }, false),
    ];
    for error in [HiddenError::Server, HiddenError::Overloaded, HiddenError::RateLimited, HiddenError::Quota]
    {
        faults.push((Fault::ErrorIn200 { after, error }, false));
    }
    for after in [After::Headers, after] {
        for with in [CutWith::Fin, CutWith::Rst] {
            faults.push((Fault::Cut { after, with }, false));
        }
    }
    faults
}

/// What goes wrong before there is any answer.
fn common_faults() -> Vec<(Fault, bool)> {
    let page = |status| Fault::Status {
        status,
        content_type: "text/html".to_owned(),
        body: "<html>Bad gateway</html>".to_owned(),
    };
    let mut faults = vec![
        Fault::Refuse,
        Fault::Reset { at: ResetAt::Accept },
        Fault::Reset { at: ResetAt::Request },
        Fault::Unauthorized,
        Fault::Forbidden,
        Fault::RateLimited { retry_after: None },
        Fault::RateLimited { retry_after: Some(RetryAfter::Seconds(30)) },
        Fault::RateLimited { retry_after: Some(RetryAfter::Text("soon".to_owned())) },
        Fault::Overloaded { retry_after: None },
        Fault::Overloaded { retry_after: Some(RetryAfter::DateInS(20)) },
        Fault::ModelMissing,
        Fault::Quota,
        Fault::PaymentRequired,
        Fault::ContextExceeded,
        Fault::TooLarge,
        page(413),
        page(502),
        page(520),
        Fault::EmptyBody,
        Fault::Html,
        Fault::WrongContentType { content_type: "text/plain".to_owned() },
        Fault::Garbage { bytes: 3000, after: None },
    ];
    faults.extend([500, 502, 503, 504, 599].map(|status| Fault::ServerError { status }));
    let mut faults: Vec<_> = faults.into_iter().map(|fault| (fault, false)).collect();
    faults.push((Fault::Hang, true));
    faults
}

struct Case {
    fault: Fault,
    slow: bool,
    stream: bool,
    supplier: Handle,
}

async fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for stream in [true, false] {
        let special = if stream { stream_faults() } else { plain_faults() };
        for (fault, slow) in common_faults().into_iter().chain(special) {
            let supplier = Supplier::builder().script([Rule::always(fault.clone())]).spawn().await.unwrap();
            cases.push(Case { fault, slow, stream, supplier });
        }
    }
    cases
}

/// A supplier of its own for each fault, so that no breaker hides the next one.
async fn every_fault(dialect: Dialect) {
    let cases = cases().await;
    let healthy = Supplier::builder().spawn().await.unwrap();
    let mut config = Config::new().provider("healthy", dialect, &healthy);
    for (place, case) in cases.iter().enumerate() {
        let name = format!("faulty{place}");
        let policy = if case.slow { SHORT } else { POLICY };
        config = config.provider(&name, dialect, &case.supplier);
        config = config.route(&format!("route{place}"), &[&name, "healthy"], policy);
    }
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    // Those that are waited for are asked side by side, but not beside the others: their healthy answers are timed.
    let (slow, quick): (Vec<_>, Vec<_>) = (0..cases.len()).partition(|place| cases[*place].slow);
    let mut replies = BTreeMap::new();
    for places in [quick, slow] {
        let mut asking = JoinSet::new();
        for place in places {
            let (listen, stream) = (gateway.listen, cases[place].stream);
            asking
                .spawn(async move { (place, ask(listen, dialect, &format!("route{place}"), stream).await) });
        }
        replies.extend(asking.join_all().await);
    }
    for (place, reply) in replies {
        let case = &cases[place];
        let what = format!("{dialect:?}, stream {}, {:?}", case.stream, case.fault);
        assert_eq!(reply.status, 200, "{what}: {}", reply.lossy());
        assert_whole(&reply, dialect, case.stream, &what);
        assert_eq!(reply.header("x-releve-takeover"), Some("before-content"), "{what}");
        assert_eq!(reply.header("x-releve-attempts"), Some("2"), "{what}");
        assert_eq!(reply.header("x-releve-deployment"), Some("healthy/m"), "{what}");
        let entry = house.entry(reply.header(dialect.request_id_header()).unwrap()).await;
        assert_eq!(entry.outcome, Outcome::Answered, "{what}");
        assert_eq!(entry.attempts.len(), 2, "{what}: {:?}", entry.attempts);
        assert_eq!(&*entry.attempts[0].deployment, format!("faulty{place}/m"), "{what}");
        assert!(matches!(entry.attempts[0].outcome, AttemptOutcome::Failed(_)), "{what}: {entry:?}");
        assert_eq!(&*entry.attempts[1].deployment, "healthy/m", "{what}");
        assert_eq!(entry.attempts[1].outcome, AttemptOutcome::Served, "{what}");
        assert!(entry.cost.is_some(), "{what}");
    }
    house.verify();
}

/// One whole, well-formed answer, and nothing of another.
pub(crate) fn assert_whole(reply: &Reply, dialect: Dialect, stream: bool, what: &str) {
    assert!(reply.broken.is_none(), "{what}: {:?}", reply.broken);
    let said = reply.lossy();
    if !stream {
        let body = reply.json();
        let (finish, text) = match dialect {
            Dialect::OpenAi => ("/choices/0/finish_reason", "/choices/0/message/content"),
            Dialect::Anthropic => ("/stop_reason", "/content/0/text"),
        };
        assert!(body.pointer(finish).is_some_and(serde_json::Value::is_string), "{what}: {said}");
        assert!(body.pointer(text).is_some_and(|text| text != ""), "{what}: {said}");
        return;
    }
    let events = reply.events();
    let count = |word: &str| events.iter().filter(|event| event.contains(word)).count();
    match dialect {
        Dialect::OpenAi => {
            assert_eq!(events.last().map(String::as_str), Some("[DONE]"), "{what}: {said}");
            assert_eq!(count("\"role\":\"assistant\""), 1, "{what}: {said}");
            assert_eq!(count("\"finish_reason\":\"stop\""), 1, "{what}: {said}");
        }
        Dialect::Anthropic => {
            assert!(events.last().is_some_and(|last| last.contains("\"message_stop\"")), "{what}: {said}");
            assert_eq!(count("\"type\":\"message_start\""), 1, "{what}: {said}");
            assert_eq!(count("\"stop_reason\":\"end_turn\""), 1, "{what}: {said}");
        }
    }
    assert_eq!(count("\"error\""), 0, "{what}: {said}");
}

#[tokio::test]
async fn p1_no_fault_before_the_first_content_reaches_an_openai_client() {
    every_fault(Dialect::OpenAi).await;
}

#[tokio::test]
async fn p1_no_fault_before_the_first_content_reaches_an_anthropic_client() {
    every_fault(Dialect::Anthropic).await;
}

/// No limit on the first token is set, and none on the answer comes near: silence alone tells.
#[tokio::test]
async fn p1_a_stream_that_falls_silent_before_its_first_content_is_taken_over() {
    // The healthy one's silence is limited as well: by more than a busy machine takes.
    let policy = "token_gap_timeout = \"3s\"";
    let healthy = Supplier::builder().spawn().await.unwrap();
    let (mut config, mut stalling) = (Config::new(), Vec::new());
    for dialect in Dialect::BOTH {
        let good = dialect.protocol();
        config = config.provider(good, dialect, &healthy);
        for after in [After::Headers, After::Preamble] {
            let stalls = [Rule::always(Fault::Stall { after, pings_ms: 0 })];
            let supplier = Supplier::builder().script(stalls).spawn().await.unwrap();
            let name = format!("stalling{}", stalling.len());
            config = config.provider(&name, dialect, &supplier).route(&name, &[name.as_str(), good], policy);
            stalling.push((name, dialect, supplier));
        }
    }
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let mut asking = JoinSet::new();
    for (name, dialect, _) in &stalling {
        let (name, dialect, listen) = (name.clone(), *dialect, gateway.listen);
        asking.spawn(async move {
            let reply = ask(listen, dialect, &name, true).await;
            assert_whole(&reply, dialect, true, &name);
            let healthy = format!("{}/m", dialect.protocol());
            assert_eq!(reply.header("x-releve-deployment"), Some(healthy.as_str()), "{name}");
        });
    }
    asking.join_all().await;
}

/// Whom there was no time left to ask is not asked, and not blamed.
#[tokio::test]
async fn p1_nobody_is_asked_after_the_deadline() {
    let hanging = Supplier::builder().script([Rule::always(Fault::Hang)]).spawn().await.unwrap();
    let healthy = Supplier::builder().spawn().await.unwrap();
    for dialect in Dialect::BOTH {
        let config =
            Config::new().provider("hanging", dialect, &hanging).provider("healthy", dialect, &healthy);
        // Long enough to ask the first at all.
        let policy = "total_timeout = \"1500ms\"";
        let house = House::new(&config.route("r", &["hanging", "healthy"], policy));
        let gateway = Gateway::start(&house);
        let reply = ask(gateway.listen, dialect, "r", true).await;
        assert!(reply.status >= 408, "{}", reply.lossy());
        let entry = house.entry(reply.header(dialect.request_id_header()).unwrap()).await;
        let tried: Vec<_> = entry.attempts.iter().map(|attempt| &*attempt.deployment).collect();
        assert_eq!(tried, ["hanging/m"], "{:?}", entry.attempts);
    }
}

/// G15: what is the caller's fault is said to the caller in the supplier's words; nobody is asked again, nobody blamed.
#[tokio::test]
async fn g15_a_wrong_request_is_the_callers_to_hear_and_ejects_nobody() {
    for dialect in Dialect::BOTH {
        let wrong = [Rule::next(30, Fault::BadRequest)];
        let first = Supplier::builder().script(wrong).spawn().await.unwrap();
        let second = Supplier::builder().spawn().await.unwrap();
        let config = Config::new().provider("first", dialect, &first).provider("second", dialect, &second);
        let house = House::new(&config.route("r", &["first", "second"], POLICY));
        let gateway = Gateway::start(&house);
        for _ in 0..30 {
            let reply = ask(gateway.listen, dialect, "r", false).await;
            assert_eq!(reply.status, 400, "{}", reply.lossy());
            assert!(reply.json()["error"]["message"].is_string());
        }
        let reply = ask(gateway.listen, dialect, "r", false).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("x-releve-deployment"), Some("first/m"), "nobody was ejected");
        assert_eq!(second.counters().requests, 0, "nobody else was asked");
    }
}

/// A body that is too large for every candidate is told in the client's own dialect, whatever page they send, and nobody
/// is ejected for it.
#[tokio::test]
async fn g15_a_body_too_large_for_everybody_ejects_nobody() {
    let page = Fault::Status {
        status: 413,
        content_type: "text/html".to_owned(),
        body: "<html>nginx</html>".to_owned(),
    };
    for dialect in Dialect::BOTH {
        let first = Supplier::builder().script([Rule::next(30, page.clone())]).spawn().await.unwrap();
        let second = Supplier::builder().script([Rule::next(30, Fault::TooLarge)]).spawn().await.unwrap();
        let config = Config::new().provider("first", dialect, &first).provider("second", dialect, &second);
        let house = House::new(&config.route("r", &["first", "second"], POLICY));
        let gateway = Gateway::start(&house);
        for _ in 0..30 {
            let reply = ask(gateway.listen, dialect, "r", false).await;
            assert_eq!(reply.status, 413, "{}", reply.lossy());
            assert_eq!(reply.header("x-should-retry"), Some("false"));
            let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.contains("more bytes than it takes"), "{message}");
        }
        let reply = ask(gateway.listen, dialect, "r", false).await;
        assert_eq!(reply.header("x-releve-deployment"), Some("first/m"), "nobody was ejected");
    }
}

/// G14: a time that a supplier sets is a floor: before it is over nobody asks there, after it somebody does.
#[tokio::test]
async fn g14_i03_retry_after_is_a_floor() {
    let dialect = Dialect::OpenAi;
    let limited = Fault::RateLimited { retry_after: Some(RetryAfter::Seconds(2)) };
    let first = Supplier::builder().script([Rule::next(1, limited)]).spawn().await.unwrap();
    let second = Supplier::builder().spawn().await.unwrap();
    let config = Config::new().provider("first", dialect, &first).provider("second", dialect, &second);
    let house = House::new(&config.route("r", &["first", "second"], POLICY));
    let gateway = Gateway::start(&house);
    let served = crate::harness::within(async {
        loop {
            let reply = ask(gateway.listen, dialect, "r", false).await;
            assert_eq!(reply.status, 200);
            if reply.header("x-releve-deployment") == Some("first/m") {
                return reply;
            }
        }
    })
    .await;
    assert_eq!(served.status, 200);
    let asked = first.recorded();
    assert_eq!(asked.len(), 2, "once to hear the time, once when it was over");
    assert!(asked[1].at_ms >= asked[0].at_ms + 2000, "{} after {}", asked[1].at_ms, asked[0].at_ms);
}
