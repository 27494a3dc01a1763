//! Postures: what people decide about a supplier holds at once, is on record, survives a restart and can be taken back.

use simulator::{Handle, Supplier};

use crate::client::{self, Dialect, ask};
use crate::harness::{Config, Gateway, House, within};

async fn pair() -> (Handle, Handle) {
    (Supplier::builder().spawn().await.unwrap(), Supplier::builder().spawn().await.unwrap())
}

fn house(first: &Handle, second: &Handle, contract: &str) -> House {
    let config = Config::new()
        .provider_with("first", Dialect::OpenAi, first, contract)
        .provider("second", Dialect::OpenAi, second)
        .route("chat", &["first", "second"], "");
    House::new(&config)
}

async fn served_by(gateway: &Gateway) -> (String, String) {
    let reply = ask(gateway.listen, Dialect::OpenAi, "chat", false).await;
    let header = |name: &str| reply.header(name).unwrap_or_default().to_owned();
    (header("x-releve-deployment"), header("x-request-id"))
}

fn said(output: &std::process::Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&both));
    String::from_utf8(both).unwrap()
}

/// Decides, and says what that says.
fn act(house: &House, act: &str, more: &[&str]) -> String {
    said(&house.command(&[&["posture", act, "--author", "ada"], more].concat()))
}

