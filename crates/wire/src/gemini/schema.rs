//! Schemas: JSON Schema, and the subset of `OpenAPI` that older models take.

mod from_subset;
mod node;
mod to_subset;

pub(super) use self::from_subset::json_schema;
pub(super) use self::to_subset::{holds_no_properties, subset};
