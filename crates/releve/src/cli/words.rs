//! Figures as people read them.

use std::fmt::Write as _;
use std::time::Duration;

use catalogue::{Money, Needs};

/// `1,234,567`.
pub(crate) fn count(number: u128) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 token`, `1,234 tokens`.
pub(crate) fn counted(number: u128, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `8m34s`, `8h28m`, `12s500ms`, `90d`: a length in its two largest units, where a moment more or less says nothing.
pub(crate) fn span(length: Duration) -> String {
    const UNITS: [(&str, u128); 5] =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let ms = length.as_millis();
    let Some(largest) = UNITS.iter().position(|(_, unit)| ms >= *unit) else { return "0s".to_owned() };
    let parts = UNITS[largest..].windows(2).next().unwrap_or(&UNITS[largest..]);
    let mut left = ms;
    let mut text = String::new();
    for (name, unit) in parts {
        if left / unit > 0 {
            write!(text, "{}{name}", left / unit).expect("writing to a string cannot fail");
        }
        left %= unit;
    }
    text
}

/// `75 %`, `2.5 %`: a part of 1.
pub(crate) fn share(part: f64) -> String {
    let percent = part * 100.0;
    let places = usize::from(percent < 9.95 && percent > 0.0);
    format!("{percent:.places$} %")
}

/// `$0.00315`, or that there is no price.
pub(crate) fn money(amount: Option<Money>) -> String {
    amount.map_or_else(|| "unpriced".to_owned(), |amount| format!("${amount}"))
}

/// Billionths of a currency's unit with so many decimals: more where a small sum would look like none, two figures of
/// which are shown then. `1,234.50`, `0.0004`.
pub(crate) fn amount(nanos: i128, decimals: usize) -> String {
    const PLACES: usize = 9;
    let magnitude = nanos.unsigned_abs();
    let figures = magnitude.checked_ilog10().map_or(PLACES, |most| most as usize + 1);
    let shown = decimals.max((PLACES + 2).saturating_sub(figures).min(PLACES));
    let power = |places: usize| 10_u128.pow(u32::try_from(places).expect("at most nine"));
    let unit = power(PLACES - shown);
    let rounded = (magnitude + unit / 2) / unit;
    let mut part = format!("{:0shown$}", rounded % power(shown));
    while part.len() > decimals && part.ends_with('0') {
        part.pop();
    }
    let sign = if nanos < 0 { "-" } else { "" };
    let whole = count(rounded / power(shown));
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// `$12.34`, `$0.0004`, `$1,235`: about so many US dollars.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
pub(crate) fn dollars(usd: f64) -> String {
    let (usd, sign) = (usd.abs(), if usd < 0.0 { "-" } else { "" });
    let (usd, decimals) = if usd < 100.0 { (usd, 2) } else { (usd.round(), 0) };
    format!("{sign}${}", amount((usd * 1e9).round() as i128, decimals))
}

/// `312 ms`, `1.24 s`, `2 min 5 s`.
pub(crate) fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..60_000_000 => format!("{}.{:02} s", us / 1_000_000, us / 10_000 % 100),
        _ => format!("{} min {} s", us / 60_000_000, us / 1_000_000 % 60),
    }
}

/// `2026-11-22 03:41:02 UTC`.
pub(crate) fn moment(unix_us: i64) -> String {
    match jiff::Timestamp::from_microsecond(unix_us) {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("{unix_us} µs"),
    }
}

/// `4.1 KB`.
pub(crate) fn bytes(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} B"),
        1_000..1_000_000 => format!("{}.{} KB", number / 1_000, number / 100 % 10),
        _ => format!("{}.{} MB", number / 1_000_000, number / 100_000 % 10),
    }
}

/// `, needs tools, images`, or nothing.
pub(crate) fn needs(needs: Needs) -> String {
    if needs.is_empty() { String::new() } else { format!(", needs {needs}") }
}

/// `text` from anywhere: its letters must not steer the terminal, nor turn what stands beside them around.
pub(crate) fn plain(text: &str) -> String {
    let turns = |letter: char| matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|letter| if letter.is_control() || turns(letter) { '\u{fffd}' } else { letter })
        .collect()
}

/// The first of many names, and how many more there are.
pub(super) fn some_of<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names.take(SHOWN).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_true() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [999, 312_400, 1_249_000, 125_000_000].map(duration),
            ["999 µs", "312 ms", "1.24 s", "2 min 5 s"]
        );
        assert_eq!([7, 4_199, 12_345_678].map(bytes), ["7 B", "4.1 KB", "12.3 MB"]);
        assert_eq!(moment(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(money(None), "unpriced");
        assert_eq!(money(Some(Money::from_nanos(3_150_000))), "$0.00315");
    }

    #[test]
    fn no_sum_looks_like_nothing() {
        let of = |nanos| [0, 2, 4].map(|decimals| amount(nanos, decimals));
        assert_eq!(of(1_234_500_000_000), ["1,235", "1,234.50", "1,234.5000"]);
        assert_eq!(of(123_456_789), ["0.12", "0.12", "0.1235"]);
        assert_eq!(of(400_000), ["0.0004", "0.0004", "0.0004"]);
        assert_eq!(of(123_456), ["0.00012", "0.00012", "0.00012"]);
        assert_eq!(of(-7), ["-0.000000007", "-0.000000007", "-0.000000007"]);
        assert_eq!(of(9_999_999), ["0.01", "0.01", "0.0100"]);
        assert_eq!(of(0), ["0", "0.00", "0.0000"]);
        assert_eq!(
            [0.0, 0.0004, 0.25, 12.345, -99.999, 100.4, 1_234.5].map(dollars),
            ["$0.00", "$0.0004", "$0.25", "$12.35", "-$100.00", "$100", "$1,235"]
        );
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!(
            [0, 1, 2_000].map(|tokens| counted(tokens, "token")),
            ["0 tokens", "1 token", "2,000 tokens"]
        );
    }

    #[test]
    fn lengths_have_two_units_at_most() {
        let spans = [0, 250, 12_500, 60_000, 514_285, 30_480_000, 86_400_000, 7_776_000_001, 126_000_000];
        assert_eq!(
            spans.map(|ms| span(Duration::from_millis(ms))),
            ["0s", "250ms", "12s500ms", "1m", "8m34s", "8h28m", "1d", "90d", "1d11h"]
        );
    }

    #[test]
    fn foreign_words_neither_steer_nor_turn_around() {
        assert_eq!(plain("a\u{1b}[2J\u{202e}b\u{2066}c\u{200f}"), "a\u{fffd}[2J\u{fffd}b\u{fffd}c\u{fffd}");
        assert_eq!(plain("relève, 12 %: «oui»"), "relève, 12 %: «oui»");
    }

    #[test]
    fn many_names_are_counted_rather_than_listed() {
        assert_eq!(some_of(["a", "b"].into_iter()), "a, b");
        assert_eq!(some_of(["p"; 202].into_iter()), "p, p, p, p, p, p, p, p and 194 more");
    }
}
