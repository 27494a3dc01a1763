//! The board's page: five sentences, the lights, and what there is to decide.

use std::time::Duration;

use scenario::{Concentration, DomainKind, Verdict};

use super::super::figures::{Event, Figures, LossFigures, ProductFigures};
use super::super::page::{Block, Language, Section, Tone, say};
use super::targets::{wanted, whom};
use super::{count, length, listed, loss, names, percent};
use crate::config::product::Criticality;

/// From which index on a market counts as concentrated, and as moderately so: the bounds of the US merger guidelines of 2023.
const CONCENTRATED: u32 = 1800;
const MODERATE: u32 = 1000;

pub(super) fn section(figures: &Figures, language: Language) -> Section {
    let mut section = Section::new("board", say!(language, "For the board", "Pour la direction"));
    let sentences = [
        coverage(figures, language),
        dependence(figures, language),
        stops(figures, language),
        substitutes(figures, language),
        dates(figures, language),
    ];
    for sentence in sentences {
        section.text(sentence);
    }
    section.blocks.push(Block::Lights(lights(figures, language)));
    section.blocks.push(Block::Heading(say!(language, "Decisions asked", "Décisions demandées")));
    section.list(
        decisions(figures, language),
        say!(
            language,
            "None: nothing that was looked at asks for one.",
            "Aucune : rien de ce qui a été examiné n'en demande."
        ),
    );
    section
}

fn coverage(figures: &Figures, language: Language) -> String {
    let totals = &figures.totals;
    let answered = percent(language, super::super::figures::share(totals.answered, totals.requests));
    let money = figures.currency.show_known(language, totals.nanos, totals.unpriced);
    let asked = asked(language, figures.products.len(), totals.requests);
    let length = length(language, figures.length());
    let mut sentence = say!(
        language,
        "In {length}, {asked} through Relève; {answered} were answered whole, for {money}.",
        "En {length}, {asked} à travers Relève ; {answered} ont reçu une réponse entière, pour {money}."
    );
    if !figures.declared.is_empty() {
        let names: Vec<String> =
            figures.declared.iter().map(|declared| declared.name.value.clone()).collect();
        let names = listed(language, &names);
        sentence += &say!(
            language,
            " Not in these figures, because it does not flow through here: {names}.",
            " Hors de ces chiffres, parce que cela ne passe pas par ici : {names}."
        );
    }
    sentence
}

/// How many asked how much; one of either is no plural.
fn asked(language: Language, products: usize, requests: u64) -> String {
    let who = match products {
        1 => say!(language, "1 product", "1 produit a fait"),
        _ => say!(language, "{products} products", "{products} produits ont fait"),
    };
    let number = count(language, requests);
    match requests {
        1 => say!(language, "{who} made 1 request", "{who} 1 requête"),
        _ => say!(language, "{who} made {number} requests", "{who} {number} requêtes"),
    }
}

fn largest(figures: &Figures, kind: DomainKind) -> Option<(&Concentration, Option<&Concentration>)> {
    let [requests, _, money] = &figures.shares(kind)?.concentration;
    Some((requests.as_ref()?, money.as_ref()))
}

fn dependence(figures: &Figures, language: Language) -> String {
    let Some((maker, money)) = largest(figures, DomainKind::Maker) else {
        return say!(
            language,
            "On which makers you depend is unknown: no deployment that served says who made its model.",
            "De quels éditeurs vous dépendez est inconnu : aucun déploiement utilisé ne dit qui a fait son modèle."
        );
    };
    let (name, part) = (&maker.largest, percent(language, maker.share));
    let mut sentence = say!(
        language,
        "The maker you depend on most is {name}, with {part} of the answers",
        "L'éditeur dont vous dépendez le plus est {name}, avec {part} des réponses"
    );
    if let Some(money) = money {
        let (who, part) = (&money.largest, percent(language, money.share));
        sentence += &if *who == maker.largest {
            say!(language, " and {part} of the money", " et {part} des dépenses")
        } else {
            say!(language, " ({who} with {part} of the money)", " ({who} avec {part} des dépenses)")
        };
    }
    if let Some((host, _)) = largest(figures, DomainKind::Host) {
        let (name, part) = (&host.largest, percent(language, host.share));
        sentence +=
            &say!(language, "; the host is {name}, with {part}", " ; l'hébergeur est {name}, avec {part}");
    }
    sentence + "."
}

