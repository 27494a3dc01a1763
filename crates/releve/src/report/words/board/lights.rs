//! The board's lights: each one question, a word and how good that is.

use std::time::Duration;

use scenario::DomainKind;

use super::super::super::figures::{Figures, ProductFigures};
use super::super::super::page::{Language, Tone, say};
use super::super::{count, length, percent};
use super::{dates, in_doubt, left_behind, short_already, unknown_part};
use crate::config::product::Criticality;

/// From which index on a market counts as concentrated, and as moderately so: the bounds of the US merger guidelines of 2023.
const CONCENTRATED: u32 = 1800;
const MODERATE: u32 = 1000;

pub(super) fn all(figures: &Figures, language: Language) -> Vec<(String, String, Tone)> {
    let mut lights = vec![rests_on(figures, language), concentration(figures, language)];
    lights.extend(room(figures, language));
    lights.extend([survival(figures, language), proof(figures, language), contracts(figures, language)]);
    if !figures.targets.is_empty() {
        lights.push(targets(figures, language));
    }
    lights
}

/// Only where it is short: capacities that nobody has written down make no good light.
fn room(figures: &Figures, language: Language) -> Option<(String, String, Tone)> {
    let (short, all) = (short_already(figures).len(), figures.products.len());
    let word = say!(
        language,
        "short for {short} of {all} products, with nothing lost",
        "trop faible pour {short} produits sur {all}, sans aucune perte"
    );
    (short > 0).then(|| (say!(language, "Room as it is", "Puissance actuelle"), word, Tone::Bad))
}

fn contracts(figures: &Figures, language: Language) -> (String, String, Tone) {
    let unknown = figures.accounts.iter().filter(|account| !account.unknown_terms.is_empty()).count();
    let (all, over) = (figures.accounts.len(), dates::over(figures).count());
    let ending = dates::ending(figures).count();
    let mut word = say!(
        language,
        "{unknown} of {all} accounts with unknown terms",
        "{unknown} comptes sur {all} aux clauses inconnues"
    );
    if over > 0 {
        word += &say!(language, ", {over} whose contract is over", ", {over} au contrat fini");
    }
    if ending > 0 {
        let days = dates::ahead_words(language);
        let end =
            if ending == 1 { say!(language, "ends", "finit") } else { say!(language, "end", "finissent") };
        word += &say!(language, ", {ending} that {end} within {days}", ", {ending} qui {end} sous {days}");
    }
    let bad = over + usize::from(dates::is_near(figures));
    (say!(language, "Contracts", "Contrats"), word, tone(bad, unknown + ending))
}

/// Of things of which so many are bad, and so many not known.
const fn tone(bad: usize, unknown: usize) -> Tone {
    match (bad, unknown) {
        (0, 0) => Tone::Good,
        (0, _) => Tone::Doubtful,
        _ => Tone::Bad,
    }
}

fn targets(figures: &Figures, language: Language) -> (String, String, Tone) {
    let with = |met: Option<bool>| figures.targets.iter().filter(|target| target.met == met).count();
    let (met, missed, unknown) = (with(Some(true)), with(Some(false)), with(None));
    let all = figures.targets.len();
    let mut words = say!(language, "{met} of {all} met", "{met} sur {all} atteints");
    if unknown > 0 {
        words += &say!(language, ", {unknown} not known", ", {unknown} inconnus");
    }
    (say!(language, "Targets", "Objectifs"), words, tone(missed, unknown))
}

/// Over how long it was looked: what was seen for less than a day says little of the next.
fn rests_on(figures: &Figures, language: Language) -> (String, String, Tone) {
    const DAY: Duration = Duration::from_hours(24);
    let looked = figures.length();
    let tone = if looked < DAY { Tone::Doubtful } else { Tone::Good };
    let (length, requests) =
        (length(language, looked.max(Duration::from_secs(1))), count(language, figures.totals.requests));
    (
        say!(language, "What it rests on", "Sur quoi cela repose"),
        say!(language, "{length}, {requests} requests", "{length}, {requests} requêtes"),
        tone,
    )
}

fn concentration(figures: &Figures, language: Language) -> (String, String, Tone) {
    let name = say!(language, "Concentration on makers", "Concentration sur les éditeurs");
    let found = figures.shares(DomainKind::Maker).and_then(|makers| makers.concentration[0].as_ref());
    let Some(maker) = found else {
        return (name, say!(language, "unknown", "inconnue"), Tone::Doubtful);
    };
    let unknown = unknown_part(figures, DomainKind::Maker);
    let hhi = count(language, maker.hhi.into());
    let (word, tone) = match maker.hhi {
        // All of what nobody can place may be one's.
        0..MODERATE if unknown > 0.0 => (say!(language, "low", "faible"), Tone::Doubtful),
        0..MODERATE => (say!(language, "low", "faible"), Tone::Good),
        MODERATE..CONCENTRATED => (say!(language, "moderate", "modérée"), Tone::Doubtful),
        _ => (say!(language, "high", "forte"), Tone::Bad),
    };
    let mut word = say!(language, "{word}: index {hhi} of 10,000", "{word} : indice {hhi} sur 10\u{202f}000");
    if unknown > 0.0 {
        let known = percent(language, 1.0 - unknown);
        word += &say!(language, ", of the {known} that are known", ", sur les {known} connus");
    }
    (name, word, tone)
}

fn survival(figures: &Figures, language: Language) -> (String, String, Tone) {
    let hurt: Vec<&ProductFigures> = figures
        .products
        .iter()
        .filter(|product| product.left_behind > 0 || product.cuts.iter().any(|cut| cut.losses.len() == 1))
        .collect();
    let matters = |product: &&&ProductFigures| {
        matches!(product.criticality, Some(Criticality::Critical | Criticality::Important))
    };
    let (number, all) = (hurt.len(), figures.products.len());
    let doubtful = in_doubt(figures);
    let tone = match (hurt.is_empty(), hurt.iter().any(|product| matters(&product))) {
        (true, _) if doubtful.is_empty() => Tone::Good,
        (true, _) => Tone::Doubtful,
        // Where nobody has said what matters, everything may.
        (false, false) if hurt.iter().all(|product| product.criticality.is_some()) => Tone::Doubtful,
        (false, _) => Tone::Bad,
    };
    let mut word = say!(
        language,
        "{number} of {all} products stop, in whole or in part, by one loss",
        "{number} produits sur {all} s'arrêtent, en tout ou en partie, par une seule perte"
    );
    let behind = left_behind(figures).0.len();
    if behind > 0 {
        word += &say!(
            language,
            ", {behind} of them with nothing lost at all",
            ", dont {behind} sans aucune perte"
        );
    }
    let more = doubtful.iter().filter(|name| hurt.iter().all(|product| *product.name != ***name)).count();
    if more > 0 {
        word += &say!(language, "; {more} more may", " ; {more} de plus le peuvent");
    }
    (say!(language, "Single points of failure", "Points de défaillance uniques"), word, tone)
}

fn proof(figures: &Figures, language: Language) -> (String, String, Tone) {
    let second = |product: &&ProductFigures| {
        product.candidates.iter().filter(|candidate| candidate.proof.is_proven()).count() >= 2
    };
    let (with, all) = (figures.products.iter().filter(second).count(), figures.products.len());
    let word = say!(
        language,
        "{with} of {all} products have two proven deployments",
        "{with} produits sur {all} ont deux déploiements éprouvés"
    );
    let tone = if with == all {
        Tone::Good
    } else if with == 0 {
        Tone::Bad
    } else {
        Tone::Doubtful
    };
    (say!(language, "Proven substitutes", "Substituts éprouvés"), word, tone)
}
