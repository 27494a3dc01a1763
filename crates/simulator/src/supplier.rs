//! A supplier from outside: how to start one, steer it, and look into its books.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    billing::{Meter, PromptCache},
    books::{Books, Counters, Recorded},
    connection::Tally,
    dice::{Dice, Digest},
    network::{Network, Tcp},
    script::{Rule, Script, ScriptError},
    server::{self, Order},
    settings::{Model, Pace, Settings},
};

/// A supplier of model answers, for as long as its [`Handle`] lives.
#[derive(Debug)]
pub struct Supplier;

impl Supplier {
    /// A supplier with default settings on a free port of loopback.
    pub fn builder() -> Builder {
        Builder {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            settings: Settings::default(),
            script: Vec::new(),
            epoch_unix_s: None,
            bench: false,
        }
    }
}

/// What a supplier starts with.
#[derive(Clone, Debug)]
pub struct Builder {
    address: SocketAddr,
    settings: Settings,
    script: Vec<Rule>,
    epoch_unix_s: Option<u64>,
    bench: bool,
}

impl Builder {
    /// Where to listen; port 0 is any free one.
    #[must_use]
    pub fn listen(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// All settings at once.
    #[must_use]
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Settings changed in place.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// See [`Settings::seed`].
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.with(|settings| settings.seed = seed)
    }

    /// See [`Settings::key`].
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        self.with(|settings| settings.key = Some(key.into()))
    }

    /// See [`Settings::models`].
    #[must_use]
    pub fn models<M: Into<Model>>(self, models: impl IntoIterator<Item = M>) -> Self {
        self.with(|settings| settings.models = models.into_iter().map(Into::into).collect())
    }

    /// See [`Settings::pace`].
    #[must_use]
    pub fn pace(self, pace: Pace) -> Self {
        self.with(|settings| settings.pace = pace)
    }

    /// The first script.
    #[must_use]
    pub fn script(self, script: impl IntoIterator<Item = Rule>) -> Self {
        Self { script: script.into_iter().collect(), ..self }
    }

    /// What the clock on the wall says at the start, in Unix seconds: decides `created` and dates in headers.
    /// Default: the real one. A simulated world sets it, so that runs replay.
    #[must_use]
    pub fn epoch(self, unix_s: u64) -> Self {
        Self { epoch_unix_s: Some(unix_s), ..self }
    }

    /// Serves one fixed answer for each kind of request as cheaply as can be, for load tests: no script, no books, and
    /// only a connection's first request of a kind is checked.
    #[must_use]
    pub fn bench(self, bench: bool) -> Self {
        Self { bench, ..self }
    }

    /// Listens on a real socket and serves from a task of the current runtime.
    ///
    /// # Errors
    /// The address cannot be had, or the script cannot be played.
    pub async fn spawn(self) -> io::Result<Handle> {
        self.spawn_on(Tcp).await
    }

    /// The same on another network.
    ///
    /// # Errors
    /// The address cannot be had, or the script cannot be played.
    pub async fn spawn_on<N: Network>(self, network: N) -> io::Result<Handle> {
        let invalid = |mistake| io::Error::new(io::ErrorKind::InvalidInput, mistake);
        let script = Script::new(self.script.clone(), script_dice(&self.settings)).map_err(invalid)?;
        let refuses = script.refuses();
        let place = network.reserve(self.address).await?;
        let (listener, address) = network.listen(place).await?;
        let shared = Arc::new(Shared::new(self, script));
        let (orders, inbox) = mpsc::channel(8);
        tokio::spawn(server::run(network, listener, address, Arc::clone(&shared), inbox));
        let handle = Handle { shared, address, orders, is_cut: Arc::new(AtomicBool::new(false)) };
        if refuses {
            handle.settle().await?;
        }
        Ok(handle)
    }
}

/// A running supplier. It ends when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
    address: SocketAddr,
    orders: mpsc::Sender<Order>,
    is_cut: Arc<AtomicBool>,
}

impl Handle {
    /// Where it listens, or would if it were not cut.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL for clients of OpenAI's protocols: with `/v1`.
    pub fn openai_base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The base URL for clients of Anthropic's protocol: without a path.
    pub fn anthropic_base_url(&self) -> String {
        self.base_url()
    }

    /// The base URL for clients of Gemini, Bedrock, Cohere and Ollama: without a path.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes the supplier off the network: when this returns, connections are refused and open ones have been
    /// reset.
    pub async fn cut(&self) {
        self.is_cut.store(true, Relaxed);
        // Closing a door cannot fail.
        drop(self.settle().await);
    }

    /// Puts it back, on the same port. Does nothing visible while the script refuses connections.
    ///
    /// # Errors
    /// The port cannot be listened on.
    pub async fn heal(&self) -> io::Result<()> {
        self.is_cut.store(false, Relaxed);
        self.settle().await
    }

