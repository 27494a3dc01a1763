//! A plan to leave a provider, in words.

mod crosswalk;
mod steps;
mod substitutes;
mod terms;

use scenario::Verdict;

use super::super::exit::{Gap, Plan};
use super::super::page::{Block, Language, Page, Section, Tone, say};
use super::{keys, listed, moment, verdict};

/// All of it: what stands in the way first, then what is done when, then what it rests on.
pub(in crate::report) fn page(plan: &Plan, language: Language) -> Page {
    let whose = plan.organisation.as_deref().map_or_else(String::new, |name| format!(", {name}"));
    let provider = &plan.provider;
    Page {
        language,
        title: say!(language, "Exit plan: {provider}{whose}", "Plan de sortie : {provider}{whose}"),
        subtitle: say!(
            language,
            "Made on {} from the ledger's entries of {} to {} (UTC).",
            "Établi le {} d'après les écritures du registre du {} au {} (UTC).",
            plan.today,
            moment(plan.basis.from_us),
            moment(plan.basis.to_us)
        ),
        sections: vec![
            summary(plan, language),
            steps::triggers(plan, language),
            substitutes::section(plan, language),
            steps::schedule(plan, language),
            steps::section(plan, language),
            substitutes::cost(plan, language),
            terms::state(plan, language),
            terms::contacts(plan, language),
            terms::last_test(plan, language),
            gaps(plan, language),
            crosswalk::section(plan, language),
            method(plan, language),
        ],
    }
}

fn summary(plan: &Plan, language: Language) -> Section {
    let mut section = Section::new("summary", say!(language, "At a glance", "En bref"));
    let provider = &plan.provider;
    if plan.products.is_empty() {
        section.text(say!(
            language,
            "No recorded request went to {provider}, or could have.",
            "Aucune requête enregistrée n'est allée chez {provider}, ni n'aurait pu y aller."
        ));
        return section;
    }
    let stopped = |product: &&super::super::exit::ProductPlan| {
        matches!(product.leaving.verdict, Verdict::Stopped | Verdict::Partly)
    };
    let hurt: Vec<String> =
        plan.products.iter().filter(stopped).map(|product| product.leaving.product.to_string()).collect();
    let all = plan.products.len();
    section.text(match hurt.len() {
        0 => say!(
            language,
            "Without {provider} every recorded request of the {all} products that use it, or could, has somebody else to serve it.",
            "Sans {provider}, chaque requête enregistrée des {all} produits qui l'utilisent, ou le pourraient, trouve un autre fournisseur."
        ),
        _ => say!(
            language,
            "Without {provider} not all of {} is served: a plan for that is missing.",
            "Sans {provider}, {} ne sont plus entièrement servis : il manque un plan.",
            listed(language, &hurt)
        ),
    });
    let is_short = |product: &&super::super::exit::ProductPlan| product.leaving.outlook.is_short_already();
    let short: Vec<String> =
        plan.products.iter().filter(is_short).map(|product| product.leaving.product.to_string()).collect();
    if !short.is_empty() {
        let names = listed(language, &short);
        section.text(say!(
            language,
            "Short of room already, with {provider}: {names}. What is said of leaving counts only what is added to that.",
            "À court de puissance dès maintenant, avec {provider} : {names}. Ce qui est dit du départ ne compte que ce qui s'y ajoute."
        ));
    }
    section.text(deadline(plan, language));
    let lights = plan.products.iter().map(|product| {
        let (tone, word) = verdict(language, product.leaving.verdict);
        (product.leaving.product.to_string(), word, tone)
    });
    section.blocks.push(Block::Lights(lights.collect()));
    section
}

/// Until when, in a sentence.
fn deadline(plan: &Plan, language: Language) -> String {
    if plan.own {
        return say!(
            language,
            "These are our own machines, and no contract says until when: the day is ours.",
            "Ce sont nos propres machines, et aucun contrat ne dit jusqu'à quand : la date nous appartient."
        );
    }
    let earliest = plan.schedule.earliest_end;
    match (plan.schedule.days_left, plan.schedule.too_late, earliest) {
        (None, _, Some(day)) => say!(
            language,
            "The contract's end is unknown; if notice were given today, it could end on {day}.",
            "La fin du contrat est inconnue ; avec un préavis donné aujourd'hui, il pourrait finir le {day}."
        ),
        (None, _, None) => say!(
            language,
            "The contract's end and notice are unknown: there are no dates to plan with.",
            "La fin et le préavis du contrat sont inconnus : aucune date ne permet de planifier."
        ),
        (Some(days), true, _) if days < 0 => say!(
            language,
            "Too late: the contract's end is past.",
            "Trop tard : la fin du contrat est passée."
        ),
        (Some(days), true, _) => {
            let next = earliest.map_or_else(String::new, |day| {
                say!(
                    language,
                    " A notice given today would run until {day}.",
                    " Un préavis donné aujourd'hui courrait jusqu'au {day}."
                )
            });
            say!(
                language,
                "Too late for the contract's end, which is {days} days away: the last day to give notice is past.{next}",
                "Trop tard pour la fin du contrat, dans {days} jours : le dernier jour du préavis est passé.{next}"
            )
        }
        (Some(days), false, _) => {
            say!(language, "The contract ends in {days} days.", "Le contrat finit dans {days} jours.")
        }
    }
}

