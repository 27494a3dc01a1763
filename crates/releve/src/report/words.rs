//! A report's figures in words, in one language.

mod board;
mod contracts;
mod dependence;
pub(super) mod exit;
mod keys;
mod left;
mod method;
mod products;
mod targets;

use std::time::Duration;

use scenario::maker::Meaning;
use scenario::{Domain, DomainKind, Verdict};

use super::figures::{Figures, LossFigures};
use super::page::{Language, Page, Tone, say};
use crate::config::period::Period;

/// All of it: the board's page first, then by product, then how it was worked out.
pub(super) fn page(figures: &Figures, language: Language) -> Page {
    let whose = figures.organisation.as_deref().map_or_else(String::new, |name| format!(", {name}"));
    let from = moment(figures.basis.from_us);
    let to = moment(figures.basis.to_us);
    Page {
        language,
        title: say!(language, "Independence report{whose}", "Rapport d'indépendance{whose}"),
        subtitle: say!(
            language,
            "As of {}, from the ledger's entries of {from} to {to} (UTC).",
            "Situation au {}, d'après les écritures du registre du {from} au {to} (UTC).",
            figures.today
        ),
        sections: vec![
            board::section(figures, language),
            products::what_stops_what(figures, language),
            dependence::section(figures, language),
            products::section(figures, language),
            contracts::section(figures, language),
            contracts::own(figures, language),
            method::section(figures, language),
        ],
    }
}

/// `45.2 %`.
fn percent(language: Language, part: f64) -> String {
    // What is not all and not nothing never reads as if it were.
    let shown = match part * 100.0 {
        all if all >= 100.0 => "100".to_owned(),
        nearly if nearly > 99.9 => ">99.9".to_owned(),
        hardly if hardly > 0.0 && hardly < 0.1 => "<0.1".to_owned(),
        some => format!("{some:.1}"),
    };
    let shown = shown.strip_suffix(".0").map_or(shown.clone(), str::to_owned);
    match language {
        Language::En => format!("{shown}\u{a0}%"),
        Language::Fr => format!("{}\u{a0}%", shown.replace('.', ",")),
    }
}

/// `1,234` or `1 234`.
pub(in crate::report) fn count(language: Language, number: u64) -> String {
    let grouped = crate::cli::words::count(number.into());
    match language {
        Language::En => grouped,
        Language::Fr => grouped.replace(',', "\u{202f}"),
    }
}

/// `2026-11-22 03:41`.
fn moment(us: i64) -> String {
    jiff::Timestamp::from_microsecond(us)
        .map_or_else(|_| String::new(), |moment| moment.strftime("%Y-%m-%d %H:%M").to_string())
}

fn minute(minute: i64) -> String {
    moment(minute.saturating_mul(60_000_000))
}

/// The kind's name, as it begins a line.
fn kind(language: Language, kind: DomainKind) -> String {
    match kind {
        DomainKind::Maker => say!(language, "Maker", "Éditeur du modèle"),
        DomainKind::Host => say!(language, "Host", "Hébergeur"),
        DomainKind::Region => say!(language, "Region", "Région"),
        DomainKind::Account => say!(language, "Account", "Compte"),
        DomainKind::Owner => say!(language, "Owner", "Propriétaire"),
        DomainKind::Country => say!(language, "Country", "Pays"),
        DomainKind::Deployment => say!(language, "Deployment", "Déploiement"),
    }
}

/// `maker/account openai = host azure`: all names of one loss, those of the same name together.
fn names(language: Language, domains: &[Domain]) -> String {
    let mut grouped: Vec<(&str, Vec<String>)> = Vec::new();
    for domain in domains {
        let kind = kind(language, domain.kind).to_lowercase();
        match grouped.iter_mut().find(|(name, _)| *name == &*domain.name) {
            Some((_, kinds)) => kinds.push(kind),
            None => grouped.push((&domain.name, vec![kind])),
        }
    }
    let shown: Vec<String> =
        grouped.into_iter().map(|(name, kinds)| format!("{} {name}", kinds.join("/"))).collect();
    shown.join(" = ")
}

