//! One table of the file, handed out key by key.
//!
//! A reader asks a [`Section`] for the keys it knows; what was asked for is what is known, so there is no second list to
//! keep. When the reader returns, every key that nobody asked for is reported, with the known one that is nearest.
//! Nothing stops at the first problem: a value that cannot be read is reported and taken as absent.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Problems, did_you_mean};
use super::value::{At, Named, Read, Refusal};

/// A table whose keys are being read.
pub(crate) struct Section<'a> {
    path: String,
    at: Range<usize>,
    table: &'a DeTable<'a>,
    asked: Vec<&'static str>,
    names_are_free: bool,
    problems: &'a Problems,
}

impl<'a> Section<'a> {
    /// Reads the whole file.
    pub(crate) fn root<T>(
        table: &'a Spanned<DeTable<'a>>,
        problems: &'a Problems,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        Self::within(String::new(), table.span(), table.get_ref(), problems, read)
    }

    fn within<T>(
        path: String,
        at: Range<usize>,
        table: &'a DeTable<'a>,
        problems: &'a Problems,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let mut section = Self { path, at, table, asked: Vec::new(), names_are_free: false, problems };
        let value = read(&mut section);
        section.report_unknown();
        value
    }

    /// Where the table stands.
    pub(crate) fn at(&self) -> &Range<usize> {
        &self.at
    }

    pub(crate) fn problem(&self, problem: Problem) {
        self.problems.add(problem);
    }

    /// The place of a key and its value, if the key is there.
    pub(crate) fn place(&self, key: &str) -> Option<Range<usize>> {
        let (name, value) = self.table.get_key_value(key)?;
        Some(name.span().start..value.span().end.max(name.span().end))
    }

    /// The value of `key`, if it is there and can be read.
    pub(crate) fn get<T: Read>(&mut self, key: &'static str) -> Option<At<T>> {
        let value = self.value(key)?;
        self.read(key, value)
    }

    /// The same, and a problem if the key is not there.
    pub(crate) fn require<T: Read>(&mut self, key: &'static str) -> Option<At<T>> {
        if !self.table.contains_key(key) {
            self.problem(
                Problem::error(&self.at, format!("{} is missing", self.name_of(key)))
                    .mend(format!("add {key} = {}", T::WANTED)),
            );
        }
        self.get(key)
    }

    /// The elements of a list; those that cannot be read are reported and left out. `None` without the key.
    pub(crate) fn list<T: Read>(&mut self, key: &'static str) -> Option<Vec<At<T>>> {
        let elements = self.elements(key)?;
        Some(elements.iter().filter_map(|element| self.read(key, element)).collect())
    }

    /// The elements of a list of tables, where a bare value may stand for a table: `bare` makes one of it.
    pub(crate) fn list_of<T>(
        &mut self,
        key: &'static str,
        bare: impl Fn(At<String>) -> T,
        read: impl Fn(&mut Self) -> T,
    ) -> Vec<At<T>> {
        let Some(elements) = self.elements(key) else { return Vec::new() };
        let mut all = Vec::with_capacity(elements.len());
        for element in elements {
            let at = element.span();
            let value = match element.get_ref() {
                DeValue::Table(table) => {
                    Self::within(self.name_of(key), at.clone(), table, self.problems, &read)
                }
                DeValue::String(text) => bare(At { value: text.to_string(), at: at.clone() }),
                _ => {
                    self.refuse(key, &at, "text or a table", element.get_ref());
                    continue;
                }
            };
            all.push(At { value, at });
        }
        all
    }

    /// The elements of a list of tables.
    pub(crate) fn tables_in<T>(&mut self, key: &'static str, read: impl Fn(&mut Self) -> T) -> Vec<At<T>> {
        let Some(elements) = self.elements(key) else { return Vec::new() };
        let mut all = Vec::with_capacity(elements.len());
        for element in elements {
            let at = element.span();
            let DeValue::Table(table) = element.get_ref() else {
                self.refuse(key, &at, "a table", element.get_ref());
                continue;
            };
            let value = Self::within(self.name_of(key), at.clone(), table, self.problems, &read);
            all.push(At { value, at });
        }
        all
    }

