//! `[state]`: the key that kept responses are under.

use serde::Serialize;

use super::secret::SecretPlace;
use super::section::Section;
use super::value::At;

/// How responses are kept for products that have `store`.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct State {
    /// 64 hexadecimal digits; without it, a key made beside the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<At<SecretPlace>>,
}

impl State {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        Self { key: section.get("key") }
    }

    pub(crate) const fn is_unsaid(&self) -> bool {
        self.key.is_none()
    }
}
