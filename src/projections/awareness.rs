//! What was done so that people know, and how they were told where to find help.
//!
//! Invariant: attendances and reach are kept as they were recorded, and a thing that nobody counted has no number.
//! Councils and partners are kept as the codes that were said. Must not know whom a code means today.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::history::History;
use super::shared::SharedMap;
use crate::domain::event::{Payload, Purpose};
use crate::domain::id::Code;
use crate::domain::value::Label;

/// An activity, as it was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// What it is called.
    pub title: Label,
    /// What it makes people aware of.
    pub purpose: Purpose,
    /// Codes of the list `council`.
    pub councils: Vec<Code>,
    /// Codes of the list `partner`.
    pub partners: Vec<Code>,
    /// Attendances, which are not people. None: nobody counted.
    pub attendances: Option<u32>,
}

impl Activity {
    pub(super) fn of(payload: &Payload) -> Option<Arc<Self>> {
        match payload {
            Payload::AwarenessActivityHeld(it) => Some(Arc::new(Self {
                title: it.title.clone(),
                purpose: it.purpose,
                councils: it.councils.clone(),
                partners: it.partners.clone(),
                attendances: it.attendances,
            })),
            _ => None,
        }
    }
}

/// That people were told where to find help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signposted {
    /// A code of the list `support-route`.
    pub route: Code,
    /// How many it was sent to. None: nobody counted.
    pub reach: Option<u32>,
}

impl Signposted {
    pub(super) fn of(payload: &Payload) -> Option<Self> {
        match payload {
            Payload::SupportSignposted(it) => Some(Self { route: it.route.clone(), reach: it.reach }),
            _ => None,
        }
    }
}

/// The view. Entries are shared on cloning; see [`SharedMap`] for the cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AwarenessView {
    /// Activities by id.
    pub activities: SharedMap<Code, History<Arc<Activity>>>,
    /// Signposting by id.
    pub signposting: SharedMap<Code, History<Signposted>>,
}
