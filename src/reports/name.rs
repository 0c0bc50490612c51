//! Which reports there are: code, name, question, definition.
//!
//! Invariant: one row of the table below is all that says that a report exists; nothing else lists them. Must not know how
//! any report is worked out.

use super::definition::Definition;
use super::{
    choice, commitments, feedback, lateness, learning, policy_changes, reach, response_times, restatements,
    silence, surveys, trust,
};
use crate::domain::value::Invalid;

macro_rules! reports {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $slug:literal, $title:literal, $room:ident;)*) => {
        /// The reports there are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ReportName { $($(#[$doc])* $name),* }

        impl ReportName {
            /// Every report, in the order of the codes.
            pub const ALL: [Self; 12] = [$(Self::$name),*];

            /// Its code: `R1`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// Its name in addresses and on the command line: `commitments`.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug),* }
            }

            /// The question that it answers.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }

            /// What its words and numbers mean.
            pub const fn definition(self) -> &'static Definition {
                match self { $(Self::$name => &$room::DEFINITION),* }
            }
        }
    };
}

reports! {
    /// R1: are we keeping each line of the pledge?
    Commitments, "R1", "commitments", "Are we keeping each line of the pledge?", commitments;
    /// R2: what is late, against the first date we gave?
    Lateness, "R2", "lateness", "What is late, against the first date we gave?", lateness;
    /// R3: you said, we did. And what did we not do, and why?
    Feedback, "R3", "feedback", "You said, we did. And what did we not do, and why?", feedback;
    /// R4: how long does it take?
    ResponseTimes, "R4", "response-times", "How long does it take?", response_times;
    /// R5: which policies changed, and because of what?
    PolicyChanges, "R5", "policy-changes", "Which policies changed, and because of what?", policy_changes;
    /// R6: how many of us have learned, at what level?
    Learning, "R6", "learning", "How many of us have learned, at what level?", learning;
    /// R7: whom have we reached?
    Reach, "R7", "reach", "Whom have we reached?", reach;
    /// R8: do staff feel safe, supported, valued; and the five principles?
    Surveys, "R8", "surveys", "Do staff feel safe, supported, valued; and the five principles?", surveys;
    /// R9: did people have a choice?
    Choice, "R9", "choice", "Did people have a choice?", choice;
    /// R10: what changed since the last report?
    Restatements, "R10", "restatements", "What changed since the last report?", restatements;
    /// R11: can this be trusted?
    Trust, "R11", "trust", "Can this be trusted?", trust;
    /// R12: where is there silence?
    Silence, "R12", "silence", "Where is there silence?", silence;
}

impl ReportName {
    /// Parses a code or a name, in small or capital letters: `r2`, `R2`, `lateness`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let asked = text.to_ascii_lowercase();
        let mut all = Self::ALL.into_iter();
        all.find(|name| name.slug() == asked || name.code().to_ascii_lowercase() == asked).ok_or(
            Invalid::new(
                "not a report",
                "ask for r1 to r12, or by name; `pledgebook report list` names them",
            ),
        )
    }

    /// Whether figures of it are about people: those are worked out at release points only.
    pub const fn is_about_people(self) -> bool {
        matches!(self, Self::Feedback | Self::ResponseTimes | Self::Learning | Self::Surveys | Self::Choice)
    }

    /// The number of its definitions' version, such as the 2 of `r5/2`.
    pub fn definition_number(self) -> u32 {
        number_of(self.definition_version()).unwrap_or(0)
    }

    /// Its number, 1 to 12: what it is on the wire.
    pub const fn number(self) -> i32 {
        self as i32 + 1
    }

    /// The report of that number.
    pub fn of_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.number() == number)
    }

    /// The newest version of the definitions of the report of that code; none if this version has no such report.
    pub fn newest_definition(code: &str) -> Option<u32> {
        number_of(Self::parse(code).ok()?.definition_version())
    }

    /// Which definitions it is worked out by. It changes whenever the same facts would give another output.
    pub const fn definition_version(self) -> &'static str {
        self.definition().version
    }
}

/// The number in a definition's version, such as the 2 of `r5/2`.
pub fn number_of(version: &str) -> Option<u32> {
    version.rsplit('/').next()?.parse().ok()
}
