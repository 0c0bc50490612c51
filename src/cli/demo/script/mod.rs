//! The year, by family of events. Pure: [`year`] gives the same steps every time.
//!
//! Invariant: the pledge is real and quoted exactly; all else is invented, speaks of posts and never of persons,
//! and theme codes name policy issues, never experiences. Every type of event that a posting system may post occurs.
//! One line of the pledge, C3, has nothing done for it all year: silence must show. It must not know how a step is
//! posted.

mod actions;
mod evidence;
mod feedback;
mod founding;
mod mishaps;
mod pledge;
mod policies;
#[cfg(test)]
mod tests;

use super::pen::{Step, Year};

/// Everything that is posted in the financial year 2025–26 and in the ten days after it, in order.
pub(super) fn year() -> Vec<Step> {
    let mut year = Year::default();
    founding::write(&mut year);
    pledge::write(&mut year);
    policies::write(&mut year);
    feedback::write(&mut year);
    actions::write(&mut year);
    evidence::write(&mut year);
    mishaps::write(&mut year);
    year.in_order()
}
