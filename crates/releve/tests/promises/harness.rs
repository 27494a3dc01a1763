//! A gateway process to be tested: started, steered, asked for its books, ended.

use std::fmt::Write as _;
use std::future::Future;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ledger::{Booked, Chain, Entry, Record};
use simulator::Handle;
use tempfile::TempDir;

use crate::client::Dialect;

/// The longest that anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it did not happen in time")
}

/// Waits until `look` finds what it looks for.
pub(crate) async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what} did not happen in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The binary, without anything of the environment that could steer it.
pub(crate) fn releve() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_releve"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// A configuration in the making.
#[derive(Debug, Default, Clone)]
pub(crate) struct Config(String);

impl Config {
    pub(crate) fn new() -> Self {
        Self("[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n".to_owned())
    }

    /// A configuration whose first section is written by hand.
    pub(crate) fn raw(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn and(mut self, text: &str) -> Self {
        self.0.push_str(text);
        self.0.push('\n');
        self
    }

    pub(crate) fn provider(self, name: &str, dialect: Dialect, supplier: &Handle) -> Self {
        self.provider_with(name, dialect, supplier, "")
    }

    /// `more`: further lines of its section.
    pub(crate) fn provider_with(
        mut self,
        name: &str,
        dialect: Dialect,
        supplier: &Handle,
        more: &str,
    ) -> Self {
        let url = match dialect {
            Dialect::OpenAi => supplier.openai_base_url(),
            Dialect::Anthropic => supplier.anthropic_base_url(),
        };
        let protocol = dialect.protocol();
        writeln!(self.0, "[providers.{name}]\nprotocol = \"{protocol}\"\nbase_url = \"{url}\"\n{more}")
            .unwrap();
        self
    }

    /// A route over the model `m` of these providers; `policy`: lines of its policy.
    pub(crate) fn route(mut self, name: &str, providers: &[&str], policy: &str) -> Self {
        let deployments: Vec<String> = providers
            .iter()
            .map(|provider| {
                format!("{{ use = \"{provider}/m\", price = {{ input = \"2.50\", output = \"10\" }} }}")
            })
            .collect();
        writeln!(
            self.0,
            "[routes.{name}]\ndeployments = [{}]\n[routes.{name}.policy]\n{policy}",
            deployments.join(", ")
        )
        .unwrap();
        self
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// A folder with a configuration and what a gateway leaves beside it.
#[derive(Debug)]
pub(crate) struct House(TempDir);

impl House {
    pub(crate) fn new(config: &Config) -> Self {
        let house = Self(tempfile::tempdir().unwrap());
        house.write(config);
        house
    }

    /// Puts another configuration in the file's place, at once.
    pub(crate) fn write(&self, config: &Config) {
        let next = self.path().join("next");
        std::fs::write(&next, config.text()).unwrap();
        std::fs::rename(next, self.config()).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path().join("releve.toml")
    }

    /// Runs a command of the binary here.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        let output = releve().arg("--config").arg(self.config()).args(arguments).output();
        output.unwrap()
    }

    /// A new key of a product.
    pub(crate) fn key(&self, product: &str) -> String {
        let created = self.command(&["keys", "create", "--product", product]);
        assert!(created.status.success(), "{created:?}");
        String::from_utf8(created.stdout).unwrap().trim().to_owned()
    }

    /// All settled entries, in the order in which they were booked.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.records()
            .into_iter()
            .filter_map(|record| match record {
                Record::Settlement(entry) => Some(*entry),
                Record::Intent(_) | Record::Correction(_) => None,
            })
            .collect()
    }

    /// All records, as the binary exports them.
    pub(crate) fn records(&self) -> Vec<Record> {
        let exported = self.command(&["ledger", "export", "--format", "jsonl"]);
        assert!(exported.status.success(), "{exported:?}");
        String::from_utf8(exported.stdout).unwrap().lines().map(record).collect()
    }

    /// All settled entries, once there are so many.
    pub(crate) async fn all_entries(&self, count: usize) -> Vec<Entry> {
        eventually("as many entries", || Some(self.entries()).filter(|entries| entries.len() >= count)).await
    }

    /// The settled entry of a request, once it is there.
    pub(crate) async fn entry(&self, id: &str) -> Entry {
        eventually("the entry", || self.entries().into_iter().find(|entry| entry.id.to_string() == id)).await
    }

    /// Says that the ledger is whole, by the binary's own word.
    pub(crate) fn verify(&self) {
        let verified = self.command(&["ledger", "verify"]);
        assert!(verified.status.success(), "{verified:?}");
    }
}

/// One exported line: a record's document with its place and time in front.
fn record(line: &str) -> Record {
    let mut parts = line.splitn(3, ',');
    let mut number = || parts.next().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    let (seq, at_us) = (number(), number());
    let document = format!("{{{}", parts.next().unwrap());
    Booked { seq, at_us, document, chain: Chain::START }.record().unwrap()
}

/// A gateway that runs. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) listen: SocketAddr,
    pub(crate) admin: SocketAddr,
    child: Child,
    /// All that it has said, on both ways out.
    said: Arc<Mutex<String>>,
}

impl Gateway {
    pub(crate) fn start(house: &House) -> Self {
        Self::start_as(house, releve())
    }

    /// `command`: the binary, perhaps with limits or an environment.
    pub(crate) fn start_as(house: &House, mut command: Command) -> Self {
        command.arg("--config").arg(house.config()).args(["serve", "--json", "--threads", "2"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::<Mutex<String>>::default();
        collect(child.stderr.take().unwrap(), Arc::clone(&said));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        while !greeting.ends_with("}\n") {
            if stdout.read_line(&mut greeting).unwrap() == 0 {
                let status = child.wait().unwrap();
                panic!("it did not start: {status}, {greeting}, {}", said.lock().unwrap());
            }
        }
        let greeting: serde_json::Value = serde_json::from_str(&greeting).unwrap();
        collect(stdout, Arc::clone(&said));
        let address = |key: &str| greeting[key].as_str().unwrap().split("://").nth(1).unwrap().parse();
        Self { listen: address("listen").unwrap(), admin: address("admin").unwrap(), child, said }
    }

    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it has said `words` more than `times` times.
    pub(crate) async fn says(&self, words: &str, times: usize) {
        let start = Instant::now();
        while self.said().matches(words).count() <= times {
            assert!(start.elapsed() < PATIENCE, "it does not say {words:?} but:\n{}", self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(name).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        eventually("its end", || child.try_wait().unwrap()).await
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it holds of the machine's memory (`VmRSS`), or held at most (`VmHWM`), in KiB.
    pub(crate) fn memory_kib(&self, which: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(which)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Fails where it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn collect(mut from: impl Read + Send + 'static, into: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            into.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    });
}
