//! Events as bytes, in every layout that the event stream format allows.

use std::fmt::Write;

use crate::{dice::Dice, protocol::Event, settings::Delivery};

/// One event with its blank line, and perhaps a comment before it.
pub(crate) fn frame(event: &Event, delivery: &Delivery, dice: &mut Dice) -> Vec<u8> {
    let end = delivery.line_end.as_str();
    let space = if delivery.tight { "" } else { " " };
    let mut text = String::with_capacity(event.data.len() + 64);
    if event.data.is_empty() {
        return format!(": ping{end}{end}").into_bytes();
    }
    if delivery.comments && dice.chance(0.4) {
        let _ = write!(text, ": still here é{end}");
        text.push_str(if dice.chance(0.5) { end } else { "" });
    }
    if let Some(name) = event.name {
        let _ = write!(text, "event:{space}{name}{end}");
    }
    for line in lines(event, delivery) {
        let _ = write!(text, "data:{space}{line}{end}");
    }
    text.push_str(end);
    text.into_bytes()
}

fn lines(event: &Event, delivery: &Delivery) -> Vec<String> {
    let data = if delivery.ascii { ascii(&event.data) } else { event.data.clone() };
    match data.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) if delivery.multi_line => vec!["{".to_owned(), inner.to_owned(), "}".to_owned()],
        _ => vec![data],
    }
}

/// JSON with everything beyond ASCII escaped, as Python's `json.dumps` writes it.
pub(crate) fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{protocol::Kind, settings::LineEnd};

    fn framed(delivery: &Delivery) -> String {
        let event = Event::new(Kind::Content, Some("ping"), r#"{"a":"é🚀"}"#.to_owned());
        String::from_utf8(frame(&event, delivery, &mut Dice::new(1))).unwrap()
    }

    #[test]
    fn layouts() {
        let plain = Delivery::default();
        assert_eq!(framed(&plain), "event: ping\ndata: {\"a\":\"é🚀\"}\n\n");
        let odd = Delivery { line_end: LineEnd::Crlf, tight: true, multi_line: true, ..plain.clone() };
        assert_eq!(framed(&odd), "event:ping\r\ndata:{\r\ndata:\"a\":\"é🚀\"\r\ndata:}\r\n\r\n");
        let ascii = Delivery { ascii: true, ..plain };
        assert_eq!(framed(&ascii), "event: ping\ndata: {\"a\":\"\\u00e9\\ud83d\\ude80\"}\n\n");
    }

    #[test]
    fn an_event_without_data_is_a_comment() {
        let event = Event::new(Kind::Ping, None, String::new());
        assert_eq!(frame(&event, &Delivery::default(), &mut Dice::new(1)), b": ping\n\n");
    }
}
