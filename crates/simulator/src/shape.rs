//! What JSON a protocol's schema allows, as tables, and where a request differs from it.
//!
//! Each protocol has tables of its own, from the types that its official SDK publishes, and words of its own for
//! a [`Mistake`]. Promises: the first mistake in the order in which suppliers look (unknown fields, missing ones,
//! then each field) is told; null stands for an absent field,
//! save where a table says otherwise.

use serde_json::{Map, Value};

/// What a value must be. Cannot be printed: it may contain itself.
pub(crate) enum Shape {
    Any,
    Text,
    /// A string of ASCII letters, digits and these signs, or of anything where they are [`Shape::ALL`]; not empty.
    Name {
        most: usize,
        also: &'static str,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    Flag,
    /// A whole number in a range.
    Whole(i64, i64),
    /// Any number in a range.
    Number(f64, f64),
    List(&'static Self),
    /// An object with these fields and no others.
    Object(&'static [Field]),
    /// An object with exactly one of these fields.
    One(&'static [Field]),
    /// An object with values of one shape under any names.
    Map(&'static Self),
    /// An object of a kind that one of its fields names; without that field it is of the first kind.
    Tagged(&'static str, &'static [(&'static str, Self)]),
    /// The first of these whose JSON type the value has.
    Either(&'static [Self]),
    /// A shape that stands elsewhere; it may contain this one.
    Same(&'static Self),
}

/// A field of an object.
pub(crate) struct Field {
    name: &'static str,
    shape: Shape,
    required: bool,
    nullable: bool,
}

/// A field that must be there.
pub(crate) const fn must(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true, nullable: true }
}

/// A field that may be there.
pub(crate) const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false, nullable: true }
}

/// A field that may be left out, but is not null.
pub(crate) const fn solid(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false, nullable: false }
}

/// Where a request differs from its schema, and how.
pub(crate) struct Mistake<'a> {
    /// From the root to the value, or to the field that is missing or unknown.
    path: Vec<Step<'a>>,
    pub(crate) wrong: Wrong<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Field(&'a str),
    Place(usize),
    /// A name in a map, and its place there.
    Entry(&'a str, usize),
}

#[derive(Clone, Copy)]
pub(crate) enum Wrong<'a> {
    Unknown,
    Missing,
    Type {
        expected: &'static Shape,
        got: &'a Value,
    },
    Word {
        known: Known,
        got: &'a Value,
    },
    Short {
        got: &'a Value,
    },
    Long {
        most: usize,
        got: &'a Value,
    },
    Letters {
        also: &'static str,
        got: &'a Value,
    },
    Low {
        least: f64,
        got: &'a Value,
    },
    High {
        most: f64,
        got: &'a Value,
    },
    /// Of an object that wants exactly one field, none or several are set.
    NotOne,
}

/// The words that would have been right.
#[derive(Clone, Copy)]
pub(crate) enum Known {
    Words(&'static [&'static str]),
    Kinds(&'static [(&'static str, Shape)]),
}

impl Known {
    /// Each between `quote`s, with commas between, and `last` before the last one.
    pub(crate) fn listed(self, quote: &str, last: &str) -> String {
        let words: Vec<&str> = match self {
            Self::Words(words) => words.to_vec(),
            Self::Kinds(kinds) => kinds.iter().map(|(kind, _)| *kind).collect(),
        };
        let quoted: Vec<String> = words.iter().map(|word| format!("{quote}{word}{quote}")).collect();
        match quoted.split_last() {
            Some((end, [])) => end.clone(),
            Some((end, start)) => format!("{}, {last}{end}", start.join(", ")),
            None => String::new(),
        }
    }
}

impl<'a> Mistake<'a> {
    fn here(wrong: Wrong<'a>) -> Self {
        Self { path: Vec::new(), wrong }
    }

    fn under(mut self, step: Step<'a>) -> Self {
        self.path.insert(0, step);
        self
    }

    /// `messages[0].content`
    pub(crate) fn bracketed(&self) -> String {
        written(&self.path, |place| format!("[{place}]"))
    }

    /// `messages.0.content`
    pub(crate) fn dotted(&self) -> String {
        written(&self.path, |place| format!(".{place}"))
    }

    /// `messages.content`
    pub(crate) fn without_places(&self) -> String {
        written(&self.path, |_| String::new())
    }

    /// `messages.1.member.content`, counted from 1
    pub(crate) fn in_smithy_words(&self) -> String {
        written(&self.path, |place| format!(".{}.member", place + 1))
    }

    /// The last field's name, and the path to the object that it belongs to, both as Google's parser writes them:
    /// `inlineData` at `contents[0].parts[1]`, in snake case.
    pub(crate) fn in_google_words(&self) -> (&'a str, String) {
        let (name, rest) = match self.path.split_last() {
            Some((Step::Field(name), rest)) => (*name, rest),
            _ => ("", self.path.as_slice()),
        };
        (name, google_path(rest))
    }

    /// The whole path as Google's parser writes it.
    pub(crate) fn google_path(&self) -> String {
        google_path(&self.path)
    }
}

fn written(path: &[Step<'_>], place: impl Fn(usize) -> String) -> String {
    path.iter().fold(String::new(), |text, step| match step {
        Step::Place(index) => text + &place(*index),
        Step::Field(name) | Step::Entry(name, _) if text.is_empty() => (*name).to_owned(),
        Step::Field(name) | Step::Entry(name, _) => text + "." + name,
    })
}

fn google_path(path: &[Step<'_>]) -> String {
    path.iter().fold(String::new(), |text, step| match step {
        Step::Place(index) => format!("{text}[{index}]"),
        Step::Entry(_, index) => format!("{text}[{index}].value"),
        Step::Field(name) if text.is_empty() => snake(name),
        Step::Field(name) => format!("{text}.{}", snake(name)),
    })
}

/// `inlineData` as `inline_data`.
fn snake(name: &str) -> String {
    name.chars().fold(String::new(), |mut text, letter| {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
        text
    })
}

/// `inline_data` as `inlineData`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let mut letters = word.chars();
        let start = letters.next().map(|letter| letter.to_ascii_uppercase());
        text + &start.into_iter().chain(letters).collect::<String>()
    })
}

impl Shape {
    /// Any sign.
    pub(crate) const ALL: &'static str = "*";

    /// The first mistake in `value`. `open`: unknown fields are none.
    pub(crate) fn check<'a>(&'static self, value: &'a Value, open: bool) -> Result<(), Mistake<'a>> {
        match (self, value) {
            (Self::Any, _) | (Self::Text, Value::String(_)) | (Self::Flag, Value::Bool(_)) => Ok(()),
            (Self::Name { most, also }, Value::String(name)) => check_name(name, *most, also, value),
            (Self::Word(words), Value::String(word)) if words.contains(&word.as_str()) => Ok(()),
            (Self::Word(words), Value::String(_)) => {
                Err(Mistake::here(Wrong::Word { known: Known::Words(words), got: value }))
            }
            #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
            (Self::Whole(least, most), Value::Number(number)) if !number.is_f64() => {
                in_range(value, *least as f64, *most as f64)
            }
            (Self::Number(least, most), Value::Number(_)) => in_range(value, *least, *most),
            (Self::List(shape), Value::Array(items)) => {
                let mut items = items.iter().enumerate();
                items.try_for_each(|(index, item)| {
                    shape.check(item, open).map_err(|mistake| mistake.under(Step::Place(index)))
                })
            }
            (Self::Object(fields), Value::Object(object)) => check_fields(fields, object, open),
            (Self::One(fields), Value::Object(object)) => {
                check_fields(fields, object, open)?;
                let set = fields.iter().filter(|field| object.contains_key(field.name)).count();
                if set == 1 { Ok(()) } else { Err(Mistake::here(Wrong::NotOne)) }
            }
            (Self::Map(shape), Value::Object(object)) => {
                object.iter().enumerate().try_for_each(|(index, (name, value))| {
                    shape.check(value, open).map_err(|mistake| mistake.under(Step::Entry(name, index)))
                })
            }
            (Self::Tagged(tag, kinds), Value::Object(object)) => check_kind(tag, kinds, object, value, open),
            (Self::Either(shapes), _) => match shapes.iter().find(|shape| shape.has_type(value)) {
                Some(shape) => shape.check(value, open),
                None => Err(self.wrong_type(value)),
            },
            (Self::Same(shape), _) => shape.check(value, open),
            _ => Err(self.wrong_type(value)),
        }
    }

    /// `value` as protocol buffers read it from JSON: names in snake case are those in camel case, and one value stands
    /// for a list of it.
    pub(crate) fn as_protobuf(&self, value: Value) -> Value {
        match (self, value) {
            (Self::List(shape), Value::Array(items)) => {
                items.into_iter().map(|item| shape.as_protobuf(item)).collect()
            }
            (Self::List(shape), value @ Value::Object(_)) => Value::Array(vec![shape.as_protobuf(value)]),
            (Self::Map(shape), Value::Object(object)) => {
                object.into_iter().map(|(name, value)| (name, shape.as_protobuf(value))).collect()
            }
            (Self::Object(fields), Value::Object(object)) => {
                let named = |name: &str| fields.iter().find(|field| field.name == name);
                let renamed = object.into_iter().map(|(name, value)| {
                    match named(&name).or_else(|| named(&camel(&name))) {
                        Some(field) => (field.name.to_owned(), field.shape.as_protobuf(value)),
                        None => (name, value),
                    }
                });
                renamed.collect()
            }
            (Self::Same(shape), value) => shape.as_protobuf(value),
            (_, value) => value,
        }
    }

    fn wrong_type<'a>(&'static self, got: &'a Value) -> Mistake<'a> {
        Mistake::here(Wrong::Type { expected: self, got })
    }

    pub(crate) fn is_list(&self) -> bool {
        match self {
            Self::List(_) => true,
            Self::Either(shapes) => shapes.iter().any(Self::is_list),
            Self::Same(shape) => shape.is_list(),
            _ => false,
        }
    }

    fn has_type(&self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Text | Self::Name { .. } | Self::Word(_) => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Whole(..) => value.is_i64() || value.is_u64(),
            Self::Number(..) => value.is_number(),
            Self::List(_) => value.is_array(),
            Self::Object(_) | Self::One(_) | Self::Map(_) | Self::Tagged(..) => value.is_object(),
            Self::Either(shapes) => shapes.iter().any(|shape| shape.has_type(value)),
            Self::Same(shape) => shape.has_type(value),
        }
    }
}

/// What JSON calls a value of this type.
pub(crate) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn check_fields<'a>(
    fields: &'static [Field],
    object: &'a Map<String, Value>,
    open: bool,
) -> Result<(), Mistake<'a>> {
    let is_known = |name: &&String| fields.iter().any(|field| field.name == **name);
    if let Some(unknown) = object.keys().find(|name| !open && !is_known(name)) {
        return Err(Mistake::here(Wrong::Unknown).under(Step::Field(unknown)));
    }
    let is_absent = |field: &&Field| match object.get(field.name) {
        None => true,
        Some(value) => value.is_null() && field.nullable,
    };
    if let Some(missing) = fields.iter().find(|field| field.required && is_absent(field)) {
        return Err(Mistake::here(Wrong::Missing).under(Step::Field(missing.name)));
    }
    fields.iter().filter(|field| !is_absent(field)).try_for_each(|field| {
        let checked = field.shape.check(&object[field.name], open);
        checked.map_err(|mistake| mistake.under(Step::Field(field.name)))
    })
}

