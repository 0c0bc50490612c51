//! Posts, units, learning, awareness, support, surveys: what is counted about people, never who they are.

use super::Wire;
use super::field::{
    Held, Path, Texts, all, closed, code, codes, date, day, label, list, number, optional_code,
    optional_date, shown, shown_or_empty,
};
use crate::domain::{
    event::{
        AwarenessActivityHeld, Coverage, LearningCancelled, LearningCoverageRecorded, LearningDelivered,
        LearningOffered, OptionCount, PostRetired, PracticeSupportProvided, SupportSignposted,
        SurveyResultRecorded, UnitRegistered, WorkforceBaselineRecorded,
    },
    rejection::Rejection,
};
use crate::grpc::wire;
use crate::limits::MAX_LINKS;

impl Wire for PostRetired {
    type Message = wire::PostRetired;

    fn parse(at: &Path<'_>, wire: wire::PostRetired, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { last_day: date(&at.field("last_day"), wire.last_day)? })
    }

    fn print(&self, _: &Held<'_>) -> wire::PostRetired {
        wire::PostRetired { last_day: Some(day(self.last_day)) }
    }
}

impl Wire for UnitRegistered {
    type Message = wire::UnitRegistered;

    fn parse(at: &Path<'_>, wire: wire::UnitRegistered, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            title: label(&at.field("title"), &wire.title)?,
            valid_from: date(&at.field("valid_from"), wire.valid_from)?,
            valid_to: optional_date(&at.field("valid_to"), wire.valid_to)?,
            part_of: optional_code(&at.field("part_of"), &wire.part_of)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::UnitRegistered {
        wire::UnitRegistered {
            title: shown(&self.title),
            valid_from: Some(day(self.valid_from)),
            valid_to: self.valid_to.map(day),
            part_of: shown_or_empty(self.part_of.as_ref()),
        }
    }
}

impl Wire for WorkforceBaselineRecorded {
    type Message = wire::WorkforceBaselineRecorded;

    fn parse(_: &Path<'_>, wire: wire::WorkforceBaselineRecorded, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { headcount: wire.headcount, leaders: wire.leaders })
    }

    fn print(&self, _: &Held<'_>) -> wire::WorkforceBaselineRecorded {
        wire::WorkforceBaselineRecorded { headcount: self.headcount, leaders: self.leaders }
    }
}

impl Wire for LearningOffered {
    type Message = wire::LearningOffered;

    fn parse(at: &Path<'_>, wire: wire::LearningOffered, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            title: label(&at.field("title"), &wire.title)?,
            level: closed(&at.field("level"), wire.level)?,
            audience: codes(&at.field("audience"), &wire.audience)?,
            commitments: codes(&at.field("commitments"), &wire.commitments)?,
            held_on: date(&at.field("held_on"), wire.held_on)?,
            minutes: wire.minutes,
            capacity: wire.capacity,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::LearningOffered {
        wire::LearningOffered {
            title: shown(&self.title),
            level: number(self.level),
            audience: all(&self.audience),
            commitments: all(&self.commitments),
            held_on: Some(day(self.held_on)),
            minutes: self.minutes,
            capacity: self.capacity,
        }
    }
}

impl Wire for LearningDelivered {
    type Message = wire::LearningDelivered;

    fn parse(_: &Path<'_>, wire: wire::LearningDelivered, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self { minutes: wire.minutes, attendances: wire.attendances })
    }

    fn print(&self, _: &Held<'_>) -> wire::LearningDelivered {
        wire::LearningDelivered { minutes: self.minutes, attendances: self.attendances }
    }
}

impl Wire for LearningCancelled {
    type Message = wire::LearningCancelled;

    fn parse(_: &Path<'_>, _: wire::LearningCancelled, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {})
    }

    fn print(&self, _: &Held<'_>) -> wire::LearningCancelled {
        wire::LearningCancelled {}
    }
}

impl Wire for LearningCoverageRecorded {
    type Message = wire::LearningCoverageRecorded;

    fn parse(at: &Path<'_>, wire: wire::LearningCoverageRecorded, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            staff: coverage(&at.field("staff"), wire.staff)?,
            leaders: coverage(&at.field("leaders"), wire.leaders)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::LearningCoverageRecorded {
        wire::LearningCoverageRecorded {
            staff: Some(coverage_message(&self.staff)),
            leaders: Some(coverage_message(&self.leaders)),
        }
    }
}

impl Wire for PracticeSupportProvided {
    type Message = wire::PracticeSupportProvided;

