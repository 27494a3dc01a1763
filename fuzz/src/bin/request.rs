//! A client's request, read, and put to a supplier of each protocol.
#![cfg_attr(fuzzing, no_main)]

libfuzzer_sys::fuzz_target!(init: fuzz::protocol_with_clients(), |body: &[u8]| {
    fuzz::request(fuzz::protocol(), body);
});

#[cfg(not(fuzzing))]
fn main() {}
