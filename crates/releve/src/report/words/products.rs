//! What stops what, and each product.

use std::sync::Arc;

use ledger::budget::{Every, Over};
use scenario::{Effect, Proof, Verdict};

use super::super::figures::{Candidate, Figures, LossFigures, OnProduct, ProductFigures, Unplaced};
use super::super::page::{Block, Cell, Columns, Language, Section, Table, Tone, say};
use crate::budgets::Spending;

use super::{count, exactly, kind, left, listed, loss, minute, moment, names, of_names, percent, verdict};

/// How many of a product's smallest cuts are shown.
const SHOWN: usize = 12;

/// Each loss against each product.
pub(super) fn what_stops_what(figures: &Figures, language: Language) -> Section {
    let mut section = Section::new("stops", say!(language, "What stops what", "Qu'est-ce qui arrête quoi"));
    section.text(say!(
        language,
        "Each recorded request is held against today's configuration without what is lost: its abilities, sizes, regions and protocol, and the capacity that is configured, at the product's busiest minute. That a fallback is listed counts for nothing here; that it could have served these requests does. Names joined by = are one loss: they take away the same.",
        "Chaque requête enregistrée est confrontée à la configuration d'aujourd'hui sans ce qui est perdu : capacités, tailles, régions et protocole, et la puissance configurée, à la minute la plus chargée du produit. Qu'un secours figure sur la liste ne compte pas ; qu'il eût pu servir ces requêtes, oui. Des noms joints par = sont une seule perte : ils emportent la même chose."
    ));
    if !figures.left.is_empty() {
        section.text(say!(
            language,
            "These serve nobody on {} and are nobody's substitute, whatever routes list:",
            "Ceux-ci ne servent personne le {} et ne remplacent personne, quoi que listent les routes :",
            figures.today
        ));
        section.blocks.push(Block::List(left::each(&figures.left, language)));
    }
    let short = figures.products.iter().filter(|product| product.is_short_already());
    let short: Vec<String> = short.map(|product| product.name.to_string()).collect();
    if !short.is_empty() {
        let names = listed(language, &short);
        section.text(say!(
            language,
            "Short of room already, with nothing lost: {names}. The tables count only what a loss adds to that.",
            "À court de puissance sans aucune perte : {names}. Les tableaux ne comptent que ce qu'une perte y ajoute."
        ));
    }
    section.table(matrix(
        figures,
        figures.losses.iter().filter(|loss| loss.meaning.is_none()),
        say!(language, "Losing one of these", "La perte de l'un d'eux"),
        language,
    ));
    if !figures.unplaced.is_empty() {
        section.blocks.push(Block::List(survive(&figures.unplaced, language)));
    }
    section.text(say!(
        language,
        "A maker can be lost in four ways that take away different things. Open weights on one's own machines survive the first three. Weights of unknown licence count as closed.",
        "On peut perdre un éditeur de quatre façons, qui n'emportent pas la même chose. Des poids ouverts sur ses propres machines survivent aux trois premières. Des poids de licence inconnue comptent comme fermés."
    ));
    section.table(matrix(
        figures,
        figures.losses.iter().filter(|loss| loss.meaning.is_some()),
        say!(language, "The four meanings of a maker's loss", "Les quatre sens de la perte d'un éditeur"),
        language,
    ));
    section
}

/// What the table above does not know: the kinds of which the same deployments have none are one line.
fn survive(unplaced: &[Unplaced], language: Language) -> Vec<String> {
    let mut of: Vec<(&[Arc<str>], Vec<String>)> = Vec::new();
    for Unplaced { kind: unknown, deployments } in unplaced {
        let word = kind(language, *unknown).to_lowercase();
        match of.iter_mut().find(|(same, _)| same == deployments) {
            Some((_, kinds)) => kinds.push(word),
            None => of.push((deployments, vec![word])),
        }
    }
    let line = |(deployments, kinds): (&[Arc<str>], Vec<String>)| {
        let names: Vec<String> = deployments.iter().map(ToString::to_string).collect();
        let (names, kinds) = (listed(language, &names), listed(language, &kinds));
        say!(
            language,
            "Unknown {kinds}: {names}. They may be lost with any of that kind. Until somebody says it, what hangs on them is \"at best\" as the table says.",
            "{kinds} : inconnu pour {names}. Ils peuvent tomber avec n'importe lequel. Tant que personne ne le dit, ce qui en dépend n'est qu'« au mieux » ce que dit le tableau."
        )
    };
    of.into_iter().map(line).collect()
}

