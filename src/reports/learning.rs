//! R6: how many of us have learned, at what level?

use super::definition::Definition;
use super::{Body, Parameters};
use crate::projections::Views;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition { version: "r6/1", terms: &[] };

pub(super) fn body(_views: &Views, _parameters: &Parameters) -> Body {
    Body::default()
}
