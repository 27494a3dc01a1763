//! P10: it says why. One request that meets every kind of candidate: one that fails, one that is out, one that serves.

use std::process::{Command, Stdio};

use serde_json::Value;
use simulator::{Fault, Handle, Rule, Supplier};

use crate::client::{self, Dialect};
use crate::harness::{Config, Gateway, House, releve, within};

const FAILS: &str = "revoked/m";
const ELSEWHERE: &str = "overseas/m";
const SERVES: &str = "spare/m";

/// Three suppliers: the first refuses our key, the second lies outside the product's regions, the third is well.
async fn three(dialect: Dialect) -> (Vec<Handle>, House) {
    let refuses = Supplier::builder().script([Rule::always(Fault::Unauthorized)]).spawn().await.unwrap();
    let well = || async { Supplier::builder().spawn().await.unwrap() };
    let suppliers = vec![refuses, well().await, well().await];
    let mut config = Config::new();
    for ((name, region), supplier) in
        [("revoked", "eu/france"), ("overseas", "us/ohio"), ("spare", "eu/sweden")].iter().zip(&suppliers)
    {
        config = config.provider_with(name, dialect, supplier, &format!("region = \"{region}\""));
    }
    let config = config.route("r", &["revoked", "overseas", "spare"], "");
    let house = House::new(&config.and("[products.office]\nroutes = [\"r\"]\nregions = [\"eu\"]"));
    (suppliers, house)
}

/// What the command answers when it can ask the gateway that runs.
fn asked(house: &House, gateway: &Gateway, arguments: &[&str]) -> String {
    let told = house.path().join("told.toml");
    let text = std::fs::read_to_string(house.config()).unwrap();
    let admin = format!("admin_listen = \"{}\"", gateway.admin);
    std::fs::write(&told, text.replace("admin_listen = \"127.0.0.1:0\"", &admin)).unwrap();
    let output = releve().arg("--config").arg(told).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The line about a deployment after `heading`.
fn line<'a>(text: &'a str, heading: &str, deployment: &str) -> &'a str {
    let part = &text[text.find(heading).unwrap_or_else(|| panic!("no {heading:?}: {text}"))..];
    let found = part.lines().find(|line| line.contains(deployment));
    found.unwrap_or_else(|| panic!("nothing about {deployment}: {text}"))
}

async fn answer(gateway: &Gateway, dialect: Dialect, more: &[(&str, &str)]) -> client::Reply {
    let headers = [&[("anthropic-version", "2023-06-01")], more].concat();
    let body = dialect.hello("r", false);
    client::post(gateway.listen, dialect.path(), &headers, body.as_bytes()).await
}

#[tokio::test]
async fn p10_every_candidate_of_a_request_is_accounted_for_live_and_later() {
    for dialect in Dialect::BOTH {
        let (_suppliers, house) = three(dialect).await;
        let gateway = Gateway::start(&house);
        let reply = answer(&gateway, dialect, &[]).await;
        assert_eq!(reply.status, 200, "{}", reply.lossy());
        // Live, with the answer.
        assert_eq!(reply.header("x-releve-deployment"), Some(SERVES));
        assert_eq!(reply.header("x-releve-attempts"), Some("2"));
        // Later, by its id.
        let id = reply.header(dialect.request_id_header()).unwrap();
        let told = asked(&house, &gateway, &["explain", id]);
        assert!(line(&told, "candidates", FAILS).trim_start().starts_with("1."), "{told}");
        assert!(line(&told, "candidates", SERVES).trim_start().starts_with("2."), "{told}");
        let out = line(&told, "candidates", ELSEWHERE);
        assert!(out.contains('✗') && out.contains("outside the allowed regions"), "{told}");
        assert!(line(&told, "attempts", FAILS).contains("401"), "{told}");
        assert!(line(&told, "attempts", SERVES).contains("served"), "{told}");
        let attempts = &told[told.find("attempts").unwrap()..];
        assert!(!attempts.contains(ELSEWHERE), "it was never asked: {told}");
    }
}

