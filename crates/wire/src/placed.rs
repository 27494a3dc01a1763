//! Lists that are read with a place: what is wrong in an element is told with the element's number, in every dialect alike.

use crate::scan::{ScanError, Scanner};

/// Why reading stopped, as one dialect's reader has it.
pub(crate) trait Placed: From<ScanError> {
    /// The same, seen from outside: where it is said what is wrong, `place` goes in front.
    #[must_use]
    fn within(self, place: &str) -> Self;
}

/// Walks the elements of the array that starts here. `each` must take its element.
pub(crate) fn elements<'a, E: Placed>(
    scan: &mut Scanner<'a>,
    mut each: impl FnMut(&mut Scanner<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let mut place = 0_usize;
    scan.array(|scan| {
        each(scan).map_err(|wrong| wrong.within(&format!("[{place}]")))?;
        place += 1;
        Ok(())
    })
}
