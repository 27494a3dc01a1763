//! What makes one leave, what is done when, and what changes in the configuration.

use scenario::exit::{Milestone, RAMP_DAYS, Step, TEST_DAYS};

use super::super::super::exit::{Change, Plan};
use super::super::super::page::{Block, Cell, Language, Section, Table, Tone, say};
use super::super::{exactly, keys};
use super::unknown;

pub(super) fn triggers(plan: &Plan, language: Language) -> Section {
    let mut section = Section::new("triggers", say!(language, "Triggers", "Déclencheurs"));
    let provider = &plan.provider;
    let heads = [
        say!(language, "trigger", "déclencheur"),
        say!(language, "seen by", "constaté par"),
        say!(language, "first act", "premier geste"),
        say!(language, "time there is", "délai"),
    ];
    let mut table = Table::new(say!(language, "What makes us leave", "Ce qui nous fait partir"), heads);
    let outages: Vec<String> = plan
        .products
        .iter()
        .filter_map(|product| {
            Some(format!("{} {}", product.leaving.product, exactly(language, product.max_outage?.0)))
        })
        .collect();
    table.row([
        say!(language, "persistent interruption", "interruption persistante").into(),
        say!(
            language,
            "breakers that stay open, failed attempts in the ledger",
            "disjoncteurs ouverts, tentatives échouées au registre"
        )
        .into(),
        say!(
            language,
            "by itself: fallbacks take over; then `releve posture provider:{provider}=leave`",
            "de lui-même : les substituts prennent le relais ; puis `releve posture provider:{provider}=leave`"
        )
        .into(),
        if outages.is_empty() { unknown(language) } else { outages.join(", ").into() },
    ]);
    table.row(failed_delivery(plan, language));
    table.row(unexpected_end(plan, language));
    section.table(table);
    section
}

fn failed_delivery(plan: &Plan, language: Language) -> [Cell; 4] {
    let provider = &plan.provider;
    let sla = plan.contract.as_ref().and_then(|contract| contract.sla.as_ref());
    let seen = match sla {
        Some(sla) => {
            let promised = super::super::percent(language, sla.value.0);
            say!(
                language,
                "availability below the promised {promised}",
                "disponibilité sous les {promised} promis"
            )
        }
        None if plan.own => say!(
            language,
            "errors and waits in the ledger, past what its products bear",
            "erreurs et attentes au registre, au-delà de ce que ses produits supportent"
        ),
        None => say!(language, "availability promised: unknown", "disponibilité promise : inconnue"),
    };
    let act = if plan.own {
        say!(
            language,
            "`releve posture provider:{provider}=drain`",
            "`releve posture provider:{provider}=drain`"
        )
    } else {
        say!(
            language,
            "`releve posture provider:{provider}=drain`, then notice",
            "`releve posture provider:{provider}=drain`, puis préavis"
        )
    };
    [
        say!(language, "failed delivery", "prestation défaillante").into(),
        seen.into(),
        act.into(),
        period(plan, language),
    ]
}

fn unexpected_end(plan: &Plan, language: Language) -> [Cell; 4] {
    let provider = &plan.provider;
    let control = plan.contract.as_ref().and_then(|contract| contract.change_of_control.as_ref());
    let control =
        control.map_or_else(|| say!(language, "unknown", "inconnue"), |control| control.value.clone());
    let seen = if plan.own {
        say!(
            language,
            "people: loss of the machines, of their site, or of the right to use the models",
            "des personnes : perte des machines, de leur site, ou du droit d'utiliser les modèles"
        )
    } else {
        say!(
            language,
            "people: insolvency, court order, change of control (terms: {control})",
            "des personnes : insolvabilité, décision de justice, changement de contrôle (clause : {control})"
        )
    };
    [
        say!(language, "unexpected end", "fin inattendue").into(),
        seen.into(),
        say!(
            language,
            "`releve posture provider:{provider}=leave`",
            "`releve posture provider:{provider}=leave`"
        )
        .into(),
        say!(language, "none can be relied on", "aucun n'est assuré").into(),
    ]
}

fn period(plan: &Plan, language: Language) -> Cell {
    if plan.own {
        return say!(language, "ours to choose", "à notre choix").into();
    }
    let contract = plan.contract.as_ref();
    let notice = contract.and_then(|contract| contract.notice.as_ref());
    notice.map_or_else(
        || unknown(language),
        |notice| say!(language, "notice of {}", "préavis de {}", exactly(language, notice.value.0)).into(),
    )
}

pub(super) fn schedule(plan: &Plan, language: Language) -> Section {
    let mut section = Section::new("schedule", say!(language, "Schedule", "Calendrier"));
    section.text(super::deadline(plan, language));
    let heads =
        [say!(language, "day", "jour"), say!(language, "what", "quoi"), say!(language, "finding", "constat")];
    let caption = if plan.own {
        say!(language, "Days that are written down", "Les dates consignées")
    } else {
        say!(language, "Backwards from the contract's end", "À rebours de la fin du contrat")
    };
    let mut table = Table::new(caption, heads);
    for milestone in &plan.schedule.milestones {
        table.row([
            milestone.day.map_or_else(|| say!(language, "unknown", "inconnu"), |day| day.to_string()).into(),
            step(milestone.step, language).into(),
            finding(milestone, language),
        ]);
    }
    if !plan.schedule.milestones.is_empty() {
        section.table(table);
    }
    section.text(say!(
        language,
        "Suggested days are Relève's, not the contract's: {TEST_DAYS} days to prove substitutes, {RAMP_DAYS} days to leave.",
        "Les jours proposés sont ceux de Relève, non du contrat : {TEST_DAYS} jours pour éprouver les substituts, {RAMP_DAYS} jours pour partir."
    ));
    section
}

