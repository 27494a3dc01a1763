//! Edits to a body that leave every other byte where it was.
//!
//! **For**: the few changes that a request needs on its way (the model's name, asking for usage).
//! **Promises**: what no edit covers is passed on as slices of the same buffer, neither copied nor re-serialised.

use std::ops::Range;

use bytes::Bytes;

/// One change: the bytes of `range` become `with`. An empty range inserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Offsets into the body.
    pub range: Range<usize>,
    /// What stands there afterwards.
    pub with: Bytes,
}

impl Edit {
    /// Puts `with` in front of the byte at `at`.
    pub fn insert(at: usize, with: impl Into<Bytes>) -> Self {
        Self { range: at..at, with: with.into() }
    }

    /// Puts `with` in the place of `range`.
    pub fn replace(range: Range<usize>, with: impl Into<Bytes>) -> Self {
        Self { range, with: with.into() }
    }

    /// Puts a JSON string in the place of `range`, which is that of a string with its quotes.
    pub fn replace_string(range: Range<usize>, value: &str) -> Self {
        let json = serde_json::to_vec(value).expect("a string is always JSON");
        Self { range, with: json.into() }
    }
}

/// The body with `edits` made, in pieces; empty ones are left out. Sorts the edits by position.
///
/// # Panics
/// When an edit lies outside the body or two overlap: both come from one peek of this very body, so either is a bug.
pub fn splice(body: &Bytes, edits: &mut [Edit]) -> Vec<Bytes> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut pieces = Vec::with_capacity(2 * edits.len() + 1);
    let mut kept = 0;
    for edit in edits {
        assert!(kept <= edit.range.start && edit.range.start <= edit.range.end, "edits overlap");
        pieces.push(body.slice(kept..edit.range.start));
        pieces.push(edit.with.clone());
        kept = edit.range.end;
    }
    pieces.push(body.slice(kept..));
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(pieces: &[Bytes]) -> Vec<u8> {
        pieces.concat()
    }

    #[test]
    fn the_untouched_parts_are_the_same_memory() {
        let body = Bytes::from_static(br#"{"model":"a","stream":true}"#);
        let pieces = splice(&body, &mut [Edit::replace_string(9..12, "b\"c")]);
        assert_eq!(joined(&pieces), br#"{"model":"b\"c","stream":true}"#);
        assert_eq!(pieces[0].as_ptr(), body.as_ptr());
        assert_eq!(pieces[2].as_ptr(), body[12..].as_ptr());
    }

    #[test]
    fn an_insertion_and_a_replacement_at_one_place_keep_their_order() {
        let body = Bytes::from_static(b"{1}");
        let mut edits = [Edit::replace(1..2, &b"2"[..]), Edit::insert(1, &b"0,"[..])];
        assert_eq!(joined(&splice(&body, &mut edits)), b"{0,2}");
    }

    #[test]
    #[should_panic(expected = "overlap")]
    fn overlapping_edits_are_a_bug() {
        let body = Bytes::from_static(b"0123456789");
        splice(&body, &mut [Edit::replace(0..5, &b"a"[..]), Edit::replace(4..6, &b"b"[..])]);
    }

    proptest! {
        #[test]
        fn only_the_edited_ranges_change(
            body in proptest::collection::vec(any::<u8>(), 0..200),
            cuts in proptest::collection::btree_set(0_usize..=200, 0..8),
            with in proptest::collection::vec(any::<u8>(), 0..5),
        ) {
            let body = Bytes::from(body);
            let cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= body.len()).collect();
            let mut edits: Vec<Edit> =
                cuts.chunks_exact(2).map(|pair| Edit::replace(pair[0]..pair[1], with.clone())).collect();
            let mut expected = Vec::new();
            let mut kept = 0;
            for edit in &edits {
                expected.extend_from_slice(&body[kept..edit.range.start]);
                expected.extend_from_slice(&with);
                kept = edit.range.end;
            }
            expected.extend_from_slice(&body[kept..]);
            edits.reverse();
            prop_assert_eq!(joined(&splice(&body, &mut edits)), expected);
        }
    }
}
