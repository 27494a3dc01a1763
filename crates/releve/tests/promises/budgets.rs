//! G18, budgets of products: what is spent is what the ledger has, no crowd gets past it, and nothing is forgotten.

use std::collections::BTreeMap;

use catalogue::Money;
use ledger::{Entry, Outcome};
use serde_json::{Value, json};
use simulator::{Handle, Pace, Supplier};

use crate::client::{self, Dialect, Reply, ask};
use crate::harness::{Config, Gateway, House, eventually, within};

const CHAT: Dialect = Dialect::OpenAi;

/// One supplier, one route, and the product of requests without a key with this budget.
fn config(supplier: &Handle, budget: &str) -> Config {
    let product = format!("[products.office]\nroutes = [\"r\"]\n{budget}");
    Config::new().provider("p", CHAT, supplier).route("r", &["p"], "").and(&product)
}

fn of(amount: Money, over: &str) -> String {
    format!("budget = {{ amount = \"{amount}\", per = \"month\", over = \"{over}\" }}")
}

fn money(nanos: i64) -> Money {
    Money::from_nanos(nanos)
}

fn sum(entries: &[Entry]) -> i64 {
    entries.iter().map(|entry| entry.cost.unwrap().nanos()).sum()
}

/// What is held for a hello: its prompt at 2.50 dollars a million tokens, and 200 tokens at 10.
fn estimate(entry: &Entry) -> i64 {
    2_500 * i64::try_from(entry.facts.estimated_input_tokens).unwrap() + 10_000 * 200
}

fn code(reply: &Reply) -> String {
    reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
}

/// The budget of `office`, as `check` says it.
fn budget(house: &House) -> Value {
    let checked = house.command(&["check", "--json"]);
    assert!(checked.status.success(), "{checked:?}");
    let answer: Value = serde_json::from_slice(&checked.stdout).unwrap();
    answer["products"].as_array().unwrap().iter().find(|row| row["product"] == "office").unwrap()["budget"]
        .clone()
}

fn spent(house: &House) -> i64 {
    budget(house)["spent_usd"].as_str().unwrap().parse::<Money>().unwrap().nanos()
}

async fn metric(gateway: &Gateway, name: &str) -> f64 {
    let metrics = client::get(gateway.admin, "/metrics", &[]).await;
    let start = format!("{name}{{product=\"office\"}} ");
    let line = metrics.text().lines().find_map(|line| line.strip_prefix(&start).map(str::to_owned));
    line.unwrap_or_else(|| panic!("no {name} in {}", metrics.text())).parse().unwrap()
}

/// Puts another configuration in force.
async fn reload(house: &House, gateway: &Gateway, config: &Config) {
    let known = gateway.said().matches("is in force").count();
    house.write(config);
    gateway.says("is in force", known).await;
}

#[tokio::test]
async fn a_spent_budget_is_said_in_each_protocols_own_words() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&config(&supplier, &of(money(1_000), "refuse")));
    let gateway = Gateway::start(&house);
    let hello = json!([{ "role": "user", "content": "hello" }]);
    let blocks = json!([{ "role": "user", "content": [{ "text": "hello" }] }]);
    let parts = json!({ "contents": [{ "role": "user", "parts": [{ "text": "hello" }] }] });
    let quota = |body: &Value| {
        let error = &body["error"];
        assert_eq!(
            (&error["type"], &error["code"]),
            (&json!("insufficient_quota"), &json!("insufficient_quota"))
        );
        error["message"].clone()
    };
    let limit = |body: &Value| {
        assert_eq!(body["error"]["type"], "rate_limit_error");
        body["error"]["message"].clone()
    };
    let exhausted = |body: &Value| {
        assert_eq!(body["error"]["status"], "RESOURCE_EXHAUSTED");
        body["error"]["message"].clone()
    };
    let exceeded = |body: &Value| {
        assert_eq!(body["__type"], "ServiceQuotaExceededException");
        body["message"].clone()
    };
    let asked: [(&str, Value, u16, &dyn Fn(&Value) -> Value); 7] = [
        ("/v1/chat/completions", json!({ "model": "r", "messages": hello }), 429, &quota),
        ("/v1/chat/completions", json!({ "model": "r", "messages": hello, "stream": true }), 429, &quota),
        ("/v1/responses", json!({ "model": "r", "input": "hello", "store": false }), 429, &quota),
        ("/v1/messages", json!({ "model": "r", "messages": hello, "max_tokens": 9 }), 429, &limit),
        ("/v1beta/models/r:generateContent", parts.clone(), 429, &exhausted),
        ("/v1beta/models/r:streamGenerateContent", parts, 429, &exhausted),
        ("/model/r/converse", json!({ "messages": blocks }), 400, &exceeded),
    ];
    for (path, body, status, words) in asked {
        let reply = client::post(gateway.listen, path, &[], body.to_string().as_bytes()).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.lossy());
        assert_eq!(reply.header("x-should-retry"), Some("false"), "{path}");
        assert_eq!(reply.header("retry-after"), None, "{path}");
        let says = words(&reply.json());
        let says = says.as_str().unwrap();
        assert!(says.contains("0.000001 USD a month") && says.contains("begins anew on "), "{path}: {says}");
    }
    assert_eq!(supplier.counters().requests, 0);
    assert!(house.entries().is_empty(), "what is refused at the door is no entry");
    assert!((metric(&gateway, "releve_budget_refusals_total").await - 7.0).abs() < 1e-9);
    let metrics = client::get(gateway.admin, "/metrics", &[]).await;
    let counted = "releve_refusals_total{reason=\"insufficient_quota\"} 7\n";
    assert!(metrics.text().contains(counted), "{}", metrics.text());
    assert_eq!(gateway.said().matches("is refused requests until").count(), 1, "once: {}", gateway.said());
}

