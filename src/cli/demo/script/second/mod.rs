//! The second story: Northmoor Council, its library pledge, and a year in which promises end. All of it is invented.
//!
//! | File | Is |
//! |---|---|
//! | `pledge` | the pledge in two versions, and its ten commitments |
//! | `work` | actions, and the ends of commitments |
//! | `systems` | the list of councils anew, the old and the new learning system, statements, the clock |
//!
//! Invariant: it shows what the first ledger does not bring, and is read in a few minutes: at most eighty events.

mod pledge;
mod systems;
mod work;

use jiff::civil::Date;

use super::super::cast::Part;
use super::super::pen::{Step, Year, day, document, event};
use crate::grpc::wire::{Event, EvidenceAttached, event::Payload};

/// The committee's register.
const REGISTER: &str = "committee-register";
/// Where projects are followed.
const PROJECTS: &str = "project-board";
/// Where learning was recorded until September.
const OLD_LMS: &str = "training-records";
/// Where it has been recorded since.
const NEW_LMS: &str = "learning-hub";

/// The post that acts where no other does.
const CLERK: &str = "committee-clerk";

/// The posting systems.
pub(in super::super) const SOURCES: [Part; 4] = [
    (
        REGISTER,
        &[
            "post.registered",
            "code_list.adopted",
            "calendar.adopted",
            "report_settings.adopted",
            "pledge.published",
            "commitment.*",
            "evidence.attached",
            "awareness.activity_held",
            "source.succeeded",
        ],
        &["*"],
        &[CLERK, "library-lead", "estates-lead"],
    ),
    (
        PROJECTS,
        &["action.*", "evidence.attached"],
        &["action/*", "evidence/*"],
        &["library-lead", "estates-lead", CLERK],
    ),
    (OLD_LMS, &["learning.*"], &["session/*"], &["library-lead"]),
    (NEW_LMS, &["learning.*"], &["session/*", "source/training-records"], &["library-lead"]),
];

/// Everything that is posted, in order.
pub(in super::super) fn year() -> Vec<Step> {
    let mut year = Year::default();
    systems::founding(&mut year);
    pledge::write(&mut year);
    work::write(&mut year);
    systems::write(&mut year);
    year.in_order()
}

/// A document about something.
fn attached(on: Date, id: &str, about: &str, kind: &str, by: &str) -> Event {
    let attached = EvidenceAttached {
        about: about.into(),
        sha256: document(&format!("northmoor {id}")),
        size_bytes: 21_000 + 613 * id.len() as u64,
        media_type: "application/pdf".into(),
        kind: kind.into(),
        uri: String::new(),
    };
    event(on, &format!("evidence/{id}"), by, Payload::EvidenceAttached(attached))
}

/// The first day of the story.
const OPENING: Date = day(4, 1);
