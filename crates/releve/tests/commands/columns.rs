//! Answers keep to the terminal's width, and lose nothing by it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::{ran, releve, rich};

const ASKED: [&[&str]; 9] = [
    &["report"],
    &["report", "--lang", "fr"],
    &["exit-plan", "anthropic"],
    &["exit-plan", "openai", "--lang", "fr"],
    &["whatif", "--lose", "host:anthropic", "--for", "1d", "--most", "500"],
    &["routes"],
    &["explain"],
    &["ledger", "summary", "--by", "deployment"],
    &["posture"],
];

/// The answer in so many columns; `None` where nobody says how many.
fn answer(folder: &Path, asked: &[&str], columns: Option<usize>) -> String {
    let mut command = releve(folder, &[&["--config", "releve-demo.toml"], asked].concat());
    command.envs(columns.map(|columns| ("COLUMNS", columns.to_string())));
    let ran = ran(&command.output().unwrap());
    assert!(matches!(ran.code, Some(0 | 1)) && !ran.out.is_empty(), "{asked:?}: {ran:?}");
    ran.out
}

/// The lines that stand out, but for an id alone on its line and for the lines of a change that is to be made.
fn too_wide<'t>(text: &'t str, columns: usize, changes: &[String]) -> Vec<&'t str> {
    let stands_out = |line: &&str| {
        line.chars().count() > columns
            && line.split_whitespace().count() > 1
            && !changes.iter().any(|change| line.trim() == change.trim())
    };
    text.lines().filter(stands_out).collect()
}

fn changes(folder: &Path, asked: &[&str]) -> Vec<String> {
    if asked[0] != "exit-plan" {
        return Vec::new();
    }
    let plan: Value = serde_json::from_str(&answer(folder, &[asked, &["--json"]].concat(), None)).unwrap();
    let diffs = ["behind", "without"]
        .map(|step| plan["changes"][step]["diff"].as_str().unwrap_or_default().to_owned());
    diffs.iter().flat_map(|diff| diff.lines()).map(str::to_owned).collect()
}

#[test]
fn nothing_stands_out_of_a_terminal_of_80_or_120_columns() {
    let folder = rich::folder();
    for asked in ASKED {
        let changes = changes(folder.path(), asked);
        let all = answer(folder.path(), asked, Some(400));
        // Bars are as long as there is room for them.
        let words: BTreeSet<&str> =
            all.split_whitespace().filter(|word| !word.contains(['█', '·'])).collect();
        for columns in [80, 120] {
            let text = answer(folder.path(), asked, Some(columns));
            assert_eq!(too_wide(&text, columns, &changes), [""; 0], "{asked:?} in {columns}: {text}");
            let shown: BTreeSet<&str> = text.split_whitespace().collect();
            let lost: Vec<&&str> = words.difference(&shown).collect();
            assert!(lost.is_empty(), "{asked:?} in {columns} loses {lost:?}: {text}");
        }
    }
    let text = answer(folder.path(), &["report"], None);
    assert_eq!(too_wide(&text, 100, &[]), [""; 0], "without a terminal: {text}");
    assert!(text.lines().any(|line| line.chars().count() > 90), "{text}");
}

#[test]
fn the_table_of_losses_stays_a_table() {
    let folder = rich::folder();
    for columns in [80, 120] {
        let text = answer(folder.path(), &["report"], Some(columns));
        let head =
            text.lines().find(|line| line.starts_with("  loss of")).unwrap_or_else(|| panic!("{text}"));
        let products = ["office-", "code-", "search", "support-", "developer-"];
        assert!(products.iter().all(|product| head.contains(product)), "in {columns}: {head}");
    }
}
