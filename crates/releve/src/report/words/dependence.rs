//! Shares, concentration, trend.

use std::time::Duration;

use scenario::{Dependence, DomainKind, Share};

use super::super::figures::Figures;
use super::super::page::{Bar, Block, Cell, Columns, Language, Section, Table, Tone, say};
use super::{count, kind, length, percent};

pub(super) fn section(figures: &Figures, language: Language) -> Section {
    let mut section =
        Section::new("dependence", say!(language, "On whom you depend", "De qui vous dépendez"));
    let unpriced = figures.totals.unpriced;
    section.text(say!(
        language,
        "Shares cover every request that passed through Relève in the period, and nothing else. What is unknown is a row of its own and no part of anybody's share.",
        "Les parts couvrent toutes les requêtes passées par Relève pendant la période, et rien d'autre. L'inconnu a sa propre ligne et n'entre dans la part de personne."
    ));
    if unpriced > 0 {
        let number = count(language, unpriced);
        section.text(say!(
            language,
            "{number} requests have no price: they are in no sum of money, and shares of money are of what has one.",
            "{number} requêtes n'ont pas de prix : elles ne sont dans aucune dépense, et les parts des dépenses portent sur ce qui en a un."
        ));
    }
    for dependence in &figures.dependence {
        if dependence.kind == DomainKind::Maker || dependence.kind == DomainKind::Host {
            bars(&mut section, figures, dependence, language);
        } else {
            section.table(table(figures, dependence, language));
        }
    }
    section.table(concentration(figures, language));
    trend(&mut section, figures, language);
    state(&mut section, figures, language);
    section
}

fn bars(section: &mut Section, figures: &Figures, dependence: &Dependence, language: Language) {
    let unknown = (dependence.unknown.requests > 0).then_some(&dependence.unknown);
    let bar = |share: &Share| Bar {
        name: shown(&share.name, language),
        part: share.of_all[0],
        shown: percent(language, share.of_all[0]),
    };
    let bars: Vec<Bar> = dependence.shares.iter().chain(unknown).map(bar).collect();
    if !bars.is_empty() {
        section.blocks.push(Block::Bars(bars, table(figures, dependence, language)));
    }
}

fn shown(name: &str, language: Language) -> String {
    if name.is_empty() { say!(language, "unknown", "inconnu") } else { name.to_owned() }
}

fn table(figures: &Figures, dependence: &Dependence, language: Language) -> Table {
    let kind = kind(language, dependence.kind);
    let caption = say!(
        language,
        "{kind}: share of answers, tokens and money",
        "{kind} : part des réponses, des jetons et des dépenses"
    );
    let name = |share: &Share| {
        let tone = if share.name.is_empty() { Tone::Doubtful } else { Tone::Plain };
        Cell::toned(tone, shown(&share.name, language))
    };
    let part = |of: usize| move |share: &Share| percent(language, share.of_all[of]);
    let part_head = || say!(language, "share", "part");
    let unknown = Some(&dependence.unknown).filter(|unknown| unknown.requests > 0 || unknown.tokens > 0);
    Columns::<Share>::new()
        .column(kind, name)
        .figures()
        .column(say!(language, "answers", "réponses"), |share| count(language, share.requests))
        .column(part_head(), part(0))
        .column(say!(language, "tokens", "jetons"), |share| count(language, share.tokens))
        .column(part_head(), part(1))
        .column(say!(language, "money", "dépense"), |share| {
            figures.currency.show_known(language, share.nanos, share.unpriced)
        })
        .column(part_head(), |share| match share.known_nanos() {
            Some(_) => percent(language, share.of_all[2]),
            None => say!(language, "unknown", "inconnu"),
        })
        .table(caption, dependence.shares.iter().chain(unknown))
}

fn concentration(figures: &Figures, language: Language) -> Table {
    let caption = say!(
        language,
        "Concentration: the sum of squared shares in per cent; 10,000 is one alone, above 1,800 counts as high",
        "Concentration : somme des carrés des parts en pour cent ; 10\u{202f}000 est un seul, au-dessus de 1\u{202f}800 elle est forte"
    );
    let unknown = || say!(language, "unknown", "inconnu");
    let index = |of: usize| {
        move |dependence: &Dependence| {
            let found = dependence.concentration[of].as_ref();
            found.map_or_else(unknown, |found| count(language, found.hhi.into()))
        }
    };
    let largest = |dependence: &Dependence| {
        dependence.concentration[0].as_ref().map_or_else(unknown, |found| found.largest.to_string())
    };
    Columns::<Dependence>::new()
        .column(say!(language, "kind", "nature"), |dependence| kind(language, dependence.kind))
        .column(say!(language, "largest by answers", "le plus grand par réponses"), largest)
        .figures()
        .column(say!(language, "index by answers", "indice par réponses"), index(0))
        .column(say!(language, "by tokens", "par jetons"), index(1))
        .column(say!(language, "by money", "par dépenses"), index(2))
        .column(say!(language, "known for", "connu pour"), |dependence| {
            percent(language, 1.0 - dependence.unknown.of_all[0])
        })
        .table(caption, &figures.dependence)
}

