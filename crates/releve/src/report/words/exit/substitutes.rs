//! Who would serve instead, and what that would cost.

use scenario::Proof;
use scenario::exit::{Class, Substitute};

use super::super::super::exit::{Plan, ProductPlan};
use super::super::super::page::{Block, Cell, Columns, Language, Section, Table, Tone, say};
use super::super::{count, minute, moment, names, percent, verdict};
use super::unknown;

pub(super) fn section(plan: &Plan, language: Language) -> Section {
    let mut section =
        Section::new("substitutes", say!(language, "Products and substitutes", "Produits et substituts"));
    for product in &plan.products {
        section.blocks.push(Block::Heading(product.leaving.product.to_string()));
        section.text(sentence(product, language));
        let table = table(product, language);
        if table.rows.is_empty() {
            section.text(say!(language, "Substitutes: none.", "Substituts : aucun."));
        }
        section.table(table);
    }
    section
}

fn sentence(product: &ProductPlan, language: Language) -> String {
    let leaving = &product.leaving;
    let (_, word) = verdict(language, leaving.verdict);
    let peak = leaving.peak_minute.map_or_else(String::new, |at| {
        let (tokens, at) = (count(language, leaving.peak_tokens), minute(at));
        say!(
            language,
            " Busiest minute: {tokens} tokens, {at}.",
            " Minute la plus chargée : {tokens} jetons, {at}."
        )
    });
    let short = short(product, language);
    say!(
        language,
        "Answered here: {}; could have been: {}. Without it: {word} ({} by proven, {} by unproven, {} by none).{peak}{short}",
        "Servies ici : {} ; auraient pu l'être : {}. Sans lui : {word} ({} par des éprouvés, {} par des non éprouvés, {} par personne).{peak}{short}",
        count(language, leaving.answered_here),
        count(language, leaving.could),
        percent(language, leaving.outlook.proven),
        percent(language, leaving.outlook.unproven),
        percent(language, leaving.outlook.none)
    )
}

/// What finds no room in its busiest minute: because the provider is left, and already.
fn short(product: &ProductPlan, language: Language) -> String {
    let outlook = &product.leaving.outlook;
    let amounts = |tokens: u64, requests: u64| {
        let (tokens, requests) = (count(language, tokens), count(language, requests));
        say!(language, "{tokens} tokens, {requests} requests", "{tokens} jetons, {requests} requêtes")
    };
    let adds = amounts(outlook.short_tokens, outlook.short_requests);
    let had = amounts(outlook.short_already_tokens, outlook.short_already_requests);
    let is_more = outlook.short_tokens > 0 || outlook.short_requests > 0;
    match (is_more, outlook.is_short_already()) {
        (false, false) => String::new(),
        (true, false) => say!(
            language,
            " Short in it without the provider: {adds}.",
            " Il y manquerait sans le fournisseur : {adds}."
        ),
        (true, true) => say!(
            language,
            " Short in it without the provider: {adds}; with it already: {had}.",
            " Il y manquerait sans le fournisseur : {adds} ; avec lui, déjà : {had}."
        ),
        (false, true) => say!(
            language,
            " Short in it already, with the provider: {had}; without it no more.",
            " Il y manque déjà, avec le fournisseur : {had} ; sans lui, pas davantage."
        ),
    }
}

fn table(product: &ProductPlan, language: Language) -> Table {
    let name = &product.leaving.product;
    let caption = say!(language, "Substitutes for {name}", "Substituts pour {name}");
    let falls_with_it = |other: &Substitute| {
        let shares = names(language, &other.shares);
        if shares.is_empty() { Cell::from("-") } else { Cell::toned(Tone::Doubtful, shares) }
    };
    Columns::<Substitute>::new()
        .column(say!(language, "substitute", "substitut"), |other| other.deployment.to_string())
        .column(say!(language, "class", "classe"), |other| class(other.class, language))
        .column(say!(language, "since or last", "depuis ou dernière"), |other| proof(other, language))
        .column(say!(language, "falls with it", "tombe avec lui"), falls_with_it)
        .column(say!(language, "busiest minute alone", "minute chargée, seul"), |other| {
            alone(other, language)
        })
        .figures()
        .column(say!(language, "can serve", "peut servir"), |other| percent(language, other.could))
        .column(say!(language, "most carried, tokens/min", "maximum porté, jetons/min"), |other| {
            count(language, other.carried_tokens_per_minute)
        })
        .table(caption, &product.leaving.substitutes)
}

fn class(class: Class, language: Language) -> Cell {
    match class {
        Class::Proven => Cell::toned(Tone::Good, say!(language, "proven", "éprouvé")),
        Class::Unproven => Cell::toned(Tone::Doubtful, say!(language, "unproven", "non éprouvé")),
        Class::None => Cell::toned(Tone::Bad, say!(language, "none", "aucun")),
    }
}

