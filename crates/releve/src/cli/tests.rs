//! Commands from the words typed to the words answered.

use std::cell::RefCell;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use ::catalogue::{Bucket, PriceList, Rate, Rates, Usage};
use ::ledger::{
    AttemptOutcome, AttemptRecord, CandidateRecord, Entry, Journal, Outcome, RequestFacts, RequestId,
    UsageSource,
};
use clap::CommandFactory;
use tempfile::TempDir;

use super::*;

/// What a command wrote, and how it ended.
#[derive(Debug)]
struct Said {
    exit: Exit,
    out: String,
    complaints: String,
}

#[derive(Clone, Default)]
struct Pipe(Rc<RefCell<Vec<u8>>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Pipe {
    fn text(&self) -> String {
        String::from_utf8(self.0.take()).unwrap()
    }
}

fn say(environment: &Environment, words: &[&str]) -> Said {
    let arguments = Arguments::try_parse_from(std::iter::once(&"releve").chain(words)).unwrap();
    let (out, complaints) = (Pipe::default(), Pipe::default());
    let mut terminal =
        Terminal::to(Box::new(out.clone()), Box::new(complaints.clone()), arguments.shared.json);
    let desk = Desk { environment, config: arguments.shared.config.clone() };
    let outcome = dispatch(arguments.command, &desk, &mut terminal);
    let exit = terminal.finish(outcome);
    Said { exit, out: out.text(), complaints: complaints.text() }
}

fn environment() -> Environment {
    Environment::of([("OPENAI_API_KEY", "sk-canary"), ("ANTHROPIC_API_KEY", "sk-canary")])
}

/// A folder with this configuration, and the path of its file.
fn folder(config: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.toml");
    fs::write(&path, config).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

const TWO_REGIONS: &str = r#"
[server]
admin_listen = "127.0.0.1:1"

[providers.openai]
[providers.azure]
base_url = "https://contoso.openai.azure.com"
api_key = { env = "OPENAI_API_KEY" }
region = "eu/sweden"

[routes.assistant]
deployments = ["openai/gpt-5.2", "azure/gpt-5.2", "anthropic/claude-sonnet-4-5"]

[routes.code]
aliases = ["code-*"]
deployments = ["openai/gpt-5.2"]

[products.office]
routes = ["assistant"]
regions = ["eu"]
criticality = "important"

[products.legal]
routes = ["code"]
regions = ["us"]
"#;

#[test]
fn the_command_line_is_well_formed() {
    Arguments::command().debug_assert();
}

#[test]
fn check_says_what_each_product_could_use() {
    let (_folder, config) = folder(TWO_REGIONS);
    let said = say(&environment(), &["check", "--config", &config]);
    assert_eq!(said.exit, Exit::Failed, "legal can use nothing");
    let out = said.out.replace(&config, "releve.toml");
    // The version and the days until a model ends change with the catalogue and the calendar.
    let lasting = |line: &&str| !line.contains("version") && !line.contains("switched off");
    let shown: Vec<&str> = out.lines().filter(lasting).collect();
    insta::assert_snapshot!(shown.join("\n"));
    let json: serde_json::Value =
        serde_json::from_str(&say(&environment(), &["check", "--json", "-c", &config]).out).unwrap();
    assert_eq!(json["products"][1]["routes"][0]["candidates"][0]["reason"], "region unknown");
}

#[test]
fn a_wrong_configuration_is_exit_2_in_words_and_in_json() {
    let (_folder, config) = folder("[server]\nlisen = 1\n");
    let said = say(&environment(), &["routes", "-c", &config]);
    assert_eq!((said.exit, said.out.as_str()), (Exit::Wrong, ""));
    assert!(said.complaints.contains("did you mean \"listen\"?"), "{}", said.complaints);
    let said = say(&environment(), &["routes", "--json", "-c", &config]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let problem = &json["problems"][0];
    assert_eq!((&problem["line"], &problem["column"]), (&2.into(), &1.into()));
    assert_eq!(say(&environment(), &["check", "-c", "/nowhere/releve.toml"]).exit, Exit::Wrong);
}

#[test]
fn routes_answers_for_any_request_one_describes() {
    let (_folder, config) = folder(TWO_REGIONS);
    let ask = |words: &[&str]| say(&environment(), &[&["routes", "-c", &config], words].concat());
    let all = ask(&["--product", "office"]);
    let described =
        ask(&["code-review", "--needs", "audio_out", "--input-tokens", "100", "--product", "legal"]);
    let too_long = ask(&["gpt-5.2", "--input-tokens", "9000000"]);
    insta::assert_snapshot!(format!("{}---\n{}---\n{}", all.out, described.out, too_long.out));
    assert_eq!([all.exit, described.exit, too_long.exit], [Exit::Done, Exit::Failed, Exit::Failed]);
    let unknown = ask(&["asistant", "--product", "office"]);
    assert_eq!(unknown.exit, Exit::Wrong);
    assert!(unknown.complaints.contains("did you mean \"assistant\"?"), "{}", unknown.complaints);
}

#[test]
fn what_config_show_says_reads_back_as_the_same() {
    let (_folder, config) = folder(TWO_REGIONS);
    let shown = say(&environment(), &["config", "show", "-c", &config]);
    assert!(!shown.out.contains("canary") && shown.out.contains("from = ") | shown.out.contains("env = "));
    let (_other, copy) = folder(&shown.out);
    let again = say(&environment(), &["config", "show", "-c", &copy]);
    let body = |text: &str| text.lines().skip(1).collect::<Vec<_>>().join("\n");
    assert_eq!(body(&again.out), body(&shown.out));
    let version = |text: &str| text.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(version(&again.out), version(&shown.out));
}

#[test]
fn config_diff_without_a_gateway_says_so() {
    let (_folder, config) = folder(TWO_REGIONS);
    let said = say(&environment(), &["config", "diff", "-c", &config]);
    assert_eq!(said.exit, Exit::Failed);
    assert!(said.complaints.contains("no gateway answers at 127.0.0.1:1"), "{}", said.complaints);
}

#[test]
fn keys_are_issued_listed_and_revoked_without_suppliers_secrets() {
    let (_folder, config) = folder(TWO_REGIONS);
    let nothing = Environment::default();
    let key = |words: &[&str]| say(&nothing, &[&["keys", "-c", &config], words].concat());
    assert_eq!(key(&["create", "--product", "ofice"]).exit, Exit::Wrong);
    let created = key(&["create", "--product", "office", "--name", "bot"]);
    assert!(created.out.starts_with("rlv_") && created.out.lines().count() == 1, "{}", created.out);
    let listed = key(&["list"]);
    assert!(listed.out.contains("bot") && listed.out.contains("in force"));
    assert!(!listed.out.contains(created.out.trim()));
    assert_eq!(key(&["revoke", "bot"]).exit, Exit::Done);
    assert_eq!(key(&["revoke", "bot"]).exit, Exit::Failed);
    assert!(key(&["list"]).out.contains("revoked"));
}

/// A ledger with one request: a failover, then an answer.
fn ledger_with_one(path: &Path) -> RequestId {
    let id = RequestId::new(1_795_318_862_000, [1, 2]);
    let [first, second] = ["openai/gpt-5.2", "azure/gpt-5.2"].map(Arc::<str>::from);
    let facts = RequestFacts {
        stream: true,
        needs: ::catalogue::Needs::TOOLS,
        max_tokens: Some(500),
        request_bytes: 4_096,
        estimated_input_tokens: 1_024,
        product: "office".into(),
        route: "assistant".into(),
        asked_model: "gpt-4o".into(),
        config_version: "c0ffee".into(),
        catalogue_version: "cafe".into(),
        key_id: Some("key_1".into()),
        ..RequestFacts::default()
    };
    let candidate =
        |deployment: &Arc<str>| CandidateRecord { deployment: Arc::clone(deployment), reason: None };
    let decision = Arc::new([
        candidate(&first),
        candidate(&second),
        CandidateRecord { deployment: "house/llama".into(), reason: Some(routing::Reason::RegionUnknown) },
    ]);
    let mut entry = Entry::new(id, 1_795_318_862_123_456, Arc::new(facts), decision);
    let failure = wire::Failure::RateLimited { retry_after: None };
    entry.attempts.push(AttemptRecord {
        status: Some(429),
        outcome: AttemptOutcome::Failed(failure),
        connected_us: Some(900),
        ended_us: Some(210_000),
        ..AttemptRecord::started(first, 100)
    });
    entry.attempts.push(AttemptRecord {
        status: Some(200),
        outcome: AttemptOutcome::Served,
        first_content_us: Some(522_000),
        ended_us: Some(1_240_000),
        supplier_request_id: Some("chatcmpl-1".into()),
        ..AttemptRecord::started(Arc::clone(&second), 211_000)
    });
    let rate = |text: &str| text.parse::<Rate>().unwrap();
    let rates = Rates::NONE.with(Bucket::InputUncached, rate("1.75")).with(Bucket::OutputText, rate("14"));
    let usage = Usage { input_uncached: 1_180, output_text: 95, ..Usage::default() };
    entry.book(1, usage, UsageSource::Supplier, Some(&PriceList::configured(rates)));
    entry.outcome = Outcome::Answered;
    entry.deployment = Some(second);
    entry.ttft_us = Some(522_000);
    entry.total_us = 1_240_000;
    let journal = store::Sqlite::open(&store::Options::new(path)).unwrap();
    let settled = journal.settle(Box::new(entry));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(settled);
    journal.close().unwrap();
    id
}

#[test]
fn a_request_is_explained_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.db");
    let id = ledger_with_one(&path).to_string();
    let path = path.to_str().unwrap();
    let ask = |words: &[&str]| say(&Environment::default(), &[words, &["--ledger", path]].concat());
    let explained = ask(&["explain", &id]);
    insta::assert_snapshot!(explained.out);
    assert_eq!(ask(&["explain"]).out, explained.out, "without an id, the last one");
    let json: serde_json::Value = serde_json::from_str(&ask(&["explain", &id, "--json"]).out).unwrap();
    assert_eq!(json["settlement"]["product"], "office");
    let other = RequestId::new(1, [0, 0]).to_string();
    assert_eq!(ask(&["explain", &other]).exit, Exit::Failed);
}

#[test]
fn the_ledger_is_summed_shown_exported_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.db");
    let id = ledger_with_one(&path).to_string();
    let path = path.to_str().unwrap();
    let ask = |words: &[&str]| say(&Environment::default(), &[&["ledger", "--ledger", path], words].concat());
    let summary = ask(&["summary", "--by", "provider"]);
    insta::assert_snapshot!(format!("{}---\n{}", summary.out, ask(&["tail"]).out));
    let json: serde_json::Value = serde_json::from_str(&ask(&["summary", "--json"]).out).unwrap();
    assert_eq!(json["total"]["cost_usd"], "0.003395");
    assert_eq!(json["groups"][0]["name"], "office");
    assert!(ask(&["summary", "--to", "2001-01-01"]).out.contains("no entries"));
    assert_eq!(ask(&["summary", "--from", "2002-01-01", "--to", "2001-01-01"]).exit, Exit::Wrong);
    let csv = ask(&["export"]).out;
    assert_eq!(csv.lines().count(), 2);
    assert!(csv.contains(&id) && csv.contains("0.003395"), "{csv}");
    let file = folder.path().join("out.jsonl");
    let exported = ask(&["export", "--format", "jsonl", "--output", file.to_str().unwrap()]);
    assert!(exported.complaints.contains("1 entries"), "{}", exported.complaints);
    let line: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(line["id"], id.as_str());
    let verified = ask(&["verify"]);
    assert_eq!(verified.exit, Exit::Done);
    assert!(verified.out.contains("is whole"), "{}", verified.out);
    assert_eq!(
        say(&Environment::default(), &["ledger", "verify", "--ledger", "/nowhere/l.db"]).exit,
        Exit::Failed
    );
}

#[test]
fn the_catalogue_is_searched() {
    let said = say(&Environment::default(), &["catalogue", "search", "openai/gpt-5.2"]);
    assert!(said.out.contains("openai/gpt-5.2 ") && said.out.contains("1.75"), "{}", said.out);
    let none = say(&Environment::default(), &["catalogue", "search", "no-such-model"]);
    assert_eq!(none.exit, Exit::Failed);
    let json = say(&Environment::default(), &["catalogue", "providers", "--json"]).out;
    let presets: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert!(presets.iter().any(|preset| preset["name"] == "vllm"));
}

#[test]
fn a_weighted_route_is_shown_with_its_shares_in_the_order_of_the_file() {
    const LOT: &str = r#"
[server]
admin_listen = "127.0.0.1:1"
[routes.lot]
deployments = [
  { use = "openai/gpt-5.2", weight = 3 },
  "anthropic/claude-sonnet-4-5",
]
policy = { prefer = "weighted" }
"#;
    let (_folder, config) = folder(LOT);
    let shown = say(&environment(), &["routes", "lot", "-c", &config]).out;
    let lines: Vec<Vec<&str>> =
        shown.lines().skip(1).map(|line| line.split_whitespace().take(3).collect()).collect();
    assert_eq!(lines[0], ["75", "%", "openai/gpt-5.2"], "{shown}");
    assert_eq!(lines[1], ["25", "%", "anthropic/claude-sonnet-4-5"], "{shown}");
    let checked = say(&environment(), &["check", "-c", &config]).out;
    let at = |text: &str| checked.find(text).unwrap_or_else(|| panic!("{text}: {checked}"));
    assert!(at("75 %  openai/gpt-5.2") < at("25 %  anthropic/claude-sonnet-4-5"), "{checked}");
    let json = say(&environment(), &["routes", "lot", "--json", "-c", &config]).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let first = &json[0]["candidates"][0];
    assert_eq!((&first["weight"], &first["share"]), (&3.into(), &0.75.into()));
    // Regions leave one: all goes there.
    let alone = LOT.replace("[routes.lot]", "[products.p]\nregions = [\"us\"]\n[routes.lot]")
        + "[providers.openai]\nregion = \"us/east\"\n";
    let (_folder, config) = folder(&alone);
    let shown = say(&environment(), &["routes", "lot", "--product", "p", "-c", &config]).out;
    assert!(shown.contains("100 %  openai/gpt-5.2") && shown.contains("✗  anthropic/"), "{shown}");
}
