//! R7: whom have we reached?

use super::definition::Definition;
use super::{Body, Parameters};
use crate::projections::Views;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition { version: "r7/1", terms: &[] };

pub(super) fn body(_views: &Views, _parameters: &Parameters) -> Body {
    Body::default()
}
