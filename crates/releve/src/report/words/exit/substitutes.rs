//! Who would serve instead, and what that would cost.

use scenario::Proof;
use scenario::exit::{Class, Substitute};

use super::super::super::exit::{Plan, ProductPlan};
use super::super::super::page::{Block, Cell, Language, Section, Table, Tone, say};
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
    let short = if leaving.outlook.short_tokens + leaving.outlook.short_requests > 0 {
        say!(
            language,
            " Short in it without the provider: {} tokens, {} requests.",
            " Il y manquerait sans le fournisseur : {} jetons, {} requêtes.",
            count(language, leaving.outlook.short_tokens),
            count(language, leaving.outlook.short_requests)
        )
    } else {
        String::new()
    };
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

fn table(product: &ProductPlan, language: Language) -> Table {
    let name = &product.leaving.product;
    let caption = say!(language, "Substitutes for {name}", "Substituts pour {name}");
    let heads = [
        say!(language, "substitute", "substitut"),
        say!(language, "class", "classe"),
        say!(language, "since or last", "depuis ou dernière"),
        say!(language, "falls with it", "tombe avec lui"),
        say!(language, "busiest minute alone", "minute chargée, seul"),
        say!(language, "can serve", "peut servir"),
        say!(language, "most carried, tokens/min", "maximum porté, jetons/min"),
    ];
    let mut table = Table::new(caption, heads).figures_from(5);
    for other in &product.leaving.substitutes {
        let shares = names(language, &other.shares);
        table.row([
            other.deployment.to_string().into(),
            class(other.class, language),
            proof(other, language).into(),
            if shares.is_empty() { "-".into() } else { Cell::toned(Tone::Doubtful, shares) },
            alone(other, language),
            percent(language, other.could).into(),
            count(language, other.carried_tokens_per_minute).into(),
        ]);
    }
    table
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
        "What the requests that the provider answered cost, and would have cost elsewhere",
        "Ce qu'ont coûté les requêtes servies par le fournisseur, et ce qu'elles auraient coûté ailleurs"
    );
    let heads = [
        say!(language, "product", "produit"),
        say!(language, "substitute", "substitut"),
        say!(language, "here", "ici"),
        say!(language, "there", "là-bas"),
        say!(language, "difference", "écart"),
    ];
    let mut table = Table::new(caption, heads).figures_from(2);
    let show = |nanos: i128| plan.currency.show(language, nanos);
    for product in plan.products.iter().filter(|product| product.leaving.answered_here > 0) {
        let leaving = &product.leaving;
        let all_priced = leaving.unpriced_here == 0;
        let here = if all_priced {
            show(leaving.nanos_here).into()
        } else {
            let known = show(leaving.nanos_here);
            Cell::toned(Tone::Doubtful, say!(language, "{known} and unpriced", "{known} et du non tarifé"))
        };
        for other in leaving.substitutes.iter().filter(|other| other.class != Class::None) {
            let difference = other.nanos.filter(|_| all_priced).map(|there| there - leaving.nanos_here);
            table.row([
                leaving.product.to_string().into(),
                other.deployment.to_string().into(),
                here.clone(),
                other.nanos.map_or_else(|| unknown(language), |nanos| show(nanos).into()),
                difference.map_or_else(|| unknown(language), |nanos| show(nanos).into()),
            ]);
        }
    }
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
            "Commitments or fixed cost until the end: unknown, for their currency has no rate in [rates].",
            "Engagements ou coûts fixes jusqu'à la fin : inconnus, leur devise n'a pas de cours dans [rates]."
        ),
        Some(until) => say!(
            language,
            "Still due until the contract's end, used or not: {} ({} a day, commitments and fixed cost).",
            "Encore dû jusqu'à la fin du contrat, utilisé ou non : {} ({} par jour, engagements et coûts fixes).",
            show(until),
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
