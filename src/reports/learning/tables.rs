//! The tables of R6: coverage of staff and of leaders, units that are not shown, sessions, practice support.
//!
//! Invariant: staff and leaders, people and attendances stand in tables of their own. Must not know how the headlines are
//! counted.

use std::collections::BTreeMap;

use super::Learned;
use super::coverage::{LEVELS, Shown, Who, Why};
use super::flow::Flow;
use crate::domain::event::Level;
use crate::domain::id::{Code, Kind};
use crate::projections::learning::{Session, Support};
use crate::projections::releases::Point;
use crate::reports::period::Period;
use crate::reports::phrases::{natural, short_day};
use crate::reports::report::{Figure, Table};
use crate::reports::shares::{Part, held_back};

impl Learned<'_, '_> {
    pub(super) fn tables(&self) -> Vec<Table> {
        vec![
            self.coverage_table(Who::Staff),
            self.coverage_table(Who::Leaders),
            self.not_shown(),
            self.sessions_table(),
            self.unsaid_table(),
            self.support_table(),
        ]
    }

    fn coverage_table(&self, who: Who) -> Table {
        let (id, title) = match who {
            Who::Staff => ("r6.coverage_staff", "Staff, leaders included: at least at each level"),
            Who::Leaders => ("r6.coverage_leaders", "The leaders among them: at least at each level"),
        };
        let columns = [
            ("unit", "Unit"),
            ("informed", "Informed"),
            ("skilled", "Skilled"),
            ("enhanced", "Enhanced"),
            ("specialist", "Specialist"),
            ("people", "People counted"),
            ("on", "Counted for"),
            ("baseline", "Workforce baseline"),
        ];
        let mut table = Table::new(id, title, "No unit's coverage can be shown.", &columns);
        for shown in &self.coverage.shown {
            let Some((on, sequence, _)) = shown.unit.coverage else { continue };
            let all = shown.at_least(who, 0);
            let nobody = if who == Who::Leaders { "No leaders" } else { "Nobody" };
            let mut cells = vec![Figure::words(shown.unit.title)];
            cells.extend(
                (1..=LEVELS.len())
                    .map(|level| Part::of(shown.at_least(who, level), all, self.threshold).cell(nobody)),
            );
            cells
                .push(all.map_or_else(held_back, |all| Figure::number(all, "people", format_args!("{all}"))));
            cells.push(Figure::words(short_day(on)));
            let mut cells: Vec<_> = cells.into_iter().map(|cell| cell.from_events([sequence])).collect();
            cells.push(self.baseline(shown, who));
            table.push(Kind::Unit.subject(shown.unit.id), cells);
        }
        table
    }

    /// How the number of people that a coverage was taken of stands to the workforce baseline: both as they were released,
    /// for a word that changed with the truth would tell of one person.
    fn baseline(&self, shown: &Shown<'_>, who: Who) -> Figure {
        let (Some((on, sequence, _)), Some((_, coverage, _))) = (shown.unit.baseline, shown.unit.coverage)
        else {
            return Figure::not_available("None recorded");
        };
        let (on, threshold) = (short_day(on), self.threshold);
        let figure = match shown.beside_baseline(who) {
            None => held_back(),
            Some((counted, works)) if works.abs_diff(counted) < threshold => {
                Figure::words(format!("Fewer than {threshold} apart, on {on}"))
            }
            Some((_, works)) => Figure::number(works, "people", format!("DIFFERS: {works}, on {on}")),
        };
        figure.from_events([sequence, coverage])
    }

    fn not_shown(&self) -> Table {
        let columns = [("unit", "Unit"), ("why", "Why")];
        let mut table =
            Table::new("r6.not_shown", "Units that are not shown", "Every unit is shown.", &columns);
        if self.coverage.shown.is_empty() && self.coverage.not_shown.is_empty() {
            "No unit is known as of a release point.".clone_into(&mut table.when_empty);
        }
        for (unit, why) in &self.coverage.not_shown {
            let why = match why {
                Why::PartOf(whole) => Figure::words(format!("A part of {whole}, which is shown")),
                Why::Holds(part) => {
                    Figure::words(format!("{part}, which is a part of it, is shown, and was before"))
                }
                Why::NotCounted => Figure::not_available("Nobody recorded how many have learned"),
            };
            let events = unit.coverage.map(|(_, sequence, _)| sequence).into_iter().chain([unit.registered]);
            let cells = vec![Figure::words(unit.title), why];
            let cells = cells.into_iter().map(|cell| cell.from_events(events.clone())).collect();
            table.push(Kind::Unit.subject(unit.id), cells);
        }
        table
    }

