//! Tables.

use super::{Piece, filled, folded, width, words};

/// Between columns.
const GAP: usize = 2;
/// Of more lines than these nobody sees a row any more.
const TALLEST: usize = 5;

/// Rows whose columns line up. A cell is a text and how it is shown.
#[derive(Debug)]
pub(crate) struct Grid<T> {
    /// Spaces before each line.
    pub(crate) indent: usize,
    /// What the columns are called; empty where they are not.
    pub(crate) heads: Vec<(T, String)>,
    /// The columns that are set right.
    pub(crate) right: Vec<usize>,
    pub(crate) rows: Vec<Vec<(T, String)>>,
}

impl<T: Copy> Grid<T> {
    /// All of it in lines of at most so many columns.
    pub(crate) fn lines(&self, columns: usize) -> Vec<Vec<Piece<T>>> {
        let room = columns.saturating_sub(self.indent);
        let natural = self.each(|cell, _| width(cell));
        let least = self.each(widest);
        let Some(widths) = widths(&natural, &least, room) else { return self.apart(room) };
        let is_readable = if self.heads.is_empty() {
            // Cells that have no names are read one after the other: only the last of them is folded in its place.
            let last = natural.iter().rposition(|width| *width > 0).unwrap_or(0);
            widths[..last] == natural[..last]
        } else {
            self.rows.iter().all(|row| height(row, &widths) <= TALLEST)
        };
        if is_readable { self.aligned(&widths) } else { self.apart(room) }
    }

