//! Reports and plans as the contents of an evidence pack.

mod figures;
mod plan;

use std::collections::BTreeMap;

use evidence::{LedgerPart, Limit};
use serde::Serialize;

use super::exit::Plan;
use super::figures::{Basis, Figures};
use super::page::{Block, Language, Page};
use crate::pack::{Contents, arguments, period};

impl Figures {
    /// With the page in this language.
    pub(crate) fn contents(&self, language: Language) -> Contents {
        Contents {
            kind: "report",
            subject: "how dependent the products are, and what loss would stop which".to_owned(),
            day: Some(self.today),
            ledger: Some(self.basis.part()),
            trace: None,
            arguments: self.basis.asked([("lang", Some(name(language)))]),
            seeds: vec![super::foretold::SEED],
            limits: limits(&self.page(Language::En)),
            page: self.page(language).html(),
            figures: json(self),
            tables: figures::tables(self),
            quotes_configuration: false,
            texts: Vec::new(),
        }
    }
}

impl Plan {
    /// With the page in this language.
    pub(crate) fn contents(&self, language: Language) -> Contents {
        let changes =
            [("data/behind.diff", &self.changes.behind), ("data/without.diff", &self.changes.without)];
        let texts =
            changes.into_iter().filter_map(|(name, change)| Some((name, change.as_ref()?.diff.clone())));
        Contents {
            kind: "exit-plan",
            subject: format!("how {} is left", self.provider),
            day: Some(self.today),
            ledger: Some(self.basis.part()),
            trace: None,
            arguments: self
                .basis
                .asked([("provider", Some(self.provider.to_string())), ("lang", Some(name(language)))]),
            seeds: Vec::new(),
            limits: limits(&self.page(Language::En)),
            page: self.page(language).html(),
            figures: json(self),
            tables: plan::tables(self),
            quotes_configuration: true,
            texts: texts.collect(),
        }
    }
}

impl Basis {
    fn part(&self) -> LedgerPart {
        LedgerPart {
            name: self.ledger.clone(),
            first_seq: self.ledger_first_seq,
            last_seq: self.ledger_seq,
            chain: self.ledger_chain,
            decisions: self.ledger_decisions,
        }
    }

    /// The arguments, with those that ask for the same period.
    fn asked<const N: usize>(&self, given: [(&str, Option<String>); N]) -> BTreeMap<String, String> {
        let mut asked = arguments(given);
        asked.append(&mut period(self.booked_from_us, self.booked_until_us));
        asked
    }
}

/// How it was worked out and how far that reaches: the sentences of the page's section on its method.
fn limits(page: &Page) -> Vec<Limit> {
    let method = page.sections.iter().find(|section| section.id == "method");
    let blocks = || method.into_iter().flat_map(|section| &section.blocks);
    let sentences = blocks().filter_map(|block| match block {
        Block::Text(text) => Some(text),
        _ => None,
    });
    let listed = blocks().filter_map(|block| match block {
        Block::List(entries) => Some(entries),
        _ => None,
    });
    let limit = |says: &String| Limit { about: "method".to_owned(), says: says.clone() };
    let sentences: Vec<Limit> = sentences.map(limit).collect();
    if sentences.is_empty() { listed.flatten().map(limit).collect() } else { sentences }
}

fn name(language: Language) -> String {
    match language {
        Language::En => "en",
        Language::Fr => "fr",
    }
    .to_owned()
}

fn json(answer: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(answer).expect("figures are plain data");
    text.push(b'\n');
    text
}
