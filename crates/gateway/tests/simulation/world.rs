//! One simulated world: suppliers with faults drawn from a seed, the gateway, clients, all on one virtual clock.

use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use catalogue::{Bucket, PriceList, Protocol, Rate, Rates};
use gateway::snapshot::{Deployment, Limits, Names, Product, Provider, Route, Snapshot, Store, Unpriced};
use gateway::{Allowance, Clock, KeyRing, MemoryBudget, Metrics, Room, Shared, shutdown};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use ledger::budget::Terms;
use ledger::{Correction, Entry, Health, Intent, Journal, Memory, Record, RequestId, Settled};
use routing::{DeploymentIndex, Dice, Policy, ProviderIndex, RouteEntry, World};
use simulator::{After, CutWith, Fault, RetryAfter, Rule, Supplier};
use turmoil::net::{TcpListener, TcpStream};
use upstream::{Pool, Target, TargetOptions};

use crate::network::{Door, SimulatedDial, Turmoil};

const SUPPLIER_PORT: u16 = 8000;
const GATEWAY_PORT: u16 = 4100;
const EPOCH_S: u64 = 1_763_800_000;

/// What clients saw and what the ledger says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) answers: Vec<Seen>,
    pub(crate) entries: Vec<Entry>,
    /// Whose intents were written, and whether that was before their settlements.
    pub(crate) intents: Vec<(RequestId, bool)>,
}

/// One answer, as its client saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) request: usize,
    pub(crate) stream: bool,
    /// 0 where the connection ended without an answer.
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

/// How a world goes.
#[derive(Debug, Clone)]
pub(crate) struct Plot {
    pub(crate) seed: u64,
    pub(crate) requests: usize,
    pub(crate) faults: Vec<Vec<Rule>>,
    pub(crate) policy: Policy,
    /// Members added to each request.
    pub(crate) asking: serde_json::Value,
    /// `x-releve-deadline` of each request.
    pub(crate) deadline: Option<&'static str>,
    /// Whether suppliers stop billing when they are hung up on.
    pub(crate) stops_billing: bool,
    /// Suppliers that nothing reaches.
    pub(crate) cut_off: Vec<usize>,
    /// Whether writing an intent panics.
    pub(crate) has_bug: bool,
    /// The longest that a message takes on its way.
    pub(crate) latency: Duration,
    /// When it begins, in seconds since 1970.
    pub(crate) begins_s: u64,
    /// What the product may spend.
    pub(crate) terms: Option<Terms>,
}

impl Plot {
    /// One request, a stream, to suppliers of which each always fails in its way; nobody else is there.
    pub(crate) fn of(faults: impl IntoIterator<Item = Option<Fault>>, policy: Policy) -> Self {
        let faults = faults.into_iter().map(|fault| fault.into_iter().map(Rule::always).collect());
        let asking = serde_json::json!({});
        Self {
            seed: 1,
            requests: 1,
            faults: faults.collect(),
            policy,
            asking,
            deadline: None,
            stops_billing: true,
            cut_off: Vec::new(),
            has_bug: false,
            latency: Duration::from_millis(100),
            begins_s: EPOCH_S,
            terms: None,
        }
    }

    /// Suppliers that fail now and then in ways drawn from `seed`; the last one never does.
    pub(crate) fn drawn(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let faults = (0..2).map(|_| drawn_faults(&mut dice)).chain([Vec::new()]).collect();
        let policy = Policy {
            header_timeout: Duration::from_secs(5),
            token_gap_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_mins(1),
            ..Policy::default()
        };
        Self {
            seed,
            requests: 60,
            faults,
            policy,
            asking: serde_json::json!({}),
            deadline: None,
            stops_billing: true,
            cut_off: Vec::new(),
            has_bug: false,
            latency: Duration::from_millis(100),
            begins_s: EPOCH_S,
            terms: None,
        }
    }
}

fn drawn_faults(dice: &mut Dice) -> Vec<Rule> {
    let mut faults = vec![
        Fault::Reset { at: simulator::ResetAt::Request },
        Fault::Hang,
        Fault::Unauthorized,
        Fault::RateLimited { retry_after: Some(RetryAfter::Seconds(1)) },
        Fault::ServerError { status: 500 },
        Fault::Overloaded { retry_after: None },
        Fault::InvalidJson { after: After::Headers },
        Fault::EmptyBody,
        Fault::Html,
        Fault::Cut { after: After::Preamble, with: CutWith::Fin },
        Fault::Cut { after: After::Tokens(3), with: CutWith::Rst },
        Fault::CleanEnd { after: After::Tokens(2), says: simulator::Ending::Nothing },
        Fault::Stall { after: After::Tokens(1), pings_ms: 0 },
    ];
    let mut rules = Vec::new();
    for _ in 0..3 {
        let index = usize::try_from(dice.next_u64() % faults.len() as u64).expect("small");
        rules.push(Rule::with_probability(0.1 + 0.3 * dice.unit_f64(), faults.swap_remove(index)));
    }
    rules
}