/// `l'éditeur`: in French with its article.
fn the(language: Language, domain: DomainKind) -> String {
    if language == Language::En {
        return format!("the {}", kind(language, domain).to_lowercase());
    }
    let the = match domain {
        DomainKind::Maker => "l'éditeur",
        DomainKind::Host => "l'hébergeur",
        DomainKind::Region => "la région",
        DomainKind::Account => "le compte",
        DomainKind::Owner => "le propriétaire",
        DomainKind::Country => "le pays",
        DomainKind::Deployment => "le déploiement",
    };
    the.to_owned()
}

/// `of the maker`, `de l'éditeur`: what begins with an article, after `of`.
fn of(language: Language, what: &str) -> String {
    match (language, what.strip_prefix("le ")) {
        (Language::En, _) => format!("of {what}"),
        (Language::Fr, Some(rest)) => format!("du {rest}"),
        (Language::Fr, None) => format!("de {what}"),
    }
}

/// `of maker/account openai`, `de l'éditeur du modèle/compte openai`: all names of one loss, after `of`.
fn of_names(language: Language, domains: &[Domain]) -> String {
    let names = names(language, domains);
    let the = domains.first().map(|domain| the(language, domain.kind)).unwrap_or_default();
    let article = if the.starts_with("l'") { "l'" } else { the.get(..3).unwrap_or_default() };
    match language {
        Language::En => format!("of {names}"),
        Language::Fr => of(language, &format!("{article}{names}")),
    }
}

/// A name after the French `de`: `d'azure`, `de mistral`.
fn de(name: &str) -> String {
    let is_vowel = |letter: char| "aeiouyàâäéèêëîïôöùûü".contains(letter.to_ascii_lowercase());
    if name.starts_with(is_vowel) { format!("d'{name}") } else { format!("de {name}") }
}

/// A loss for whom has never seen a configuration: one of its names is enough, for whatever bears the others is lost with it.
fn plainly(language: Language, domains: &[Domain]) -> String {
    if domains.iter().any(|domain| domain.kind == DomainKind::Host && *domain.name == *"own") {
        return say!(language, "our own machines", "nos propres machines");
    }
    let name = |domain: &Domain| format!("{} {}", the(language, domain.kind), domain.name);
    domains.first().map_or_else(String::new, name)
}

/// A loss's name.
fn loss(language: Language, loss: &LossFigures) -> String {
    let names = names(language, &loss.domains);
    match loss.meaning {
        None | Some(Meaning::Gone) => names,
        Some(Meaning::ApiStops) => {
            say!(language, "{names}: its own API stops", "{names} : sa propre API s'arrête")
        }
        Some(Meaning::HostsMayNot) => {
            say!(
                language,
                "{names}: other hosts may no longer serve it",
                "{names} : les autres hébergeurs n'en ont plus le droit"
            )
        }
        Some(Meaning::Frozen) => say!(
            language,
            "{names}: no new models or fixes, for a year",
            "{names} : ni nouveaux modèles ni correctifs, pendant un an"
        ),
        Some(Meaning::TermsChange) => say!(
            language,
            "{names}: terms or prices change and one leaves",
            "{names} : conditions ou prix changent et l'on part"
        ),
    }
}

fn verdict(language: Language, verdict: Verdict) -> (Tone, String) {
    match verdict {
        Verdict::Untouched => (Tone::Plain, say!(language, "untouched", "non concerné")),
        Verdict::Proven => (Tone::Good, say!(language, "goes on, proven", "continue, éprouvé")),
        Verdict::Unproven => (Tone::Doubtful, say!(language, "goes on, unproven", "continue, non éprouvé")),
        Verdict::Partly => (Tone::Bad, say!(language, "partly stopped", "arrêté en partie")),
        Verdict::Stopped => (Tone::Bad, say!(language, "stopped", "arrêté")),
    }
}

/// `50 seconds`, `3 hours`, `12 days`: whole ones, of the largest unit of which there are two.
fn length(language: Language, length: Duration) -> String {
    let seconds = length.as_secs();
    let (number, unit) = match seconds {
        0..120 => (seconds, say!(language, "second", "seconde")),
        120..7_200 => (seconds / 60, say!(language, "minute", "minute")),
        7_200..172_800 => (seconds / 3_600, say!(language, "hour", "heure")),
        _ => (seconds / 86_400, say!(language, "day", "jour")),
    };
    // One second, and in French none, is no plural.
    let is_one = number == 1 || number == 0 && language == Language::Fr;
    format!("{} {unit}{}", count(language, number), if is_one { "" } else { "s" })
}

