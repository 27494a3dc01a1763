//! One scenario, really played: suppliers, the gateway, products that ask, what is done to the suppliers; and what was
//! predicted of it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ledger::{Entry, Outcome};
use simulator::{Fault, Handle, Pace, Rule, Supplier};
use store::{InForce, NewAct, Postures};
use tokio::time::{Instant, sleep_until};

use crate::client::{Dialect, connect, open_on};
use crate::harness::{Config, Gateway, House};
use crate::trace::{Ask, asks};

/// The suppliers: milliseconds to the first token, tokens a second, US dollars per million tokens of prompts and answers.
const SUPPLIERS: [(&str, u64, f64, &str, &str); 4] = [
    ("openai", 240, 90.0, "2.50", "15"),
    ("cloud", 320, 70.0, "2.75", "16.50"),
    ("other", 280, 110.0, "0.50", "1.50"),
    ("house", 180, 60.0, "0.20", "0.20"),
];

/// The products and who may serve each, the first choice first.
const PRODUCTS: [(&str, &[usize]); 3] = [("office", &[0, 1, 2]), ("code", &[0, 1]), ("search", &[2, 3])];

/// What is done to a supplier.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    Cut(usize),
    Heal(usize),
    /// Server errors, with this probability.
    Errors(usize, f64),
    Well(usize),
    /// So many times slower.
    Slow(usize, f64),
    Quota(usize),
    /// People decide, with what a drain takes away in an hour.
    Posture(&'static str, f64),
}

/// A scenario, as it is written and as it is done.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) events: String,
    /// When, in seconds of the second half.
    pub(crate) deeds: Vec<(u64, Deed)>,
}

/// A prediction with its interval.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Predicted {
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// What was predicted, and what came.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) name: &'static str,
    pub(crate) requests: usize,
    pub(crate) served: (Predicted, f64),
    pub(crate) cost_usd: (Predicted, f64),
    pub(crate) p50_ms: (Predicted, f64),
    pub(crate) p95_ms: (Predicted, f64),
}

impl Compared {
    /// Of served, cost, p50 and p95: whether each is within a point, 2 % and 15 %, or inside the printed interval.
    pub(crate) fn right(&self) -> [bool; 4] {
        let inside = |(predicted, came): (Predicted, f64)| predicted.low <= came && came <= predicted.high;
        let near =
            |(predicted, came): (Predicted, f64), share: f64| (predicted.value / came - 1.0).abs() <= share;
        [
            (self.served.0.value - self.served.1).abs() <= 0.01 || inside(self.served),
            near(self.cost_usd, 0.02) || inside(self.cost_usd),
            near(self.p50_ms, 0.15) || inside(self.p50_ms),
            near(self.p95_ms, 0.15) || inside(self.p95_ms),
        ]
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pair = |(predicted, came): (Predicted, f64), times: f64| {
            let Predicted { value, low, high } = predicted;
            format!(
                "{:.4} ({:.4}..{:.4}) against {:.4}",
                value * times,
                low * times,
                high * times,
                came * times
            )
        };
        write!(
            f,
            "{}: served {}, cost {}, p50 {}, p95 {}",
            self.name,
            pair(self.served, 1.0),
            pair(self.cost_usd, 1.0),
            pair(self.p50_ms, 1.0),
            pair(self.p95_ms, 1.0)
        )
    }
}

/// Plays both halves of `seconds` each, predicts the second, and compares.
pub(crate) async fn play(scene: &Scene, seed: u64, seconds: f64, per_second: f64) -> Compared {
    let suppliers = suppliers(seed).await;
    let house = House::new(&config(&suppliers));
    let gateway = Gateway::start(&house);
    run(gateway.listen, &asks(seconds, per_second, seed * 2, PRODUCTS.len())).await;
    let known = house.entries().len();
    let cut = moment(&house);
    let second = asks(seconds, per_second, seed * 2 + 1, PRODUCTS.len());
    let begun = Instant::now();
    let deeds = async {
        for (at, deed) in &scene.deeds {
            sleep_until(begun + Duration::from_secs(*at)).await;
            act(*deed, &suppliers, &house).await;
        }
    };
    tokio::join!(run(gateway.listen, &second), deeds);
    drop(gateway);
    let entries: Vec<Entry> = house.entries().into_iter().skip(known).collect();
    assert_eq!(entries.len(), second.len(), "each request has its entry");
    predict(scene, &house, &cut, &entries, &second)
}

