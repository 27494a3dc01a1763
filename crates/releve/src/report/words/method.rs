//! How it was worked out, what it covers, what is unknown.

use super::super::capacity::OwnLimit;
use super::super::figures::Figures;
use super::super::foretold::Foretold;
use super::super::page::{Cell, Language, Section, Table, Tone, say};
use super::targets::{wanted, whom};
use super::{count, left, percent};

pub(super) fn section(figures: &Figures, language: Language) -> Section {
    let mut section = Section::new(
        "method",
        say!(language, "Method, coverage, unknowns", "Méthode, couverture, inconnues"),
    );
    section.blocks.push(super::super::page::Block::List(method(figures, language)));
    section.table(coverage(figures, language));
    targets(&mut section, figures, language);
    section.table(basis(figures, language));
    section
}

fn method(figures: &Figures, language: Language) -> Vec<String> {
    let (shapes, requests) = (figures.basis.shapes, count(language, figures.totals.requests));
    let proving = scenario::PROVING_REQUESTS;
    let largest = scenario::LARGEST;
    let mut said = vec![
        say!(
            language,
            "{requests} requests have {shapes} different shapes: product, route, protocol, needs, region rule, and between which of the deployments' limits their sizes lie. Requests of one shape have the same candidates, by the same code that routes live ones.",
            "{requests} requêtes ont {shapes} formes différentes : produit, route, protocole, besoins, règle de région, et entre quelles limites des déploiements se situe leur taille. Les requêtes d'une forme ont les mêmes candidats, selon le code même qui route les requêtes réelles."
        ),
        say!(
            language,
            "A smallest combination of losses leaves recorded requests without a candidate, or with too little configured capacity at the product's busiest minute once all other products have taken theirs; with any part left out, it does not. All combinations of up to {largest} were looked at. Tokens and requests a minute are each held against their own limit.",
            "Une combinaison minimale de pertes laisse des requêtes enregistrées sans candidat, ou avec trop peu de puissance configurée à la minute la plus chargée du produit une fois tous les autres servis ; privée d'une de ses parts, elle ne le fait pas. Toutes les combinaisons d'au plus {largest} ont été examinées. Jetons et requêtes par minute sont comparés chacun à leur limite."
        ),
        say!(
            language,
            "A deployment is proven for a product once it has given it {proving} whole answers in the period, or while an approval in the configuration holds; else it is unproven. That says that it answers, not that its answers are good: evidence of that belongs to the approval.",
            "Un déploiement est éprouvé pour un produit dès qu'il lui a donné {proving} réponses entières pendant la période, ou tant qu'une approbation de la configuration est valable ; sinon il est non éprouvé. Cela dit qu'il répond, non que ses réponses sont bonnes : cette preuve-là appartient à l'approbation."
        ),
        say!(
            language,
            "What is unknown of a deployment (window, abilities) excludes it from nothing, as in live routing; an unknown region excludes it wherever there is a rule. An account without a configured capacity counts as unlimited, and its proven capacity is shown beside.",
            "Ce qu'on ignore d'un déploiement (fenêtre, capacités) ne l'exclut de rien, comme dans le routage réel ; une région inconnue l'exclut partout où une règle existe. Un compte sans puissance configurée compte comme illimité, et sa puissance éprouvée figure à côté."
        ),
        say!(
            language,
            "An attempt's tokens and money count where it was made, a request where it was answered.",
            "Les jetons et dépenses d'une tentative comptent là où elle fut faite, une requête là où elle reçut réponse."
        ),
    ];
    said.push(left::method(&figures.left, figures.today, language));
    said.extend(own_limits(figures, language));
    said.push(foretold(figures, language));
    said
}

