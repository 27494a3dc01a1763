//! How fast the ledger's writer is, and what it costs.
//!
//! `cargo run --release -p store --example writer_speed [FOLDER [IN_FLIGHT]]`. Prints, for the writer alone (settlements handed over
//! without waiting) and for 1 to 256 requests in flight on one thread that each wait for their commit: rows a second
//! and CPU time per row, on the producing thread and on the ledger's own threads.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on should stop"
)]
#![expect(clippy::print_stdout, reason = "its output is for people")]

#[path = "../tests/store/support/entries.rs"]
mod entries;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::{Entry, Health, Intent, Journal};
use store::{Durability, Options, Sqlite};

use entries::Traffic;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let file = folder.join(format!("writer_speed_{}.db", std::process::id()));
    let sample = ledger::document::write(&ledger::Record::Settlement(Traffic::new().entry(1, 1)));
    println!("a settlement's document: {} bytes", sample.len());
    if let Some(in_flight) = std::env::args().nth(2) {
        let in_flight = in_flight.parse()?;
        return waiting(&file, Durability::CrashSafe, in_flight, 400_000 / in_flight);
    }
    alone(&file, 400_000)?;
    for durability in [Durability::CrashSafe, Durability::PowerSafe] {
        for in_flight in [1, 2, 4, 8, 32, 256] {
            let count = if durability == Durability::CrashSafe { 160_000 } else { 4_000 };
            waiting(&file, durability, in_flight, count / in_flight)?;
        }
    }
    Ok(())
}

/// Settlements handed over as fast as they can be, until the last one is committed.
fn alone(file: &Path, count: u64) -> Result<()> {
    let ledger = open(file, Durability::CrashSafe)?;
    let entries: Vec<_> = requests(count).into_iter().map(|(_, entry)| entry).collect();
    let before = Cpu::now()?;
    let start = Instant::now();
    for entry in entries {
        while ledger.health() == Health::Full {
            std::thread::sleep(Duration::from_micros(200));
        }
        drop(ledger.settle(entry));
    }
    while ledger.health() != Health::Good || ledger.waiting() > 0 {
        std::thread::sleep(Duration::from_micros(200));
    }
    let wall = start.elapsed();
    let spent = Cpu::now()?.since(&before);
    ledger.close()?;
    let bytes = std::fs::metadata(file)?.len();
    report("alone", count, wall, &spent);
    println!("{:28} {} bytes in the file per row", "", bytes / count);
    remove(file)
}

/// Requests on one thread, so many at a time, each an intent and a settlement whose commit is awaited.
fn waiting(file: &Path, durability: Durability, in_flight: u64, each: u64) -> Result<()> {
    let ledger: Arc<Sqlite> = Arc::new(open(file, durability)?);
    let count = in_flight * each;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut all = requests(count).into_iter();
    let shares: Vec<Vec<_>> =
        (0..in_flight).map(|_| all.by_ref().take(usize::try_from(each).unwrap_or(0)).collect()).collect();
    let before = Cpu::now()?;
    let start = Instant::now();
    runtime.block_on(async {
        let tasks: Vec<_> =
            shares.into_iter().map(|share| tokio::spawn(serve(Arc::clone(&ledger), share))).collect();
        for task in tasks {
            task.await?;
        }
        Result::Ok(())
    })?;
    let wall = start.elapsed();
    while ledger.waiting() > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let spent = Cpu::now()?.since(&before);
    ledger.close()?;
    report(&format!("{durability}, {in_flight} in flight"), count, wall, &spent);
    remove(file)
}

async fn serve(ledger: Arc<Sqlite>, requests: Vec<(Intent, Box<Entry>)>) {
    for (intent, entry) in requests {
        ledger.intent(intent);
        ledger.settle(entry).await;
    }
}

fn requests(count: u64) -> Vec<(Intent, Box<Entry>)> {
    let traffic = Traffic::new();
    let intents =
        (0..count).map(|number| traffic.intent(number, 1_763_800_000_000_000 + number.cast_signed()));
    intents
        .enumerate()
        .map(|(number, intent)| {
            let entry = traffic.settlement(&intent, number as u64);
            (intent, entry)
        })
        .collect()
}

fn open(file: &Path, durability: Durability) -> Result<Sqlite> {
    Ok(Sqlite::open(&Options { durability, ..Options::new(file) })?)
}

fn remove(file: &Path) -> Result<()> {
    std::fs::remove_file(file)?;
    for extension in ["db.lock", "db.day1", "db.day2"] {
        std::fs::remove_file(file.with_extension(extension))?;
    }
    Ok(())
}

fn report(what: &str, count: u64, wall: Duration, spent: &Cpu) {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let per_row = |nanos: u64| nanos as f64 / 1000.0 / count as f64;
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let rate = count as f64 / wall.as_secs_f64();
    println!(
        "{what:28} {rate:>9.0} rows/s; CPU per row: {:.2} us producer, {:.2} us writer, {:.2} us posting",
        per_row(spent.producer),
        per_row(spent.writer),
        per_row(spent.posting)
    );
}

/// CPU time by thread, in nanoseconds, from the kernel's scheduler.
struct Cpu {
    producer: u64,
    writer: u64,
    posting: u64,
}

impl Cpu {
    fn now() -> Result<Self> {
        let mut cpu = Self { producer: 0, writer: 0, posting: 0 };
        for thread in std::fs::read_dir("/proc/self/task")? {
            let path = thread?.path();
            // A thread may end while we look.
            let Ok(name) = std::fs::read_to_string(path.join("comm")) else { continue };
            let stat = std::fs::read_to_string(path.join("schedstat"))?;
            let nanos = stat.split(' ').next().unwrap_or_default().parse::<u64>()?;
            match name.trim() {
                "ledger" => cpu.writer += nanos,
                "posting" => cpu.posting += nanos,
                _ => cpu.producer += nanos,
            }
        }
        Ok(cpu)
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            producer: self.producer - before.producer,
            writer: self.writer.saturating_sub(before.writer),
            posting: self.posting.saturating_sub(before.posting),
        }
    }
}
