//! The board's page: five sentences, the lights, and what there is to decide.

mod dates;
mod decisions;
mod lights;

use std::collections::BTreeMap;
use std::time::Duration;

use scenario::{Domain, DomainKind, Share, Verdict};

use super::super::figures::{Figures, LossFigures, OnProduct, ProductFigures};
use super::super::money::written;
use super::super::page::{Block, Language, Section, say};
use super::{count, de, kind, length, listed, moment, percent, plainly};
use crate::config::estate::Declared;
use crate::config::value::At;
use crate::posture::Why;

pub(super) fn section(figures: &Figures, language: Language) -> Section {
    let mut section = Section::new("board", say!(language, "For the board", "Pour la direction"));
    let sentences = [
        coverage(figures, language),
        dependence(figures, language),
        stops(figures, language),
        substitutes(figures, language),
        dates::next(figures, language),
    ];
    for clauses in sentences {
        section.text(sentence(&clauses, language));
    }
    section.blocks.push(Block::Lights(lights::all(figures, language)));
    section.blocks.push(Block::Heading(say!(language, "Decisions asked", "Décisions demandées")));
    section.list(
        decisions::asked(figures, language),
        say!(
            language,
            "None: nothing that was looked at asks for one.",
            "Aucune : rien de ce qui a été examiné n'en demande."
        ),
    );
    section
}

/// One sentence of what belongs together.
fn sentence(clauses: &[String], language: Language) -> String {
    let joined = clauses.join(&say!(language, "; ", " ; "));
    let mut letters = joined.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>());
    first.unwrap_or_default() + letters.as_str() + "."
}

fn coverage(figures: &Figures, language: Language) -> Vec<String> {
    let totals = &figures.totals;
    let answered = percent(language, super::super::figures::share(totals.answered, totals.requests));
    let money = spent(figures, language);
    let asked = asked(language, figures.products.len(), totals.requests);
    let length = length(language, figures.length().max(Duration::from_secs(1)));
    let mut clauses = vec![say!(
        language,
        "in {length}, {asked} through Relève; {answered} were answered whole, {money}",
        "en {length}, {asked} à travers Relève ; {answered} ont reçu une réponse entière, {money}"
    )];
    if !figures.idle.is_empty() {
        let idle = listed(language, &figures.idle);
        let of = de(&idle);
        clauses.push(say!(
            language,
            "no request came from {idle}, of which this report says nothing",
            "aucune requête n'est venue {of}, dont ce rapport ne dit rien"
        ));
    }
    if !figures.declared.is_empty() {
        let named = |declared: &At<Declared>| match &declared.cost {
            Some(cost) => format!("{} ({})", declared.name.value, written(language, cost)),
            None => declared.name.value.clone(),
        };
        let names = listed(language, &figures.declared.iter().map(named).collect::<Vec<_>>());
        clauses.push(say!(
            language,
            "not in these figures, because it does not flow through here: {names}",
            "hors de ces chiffres, parce que cela ne passe pas par ici : {names}"
        ));
    }
    clauses
}