fn proof(other: &Substitute, language: Language) -> String {
    match &other.proof {
        Proof::Served { answered, last_us } => {
            let (answered, last) = (count(language, *answered), moment(*last_us));
            say!(language, "{last}, {answered} answers", "{last}, {answered} réponses")
        }
        Proof::Approved { on } => say!(language, "approved on {on}", "approuvé le {on}"),
        Proof::Unproven { answered } => {
            let answered = count(language, *answered);
            say!(language, "{answered} answers", "{answered} réponses")
        }
    }
}

/// Whether it carries the product's busiest minute by itself. Without a capacity nobody can say.
fn alone(other: &Substitute, language: Language) -> Cell {
    match (other.class, other.capacity_tokens_per_minute) {
        (Class::None, _) => Cell::toned(Tone::Bad, say!(language, "no", "non")),
        _ if other.alone.short_tokens > 0 || other.alone.short_requests > 0 => Cell::toned(
            Tone::Bad,
            say!(
                language,
                "short of {} tokens, {} requests",
                "il manque {} jetons, {} requêtes",
                count(language, other.alone.short_tokens),
                count(language, other.alone.short_requests)
            ),
        ),
        (_, None) => unknown(language),
        (_, Some(_)) => Cell::toned(Tone::Good, say!(language, "yes", "oui")),
    }
}

pub(super) fn cost(plan: &Plan, language: Language) -> Section {
    let mut section = Section::new("cost", say!(language, "Cost", "Coût"));
    let caption = say!(
        language,
        "What the requests that the provider answered cost, and would have cost elsewhere (list price, same tokens, cold caches)",
        "Ce qu'ont coûté les requêtes servies par le fournisseur, et ce qu'elles auraient coûté ailleurs (prix public, mêmes jetons, caches froids)"
    );
    let show = |nanos: i128| plan.currency.show(language, nanos);
    let known = |nanos: Option<i128>| nanos.map_or_else(|| unknown(language), |nanos| show(nanos).into());
    let here = |(product, _): &(&ProductPlan, &Substitute)| {
        let (nanos, unpriced) = (product.leaving.nanos_here, product.leaving.unpriced_here);
        let tone = if unpriced == 0 { Tone::Plain } else { Tone::Doubtful };
        Cell::toned(tone, plan.currency.show_known(language, nanos, unpriced))
    };
    let difference = |(product, other): &(&ProductPlan, &Substitute)| {
        let there = other.nanos.filter(|_| product.leaving.unpriced_here == 0);
        known(there.map(|there| there - product.leaving.nanos_here))
    };
    let answered = plan.products.iter().filter(|product| product.leaving.answered_here > 0);
    let pairs = answered.flat_map(|product| {
        let able = product.leaving.substitutes.iter().filter(|other| other.class != Class::None);
        able.map(move |other| (product, other))
    });
    let pairs: Vec<(&ProductPlan, &Substitute)> = pairs.collect();
    let table = Columns::<(&ProductPlan, &Substitute)>::new()
        .column(say!(language, "product", "produit"), |(product, _)| product.leaving.product.to_string())
        .column(say!(language, "substitute", "substitut"), |(_, other)| other.deployment.to_string())
        .figures()
        .column(say!(language, "here", "ici"), here)
        .column(say!(language, "there", "là-bas"), |(_, other)| known(other.nanos))
        .column(say!(language, "difference", "écart"), difference)
        .table(caption, &pairs);
    section.table(table);
    section.text(due(plan, language));
    section
}

fn due(plan: &Plan, language: Language) -> String {
    let due = &plan.due;
    let show = |nanos: i128| plan.currency.show(language, nanos);
    let a_day = due.commitment_a_day.unwrap_or(0) + due.fixed_a_day.unwrap_or(0);
    match due.until_end {
        _ if due.without_rate => say!(
            language,
            "Commitments or fixed cost until the end: unknown, for nobody has written down what their currency is worth.",
            "Engagements ou coûts fixes jusqu'à la fin : inconnus, personne n'a consigné le cours de leur monnaie."
        ),
        Some(until) => say!(
            language,
            "Still due until the contract's end, used or not: {} ({} a day, commitments and fixed cost).",
            "Encore dû jusqu'à la fin du contrat, utilisé ou non : {} ({} par jour, engagements et coûts fixes).",
            show(until),
            show(a_day)
        ),
        None if a_day > 0 && plan.own => say!(
            language,
            "Still due until the machines are given up, used or not: {} a day.",
            "Encore dû tant que les machines sont gardées, utilisées ou non : {} par jour.",
            show(a_day)
        ),
        None if a_day > 0 => say!(
            language,
            "Still due until the contract's end, used or not: {} a day; the end is unknown.",
            "Encore dû jusqu'à la fin du contrat, utilisé ou non : {} par jour ; la fin est inconnue.",
            show(a_day)
        ),
        None => say!(
            language,
            "No commitment or fixed cost is written down.",
            "Aucun engagement ni coût fixe n'est noté."
        ),
    }
}
