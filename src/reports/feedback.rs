//! R3: you said, we did. And what did we not do, and why?

use super::definition::Definition;
use super::{Body, Parameters};
use crate::projections::Views;

/// What its words and numbers mean.
pub(super) const DEFINITION: Definition = Definition { version: "r3/1", terms: &[] };

pub(super) fn body(_views: &Views, _parameters: &Parameters) -> Body {
    Body::default()
}