/// For how much.
fn spent(figures: &Figures, language: Language) -> String {
    let totals = &figures.totals;
    let (known, unpriced) = (figures.currency.show(language, totals.nanos), totals.unpriced);
    let without = count(language, unpriced);
    match (unpriced, totals.nanos) {
        (0, _) => say!(language, "for {known}", "pour {known}"),
        (_, 0) => say!(
            language,
            "for how much is unknown: none of it has a price",
            "pour un montant inconnu : rien de cela n'a de prix"
        ),
        _ => say!(
            language,
            "for {known} and what {without} requests cost that have no price",
            "pour {known} et le coût de {without} requêtes sans prix"
        ),
    }
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

/// Of those that are known, who has the largest part of the answers, and of the money.
fn largest(figures: &Figures, kind: DomainKind) -> Option<[&Share; 2]> {
    let shares = || figures.shares(kind).into_iter().flat_map(|dependence| &dependence.shares);
    let by = |measure: usize| {
        shares().max_by(|one, two| {
            one.of_all[measure].total_cmp(&two.of_all[measure]).then(two.name.cmp(&one.name))
        })
    };
    by(0).zip(by(2)).filter(|(most, _)| most.requests > 0).map(|(most, dearest)| [most, dearest])
}

fn dependence(figures: &Figures, language: Language) -> Vec<String> {
    let Some([maker, dearest]) = largest(figures, DomainKind::Maker) else {
        return vec![say!(
            language,
            "on which makers you depend is unknown: no deployment that served says who made its model",
            "de quels éditeurs vous dépendez est inconnu : aucun déploiement utilisé ne dit qui a fait son modèle"
        )];
    };
    let (name, part) = (&maker.name, percent(language, maker.of_all[0]));
    let mut sentence = say!(
        language,
        "the maker you depend on most is {name}, with {part} of the answers",
        "l'éditeur dont vous dépendez le plus est {name}, avec {part} des réponses"
    );
    if dearest.nanos > 0 {
        let (who, part) = (&dearest.name, percent(language, dearest.of_all[2]));
        let of = match figures.totals.unpriced {
            0 => say!(language, "of the money", "des dépenses"),
            _ => say!(language, "of the money that is known", "des dépenses connues"),
        };
        sentence += &if *who == maker.name {
            say!(language, " and {part} {of}", " et {part} {of}")
        } else {
            say!(language, " ({who} with {part} {of})", " ({who} avec {part} {of})")
        };
    }
    if let Some([host, _]) = largest(figures, DomainKind::Host) {
        let (name, part) = (&host.name, percent(language, host.of_all[0]));
        sentence +=
            &say!(language, "; the host is {name}, with {part}", " ; l'hébergeur est {name}, avec {part}");
    }
    let mut clauses = vec![sentence];
    clauses.extend(unknown_maker(figures, language));
    clauses.extend(left(figures, language));
    clauses
}

/// Whom people have left, and how much of the answers they gave: what was said before is of the time until then.
fn left(figures: &Figures, language: Language) -> Vec<String> {
    let mut parts: BTreeMap<(&str, &str, Option<i64>), f64> = BTreeMap::new();
    let shares = || figures.shares(DomainKind::Deployment).into_iter().flat_map(|all| &all.shares);
    for gone in &figures.left {
        let Why::Decided { target, author, until_us, .. } = &gone.why else { continue };
        let share = shares().find(|share| share.name == gone.deployment);
        *parts.entry((target, author, *until_us)).or_default() += share.map_or(0.0, |share| share.of_all[0]);
    }
    let clause = |((target, author, until_us), part): (&(&str, &str, Option<i64>), &f64)| {
        let whom = target.parse::<Domain>();
        let whom = whom.map_or_else(|_| (*target).to_owned(), |domain| plainly(language, &[domain]));
        let until = until_us.map(moment).map_or_else(String::new, |until| {
            say!(language, ", until {until} (UTC),", ", jusqu'au {until} (UTC),")
        });
        let (by, part) = (de(author), percent(language, *part));
        say!(
            language,
            "by {author}'s decision nothing is sent{until} to {whom}, which gave {part} of the answers",
            "par décision {by}, rien n'est plus envoyé{until} à {whom}, qui a donné {part} des réponses"
        )
    };
    parts.iter().map(clause).collect()
}

/// How much of it nobody can place.
fn unknown_maker(figures: &Figures, language: Language) -> Option<String> {
    let part = unknown_part(figures, DomainKind::Maker);
    (part > 0.0).then(|| {
        let part = percent(language, part);
        say!(
            language,
            "of {part} of the answers nobody says who made the model",
            "pour {part} des réponses, personne ne dit qui a fait le modèle"
        )
    })
}

fn unknown_part(figures: &Figures, kind: DomainKind) -> f64 {
    figures.shares(kind).map_or(0.0, |dependence| dependence.unknown.of_all[0])
}

/// Losses of one domain that leave any product short, the worst first.
fn hurting(figures: &Figures) -> Vec<&LossFigures> {
    let mut hurting: Vec<&LossFigures> = figures
        .losses
        .iter()
        .filter(|loss| loss.meaning.is_none() && loss.worst() >= Some(Verdict::Partly))
        .collect();
    let at_least = |loss: &LossFigures, verdict| {
        loss.products.iter().filter(|on: &&OnProduct| on.verdict >= verdict).count()
    };
    hurting.sort_by_key(|loss| {
        std::cmp::Reverse([Verdict::Partly, Verdict::Stopped].map(|verdict| at_least(loss, verdict)))
    });
    hurting
}

/// Products of which requests that were answered find nobody in today's configuration, and how many such requests.
fn left_behind(figures: &Figures) -> (Vec<&ProductFigures>, u64) {
    let behind: Vec<&ProductFigures> =
        figures.products.iter().filter(|product| product.left_behind > 0).collect();
    let requests = behind.iter().map(|product| product.left_behind).sum();
    (behind, requests)
}

/// Products that find too little room while nothing is lost, the one that lacks most first.
fn short_already(figures: &Figures) -> Vec<&ProductFigures> {
    let mut short: Vec<&ProductFigures> =
        figures.products.iter().filter(|product| product.is_short_already()).collect();
    short.sort_by_key(|product| {
        std::cmp::Reverse((product.short_already_tokens, product.short_already_requests))
    });
    short
}

fn stops(figures: &Figures, language: Language) -> Vec<String> {
    let nothing_lost = [nobody(figures, language), no_room(figures, language)];
    let lost = [Some(known_losses(figures, language)), more_losses(figures, language)];
    nothing_lost.into_iter().chain(lost).flatten().collect()
}

fn nobody(figures: &Figures, language: Language) -> Option<String> {
    let (behind, requests) = left_behind(figures);
    let names: Vec<String> = behind.iter().map(|product| product.name.to_string()).collect();
    let (names, number) = (listed(language, &names), count(language, requests));
    let is_held_back = behind.iter().any(|product| product.shut_out.requests > 0);
    let place = if is_held_back {
        say!(language, "today", "aujourd'hui")
    } else {
        say!(language, "in this configuration", "dans cette configuration")
    };
    (requests > 0).then(|| {
        say!(
            language,
            "with nothing lost at all, {number} requests that were answered then would find nobody {place} ({names})",
            "sans aucune perte, {number} requêtes servies alors ne trouveraient personne {place} ({names})"
        )
    })
}

fn no_room(figures: &Figures, language: Language) -> Option<String> {
    let short = short_already(figures);
    let worst = short.first()?;
    let names: Vec<String> = short.iter().map(|product| product.name.to_string()).collect();
    let (names, what) = (listed(language, &names), super::products::short_already(worst, language));
    let most = if short.len() == 1 {
        what
    } else {
        say!(language, "most for {}, where {what}", "surtout pour {}, où {what}", worst.name)
    };
    Some(say!(
        language,
        "with nothing lost at all, room is short for {names}: {most}",
        "sans aucune perte, la puissance manque pour {names} : {most}"
    ))
}

/// Products of which it is not known whether each single loss that is survived by what is known really is.
fn in_doubt(figures: &Figures) -> Vec<String> {
    let losses = || figures.losses.iter().filter(|loss| loss.meaning.is_none());
    let may =
        |name: &str| losses().flat_map(|loss| &loss.products).any(|on| *on.product == *name && on.may_stop());
    let products = figures.products.iter().filter(|product| may(&product.name));
    products.map(|product| product.name.to_string()).collect()
}

fn more_losses(figures: &Figures, language: Language) -> Option<String> {
    let doubtful = in_doubt(figures);
    let names = listed(language, &doubtful);
    let kinds = figures.unplaced.iter().map(|unplaced| kind(language, unplaced.kind).to_lowercase());
    let kinds = listed(language, &kinds.collect::<Vec<_>>());
    (!doubtful.is_empty()).then(|| {
        say!(
            language,
            "more losses may stop {names}, because this is written down nowhere for some suppliers that could serve them: {kinds}",
            "d'autres pertes peuvent arrêter {names}, car ceci n'est consigné nulle part pour certains fournisseurs qui pourraient les servir : {kinds}"
        )
    })
}

fn known_losses(figures: &Figures, language: Language) -> String {
    let hurting = hurting(figures);
    let Some(worst) = hurting.first() else {
        return say!(
            language,
            "no single loss of a maker, host, region, account, owner or country that is known here leaves a recorded request without a candidate or short of room that it has",
            "aucune perte isolée d'un éditeur, hébergeur, région, compte, propriétaire ou pays connu ici ne laisse une requête enregistrée sans candidat ni ne la prive de puissance"
        );
    };
    let products: Vec<String> = worst
        .products
        .iter()
        .filter(|on| on.verdict >= Verdict::Partly)
        .map(|on| on.product.to_string())
        .collect();
    let (number, what, whom) =
        (hurting.len(), plainly(language, &worst.domains), listed(language, &products));
    let stops = if worst.products.iter().any(|on| on.verdict == Verdict::Partly) {
        say!(language, "stops, or stops a part of,", "arrête, en tout ou en partie,")
    } else {
        say!(language, "stops", "arrête")
    };
    if number == 1 {
        return say!(
            language,
            "one single loss would stop a product in whole or in part: {what}, which {stops} {whom}",
            "une seule perte isolée arrêterait un produit en tout ou en partie : {what}, qui {stops} {whom}"
        );
    }
    say!(
        language,
        "{number} single losses would stop a product in whole or in part; the worst is {what}, which {stops} {whom}",
        "{number} pertes isolées arrêteraient un produit en tout ou en partie ; la pire est {what}, qui {stops} {whom}"
    )
}

/// Products whose requests would go unproven after some single loss, and those with proven substitutes for each.
fn substitutes(figures: &Figures, language: Language) -> Vec<String> {
    let with = |wanted: Verdict| -> Vec<String> {
        let worst = |product: &ProductFigures| {
            let on =
                figures.losses.iter().filter(|loss| loss.meaning.is_none()).flat_map(|loss| &loss.products);
            on.filter(|on| on.product == product.name).map(|on| on.at_worst).max()
        };
        // What is short as it is carries on after nothing.
        let whole = figures.products.iter().filter(|product| !product.is_short_already());
        let named = whole.filter(|product| worst(product) == Some(wanted));
        named.map(|product| product.name.to_string()).collect()
    };
    let (unproven, proven) = (with(Verdict::Unproven), with(Verdict::Proven));
    let mut clauses = vec![if proven.is_empty() {
        say!(
            language,
            "there is no product for which proven substitutes would carry on after every single loss",
            "il n'est aucun produit dont des substituts éprouvés prendraient la relève après chaque perte isolée"
        )
    } else {
        let proven = listed(language, &proven);
        say!(
            language,
            "after any single loss, proven substitutes carry on for: {proven}",
            "après toute perte isolée, des substituts éprouvés prennent la relève pour : {proven}"
        )
    }];
    if !unproven.is_empty() {
        let unproven = listed(language, &unproven);
        clauses.push(say!(
            language,
            "for these somebody would answer, but not everything by a deployment that is proven for them: {unproven}",
            "pour ceux-ci quelqu'un répondrait, mais pas toujours un déploiement éprouvé pour eux : {unproven}"
        ));
    }
    clauses
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