async fn suppliers(seed: u64) -> Vec<Handle> {
    let mut all = Vec::new();
    for (number, (_, ttft_ms, tokens_per_second, ..)) in (0_u64..).zip(SUPPLIERS) {
        let pace = Pace { ttft_ms, tokens_per_second, jitter: 0.3, ..Pace::default() };
        let supplier = Supplier::builder().seed(seed * 10 + number).pace(pace).with(|settings| {
            settings.answer.min_tokens = 200;
            settings.answer.max_tokens = 400;
            settings.answer.reasoning_tokens = 0;
            settings.prompt_cache = false;
        });
        all.push(supplier.spawn().await.unwrap());
    }
    all
}

fn config(suppliers: &[Handle]) -> Config {
    let mut config = Config::new();
    for ((name, ..), supplier) in SUPPLIERS.iter().zip(suppliers) {
        config = config.provider(name, Dialect::OpenAi, supplier);
    }
    for (product, servers) in PRODUCTS {
        let deployments: Vec<String> = servers
            .iter()
            .map(|server| {
                let (name, _, _, input, output) = SUPPLIERS[*server];
                format!("{{ use = \"{name}/m\", price = {{ input = \"{input}\", output = \"{output}\" }} }}")
            })
            .collect();
        let deployments = deployments.join(", ");
        config = config.and(&format!(
            "[routes.{product}]\nkeep_warm = 0.15\ndeployments = [{deployments}]\n[products.{product}]\nroutes = \
             [\"{product}\"]\ndefault_route = \"{product}\"\n"
        ));
    }
    config
}

/// Sends every request at its time, and waits for all answers.
async fn run(to: SocketAddr, asks: &[Ask]) {
    let begun = Instant::now();
    let sent: Vec<_> = asks
        .iter()
        .map(|ask| {
            let (at, body) = (begun + Duration::from_secs_f64(ask.at_s), body(ask));
            tokio::spawn(async move {
                sleep_until(at).await;
                let path = Dialect::OpenAi.path();
                let opened = open_on(connect(to).await.unwrap(), "POST", path, &[], body.as_bytes()).await;
                opened.unwrap().finish().await
            })
        })
        .collect();
    for answer in sent {
        answer.await.unwrap();
    }
}

/// The route's name is the product's; on loopback nobody needs a key, so all are one product to the gateway.
fn body(ask: &Ask) -> String {
    let words = "once upon a time there was a request ".repeat(ask.input_tokens as usize * 4 / 37 + 1);
    serde_json::json!({
        "model": PRODUCTS[ask.product].0, "stream": true, "max_tokens": ask.output_tokens,
        "stream_options": { "include_usage": true },
        "messages": [{ "role": "user", "content": words }],
    })
    .to_string()
}

async fn act(deed: Deed, suppliers: &[Handle], house: &House) {
    match deed {
        Deed::Cut(supplier) => suppliers[supplier].cut().await,
        Deed::Heal(supplier) => suppliers[supplier].heal().await.unwrap(),
        Deed::Errors(supplier, share) => {
            let rule = Rule::with_probability(share, Fault::ServerError { status: 500 });
            suppliers[supplier].set_script([rule]).await.unwrap();
        }
        Deed::Quota(supplier) => suppliers[supplier].set_script([Rule::always(Fault::Quota)]).await.unwrap(),
        Deed::Well(supplier) => suppliers[supplier].set_script([]).await.unwrap(),
        Deed::Slow(supplier, times) => suppliers[supplier].change_settings(|settings| {
            settings.pace.ttft_ms = (settings.pace.ttft_ms as f64 * times) as u64;
            settings.pace.tokens_per_second /= times;
        }),
        Deed::Posture(act, per_hour) => {
            // Into the record itself: the command takes no drain of seconds, which nobody means but a test that is short.
            let path = house.path().join("releve.db");
            let done = tokio::task::spawn_blocking(move || {
                let (target, posture) = act.rsplit_once('=').unwrap();
                let per_hour = per_hour.max(0.1);
                let new =
                    NewAct { target, posture, per_hour, reason: "a test", author: "ada", expires: None };
                let mut postures = Postures::open(&path).unwrap();
                let id = postures.decide(&new).unwrap().id;
                postures.wait_in_force(id, Duration::from_secs(10)).unwrap()
            });
            assert_eq!(done.await.unwrap(), InForce::Now);
        }
    }
}

