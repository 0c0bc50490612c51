//! How commitments are measured: what was agreed, how it was revised, which values were reported.
//!
//! Invariant: the numbers are kept as they were reported; a percentage is derived by whoever reads them. What the words
//! of a definition say is not here. Must not know whether a value is good.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Views;
use super::history::{Dated, History, Horizon};
use super::owner::Owner;
use super::shared::SharedMap;
use crate::domain::event::{Direction, Payload};
use crate::domain::id::Code;
use crate::domain::value::{Decimal, Label};

/// What was agreed about a measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What it is called.
    pub title: Label,
    /// In what it is counted.
    pub unit: Label,
    /// It is a share of a whole: it has a denominator, and its target is in per cent.
    pub is_share: bool,
    /// The value to reach. None: no target is agreed.
    pub target: Option<Decimal>,
    /// Which way it should move.
    pub direction: Direction,
    /// By when. None: no date is agreed.
    pub due: Option<Date>,
}

/// One thing that happened to a measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MeasureFact {
    /// It was agreed.
    Agreed {
        /// The commitment that it measures.
        commitment: Code,
        /// Who answers for it.
        owner: Code,
        /// What was agreed.
        terms: Arc<Terms>,
    },
    /// Something else was agreed in its place.
    Revised(Arc<Terms>),
    /// A value was reported.
    Reported(Value),
    /// That post answers for it from now on.
    Reassigned(Code),
}

/// A reported value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// First day of the time that it tells of.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// How many.
    pub numerator: u32,
    /// Of how many. None: not applicable.
    pub denominator: Option<u32>,
}

impl MeasureFact {
    pub(super) fn of(payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::MeasureAgreed(it) => Self::Agreed {
                commitment: it.commitment.clone(),
                owner: it.owner_post.clone(),
                terms: Arc::new(Terms {
                    title: it.title.clone(),
                    unit: it.unit.clone(),
                    is_share: it.denominator.is_some(),
                    target: it.target.clone(),
                    direction: it.direction,
                    due: it.due,
                }),
            },
            Payload::MeasureRevised(it) => Self::Revised(Arc::new(Terms {
                title: it.title.clone(),
                unit: it.unit.clone(),
                is_share: it.denominator.is_some(),
                target: it.target.clone(),
                direction: it.direction,
                due: it.due,
            })),
            Payload::MeasureReported(it) => Self::Reported(Value {
                from: it.period_from,
                to: it.period_to,
                numerator: it.numerator,
                denominator: it.denominator,
            }),
            Payload::OwnerReassigned(it) => Self::Reassigned(it.to_post.clone()),
            _ => return None,
        })
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MeasuresView {
    /// Measures by id.
    pub facts: SharedMap<Code, History<MeasureFact>>,
}

/// How one measure stands from a horizon.
#[derive(Clone, Debug)]
pub struct Measured<'v> {
    /// The measure's id.
    pub id: &'v Code,
    /// The commitment that it measures.
    pub commitment: &'v Code,
    /// The agreement.
    pub agreed: &'v Dated<MeasureFact>,
    /// What is agreed now, and the event that says so.
    pub current: (&'v Terms, u64),
    /// What was agreed first, with its target, whether or not it was revised, corrected or taken back since.
    pub first: (&'v Terms, u64),
    /// The value of the latest time that was reported of, and its event.
    pub latest: Option<(Value, u64)>,
    /// Who answers for it.
    pub owner: Owner<'v>,
}

impl MeasuresView {
    /// Every measure that stands from the horizon, in the order of their ids.
    pub fn standings<'v>(&'v self, views: &'v Views, horizon: Horizon) -> impl Iterator<Item = Measured<'v>> {
        self.facts.iter().filter_map(move |(id, history)| measured(views, id, history, horizon))
    }
}

/// How one measure stands from the horizon, if it does.
pub(super) fn measured<'v>(
    views: &Views,
    id: &'v Code,
    history: &'v History<MeasureFact>,
    horizon: Horizon,
) -> Option<Measured<'v>> {
    let mut measured: Option<Measured<'v>> = None;
    let mut latest: Option<(&Dated<MeasureFact>, Value)> = None;
    for fact in views.seen(history, horizon) {
        match (&fact.fact, &mut measured) {
            (MeasureFact::Agreed { commitment, owner, terms }, _) => {
                measured = Some(Measured {
                    id,
                    commitment,
                    agreed: fact,
                    current: (terms, fact.sequence),
                    first: (terms, fact.sequence),
                    latest: None,
                    owner: Owner::named(fact, owner),
                });
            }
            (MeasureFact::Revised(terms), Some(it)) => it.current = (terms, fact.sequence),
            (MeasureFact::Reassigned(to), Some(it)) => it.owner.hand_over(fact, to),
            (MeasureFact::Reported(value), Some(_)) => {
                // Of two values that end on one day the one that was said later.
                if latest.is_none_or(|(_, standing)| standing.to <= value.to) {
                    latest = Some((fact, *value));
                }
            }
            (_, None) => {}
        }
    }
    let mut measured = measured?;
    measured.latest = latest.map(|(fact, value)| (value, fact.sequence));
    measured.first = first(history, horizon).unwrap_or(measured.first);
    Some(measured)
}

/// What was first said, in the order of the ledger: a target is not made unsaid by saying another one.
fn first(history: &History<MeasureFact>, horizon: Horizon) -> Option<(&Terms, u64)> {
    let mut known = history.all().iter().filter(|fact| Views::within(fact, horizon));
    known.find_map(|fact| match &fact.fact {
        MeasureFact::Agreed { terms, .. } => Some((terms.as_ref(), fact.sequence)),
        _ => None,
    })
}