fn trend(section: &mut Section, figures: &Figures, language: Language) {
    if figures.trend.iter().all(|trend| trend.parts.iter().flatten().count() < 3) {
        section.text(say!(
            language,
            "Trend: the record is too short for one.",
            "Tendance : l'enregistrement est trop court pour en voir une."
        ));
        return;
    }
    let caption = say!(
        language,
        "Each maker's share of tokens over the period",
        "Part des jetons de chaque éditeur au fil de la période"
    );
    let heads = [
        say!(language, "maker", "éditeur"),
        say!(language, "first half", "première moitié"),
        say!(language, "second half", "seconde moitié"),
    ];
    let mut table = Table::new(caption, heads).figures_from(1);
    let mut lines = Vec::new();
    for trend in &figures.trend {
        let half = |part: Option<f64>| part.map_or_else(|| "-".to_owned(), |part| percent(language, part));
        let [first, second] = trend.halves.map(half);
        let name = shown(&trend.name, language);
        table.row([name.clone().into(), first.into(), second.into()]);
        lines.push((name, trend.parts.clone()));
    }
    section.blocks.push(Block::Trend(lines, table));
}

fn state(section: &mut Section, figures: &Figures, language: Language) {
    section.blocks.push(Block::Heading(say!(
        language,
        "What cannot move at once",
        "Ce qui ne se déplace pas d'un coup"
    )));
    let state = &figures.state;
    let mut entries = vec![caches(figures, language)];
    if state.responses_requests > 0 {
        let requests = count(language, state.responses_requests);
        entries.push(say!(
            language,
            "Stored conversations: {requests} requests came in a protocol whose suppliers can store them. How many they stored is unknown to the ledger, and with it what moving them costs and how long it takes.",
            "Conversations conservées : {requests} requêtes sont venues dans un protocole dont les fournisseurs peuvent les conserver. Combien le sont, le registre l'ignore, et avec cela ce que leur déplacement coûte et combien de temps il prend."
        ));
    } else {
        entries.push(say!(
            language,
            "Stored conversations: no request came in a protocol whose suppliers store them.",
            "Conversations conservées : aucune requête n'est venue dans un protocole dont les fournisseurs les conservent."
        ));
    }
    entries.push(say!(
        language,
        "Files, batches, fine-tunes, embedding indexes, voices: none pass through Relève today, so whatever exists of them, and what moving it costs, is unknown here. Embeddings and fine-tunes move only between hosts of the same weights.",
        "Fichiers, lots, modèles affinés, index d'embeddings, voix : rien de cela ne passe aujourd'hui par Relève ; ce qui en existe, et ce que coûterait son déplacement, est donc inconnu ici. Embeddings et modèles affinés ne se déplacent qu'entre hébergeurs des mêmes poids."
    ));
    section.blocks.push(Block::List(entries));
}

fn caches(figures: &Figures, language: Language) -> String {
    let state = &figures.state;
    let (warm, read) = (percent(language, state.warm_input), count(language, state.cache_read_tokens));
    let length = length(language, figures.length().max(Duration::from_secs(1)));
    let saved = state.caches_saved_nanos.map_or_else(
        || say!(language, "what that is worth is unknown", "ce que cela vaut est inconnu"),
        |nanos| {
            let saved = figures.currency.show(language, nanos);
            say!(
                language,
                "by list prices that saved {saved} in {length}, the most that starting cold costs in as long",
                "aux prix publics, cela a épargné {saved} en {length} : le plus qu'un départ à froid coûte en autant de temps"
            )
        },
    );
    say!(
        language,
        "Warm caches: {read} input tokens ({warm}) were read from suppliers' caches; {saved}. A new supplier starts cold; this refills by itself within the first requests, and nothing has to be moved.",
        "Caches chauds : {read} jetons d'entrée ({warm}) ont été lus dans les caches des fournisseurs ; {saved}. Un nouveau fournisseur part à froid ; cela se remplit dès les premières requêtes, sans rien à déplacer."
    )
}