/// Streamed or not: exactly what the ledger says, until the next hello may cost more than is left; and nobody else's.
#[tokio::test]
async fn g18_what_is_spent_is_what_the_ledger_has() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let amount = 9_000_000;
    let other = "[products.search]\nroutes = [\"r\"]";
    let house = House::new(&config(&supplier, &of(money(amount), "refuse")).and(other));
    let (office, search) = (house.key("office"), house.key("search"));
    let gateway = Gateway::start(&house);
    let hello = |key: &str, number: usize| {
        let (bearer, body) = (format!("Bearer {key}"), CHAT.hello("r", number.is_multiple_of(2)));
        async move {
            client::post(gateway.listen, CHAT.path(), &[("authorization", &bearer)], body.as_bytes()).await
        }
    };
    let mut served = 0;
    let refused = loop {
        let reply = hello(&office, served).await;
        match reply.status {
            200 => served += 1,
            _ => break reply,
        }
        assert!(served < 1_000, "it is never spent");
    };
    assert_eq!((refused.status, &*code(&refused)), (429, "insufficient_quota"), "{}", refused.lossy());
    let entries = house.all_entries(served).await;
    let (sum, estimate) = (sum(&entries), estimate(&entries[0]));
    assert!(served > 3, "{served} prove little");
    assert!(sum <= amount && sum + estimate > amount, "{sum} and {estimate} of {amount}");
    assert_eq!(spent(&house), sum);
    let ratio = metric(&gateway, "releve_budget_spent_ratio").await;
    assert!((ratio - sum as f64 / amount as f64).abs() < 1e-9, "{ratio}");
    assert_eq!(hello(&search, 0).await.status, 200, "another product's budget is its own");
    assert_eq!(supplier.counters().requests, served as u64 + 1);
    let summary = house.command(&["ledger", "summary"]);
    let summary = String::from_utf8(summary.stdout).unwrap();
    assert!(summary.contains("of 0.009 USD a month spent"), "{summary}");
    let routes = String::from_utf8(house.command(&["routes", "--product", "office"]).stdout).unwrap();
    assert!(routes.contains("of 0.009 USD a month spent"), "{routes}");
}

/// Fifty at the same moment, with room for eight: eight are served, the rest told to come back, and then there is room again.
#[tokio::test]
async fn g18_a_crowd_at_the_edge_does_not_get_past_a_budget() {
    let pace = Pace { ttft_ms: 1_500, tokens_per_second: 4_000.0, ..Pace::default() };
    let supplier = Supplier::builder().pace(pace).spawn().await.unwrap();
    let house = House::new(&config(&supplier, ""));
    let gateway = Gateway::start(&house);
    assert_eq!(ask(gateway.listen, CHAT, "r", false).await.status, 200);
    let first = house.all_entries(1).await.remove(0);
    let (before, estimate) = (first.cost.unwrap().nanos(), estimate(&first));
    let amount = before + 8 * estimate + estimate / 2;
    reload(&house, &gateway, &config(&supplier, &of(money(amount), "refuse"))).await;
    let crowd: Vec<_> = (0..50)
        .map(|number| {
            let listen = gateway.listen;
            tokio::spawn(async move { ask(listen, CHAT, "r", number % 2 == 0).await })
        })
        .collect();
    let mut served = 0;
    for asked in crowd {
        let reply = within(asked).await.unwrap();
        if reply.status == 200 {
            served += 1;
            continue;
        }
        assert_eq!((reply.status, &*code(&reply)), (429, "budget_held"), "{}", reply.lossy());
        assert_eq!((reply.header("retry-after"), reply.header("x-should-retry")), (Some("1"), None));
    }
    assert_eq!(served, 8);
    let entries = house.all_entries(9).await;
    assert!(sum(&entries) <= amount);
    assert_eq!(spent(&house), sum(&entries), "what was spent before there was a budget is in it");
    // An answer takes fewer tokens than it may: what was held and not spent is there again.
    assert_eq!(ask(gateway.listen, CHAT, "r", true).await.status, 200);
}

