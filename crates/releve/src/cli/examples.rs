//! Every example of a configuration in the documentation is run through the same reading as `check`. Tests only.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;

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
    let (mut wrong, mut examples) = (Vec::new(), 0);
    for path in documents() {
        for (info, block, line) in blocks(&fs::read_to_string(&path).unwrap()) {
            let place = format!("{}:{line}", path.display());
            match info.as_str() {
                "toml" | "toml every-key" => {
                    examples += 1;
                    match read_text(Source::new(place, block), Path::new(""), &context) {
                        Err(error) => wrong.push(error.to_string()),
                        // Nobody should copy what does not act; only the list of all keys may hold such.
                        Ok(settings) if info == "toml" && !settings.warnings.problems().is_empty() => {
                            wrong.push(settings.warnings.to_string());
                        }
                        Ok(_) => {}
                    }
                }
                // A file of the catalogue, not of the configuration.
                "toml provider" => {
                    if let Err(error) = catalogue::ProviderEntry::parse("example", &block) {
                        wrong.push(format!("{place}: {error:?}"));
                    }
                }
                "toml scenario" => {
                    let meant = |name: &str| Ok(name.to_owned());
                    if let Err(report) = crate::config::scenario::read(&Source::new(place, block), &meant) {
                        wrong.push(report.to_string());
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
    assert!(examples >= 3, "README.md, docs/configuration.md and docs/container.md have one each");
}

/// Lines that begin with our command, in indented blocks.
fn commands(text: &str) -> impl Iterator<Item = Vec<String>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    lines.map(str::trim).filter(|line| line.starts_with("releve ")).map(|line| {
        let typed = line.split('#').next().unwrap_or_default();
        typed.split_whitespace().map(whole).collect()
    })
}

/// An id that the text cuts short is made as long as ids are.
fn whole(word: &str) -> String {
    word.strip_suffix("...").map_or_else(|| word.to_owned(), |start| format!("{start:0<36}"))
}

#[test]
fn every_command_in_the_docs_can_be_typed() {
    let mut typed = 0;
    for path in documents() {
        for words in commands(&fs::read_to_string(&path).unwrap()) {
            typed += 1;
            if let Err(error) = super::Arguments::try_parse_from(&words) {
                panic!("{}: {words:?}: {error}", path.display());
            }
        }
    }
    assert!(typed >= 5, "{typed}");
}

/// What the README says there is.
#[test]
fn the_readme_counts_the_suppliers_rightly() {
    let spoken = |preset: &catalogue::ProviderEntry| {
        wire::codec(preset.protocol).is_some() && !preset.models.is_empty()
    };
    let presets = catalogue::provider_names().filter_map(catalogue::provider);
    let count = presets.filter(|preset| spoken(preset)).count();
    let words = format!("{count} in the catalogue");
    assert!(fs::read_to_string(&documents()[0]).unwrap().contains(&words), "{words}");
}

#[test]
fn blocks_are_found_wherever_they_stand() {
    let text = "a\n```toml\nx = 1\n```\n- item\n  ```sh\n  ls\n  ```\n```toml provider\n```\n";
    let found = blocks(text);
    let infos: Vec<_> = found.iter().map(|(info, _, line)| (info.as_str(), *line)).collect();
    assert_eq!(infos, [("toml", 3), ("sh", 7), ("toml provider", 10)]);
    assert_eq!(found[0].1, "x = 1\n");
}