    /// The most of each column.
    fn each(&self, of: impl Fn(&str, bool) -> usize) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0).max(self.heads.len());
        let most = |column: usize| {
            let head = self.heads.get(column).map(|(_, head)| of(head, true));
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|(_, cell)| of(cell, false));
            head.into_iter().chain(cells).max().unwrap_or(0)
        };
        (0..columns).map(most).collect()
    }

    /// Columns of these widths.
    fn aligned(&self, widths: &[usize]) -> Vec<Vec<Piece<T>>> {
        let heads = (!self.heads.is_empty()).then(|| self.row(&self.heads, widths, true));
        let rows = self.rows.iter().map(|row| self.row(row, widths, false));
        heads.into_iter().chain(rows).flatten().collect()
    }

    fn row(&self, row: &[(T, String)], widths: &[usize], is_head: bool) -> Vec<Vec<Piece<T>>> {
        let fold = |((_, text), width): (&(T, String), &usize)| {
            if is_head { filled(broken(text, *width), *width) } else { folded(text, *width) }
        };
        let cells: Vec<Vec<String>> = row.iter().zip(widths).map(fold).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(1);
        let line = |number: usize| {
            let mut line = Line::default();
            let mut from = self.indent;
            for (column, ((tone, _), cell)) in row.iter().zip(&cells).enumerate() {
                let text = cell.get(number).map_or("", String::as_str);
                let is_right = self.right.contains(&column);
                let before = if is_right { widths[column].saturating_sub(width(text)) } else { 0 };
                line.put(from + before, *tone, text);
                from += widths[column] + GAP;
            }
            line.pieces
        };
        (0..height).map(line).collect()
    }

    /// One row under the other.
    fn apart(&self, room: usize) -> Vec<Vec<Piece<T>>> {
        let of = |row: &Vec<(T, String)>| {
            if self.heads.is_empty() { self.run_on(row, room) } else { self.fields(row, room) }
        };
        let name = self.heads.first().filter(|(_, head)| !head.is_empty());
        let head = name.map(|(tone, head)| self.block(*tone, head, 0, room));
        head.into_iter().flatten().chain(self.rows.iter().flat_map(of)).collect()
    }

    /// The row's name, and below it what each other column is called and says: as many beside each other as fit.
    fn fields(&self, row: &[(T, String)], room: usize) -> Vec<Vec<Piece<T>>> {
        let name = |(tone, text): &(T, String)| self.block(*tone, text, 0, room);
        let mut lines: Vec<Vec<Piece<T>>> = row.first().map(name).unwrap_or_default();
        let label = self.heads.iter().skip(1).map(|(_, head)| width(head)).max().unwrap_or(0);
        let values = |row: &[(T, String)]| row.iter().skip(1).map(|(_, text)| width(text)).max().unwrap_or(0);
        let all = self.rows.iter().map(|row| values(row)).max().unwrap_or(0);
        let of = |value: usize| GAP + label + GAP + value;
        // The same places in every row, unless one says too much.
        let field = if 2 * of(all) <= room { of(all) } else { of(values(row)) };
        let said: Vec<Field<'_, T>> =
            self.heads.iter().zip(row).skip(1).filter(|(_, (_, text))| !text.is_empty()).collect();
        if field > room {
            lines.extend(said.into_iter().flat_map(|said| self.long_field(said, label, room)));
            return lines;
        }
        for group in said.chunks(room / field) {
            let mut line = Line::default();
            for (number, ((head_tone, head), (tone, text))) in group.iter().enumerate() {
                let from = self.indent + number * field + GAP;
                line.put(from, *head_tone, head);
                line.put(from + label + GAP, *tone, text);
            }
            lines.push(line.pieces);
        }
        lines
    }

    /// One field alone. What does not fit beside its name stands below it.
    fn long_field(
        &self,
        ((head_tone, head), (tone, text)): Field<'_, T>,
        label: usize,
        room: usize,
    ) -> Vec<Vec<Piece<T>>> {
        let at = GAP + label + GAP;
        let mut line = Line::default();
        line.put(self.indent + GAP, *head_tone, head);
        if at + widest(text, false) > room {
            let below = self.block(*tone, text, GAP + GAP, room);
            return std::iter::once(line.pieces).chain(below).collect();
        }
        let mut parts = folded(text, room - at).into_iter();
        line.put(self.indent + at, *tone, &parts.next().unwrap_or_default());
        std::iter::once(line.pieces).chain(parts.map(|part| self.line(*tone, &part, at))).collect()
    }

    /// Cells that have no names: on one line as long as they fit, then on further ones under the second.
    fn run_on(&self, row: &[(T, String)], room: usize) -> Vec<Vec<Piece<T>>> {
        let firsts = self.rows.iter().filter_map(|row| row.first()).map(|(_, text)| width(text));
        let first = firsts.max().unwrap_or(0);
        let under = (first + GAP).min(room / 3);
        let mut lines: Vec<Vec<Piece<T>>> = Vec::new();
        let mut line = Line::default();
        for (column, (tone, text)) in row.iter().enumerate().filter(|(_, (_, text))| !text.is_empty()) {
            let from = match column {
                0 if self.right.contains(&0) => self.indent + first - width(text),
                0 => self.indent,
                _ => (line.used + GAP).max(self.indent + under),
            };
            if from + width(text) <= self.indent + room {
                line.put(from, *tone, text);
                continue;
            }
            lines.extend((!line.pieces.is_empty()).then(|| std::mem::take(&mut line).pieces));
            let mut block = self.block(*tone, text, if column == 0 { 0 } else { under }, room);
            line = Line::of(block.pop().unwrap_or_default());
            lines.extend(block);
        }
        lines.push(line.pieces);
        lines
    }

    /// A text folded from a place in the table on.
    fn block(&self, tone: T, text: &str, at: usize, room: usize) -> Vec<Vec<Piece<T>>> {
        folded(text, room.saturating_sub(at)).iter().map(|part| self.line(tone, part, at)).collect()
    }

    /// A line of one text.
    fn line(&self, tone: T, text: &str, at: usize) -> Vec<Piece<T>> {
        let mut line = Line::default();
        line.put(self.indent + at, tone, text);
        line.pieces
    }
}

/// What a column is called, and what a row says there.
type Field<'a, T> = (&'a (T, String), &'a (T, String));

/// A line in the making, and how many columns it takes.
struct Line<T> {
    pieces: Vec<Piece<T>>,
    used: usize,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { pieces: Vec::new(), used: 0 }
    }
}

impl<T> Line<T> {
    fn of(pieces: Vec<Piece<T>>) -> Self {
        let used = pieces.iter().map(|(_, text)| width(text)).sum();
        Self { pieces, used }
    }