/// kill -9 in the middle of answers: the next start has all of it, interrupted requests with what they are taken to have used.
#[tokio::test]
async fn g18_a_restart_forgets_nothing_of_a_budget() {
    let pace = Pace { ttft_ms: 0, tokens_per_second: 25.0, jitter: 0.0, ..Pace::default() };
    let supplier = Supplier::builder().pace(pace).spawn().await.unwrap();
    let fast = Supplier::builder().spawn().await.unwrap();
    let both = |budget: &str| config(&supplier, budget).provider("q", CHAT, &fast).route("s", &["q"], "");
    let free = |config: Config| Config::raw(&config.text().replace("routes = [\"r\"]\n", ""));
    let house = House::new(&free(both(&of(money(1_000_000_000), "refuse"))));
    let gateway = Gateway::start(&house);
    for _ in 0..3 {
        assert_eq!(ask(gateway.listen, CHAT, "s", true).await.status, 200);
    }
    let mut under_way = Vec::new();
    for _ in 0..4 {
        let body = CHAT.hello("r", true);
        let mut answer =
            within(client::open(gateway.listen, CHAT.path(), &[], body.as_bytes())).await.unwrap();
        for _ in 0..10 {
            within(answer.next()).await.unwrap().expect("it goes on for long");
        }
        under_way.push(answer);
    }
    gateway.kill();
    let gateway = Gateway::start(&house);
    let entries = house.all_entries(7).await;
    let interrupted = entries.iter().filter(|entry| entry.outcome == Outcome::Interrupted);
    assert_eq!(interrupted.count(), 4);
    let known = sum(&entries);
    assert!(known > 0 && entries.iter().all(|entry| entry.cost.unwrap().nanos() > 0), "all of it costs");
    let ratio = metric(&gateway, "releve_budget_spent_ratio").await;
    assert!((ratio - known as f64 / 1e9).abs() < 1e-12, "{ratio} of {known}");
    gateway.kill();
    // With as much as that it is spent, by who has not served one request of it.
    house.write(&free(both(&of(money(known), "refuse"))));
    let gateway = Gateway::start(&house);
    let refused = ask(gateway.listen, CHAT, "s", false).await;
    assert_eq!((refused.status, &*code(&refused)), (429, "insufficient_quota"), "{}", refused.lossy());
    assert!(refused.lossy().contains("has spent its budget"), "{}", refused.lossy());
}

/// The amount, the rule and the budget itself come and go while requests do, and what is spent stays.
#[tokio::test]
async fn a_reload_keeps_what_is_spent() {
    let pace = Pace { ttft_ms: 1_500, tokens_per_second: 4_000.0, ..Pace::default() };
    let supplier = Supplier::builder().spawn().await.unwrap();
    let slow = Supplier::builder().pace(pace).spawn().await.unwrap();
    let with = |budget: &str| {
        let text = config(&supplier, budget).provider("q", CHAT, &slow).route("s", &["q"], "");
        Config::raw(&text.text().replace("routes = [\"r\"]\n", ""))
    };
    let house = House::new(&with(""));
    let gateway = Gateway::start(&house);
    assert_eq!(ask(gateway.listen, CHAT, "r", false).await.status, 200);
    let listen = gateway.listen;
    let under_way = tokio::spawn(async move { ask(listen, CHAT, "s", true).await });
    eventually("the slow one is asked", || (slow.counters().requests == 1).then_some(())).await;
    // One is settled, one under way, when there is a budget for the first time.
    reload(&house, &gateway, &with(&of(money(1), "refuse"))).await;
    assert_eq!(code(&ask(gateway.listen, CHAT, "r", false).await), "insufficient_quota");
    assert_eq!(within(under_way).await.unwrap().status, 200);
    let known = sum(&house.all_entries(2).await);
    let ratio = eventually_ratio(&gateway, known as f64).await;
    assert!((ratio - known as f64).abs() < 0.5, "{ratio} of {known}: both count");
    for (amount, over, status) in
        [(1_000_000_000, "refuse", 200), (known, "refuse", 429), (known, "tell", 200), (known, "refuse", 429)]
    {
        reload(&house, &gateway, &with(&of(money(amount), over))).await;
        assert_eq!(ask(gateway.listen, CHAT, "r", false).await.status, status, "{amount} {over}");
    }
    reload(&house, &gateway, &with("")).await;
    assert_eq!(ask(gateway.listen, CHAT, "r", false).await.status, 200, "no budget, no bound");
    reload(&house, &gateway, &with(&of(money(1_000_000_000), "refuse"))).await;
    let known = sum(&house.all_entries(5).await);
    let ratio = metric(&gateway, "releve_budget_spent_ratio").await;
    assert!((ratio - known as f64 / 1e9).abs() < 1e-12, "{ratio} of {known}");
}

