//! The members of one JSON object, found in one pass and taken by name; what nobody takes is a loss.
//!
//! **For**: objects whose `type` decides what the other members mean, and may stand behind them.
//!
//! **Promises**: `null` is as good as absent; of two members of one name the last counts; nothing is copied.

use super::fault::Fault;
use super::losses::Losses;
use crate::scan::{Kind, ScanError, Scanner, Text};

/// So many members that nobody knows are remembered of one object.
const MOST_UNKNOWN: usize = 48;

/// What an object holds and nobody has taken yet.
#[derive(Debug)]
pub(super) struct Members<'a> {
    known: &'static [&'static str],
    /// The values of the known names, in their order.
    values: Vec<Option<Value<'a>>>,
    /// The names of other members that say something.
    unknown: Vec<String>,
}

/// A member's value.
#[derive(Debug)]
struct Value<'a> {
    kind: Kind,
    scan: Scanner<'a>,
    /// What it is, if a string: a long one is not looked through again.
    text: Option<Text<'a>>,
}

impl<'a> Value<'a> {
    fn read(scan: &mut Scanner<'a>) -> Result<Self, ScanError> {
        let kind = scan.kind()?;
        let start = scan.at();
        let text = if kind == Kind::String { Some(scan.string()?) } else { scan.skip().map(|()| None)? };
        Ok(Self { kind, scan: scan.again(start..scan.at()), text })
    }
}

impl<'a> Members<'a> {
    /// The members of the object that starts here. `known` are the names that are ever taken.
    pub(super) fn read(scan: &mut Scanner<'a>, known: &'static [&'static str]) -> Result<Self, Fault> {
        if scan.kind()? != Kind::Object {
            return Err(Fault::malformed("", "an object was expected"));
        }
        let mut values = Vec::new();
        values.resize_with(known.len(), || None);
        let mut unknown = Vec::new();
        scan.object(|scan, name| {
            if let Some(at) = known.iter().position(|known| known.as_bytes() == name) {
                values[at] = Some(Value::read(scan)?).filter(|value| value.kind != Kind::Null);
            } else if scan.says_something()? && unknown.len() < MOST_UNKNOWN {
                unknown.push(String::from_utf8_lossy(name).into_owned());
            }
            Ok::<_, ScanError>(())
        })?;
        Ok(Self { known, values, unknown })
    }

    /// Takes a member, whatever it is.
    pub(super) fn take(&mut self, name: &str) -> Option<Scanner<'a>> {
        self.take_with_kind(name).map(|(_, value)| value)
    }

    /// Takes a member, and says what kind of value it is.
    pub(super) fn take_with_kind(&mut self, name: &str) -> Option<(Kind, Scanner<'a>)> {
        self.value(name)?.take().map(|value| (value.kind, value.scan))
    }

    /// Takes a member if it is a string.
    pub(super) fn take_text(&mut self, name: &str) -> Option<Text<'a>> {
        self.value(name)?.take_if(|value| value.text.is_some())?.text
    }

    fn value(&mut self, name: &str) -> Option<&mut Option<Value<'a>>> {
        let at = self.known.iter().position(|known| *known == name);
        debug_assert!(at.is_some(), "{name} is taken but was not asked for");
        self.values.get_mut(at?)
    }

    /// Takes a member that has to be a string.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<Text<'a>>, Fault> {
        let Some(value) = self.value(name).and_then(Option::take) else { return Ok(None) };
        value.text.map(Some).ok_or_else(|| Fault::malformed(name, "a string was expected"))
    }

    /// The same, unescaped.
    pub(super) fn string(&mut self, name: &str) -> Result<Option<String>, Fault> {
        Ok(self.text(name)?.map(|text| text.unescape().into_owned()))
    }

    /// The same, of a string that must be there.
    pub(super) fn required(&mut self, name: &str) -> Result<String, Fault> {
        self.string(name)?.ok_or_else(|| Fault::malformed(name, "it is missing"))
    }

    /// Takes a member that has to be `true` or `false`.
    pub(super) fn boolean(&mut self, name: &str) -> Result<Option<bool>, Fault> {
        let Some(mut value) = self.take(name) else { return Ok(None) };
        let holds = value.boolean()?;
        holds.map(Some).ok_or_else(|| Fault::malformed(name, "`true` or `false` was expected"))
    }

    /// Takes a member that has to be a whole number, not below zero.
    pub(super) fn integer(&mut self, name: &str) -> Result<Option<u64>, Fault> {
        let Some(mut value) = self.take(name) else { return Ok(None) };
        let number = value.integer()?;
        number.map(Some).ok_or_else(|| Fault::malformed(name, "a whole number was expected"))
    }

    /// Takes a member that has to be a number; gives its text as it stands.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<String>, Fault> {
        let Some((kind, mut value)) = self.take_with_kind(name) else { return Ok(None) };
        if kind != Kind::Number {
            return Err(Fault::malformed(name, "a number was expected"));
        }
        Ok(Some(String::from_utf8_lossy(raw(&mut value)?).into_owned()))
    }

    /// Takes a member that has to be an object; gives its text as it stands.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<&'a [u8]>, Fault> {
        let Some((kind, mut value)) = self.take_with_kind(name) else { return Ok(None) };
        if kind != Kind::Object {
            return Err(Fault::malformed(name, "an object was expected"));
        }
        Ok(Some(raw(&mut value)?))
    }

    /// Takes a member that is an object; its own members.
    pub(super) fn members(
        &mut self,
        name: &str,
        known: &'static [&'static str],
    ) -> Result<Option<Self>, Fault> {
        let Some(mut value) = self.take(name) else { return Ok(None) };
        Self::read(&mut value, known).map(Some).map_err(|fault| fault.within(|| name.to_owned()))
    }

    /// Names what is left, if it says something, as lost.
    pub(super) fn rest(self, losses: &mut Losses, place: &str) -> Result<(), Fault> {
        for (name, value) in self.known.iter().zip(self.values) {
            if let Some(mut value) = value
                && value.scan.says_something()?
            {
                losses.unknown(place, name);
            }
        }
        for name in self.unknown {
            losses.unknown(place, &name);
        }
        Ok(())
    }
}

/// The text of the value that starts here.
pub(super) fn raw<'a>(scan: &mut Scanner<'a>) -> Result<&'a [u8], ScanError> {
    let range = scan.range()?;
    Ok(scan.slice(range))
}
