//! What is counted about people and what was done for them: units, learning, awareness, surveys, and release points.
//!
//! Invariant: as of the chronicle: it writes down whatever it is told. Only for tests.

use super::{Chronicle, code, codes, label, on};
use crate::domain::event::*;
use crate::domain::value::Url;

/// One council of a list: its code, its title, its days, and its other names with their days.
pub(crate) type Entry<'t> = (&'t str, &'t str, (Option<&'t str>, Option<&'t str>), &'t [Name<'t>]);
/// Another name of a council, and its days.
pub(crate) type Name<'t> = (&'t str, Option<&'t str>, Option<&'t str>);

/// What people answered, with defaults for what a test does not care about.
#[derive(Clone)]
pub(crate) struct Answers<'t> {
    pub(crate) instrument: &'t str,
    pub(crate) version: &'t str,
    pub(crate) item: &'t str,
    pub(crate) unit: Option<&'t str>,
    pub(crate) round: Option<&'t str>,
    pub(crate) asked: (&'t str, &'t str),
    pub(crate) population: u32,
    /// Agree, do not agree, do not know. None: withheld, with so many answers.
    pub(crate) counts: Result<[u32; 3], u32>,
    pub(crate) commitments: &'t [&'t str],
}

impl Default for Answers<'_> {
    fn default() -> Self {
        Self {
            instrument: "staff-survey",
            version: "1",
            item: "feel-safe",
            unit: None,
            round: None,
            asked: ("2025-05-01", "2025-05-31"),
            population: 100,
            counts: Ok([40, 20, 0]),
            commitments: &[],
        }
    }
}

fn levels([people, informed, skilled, enhanced, specialist]: [u32; 5]) -> Coverage {
    Coverage { people, informed, skilled, enhanced, specialist }
}

impl Chronicle {
    pub(crate) fn unit(&mut self, id: &str, part_of: Option<&str>, until: Option<&str>) -> u64 {
        let registered = UnitRegistered {
            title: label(&format!("Unit {id}")),
            valid_from: on("2025-03-01"),
            valid_to: until.map(on),
            part_of: part_of.map(code),
        };
        self.say(&format!("unit/{id}"), "2025-03-01", registered)
    }

    pub(crate) fn baseline(&mut self, unit: &str, occurred: &str, headcount: u32, leaders: u32) -> u64 {
        self.say(&format!("unit/{unit}"), occurred, WorkforceBaselineRecorded { headcount, leaders })
    }

    /// All, then at least informed, skilled, enhanced, specialist: of staff, and of the leaders among them.
    pub(crate) fn learned(&mut self, unit: &str, occurred: &str, staff: [u32; 5], leaders: [u32; 5]) -> u64 {
        let recorded = LearningCoverageRecorded { staff: levels(staff), leaders: levels(leaders) };
        self.say(&format!("unit/{unit}"), occurred, recorded)
    }

    pub(crate) fn offer(&mut self, id: &str, occurred: &str, level: Level, held_on: &str) -> u64 {
        let offered = LearningOffered {
            title: label(&format!("Session {id}")),
            level,
            audience: vec![],
            commitments: codes(&["C6"]),
            held_on: on(held_on),
            minutes: 90,
            capacity: None,
        };
        self.say(&format!("session/{id}"), occurred, offered)
    }

    pub(crate) fn deliver(&mut self, id: &str, occurred: &str, attendances: Option<u32>) -> u64 {
        self.say(&format!("session/{id}"), occurred, LearningDelivered { minutes: 90, attendances })
    }

    pub(crate) fn call_off(&mut self, id: &str, occurred: &str) -> u64 {
        self.say(&format!("session/{id}"), occurred, LearningCancelled {})
    }

    pub(crate) fn support(&mut self, id: &str, occurred: &str, kind: &str, sessions: u32) -> u64 {
        let provided = PracticeSupportProvided {
            kind: code(kind),
            sessions,
            audience: vec![],
            commitments: codes(&["C8"]),
        };
        self.say(&format!("practice-support/{id}"), occurred, provided)
    }

    pub(crate) fn hold(
        &mut self,
        id: &str,
        occurred: &str,
        purpose: Purpose,
        (councils, partners): (&[&str], &[&str]),
        attendances: Option<u32>,
    ) -> u64 {
        let held = AwarenessActivityHeld {
            title: label(&format!("Activity {id}")),
            purpose,
            audience: vec![],
            commitments: codes(&["C2"]),
            councils: codes(councils),
            partners: codes(partners),
            attendances,
        };
        self.say(&format!("awareness/{id}"), occurred, held)
    }

