//! Relève: one address, many suppliers.

mod cli;
mod client;
mod config;
mod demo;
mod pack;
mod posture;
mod report;
mod resolve;
mod serve;
mod settings;
mod tls;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // They would make 2 MiB of each few bytes that a thread touches: 24 MiB at rest instead of 12.
    #[cfg(target_os = "linux")]
    rustix::thread::disable_transparent_huge_pages(true).ok();
    let arguments = cli::Arguments::parse();
    cli::run(arguments, &config::environment::Environment::of_process())
}
