//! A server of a ledger in a process of its own, to be killed: the test binary, started once more.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ledger::{Journal, Kept};
use store::{Durability, Options, Sqlite};

use super::entries::Traffic;

const LEDGER: &str = "RELEVE_TEST_LEDGER";
const DURABILITY: &str = "RELEVE_TEST_DURABILITY";
const FIRST: &str = "RELEVE_TEST_FIRST";
const COUNT: &str = "RELEVE_TEST_COUNT";

/// How many requests are in flight at a time.
const TASKS: u64 = 12;
/// Each request of this many is never settled.
pub(crate) const ABANDONED: u64 = 17;

/// A child that serves.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) lines: BufReader<ChildStdout>,
}

/// Starts a server for the requests from number `first` on.
pub(crate) fn start(
    ledger: &Path,
    durability: Durability,
    first: u64,
    count: u64,
    env: &[(&str, &Path)],
) -> Server {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "support::child::serve", "--ignored", "--nocapture", "--test-threads", "1"]);
    command.env(LEDGER, ledger).env(DURABILITY, durability.as_str());
    command.env(FIRST, first.to_string()).env(COUNT, count.to_string()).envs(env.iter().copied());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    Server { child, lines }
}

impl Server {
    /// Kills it when it has acknowledged so many requests; gives those that it has.
    pub(crate) fn kill_after(mut self, count: usize) -> Vec<u64> {
        let said = |line: Result<String, _>| parse(&line.unwrap()).filter(|(word, _)| word == "kept");
        let mut kept: Vec<_> = self.lines.by_ref().lines().filter_map(said).take(count).collect();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        kept.extend(self.said().into_iter().filter(|(word, _)| word == "kept"));
        kept.into_iter().map(|(_, number)| number).collect()
    }

    /// Everything that it said after it was ended, as `word number`.
    pub(crate) fn said(self) -> Vec<(String, u64)> {
        self.lines.lines().map_while(Result::ok).filter_map(|line| parse(&line)).collect()
    }
}

/// `word number`, where it is that.
pub(crate) fn parse(line: &str) -> Option<(String, u64)> {
    let (word, number) = line.split_once(' ')?;
    matches!(word, "open" | "kept" | "buffered" | "done").then_some(())?;
    Some((word.to_owned(), number.parse().ok()?))
}

#[test]
#[ignore = "the child's part of other tests"]
fn serve() {
    if let Some(path) = std::env::var_os(LEDGER) {
        serve_at(path.into());
    }
}

/// The child's part. Says `open N` when the ledger is open (N were recovered), `kept N` when request N is acknowledged,
/// `done 0` at a graceful end.
fn serve_at(path: PathBuf) {
    let number = |name: &str| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let durability: Durability = std::env::var(DURABILITY).unwrap().parse().unwrap();
    let options = Options { durability, checkpoint_bytes: 96 << 10, ..Options::new(path) };
    let ledger = Arc::new(Sqlite::open(&options).unwrap());
    // The test harness has begun a line.
    println!();
    say("open", ledger.recovered() as u64);
    let (first, count) = (number(FIRST), number(COUNT));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| tokio::spawn(requests(Arc::clone(&ledger), first + task, first + count)))
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    ledger.close().unwrap();
    say("done", 0);
}

async fn requests(ledger: Arc<Sqlite>, first: u64, end: u64) {
    let traffic = Traffic::new();
    for number in (first..end).step_by(usize::try_from(TASKS).unwrap()) {
        let intent = traffic.intent(number, arrived_us(number));
        ledger.intent(intent.clone());
        if number % 5 == 0 {
            // Long enough for the intent to be written.
            tokio::time::sleep(Duration::from_millis(11)).await;
        }
        if number % ABANDONED == 0 {
            continue;
        }
        match ledger.settle(traffic.settlement(&intent, number)).await {
            Kept::Committed => say("kept", number),
            Kept::Buffered => say("buffered", number),
        }
    }
}

/// When request `number` arrives: given, so that its id can be known from outside.
pub(crate) fn arrived_us(number: u64) -> i64 {
    1_763_800_000_000_000 + i64::try_from(number).unwrap() * 100
}

fn say(word: &str, number: u64) {
    // One write, so that a kill leaves no half of it.
    std::io::stdout().write_all(format!("{word} {number}\n").as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}
