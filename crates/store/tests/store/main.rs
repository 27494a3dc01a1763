//! What the store promises, on real files: one module per behaviour.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on should stop"
)]

mod golden;
mod p5_kill_9;
mod p5_power_loss;
mod p6_money;
mod reading;
mod scan;
mod support;
mod trouble;