fn matrix<'f>(
    figures: &Figures,
    losses: impl Iterator<Item = &'f LossFigures>,
    caption: String,
    language: Language,
) -> Table {
    let served: Vec<&ProductFigures> =
        figures.products.iter().filter(|product| !product.candidates.is_empty()).collect();
    let heads = std::iter::once(say!(language, "loss of", "perte de"));
    let mut table = Table::new(caption, heads.chain(served.iter().map(|product| product.name.to_string())));
    for known in losses {
        let cell = |product: &&ProductFigures| {
            let on = known.products.iter().find(|on| on.product == product.name);
            on.map_or_else(|| Cell::from(""), |on| on_product(on, language))
        };
        let name = Cell::from(loss(language, known));
        table.row(std::iter::once(name).chain(served.iter().map(cell)));
    }
    table
}

fn on_product(on: &OnProduct, language: Language) -> Cell {
    let (mut tone, mut words) = verdict(language, on.verdict);
    let outlook = &on.outlook;
    if on.is_in_doubt() {
        tone = Tone::Doubtful;
        words = say!(language, "at best {words}", "au mieux : {words}");
    }
    if outlook.none > 0.0 && outlook.none < 1.0 {
        words = say!(language, "{words}: {}", "{words} : {}", percent(language, outlook.none));
    }
    if outlook.short_tokens > 0 || outlook.short_requests > 0 {
        words += &say!(language, ", capacity", ", puissance");
    } else if outlook.is_short_already() && matches!(on.verdict, Verdict::Proven | Verdict::Unproven) {
        tone = Tone::Doubtful;
        words += &say!(language, ", short as before", ", à court comme avant");
    }
    Cell::toned(tone, words)
}

/// Every product on its own.
pub(super) fn section(figures: &Figures, language: Language) -> Section {
    let mut section = Section::new("products", say!(language, "Product by product", "Produit par produit"));
    for product in &figures.products {
        one(&mut section, figures, product, language);
    }
    section
}

fn one(section: &mut Section, figures: &Figures, product: &ProductFigures, language: Language) {
    section.blocks.push(Block::Heading(product.name.to_string()));
    section.text(facts(figures, product, language));
    if let Some(budget) = &product.budget {
        section.text(spent(budget, language));
    }
    findings(section, figures, product, language);
    section.table(candidates(figures, product, language));
    let cuts = cuts(product, language);
    section.list(
        cuts,
        say!(
            language,
            "No loss of up to three known fault domains leaves any more of its recorded requests unserved.",
            "Aucune perte d'au plus trois domaines de défaillance connus ne prive de service d'autres de ses requêtes enregistrées."
        ),
    );
    capacity(section, figures, product, language);
}

fn facts(figures: &Figures, product: &ProductFigures, language: Language) -> String {
    let unknown = || say!(language, "unknown", "inconnu");
    let criticality = product.criticality.map_or_else(unknown, |criticality| {
        use crate::config::product::Criticality;
        match criticality {
            Criticality::Critical => say!(language, "critical", "critique"),
            Criticality::Important => say!(language, "important", "importante"),
            Criticality::Normal => say!(language, "normal", "normale"),
        }
    });
    let function = product.function.clone().unwrap_or_else(unknown);
    let owner = product.owner.clone().unwrap_or_else(unknown);
    let outage = product.max_outage.map_or_else(unknown, |outage| exactly(language, outage.0));
    let degraded = degraded(product, language);
    let requests = count(language, product.requests);
    let money = figures.currency.show_known(language, product.nanos, product.unpriced);
    let makers: Vec<String> = product
        .makers
        .iter()
        .map(|(name, part)| {
            let name = if name.is_empty() { unknown() } else { name.to_string() };
            format!("{name} {}", percent(language, *part))
        })
        .collect();
    let makers = if makers.is_empty() { unknown() } else { listed(language, &makers) };
    say!(
        language,
        "Criticality {criticality}; function {function}; owner {owner}; longest tolerable outage {outage}; {degraded}. {requests} requests for {money}; makers that answered: {makers}.",
        "Criticité {criticality} ; fonction : {function} ; responsable : {owner} ; interruption maximale tolérable : {outage} ; {degraded}. {requests} requêtes pour {money} ; éditeurs qui ont répondu : {makers}."
    )
}

/// How many of its requests may go unserved or to somebody unproven.
fn degraded(product: &ProductFigures, language: Language) -> String {
    match product.max_degradation.map(|most| percent(language, most)) {
        None => say!(
            language,
            "how many of its requests may go unserved or to somebody unproven is unknown",
            "part maximale de ses requêtes sans service ou chez un fournisseur non éprouvé : inconnue"
        ),
        Some(most) => say!(
            language,
            "of its requests at most {most} may go unserved or to somebody unproven",
            "part maximale de ses requêtes sans service ou chez un fournisseur non éprouvé : {most}"
        ),
    }
}