/// The present, as `--to` takes it.
fn moment(house: &House) -> String {
    let last =
        house.entries().into_iter().map(|entry| entry.arrived_us + entry.total_us as i64).max().unwrap();
    jiff::Timestamp::from_microsecond(last + 200_000).unwrap().to_string()
}

/// A scene's events as a file.
fn written(scene: &Scene, house: &House, span_ms: i64) -> PathBuf {
    let file = house.path().join("scenario.toml");
    std::fs::write(&file, format!("why = \"{}\"\nspan = \"{span_ms}ms\"\n{}", scene.name, scene.events))
        .unwrap();
    file
}

/// That the binary takes the scenes' files, which it is otherwise asked for once in a long while.
pub(crate) async fn read_all(scenes: &[Scene]) {
    let house = House::new(&config(&suppliers(0).await));
    let trace = house.path().join("given.csv");
    let lines: String =
        (0..20).flat_map(|second| PRODUCTS.map(|(name, _)| format!("{second},100,10,{name}\n"))).collect();
    std::fs::write(&trace, format!("arrival_s,input_tokens,output_tokens,route\n{lines}")).unwrap();
    for scene in scenes {
        let file = written(scene, &house, 20_000);
        let output =
            house.command(&["whatif", file.to_str().unwrap(), "--trace", trace.to_str().unwrap(), "--json"]);
        assert!(output.status.success(), "{}: {}", scene.name, String::from_utf8_lossy(&output.stdout));
    }
}

/// What the binary says of the second half, knowing the first, the arrivals and the lengths.
fn predict(scene: &Scene, house: &House, cut: &str, entries: &[Entry], second: &[Ask]) -> Compared {
    let first_us = entries.iter().map(|entry| entry.arrived_us).min().unwrap();
    let mut given = "arrival_s,input_tokens,output_tokens,route\n".to_owned();
    for entry in entries {
        let at = (entry.arrived_us - first_us) as f64 / 1e6;
        let (input, output) = (entry.facts.estimated_input_tokens, entry.facts.max_tokens.unwrap());
        given.push_str(&format!("{at},{input},{output},{}\n", entry.facts.route));
    }
    let span_ms = entries.iter().map(|entry| (entry.arrived_us - first_us) / 1_000).max().unwrap() + 1;
    let trace = house.path().join("given.csv");
    std::fs::write(&trace, given).unwrap();
    let file = written(scene, house, span_ms);
    let output = house.command(&[
        "whatif",
        file.to_str().unwrap(),
        "--trace",
        trace.to_str().unwrap(),
        "--to",
        cut,
        "--json",
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let after = &answer["total"]["after"];
    let of = |key: &str, times: f64| {
        let part = |end: &str| after[key][end].as_f64().unwrap() * times;
        Predicted { value: part("value"), low: part("low"), high: part("high") }
    };
    let days = span_ms as f64 / 86_400_000.0;
    let answered = entries.iter().filter(|entry| entry.outcome == Outcome::Answered).count();
    let cost: f64 = entries.iter().filter_map(|entry| entry.cost).map(|cost| cost.nanos() as f64 / 1e9).sum();
    let mut firsts: Vec<f64> =
        entries.iter().filter_map(|entry| entry.ttft_us).map(|us| us as f64 / 1_000.0).collect();
    firsts.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| firsts[((firsts.len() as f64 * share) as usize).min(firsts.len() - 1)];
    Compared {
        name: scene.name,
        requests: second.len(),
        served: (of("served", 1.0), answered as f64 / entries.len() as f64),
        cost_usd: (of("cost_usd_per_day", days), cost),
        p50_ms: (of("first_token_p50_ms", 1.0), at(0.5)),
        p95_ms: (of("first_token_p95_ms", 1.0), at(0.95)),
    }
}