fn check_kind<'a>(
    tag: &'static str,
    kinds: &'static [(&'static str, Shape)],
    object: &'a Map<String, Value>,
    value: &'a Value,
    open: bool,
) -> Result<(), Mistake<'a>> {
    let kind = match object.get(tag) {
        None => kinds.first(),
        Some(named) => kinds.iter().find(|(kind, _)| named == kind),
    };
    match (kind, object.get(tag)) {
        (Some((_, shape)), _) => shape.check(value, open),
        (None, Some(got)) => {
            Err(Mistake::here(Wrong::Word { known: Known::Kinds(kinds), got }).under(Step::Field(tag)))
        }
        (None, None) => Err(Mistake::here(Wrong::Missing).under(Step::Field(tag))),
    }
}

fn check_name<'a>(name: &str, most: usize, also: &'static str, got: &'a Value) -> Result<(), Mistake<'a>> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || also.contains(letter);
    let wrong = match name.chars().count() {
        0 => Wrong::Short { got },
        length if length > most => Wrong::Long { most, got },
        _ if also != Shape::ALL && !name.chars().all(is_plain) => Wrong::Letters { also, got },
        _ => return Ok(()),
    };
    Err(Mistake::here(wrong))
}

fn in_range(got: &Value, least: f64, most: f64) -> Result<(), Mistake<'_>> {
    match got.as_f64().unwrap_or_default() {
        number if number < least => Err(Mistake::here(Wrong::Low { least, got })),
        number if number > most => Err(Mistake::here(Wrong::High { most, got })),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    static PART: Shape = Shape::Tagged(
        "type",
        &[
            ("text", Shape::Object(&[may("type", Shape::Text), must("text", Shape::Text)])),
            ("tree", Shape::Object(&[must("type", Shape::Text), may("parts", Shape::List(&PART))])),
        ],
    );
    static ROOT: Shape = Shape::Object(&[
        must("parts", Shape::Either(&[Shape::Text, Shape::List(&PART)])),
        may("n", Shape::Whole(1, 9)),
        may("one", Shape::One(&[may("a", Shape::Flag), may("b", Shape::Word(&["x", "y"]))])),
        may("map", Shape::Map(&Shape::Number(0.0, 1.0))),
        may("name", Shape::Name { most: 3, also: "-" }),
    ]);

    fn mistake(value: &Value) -> String {
        match ROOT.check(value, false) {
            Ok(()) => String::new(),
            Err(mistake) => {
                let wrong = match mistake.wrong {
                    Wrong::Unknown => "Unknown",
                    Wrong::Missing => "Missing",
                    Wrong::Type { .. } => "Type",
                    Wrong::Word { .. } => "Word",
                    Wrong::Short { .. } => "Short",
                    Wrong::Long { .. } => "Long",
                    Wrong::Letters { .. } => "Letters",
                    Wrong::Low { .. } => "Low",
                    Wrong::High { .. } => "High",
                    Wrong::NotOne => "NotOne",
                };
                format!("{} {wrong}", mistake.bracketed())
            }
        }
    }

    #[test]
    fn the_first_mistake_is_told_with_its_place() {
        let cases = [
            (json!({ "parts": "x", "n": 3, "one": { "b": "y" }, "map": { "k": 0.5 } }), ""),
            (json!({ "parts": [{ "text": "x" }, { "type": "tree", "parts": [{ "text": "y" }] }] }), ""),
            (json!({ "n": null }), "parts Missing"),
            (json!({ "parts": 1 }), "parts Type"),
            (json!({ "parts": "x", "extra": 1 }), "extra Unknown"),
            (
                json!({ "parts": [{ "type": "tree", "parts": [{ "text": 1 }] }] }),
                "parts[0].parts[0].text Type",
            ),
            (json!({ "parts": [{ "type": "stone" }] }), "parts[0].type Word"),
            (json!({ "parts": "x", "n": 0 }), "n Low"),
            (json!({ "parts": "x", "n": 10 }), "n High"),
            (json!({ "parts": "x", "n": 1.5 }), "n Type"),
            (json!({ "parts": "x", "one": {} }), "one NotOne"),
            (json!({ "parts": "x", "one": { "a": true, "b": "x" } }), "one NotOne"),
            (json!({ "parts": "x", "one": { "b": "z" } }), "one.b Word"),
            (json!({ "parts": "x", "map": { "k": 2 } }), "map.k High"),
            (json!({ "parts": "x", "name": "a-1" }), ""),
            (json!({ "parts": "x", "name": "" }), "name Short"),
            (json!({ "parts": "x", "name": "abcd" }), "name Long"),
            (json!({ "parts": "x", "name": "a b" }), "name Letters"),
        ];
        for (value, expected) in cases {
            assert_eq!(mistake(&value), expected, "{value}");
        }
        assert!(ROOT.check(&json!({ "parts": "x", "extra": 1 }), true).is_ok());
    }

    #[test]
    fn paths_and_words_are_written_in_each_way() {
        let value = json!({ "parts": [{ "text": 1 }] });
        let mistake = ROOT.check(&value, false).err().unwrap();
        assert_eq!(mistake.dotted(), "parts.0.text");
        assert_eq!(mistake.in_google_words(), ("text", "parts[0]".to_owned()));
        assert_eq!(
            (snake("inlineData"), camel("inline_data")),
            ("inline_data".to_owned(), "inlineData".to_owned())
        );
        assert_eq!(Known::Words(&["a", "b", "c"]).listed("'", "and "), "'a', 'b', and 'c'");
    }
}
