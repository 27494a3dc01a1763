//! Relève: one address, many suppliers.

mod cli;
mod client;
mod config;
mod demo;
mod log;
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
    let arguments = cli::Arguments::parse();
    cli::run(arguments, &config::environment::Environment::of_process())
}