/// Runs the plot to its end.
pub(crate) fn run(plot: &Plot) -> Outcome {
    let mut simulation = turmoil::Builder::new()
        .rng_seed(plot.seed)
        .simulation_duration(Duration::from_hours(1))
        .tick_duration(Duration::from_millis(1))
        .max_message_latency(plot.latency)
        .build();
    for (number, rules) in plot.faults.iter().enumerate() {
        let (rules, seed) = (rules.clone(), plot.seed ^ number as u64);
        simulation.host(supplier_name(number), move || supplier(rules.clone(), seed));
    }
    let journal = Arc::new(Memory::default());
    let (kept, acted) = (Arc::clone(&journal), plot.clone());
    simulation.host("gateway", move || serve(acted.clone(), Arc::clone(&kept)));
    let answers = Arc::new(Mutex::new(Vec::new()));
    let (seen, requests, asking) = (Arc::clone(&answers), plot.requests, plot.asking.clone());
    let deadline = plot.deadline;
    simulation.client("client", async move {
        let asking = (0..requests).map(|number| {
            let (seen, asking) = (Arc::clone(&seen), asking.clone());
            tokio::task::spawn_local(async move {
                tokio::time::sleep(Duration::from_millis(200 * number as u64)).await;
                let answer = ask(number, &asking, deadline).await;
                seen.lock().unwrap().push(answer);
            })
        });
        for asked in asking.collect::<Vec<_>>() {
            asked.await?;
        }
        Ok(())
    });
    for number in &plot.cut_off {
        simulation.hold("gateway", supplier_name(*number));
    }
    simulation.run().expect("the world comes to its end");
    let mut answers = answers.lock().unwrap().clone();
    answers.sort_by_key(|answer: &Seen| answer.request);
    Outcome { answers, entries: journal.entries(), intents: intents(&journal.records()) }
}

fn intents(records: &[Record]) -> Vec<(RequestId, bool)> {
    let places = records.iter().enumerate();
    let intents = places.filter(|(_, record)| matches!(record, Record::Intent(_)));
    let is_first = |(place, intent): (usize, &Record)| {
        (intent.id(), !records[..place].iter().any(|before| before.id() == intent.id()))
    };
    intents.map(is_first).collect()
}

fn supplier_name(number: usize) -> String {
    format!("supplier{number}")
}

async fn supplier(rules: Vec<Rule>, seed: u64) -> turmoil::Result {
    let address = (std::net::Ipv4Addr::UNSPECIFIED, SUPPLIER_PORT).into();
    let supplier = Supplier::builder().listen(address).seed(seed).epoch(EPOCH_S).script(rules);
    let _handle = supplier.spawn_on(Turmoil).await?;
    std::future::pending().await
}

async fn serve(plot: Plot, journal: Arc<Memory>) -> turmoil::Result {
    let (_stopper, shutdown) = shutdown();
    let clock = Clock::simulated(i64::try_from(plot.begins_s).expect("small") * 1_000_000);
    let snapshot = snapshot(&plot);
    // Nothing was spent before.
    let _ = snapshot.products[0].budget.set(plot.terms, clock.unix_us());
    let shared = Shared {
        snapshot: Arc::new(ArcSwap::from_pointee(snapshot)),
        keys: Arc::new(ArcSwap::from_pointee(KeyRing::default())),
        journal: if plot.has_bug { Arc::new(Buggy(journal)) } else { journal },
        state: None,
        clock,
        metrics: Arc::new(Metrics::default()),
        troubles: Arc::default(),
        makers: Arc::default(),
        memory: MemoryBudget::new(64 << 20),
        shutdown: shutdown.clone(),
        salt: plot.seed,
    };
    let room = Rc::new(Room::new(shared, Pool::new(SimulatedDial), Dice::new(plot.seed)));
    let listener = TcpListener::bind((std::net::Ipv4Addr::UNSPECIFIED, GATEWAY_PORT)).await?;
    gateway::serve(Door(listener), None, shutdown, gateway::Thrift::none(), move |request| {
        gateway::answer(Rc::clone(&room), request)
    })
    .await;
    Ok(())
}

