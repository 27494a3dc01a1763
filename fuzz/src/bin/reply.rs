//! Whole replies and errors, of any status and with any headers. The first bytes of the input choose them.
#![cfg_attr(fuzzing, no_main)]

use catalogue::Protocol;
use wire::Failure;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some(([high, low, header_length], input)) = input.split_first_chunk::<3>() else { return };
    let status = u16::from_be_bytes([*high, *low]);
    let (header, body) = input.split_at(usize::from(*header_length).min(input.len()));
    let header = std::str::from_utf8(header).ok();
    for codec in Protocol::ALL.into_iter().filter_map(wire::codec) {
        let failure = codec.classify(status, &|_| header, body, 1_795_305_600);
        assert!(!failure.as_str().is_empty() && !failure.to_string().is_empty());
        match codec.reply(body) {
            Ok(reply) => {
                let sound = serde_json::from_slice::<serde_json::Value>(body).is_ok();
                assert!(sound || body.windows(11).any(|name| name == b"$serde_json"));
                assert!(reply.has_content || reply.finish.is_some());
                assert!(reply.output_bytes <= body.len() as u64);
            }
            Err(failure) => assert!(!matches!(failure, Failure::Unreachable)),
        }
    }
});

#[cfg(not(fuzzing))]
fn main() {}
