//! What the store promises, on real files: one module per behaviour.

mod p5_kill_9;
mod p5_power_loss;
mod p6_money;
mod reading;
mod support;
mod trouble;
