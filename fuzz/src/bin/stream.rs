//! A supplier's stream: watched, read in neutral terms, and put to a client of each protocol.
#![cfg_attr(fuzzing, no_main)]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let protocol = fuzz::protocol();
    let stream = fuzz::framed(protocol, input);
    fuzz::watch(protocol, &stream);
    fuzz::decode(protocol, &stream);
    fuzz::translate_stream(protocol, &stream);
    fuzz::encode_stream(protocol, &stream);
});

#[cfg(not(fuzzing))]
fn main() {}