    /// Replaces the script; it is in force when this returns. An empty one means health.
    ///
    /// # Errors
    /// The script cannot be played, in which case nothing changes; or the port cannot be listened on again.
    pub async fn set_script(&self, rules: impl IntoIterator<Item = Rule>) -> Result<(), SetScriptError> {
        let dice = script_dice(&self.settings());
        let script = Script::new(rules.into_iter().collect(), dice)?;
        *lock(&self.shared.script) = script;
        Ok(self.settle().await?)
    }

    /// The script in force.
    pub fn script(&self) -> Vec<Rule> {
        lock(&self.shared.script).rules()
    }

    /// The settings in force.
    pub fn settings(&self) -> Arc<Settings> {
        self.shared.settings()
    }

    /// Changes settings for requests to come.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = lock(&self.shared.settings);
        change(Arc::make_mut(&mut settings));
    }

    /// Counts so far.
    pub fn counters(&self) -> Counters {
        self.shared.counters()
    }

    /// What the supplier is owed by its own count.
    pub fn meter(&self) -> Meter {
        lock(&self.shared.books).meter.clone()
    }

    /// The last requests, oldest first, those in flight among them.
    pub fn recorded(&self) -> Vec<Recorded> {
        lock(&self.shared.books).recorded()
    }

    /// Counters, meter and records start anew, and the prompt cache is empty.
    pub fn forget(&self) {
        lock(&self.shared.books).forget();
        *lock(&self.shared.cache) = PromptCache::default();
        self.shared.tally.forget();
    }

    /// Waits until no request is being answered.
    pub async fn idle(&self) {
        while lock(&self.shared.books).counters.in_flight > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Opens or shuts the door as `is_cut` and the script say, and waits until it is so.
    async fn settle(&self) -> io::Result<()> {
        let shut = self.is_cut.load(Relaxed) || lock(&self.shared.script).refuses();
        let (done, outcome) = oneshot::channel();
        let gone = |_| io::Error::new(io::ErrorKind::NotConnected, "the supplier's task has ended");
        self.orders.send(Order { shut, done }).await.map_err(|error| gone(error.to_string()))?;
        outcome.await.map_err(|error| gone(error.to_string()))?
    }
}

/// Why a script is not in force.
#[derive(Debug, thiserror::Error)]
pub enum SetScriptError {
    /// It cannot be played.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The port could not be listened on again.
    #[error("cannot listen again: {0}")]
    Listen(#[from] io::Error),
}

/// What all tasks of a supplier share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Mutex<Arc<Settings>>,
    pub(crate) script: Mutex<Script>,
    pub(crate) cache: Mutex<PromptCache>,
    pub(crate) books: Arc<Mutex<Books>>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) bench: bool,
    allowance: Mutex<Allowance>,
    numbers: AtomicU64,
    start: Instant,
    epoch_unix_s: u64,
}

/// What is left of a minute's requests.
#[derive(Clone, Copy, Debug)]
struct Allowance {
    left: f64,
    at: Instant,
}

impl Shared {
    fn new(builder: Builder, script: Script) -> Self {
        let start = Instant::now();
        Self {
            settings: Mutex::new(Arc::new(builder.settings)),
            script: Mutex::new(script),
            cache: Mutex::default(),
            books: Arc::default(),
            tally: Arc::default(),
            bench: builder.bench,
            allowance: Mutex::new(Allowance { left: f64::MAX, at: start }),
            numbers: AtomicU64::new(0),
            start,
            epoch_unix_s: builder.epoch_unix_s.unwrap_or_else(real_unix_s),
        }
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&lock(&self.settings))
    }

    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Relaxed) + 1
    }

    pub(crate) fn age_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn now_unix_s(&self) -> u64 {
        self.epoch_unix_s + self.start.elapsed().as_secs()
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            connections_opened: self.tally.opened.load(Relaxed),
            connections_open: self.tally.open.load(Relaxed),
            received_bytes: self.tally.received_bytes.load(Relaxed),
            sent_bytes: self.tally.sent_bytes.load(Relaxed),
            ..lock(&self.books).counters.clone()
        }
    }

    /// Takes one request from the minute's allowance: what is left, or after how many seconds there is one.
    pub(crate) fn admit(&self, per_minute: Option<u32>) -> Result<u64, u64> {
        let Some(limit) = per_minute.map(f64::from) else { return Ok(9_999) };
        let mut allowance = lock(&self.allowance);
        let now = Instant::now();
        let refilled = (now - allowance.at).as_secs_f64() * limit / 60.0;
        *allowance = Allowance { left: (allowance.left + refilled).min(limit), at: now };
        if allowance.left < 1.0 {
            return Err(whole((1.0 - allowance.left) * 60.0 / limit.max(0.001)).max(1));
        }
        allowance.left -= 1.0;
        Ok(whole(allowance.left.floor()))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small, and not negative")]
fn whole(number: f64) -> u64 {
    number.ceil() as u64
}

fn script_dice(settings: &Settings) -> Dice {
    Digest::new(settings.seed).with(b"script").dice()
}

fn real_unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The value, whatever became of others who held it: each change to it is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