/// Losses of one domain that leave any product short, the worst first.
fn hurting(figures: &Figures) -> Vec<&LossFigures> {
    let mut hurting: Vec<&LossFigures> = figures
        .losses
        .iter()
        .filter(|loss| loss.meaning.is_none() && loss.worst() >= Some(Verdict::Partly))
        .collect();
    let hurt = |loss: &LossFigures| loss.products.iter().filter(|on| on.verdict >= Verdict::Partly).count();
    hurting.sort_by_key(|loss| std::cmp::Reverse(hurt(loss)));
    hurting
}

/// Products of which requests that were answered find nobody in today's configuration, and how many such requests.
fn left_behind(figures: &Figures) -> (Vec<&ProductFigures>, u64) {
    let behind: Vec<&ProductFigures> =
        figures.products.iter().filter(|product| product.left_behind > 0).collect();
    let requests = behind.iter().map(|product| product.left_behind).sum();
    (behind, requests)
}

fn stops(figures: &Figures, language: Language) -> String {
    let (behind, requests) = left_behind(figures);
    if behind.is_empty() {
        return single_losses(figures, language);
    }
    let names: Vec<String> = behind.iter().map(|product| product.name.to_string()).collect();
    let (names, number) = (listed(language, &names), count(language, requests));
    let more = single_losses(figures, language);
    say!(
        language,
        "With nothing lost at all, {number} requests that were answered then would find nobody in this configuration ({names}). {more}",
        "Sans aucune perte, {number} requêtes servies alors ne trouveraient personne dans cette configuration ({names}). {more}"
    )
}

/// Products of which it is not known whether each single loss that is survived by what is known really is.
fn in_doubt(figures: &Figures) -> Vec<String> {
    let losses = || figures.losses.iter().filter(|loss| loss.meaning.is_none());
    let may =
        |name: &str| losses().flat_map(|loss| &loss.products).any(|on| *on.product == *name && on.may_stop());
    let products = figures.products.iter().filter(|product| may(&product.name));
    products.map(|product| product.name.to_string()).collect()
}

fn single_losses(figures: &Figures, language: Language) -> String {
    let mut sentence = known_losses(figures, language);
    let doubtful = in_doubt(figures);
    if !doubtful.is_empty() {
        let names = listed(language, &doubtful);
        sentence += &say!(
            language,
            " Others may: nobody says where some that {names} could use belong.",
            " D'autres le peuvent : personne ne dit d'où relèvent certains de ceux dont {names} pourraient se servir."
        );
    }
    sentence
}

fn known_losses(figures: &Figures, language: Language) -> String {
    let hurting = hurting(figures);
    let Some(worst) = hurting.first() else {
        return say!(
            language,
            "No single loss of a maker, host, region, account, owner or country that is known here leaves a recorded request without a candidate.",
            "Aucune perte isolée d'un éditeur, hébergeur, région, compte, propriétaire ou pays connu ici ne laisse une requête enregistrée sans candidat."
        );
    };
    let products: Vec<String> = worst
        .products
        .iter()
        .filter(|on| on.verdict >= Verdict::Partly)
        .map(|on| on.product.to_string())
        .collect();
    let (number, what, whom) = (hurting.len(), names(language, &worst.domains), listed(language, &products));
    if number == 1 {
        return say!(
            language,
            "One single loss would stop a product in whole or in part: {what}, which stops {whom}.",
            "Une seule perte isolée arrêterait un produit en tout ou en partie : {what}, qui arrête {whom}."
        );
    }
    say!(
        language,
        "{number} single losses would stop a product in whole or in part; the worst is {what}, which stops {whom}.",
        "{number} pertes isolées arrêteraient un produit en tout ou en partie ; la pire est {what}, qui arrête {whom}."
    )
}

