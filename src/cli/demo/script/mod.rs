//! The years, by family of events: that of the real pledge here, that of an invented one in [`second`]. Pure: the same
//! steps every time.
//!
//! Invariant: the first pledge is real and quoted exactly; all else is invented, speaks of posts and never of persons,
//! and theme codes name policy issues, never experiences. Every type of event that a posting system may post occurs in
//! one of the two. One line of the real pledge, C3, has nothing done for it all year: silence must show. It must not
//! know how a step is posted.

mod actions;
mod awareness;
mod corrections;
mod disputes;
mod evidence;
mod feedback;
mod founding;
mod learning;
mod measures;
mod mishaps;
mod operation;
mod people;
mod pledge;
mod policies;
mod replies;
mod reviews;
pub(super) mod second;
mod statements;
mod surveys;
#[cfg(test)]
mod tests;
mod voices;

use super::pen::{Step, Year};

/// Everything that is posted in the financial year 2025–26 and in the ten days after it, in order.
pub(super) fn year() -> Vec<Step> {
    let mut year = Year::default();
    founding::write(&mut year);
    pledge::write(&mut year);
    people::write(&mut year);
    policies::write(&mut year);
    feedback::write(&mut year);
    actions::write(&mut year);
    evidence::write(&mut year);
    learning::write(&mut year);
    awareness::write(&mut year);
    surveys::write(&mut year);
    replies::write(&mut year);
    voices::write(&mut year);
    disputes::write(&mut year);
    measures::write(&mut year);
    reviews::write(&mut year);
    // What follows names what stands above it.
    corrections::write(&mut year);
    mishaps::write(&mut year);
    operation::write(&mut year);
    statements::write(&mut year);
    year.in_order()
}
