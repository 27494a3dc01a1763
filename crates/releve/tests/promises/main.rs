//! What Relève promises, tried from outside: the real binary, real sockets, simulated suppliers, plain HTTP clients.
//!
//! One module a promise; the numbers are those of the design's list.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop with where it was")]
#![allow(
    clippy::cast_precision_loss,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::unused_self,
    reason = "tests say what happens in the order in which it happens"
)]

mod amendments;
mod b12_formats;
mod betas;
mod budgets;
mod client;
mod counting;
mod descriptors;
mod details;
mod doors;
mod f20_gemini_lists;
mod g13;
mod g15_unsayable;
mod g22;
mod g24_canary;
mod g25_media;
mod g27_full_disk;
mod harness;
mod http_page;
mod load;
mod p1;
mod p10;
mod p11;
mod p2;
mod p2_unended;
mod p3;
mod p4;
mod p5;
mod p6;
mod p7;
mod p8;
mod p9;
mod p9_leaving;
mod p9_sizes;
mod postures;
mod signing;