/// How far off what is foretold is here.
fn foretold(figures: &Figures, language: Language) -> String {
    let Some(foretold) = &figures.foretold else {
        return say!(
            language,
            "Too little is recorded to tell how well `releve whatif` foretells here.",
            "Trop peu est enregistré pour dire si `releve whatif` prédit bien ici."
        );
    };
    let pair = |(foretold, came): (f64, f64), shown: &dyn Fn(f64) -> String| {
        let (foretold, came) = (shown(foretold), shown(came));
        say!(language, "{foretold} foretold, {came} came", "{foretold} prévu, {came} constaté")
    };
    let ms = |ms: f64| format!("{ms:.0} ms");
    let served = pair(foretold.served, &|share| percent(language, share));
    let cost = foretold_cost(figures, foretold, language);
    let (middle, slow) = (pair(foretold.first_token_p50_ms, &ms), pair(foretold.first_token_p95_ms, &ms));
    let requests = count(language, foretold.requests as u64);
    let what = foretold.incident.as_ref().map_or_else(
        || {
            say!(
                language,
                "the newer half of the newest records",
                "la moitié récente des derniers enregistrements"
            )
        },
        |who| {
            say!(
                language,
                "the second half of the longest incident among the newest records, of {who}",
                "la seconde moitié du plus long incident des derniers enregistrements, chez {who}"
            )
        },
    );
    let says = say!(
        language,
        "How well `releve whatif` foretells here: of {what} ({requests} requests), from what was known before: served {served}; cost {cost}; first token in the middle {middle}, of the slowest in twenty {slow}.",
        "Ce que valent ici les prédictions de `releve whatif` : pour {what} ({requests} requêtes), d'après ce qu'on savait avant : servies {served} ; coût {cost} ; premier jeton au milieu {middle}, du plus lent sur vingt {slow}."
    );
    let turned = foretold.turned().map_or_else(String::new, |(known, came)| {
        let (known, came) = (percent(language, known), percent(language, came));
        say!(
            language,
            " The incident turned half way: whoever was ill answered {known} of its attempts in the first half and {came} in the second, which the first does not tell.",
            " L'incident a tourné à mi-chemin : le fournisseur en cause a répondu à {known} des tentatives dans la première moitié et à {came} dans la seconde, ce que la première ne dit pas."
        )
    });
    let says = says + &turned;
    if !foretold.rests_on_guesses() {
        return says;
    }
    let seldom = percent(language, foretold.by_seldom_seen);
    let guessed = say!(
        language,
        " {seldom} of the answers came from suppliers that had answered fewer than 30 times before: how fast they are was half guessed.",
        " {seldom} des réponses venaient de fournisseurs qui avaient répondu moins de 30 fois auparavant : leur vitesse a été à moitié devinée."
    );
    says + &guessed
}

/// What it was to cost and did, and how much of either has no price.
fn foretold_cost(figures: &Figures, foretold: &Foretold, language: Language) -> String {
    let money = |usd: f64, unpriced: f64| {
        let known = figures.currency.show(language, nanos(usd));
        match nanos(usd) {
            _ if unpriced <= 0.0 => known,
            0 => say!(language, "unpriced", "sans prix"),
            _ => {
                let unpriced = percent(language, unpriced);
                say!(language, "{known} and {unpriced} unpriced", "{known} et {unpriced} sans prix")
            }
        }
    };
    let (cost, unpriced) = (foretold.cost_usd, foretold.unpriced);
    let (before, came) = (money(cost.0, unpriced.0), money(cost.1, unpriced.1));
    say!(language, "{before} foretold, {came} came", "{before} prévu, {came} constaté")
}

#[expect(clippy::cast_possible_truncation, reason = "money for people")]
fn nanos(usd: f64) -> i128 {
    (usd * 1e9) as i128
}

/// What was counted as capacity beside what accounts have by configuration.
fn own_limits(figures: &Figures, language: Language) -> Option<String> {
    let of = |limit: &OwnLimit| {
        let name = &limit.deployment;
        let requests = limit.requests_per_minute.map(|limit| {
            let limit = count(language, limit);
            say!(language, "{limit} requests a minute", "{limit} requêtes par minute")
        });
        let tokens = limit.tokens_per_minute.map(|limit| {
            let limit = count(language, limit);
            say!(language, "{limit} tokens a minute", "{limit} jetons par minute")
        });
        let slots = limit.slots.map(|slots| match limit.answer_ms {
            Some(ms) => {
                say!(language, "{slots} slots, {ms} ms an answer", "{slots} places, {ms} ms par réponse")
            }
            None => say!(
                language,
                "{slots} slots, which bind nothing: nobody saw how long an answer takes",
                "{slots} places, qui ne limitent rien : personne n'a vu la durée d'une réponse"
            ),
        });
        let all: Vec<String> = [requests, tokens, slots].into_iter().flatten().collect();
        format!("{name} ({})", all.join("; "))
    };
    if figures.own_limits.is_empty() {
        return None;
    }
    let all: Vec<String> = figures.own_limits.iter().map(of).collect();
    let all = all.join(", ");
    Some(say!(
        language,
        "Limits of single deployments, by the newest records of the period: what suppliers' headers say where no capacity is configured, and slots for requests at the same time, each taken for as long as an answer takes on average (Little's law): {all}.",
        "Limites propres à un déploiement, d'après les enregistrements les plus récents de la période : ce que disent les en-têtes des fournisseurs là où aucune puissance n'est configurée, et les places pour des requêtes simultanées, chacune occupée le temps moyen d'une réponse (loi de Little) : {all}."
    ))
}