fn gaps(plan: &Plan, language: Language) -> Section {
    let mut section = Section::new("gaps", say!(language, "Open gaps", "Lacunes"));
    let entries = plan.gaps.iter().map(|gap| gap_words(gap, language)).collect();
    section.list(entries, "");
    section
}

fn gap_words(gap: &Gap, language: Language) -> String {
    let names = |names: &[std::sync::Arc<str>]| {
        listed(language, &names.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    match gap {
        Gap::NotServed { product, verdict: how } => {
            let (_, word) = verdict(language, *how);
            say!(
                language,
                "{product}: {word} without this provider.",
                "{product} : {word} sans ce fournisseur."
            )
        }
        Gap::Unproven { product } => say!(
            language,
            "{product}: part of it would go to a substitute that is not proven for it.",
            "{product} : une part irait à un substitut non éprouvé."
        ),
        Gap::Untested { product } => say!(
            language,
            "{product}: no substitute answered any of its requests in the period.",
            "{product} : aucun substitut n'a répondu à une de ses requêtes sur la période."
        ),
        Gap::NoOwner { product } => say!(
            language,
            "{product}: nobody is named as its owner.",
            "{product} : aucun responsable n'est nommé."
        ),
        Gap::UnknownCapacity { deployments } => say!(
            language,
            "Unknown capacity: {}. It counts as enough.",
            "Puissance inconnue : {}. Elle compte comme suffisante.",
            names(deployments)
        ),
        Gap::OnlyOne { route } => say!(
            language,
            "The route {route} has nobody else; the change leaves it as it is.",
            "La route {route} n'a personne d'autre ; la modification la laisse telle quelle."
        ),
        Gap::Refused { why } => say!(
            language,
            "A change below would be refused by `releve check`: {why}",
            "Une modification serait refusée par `releve check` : {why}"
        ),
        Gap::UnknownTerms { terms } => say!(
            language,
            "Unknown terms of the contract: {}.",
            "Clauses inconnues du contrat : {}.",
            keys::terms(language, terms)
        ),
        Gap::TooLate => say!(
            language,
            "The last day to give notice, or the end, is past.",
            "Le dernier jour du préavis, ou la fin, est passé."
        ),
        Gap::NoContact => say!(
            language,
            "No contact at the provider is written down.",
            "Aucun contact chez le fournisseur n'est noté."
        ),
        Gap::UnseenState => say!(
            language,
            "What the ledger cannot see: files, batches, fine-tunes, embedding indexes and voices at the provider.",
            "Ce que le registre ne voit pas : fichiers, lots, modèles affinés, index et voix chez le fournisseur."
        ),
    }
}

fn method(plan: &Plan, language: Language) -> Section {
    let mut section = Section::new("method", say!(language, "What it rests on", "Sur quoi il repose"));
    section.text(say!(
        language,
        "Candidates are worked out from the recorded requests by the code that routes live ones: abilities, window, region, protocol, price. Proven means 20 whole answers for the product in the period, or an approval on file. Costs are list prices with the same numbers of tokens and cold caches: a scale, not a bill.",
        "Les candidats sont établis d'après les requêtes enregistrées par le code qui aiguille les requêtes réelles : capacités, fenêtre, région, protocole, prix. Éprouvé signifie 20 réponses entières pour le produit sur la période, ou une approbation inscrite. Les coûts sont ceux du tarif public, à nombre de jetons égal et caches froids : un ordre de grandeur, non une facture."
    ));
    section.text(super::left::method(&plan.left, plan.today, language));
    let basis = &plan.basis;
    section.list(
        vec![
            say!(language, "Program: Relève {}", "Programme : Relève {}", basis.program),
            say!(language, "Configuration: {}", "Configuration : {}", basis.config_version),
            say!(language, "Catalogue: {}", "Catalogue : {}", basis.catalogue_version),
            say!(
                language,
                "Ledger: {}, up to entry {}, chain {}",
                "Registre : {}, jusqu'à l'écriture {}, chaîne {}",
                basis.ledger,
                basis.ledger_seq,
                basis.ledger_chain
            ),
        ],
        "",
    );
    section
}

fn unknown(language: Language) -> super::super::page::Cell {
    super::super::page::Cell::toned(Tone::Doubtful, say!(language, "unknown", "inconnu"))
}