    /// The table at `key`.
    pub(crate) fn table<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Self) -> T) -> Option<At<T>> {
        let value = self.value(key)?;
        let DeValue::Table(table) = value.get_ref() else {
            self.refuse(key, &value.span(), "a table", value.get_ref());
            return None;
        };
        let at = self.heading(key, value);
        let value = Self::within(self.name_of(key), at.clone(), table, self.problems, read);
        Some(At { value, at })
    }

    /// The tables in the table at `key`, whose names are free, in the order of the file.
    pub(crate) fn tables<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&At<String>, &mut Self) -> T,
    ) -> Vec<Named<T>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Table(outer) = value.get_ref() else {
            self.refuse(key, &value.span(), "a table", value.get_ref());
            return Vec::new();
        };
        let mut all = Vec::with_capacity(outer.len());
        for (name, value) in outer {
            let name = At { value: name.get_ref().to_string(), at: name.span() };
            let path = format!("{}.{}", self.name_of(key), shown_key(&name.value));
            let DeValue::Table(table) = value.get_ref() else {
                self.problem(
                    Problem::error(
                        &value.span(),
                        format!("{path} is {}, not a table", kind_of(value.get_ref())),
                    )
                    .mend(format!("write [{path}] on a line of its own")),
                );
                continue;
            };
            let body =
                Self::within(path, name.at.clone(), table, self.problems, |section| read(&name, section));
            all.push(Named { name, body });
        }
        all.sort_by_key(|named| named.name.at.start);
        all
    }

    /// All keys of this table with text for values; the names are free.
    pub(crate) fn texts(&mut self) -> Vec<(At<String>, At<String>)> {
        let mut all = Vec::new();
        for (name, value) in self.table {
            let name = At { value: name.get_ref().to_string(), at: name.span() };
            match String::read(value.get_ref()) {
                Ok(text) => all.push((name, At { value: text, at: value.span() })),
                Err(_) => self.refuse(&name.value, &value.span(), String::WANTED, value.get_ref()),
            }
        }
        all.sort_by_key(|(name, _)| name.at.start);
        self.names_are_free = true;
        all
    }

    /// `routes.assistant.policy.prefer`.
    pub(crate) fn name_of(&self, key: &str) -> String {
        let key = shown_key(key);
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.push(key);
        #[cfg(test)]
        self.problems.ask(self.name_of(key));
        self.table.get(key)
    }

    fn elements(&mut self, key: &'static str) -> Option<&'a [Spanned<DeValue<'a>>]> {
        let value = self.value(key)?;
        let DeValue::Array(elements) = value.get_ref() else {
            self.refuse(key, &value.span(), "a list", value.get_ref());
            return None;
        };
        Some(elements)
    }

    fn read<T: Read>(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<At<T>> {
        match T::read(value.get_ref()) {
            Ok(read) => return Some(At { value: read, at: value.span() }),
            Err(Refusal::Kind) => self.refuse(key, &value.span(), T::WANTED, value.get_ref()),
            Err(Refusal::Value { what, mend }) => {
                let what = format!("{}: {what}", self.name_of(key));
                self.problem(Problem::error(&value.span(), what).mend_if(mend));
            }
            Err(Refusal::Secret { what, mend }) => {
                let what = format!("{} {what}", self.name_of(key));
                self.problem(Problem::error(&value.span(), what).mend(mend).secret());
            }
        }
        None
    }

    fn refuse(&self, key: &str, at: &Range<usize>, wanted: &str, found: &DeValue<'_>) {
        let what = format!("{} is {}", self.name_of(key), kind_of(found));
        self.problem(Problem::error(at, what).mend(format!("write {wanted}")));
    }

    /// The place of a table: its key, since the span of a table under a heading may be far from it.
    fn heading(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Range<usize> {
        self.table.get_key_value(key).map_or_else(|| value.span(), |(name, _)| name.span())
    }

    fn report_unknown(&self) {
        if self.names_are_free {
            return;
        }
        for name in self.table.keys() {
            let written = name.get_ref();
            if self.asked.iter().any(|asked| asked == written) {
                continue;
            }
            let place = if self.path.is_empty() { String::new() } else { format!(" in {}", self.path) };
            let known = did_you_mean(written, self.asked.iter().copied())
                .unwrap_or_else(|| format!("known here: {}", self.asked.join(", ")));
            self.problem(
                Problem::error(&name.span(), format!("unknown key \"{written}\"{place}")).mend(known),
            );
        }
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A key as it would be written in the file.
fn shown_key(key: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !key.is_empty() && key.bytes().all(bare) { key.to_owned() } else { format!("{key:?}") }
}