/// What of its budget is spent.
fn spent(budget: &Spending, language: Language) -> String {
    let per = match budget.terms.per {
        Every::Day => say!(language, "a day", "par jour"),
        Every::Week => say!(language, "a week", "par semaine"),
        Every::Month => say!(language, "a month", "par mois"),
    };
    let past = match budget.terms.over {
        Over::Refuse => say!(language, "past it requests are refused", "au-delà, les requêtes sont refusées"),
        Over::Tell => say!(
            language,
            "past it requests are served all the same",
            "au-delà, les requêtes sont servies quand même"
        ),
    };
    let unpriced = u64::try_from(budget.unpriced).unwrap_or(0);
    let unpriced = match unpriced {
        0 => String::new(),
        some => {
            let some = count(language, some);
            say!(language, ", and {some} unpriced requests besides", ", et {some} requêtes sans prix en plus")
        }
    };
    let (spent, amount, from, share) =
        (&budget.spent, &budget.amount, &budget.from, percent(language, budget.share));
    say!(
        language,
        "Budget of {amount} {per}: {spent} spent since {from} ({share}){unpriced}; {past}.",
        "Budget de {amount} {per} : {spent} dépensés depuis le {from} ({share}){unpriced} ; {past}."
    )
}

fn findings(section: &mut Section, figures: &Figures, product: &ProductFigures, language: Language) {
    let mut findings = Vec::new();
    if product.without_any > 0 {
        let number = count(language, product.without_any);
        findings.push(say!(
            language,
            "{number} of its requests have no candidate even while nothing is lost.",
            "{number} de ses requêtes n'ont aucun candidat alors même que rien n'est perdu."
        ));
    }
    if product.without_route > 0 {
        let number = count(language, product.without_route);
        findings.push(say!(
            language,
            "{number} of its requests came to routes that the configuration no longer has: they are in no statement about losses.",
            "{number} de ses requêtes sont venues par des routes que la configuration n'a plus : aucune affirmation sur les pertes ne les couvre."
        ));
    }
    for approval in &product.void_approvals {
        let (whom, by, on) = (&approval.target.value, &approval.by.value, approval.on.0);
        findings.push(match &approval.until {
            Some(until) if until.0 < figures.today => say!(
                language,
                "The approval of {whom} by {by} ended on {}: it proves nothing any more.",
                "L'approbation de {whom} par {by} a pris fin le {} : elle ne prouve plus rien.",
                until.0
            ),
            _ => say!(
                language,
                "The approval of {whom} by {by} begins on {on}: it proves nothing yet.",
                "L'approbation de {whom} par {by} commence le {on} : elle ne prouve encore rien."
            ),
        });
    }
    if product.is_short_already() {
        let short = short_already(product, language);
        findings.push(say!(language, "While nothing is lost: {short}.", "Sans aucune perte : {short}."));
    }
    if !findings.is_empty() {
        section.blocks.push(Block::List(findings));
    }
}

/// What finds no room while nothing is lost.
pub(super) fn short_already(product: &ProductFigures, language: Language) -> String {
    let already = Effect {
        short_tokens: product.short_already_tokens,
        short_requests: product.short_already_requests,
        ..Effect::default()
    };
    effect(&already, product, language)
}

fn candidates(figures: &Figures, product: &ProductFigures, language: Language) -> Table {
    let caption = say!(
        language,
        "Who could serve {}: proof, part of its requests that it could serve and did, and what all of them would cost there (list price, same tokens, cold caches)",
        "Qui pourrait servir {} : preuve, part de ses requêtes qu'il pourrait servir et a servies, et ce que toutes coûteraient là (prix public, mêmes jetons, caches froids)",
        product.name
    );
    let cost = |candidate: &Candidate| {
        let unpriced = || say!(language, "unpriced", "sans prix");
        candidate.nanos.map_or_else(unpriced, |nanos| figures.currency.show(language, nanos))
    };
    let ends = |candidate: &Candidate| {
        candidate.ends.as_deref().map_or_else(|| say!(language, "unknown", "inconnue"), str::to_owned)
    };
    Columns::<Candidate>::new()
        .column(say!(language, "deployment", "déploiement"), |candidate| candidate.deployment.to_string())
        .column(say!(language, "proof", "preuve"), |candidate| proof(&candidate.proof, language))
        .figures()
        .column(say!(language, "could", "pourrait"), |candidate| percent(language, candidate.could))
        .column(say!(language, "did", "a servi"), |candidate| percent(language, candidate.served))
        .column(say!(language, "cost", "coût"), cost)
        .column(say!(language, "model ends", "fin du modèle"), ends)
        .table(caption, &product.candidates)
}

