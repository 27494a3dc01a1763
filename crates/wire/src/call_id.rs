//! Ids for tool calls whose supplier gives none.
//!
//! **Promises**: the same bytes give the same id; calls of one reply differ, and so do those of any two replies that
//! differ in a byte (all suppliers write a time or an id into each).

use std::hash::{DefaultHasher, Hasher};

/// An id for the call at `place` of the reply, or the frame of one, that `bytes` are.
pub(crate) fn made(bytes: &[u8], place: usize) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("call_{:016x}_{place}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f07_calls_that_have_no_id_get_different_ones() {
        let ids = [made(b"a", 0), made(b"a", 1), made(b"b", 0)];
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 3, "{ids:?}");
        assert_eq!(made(b"a", 0), ids[0]);
        assert!(
            ids[0].len() <= 40
                && ids[0].chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        );
    }
}