    fn parse(at: &Path<'_>, wire: wire::PracticeSupportProvided, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            kind: code(&at.field("kind"), &wire.kind)?,
            sessions: wire.sessions,
            audience: codes(&at.field("audience"), &wire.audience)?,
            commitments: codes(&at.field("commitments"), &wire.commitments)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::PracticeSupportProvided {
        wire::PracticeSupportProvided {
            kind: shown(&self.kind),
            sessions: self.sessions,
            audience: all(&self.audience),
            commitments: all(&self.commitments),
        }
    }
}

impl Wire for AwarenessActivityHeld {
    type Message = wire::AwarenessActivityHeld;

    fn parse(at: &Path<'_>, wire: wire::AwarenessActivityHeld, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            title: label(&at.field("title"), &wire.title)?,
            purpose: closed(&at.field("purpose"), wire.purpose)?,
            audience: codes(&at.field("audience"), &wire.audience)?,
            commitments: codes(&at.field("commitments"), &wire.commitments)?,
            councils: codes(&at.field("councils"), &wire.councils)?,
            partners: codes(&at.field("partners"), &wire.partners)?,
            attendances: wire.attendances,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::AwarenessActivityHeld {
        wire::AwarenessActivityHeld {
            title: shown(&self.title),
            purpose: number(self.purpose),
            audience: all(&self.audience),
            commitments: all(&self.commitments),
            councils: all(&self.councils),
            partners: all(&self.partners),
            attendances: self.attendances,
        }
    }
}

impl Wire for SupportSignposted {
    type Message = wire::SupportSignposted;

    fn parse(at: &Path<'_>, wire: wire::SupportSignposted, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            route: code(&at.field("route"), &wire.route)?,
            channel: code(&at.field("channel"), &wire.channel)?,
            reach: wire.reach,
            commitments: codes(&at.field("commitments"), &wire.commitments)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::SupportSignposted {
        wire::SupportSignposted {
            route: shown(&self.route),
            channel: shown(&self.channel),
            reach: self.reach,
            commitments: all(&self.commitments),
        }
    }
}

impl Wire for SurveyResultRecorded {
    type Message = wire::SurveyResultRecorded;

    fn parse(at: &Path<'_>, wire: wire::SurveyResultRecorded, _: &mut Texts) -> Result<Self, Rejection> {
        Ok(Self {
            instrument: code(&at.field("instrument"), &wire.instrument)?,
            instrument_version: code(&at.field("instrument_version"), &wire.instrument_version)?,
            item: code(&at.field("item"), &wire.item)?,
            unit: optional_code(&at.field("unit"), &wire.unit)?,
            round: optional_code(&at.field("round"), &wire.round)?,
            period_from: date(&at.field("period_from"), wire.period_from)?,
            period_to: date(&at.field("period_to"), wire.period_to)?,
            population: wire.population,
            answers: wire.answers,
            withheld: wire.withheld,
            options: list(&at.field("options"), MAX_LINKS, wire.options, option_count)?,
            agree_options: codes(&at.field("agree_options"), &wire.agree_options)?,
            dont_know_options: codes(&at.field("dont_know_options"), &wire.dont_know_options)?,
            commitments: codes(&at.field("commitments"), &wire.commitments)?,
        })
    }

    fn print(&self, _: &Held<'_>) -> wire::SurveyResultRecorded {
        wire::SurveyResultRecorded {
            instrument: shown(&self.instrument),
            instrument_version: shown(&self.instrument_version),
            item: shown(&self.item),
            unit: shown_or_empty(self.unit.as_ref()),
            round: shown_or_empty(self.round.as_ref()),
            period_from: Some(day(self.period_from)),
            period_to: Some(day(self.period_to)),
            population: self.population,
            answers: self.answers,
            withheld: self.withheld,
            options: self.options.iter().map(option_count_message).collect(),
            agree_options: all(&self.agree_options),
            dont_know_options: all(&self.dont_know_options),
            commitments: all(&self.commitments),
        }
    }
}

fn coverage(at: &Path<'_>, wire: Option<wire::Coverage>) -> Result<Coverage, Rejection> {
    let wire = wire.ok_or_else(|| at.missing("give the numbers"))?;
    Ok(Coverage {
        people: wire.people,
        informed: wire.informed,
        skilled: wire.skilled,
        enhanced: wire.enhanced,
        specialist: wire.specialist,
    })
}

fn coverage_message(of: &Coverage) -> wire::Coverage {
    wire::Coverage {
        people: of.people,
        informed: of.informed,
        skilled: of.skilled,
        enhanced: of.enhanced,
        specialist: of.specialist,
    }
}

fn option_count(at: &Path<'_>, wire: wire::OptionCount) -> Result<OptionCount, Rejection> {
    Ok(OptionCount { option: code(&at.field("option"), &wire.option)?, count: wire.count })
}

fn option_count_message(of: &OptionCount) -> wire::OptionCount {
    wire::OptionCount { option: shown(&of.option), count: of.count }
}
