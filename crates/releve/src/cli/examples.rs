//! Every example of a configuration in the documentation is run through the same reading as `check`. Tests only.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::environment::Environment;
use crate::config::source::Source;
use crate::resolve::Context;
use crate::settings::read_text;

/// `README.md` and every Markdown file below `docs/`.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let mut documents = vec![root.join("README.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                documents.push(path);
            }
        }
    }
    documents.retain(|path| path.is_file());
    documents.sort();
    documents
}

/// Each fenced block: the word after the fence, its text, and the line that it begins on.
fn blocks(text: &str) -> Vec<(String, String, usize)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String, usize)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        match (line.trim_start().strip_prefix("```"), open.as_mut()) {
            (Some(info), None) => open = Some((info.trim().to_owned(), String::new(), number + 1)),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, block, _))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

#[test]
fn every_example_in_the_docs_is_right() {
    let environment = Environment::default().with_secrets_assumed();
    let context = Context { environment: &environment, previous: None };
    let mut wrong = Vec::new();
    for path in documents() {
        for (info, block, line) in blocks(&fs::read_to_string(&path).unwrap()) {
            let place = format!("{}:{line}", path.display());
            match info.as_str() {
                "toml" => {
                    if let Err(error) = read_text(Source::new(place, block), Path::new(""), &context) {
                        wrong.push(error.to_string());
                    }
                }
                // A file of the catalogue, not of the configuration.
                "toml provider" => {
                    if let Err(error) = catalogue::ProviderEntry::parse("example", &block) {
                        wrong.push(format!("{place}: {error:?}"));
                    }
                }
                other if other.starts_with("toml") => {
                    wrong.push(format!("{place}: what is a block of \"{other}\"?"));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn blocks_are_found_wherever_they_stand() {
    let text = "a\n```toml\nx = 1\n```\n- item\n  ```sh\n  ls\n  ```\n```toml provider\n```\n";
    let found = blocks(text);
    let infos: Vec<_> = found.iter().map(|(info, _, line)| (info.as_str(), *line)).collect();
    assert_eq!(infos, [("toml", 3), ("sh", 7), ("toml provider", 10)]);
    assert_eq!(found[0].1, "x = 1\n");
}
