//! What ends, and what has ended: for the board.

use super::super::super::figures::{Event, Figures, share};
use super::super::super::page::{Language, say};
use super::super::{contracts, count, de, listed, percent};

/// How far ahead a board looks: as long as it is until it meets again.
const AHEAD_DAYS: i32 = 90;
/// From when on an end is near.
const NEAR_DAYS: i32 = 30;

/// Contracts that are over.
pub(super) fn over(figures: &Figures) -> impl Iterator<Item = &Event> {
    figures.calendar.iter().filter(|event| event.what == "contract" && event.day < figures.today)
}

/// Contracts of accounts that gave answers and that end before the board meets again.
pub(super) fn ending(figures: &Figures) -> impl Iterator<Item = &Event> {
    ahead(figures, "contract")
}

/// Whether one of them ends soon.
pub(super) fn is_near(figures: &Figures) -> bool {
    ending(figures).any(|event| days(figures, event) <= NEAR_DAYS)
}

fn ahead<'f>(figures: &'f Figures, what: &'f str) -> impl Iterator<Item = &'f Event> {
    let is_ahead = move |event: &&Event| {
        event.what == what
            && (0..=AHEAD_DAYS).contains(&days(figures, event))
            && answered(figures, event.of.name()) > 0
    };
    figures.calendar.iter().filter(is_ahead)
}

fn days(figures: &Figures, event: &Event) -> i32 {
    (event.day - figures.today).get_days()
}

fn answered(figures: &Figures, account: &str) -> u64 {
    figures.accounts.iter().find(|known| *known.name == *account).map_or(0, |account| account.answered)
}

/// What has ended, and what ends next.
pub(super) fn next(figures: &Figures, language: Language) -> Vec<String> {
    let is_over =
        |event: &&Event| ["contract", "declared"].contains(&event.what) && event.day < figures.today;
    let ended = figures.calendar.iter().filter(is_over);
    let ended: Vec<String> =
        ended.map(|event| format!("{} ({})", contracts::event(language, event), event.day)).collect();
    let mut clauses = Vec::new();
    if !ended.is_empty() {
        let ended = listed(language, &ended);
        clauses.push(say!(language, "ended already: {ended}", "déjà échu : {ended}"));
    }
    let next = figures.calendar.iter().find(|event| event.day >= figures.today);
    clauses.push(match next {
        Some(event) => {
            let (day, what) = (event.day, contracts::event(language, event));
            say!(language, "next to end: {what}, on {day}", "prochaine échéance : {what}, le {day}")
        }
        None => say!(language, "nothing is known to end next", "aucune échéance à venir n'est connue"),
    });
    clauses
}

/// What is asked for contracts that are over, that end soon, or of which notice is due.
pub(super) fn asked(figures: &Figures, language: Language) -> Vec<String> {
    let over = over(figures).map(|event| renew(figures, event, language));
    let ending = ending(figures).map(|event| follow(figures, event, language));
    let ends = |event: &Event| self::ending(figures).any(|ending| ending.of == event.of);
    let notice = ahead(figures, "notice").filter(|event| !ends(event));
    over.chain(ending).chain(notice.map(|event| give_notice(figures, event, language))).collect()
}

fn part(figures: &Figures, event: &Event, language: Language) -> String {
    percent(language, share(answered(figures, event.of.name()), figures.totals.answered))
}

/// A contract that is over: what it gave then is given no more.
fn renew(figures: &Figures, event: &Event, language: Language) -> String {
    let name = event.of.name();
    let (of, part) = (de(name), part(figures, event, language));
    say!(
        language,
        "The contract of {name} is over, and nothing is sent there any more; in the period it gave {part} of the answers. Write down the one that follows it, or take {name} out.",
        "Le contrat {of} est fini, et rien n'y est plus envoyé ; pendant la période, il a donné {part} des réponses. Consigner celui qui le suit, ou retirer {name}."
    )
}

/// A contract that ends before the board meets again.
fn follow(figures: &Figures, event: &Event, language: Language) -> String {
    let (name, day) = (event.of.name(), event.day);
    let (of, part) = (de(name), part(figures, event, language));
    let when = match u64::try_from(days(figures, event)).unwrap_or(0) {
        0 => say!(language, "today", "aujourd'hui"),
        1 => say!(language, "tomorrow", "demain"),
        days => say!(language, "in {} days", "dans {} jours", count(language, days)),
    };
    let late = figures
        .calendar
        .iter()
        .find(|known| known.what == "notice" && known.of == event.of && known.day < figures.today);
    let late = late.map_or_else(String::new, |late| {
        let until = late.day;
        say!(
            language,
            " Notice could be given until {until}.",
            " Le préavis pouvait être donné jusqu'au {until}."
        )
    });
    say!(
        language,
        "The contract of {name} ends on {day}, {when}, and then nothing is sent there any more; in the period it gave {part} of the answers. Agree on what follows it and write that down, or leave by then.{late}",
        "Le contrat {of} finit le {day}, {when}, et rien n'y sera plus envoyé ensuite ; pendant la période, il a donné {part} des réponses. Convenir de sa suite et la consigner, ou partir d'ici là.{late}"
    )
}

/// A contract of which notice can be given for a while yet.
fn give_notice(figures: &Figures, event: &Event, language: Language) -> String {
    let (name, day) = (event.of.name(), event.day);
    let (of, part) = (de(name), part(figures, event, language));
    say!(
        language,
        "Decide by {day} whether to give {name} notice: it is the last day for it, and in the period it gave {part} of the answers.",
        "Décider d'ici au {day} s'il faut donner préavis : c'est le dernier jour pour le contrat {of}, qui a donné {part} des réponses pendant la période."
    )
}

/// `90 days`.
pub(super) fn ahead_words(language: Language) -> String {
    say!(language, "{AHEAD_DAYS} days", "{AHEAD_DAYS} jours")
}
