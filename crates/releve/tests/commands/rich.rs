//! A demo's ledger with a configuration that says a little of everything, for tests of how answers look.

use std::fs;

use tempfile::TempDir;

use crate::{recorded, run};

/// What is changed in the demo's configuration: contracts that say much and nothing, targets that are met, missed and not
/// known, limits of all kinds, another currency.
const CHANGES: [(&str, &str); 7] = [
    (
        "must_survive = [\"maker:openai\", \"host:azure\"]",
        "must_survive = [\"maker:openai\", \"host:anthropic\", \"country:US\", \"maker:nobody\"]\n\
         max_share = { maker = 0.3, region = 0.3, of = \"money\", over = \"30d\" }",
    ),
    (
        "contract = { owner = \"OpenAI\", country = \"US\", ends = \"2027-06-30\", notice = \"90d\" }",
        "contract = { owner = \"OpenAI\", country = \"US\", ends = \"2097-06-30\", notice = \"90d\", sla = 0.999, \
         retention = \"30d\", training_use = false, ramp_down_from = \"2097-01-01\", price_until = \"2096-01-01\", \
         commitment = { amount = \"20\", currency = \"EUR\", per = \"day\" } }\n\
         fixed_cost = { amount = \"5\", currency = \"CHF\", per = \"month\" }",
    ),
    (
        "contract = { owner = \"Mistral AI\"",
        "capacity = { tokens_per_minute = 900 }\ncontract = { owner = \"Mistral AI\"",
    ),
    ("[\"anthropic/claude-opus-4-8\"", "[{ use = \"anthropic/claude-opus-4-8\", max_in_flight = 2 }"),
    ("own = { host = \"own\"", "currency = \"EUR\"\nown = { host = \"own\""),
    ("max_outage = \"4h\"\n", "max_outage = \"90m\"\nmax_degradation = 0.01\n"),
    ("[[declared]]\n", "[rates.EUR]\nusd = \"1.08\"\non = 2026-01-01\n\n[[declared]]\n"),
];

/// Them and a posture, in a folder of their own.
pub(crate) fn folder() -> TempDir {
    let folder = recorded::folder();
    let path = folder.path().join("releve-demo.toml");
    let mut text = fs::read_to_string(&path).unwrap();
    for (old, new) in CHANGES {
        assert_eq!(text.matches(old).count(), 1, "{old}: {text}");
        text = text.replace(old, new);
    }
    fs::write(&path, text).unwrap();
    for act in ["provider:mistral=watch", "provider:azure-claude=leave"] {
        let act = ["posture", act, "--reason", "a rehearsal", "--author", "ada", "--json"];
        let ran = run(folder.path(), &[&["--config", "releve-demo.toml"], &act[..]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    folder
}
