//! Prediction against reality: what `releve whatif` says of a scenario, and what then happens to the real binary in front
//! of simulated suppliers under that very scenario.
//!
//! Each scenario is played in two halves. In the first nothing happens, and the ledger learns how suppliers are. Of the
//! second only the arrivals and the token counts are given to the prediction; then it is compared with the ledger.
//!
//! `cargo test -p releve --test prediction what_was -- --ignored` plays all of them, in about eight minutes. Arrivals and
//! lengths are drawn, with the shape of a public trace, or are that trace's where `RELEVE_TRACE` names it (see [`trace`]).
//! With `RELEVE_WRITE_DOCS=1` the table goes into `docs/independence.md`. Another, in [`history`], compares with suppliers'
//! incidents of years.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop with where it was")]
#![allow(
    dead_code,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::unused_self,
    reason = "a test; the harness is shared"
)]

#[path = "../promises/client.rs"]
mod client;
#[path = "../promises/harness.rs"]
mod harness;
mod history;
mod stage;
mod table;
mod trace;

use std::path::Path;

use stage::{Compared, Deed, Scene};

const OPENAI: usize = 0;
const CLOUD: usize = 1;
const OTHER: usize = 2;

/// Ten scenarios: as files say them, and as they are done to the suppliers. Times are in seconds of the second half.
fn scenes() -> Vec<Scene> {
    let outage = |on: &str, from: u64, until: Option<u64>, kind: &str| {
        let until = until.map_or_else(String::new, |until| format!("until = \"{until}s\"\n"));
        format!("[[event]]\nwhat = \"outage\"\nkind = \"{kind}\"\non = [{on}]\nfrom = \"{from}s\"\n{until}")
    };
    let first = "\"provider:openai\"";
    let scene = |name, events: String, deeds: Vec<(u64, Deed)>| Scene { name, events, deeds };
    vec![
        scene("calm", String::new(), vec![]),
        scene("the first supplier is gone", outage(first, 5, None, "refused"), vec![(5, Deed::Cut(OPENAI))]),
        scene(
            "gone and back",
            outage(first, 4, Some(12), "refused"),
            vec![(4, Deed::Cut(OPENAI)), (12, Deed::Heal(OPENAI))],
        ),
        scene(
            "the first supplier and its cloud are gone",
            outage("\"provider:openai\", \"provider:cloud\"", 5, None, "refused"),
            vec![(5, Deed::Cut(OPENAI)), (5, Deed::Cut(CLOUD))],
        ),
        scene(
            "everybody that one product has is gone for eight seconds",
            outage("\"provider:openai\", \"provider:cloud\"", 6, Some(14), "errors"),
            vec![
                (6, Deed::Errors(OPENAI, 1.0)),
                (6, Deed::Errors(CLOUD, 1.0)),
                (14, Deed::Well(OPENAI)),
                (14, Deed::Well(CLOUD)),
            ],
        ),
        scene(
            "a brownout: three times slower, every third fails",
            format!(
                "[[event]]\nwhat = \"brownout\"\non = [{first}]\nfrom = \"4s\"\nslower = 3\nerrors = 0.33\n"
            ),
            vec![(4, Deed::Errors(OPENAI, 0.33)), (4, Deed::Slow(OPENAI, 3.0))],
        ),
        scene(
            "only slower, four times",
            format!("[[event]]\nwhat = \"brownout\"\non = [{first}]\nfrom = \"4s\"\nslower = 4\n"),
            vec![(4, Deed::Slow(OPENAI, 4.0))],
        ),
        scene("the account is out of money", outage(first, 5, None, "quota"), vec![(5, Deed::Quota(OPENAI))]),
        scene(
            "people leave it",
            format!("[[event]]\nwhat = \"posture\"\nposture = \"leave\"\non = [{first}]\nfrom = \"5s\"\n"),
            vec![(5, Deed::Posture("provider:openai=leave", 0.0))],
        ),
        scene(
            "people drain it within ten seconds",
            format!("[[event]]\nwhat = \"ramp-down\"\non = [{first}]\nfrom = \"5s\"\nuntil = \"15s\"\n"),
            vec![(5, Deed::Posture("provider:openai=drain", 360.0))],
        ),
        scene(
            "the other maker fails every fifth request",
            "[[event]]\nwhat = \"brownout\"\non = [\"provider:other\"]\nfrom = \"3s\"\nerrors = 0.2\n"
                .to_owned(),
            vec![(3, Deed::Errors(OTHER, 0.2))],
        ),
    ]
}

fn document() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/independence.md")
}

#[tokio::test]
#[ignore = "takes eight minutes"]
async fn what_was_predicted_comes() {
    let mut compared: Vec<Compared> = Vec::new();
    for (number, scene) in scenes().into_iter().enumerate() {
        let played = stage::play(&scene, number as u64, 20.0, 25.0).await;
        eprintln!("{played}");
        compared.push(played);
    }
    if std::env::var_os("RELEVE_WRITE_DOCS").is_some() {
        table::write(&document(), &compared);
    }
    let wrong = compared.iter().flat_map(Compared::right).filter(|right| !right).count();
    // The intervals are of 95 %: among so many figures one or two may lie outside.
    assert!(
        wrong * 10 <= compared.len() * 4,
        "{}",
        compared.iter().map(|one| format!("{one}\n")).collect::<String>()
    );
}

#[tokio::test]
async fn what_is_to_be_predicted_can_be_read() {
    stage::read_all(&scenes()).await;
}

/// The same with less of everything, so that it runs with the others: a loss, and what must at least be right of it.
#[tokio::test]
async fn a_loss_is_predicted() {
    let scene = scenes().remove(1);
    let compared = stage::play(&scene, 1, 8.0, 20.0).await;
    let (predicted, came) = compared.served;
    assert!((predicted.value - came).abs() < 0.02, "{compared}");
    let (predicted, _) = compared.cost_usd;
    let [_, is_cost_right, ..] = compared.right();
    assert!(
        is_cost_right && predicted.high < 2.0 * predicted.low,
        "an interval that says nothing is no prediction: {compared}"
    );
}
