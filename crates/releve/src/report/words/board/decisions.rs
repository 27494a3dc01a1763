//! What the board is asked to decide.

use scenario::Verdict;

use super::super::super::figures::{Figures, LossFigures, OnProduct, ProductFigures};
use super::super::super::page::{Language, say};
use super::super::targets::{wanted, whom};
use super::super::{count, de, left, listed, of, plainly};
use super::{dates, short_already};
use crate::posture::Left;

pub(super) fn asked(figures: &Figures, language: Language) -> Vec<String> {
    let mut asked = dates::asked(figures, language);
    asked.extend(more_room(figures, language));
    for product in &figures.products {
        asked.extend(on_product(figures, product, language));
    }
    for target in figures.targets.iter().filter(|target| target.met != Some(true)) {
        let (what, whom) = (wanted(&target.wanted, language), whom(target, language));
        asked.push(match target.met {
            None if target.unpriced > 0 => price(&what, target.unpriced, language),
            None => find_out(&what, &whom, language),
            Some(_) => say!(
                language,
                "Meet the target that {what}, or change it: broken by {whom}.",
                "Atteindre l'objectif « {what} », ou le changer : il est manqué par {whom}."
            ),
        });
    }
    let unknown: Vec<String> = figures
        .accounts
        .iter()
        .filter(|account| !account.unknown_terms.is_empty())
        .map(|account| account.name.to_string())
        .collect();
    if !unknown.is_empty() {
        let names = listed(language, &unknown);
        let of = de(&names);
        asked.push(say!(
            language,
            "Write down the contract terms of {names}: until then their end, notice and rights are risks of unknown size.",
            "Consigner les clauses des contrats {of} : d'ici là, leur fin, leur préavis et leurs droits sont des risques de taille inconnue."
        ));
    }
    asked
}

/// What is short while nothing is lost.
fn more_room(figures: &Figures, language: Language) -> Option<String> {
    let short = short_already(figures);
    let worst = short.first()?;
    let names: Vec<String> = short.iter().map(|product| product.name.to_string()).collect();
    let names = listed(language, &names);
    let amount = amount(worst.short_already_tokens, worst.short_already_requests, language);
    Some(say!(
        language,
        "Get more room for {names}, or accept that requests wait or are refused in their busiest minutes: with nothing lost, up to {amount} of such a minute find none.",
        "Trouver plus de puissance pour {names}, ou accepter que des requêtes attendent ou soient refusées aux minutes les plus chargées : sans aucune perte, il en manque déjà pour {amount} d'une telle minute."
    ))
}

/// What finds no room: tokens, or where those are not short requests.
fn amount(tokens: u64, requests: u64, language: Language) -> String {
    match tokens {
        0 => say!(language, "{} requests", "{} requêtes", count(language, requests)),
        _ => say!(language, "{} tokens", "{} jetons", count(language, tokens)),
    }
}

/// A target that money would decide of which some is unknown.
fn price(what: &str, unpriced: u64, language: Language) -> String {
    let number = count(language, unpriced);
    say!(
        language,
        "The target that {what}: give a price to whatever has none; until then it is not known, for {number} requests are in no sum.",
        "L'objectif « {what} » : donner un prix à ce qui n'en a pas ; d'ici là, on n'en sait rien, car {number} requêtes ne sont dans aucune somme."
    )
}

/// A target of which nobody knows whether it is met.
fn find_out(what: &str, whom: &str, language: Language) -> String {
    if whom.is_empty() {
        return say!(
            language,
            "The target that {what}: nothing here has that name; mend it, or say who has.",
            "L'objectif « {what} » : rien ici ne porte ce nom ; le corriger, ou dire qui le porte."
        );
    }
    say!(
        language,
        "The target that {what}: say where those belong of whom that is unknown; until then it is not known for {whom}.",
        "L'objectif « {what} » : dire d'où relèvent ceux pour qui on l'ignore ; d'ici là, on ne sait rien pour {whom}."
    )
}