    pub(crate) fn signpost(&mut self, id: &str, occurred: &str, route: &str, reach: Option<u32>) -> u64 {
        let said = SupportSignposted {
            route: code(route),
            channel: code("web"),
            reach,
            commitments: codes(&["C16"]),
        };
        self.say(&format!("signposting/{id}"), occurred, said)
    }

    pub(crate) fn list(&mut self, name: &str, occurred: &str, entries: &[Entry<'_>]) -> u64 {
        let entry = |&(key, title, (from, to), names): &Entry<'_>| CodeListEntry {
            code: code(key),
            title: label(title),
            valid_from: from.map(on),
            valid_to: to.map(on),
            aliases: names
                .iter()
                .map(|&(name, from, to)| Alias {
                    code: code(name),
                    valid_from: from.map(on),
                    valid_to: to.map(on),
                })
                .collect(),
        };
        let adopted = CodeListAdopted { entries: entries.iter().map(entry).collect() };
        self.say(&format!("code-list/{name}"), occurred, adopted)
    }

    pub(crate) fn answered(&mut self, id: &str, occurred: &str, answers: &Answers<'_>) -> u64 {
        let payload = Self::result(answers);
        self.say(&format!("survey-result/{id}"), occurred, payload)
    }

    pub(crate) fn result(answers: &Answers<'_>) -> SurveyResultRecorded {
        let given = answers.counts.unwrap_or_default();
        let names = ["yes", "no", "dont-know"];
        let is_given = answers.counts.is_ok();
        let options = |which: &[usize]| -> Vec<_> {
            let given = which.iter().filter(|_| is_given);
            given.map(|which| code(names[*which])).collect()
        };
        SurveyResultRecorded {
            instrument: code(answers.instrument),
            instrument_version: code(answers.version),
            item: code(answers.item),
            unit: answers.unit.map(code),
            round: answers.round.map(code),
            period_from: on(answers.asked.0),
            period_to: on(answers.asked.1),
            population: answers.population,
            answers: answers.counts.map_or_else(|few| few, |counts| counts.iter().sum()),
            withheld: !is_given,
            options: options(&[0, 1, 2])
                .into_iter()
                .zip(given)
                .map(|(option, count)| OptionCount { option, count })
                .collect(),
            agree_options: options(&[0]),
            dont_know_options: options(&[2]),
            commitments: codes(answers.commitments),
        }
    }

    /// A round of asking: who, between which days, how many, by which routes.
    pub(crate) fn ask(
        &mut self,
        id: &str,
        occurred: &str,
        respondents: Respondents,
        (opens, closes): (&str, &str),
        invited: Option<u32>,
        routes: &[Anonymity],
    ) -> u64 {
        let sought = FeedbackSought {
            title: label(&format!("Round {id}")),
            respondents,
            opens: on(opens),
            closes: on(closes),
            invited,
            channels: codes(&["web"]),
            anonymity_options: routes.to_vec(),
            support_url: Url::parse("https://help.example/").unwrap(),
            commitments: codes(&["C14"]),
        };
        self.say(&format!("round/{id}"), occurred, sought)
    }

    pub(crate) fn close_round(&mut self, id: &str, occurred: &str, responses: u32) -> u64 {
        self.say(&format!("round/{id}"), occurred, FeedbackRoundClosed { responses })
    }

    pub(crate) fn answer_round(&mut self, id: &str, occurred: &str) -> u64 {
        let url = Url::parse("https://help.example/what-came-of-it").unwrap();
        self.say(&format!("round/{id}"), occurred, RoundResponsePublished { url })
    }

    /// Settings under which survey cells need so many answers.
    pub(crate) fn survey_minimum(&mut self, minimum: u32) -> u64 {
        let sequence = self.settings(5);
        let at = self.facts.len() - 1;
        let event = std::sync::Arc::make_mut(&mut self.facts[at].event);
        if let Payload::ReportSettingsAdopted(settings) = &mut event.payload {
            settings.survey_minimum = minimum;
        }
        sequence
    }

    /// A commitment that reflects these principles.
    pub(crate) fn commitment_on(&mut self, id: &str, principles: &[&str]) -> u64 {
        let sequence = self.commitment(id, &format!("Commitment {id}"), "we promise", &[]);
        let at = self.facts.len() - 1;
        let event = std::sync::Arc::make_mut(&mut self.facts[at].event);
        if let Payload::CommitmentMade(made) = &mut event.payload {
            made.principles = principles.iter().map(|principle| label(principle)).collect();
        }
        sequence
    }
}
