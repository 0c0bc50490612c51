//! R8: do staff feel safe, supported, valued; and the five principles?

use super::definition::Definition;
use super::{Body, Parameters};
use crate::projections::Views;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition { version: "r8/1", terms: &[] };

pub(super) fn body(_views: &Views, _parameters: &Parameters) -> Body {
    Body::default()
}