fn step(step: Step, language: Language) -> String {
    match step {
        Step::Prove => {
            say!(language, "substitutes begin to be proven", "les substituts commencent à être éprouvés")
        }
        Step::Notice => say!(language, "last day to give notice", "dernier jour du préavis"),
        Step::PriceEnds => say!(language, "price promise ends", "fin de la garantie de prix"),
        Step::RampDown => say!(language, "requests begin to leave", "les requêtes commencent à partir"),
        Step::RightsEnd => {
            say!(language, "rights to the models end", "fin des droits sur les modèles")
        }
        Step::End => {
            say!(language, "contract ends; nothing is sent", "fin du contrat ; plus rien n'est envoyé")
        }
        Step::TransitionEnds => {
            say!(
                language,
                "transition ends: it need not serve any more",
                "fin de la transition : il ne doit plus servir"
            )
        }
        Step::Deleted => say!(
            language,
            "what was sent on the last day must be deleted",
            "ce qui fut envoyé le dernier jour doit être effacé"
        ),
    }
}

fn finding(milestone: &Milestone, language: Language) -> Cell {
    if milestone.day.is_none() {
        let terms = keys::terms(language, &milestone.missing);
        return Cell::toned(
            Tone::Doubtful,
            say!(language, "not written down of the contract: {terms}", "non consigné du contrat : {terms}"),
        );
    }
    match (milestone.late, milestone.suggested) {
        (true, _) => Cell::toned(Tone::Bad, say!(language, "past", "passé")),
        (false, true) => say!(language, "suggested", "proposé").into(),
        (false, false) => "".into(),
    }
}

pub(super) fn section(plan: &Plan, language: Language) -> Section {
    let mut section = Section::new("steps", say!(language, "Steps", "Étapes"));
    section.list(in_order(plan, language), "");
    let changes = &plan.changes;
    if changes.file.is_none() {
        section.text(say!(
            language,
            "The configuration comes from the environment alone: there is no file to change.",
            "La configuration vient du seul environnement : il n'y a pas de fichier à modifier."
        ));
        return section;
    }
    let behind = say!(language, "First change: asked last", "Première modification : demandé en dernier");
    change(&mut section, behind, changes.behind.as_ref(), language);
    let without = say!(language, "Second change: not at all", "Seconde modification : plus du tout");
    change(&mut section, without, changes.without.as_ref(), language);
    for route in &changes.only_one {
        section.text(say!(
            language,
            "The route {route} has only this provider: add another to it first.",
            "La route {route} n'a que ce fournisseur : ajoutez-en d'abord un autre."
        ));
    }
    section
}

/// What people do, one after the other.
fn in_order(plan: &Plan, language: Language) -> Vec<String> {
    let provider = &plan.provider;
    let mut steps = vec![
        say!(
            language,
            "Keep the fallbacks warm, so that they are proven: `releve posture provider:{provider}=watch --reason \"exit\"`; approve those that are good enough.",
            "Tenir les substituts au chaud, pour les éprouver : `releve posture provider:{provider}=watch --reason \"exit\"` ; approuver ceux qui conviennent."
        ),
        say!(
            language,
            "Ask it last: the first change below; or let it lose a share an hour: `releve posture provider:{provider}=drain --reason \"exit\"`.",
            "Le demander en dernier : première modification ci-dessous ; ou lui retirer une part par heure : `releve posture provider:{provider}=drain --reason \"exit\"`."
        ),
        say!(
            language,
            "Take it out: the second change below. `releve check`, then `releve whatif --lose provider:{provider}` shows what that does.",
            "Le retirer : seconde modification ci-dessous. `releve check`, puis `releve whatif --lose provider:{provider}` en montre l'effet."
        ),
    ];
    if plan.own {
        steps.push(say!(
            language,
            "Delete what the machines keep, revoke the credential, give the machines up.",
            "Effacer ce que gardent les machines, révoquer l'accès, rendre les machines."
        ));
        return steps;
    }
    let notice = say!(
        language,
        "Give notice in writing (see contacts), by the day in the schedule.",
        "Donner préavis par écrit (voir contacts), au jour du calendrier."
    );
    steps.insert(1, notice);
    steps.push(say!(
        language,
        "Revoke the credential, have data deleted, ask for a confirmation in writing.",
        "Révoquer l'accès, faire effacer les données, demander une confirmation écrite."
    ));
    steps
}

fn change(section: &mut Section, heading: String, change: Option<&Change>, language: Language) {
    section.blocks.push(Block::Heading(heading));
    let Some(change) = change else {
        section.text(say!(language, "Nothing to change.", "Rien à modifier."));
        return;
    };
    section.text(match &change.refused {
        None => {
            say!(
                language,
                "Read as `releve check` reads it: right.",
                "Lue comme le fait `releve check` : juste."
            )
        }
        Some(why) => say!(
            language,
            "Not to be applied as it is: `releve check` would refuse it: {why}",
            "À ne pas appliquer telle quelle : `releve check` la refuserait : {why}"
        ),
    });
    if change.hides {
        section.text(say!(
            language,
            "Stars stand for comments, headers' values and secrets, which stay out of a plan: make this change by hand.",
            "Les étoiles remplacent commentaires, valeurs d'en-têtes et secrets, qui restent hors d'un plan : faites cette modification à la main."
        ));
    }
    section.blocks.push(Block::Code(change.diff.clone()));
}
