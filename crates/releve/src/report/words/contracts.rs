//! Accounts and their contracts, what ends when, what is declared, and Relève itself.

use super::super::figures::{AccountFigures, Event, Figures};
use super::super::money::written;
use super::super::page::{Block, Cell, Columns, Language, Section, Table, Tone, say};
use super::{count, de, keys, minute, percent};

pub(super) fn section(figures: &Figures, language: Language) -> Section {
    let mut section = Section::new(
        "contracts",
        say!(language, "Accounts, contracts, dates", "Comptes, contrats, échéances"),
    );
    section.table(accounts(figures, language));
    section.table(calendar(figures, language));
    let mut findings = Vec::new();
    for account in &figures.accounts {
        findings.extend(commitment(figures, account, language));
        findings.extend(fixed(figures, account, language));
        if !account.unknown_terms.is_empty() {
            let (name, terms) = (&account.name, keys::terms(language, &account.unknown_terms));
            findings.push(say!(
                language,
                "{name}: unknown terms: {terms}.",
                "{name} : clauses inconnues : {terms}."
            ));
        }
        if !account.other_unknown_terms.is_empty() {
            let (name, terms) = (&account.name, keys::terms(language, &account.other_unknown_terms));
            findings.push(say!(
                language,
                "{name}: unknown besides, though nobody leaves by it: {terms}.",
                "{name} : inconnu aussi, sans décider d'un départ : {terms}."
            ));
        }
    }
    if !findings.is_empty() {
        section.blocks.push(Block::List(findings));
    }
    declared(&mut section, figures, language);
    section
}

fn accounts(figures: &Figures, language: Language) -> Table {
    let caption = say!(
        language,
        "Accounts, and the most that each has carried here in one minute (proven capacity)",
        "Comptes, et le plus que chacun a porté ici en une minute (puissance éprouvée)"
    );
    let text = |text: Option<String>| {
        text.map_or_else(|| Cell::toned(Tone::Doubtful, say!(language, "unknown", "inconnu")), Cell::from)
    };
    let owner = |account: &AccountFigures| {
        text(account.contract.as_ref().and_then(|contract| Some(contract.owner.as_ref()?.value.clone())))
    };
    let country = |account: &AccountFigures| {
        text(account.contract.as_ref().and_then(|contract| Some(contract.country.as_ref()?.value.clone())))
    };
    let ends = |account: &AccountFigures| {
        text(account.contract.as_ref().and_then(|contract| Some(contract.ends.as_ref()?.0.to_string())))
    };
    let when = |account: &AccountFigures| match account.carried.tokens_per_minute {
        0 => say!(language, "never", "jamais"),
        _ => minute(account.carried.at_minute),
    };
    Columns::<AccountFigures>::new()
        .column(say!(language, "account", "compte"), |account| account.name.to_string())
        .column(say!(language, "host", "hébergeur"), |account| text(account.host.clone()))
        .column(say!(language, "owner", "propriétaire"), owner)
        .column(say!(language, "country", "pays"), country)
        .column(say!(language, "contract ends", "fin du contrat"), ends)
        .figures()
        .column(say!(language, "money", "dépense"), |account| {
            figures.currency.show_known(language, account.nanos, account.unpriced)
        })
        .column(say!(language, "capacity, tokens/min", "puissance, jetons/min"), |account| {
            text(account.capacity_tokens_per_minute.map(|tokens| count(language, tokens)))
        })
        .column(say!(language, "proven", "éprouvée"), |account| {
            count(language, account.carried.tokens_per_minute)
        })
        .column(say!(language, "when", "quand"), when)
        .column(say!(language, "minutes near it", "minutes proches"), |account| {
            count(language, account.carried.minutes_near)
        })
        .table(caption, &figures.accounts)
}

fn calendar(figures: &Figures, language: Language) -> Table {
    let caption = say!(language, "What ends, soonest first", "Échéances, la plus proche d'abord");
    let heads = [say!(language, "day", "jour"), say!(language, "what", "quoi")];
    let mut table = Table::new(caption, heads);
    for known in &figures.calendar {
        let past = known.day < figures.today;
        let words = event(language, known);
        let words = if past { say!(language, "{words} (past)", "{words} (passé)") } else { words };
        table.row([
            known.day.to_string().into(),
            Cell::toned(if past { Tone::Bad } else { Tone::Plain }, words),
        ]);
    }
    table
}