/// A journal that fails as only a bug would.
#[derive(Debug)]
struct Buggy(Arc<Memory>);

impl Journal for Buggy {
    fn intent(&self, _: Intent) {
        panic!("a bug, for the test");
    }

    fn settle(&self, entry: Box<Entry>) -> Settled {
        self.0.settle(entry)
    }

    fn correct(&self, correction: Correction) -> Settled {
        self.0.correct(correction)
    }

    fn health(&self) -> Health {
        self.0.health()
    }
}

/// A dollar for a million tokens of a prompt, ten for those of an answer.
fn prices() -> PriceList {
    let rates = Rates::NONE.with(Bucket::InputUncached, Rate::from_picos(1_000_000));
    PriceList::configured(rates.with(Bucket::OutputText, Rate::from_picos(10_000_000)))
}

fn snapshot(plot: &Plot) -> Snapshot {
    let count = plot.faults.len();
    let names: Vec<Arc<str>> = (0..count).map(|number| supplier_name(number).into()).collect();
    let to_route_to = |(name, number): (&Arc<str>, u16)| {
        routing::Deployment::unknown(format!("{name}/tiny"), ProviderIndex(number), Protocol::OpenaiChat)
    };
    let routing: Vec<_> = names.iter().zip(0..).map(to_route_to).collect();
    let provider = |name: &Arc<str>| Provider {
        name: Arc::clone(name),
        target: Target::new(&format!("http://{name}:{SUPPLIER_PORT}/v1"), TargetOptions::default()).unwrap(),
        stream_usage: true,
        betas: gateway::snapshot::Betas::All,
        stops_billing_on_abort: Some(plot.stops_billing),
    };
    let deployment = |deployment: &routing::Deployment| Deployment {
        name: Arc::clone(&deployment.name),
        model: Some(gateway::snapshot::Model::new("tiny")),
        quirks: catalogue::Quirks::NONE,
        amendments: wire::Amendments::default(),
        refuses: [].into(),
        name_header: deployment.name.parse().unwrap(),
        prices: Some(Arc::new(prices())),
    };
    let numbers = 0..u32::try_from(count).expect("few");
    let entries = numbers.map(|number| RouteEntry { deployment: DeploymentIndex(number), weight: 1 });
    let mut route_names = Names::default();
    route_names.add("assistant", 0);
    Snapshot {
        version: "simulated".into(),
        catalogue_version: "none".into(),
        world: Arc::new(World::new(&routing, &names)),
        providers: names.iter().map(provider).collect(),
        deployments: routing.iter().map(deployment).collect(),
        routing,
        routes: vec![Route {
            name: "assistant".into(),
            policy: plot.policy.clone(),
            fetcher: None,
            may_drop: Arc::default(),
            entries: entries.collect(),
            direct: false,
        }],
        products: vec![Product {
            name: "office".into(),
            routes: None,
            default_route: None,
            regions: Arc::default(),
            direct: false,
            unpriced: Unpriced::Allow,
            allowance: plot.terms.map(|terms| Allowance { terms, words: "so much".into() }),
            budget: Arc::default(),
            store: Store::Suppliers,
            store_for: std::time::Duration::ZERO,
        }],
        keyless: Some(0),
        names: route_names,
        limits: Limits::default(),
    }
}

async fn ask(number: usize, asking: &serde_json::Value, deadline: Option<&str>) -> Seen {
    let stream = number.is_multiple_of(2);
    let mut body = serde_json::json!({
        "model": "assistant", "stream": stream, "max_tokens": 12,
        "messages": [{ "role": "user", "content": format!("question {number}") }],
    });
    for (name, value) in asking.as_object().expect("members") {
        body[name] = value.clone();
    }
    let io = TcpStream::connect(("gateway", GATEWAY_PORT)).await.expect("the gateway is there");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await.unwrap();
    tokio::task::spawn_local(connection);
    let mut request = Request::post("/v1/chat/completions")
        .header("host", "localhost")
        .header("content-type", "application/json");
    if let Some(deadline) = deadline {
        request = request.header("x-releve-deadline", deadline);
    }
    let request = request.body(Full::new(Bytes::from(body.to_string()))).unwrap();
    let Ok(response) = sender.send_request(request).await else {
        return Seen { request: number, stream, status: 0, body: Bytes::new() };
    };
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("every answer has an end").to_bytes();
    Seen { request: number, stream, status, body }
}