#[tokio::test]
async fn p10_what_would_be_tried_now_is_told_before_anything_is_sent() {
    let dialect = Dialect::OpenAi;
    let (suppliers, house) = three(dialect).await;
    let gateway = Gateway::start(&house);
    let sent = || suppliers.iter().map(|supplier| supplier.counters().requests).sum::<u64>();
    let explain = [("x-releve-explain", "true")];
    let plan = answer(&gateway, dialect, &explain).await.json();
    assert_eq!(sent(), 0, "an explanation sends nothing");
    let row = |plan: &Value, place: usize| {
        let row = &plan["candidates"][place];
        let reason = row["reason"].as_str().unwrap_or_default().to_owned();
        (row["deployment"].as_str().unwrap().to_owned(), row["eligible"].as_bool().unwrap(), reason)
    };
    let well = String::new();
    let out = || (ELSEWHERE.to_owned(), false, "outside the allowed regions".to_owned());
    assert_eq!(row(&plan, 0), (FAILS.to_owned(), true, well.clone()));
    assert_eq!(row(&plan, 1), (SERVES.to_owned(), true, well.clone()));
    assert_eq!(row(&plan, 2), out());
    let routes = asked(&house, &gateway, &["routes", "r"]);
    assert!(line(&routes, "r  (", FAILS).trim_start().starts_with("1."), "{routes}");

    // The failure is known from now on, and told everywhere with its reason.
    assert_eq!(answer(&gateway, dialect, &[]).await.header("x-releve-deployment"), Some(SERVES));
    let plan = answer(&gateway, dialect, &explain).await.json();
    assert_eq!(row(&plan, 0), (SERVES.to_owned(), true, well), "{plan}");
    let (deployment, _, reason) = row(&plan, 1);
    assert!(deployment == FAILS && reason.contains("credential"), "{plan}");
    assert_eq!(row(&plan, 2), out());
    let routes = asked(&house, &gateway, &["routes", "r"]);
    assert!(line(&routes, "r  (", SERVES).trim_start().starts_with("1."), "{routes}");
    assert!(line(&routes, "r  (", FAILS).contains("credential"), "{routes}");
    assert!(line(&routes, "r  (", ELSEWHERE).contains("outside the allowed regions"), "{routes}");
}

/// Takeovers hide a failure from the products: a person must read of it somewhere.
#[tokio::test]
async fn p10_what_a_person_should_look_at_stands_in_the_log() {
    let (mut suppliers, house) = three(Dialect::OpenAi).await;
    let gateway = Gateway::start(&house);
    assert_eq!(answer(&gateway, Dialect::OpenAi, &[]).await.status, 200);
    gateway.says("mend it; its requests go elsewhere meanwhile", 0).await;
    let said = gateway.said();
    let alarm = said.lines().find(|line| line.contains("mend it")).unwrap();
    let alarm: Value = serde_json::from_str(alarm).expect("with --json each line is JSON");
    assert_eq!(
        (&alarm["level"], &alarm["provider"], &alarm["deployment"]),
        (&"ERROR".into(), &"revoked".into(), &FAILS.into())
    );
    assert!(said.contains("revoked is not asked for a while"), "{said}");
    drop(suppliers.pop());
    while !gateway.said().contains("spare is not asked for a while") {
        answer(&gateway, Dialect::OpenAi, &[]).await;
    }
}

/// What the network said of a supplier that cannot be reached stands in the log, once, and in the request's entry.
#[tokio::test]
async fn p10_why_a_supplier_cannot_be_reached_is_told() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = format!("[providers.gone]\nprotocol = \"openai-chat\"\nbase_url = \"http://{nobody}/v1\"");
    let house = House::new(&Config::new().and(&gone).route("r", &["gone"], ""));
    let gateway = Gateway::start(&house);
    let mut said = Vec::new();
    for _ in 0..3 {
        let reply = answer(&gateway, Dialect::OpenAi, &[]).await;
        assert_eq!(reply.status, 503, "{}", reply.lossy());
        said.push(reply.header("x-request-id").unwrap().to_owned());
    }
    let entry = house.entry(&said[0]).await;
    let trouble = entry.attempts[0].trouble.as_deref().unwrap();
    assert!(trouble.starts_with("cannot connect: Connection refused"), "{trouble}");
    gateway.says("gone did not answer: cannot connect: Connection refused", 0).await;
    assert_eq!(gateway.said().matches("gone did not answer").count(), 1, "{}", gateway.said());
    let explained = house.command(&["explain", &said[0]]);
    let explained = String::from_utf8(explained.stdout).unwrap();
    assert!(explained.contains("could not be reached: cannot connect: Connection refused"), "{explained}");
}

#[test]
fn p10_a_log_can_be_silenced_and_a_wrong_filter_is_told() {
    let house = House::new(&Config::new());
    let output = |level| {
        let mut command = releve();
        command.arg("--config").arg(house.config()).arg("serve").env("RELEVE_LOG", level);
        command.output().unwrap()
    };
    let wrong = output("loud=very");
    assert_eq!(wrong.status.code(), Some(2));
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(said.contains("RELEVE_LOG") && said.contains("write a level"), "{said}");
}

/// A pipe takes 64 KiB and then holds up whoever writes to it.
#[tokio::test]
async fn p10_a_log_that_nobody_reads_stops_no_request() {
    let (mut suppliers, house) = three(Dialect::OpenAi).await;
    drop(suppliers.remove(0));
    let pipe = house.path().join("log");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = Command::new("sh");
    command.env_clear().stdin(Stdio::null()).env("LOG", &pipe).env("RELEVE_LOG", "trace");
    command.args(["-c", "exec \"$0\" \"$@\" 3<>\"$LOG\" 2>&3", env!("CARGO_BIN_EXE_releve")]);
    let gateway = Gateway::start_as(&house, command);
    for _ in 0..1_000 {
        assert_eq!(within(answer(&gateway, Dialect::OpenAi, &[])).await.status, 200);
    }
}
