use proptest::prelude::*;

use super::{Capabilities, Needs};

proptest! {
    #[test]
    fn names_and_bits_read_back(bits: u32) {
        let needs = Needs::from_bits(bits);
        let names: Vec<String> = needs.names().map(str::to_owned).collect();
        prop_assert_eq!(Needs::try_from(names), Ok(needs));
        prop_assert_eq!(Needs::from_bits(needs.bits()), needs);
    }

    #[test]
    fn every_need_is_met_missing_or_unknown(yes: u32, no: u32, asked: u32) {
        let (yes, asked) = (Needs::from_bits(yes), Needs::from_bits(asked));
        let known = Capabilities { yes, no: Needs::from_bits(no).difference(yes) };
        let (missing, unknown) = (known.missing(asked), known.unknown(asked));
        prop_assert!(missing.intersection(unknown).is_empty());
        prop_assert_eq!(asked.difference(missing).difference(unknown), asked.intersection(yes));
    }
}

#[test]
fn bits_keep_their_places() {
    // The ledger stores them: a change here makes old entries lie.
    let bits: Vec<u32> =
        Needs::ALL.names().map(|name| name.parse::<Needs>().unwrap().bits().trailing_zeros()).collect();
    assert_eq!(bits, (0..14).collect::<Vec<_>>());
    assert_eq!(Needs::TOOLS.bits(), 1);
    assert_eq!(Needs::CACHE_MARKS.bits(), 1 << 13);
}

#[test]
fn a_set_is_written_in_words() {
    assert_eq!((Needs::IMAGES | Needs::TOOLS).to_string(), "tools, images");
    assert_eq!(format!("{:?}", Needs::NONE), "Needs()");
    assert_eq!(
        "telepathy".parse::<Needs>().unwrap_err().to_string().split(';').next(),
        Some("unknown need or capability \"telepathy\"")
    );
}