/// The part that is spent, once it is about so much.
async fn eventually_ratio(gateway: &Gateway, wanted: f64) -> f64 {
    let mut ratio = 0.0;
    within(async {
        while ratio < wanted - 0.5 {
            ratio = metric(gateway, "releve_budget_spent_ratio").await;
        }
    })
    .await;
    ratio
}

#[tokio::test]
async fn who_is_only_told_is_told_twice_a_period() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let house = House::new(&config(&supplier, ""));
    let gateway = Gateway::start(&house);
    assert_eq!(ask(gateway.listen, CHAT, "r", false).await.status, 200);
    let each = house.all_entries(1).await[0].cost.unwrap().nanos();
    reload(&house, &gateway, &config(&supplier, &of(money(each * 10), "tell"))).await;
    let mut served = 1;
    while metric(&gateway, "releve_budget_spent_ratio").await < 1.5 {
        assert_eq!(ask(gateway.listen, CHAT, "r", served % 2 == 0).await.status, 200);
        served += 1;
        assert!(served < 200, "it is never spent");
    }
    let said = gateway.said();
    assert_eq!(said.matches("has spent 80 % of its budget").count(), 1, "{said}");
    assert_eq!(said.matches("and is served all the same").count(), 1, "{said}");
    let entries = house.all_entries(served).await;
    let budget = budget(&house);
    assert_eq!(budget["over"], "tell");
    assert_eq!(budget["spent_usd"], money(sum(&entries)).to_string());
}

/// By the rate of the day that is written down, which is then no longer a note for reports.
#[tokio::test]
async fn a_budget_may_be_in_any_currency_that_has_a_rate() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let euro = "budget = { amount = \"0.01\", currency = \"EUR\", per = \"week\" }\n[rates.EUR]\nusd = \"1.08\"\non = \"2026-11-02\"";
    let house = House::new(&config(&supplier, euro));
    let gateway = Gateway::start(&house);
    assert_eq!(ask(gateway.listen, CHAT, "r", false).await.status, 200);
    let cost = house.all_entries(1).await[0].cost.unwrap().nanos();
    let budget = budget(&house);
    assert_eq!((&budget["budget"], &budget["amount_usd"]), (&json!("0.01 EUR a week"), &json!("0.0108")));
    let ratio = metric(&gateway, "releve_budget_spent_ratio").await;
    assert!((ratio - cost as f64 / 10_800_000.0).abs() < 1e-12, "{ratio} of {cost}");
    let checked = String::from_utf8(house.command(&["check"]).stdout).unwrap();
    assert!(checked.contains("EUR of 0.01 EUR a week spent"), "{checked}");
    assert!(!checked.contains("rates"), "it has an effect: {checked}");
}

#[tokio::test]
async fn what_has_no_price_is_counted_apart() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let route = "[routes.free]\ndeployments = [\"p/other\"]";
    let text = config(&supplier, &of(money(1_000_000_000), "refuse")).and(route);
    let house = House::new(&Config::raw(&text.text().replace("routes = [\"r\"]\n", "")));
    let gateway = Gateway::start(&house);
    for model in ["free", "r", "free"] {
        assert_eq!(ask(gateway.listen, CHAT, model, false).await.status, 200);
    }
    let entries = house.all_entries(3).await;
    let costs: BTreeMap<bool, usize> = entries.iter().fold(BTreeMap::new(), |mut counts, entry| {
        *counts.entry(entry.cost.is_some()).or_default() += 1;
        counts
    });
    assert_eq!(costs, BTreeMap::from([(false, 2), (true, 1)]));
    let priced = entries.iter().find_map(|entry| entry.cost).unwrap();
    let budget = budget(&house);
    assert_eq!((&budget["unpriced"], &budget["spent_usd"]), (&json!(2), &json!(priced.to_string())));
    let checked = String::from_utf8(house.command(&["check"]).stdout).unwrap();
    assert!(checked.contains("and 2 requests unpriced of 1 USD a month spent"), "{checked}");
    let warned = |house: &House| {
        let checked = String::from_utf8(house.command(&["check", "--json"]).stdout).unwrap();
        checked.contains("may be served by deployments without a price, whose cost is in no budget")
    };
    assert!(warned(&house));
    let ratio = metric(&gateway, "releve_budget_spent_ratio").await;
    assert!((ratio - priced.nanos() as f64 / 1e9).abs() < 1e-12);
    house.write(&config(&supplier, &of(money(1_000_000_000), "refuse")).and(route));
    assert!(!warned(&house), "the only route that it may use has a price");
}