fn proof(proof: &Proof, language: Language) -> Cell {
    match proof {
        Proof::Served { answered, last_us } => {
            let (number, last) = (count(language, *answered), moment(*last_us));
            Cell::toned(
                Tone::Good,
                say!(
                    language,
                    "proven: {number} answers, last {last}",
                    "éprouvé : {number} réponses, la dernière le {last}"
                ),
            )
        }
        Proof::Approved { on } => {
            Cell::toned(Tone::Good, say!(language, "proven: approved {on}", "éprouvé : approuvé le {on}"))
        }
        Proof::Unproven { answered } => {
            let number = count(language, *answered);
            Cell::toned(
                Tone::Doubtful,
                say!(language, "unproven: {number} answers", "non éprouvé : {number} réponses"),
            )
        }
    }
}

fn cuts(product: &ProductFigures, language: Language) -> Vec<String> {
    let mut shown: Vec<String> = product
        .cuts
        .iter()
        .take(SHOWN)
        .map(|cut| {
            let effect = effect(&cut.effect, product, language);
            let what = match cut.losses.as_slice() {
                [one] => of_names(language, one),
                several => {
                    let parts = several.iter().map(|domains| format!("[{}]", names(language, domains)));
                    let parts = parts.collect::<Vec<_>>().join(" + ");
                    say!(language, "of {parts}", "de {parts}")
                }
            };
            say!(language, "Loss {what}: {effect}.", "Perte {what} : {effect}.")
        })
        .collect();
    if product.cuts.len() > SHOWN {
        let more = product.cuts.len() - SHOWN;
        shown.push(say!(
            language,
            "And {more} more smallest combinations; the report's data (JSON) has them all.",
            "Et {more} autres combinaisons minimales ; les données du rapport (JSON) les donnent toutes."
        ));
    }
    shown
}

fn effect(effect: &Effect, product: &ProductFigures, language: Language) -> String {
    let mut parts = Vec::new();
    if effect.stopped > 0.0 {
        let part = percent(language, effect.stopped);
        parts.push(say!(
            language,
            "{part} of its requests have no candidate left",
            "{part} de ses requêtes n'ont plus de candidat"
        ));
    }
    if effect.short_tokens > 0 {
        let (short, all) = (count(language, effect.short_tokens), count(language, product.peak_tokens));
        parts.push(say!(
            language,
            "{short} of {all} tokens of its busiest minute find no capacity",
            "{short} des {all} jetons de sa minute la plus chargée ne trouvent pas de puissance"
        ));
    }
    if effect.short_requests > 0 {
        let (short, all) = (count(language, effect.short_requests), count(language, product.peak_requests));
        parts.push(say!(
            language,
            "{short} of {all} requests of its busiest minute find no capacity",
            "{short} des {all} requêtes de sa minute la plus chargée ne trouvent pas de puissance"
        ));
    }
    parts.join("; ")
}

/// The need at the busiest minute, and where those that are left after a loss have never carried that much.
fn capacity(section: &mut Section, figures: &Figures, product: &ProductFigures, language: Language) {
    let Some(at) = product.peak_minute.map(minute) else { return };
    let need = count(language, product.peak_tokens);
    section.text(say!(
        language,
        "Busiest minute: {need} tokens, at {at} (UTC).",
        "Minute la plus chargée : {need} jetons, le {at} (UTC)."
    ));
    let mut beyond: Vec<(u64, String)> = figures
        .losses
        .iter()
        .filter(|known| known.meaning.is_none())
        .filter_map(|known| {
            let on = known.products.iter().find(|on| on.product == product.name)?;
            let more = on.outlook.beyond_proven_tokens;
            (more > 0 && on.outlook.none < 1.0).then(|| {
                let (what, more) = (of_names(language, &known.domains), count(language, more));
                let words = say!(language, "{what}: {more} tokens", "{what} : {more} jetons");
                (on.outlook.beyond_proven_tokens, words)
            })
        })
        .collect();
    // The worst say it; `--json` has the rest.
    beyond.sort_by_key(|(more, _)| std::cmp::Reverse(*more));
    beyond.truncate(3);
    if !beyond.is_empty() {
        let and = say!(language, "; ", " ; ");
        let losses = beyond.into_iter().map(|(_, words)| words).collect::<Vec<_>>().join(&and);
        section.text(say!(
            language,
            "Beyond proven capacity: those that are left have never carried that much here in one minute, with what the other products asked then. Missing after the loss {losses}.",
            "Au-delà de la puissance éprouvée : ceux qui restent n'ont jamais porté autant ici en une minute, avec ce que les autres produits demandaient alors. Il manque après la perte {losses}."
        ));
    }
}