fn coverage(figures: &Figures, language: Language) -> Table {
    let heads = [say!(language, "what", "quoi"), say!(language, "how many", "combien")];
    let mut table = Table::new(say!(language, "Coverage", "Couverture"), heads).figures_from(1);
    let totals = &figures.totals;
    let all = totals.requests;
    let part = |number: u64| {
        let share = percent(language, super::super::figures::share(number, all));
        format!("{} ({share})", count(language, number))
    };
    let rows = [
        (say!(language, "requests in the ledger", "requêtes au registre"), count(language, all), false),
        (
            say!(
                language,
                "wrong by themselves: no loss could change them",
                "fautives par elles-mêmes : aucune perte n'y changerait rien"
            ),
            part(totals.wrong),
            false,
        ),
        (
            say!(
                language,
                "on routes that are gone: in no statement about losses",
                "sur des routes disparues : hors de toute affirmation sur les pertes"
            ),
            part(totals.without_route),
            totals.without_route > 0,
        ),
        (
            say!(
                language,
                "without a price: the money is that much more",
                "sans prix : la dépense est d'autant plus grande"
            ),
            part(totals.unpriced),
            totals.unpriced > 0,
        ),
        (
            say!(language, "with usage that we estimated", "dont l'usage est estimé par nous"),
            part(totals.estimated),
            totals.estimated > 0,
        ),
        (
            say!(language, "corrections in the money", "corrections dans les dépenses"),
            count(language, totals.corrections),
            false,
        ),
    ];
    for (what, number, doubtful) in rows {
        let tone = if doubtful { Tone::Doubtful } else { Tone::Plain };
        table.row([what.into(), Cell::toned(tone, number)]);
    }
    for dependence in &figures.dependence {
        let unknown = dependence.unknown.of_all[0];
        if unknown > 0.0 {
            let kind = super::kind(language, dependence.kind).to_lowercase();
            let what = say!(language, "answers whose {kind} is unknown", "réponses sans {kind} connu");
            table.row([what.into(), Cell::toned(Tone::Doubtful, percent(language, unknown))]);
        }
    }
    table
}

fn targets(section: &mut Section, figures: &Figures, language: Language) {
    let heads = [
        say!(language, "target", "objectif"),
        say!(language, "met", "atteint"),
        say!(language, "broken by, or not known of", "manqué par, ou inconnu de"),
    ];
    let mut table =
        Table::new(say!(language, "Targets of the configuration", "Objectifs de la configuration"), heads);
    for target in &figures.targets {
        let met = match target.met {
            Some(true) => Cell::toned(Tone::Good, say!(language, "yes", "oui")),
            Some(false) => Cell::toned(Tone::Bad, say!(language, "no", "non")),
            None if target.names_nothing => {
                let words = say!(language, "not known: names nothing here", "inconnu : ne nomme rien d'ici");
                Cell::toned(Tone::Doubtful, words)
            }
            None => Cell::toned(Tone::Doubtful, say!(language, "not known", "inconnu")),
        };
        let (wanted, whom) = (wanted(&target.wanted, language), whom(target, language));
        table.row([wanted.into(), met, whom.into()]);
    }
    section.table(table);
}

fn basis(figures: &Figures, language: Language) -> Table {
    let heads = [say!(language, "what", "quoi"), say!(language, "which", "lequel")];
    let mut table = Table::new(say!(language, "What this rests on", "Sur quoi cela repose"), heads);
    let basis = &figures.basis;
    let currency = &figures.currency;
    let rate = match (currency.on, &currency.source) {
        (None, _) => match &currency.without_rate {
            None => currency.code.clone(),
            Some(code) => {
                say!(
                    language,
                    "USD: nobody says what {code} is worth",
                    "USD : personne ne dit ce que vaut {code}"
                )
            }
        },
        (Some(on), source) => {
            let source = source.as_deref().map_or_else(String::new, |source| format!(", {source}"));
            format!("1 {} = {} USD ({on}{source})", currency.code, currency.usd)
        }
    };
    let rows = [
        (say!(language, "program", "programme"), format!("releve {}", basis.program)),
        (say!(language, "configuration", "configuration"), basis.config_version.clone()),
        (say!(language, "catalogue", "catalogue"), basis.catalogue_version.clone()),
        (say!(language, "ledger", "registre"), basis.ledger.clone()),
        (
            say!(language, "ledger's end", "fin du registre"),
            format!("{} / {}", basis.ledger_seq, basis.ledger_chain),
        ),
        (say!(language, "length", "durée"), super::length(language, figures.length())),
        (say!(language, "money", "monnaie"), rate),
    ];
    for (what, which) in rows {
        table.row([Cell::from(what), which.into()]);
    }
    table
}
