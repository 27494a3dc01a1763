//! What people have decided about suppliers is chained, and a pack holds the chain's head.

use std::path::Path;

use serde_json::Value;

use crate::{Ran, recorded, run};

fn releve(folder: &Path, arguments: &[&str]) -> Ran {
    run(folder, &[&["--config", "releve-demo.toml"], arguments].concat())
}

fn manifest(folder: &Path, pack: &str) -> Value {
    releve(folder, &["verify", pack, "--json"]).json()["manifest"].clone()
}

/// Alters the record behind the back of the program, as whoever can write the file may.
fn alter(folder: &Path, sql: &str) {
    let database = rusqlite::Connection::open(folder.join("releve-demo.db")).unwrap();
    let guards =
        "DROP TRIGGER IF EXISTS posture_never_changes; DROP TRIGGER IF EXISTS posture_never_shrinks;";
    database.execute_batch(&format!("{guards} {sql}")).unwrap();
}

#[test]
fn an_altered_decision_is_told_by_the_ledger_and_a_new_chain_by_a_pack() {
    let folder = recorded::folder();
    let folder = folder.path();
    assert_eq!(releve(folder, &["report", "--pack", "before.zip"]).code.map(|code| code < 2), Some(true));
    assert_eq!(manifest(folder, "before.zip")["ledger"]["decisions"], Value::Null, "nothing was decided");
    for (act, reason) in [("maker:mistral=watch", "a rumour"), ("maker:mistral=normal", "it was one")] {
        assert_eq!(
            releve(folder, &["posture", act, "--reason", reason, "--author", "ada", "--json"]).code,
            Some(0)
        );
    }
    assert_eq!(releve(folder, &["report", "--pack", "after.zip"]).code.map(|code| code < 2), Some(true));
    let ledger = || releve(folder, &["ledger", "verify", "--json"]);
    let whole = ledger().json();
    let decisions = manifest(folder, "after.zip")["ledger"]["decisions"].clone();
    assert_eq!((&decisions["last"], &whole["decisions"]), (&2.into(), &2.into()));
    assert_eq!(decisions["chain"], whole["decisions_chain"], "the head that the ledger shows");
    let held = |pack: &str| releve(folder, &["verify", pack, "--ledger", "releve-demo.db", "--json"]);
    assert_eq!((held("after.zip").code, held("before.zip").code), (Some(0), Some(0)));

    alter(folder, "UPDATE posture SET reason = 'nothing' WHERE id = 1;");
    let told = ledger();
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.out.contains("decision 1 does not fit the chain"), "{told:?}");

    // Who makes a new chain is found out by the head that was noted elsewhere.
    alter(folder, "DROP TABLE posture_chain;");
    assert_eq!(
        releve(folder, &["posture", "maker:mistral=watch", "--reason", "x", "--author", "ada", "--json"])
            .code,
        Some(0)
    );
    assert_eq!(ledger().code, Some(0), "the chain is whole, and another");
    let other = held("after.zip");
    assert_eq!(other.code, Some(1), "{other:?}");
    assert!(other.out.contains("other_decisions"), "{other:?}");
    assert_eq!(held("before.zip").code, Some(0), "it rests on none of them");
}
