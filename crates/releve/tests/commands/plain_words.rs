//! What a reader sees who never saw a configuration: words, and no keys, in every form and language.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Ran, rich, run};

const CONFIGURATION: &str = include_str!("../../../../docs/configuration.md");

/// Keys that nobody would take for a word: those with underscores, off the page that is held against what is read.
fn keys() -> BTreeSet<&'static str> {
    let rows = CONFIGURATION.lines().filter_map(|line| line.strip_prefix("| `"));
    let keys = rows.filter_map(|row| row.split('`').next()?.rsplit('.').next());
    let keys: BTreeSet<&str> = keys.filter(|key| key.contains('_')).collect();
    for known in ["price_until", "must_survive", "max_outage", "max_in_flight", "tokens_per_minute"] {
        assert!(keys.contains(known), "{keys:?}");
    }
    keys
}

fn releve(folder: &Path, arguments: &[&str]) -> Ran {
    let ran = run(folder, &[&["--config", "releve-demo.toml"], arguments].concat());
    assert!(matches!(ran.code, Some(0 | 1)) && !ran.complaints.contains("error:"), "{arguments:?}: {ran:?}");
    ran
}

/// `text` without what stands between each pair of marks.
fn without(text: &str, from: &str, to: &str) -> String {
    let mut parts = text.split(from);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push(' ');
        kept.push_str(part.split_once(to).map_or("", |(_, after)| after));
    }
    kept
}

/// What is read of a page; not what is shown to be typed.
fn of_html(html: &str) -> String {
    let hidden = [("<style", "</style>"), ("<pre", "</pre>"), ("<code", "</code>"), ("<", ">")];
    hidden.iter().fold(html.to_owned(), |text, (from, to)| without(&text, from, to))
}

fn of_markdown(markdown: &str) -> String {
    let text = without(markdown, "```diff", "```");
    without(&text.replace("\\`", "`").replace("\\_", "_"), "`", "`")
}

fn of_terminal(text: &str, diffs: &[String]) -> String {
    let is_diff =
        |line: &&str| line.strip_prefix("    ").is_some_and(|line| diffs.iter().any(|diff| diff == line));
    let lines: Vec<&str> = text.lines().filter(|line| !is_diff(line)).collect();
    without(&lines.join("\n"), "`", "`")
}

/// The lines of the changes that an exit plan shows.
fn diffs(plan: &Value) -> Vec<String> {
    let changes =
        ["behind", "without"].map(|step| plan["changes"][step]["diff"].as_str().unwrap_or_default());
    changes.iter().flat_map(|diff| diff.lines()).map(|line| line.trim_end().to_owned()).collect()
}

fn refute(text: &str, what: &str) {
    let keys = keys();
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let found: BTreeSet<&str> = words.filter(|word| keys.contains(word)).collect();
    assert!(found.is_empty(), "{what} says {found:?}: {text}");
    assert!(!text.contains("--json"), "{what}: {text}");
}

#[test]
fn a_report_and_an_exit_plan_say_no_key_to_their_readers() {
    let folder = rich::folder();
    for command in [&["report"][..], &["exit-plan", "anthropic"], &["exit-plan", "openai"]] {
        let json = releve(folder.path(), &[command, &["--json"]].concat()).out;
        let diffs = diffs(&serde_json::from_str(&json).unwrap());
        for language in ["en", "fr"] {
            let what = format!("{command:?} {language}");
            let with =
                |more: &[&str]| releve(folder.path(), &[command, &["--lang", language], more].concat()).out;
            refute(&of_terminal(&with(&[]), &diffs), &what);
            refute(&of_markdown(&with(&["--markdown"])), &what);
            with(&["--html", "page.html"]);
            let html = fs::read_to_string(folder.path().join("page.html")).unwrap();
            refute(&of_html(&html), &what);
        }
    }
}

#[test]
fn a_what_if_and_a_posture_say_no_key_to_their_readers() {
    let folder = rich::folder();
    let lost = ["whatif", "--lose", "host:anthropic", "--for", "1d", "--most", "500"];
    refute(&of_terminal(&releve(folder.path(), &lost).out, &[]), "a what-if");
    let markdown = releve(folder.path(), &[&lost[..], &["--markdown", "--pack", "pack.zip"]].concat()).out;
    refute(&of_markdown(&markdown), "a what-if in Markdown");
    let pack = fs::read(folder.path().join("pack.zip")).unwrap();
    let pack = evidence::open(&pack).unwrap();
    let page = pack.files.iter().find(|(_, contents)| contents.starts_with(b"<!doctype html>")).unwrap().1;
    refute(&of_html(std::str::from_utf8(page).unwrap()), "a what-if's page");
    refute(&of_terminal(&releve(folder.path(), &["posture", "--check"]).out, &[]), "a posture");
    let act = ["posture", "maker:openai=drain", "--dry-run", "--reason", "a rumour"];
    refute(&of_terminal(&releve(folder.path(), &act).out, &[]), "a posture that is tried");
}

#[test]
fn terms_and_targets_are_words_in_both_languages() {
    let folder = rich::folder();
    let page = |command: &[&str], language: &str| {
        releve(folder.path(), &[command, &["--html", "page.html", "--lang", language]].concat());
        of_html(&fs::read_to_string(folder.path().join("page.html")).unwrap())
    };
    let said = |text: &str, words: &[&str]| {
        for words in words {
            assert!(text.contains(words), "{words}: {text}");
        }
    };
    said(
        &page(&["report"], "en"),
        &[
            "anthropic: unknown terms: owner, country, end, notice, how long prices are promised,",
            "every product survives the loss of the host anthropic",
            "no region has more than 30\u{a0}% of the money, over the last 30 days",
            "longest tolerable outage 90 minutes; of its requests at most 1\u{a0}% may go unserved",
        ],
    );
    said(
        &page(&["report"], "fr"),
        &[
            "anthropic\u{a0}: clauses inconnues\u{a0}: propriétaire, pays, fin, préavis, durée de la garantie de prix,",
            "chaque produit survit à la perte de l&#39;hébergeur anthropic",
            "aucune région n&#39;a plus de 30\u{a0}% des dépenses, sur 30 jours",
            "interruption maximale tolérable\u{a0}: 90 minutes\u{202f}; part maximale de ses requêtes sans service ou chez un \
             fournisseur non éprouvé\u{a0}: 1\u{a0}%",
        ],
    );
    said(
        &page(&["exit-plan", "openai"], "en"),
        &["notice of 90 days", "not written down of the contract: transition after the end", "30 days"],
    );
    said(
        &page(&["exit-plan", "openai"], "fr"),
        &["préavis de 90 jours", "non consigné du contrat\u{a0}: transition après la fin"],
    );
}