/// What ends, in words.
pub(super) fn event(language: Language, event: &Event) -> String {
    let of = event.of.name();
    let whose = de(of);
    match event.what {
        "contract" => say!(language, "the contract of {of}", "le contrat {whose}"),
        "notice" => {
            say!(language, "the last day to give {of} notice", "le dernier jour pour donner préavis à {of}")
        }
        "ramp_down" => say!(language, "the start of the ramp-down of {of}", "le début du retrait {whose}"),
        "price" => say!(language, "the price promise of {of}", "la garantie de prix {whose}"),
        "declared" => say!(language, "{of} (declared)", "{of} (déclaré)"),
        "rights" => {
            say!(language, "the rights to the models at {of}", "les droits sur les modèles chez {of}")
        }
        _ => say!(language, "the model {of}", "le modèle {of}"),
    }
}

fn commitment(figures: &Figures, account: &AccountFigures, language: Language) -> Option<String> {
    if let Some(code) = &account.commitment_without_rate {
        let name = &account.name;
        return Some(say!(
            language,
            "{name}: whether its commitment is used is unknown: nobody has written down what {code} is worth ([rates.{code}]).",
            "{name} : on ne sait si son engagement est utilisé : personne n'a consigné ce que vaut {code} ([rates.{code}])."
        ));
    }
    let commitment = account.contract.as_ref().and_then(|contract| contract.commitment.as_ref());
    if account.committed_nanos.is_none()
        && let Some(commitment) = commitment
    {
        let (name, sum) = (&account.name, written(language, commitment));
        return Some(say!(
            language,
            "{name}: whether its commitment of {sum} is used is unknown: the records are of less than a day.",
            "{name} : on ne sait si son engagement de {sum} est utilisé : l'enregistrement couvre moins d'un jour."
        ));
    }
    let committed = account.committed_nanos.filter(|committed| *committed > 0)?;
    if account.nanos >= committed {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let used = percent(language, account.nanos as f64 / committed as f64);
    let (name, committed) = (&account.name, figures.currency.show(language, committed));
    if account.unpriced > 0 {
        let unpriced = count(language, account.unpriced);
        return Some(say!(
            language,
            "{name}: commitment: at least {used} of the {committed} due for the period are used; {unpriced} requests there have no price.",
            "{name} : engagement : au moins {used} des {committed} dus pour la période sont utilisés ; {unpriced} requêtes n'y ont pas de prix."
        ));
    }
    Some(say!(
        language,
        "{name}: commitment under-used: {used} of the {committed} due for the period.",
        "{name} : engagement sous-utilisé : {used} des {committed} dus pour la période."
    ))
}

/// What is paid whether it is used or not.
fn fixed(figures: &Figures, account: &AccountFigures, language: Language) -> Option<String> {
    let (name, sum) = (&account.name, written(language, account.fixed_cost.as_ref()?));
    Some(match account.fixed_nanos {
        Some(nanos) => say!(
            language,
            "{name}: {sum} are due, used or not: {} for the period, in no sum and no share above.",
            "{name} : {sum} sont dus, utilisés ou non : {} pour la période, hors des sommes et parts ci-dessus.",
            figures.currency.show(language, nanos)
        ),
        None => say!(
            language,
            "{name}: {sum} are due, used or not; how much of that falls to the period is unknown: the records are of less than a day, or the currency has no rate.",
            "{name} : {sum} sont dus, utilisés ou non ; la part de la période est inconnue : l'enregistrement couvre moins d'un jour, ou la monnaie n'a pas de cours."
        ),
    })
}

fn declared(section: &mut Section, figures: &Figures, language: Language) {
    section.blocks.push(Block::Heading(say!(
        language,
        "Declared: what does not flow through Relève",
        "Déclaré : ce qui ne passe pas par Relève"
    )));
    let caption = say!(language, "Declared dependencies", "Dépendances déclarées");
    let heads = [
        say!(language, "what", "quoi"),
        say!(language, "maker", "éditeur"),
        say!(language, "host", "hébergeur"),
        say!(language, "owner", "propriétaire"),
        say!(language, "cost", "coût"),
        say!(language, "ends", "fin"),
        say!(language, "substitute", "substitut"),
    ];
    let mut table = Table::new(caption, heads);
    let text = |text: Option<String>| {
        text.map_or_else(|| Cell::toned(Tone::Doubtful, say!(language, "unknown", "inconnu")), Cell::from)
    };
    for declared in &figures.declared {
        table.row([
            declared.name.value.clone().into(),
            text(declared.maker.as_ref().map(|maker| maker.value.clone())),
            text(declared.host.as_ref().map(|host| host.value.clone())),
            text(declared.owner.as_ref().map(|owner| owner.value.clone())),
            text(declared.cost.as_ref().map(|cost| written(language, cost))),
            text(declared.ends.as_ref().map(|ends| ends.0.to_string())),
            text(declared.substitute.as_ref().map(|substitute| substitute.value.clone())),
        ]);
    }
    if table.rows.is_empty() {
        section.text(say!(
            language,
            "Nothing is declared. Assistants bought as licences and calls that go to suppliers directly are not in this report.",
            "Rien n'est déclaré. Les assistants achetés sous licence et les appels directs aux fournisseurs ne figurent pas dans ce rapport."
        ));
    } else {
        section.table(table);
    }
}

/// Relève's own fault domains.
pub(super) fn own(figures: &Figures, language: Language) -> Section {
    let mut section = Section::new("own", say!(language, "Relève itself", "Relève elle-même"));
    section.text(say!(
        language,
        "Every request passes here, so Relève is a fault domain too. A request that does not reach it is not served by it; products can point their base URL back at a supplier, for they speak the supplier's own API.",
        "Toute requête passe ici : Relève est donc elle aussi un domaine de défaillance. Une requête qui ne l'atteint pas n'est pas servie par elle ; les produits peuvent pointer leur URL de base vers un fournisseur, car ils parlent sa propre API."
    ));
    let own = figures.own.as_ref().map(|own| &own.value);
    let heads = [say!(language, "where", "où"), say!(language, "said to be", "déclaré")];
    let mut table =
        Table::new(say!(language, "Its own fault domains", "Ses propres domaines de défaillance"), heads);
    let rows = [
        (
            say!(language, "host", "hébergeur"),
            own.and_then(|own| own.host.as_ref()).map(|text| text.value.clone()),
        ),
        (
            say!(language, "region", "région"),
            own.and_then(|own| own.region.as_ref()).map(|region| region.value.to_string()),
        ),
        (
            say!(language, "owner", "propriétaire"),
            own.and_then(|own| own.owner.as_ref()).map(|text| text.value.clone()),
        ),
        (
            say!(language, "country", "pays"),
            own.and_then(|own| own.country.as_ref()).map(|text| text.value.clone()),
        ),
        (
            say!(language, "ledger", "registre"),
            own.and_then(|own| own.database.as_ref()).map(|text| text.value.clone()),
        ),
        (
            say!(language, "secrets", "secrets"),
            own.and_then(|own| own.secrets.as_ref()).map(|text| text.value.clone()),
        ),
        (
            say!(language, "what products do without it", "ce que font les produits sans elle"),
            own.and_then(|own| own.without_it.as_ref()).map(|text| text.value.clone()),
        ),
    ];
    for (what, said) in rows {
        let unknown = || Cell::toned(Tone::Doubtful, say!(language, "unknown", "inconnu"));
        table.row([what.into(), said.map_or_else(unknown, Cell::from)]);
    }
    section.table(table);
    if let Some(host) = own.and_then(|own| own.host.as_ref()) {
        let shared: Vec<String> = figures
            .accounts
            .iter()
            .filter(|account| account.host.as_deref() == Some(host.value.as_str()))
            .map(|account| account.name.to_string())
            .collect();
        if !shared.is_empty() {
            let names = super::listed(language, &shared);
            section.text(say!(
                language,
                "It shares its host with {names}: that host's loss takes both.",
                "Elle partage son hébergeur avec {names} : sa perte emporte les deux."
            ));
        }
    }
    section
}
