//! The gateway as a whole: journal, keys, listeners, threads, reload, and an orderly end.

mod descriptors;
mod fallbacks;
mod ready;
mod reload;
mod threads;

use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use arc_swap::ArcSwap;
use console::{Access, Console};
use gateway::{Clock, Key, KeyRing, MemoryBudget, Metrics, Phase, Shared, Stopper};
use routing::Dice;
use secrecy::{ExposeSecret, SecretString};
use store::{
    KeyWatch, KeysInForce, NoStateKey, PostureWatch, Sqlite, State, StateError, StateKey, StateOptions,
    StoreError,
};
use tokio::time::{sleep, timeout};

use self::fallbacks::{FallbackWatch, Look};
pub(crate) use self::ready::ready;
pub(crate) use self::reload::{FileWatch, Reloaded, Reloader};
use crate::budgets;
use crate::config::Durability;
use crate::config::environment::Environment;
use crate::config::secret::SecretError;
use crate::posture::{Decided, Now, Terms};
use crate::resolve::Resolved;
use crate::settings::Settings;
use crate::tls::{Certificate, TlsError};

/// The memory that all buffers together may take; one large request has its place beside it.
const BUFFER_BYTES: usize = 16 << 20;
/// Who routes to us (Kubernetes, a load balancer) goes on for a moment after the word that we stop: requests are still
/// taken for so long, while `/readyz` says no.
const LEAVING: Duration = Duration::from_secs(1);
/// Answers under way when a drain begins may go on for so long before they are ended.
const LONGEST_DRAIN: Duration = Duration::from_secs(30);
/// After that each has so long to send its last event and settle.
const LONGEST_END: Duration = Duration::from_secs(5);

/// What `serve` is told beside the configuration.
pub(crate) struct Plan {
    pub(crate) listen: SocketAddr,
    pub(crate) admin_listen: SocketAddr,
    pub(crate) tls: Option<Arc<Certificate>>,
    pub(crate) admin_token: Option<SecretString>,
    pub(crate) ledger: store::Options,
    /// Where responses are kept; `None` where no product wants that and none are there.
    pub(crate) state: Option<StateOptions>,
    /// Runtime threads; `None` is one a core.
    pub(crate) threads: Option<NonZero<usize>>,
}

impl Plan {
    /// What the settings say.
    pub(crate) fn of(settings: &Settings, environment: &Environment) -> Result<Self, StartError> {
        let (config, folder) = (&settings.loaded.config, &settings.loaded.folder);
        let files = config.server.tls.as_ref().map(|tls| (folder.join(&tls.cert), folder.join(&tls.key)));
        let admin_token = config.server.admin_token.as_ref().map(|place| place.fetch(environment, folder));
        Ok(Self {
            listen: *config.server.listen,
            admin_listen: *config.server.admin_listen,
            tls: files.map(|(chain, key)| Certificate::read(&chain, &key)).transpose()?.map(Arc::new),
            admin_token: admin_token.transpose()?,
            ledger: ledger_options(settings),
            state: state_options(settings, environment)?,
            threads: None,
        })
    }
}

/// Where the ledger lies and how safely it is kept.
pub(crate) fn ledger_options(settings: &Settings) -> store::Options {
    let ledger = &settings.loaded.config.ledger;
    let durability = match *ledger.durability {
        Durability::CrashSafe => store::Durability::CrashSafe,
        Durability::PowerSafe => store::Durability::PowerSafe,
    };
    store::Options { durability, ..store::Options::new(ledger.url.path(&settings.loaded.folder)) }
}

/// Where responses are kept, if a product wants that, or did: what is there still has to expire.
fn state_options(settings: &Settings, environment: &Environment) -> Result<Option<StateOptions>, StartError> {
    let config = &settings.loaded.config;
    let key = match &config.state.key {
        None => None,
        Some(place) => {
            let key = place.fetch(environment, &settings.loaded.folder).map_err(StartError::StateKey)?;
            Some(key.expose_secret().parse::<StateKey>()?)
        }
    };
    let ledger = ledger_options(settings);
    let options = StateOptions::beside(&ledger.path, key, ledger.durability);
    let is_wanted = config.products.iter().any(|product| product.body.keeps_responses());
    Ok(Some(options).filter(|options| is_wanted || options.path.exists()))
}

