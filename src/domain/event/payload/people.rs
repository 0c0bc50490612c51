//! Posts, units, learning, awareness, support, surveys: what is counted about people, never who they are.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::event::codes::{Level, Purpose};
use crate::domain::id::Code;
use crate::domain::value::Label;

payload! {
    /// How many people have reached a level, each level with those above it.
    Coverage {
        /// All of them: the denominator.
        people: u32,
        /// At least informed.
        informed: u32,
        /// At least skilled.
        skilled: u32,
        /// At least enhanced.
        enhanced: u32,
        /// Specialist.
        specialist: u32,
    }
}
payload! {
    /// How many people chose one option.
    OptionCount {
        /// The option, as the instrument calls it.
        option: Code,
        /// How many chose it.
        count: u32,
    }
}
payload! {
    /// A post ends.
    PostRetired {
        /// The last day on which it is valid.
        last_day: Date,
    }
}
payload! {
    /// A part of the organisation exists.
    UnitRegistered {
        /// What it is called.
        title: Label,
        /// First day.
        valid_from: Date,
        /// Last day. Absent: open-ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_to: Option<Date>,
        /// The unit that it is a part of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part_of: Option<Code>,
    }
}
payload! {
    /// How many people work there.
    WorkforceBaselineRecorded {
        /// People, leaders included.
        headcount: u32,
        /// Leaders.
        leaders: u32,
    }
}
payload! {
    /// A session of learning is offered.
    LearningOffered {
        /// What it is called.
        title: Label,
        /// How deep it goes.
        level: Level,
        /// Codes of the list `audience`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        audience: Vec<Code>,
        /// What it serves.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        commitments: Vec<Code>,
        /// When it is to be held.
        held_on: Date,
        /// How long it takes, in minutes.
        minutes: u32,
        /// Seats. Absent: no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capacity: Option<u32>,
    }
}
payload! {
    /// The session was held.
    LearningDelivered {
        /// How long it took, in minutes.
        minutes: u32,
        /// Attendances, which are not people. Absent: not counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attendances: Option<u32>,
    }
}
payload! {
    /// The session is not held.
    LearningCancelled {}
}
payload! {
    /// How many people of a unit have reached each level.
    LearningCoverageRecorded {
        /// All people of the unit, leaders included.
        staff: Coverage,
        /// The leaders among them.
        leaders: Coverage,
    }
}
payload! {
    /// Somebody was helped to model good practice.
    PracticeSupportProvided {
        /// A code of the list `support-kind`.
        kind: Code,
        /// How many sessions.
        sessions: u32,
        /// Codes of the list `audience`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        audience: Vec<Code>,
        /// What it serves.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        commitments: Vec<Code>,
    }
}
payload! {
    /// Something was done so that people know.
    AwarenessActivityHeld {
        /// What it is called.
        title: Label,
        /// What it makes people aware of.
        purpose: Purpose,
        /// Codes of the list `audience`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        audience: Vec<Code>,
        /// What it serves.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        commitments: Vec<Code>,
        /// Codes of the list `council`, valid on the day.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        councils: Vec<Code>,
        /// Codes of the list `partner`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        partners: Vec<Code>,
        /// Attendances, which are not people. Absent: not counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attendances: Option<u32>,
    }
}
payload! {
    /// People were told where to find help.
    SupportSignposted {
        /// A code of the list `support-route`.
        route: Code,
        /// A code of the list `channel`.
        channel: Code,
        /// How many people it was sent to. Absent: not counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reach: Option<u32>,
        /// What it serves.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        commitments: Vec<Code>,
    }
}
payload! {
    /// What people answered to one question.
    SurveyResultRecorded {
        /// The questionnaire.
        instrument: Code,
        /// Its version: only equal versions are compared.
        instrument_version: Code,
        /// The question.
        item: Code,
        /// The unit that was asked. Absent: the whole organisation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<Code>,
        /// The round of asking that it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<Code>,
        /// First day of asking.
        period_from: Date,
        /// Last day of asking.
        period_to: Date,
        /// How many were asked.
        population: u32,
        /// How many answered this question.
        answers: u32,
        /// There were fewer answers than may be shown: no counts are given.
        withheld: bool,
        /// How many chose what.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        options: Vec<OptionCount>,
        /// The options that count as agreement.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        agree_options: Vec<Code>,
        /// The options that say neither.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        dont_know_options: Vec<Code>,
        /// What it tells about.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        commitments: Vec<Code>,
    }
}
