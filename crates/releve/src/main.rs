//! Relève: one address, many suppliers.

mod budgets;
mod cli;
mod client;
mod columns;
mod config;
mod demo;
mod engine;
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
    let environment = config::environment::Environment::of_process();
    match cli::Arguments::try_parse() {
        Ok(arguments) => cli::run(arguments, &environment),
        Err(error) => cli::refuse(&error, std::env::args_os().skip(1), &environment),
    }
}
