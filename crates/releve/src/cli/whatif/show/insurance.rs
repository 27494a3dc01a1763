//! The price of insurance, in words.

use super::super::super::CliError;
use super::super::super::words::dollars;
use super::super::outcome::{Answer, PremiumRow};
use super::pages::Pages;
use super::{WORTH, is_nothing, percent, signed};

pub(super) fn put(answer: &Answer, pages: &mut Pages<'_>) -> Result<(), CliError> {
    if answer.insurance.is_empty() {
        return Ok(());
    }
    pages.heading("The price of insurance")?;
    // What two plays of the same differ by as well is chance.
    let more = |change: f64, doubt: f64| match (is_nothing(change), is_nothing(doubt)) {
        (false, _) => signed(change),
        (true, true) => "$0".to_owned(),
        (true, false) => format!("no more than chance, ± {}", dollars(doubt)),
    };
    // Where another share of the requests has no price than as it is, the sums are not of the same.
    let [in_it, calm] =
        answer.insurance.first().map_or([0.0; 2], |row| [row.served_unpriced, row.served_unpriced_calm]);
    let differs = |share: f64, before: f64| (share - before).abs() > WORTH;
    let and_more = |price: String, is_more: bool| {
        if is_more { format!("{price}, and what nobody has written down") } else { price }
    };
    let rows = answer.insurance.iter().zip(0..).map(|(row, number)| {
        let with = if number == 0 { "as it is".to_owned() } else { format!("with {}", letter(number)) };
        let cut = match row.smallest_cut {
            None => "more than three".to_owned(),
            Some(0) => "0: one is short as it is".to_owned(),
            Some(size) => size.to_string(),
        };
        let (hidden, hidden_calm) = (
            row.unpriced > 0 || differs(row.served_unpriced, in_it),
            row.unpriced > 0 || differs(row.served_unpriced_calm, calm),
        );
        let prices = if number == 0 {
            ["-".to_owned(), "-".to_owned()]
        } else {
            [
                and_more(more(row.usd_per_day, row.usd_per_day_doubt), hidden),
                and_more(more(row.usd_per_calm_day, row.usd_per_calm_day_doubt), hidden_calm),
            ]
        };
        let [in_it, calm] = prices;
        vec![with, percent(row.served), in_it, calm, cut]
    });
    let heads = [
        "what is added",
        "served",
        "more a day in it",
        "more on a calm day",
        "losses at once that still hurt a product",
    ];
    pages.table(&heads, rows.collect())?;
    if answer.insurance.len() == 1 {
        return pages.text(
            "Nothing that could be added would be worth it: none serves more, or holds one loss more.",
        );
    }
    pages.list(sets(&answer.insurance))
}

/// What is added, set by set; of one that holds another whole, what is more.
fn sets(rows: &[PremiumRow]) -> Vec<Vec<String>> {
    let holds = |row: &PremiumRow, other: &PremiumRow| other.adds.iter().all(|add| row.adds.contains(add));
    let set = |number: usize| {
        let row = &rows[number];
        let within = (1..number).rev().find(|other| holds(row, &rows[*other]));
        let known = within.map_or(&[][..], |other| &rows[other].adds);
        let more = row.adds.iter().filter(|add| !known.contains(add)).cloned();
        let words = within.map(|other| format!("all of {}", letter(other))).into_iter().chain(more);
        let name = std::iter::once(letter(number)).chain(std::iter::repeat(String::new()));
        name.zip(words).map(|(name, words)| vec![name, words]).collect::<Vec<_>>()
    };
    (1..rows.len()).flat_map(set).collect()
}

/// `A` is the first.
fn letter(number: usize) -> String {
    u32::try_from(number + 9)
        .ok()
        .and_then(|digit| char::from_digit(digit, 36))
        .map_or_else(|| number.to_string(), |letter| letter.to_ascii_uppercase().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_that_holds_another_says_so() {
        let row = |adds: &[&str]| PremiumRow {
            adds: adds.iter().map(|add| (*add).to_owned()).collect(),
            ..PremiumRow::default()
        };
        let rows = [row(&[]), row(&["x"]), row(&["y"]), row(&["x", "z", "w"])];
        let said: Vec<String> = sets(&rows).into_iter().map(|line| line.join("|")).collect();
        assert_eq!(said, ["A|x", "B|y", "C|all of A", "|z", "|w"]);
    }
}
