//! A supplier's whole answer, read, and put to a client of each protocol.
#![cfg_attr(fuzzing, no_main)]

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    fuzz::answer(fuzz::protocol(), body);
});

#[cfg(not(fuzzing))]
fn main() {}
