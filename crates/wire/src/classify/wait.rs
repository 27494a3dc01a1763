//! How long a supplier asks to wait.

use std::time::Duration;

/// From `retry-after-ms` (`OpenAI`, Azure), or `retry-after` as seconds or as an HTTP date. A date that is past is zero.
pub(super) fn from_headers<'h>(
    header: &dyn Fn(&str) -> Option<&'h str>,
    now_unix_s: u64,
) -> Option<Duration> {
    let milliseconds = header("retry-after-ms").and_then(number).and_then(|ms| seconds(ms / 1000.0));
    milliseconds.or_else(|| {
        let text = header("retry-after")?;
        number(text)
            .and_then(seconds)
            .or_else(|| Some(Duration::from_secs(http_date(text)?.saturating_sub(now_unix_s))))
    })
}

/// From prose in lower case, where there is no header: "try again in 1m12.5s", "retry after 8 seconds".
pub(super) fn from_message(message: &str) -> Option<Duration> {
    ["try again in ", "retry in ", "retry after "].iter().find_map(|words| {
        let (_, rest) = message.split_once(words)?;
        spelled(rest)
    })
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

fn seconds(value: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(value).ok()
}

/// A sum of numbers with units, at the start of `text`.
fn spelled(mut text: &str) -> Option<Duration> {
    let mut total = None;
    loop {
        let digits = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (value, rest) = text.split_at(digits);
        let Ok(value) = value.trim_end_matches('.').parse::<f64>() else { return total };
        let rest = rest.trim_start_matches(' ');
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, rest) = rest.split_at(letters);
        let scale = match unit {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "s" | "sec" | "second" | "seconds" => 1.0,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            _ => return total,
        };
        total = Some(total.unwrap_or_default().saturating_add(seconds(value * scale)?));
        text = rest;
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` as seconds since 1970. Source: RFC 9110, section 5.6.7; only the form that may still
/// be sent.
fn http_date(text: &str) -> Option<u64> {
    let (_, date) = text.trim().split_once(", ")?;
    let mut parts = date.split([' ', ':']);
    let mut next = || parts.next();
    let day: u64 = next()?.parse().ok()?;
    let month = next().and_then(|name| MONTHS.iter().position(|month| *month == name))? as u64 + 1;
    let year: u64 = next()?.parse().ok()?;
    let hour: u64 = next()?.parse().ok()?;
    let minute: u64 = next()?.parse().ok()?;
    let second: u64 = next()?.parse().ok()?;
    let sound =
        (1970..=9999).contains(&year) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    sound.then(|| days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Days of the Gregorian calendar, counted in years that start in March so that the leap day comes last.
const fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_in_every_form() {
        let wait = |name, value| from_headers(&|asked: &str| (asked == name).then_some(value), 784_111_777);
        assert_eq!(wait("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("retry-after", "0.25"), Some(Duration::from_millis(250)));
        assert_eq!(wait("retry-after-ms", "1500"), Some(Duration::from_millis(1500)));
        assert_eq!(wait("retry-after", "Sun, 06 Nov 1994 08:50:00 GMT"), Some(Duration::from_secs(23)));
        assert_eq!(wait("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        for odd in
            ["", "soon", "-5", "nan", "inf", "1e300", "Sun, 99 Nov 1994 08:50:00 GMT", "Sun, 06 Nov 1994"]
        {
            assert_eq!(wait("retry-after", odd), None, "{odd}");
        }
    }

    #[test]
    fn milliseconds_win_over_seconds() {
        let both = |name: &str| -> Option<&'static str> {
            match name {
                "retry-after-ms" => Some("20"),
                "retry-after" => Some("1"),
                _ => None,
            }
        };
        assert_eq!(from_headers(&both, 0), Some(Duration::from_millis(20)));
    }

    #[test]
    fn dates_across_leap_years() {
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Thu, 29 Feb 2024 12:00:00 GMT"), Some(1_709_208_000));
        assert_eq!(http_date("Sun, 22 Nov 2026 00:00:00 GMT"), Some(1_795_305_600));
        assert_eq!(http_date("Fri, 31 Dec 9999 23:59:59 GMT"), Some(253_402_300_799));
    }

    #[test]
    fn prose() {
        for (text, ms) in [
            ("please try again in 1.2s. visit", 1200),
            ("try again in 120ms", 120),
            ("please try again in 1m12.5s.", 72_500),
            ("please retry after 8 seconds. please", 8000),
            ("please retry in 34.07s.", 34_070),
            ("try again in 1h2m3s", 3_723_000),
        ] {
            assert_eq!(from_message(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for text in ["try again in a moment", "try again in 5 parsecs", "retry after", "rate limited"] {
            assert_eq!(from_message(text), None, "{text}");
        }
    }
}
