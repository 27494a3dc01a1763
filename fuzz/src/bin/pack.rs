//! Evidence packs that anybody may have made: as an archive, and as a manifest that is rightly signed.
#![cfg_attr(fuzzing, no_main)]

use evidence::{Entries, MANIFEST, SIGNATURE, SigningKey, open, read_archive, write_archive};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(files) = read_archive(bytes) {
        assert_eq!(write_archive(&files).expect("it was read"), bytes, "one set of files has one archive");
    }
    assert!(open(bytes).is_err(), "nobody guesses a signature");
    // The same bytes as a manifest: what is in it was signed, and is still no pack unless it lists a key that is there.
    let signature = SigningKey::from_seed(&[1; 32]).sign(bytes);
    let files = Entries::from([(MANIFEST, bytes), (SIGNATURE, &signature[..])]);
    assert!(open(&write_archive(&files).expect("two short files")).is_err(), "its key is missing");
});

#[cfg(not(fuzzing))]
fn main() {}