    /// Puts a text at a column; nothing for an empty one, so that no line ends in spaces.
    fn put(&mut self, at: usize, tone: T, text: &str) {
        if text.is_empty() {
            return;
        }
        if at > self.used {
            self.pieces.push((None, " ".repeat(at - self.used)));
            self.used = at;
        }
        self.used += width(text);
        self.pieces.push((Some(tone), text.to_owned()));
    }
}

/// How many lines a row takes in columns of these widths.
fn height<T>(row: &[(T, String)], widths: &[usize]) -> usize {
    let cells = row.iter().zip(widths).map(|((_, text), width)| folded(text, *width).len());
    cells.max().unwrap_or(0)
}

/// The columns' widths: as they are where all fit, else none wider than it must be for the others; `None` where that is
/// too much still.
fn widths(natural: &[usize], least: &[usize], columns: usize) -> Option<Vec<usize>> {
    let room = columns.checked_sub(GAP * natural.len().saturating_sub(1))?;
    let within = |most: usize| -> Vec<usize> {
        natural.iter().zip(least).map(|(natural, least)| (*least).max(most.min(*natural))).collect()
    };
    let widest = natural.iter().copied().max().unwrap_or(0);
    let mut widths = (0..=widest).rev().map(within).find(|widths| widths.iter().sum::<usize>() <= room)?;
    let mut left = room - widths.iter().sum::<usize>();
    for (width, natural) in widths.iter_mut().zip(natural) {
        let more = left.min(natural - *width).min(1);
        *width += more;
        left -= more;
    }
    Some(widths)
}

/// The widest part of a text that stays in one piece.
fn widest(text: &str, is_head: bool) -> usize {
    let part = |word: &String| {
        let parts = parts(word);
        if is_head { parts.map(width).max().unwrap_or(0) } else { width(word) }
    };
    words(text).iter().map(part).max().unwrap_or(0)
}

/// Names that stand as heads may be broken behind their hyphens.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    word.split_inclusive(['-', '/'])
}

