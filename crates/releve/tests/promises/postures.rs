//! Postures: what people decide about a supplier holds at once, is on record, survives a restart and can be taken back.

use simulator::{Handle, Supplier};

use crate::client::{self, Dialect, ask};
use crate::harness::{Config, Gateway, House};

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
    assert!(said(&house.command(&["explain", &id])).contains("posture: leave"));
    assert!(said(&house.command(&["routes"])).contains("posture: leave"));

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
    let record: serde_json::Value =
        serde_json::from_str(&said(&house.command(&["posture", "--json"]))).unwrap();
    let holds: Vec<bool> =
        record.as_array().unwrap().iter().map(|act| act["holds"].as_bool().unwrap()).collect();
    assert_eq!(holds, [false, true]);

    let acted = act(&house, "provider:first=normal", &["--reason", "they agreed"]);
    assert!(acted.contains("this ends leave (a decision of the board, by ada)"), "{acted}");
    assert_eq!(served_by(&gateway).await.0, "first/m");
}