/// Products whose requests would go unproven after some single loss, and those with proven substitutes for each.
fn substitutes(figures: &Figures, language: Language) -> String {
    let with = |wanted: Verdict| -> Vec<String> {
        let worst = |product: &ProductFigures| {
            let on =
                figures.losses.iter().filter(|loss| loss.meaning.is_none()).flat_map(|loss| &loss.products);
            on.filter(|on| on.product == product.name).map(|on| on.at_worst).max()
        };
        let named = figures.products.iter().filter(|product| worst(product) == Some(wanted));
        named.map(|product| product.name.to_string()).collect()
    };
    let (unproven, proven) = (with(Verdict::Unproven), with(Verdict::Proven));
    let shown = |names: &[String]| {
        if names.is_empty() { say!(language, "no product", "aucun produit") } else { listed(language, names) }
    };
    let mut sentence = {
        let proven = shown(&proven);
        say!(
            language,
            "After any single loss, proven substitutes carry on for: {proven}",
            "Après toute perte isolée, des substituts éprouvés prennent la relève pour : {proven}"
        )
    };
    if !unproven.is_empty() {
        let unproven = shown(&unproven);
        sentence += &say!(
            language,
            "; for these somebody would answer, but not everything by a deployment that is proven for them: {unproven}",
            " ; pour ceux-ci quelqu'un répondrait, mais pas toujours un déploiement éprouvé pour eux : {unproven}"
        );
    }
    sentence + "."
}

fn dates(figures: &Figures, language: Language) -> String {
    let next: Vec<&Event> =
        figures.calendar.iter().filter(|event| event.day >= figures.today).take(1).collect();
    let unknown = figures.accounts.iter().filter(|account| !account.unknown_terms.is_empty()).count();
    let all = figures.accounts.len();
    let mut sentence = match next.first() {
        Some(event) => {
            let (day, what) = (event.day, super::contracts::event(language, event));
            say!(language, "Next to end: {what}, on {day}.", "Prochaine échéance : {what}, le {day}.")
        }
        None => say!(language, "Nothing is known to end.", "Aucune échéance n'est connue."),
    };
    if unknown > 0 {
        sentence += &say!(
            language,
            " Of {unknown} of {all} accounts, terms that decide how one leaves are not written down.",
            " Pour {unknown} comptes sur {all}, des clauses qui décident d'un départ ne sont pas consignées."
        );
    }
    sentence
}

fn lights(figures: &Figures, language: Language) -> Vec<(String, String, Tone)> {
    let mut lights = vec![
        rests_on(figures, language),
        concentration(figures, language),
        survival(figures, language),
        proof(figures, language),
    ];
    let unknown = figures.accounts.iter().filter(|account| !account.unknown_terms.is_empty()).count();
    let all = figures.accounts.len();
    lights.push((
        say!(language, "Contracts", "Contrats"),
        say!(
            language,
            "{unknown} of {all} accounts with unknown terms",
            "{unknown} comptes sur {all} aux clauses inconnues"
        ),
        if unknown == 0 { Tone::Good } else { Tone::Doubtful },
    ));
    if !figures.targets.is_empty() {
        lights.push(targets(figures, language));
    }
    lights
}

fn targets(figures: &Figures, language: Language) -> (String, String, Tone) {
    let with = |met: Option<bool>| figures.targets.iter().filter(|target| target.met == met).count();
    let (met, missed, unknown) = (with(Some(true)), with(Some(false)), with(None));
    let all = figures.targets.len();
    let mut words = say!(language, "{met} of {all} met", "{met} sur {all} atteints");
    if unknown > 0 {
        words += &say!(language, ", {unknown} not known", ", {unknown} inconnus");
    }
    let tone = match (missed, unknown) {
        (0, 0) => Tone::Good,
        (0, _) => Tone::Doubtful,
        _ => Tone::Bad,
    };
    (say!(language, "Targets", "Objectifs"), words, tone)
}

/// Over how long it was looked: what was seen for less than a day says little of the next.
fn rests_on(figures: &Figures, language: Language) -> (String, String, Tone) {
    const DAY: Duration = Duration::from_hours(24);
    let looked = figures.length();
    let tone = if looked < DAY { Tone::Doubtful } else { Tone::Good };
    let (length, requests) = (length(language, looked), count(language, figures.totals.requests));
    (
        say!(language, "What it rests on", "Sur quoi cela repose"),
        say!(language, "{length}, {requests} requests", "{length}, {requests} requêtes"),
        tone,
    )
}