/// `90 days`, `36 hours`: a length that somebody has written down, in the largest unit that says all of it.
fn exactly(language: Language, length: Duration) -> String {
    let seconds = length.as_secs();
    let units = [86_400, 3_600, 60, 1];
    let Some(place) = units.iter().position(|unit| seconds > 0 && seconds.is_multiple_of(*unit)) else {
        return Period(length).to_string();
    };
    if length.subsec_nanos() > 0 {
        return Period(length).to_string();
    }
    let names = [
        say!(language, "day", "jour"),
        say!(language, "hour", "heure"),
        say!(language, "minute", "minute"),
        say!(language, "second", "seconde"),
    ];
    let number = seconds / units[place];
    format!("{} {}{}", count(language, number), names[place], if number == 1 { "" } else { "s" })
}

/// `a, b and c`.
fn listed(language: Language, names: &[String]) -> String {
    let and = say!(language, "and", "et");
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {and} {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_never_read_as_all_or_nothing_unless_they_are() {
        let shown = [0.0, 0.0004, 0.5, 0.12345, 0.9996, 1.0].map(|part| percent(Language::En, part));
        assert_eq!(
            shown,
            ["0", "<0.1", "50", "12.3", ">99.9", "100"].map(|number| format!("{number}\u{a0}%"))
        );
        assert_eq!(percent(Language::Fr, 0.123), "12,3\u{a0}%");
    }

    #[test]
    fn french_names_have_the_word_before_them_that_they_take() {
        assert_eq!(["azure", "OpenAI", "mistral"].map(de), ["d'azure", "d'OpenAI", "de mistral"]);
        let lost = |kind, name: &str| of(Language::Fr, &plainly(Language::Fr, &[Domain::new(kind, name)]));
        assert_eq!(lost(DomainKind::Maker, "openai"), "de l'éditeur openai");
        assert_eq!(lost(DomainKind::Account, "openai"), "du compte openai");
        assert_eq!(lost(DomainKind::Region, "eu"), "de la région eu");
        assert_eq!(lost(DomainKind::Host, "own"), "de nos propres machines");
        let several = [Domain::new(DomainKind::Maker, "a"), Domain::new(DomainKind::Host, "a")];
        assert_eq!(of_names(Language::Fr, &several), "de l'éditeur du modèle/hébergeur a");
        assert_eq!(of_names(Language::Fr, &[Domain::new(DomainKind::Country, "FR")]), "du pays FR");
        assert_eq!(of_names(Language::En, &several), "of maker/host a");
        assert_eq!(plainly(Language::En, &several), "the maker a");
    }

    #[test]
    fn lengths_are_whole_and_of_one_unit() {
        let of = |seconds| length(Language::En, Duration::from_secs(seconds));
        assert_eq!([0, 1, 50, 119].map(of), ["0 seconds", "1 second", "50 seconds", "119 seconds"]);
        assert_eq!([120, 7_199, 7_200, 172_799].map(of), ["2 minutes", "119 minutes", "2 hours", "47 hours"]);
        assert_eq!(of(400 * 86_400), "400 days");
        assert_eq!(length(Language::Fr, Duration::ZERO), "0 seconde");
        assert_eq!(length(Language::Fr, Duration::from_secs(200_000)), "2 jours");
    }

    #[test]
    fn lengths_that_somebody_wrote_lose_nothing() {
        let of = |text: &str| exactly(Language::En, text.parse::<Period>().unwrap().0);
        assert_eq!(
            ["90d", "1h", "36h", "1h30m", "90s", "0s", "250ms"].map(of),
            ["90 days", "1 hour", "36 hours", "90 minutes", "90 seconds", "0s", "250ms"]
        );
        assert_eq!(exactly(Language::Fr, Duration::from_hours(24)), "1 jour");
    }
}