/// The words of a head, those in parts that are too wide.
fn broken(text: &str, columns: usize) -> Vec<String> {
    let mut broken = Vec::new();
    for word in words(text) {
        let mut part = String::new();
        for next in parts(&word) {
            if !part.is_empty() && width(&part) + width(next) > columns {
                broken.push(std::mem::take(&mut part));
            }
            part.push_str(next);
        }
        broken.push(part);
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(heads: &[&str], rows: &[&[&str]]) -> Grid<()> {
        let cells = |texts: &[&str]| texts.iter().map(|text| ((), (*text).to_owned())).collect();
        Grid {
            indent: 2,
            heads: cells(heads),
            right: Vec::new(),
            rows: rows.iter().map(|row| cells(row)).collect(),
        }
    }

    fn lines(grid: &Grid<()>, columns: usize) -> Vec<String> {
        let line = |line: Vec<Piece<()>>| line.into_iter().map(|(_, text)| text).collect();
        grid.lines(columns).into_iter().map(line).collect()
    }

    #[test]
    fn what_fits_is_aligned() {
        let grid = Grid { right: vec![1], ..grid(&["who", "how many"], &[&["openai", "7"], &["meta", ""]]) };
        assert_eq!(lines(&grid, 18), ["  who     how many", "  openai         7", "  meta"]);
    }

    #[test]
    fn cells_are_folded_where_the_table_is_too_wide() {
        let table = grid(&["loss of", "developer-platform"], &[&["maker openai", "goes on, unproven"]]);
        assert_eq!(
            lines(&table, 24),
            [
                "  loss of     developer-",
                "              platform",
                "  maker       goes on,",
                "  openai      unproven"
            ],
        );
        let list = grid(&[], &[&["speed", "measured for all of them"], &["herd", "as ever"]]);
        assert_eq!(lines(&list, 22), ["  speed  measured for", "         all of them", "  herd   as ever"]);
    }

    #[test]
    fn fields_stand_below_the_name_where_columns_do_not_fit() {
        let table = grid(
            &["product", "served", "cost a day", "why"],
            &[&["code-tool-for-all", "100 % → 24.4 %", "$12,345", "-"], &["bot", "100 %", "$1", ""]],
        );
        assert_eq!(
            lines(&table, 40),
            [
                "  product",
                "  code-tool-for-all",
                "    served      100 % → 24.4 %",
                "    cost a day  $12,345",
                "    why         -",
                "  bot",
                "    served      100 %  cost a day  $1",
            ],
        );
        let wider = lines(&table, 44);
        assert_eq!(wider[0], "  product            served    cost a    why", "folded: {wider:?}");
        let beside =
            grid(&["who", "first", "second", "third"], &[&["aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "1", "2", "3"]]);
        assert_eq!(
            lines(&beside, 34),
            ["  who", "  aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "    first   1  second  2", "    third   3"],
        );
    }

    #[test]
    fn a_row_is_no_taller_than_can_be_seen() {
        let long = "the fallbacks take over by themselves, then somebody decides and gives notice";
        let table = grid(&["trigger", "seen by", "first act"], &[&["an end", "people", long]]);
        assert_eq!(lines(&table, 40).len(), 1 + 5, "folded");
        assert_eq!(lines(&table, 34)[..3], ["  trigger", "  an end", "    seen by    people"]);
    }

    #[test]
    fn a_long_field_is_folded_beside_its_name_or_stands_below_it() {
        let table = grid(
            &["trigger", "first act"],
            &[&["an-interruption-that-lasts", "the fallbacks take over by themselves"]],
        );
        assert_eq!(
            lines(&table, 34),
            [
                "  trigger",
                "  an-interruption-that-lasts",
                "    first act  the fallbacks take",
                "               over by themselves"
            ],
        );
        let table = grid(
            &["deployment", "its id there"],
            &[&["an-interruption-that-lasts", "0123456789-0123456789-01234"]],
        );
        assert_eq!(
            lines(&table, 34),
            [
                "  deployment",
                "  an-interruption-that-lasts",
                "    its id there",
                "      0123456789-0123456789-01234"
            ],
        );
    }

    #[test]
    fn cells_without_names_run_on_below() {
        let table = grid(&[], &[&["1.", "azure-sweden/gpt-5.4-mini", "+312 ms", "0123456789-0123456789"]]);
        assert_eq!(
            lines(&table, 42),
            ["  1.  azure-sweden/gpt-5.4-mini  +312 ms", "      0123456789-0123456789"],
        );
        let table =
            grid(&[], &[&["1.", "openai/gpt-5.4", "could not be reached", "connected 12 ms, end 40 ms"]]);
        assert_eq!(
            lines(&table, 60),
            ["  1.  openai/gpt-5.4  could not be reached", "      connected 12 ms, end 40 ms"],
            "nothing but the last is folded in its place"
        );
        assert_eq!(lines(&grid(&[], &[]), 40), Vec::<String>::new());
    }

    proptest::proptest! {
        /// Every word of every cell is shown, and no line is wider than it may be unless one word is.
        #[test]
        fn nothing_is_lost_and_nothing_stands_out(
            rows in proptest::collection::vec(proptest::collection::vec("([a-zé]{1,9}( [a-zé]{1,9}){0,4})?", 3), 1..5),
            has_heads: bool,
            columns in 24_usize..120,
        ) {
            let heads: &[&str] = if has_heads { &["one", "two-three", "four"] } else { &[] };
            let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
            let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
            let shown = lines(&grid(heads, &rows), columns);
            for line in &shown {
                proptest::prop_assert!(width(line) <= columns && !line.ends_with(' '), "{line:?} in {shown:?}");
            }
            let mut wanted: Vec<&str> = rows.iter().flat_map(|row| row.iter().flat_map(|cell| cell.split(' '))).filter(|word| !word.is_empty()).collect();
            let mut found: Vec<&str> = shown.iter().flat_map(|line| line.split_whitespace()).collect();
            for word in wanted.drain(..) {
                let at = found.iter().position(|found| *found == word);
                proptest::prop_assert!(at.is_some(), "{word} in {shown:?}");
                found.swap_remove(at.unwrap());
            }
        }
    }
}