fn concentration(figures: &Figures, language: Language) -> (String, String, Tone) {
    let name = say!(language, "Concentration on makers", "Concentration sur les éditeurs");
    let Some((maker, _)) = largest(figures, DomainKind::Maker) else {
        return (name, say!(language, "unknown", "inconnue"), Tone::Doubtful);
    };
    let hhi = count(language, maker.hhi.into());
    let (word, tone) = match maker.hhi {
        0..MODERATE => (say!(language, "low", "faible"), Tone::Good),
        MODERATE..CONCENTRATED => (say!(language, "moderate", "modérée"), Tone::Doubtful),
        _ => (say!(language, "high", "forte"), Tone::Bad),
    };
    (name, say!(language, "{word}: index {hhi} of 10,000", "{word} : indice {hhi} sur 10\u{202f}000"), tone)
}

fn survival(figures: &Figures, language: Language) -> (String, String, Tone) {
    let hurt: Vec<&ProductFigures> = figures
        .products
        .iter()
        .filter(|product| product.left_behind > 0 || product.cuts.iter().any(|cut| cut.losses.len() <= 1))
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
        word += &say!(language, ", {behind} of them by none", ", dont {behind} sans aucune");
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

fn decisions(figures: &Figures, language: Language) -> Vec<String> {
    let mut asked = Vec::new();
    for product in &figures.products {
        asked.extend(on_product(figures, product, language));
    }
    for target in figures.targets.iter().filter(|target| target.met != Some(true)) {
        let (what, whom) = (wanted(&target.wanted, language), whom(target, language));
        asked.push(match target.met {
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
        .filter(|account| account.answered > 0 && !account.unknown_terms.is_empty())
        .map(|account| account.name.to_string())
        .collect();
    if !unknown.is_empty() {
        let names = listed(language, &unknown);
        asked.push(say!(
            language,
            "Write down the contract terms of {names}: until then their end, notice and rights are risks of unknown size.",
            "Consigner les clauses des contrats de {names} : d'ici là, leur fin, leur préavis et leurs droits sont des risques de taille inconnue."
        ));
    }
    asked
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

/// What one product asks for: a candidate elsewhere, or a proof.
fn on_product(figures: &Figures, product: &ProductFigures, language: Language) -> Option<String> {
    let name = &product.name;
    if product.left_behind > 0 {
        let number = count(language, product.left_behind);
        return Some(say!(
            language,
            "{name}: give {number} of its requests somebody who can serve them: their route, or whoever could, is gone from the configuration.",
            "{name} : donner à {number} de ses requêtes quelqu'un qui puisse les servir : leur route, ou qui pouvait le faire, a disparu de la configuration."
        ));
    }
    let single: Vec<String> = figures
        .losses
        .iter()
        .filter(|loss| loss.meaning.is_none())
        .filter(|loss| loss.products.iter().any(|on| on.product == *name && on.verdict >= Verdict::Partly))
        .map(|known| loss(language, known))
        .collect();
    if !single.is_empty() {
        let number = single.len();
        let what = &single[0];
        let more = if number > 1 {
            say!(language, " (and {} other losses)", " (et {} autres pertes)", number - 1)
        } else {
            String::new()
        };
        return Some(say!(
            language,
            "{name}: add a candidate that survives the loss of {what}{more}, or accept that it stops then.",
            "{name} : ajouter un candidat qui survit à la perte de {what}{more}, ou accepter l'arrêt."
        ));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_product_made_one_request() {
        assert_eq!(asked(Language::En, 1, 1), "1 product made 1 request");
        assert_eq!(asked(Language::En, 2, 1_200), "2 products made 1,200 requests");
        assert_eq!(asked(Language::Fr, 1, 2), "1 produit a fait 2 requêtes");
        assert_eq!(asked(Language::Fr, 3, 1), "3 produits ont fait 1 requête");
    }
}