    fn sessions_table(&self) -> Table {
        let columns = [
            ("quarter", "Quarter"),
            ("level", "Level"),
            ("held", "Sessions held"),
            ("attendances", "Attendances"),
            ("not_counted", "Not counted"),
            ("cancelled", "Cancelled"),
        ];
        let mut table = Table::new(
            "r6.sessions",
            "Sessions, and attendances, which are not people, by quarter and level",
            "No session was held or cancelled in the period.",
            &columns,
        );
        let Some(flow) = &self.flow else { return table };
        let mut rows: BTreeMap<(String, Option<Level>), [Vec<&Session<'_>>; 2]> = BTreeMap::new();
        for (which, sessions) in [&flow.held, &flow.cancelled].into_iter().enumerate() {
            for session in sessions {
                let key = (Period::quarter_of(session.on).to_string(), session.level);
                if let Some(of) = rows.entry(key).or_default().get_mut(which) {
                    of.push(session);
                }
            }
        }
        for ((quarter, level), [held, cancelled]) in rows {
            let tally = flow.tally(held.iter().copied());
            let events = Flow::events(held.iter().chain(&cancelled).copied());
            let number = |n: usize| Figure::number(n as u64, "sessions", format_args!("{n}"));
            let cells = [
                Figure::words(quarter.as_str()),
                level.map_or_else(|| Figure::not_available("Not known"), |it| Figure::words(word(it))),
                number(held.len()),
                tally.cell("attendances"),
                Figure::number(tally.not_counted, "sessions", format_args!("{}", tally.not_counted)),
                number(cancelled.len()),
            ];
            let cells = cells.map(|cell| cell.from_events(events.iter().copied()));
            let level = level.map_or("unknown", Level::as_str);
            table.push(format_args!("{quarter}/{level}"), cells.into());
        }
        table
    }

    fn unsaid_table(&self) -> Table {
        let columns = [("session", "Session"), ("level", "Level"), ("on", "Was to be held")];
        let mut table = Table::new(
            "r6.unsaid",
            "Sessions of which nobody has said what became of them",
            "None in the period.",
            &columns,
        );
        let mut unsaid: Vec<_> = self.flow.iter().flat_map(|flow| &flow.unsaid).collect();
        unsaid.sort_by_cached_key(|session| (session.on, natural(session.id)));
        for session in unsaid {
            let cells = [
                Figure::words(session.title.unwrap_or_else(|| session.id.as_str())),
                session
                    .level
                    .map_or_else(|| Figure::not_available("Not known"), |it| Figure::words(word(it))),
                Figure::words(short_day(session.on)),
            ];
            let cells = cells.map(|cell| cell.from_events(session.events.iter().copied()));
            table.push(Kind::Session.subject(session.id), cells.into());
        }
        table
    }

    fn support_table(&self) -> Table {
        let columns = [("kind", "Kind"), ("sessions", "Sessions"), ("times", "Recorded on occasions")];
        let mut table =
            Table::new("r6.support", "Practice support, by kind", "None in the period.", &columns);
        let mut kinds: BTreeMap<&Code, Vec<(u64, &Support)>> = BTreeMap::new();
        for (sequence, support) in self.flow.iter().flat_map(|flow| &flow.support) {
            kinds.entry(&support.kind).or_default().push((*sequence, support));
        }
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_cached_key(|(kind, _)| natural(kind));
        for (kind, given) in kinds {
            let sessions: u64 = given.iter().map(|(_, it)| u64::from(it.sessions)).sum();
            let horizon = self.point.map_or_else(|| self.parameters.horizon(), Point::horizon);
            let title = self.views.ledger.title_of(self.views, "support-kind", kind, horizon);
            let cells = [
                Figure::words(title),
                Figure::number(sessions, "sessions", format_args!("{sessions}")),
                Figure::number(given.len() as u64, "occasions", format_args!("{}", given.len())),
            ];
            let cells = cells.map(|cell| cell.from_events(given.iter().map(|(sequence, _)| *sequence)));
            table.push(format_args!("support-kind/{kind}"), cells.into());
        }
        table
    }
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Informed => "Informed",
        Level::Skilled => "Skilled",
        Level::Enhanced => "Enhanced",
        Level::Specialist => "Specialist",
    }
}
