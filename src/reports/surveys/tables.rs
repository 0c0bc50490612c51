//! The tables of R8: each question to the whole organisation, to units, and by principle.
//!
//! Invariant: of a result that is held back nothing is shown but that it is, and why. Must not know how the headlines are
//! found.

use std::collections::BTreeMap;

use super::released::{Result, Why};
use super::{Since, Surveys};
use crate::domain::event::Respondents;
use crate::domain::id::{Code, Kind};
use crate::projections::Views;
use crate::projections::history::Horizon;
use crate::reports::phrases::{natural, short_day};
use crate::reports::report::{Figure, FigureStatus, Table};
use crate::reports::shares::held_back;

const COLUMNS: [(&str, &str); 9] = [
    ("question", "Question"),
    ("until", "Asked until"),
    ("agree", "Agree"),
    ("agree_known", "Agree, of those who knew"),
    ("answers", "Answers"),
    ("since", "Since last time"),
    ("response", "Response"),
    ("survey", "Survey"),
    ("asked", "Asked"),
];

impl<'v> Surveys<'_, 'v> {
    pub(super) fn tables(&self) -> Vec<Table> {
        let rows = self.rows();
        vec![self.whole(&rows), self.units(&rows), self.by_principle(&rows)]
    }

    fn rows(&self) -> Vec<&Result<'v>> {
        let mut rows: Vec<_> = self.results.iter().collect();
        rows.sort_by_cached_key(|it| {
            let answered = it.asked.answered;
            let newest_first = std::cmp::Reverse(answered.to);
            let question = (newest_first, natural(&answered.item), natural(it.asked.id));
            (self.is_of_partners(&it.asked), natural(&answered.instrument), question)
        });
        rows
    }

    fn whole(&self, rows: &[&Result<'v>]) -> Table {
        let mut table = Table::new(
            "r8.whole",
            "What the whole organisation answered",
            "No result of the whole organisation in the period.",
            &COLUMNS,
        );
        for row in rows.iter().filter(|it| it.asked.answered.unit.is_none()) {
            table.push(Kind::SurveyResult.subject(row.asked.id), self.cells(row));
        }
        table
    }

    fn units(&self, rows: &[&Result<'v>]) -> Table {
        let mut columns = vec![("unit", "Unit")];
        columns.extend(COLUMNS);
        let mut table = Table::new(
            "r8.units",
            "What single units answered",
            "No result of a unit in the period.",
            &columns,
        );
        for row in rows {
            let Some(unit) = &row.asked.answered.unit else { continue };
            let mut cells = vec![Figure::words(self.unit_title(unit)).from_events([row.asked.sequence])];
            cells.extend(self.cells(row));
            table.push(Kind::SurveyResult.subject(row.asked.id), cells);
        }
        table
    }

    fn by_principle(&self, rows: &[&Result<'v>]) -> Table {
        let columns = [
            ("principle", "Principle"),
            ("question", "Question"),
            ("until", "Asked until"),
            ("agree", "Agree"),
            ("since", "Since last time"),
            ("survey", "Survey"),
            ("asked", "Asked"),
        ];
        let mut table = Table::new(
            "r8.principles",
            "By principle",
            "No result of the period names a commitment that has principles.",
            &columns,
        );
        let mut of: BTreeMap<String, Vec<(&Result<'v>, u64)>> = BTreeMap::new();
        for row in rows.iter().filter(|it| it.asked.answered.unit.is_none()) {
            for (principle, made) in self.principles(row) {
                of.entry(principle).or_default().push((*row, made));
            }
        }
        for (principle, rows) in of {
            for (row, made) in rows {
                let [question, until, agree, _, _, since, _, survey, asked] = self.said(row);
                let name = Figure::words(capital(&principle)).from_events([row.asked.sequence, made]);
                let cells = vec![name, question, until, agree, since, survey, asked];
                let subject = Kind::SurveyResult.subject(row.asked.id);
                table.push(format_args!("principle/{principle}/{subject}"), cells);
            }
        }
        table
    }

    fn cells(&self, row: &Result<'v>) -> Vec<Figure> {
        self.said(row).into()
    }

    /// One cell for each of [`COLUMNS`].
    fn said(&self, row: &Result<'v>) -> [Figure; 9] {
        let answered = row.asked.answered;
        let asked = match self.respondents(&row.asked) {
            Some(Respondents::Staff) => Figure::words("Staff"),
            Some(Respondents::Partners) => Figure::words("Partners"),
            None => Figure::not_available("Not stated"),
        };
        let survey = format!("{}, version {}", plain(&answered.instrument), answered.version);
        let [agree, known, answers, response, since] = if let Some(why) = row.held_back {
            let hidden = || Figure::with_status(FigureStatus::Suppressed, "");
            [self.why(why), hidden(), hidden(), hidden(), hidden()]
        } else {
            let (since, before) = self.since(row);
            [
                self.agree(row).cell("Nobody"),
                self.agree_of_those_who_knew(row).cell("Nobody knew"),
                row.answers().map_or_else(held_back, |n| Figure::number(n, "answers", format_args!("{n}"))),
                self.response_cell(row),
                since_cell(&since).from_events(before),
            ]
        };
        // Partners are told from staff where a narrow rendering leaves out who was asked, too.
        let of_partners = if self.is_of_partners(&row.asked) { " (partners)" } else { "" };
        let cells = [
            Figure::words(format!("{}{of_partners}", plain(&answered.item))),
            Figure::words(short_day(answered.to)),
            agree,
            known,
            answers,
            since,
            response,
            Figure::words(survey),
            asked,
        ];
        cells.map(|cell| {
            let events = cell.events.clone();
            cell.from_events(events.iter().copied().chain([row.asked.sequence]))
        })
    }

    fn why(&self, why: Why) -> Figure {
        let text = match why {
            Why::Few => format!("fewer than {}, or recorded without counts", self.minimum),
            Why::Beside => "next to few".to_owned(),
        };
        Figure::with_status(FigureStatus::Suppressed, text)
    }

    /// How many answered, of those who were asked; and how many the round invited, if that is another number and may be
    /// said.
    fn response_cell(&self, row: &Result<'v>) -> Figure {
        let answered: &'v crate::projections::surveys::Answered = row.asked.answered;
        let mut cell = self.response(row).cell("Nobody was asked");
        if cell.number.is_some()
            && row.answers().is_some_and(|answers| answers > u64::from(answered.population))
        {
            cell.text = format!("{}, IRREGULAR: more answered than were asked", cell.text).into();
        }
        let round = answered.round.as_ref().zip(self.horizon);
        let round = round.and_then(|(id, horizon)| self.views.surveys.round(self.views, id, horizon));
        let invited = round.as_ref().and_then(|round| round.sought.invited);
        if let Some(invited) = invited.filter(|it| *it != answered.population && answered.unit.is_none()) {
            let few = u64::from(invited.abs_diff(answered.population)) < self.threshold;
            let may = cell.number.is_some() && !few;
            let said = if may { format!("{invited} invited") } else { "another number invited".to_owned() };
            cell.text = format!("{}; {said}", cell.text).into();
        }
        cell.from_events(round.map(|round| round.announced))
    }

    fn unit_title<'t>(&'t self, id: &'t Code) -> &'t str {
        self.units.get(id).map_or(id.as_str(), String::as_str)
    }
}

/// What units are called from a horizon.
pub(super) fn titles(views: &Views, horizon: Horizon) -> BTreeMap<&Code, String> {
    let terms = views.learning.registrations(views, horizon).into_iter();
    terms.filter_map(|(id, terms)| Some((id, terms.last()?.title.to_string()))).collect()
}

fn since_cell(since: &Since) -> Figure {
    match since {
        Since::Points(points, then) => {
            let moved = match points {
                0 => "The same".to_owned(),
                1.. => format!("{points} points more"),
                _ => format!("{} points less", points.unsigned_abs()),
            };
            let moved = if points.unsigned_abs() == 1 { moved.replace("points", "point") } else { moved };
            let mut figure = Figure::words(format!("{moved} ({then} % before)"));
            figure.number = Some(*points as f64);
            figure.unit = "percentage points".into();
            figure
        }
        Since::HeldBack => held_back(),
        Since::OtherVersion(version) => {
            Figure::not_applicable(format!("Not comparable: version {version} was asked before"))
        }
        Since::FirstTime => Figure::not_applicable("Asked for the first time"),
    }
}

/// A code as people read it: `feel-safe` is `Feel safe`.
pub(super) fn plain(code: &Code) -> String {
    capital(&code.as_str().replace(['-', '_'], " "))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().to_string() + letters.as_str())
}