#[tokio::test]
async fn a_posture_holds_when_the_command_returns_and_after_a_restart_until_it_is_taken_back() {
    let (first, second) = pair().await;
    let house = house(&first, &second, "");
    let gateway = Gateway::start(&house);
    assert_eq!(served_by(&gateway).await.0, "first/m");

    let acted = act(&house, "provider:first=leave", &["--reason", "a rumour", "--expires", "7d"]);
    assert!(acted.contains("would do") && acted.contains("in force now"), "it shows, then acts: {acted}");
    let (server, id) = served_by(&gateway).await;
    assert_eq!(server, "second/m", "not one request more");
    let metrics = client::get(gateway.admin, "/metrics", &[]).await;
    let metrics = metrics.text();
    assert!(
        metrics.contains("releve_deployment_posture{deployment=\"first/m\",posture=\"leave\"} 1"),
        "{metrics}"
    );
    assert!(metrics.contains("releve_deployment_kept_share{deployment=\"first/m\"} 0"));
    house.entry(&id).await;
    for told in [&["explain", &id][..], &["routes"], &["check"]] {
        let told = said(&house.command(told));
        assert!(told.contains("posture: leave on provider:first, by ada until "), "{told}");
        assert!(told.contains("(a rumour)"), "which decision, and why: {told}");
    }

    gateway.kill();
    let gateway = Gateway::start(&house);
    assert_eq!(served_by(&gateway).await.0, "second/m", "it holds across restarts");

    act(&house, "provider:first=normal", &["--reason", "it was nothing"]);
    assert_eq!(served_by(&gateway).await.0, "first/m");
    let record = said(&house.command(&["posture", "--json"]));
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let reasons: Vec<&str> =
        record.as_array().unwrap().iter().map(|act| act["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["it was nothing", "a rumour"]);
    house.verify();
}

/// Those of a target's metrics that say whether its products would go unserved.
async fn falls_short(gateway: &Gateway, target: &str) -> Vec<String> {
    let metrics = client::get(gateway.admin, "/metrics", &[]).await;
    let start = format!("releve_fallback_falls_short{{target=\"{target}\",product=\"");
    let values = metrics.text().lines().filter(|line| line.starts_with(&start));
    values.map(|line| line.rsplit(' ').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn whether_fallbacks_carry_what_is_watched_is_a_metric() {
    let (first, second) = pair().await;
    let with_room = |tokens: u64| {
        Config::new()
            .provider("first", Dialect::OpenAi, &first)
            .provider_with(
                "second",
                Dialect::OpenAi,
                &second,
                &format!("capacity = {{ tokens_per_minute = {tokens} }}"),
            )
            .route("chat", &["first", "second"], "")
    };
    let house = House::new(&with_room(1));
    let gateway = Gateway::start(&house);
    let (_, id) = served_by(&gateway).await;
    house.entry(&id).await;
    assert_eq!(falls_short(&gateway, "provider:first").await, [""; 0], "nothing is watched");
    act(&house, "provider:first=watch", &["--reason", "a rumour"]);
    until(&gateway, &["1"]).await;
    // More room, and then no posture.
    house.write(&with_room(1_000_000));
    until(&gateway, &["0"]).await;
    act(&house, "provider:first=normal", &["--reason", "it was nothing"]);
    until(&gateway, &[]).await;
}

/// Waits until the metric of the first is that.
async fn until(gateway: &Gateway, values: &[&str]) {
    within(async {
        while falls_short(gateway, "provider:first").await != values {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_contract_that_is_over_is_left_by_itself_and_a_new_one_brings_it_back() {
    let (first, second) = pair().await;
    let house_of = |ends: &str| format!("contract = {{ ends = \"{ends}\" }}");
    let house = house(&first, &second, &house_of("2020-01-31"));
    let gateway = Gateway::start(&house);
    assert_eq!(served_by(&gateway).await.0, "second/m");
    let renewed = Config::new()
        .provider_with("first", Dialect::OpenAi, &first, &house_of("2999-01-31"))
        .provider("second", Dialect::OpenAi, &second)
        .route("chat", &["first", "second"], "");
    house.write(&renewed);
    gateway.says("is in force", 0).await;
    assert_eq!(served_by(&gateway).await.0, "first/m");
}

#[tokio::test]
async fn what_cannot_be_decided_is_said() {
    let (first, second) = pair().await;
    let house = house(&first, &second, "");
    for (arguments, words) in [
        (&["posture", "first=leave", "--reason", "x"][..], "is no fault domain"),
        (&["posture", "provider:first=gone", "--reason", "x"], "is no posture"),
        (&["posture", "provider:first=leave"], "needs a reason"),
        (&["posture", "provider:first=leave", "--reason", "x"], "add --author NAME"),
        (&["posture", "provider:first=drain", "--reason", "x", "--per-hour", "7"], "write 0.07 for 7 %"),
        (&["posture", "provider:first=drain", "--reason", "x", "--per-hour", "0"], "write 0.1 for a tenth"),
        (
            &["posture", "provider:first=leave", "--reason", "x", "--per-hour", "0.1"],
            "leave takes no --per-hour",
        ),
        (
            &["posture", "provider:first=watch", "--reason", "x", "--per-hour", "0.1"],
            "watch takes no --per-hour",
        ),
        (
            &["posture", "provider:first=normal", "--reason", "x", "--expires", "1d"],
            "normal takes no --expires",
        ),
        (&["posture", "--expires", "1d"], "says not of whom"),
        (&["posture", "provider:first=watch", "--reason", "x", "--expires", "0s"], "over before it began"),
    ] {
        let refused = house.command(arguments);
        let words_said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{words_said}");
        assert!(words_said.contains(words), "{words_said}");
    }
}

#[tokio::test]
async fn a_passing_posture_gives_way_to_the_standing_one_before_it() {
    let (first, second) = pair().await;
    let house = house(&first, &second, "");
    let gateway = Gateway::start(&house);
    act(&house, "provider:first=leave", &["--reason", "a decision of the board"]);
    let acted = act(&house, "provider:first=drain", &["--reason", "a test", "--expires", "2s"]);
    assert!(
        acted.contains(
            "until then instead of leave (a decision of the board, by ada), which then holds again"
        ),
        "{acted}"
    );
    assert_eq!(served_by(&gateway).await.0, "first/m", "for as long as it was asked for");
    let begun = std::time::Instant::now();
    while served_by(&gateway).await.0 != "second/m" {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "the board's word does not come back");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let holds = || -> Vec<bool> {
        let record: serde_json::Value =
            serde_json::from_str(&said(&house.command(&["posture", "--json"]))).unwrap();
        record.as_array().unwrap().iter().map(|act| act["holds"].as_bool().unwrap()).collect()
    };
    // Another process, which reads the clock for itself: the moment may not have come there yet.
    while holds() != [false, true] {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", holds());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }

    let acted = act(&house, "provider:first=normal", &["--reason", "they agreed"]);
    assert!(acted.contains("this ends leave (a decision of the board, by ada)"), "{acted}");
    assert_eq!(served_by(&gateway).await.0, "first/m");
}

/// An application takes a 400 for its own mistake, and wakes nobody. What people here decided is none of its.
#[tokio::test]
async fn nobody_left_by_our_own_decision_is_no_mistake_of_the_client() {
    let (first, second) = pair().await;
    let house = house(&first, &second, "contract = { ends = \"2026-02-20\" }");
    let gateway = Gateway::start(&house);
    act(&house, "provider:second=leave", &["--reason", "a rumour"]);
    for (dialect, status) in [(Dialect::OpenAi, 503), (Dialect::Anthropic, 529)] {
        let reply = ask(gateway.listen, dialect, "chat", false).await;
        let text = reply.text();
        assert_eq!(reply.status, status, "{text}");
        assert!(text.contains("first/m: its contract ended on 2026-02-20"), "{text}");
        assert!(text.contains("second/m: posture: leave, by decision 1 on record"), "{text}");
        assert_eq!(reply.header("x-should-retry"), Some("false"), "only people can mend it");
    }
    let record = said(&house.command(&["posture", "--json"]));
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!((&record[0]["id"], &record[0]["target"]), (&1.into(), &"provider:second".into()), "{record}");
    assert_eq!(record[1]["target"], "provider:first", "contracts in force stand beside: {record}");
    assert_eq!(record[1]["posture"], "leave");
    assert_eq!(record[1]["reason"], "its contract ended on 2026-02-20");
    assert_eq!((&record[1]["set"], &record[1]["holds"]), (&"2026-02-21 00:00:00 UTC".into(), &true.into()));
    assert!(record[1].get("id").is_none(), "nobody decided it: {record}");
}

/// Where nobody could have served it anyway, the request is what must change.
#[tokio::test]
async fn nobody_who_can_is_the_clients_mistake() {
    let (first, second) = pair().await;
    let house = house(&first, &second, "");
    let lacking = Config::new()
        .provider("first", Dialect::OpenAi, &first)
        .and("[routes.chat]\ndeployments = [{ use = \"first/m\", max_output = 10 }]");
    house.write(&lacking);
    let gateway = Gateway::start(&house);
    let body = r#"{"model":"chat","max_tokens":11,"messages":[{"role":"user","content":"hi"}]}"#;
    let asked = || client::post(gateway.listen, Dialect::OpenAi.path(), &[], body.as_bytes());
    let reply = asked().await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("cannot write that much"), "{}", reply.text());
    act(&house, "provider:first=leave", &["--reason", "a rumour"]);
    assert_eq!(asked().await.status, 400, "it would be so without the decision too");
}