/// What a product asks for that some single loss would stop, in whole or in part: a candidate elsewhere where somebody is
/// missing, room where all that is missing is that.
fn against_single_losses(figures: &Figures, name: &str, language: Language) -> Option<String> {
    let of_it = |known| Some((known, on(known, name).filter(|on| on.verdict >= Verdict::Partly)?));
    let single = figures.losses.iter().filter(|loss| loss.meaning.is_none()).filter_map(of_it);
    let (mut nobody, mut no_room): (Vec<_>, Vec<_>) = single.partition(|(_, on)| on.outlook.none > 0.0);
    nobody.sort_by(|(_, one), (_, two)| two.outlook.none.total_cmp(&one.outlook.none));
    let lacks = |on: &OnProduct| (on.outlook.short_tokens, on.outlook.short_requests);
    no_room.sort_by_key(|(_, on)| std::cmp::Reverse(lacks(on)));
    let and_more = |number: usize| match number {
        0 => String::new(),
        1 => say!(language, " (and one other loss)", " (et une autre perte)"),
        _ => say!(language, " (and {number} other losses)", " (et {number} autres pertes)"),
    };
    if let Some((worst, _)) = nobody.first() {
        let what = of(language, &plainly(language, &worst.domains));
        let more = and_more(nobody.len() - 1);
        return Some(say!(
            language,
            "{name}: add a candidate that survives the loss {what}{more}, or accept that it stops then.",
            "{name} : ajouter un candidat qui survit à la perte {what}{more}, ou accepter l'arrêt."
        ));
    }
    let (worst, on) = no_room.first()?;
    let what = of(language, &plainly(language, &worst.domains));
    let more = and_more(no_room.len() - 1);
    let (tokens, requests) = lacks(on);
    let amount = amount(tokens, requests, language);
    Some(say!(
        language,
        "{name}: get more room at those that are left after the loss {what}{more}, or accept that requests wait or are refused then: they lack it for {amount} of its busiest minute.",
        "{name} : trouver plus de puissance chez ceux qui restent après la perte {what}{more}, ou accepter que des requêtes attendent ou soient refusées alors : il en manque pour {amount} de sa minute la plus chargée."
    ))
}

fn on<'f>(loss: &'f LossFigures, product: &str) -> Option<&'f OnProduct> {
    loss.products.iter().find(|on| *on.product == *product)
}

/// What a product asks for of which requests find nobody while nothing is lost: gone, or held back.
fn nobody(figures: &Figures, product: &ProductFigures, language: Language) -> String {
    let (name, held_back) = (&product.name, &product.shut_out);
    let mut asks = Vec::new();
    let gone = product.left_behind.saturating_sub(held_back.requests);
    if gone > 0 {
        let number = count(language, gone);
        asks.push(say!(
            language,
            "{name}: give {number} of its requests somebody who can serve them: their route, or whoever could, is gone from the configuration.",
            "{name} : donner à {number} de ses requêtes quelqu'un qui puisse les servir : leur route, ou qui pouvait le faire, a disparu de la configuration."
        ));
    }
    if held_back.requests > 0 {
        let could = |left: &&Left| held_back.deployments.contains(&left.deployment);
        let those: Vec<Left> = figures.left.iter().filter(could).cloned().collect();
        let (number, whys) = (count(language, held_back.requests), left::each(&those, language).join("; "));
        asks.push(say!(
            language,
            "{name}: give {number} of its requests somebody else who can serve them, or change why nothing is sent to those who could ({whys}).",
            "{name} : donner à {number} de ses requêtes quelqu'un d'autre qui puisse les servir, ou changer ce pour quoi rien n'est envoyé à qui le pourrait ({whys})."
        ));
    }
    asks.join(" ")
}

/// What one product asks for: a candidate elsewhere, or a proof.
fn on_product(figures: &Figures, product: &ProductFigures, language: Language) -> Option<String> {
    let name = &product.name;
    if product.left_behind > 0 {
        return Some(nobody(figures, product, language));
    }
    if let Some(asks) = against_single_losses(figures, name, language) {
        return Some(asks);
    }
    let unproven: Vec<String> = product
        .candidates
        .iter()
        .filter(|candidate| !candidate.proof.is_proven())
        .map(|candidate| candidate.deployment.to_string())
        .collect();
    (!unproven.is_empty()).then(|| {
        let names = listed(language, &unproven);
        say!(
            language,
            "{name}: prove {names}, by a small share of real requests or an approval with evidence.",
            "{name} : éprouver {names}, par une petite part de requêtes réelles ou une approbation motivée."
        )
    })
}
