//! What lies at the provider, whom to call, and when leaving was last tried.

use super::super::super::exit::Plan;
use super::super::super::page::{Cell, Language, Section, Table, say};
use super::super::{count, exactly, listed, moment, percent};
use super::unknown;

pub(super) fn state(plan: &Plan, language: Language) -> Section {
    let mut section =
        Section::new("state", say!(language, "State to move or delete", "État à déplacer ou à effacer"));
    let heads = [say!(language, "what", "quoi"), say!(language, "known of it", "ce qu'on en sait")];
    let mut table = Table::new(say!(language, "State and terms", "État et clauses"), heads);
    let kept = &plan.kept;
    let tokens = count(language, kept.cache_read_tokens);
    let part = percent(language, kept.warm_input);
    let responses = count(language, kept.responses_requests);
    let here = if kept.held_here.is_empty() {
        say!(language, "for no product", "pour aucun produit")
    } else {
        say!(
            language,
            "for {}: they stay here and go on elsewhere",
            "pour {} : elles restent ici et se poursuivent ailleurs",
            listed(language, &kept.held_here)
        )
    };
    let rows: [(String, Cell); 4] = [
        (
            say!(language, "warm caches", "caches chauds"),
            say!(
                language,
                "{tokens} input tokens read from them ({part} of its input); cannot be moved, nothing to delete",
                "{tokens} jetons d'entrée lus ({part} de l'entrée) ; non déplaçables, rien à effacer"
            )
            .into(),
        ),
        (say!(language, "responses kept by Relève", "réponses gardées par Relève"), here.into()),
        (
            say!(language, "responses kept by the provider", "réponses gardées par le fournisseur"),
            if kept.responses_requests == 0 {
                say!(
                    language,
                    "no request in the protocol that keeps them",
                    "aucune requête dans le protocole qui les garde"
                )
                .into()
            } else {
                Cell::toned(
                    super::Tone::Doubtful,
                    say!(
                        language,
                        "unknown; {responses} requests could have left some",
                        "inconnu ; {responses} requêtes ont pu en laisser"
                    ),
                )
            },
        ),
        (
            say!(
                language,
                "files, batches, fine-tunes, embedding indexes, voices",
                "fichiers, lots, modèles affinés, index, voix"
            ),
            unknown(language),
        ),
    ];
    let agreed = (!plan.own).then(|| agreed(plan, language));
    for (what, cell) in rows.into_iter().chain(agreed.into_iter().flatten()) {
        table.row([what.into(), cell]);
    }
    section.table(table);
    section
}

/// What the contract says of the data.
fn agreed(plan: &Plan, language: Language) -> [(String, Cell); 3] {
    let contract = plan.contract.as_ref();
    let known = |text: Option<String>| text.map_or_else(|| unknown(language), Cell::from);
    [
        (
            say!(language, "retention of prompts and answers", "conservation des échanges"),
            known(
                contract.and_then(|contract| Some(exactly(language, contract.retention.as_ref()?.value.0))),
            ),
        ),
        (
            say!(language, "training on them", "entraînement sur ceux-ci"),
            known(contract.and_then(|contract| {
                let may = contract.training_use.as_ref()?.value;
                Some(if may {
                    say!(language, "allowed", "permis")
                } else {
                    say!(language, "not allowed", "interdit")
                })
            })),
        ),
        (
            say!(language, "subprocessors", "sous-traitants"),
            known(contract.and_then(|contract| {
                let names = contract.subprocessors.as_ref()?;
                Some(names.iter().map(|name| name.value.clone()).collect::<Vec<_>>().join(", "))
            })),
        ),
    ]
}

pub(super) fn contacts(plan: &Plan, language: Language) -> Section {
    let mut section = Section::new("contacts", say!(language, "Contacts", "Contacts"));
    let heads = [say!(language, "who", "qui"), say!(language, "name", "nom")];
    let mut table = Table::new(say!(language, "Whom to call", "Qui appeler"), heads);
    let contract = plan.contract.as_ref();
    let known = |text: Option<String>| text.map_or_else(|| unknown(language), Cell::from);
    let of = |field: Option<&crate::config::value::At<String>>| known(field.map(|text| text.value.clone()));
    let provider = &plan.provider;
    table.row([
        say!(language, "at {provider}", "chez {provider}").into(),
        of(contract.and_then(|contract| contract.contact.as_ref())),
    ]);
    if !plan.own {
        table.row([
            say!(language, "legal entity", "entité juridique").into(),
            of(contract.and_then(|contract| contract.entity.as_ref())),
        ]);
        table.row([
            say!(language, "contract", "contrat").into(),
            of(contract.and_then(|contract| contract.reference.as_ref())),
        ]);
    }
    for product in &plan.products {
        let name = &product.leaving.product;
        table.row([
            say!(language, "owner of {name}", "responsable de {name}").into(),
            known(product.owner.clone()),
        ]);
    }
    section.table(table);
    section
}

pub(super) fn last_test(plan: &Plan, language: Language) -> Section {
    let mut section = Section::new("tests", say!(language, "Last test", "Dernier essai"));
    let caption = say!(
        language,
        "When a substitute last answered the product's real requests",
        "Quand un substitut a répondu pour la dernière fois à de vraies requêtes du produit"
    );
    let heads = [say!(language, "product", "produit"), say!(language, "last", "dernière fois")];
    let mut table = Table::new(caption, heads);
    for product in &plan.products {
        let last = product.leaving.last_test_us.map(moment);
        let never =
            || Cell::toned(super::Tone::Bad, say!(language, "never in the period", "jamais sur la période"));
        table.row([product.leaving.product.to_string().into(), last.map_or_else(never, Cell::from)]);
    }
    section.table(table);
    let acts: Vec<String> = plan
        .acts
        .iter()
        .map(|act| {
            let expires = act.expires_us.map_or_else(String::new, |until| {
                let until = moment(until);
                say!(language, ", until {until}", ", jusqu'au {until}")
            });
            let (set, target, posture) = (moment(act.set_us), &act.target, &act.posture);
            let (author, reason) = (&act.author, &act.reason);
            say!(
                language,
                "{set}: {target}={posture}{expires}, by {author}: {reason}",
                "{set} : {target}={posture}{expires}, par {author} : {reason}"
            )
        })
        .collect();
    section.list(
        acts,
        say!(
            language,
            "No posture about it is on record: leaving was never tried on purpose.",
            "Aucune posture à son sujet n'est inscrite : la sortie n'a jamais été essayée exprès."
        ),
    );
    section
}