/// The mend of [`StartError::OpenToAll`].
pub(crate) const CREATE_A_KEY: &str =
    "create one with `releve keys create --product NAME`, or listen on 127.0.0.1";

/// The mend of [`StartError::State`].
pub(crate) const GIVE_THE_KEY_BACK: &str = "give back the key that they were kept under (state.key, or the file beside them), or move the file away: then \
     what was kept is gone";

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("cannot open the ledger: {0}")]
    Ledger(#[from] StoreError),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error(
        "listen = \"{0}\" can be reached by others and no virtual key exists: anybody could spend your money"
    )]
    OpenToAll(SocketAddr),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the admin token cannot be had: {0}")]
    AdminToken(#[from] SecretError),
    #[error("the key of kept responses cannot be had: {0}")]
    StateKey(#[source] SecretError),
    #[error("state.key: {0}")]
    BadStateKey(#[from] NoStateKey),
    #[error("cannot open the kept responses: {0}")]
    State(#[from] StateError),
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
}

/// A gateway that runs.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) listen: SocketAddr,
    pub(crate) admin_listen: SocketAddr,
    pub(crate) shared: Shared,
    config: Arc<ArcSwap<serde_json::Value>>,
    /// What contracts say by their dates, and what was decided.
    standing: Arc<ArcSwap<Standing>>,
    /// What is in force, for whoever works anything out of it.
    resolved: Arc<ArcSwap<Resolved>>,
    journal: Arc<Sqlite>,
    state: Option<Arc<State>>,
    stopper: Stopper,
    certificate: Option<Arc<Certificate>>,
    threads: Vec<JoinHandle<()>>,
    _keys: KeyWatch,
    _postures: PostureWatch,
    _fallbacks: FallbackWatch,
}

/// What decides postures beside the moment.
#[derive(Debug, Default)]
struct Standing {
    terms: Vec<Terms>,
    decided: Decided,
}

/// Starts everything; when this returns, requests are taken.
pub(crate) fn start(plan: Plan, resolved: &Resolved) -> Result<Running, StartError> {
    let most_connections = descriptors::raise();
    let journal = Arc::new(Sqlite::open(&plan.ledger)?);
    let clock = Clock::system();
    budgets::put_in_force(&resolved.snapshot, &plan.ledger.path, clock, false)?;
    let state = plan.state.as_ref().map(State::open).transpose()?.map(Arc::new);
    let keys = Arc::new(ArcSwap::from_pointee(KeyRing::default()));
    let ring = Arc::clone(&keys);
    let watch = KeyWatch::start(&plan.ledger.path, move |in_force| ring.store(Arc::new(key_ring(in_force))))?;
    if ready::needs_a_key(plan.listen, !keys.load().none_issued()) {
        return Err(StartError::OpenToAll(plan.listen));
    }
    let acceptor = plan.tls.as_ref().map(Certificate::acceptor).transpose()?;
    let (listener, listen) = bind(plan.listen)?;
    let (admin_listener, admin_listen) = bind(plan.admin_listen)?;
    let (stopper, shutdown) = gateway::shutdown();
    let mut dice = Dice::new(entropy());
    let shared = Shared {
        snapshot: Arc::new(ArcSwap::new(Arc::clone(&resolved.snapshot))),
        keys,
        journal: Arc::clone(&journal) as Arc<dyn ledger::Journal>,
        state: state.clone(),
        clock,
        metrics: Arc::new(Metrics::default()),
        troubles: Arc::default(),
        makers: Arc::default(),
        memory: MemoryBudget::new(BUFFER_BYTES),
        shutdown,
        salt: journal.salt(),
    };
    let config = Arc::new(ArcSwap::from_pointee(resolved.shown()));
    let standing = Arc::new(ArcSwap::from_pointee(Standing {
        terms: Terms::of(&resolved.effective),
        decided: Decided::default(),
    }));
    let postures = follow_postures(&plan.ledger.path, &shared, &standing)?;
    let access = Access { token: plan.admin_token };
    let fallbacks = Arc::new(ArcSwap::from_pointee(Vec::new()));
    let resolved = Arc::new(ArcSwap::from_pointee(resolved.clone()));
    let watched = FallbackWatch::start(Look {
        ledger: plan.ledger.path.clone(),
        clock: shared.clock,
        resolved: Arc::clone(&resolved),
        standing: Arc::clone(&standing),
        found: Arc::clone(&fallbacks),
    });
    let watched = watched.map_err(StartError::Thread)?;
    let console = Console { shared: shared.clone(), access, config: Arc::clone(&config), fallbacks };
    let mut running = vec![threads::admin(admin_listener, console).map_err(StartError::Thread)?];
    let count = plan.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get);
    for number in 0..count {
        let (tls, seed) = (acceptor.clone(), dice.next_u64());
        let thread = threads::gateway(number, &listener, tls, shared.clone(), most_connections, seed);
        running.push(thread.map_err(StartError::Thread)?);
    }
    Ok(Running {
        listen,
        admin_listen,
        shared,
        config,
        standing,
        resolved,
        journal,
        state,
        stopper,
        certificate: plan.tls,
        threads: running,
        _keys: watch,
        _postures: postures,
        _fallbacks: watched,
    })
}

/// Puts what is decided in force, and what dates bring, for as long as it is kept.
fn follow_postures(
    ledger: &std::path::Path,
    shared: &Shared,
    standing: &Arc<ArcSwap<Standing>>,
) -> Result<PostureWatch, StoreError> {
    let (snapshot, clock, standing) = (Arc::clone(&shared.snapshot), shared.clock, Arc::clone(standing));
    PostureWatch::start(ledger, move |acts| {
        let decided = Decided::of(acts);
        let terms = standing.load().terms.clone();
        decided.apply(&snapshot.load(), &terms, Now::of(clock));
        standing.store(Arc::new(Standing { terms, decided }));
    })
}

fn bind(address: SocketAddr) -> Result<(std::net::TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = threads::listen(address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn key_ring(in_force: KeysInForce) -> KeyRing {
    let keys = in_force.keys.into_iter().map(|key| Key {
        hash: *key.hash.as_bytes(),
        id: key.id,
        product: key.product,
    });
    KeyRing::new(keys, in_force.any_issued)
}

/// A seed that nobody can guess: request ids follow from it.
fn entropy() -> u64 {
    getrandom::u64().expect("the operating system has randomness")
}

impl Running {
    /// Puts a new configuration in force. Requests under way end with the one that they began with.
    pub(crate) fn apply(&self, resolved: &Resolved) {
        let standing = self.standing.load();
        let standing = Standing { terms: Terms::of(&resolved.effective), decided: standing.decided.clone() };
        standing.decided.apply(&resolved.snapshot, &standing.terms, Now::of(self.shared.clock));
        self.standing.store(Arc::new(standing));
        let (ledger, clock) = (self.journal.path(), self.shared.clock);
        if let Err(error) = budgets::put_in_force(&resolved.snapshot, ledger, clock, true) {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "new budgets begin at nothing: what was spent before cannot be read");
        }
        self.shared.snapshot.store(Arc::clone(&resolved.snapshot));
        self.config.store(Arc::new(resolved.shown()));
        self.resolved.store(Arc::new(resolved.clone()));
    }

    /// Shows the certificate that lies in the files now. Whether it is another one.
    pub(crate) fn renew_certificate(&self) -> Result<bool, TlsError> {
        self.certificate.as_ref().map_or(Ok(false), |certificate| certificate.renew())
    }

    /// The beginning of a stop that others must hear of: not ready for a moment, and still serving.
    pub(crate) async fn leave(&self) {
        self.stopper.enter(Phase::Leaving);
        sleep(LEAVING).await;
    }

    /// Stops: no new connections, open answers to their end, then an end for those that have none.
    pub(crate) async fn stop(self) -> Result<(), store::Unwritten> {
        self.stopper.enter(Phase::Draining);
        if timeout(LONGEST_DRAIN, self.stopper.all_closed()).await.is_err() {
            tracing::warn!(answers = self.stopper.still_open(), "ending the answers that are still open");
            self.stopper.enter(Phase::Ending);
            timeout(LONGEST_END, self.stopper.all_closed()).await.ok();
        }
        self.stopper.enter(Phase::Ended);
        let Self { threads, journal, state, .. } = self;
        // Joining waits for settlements that are still being handed over.
        let joined = tokio::task::spawn_blocking(move || {
            threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count()
        });
        match timeout(LONGEST_END, joined).await {
            Ok(Ok(0)) => {}
            Ok(_) => tracing::error!("a thread panicked"),
            Err(_) => tracing::warn!("some answers had to be dropped"),
        }
        if let Some(state) = state {
            state.close();
        }
        journal.close()
    }
}
