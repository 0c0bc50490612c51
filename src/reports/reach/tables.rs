//! The tables of R7: purposes, councils reached and not, partners, activities, routes.
//!
//! Invariant: a number of attendances that is too small is shown nowhere, and is in no sum. Must not know how the
//! headlines are counted.

use std::collections::BTreeMap;

use super::councils::Council;
use super::{Reach, Told, about};
use crate::domain::event::Purpose;
use crate::domain::id::{Code, Kind};
use crate::reports::attendances::Tally;
use crate::reports::events::Events;
use crate::reports::phrases::{natural, short_day};
use crate::reports::report::{Figure, Table};

impl<'v> Reach<'_, 'v> {
    pub(super) fn tables(&self) -> Vec<Table> {
        let is_reached = |council: &&Council<'_>| !council.visits.is_empty();
        let valid =
            || self.councils.iter().flat_map(|it| it.valid.iter().map(|(code, council)| (*code, council)));
        let ceased =
            self.councils.iter().flat_map(|it| it.ceased.iter().map(|(code, council)| (*code, council)));
        vec![
            self.purposes(),
            councils("r7.councils", "Councils that were reached", valid().filter(|(_, it)| is_reached(it))),
            self.not_reached(valid().filter(|(_, it)| !is_reached(it))),
            councils("r7.councils_ceased", "Reached, and not valid any more on the day as at", ceased),
            self.partner_bodies(),
            self.activities(),
            self.routes(),
        ]
    }

    fn purposes(&self) -> Table {
        let columns = [
            ("purpose", "About"),
            ("activities", "Activities"),
            ("attendances", "Attendances"),
            ("not_counted", "Not counted"),
        ];
        let mut table =
            Table::new("r7.purposes", "By purpose", "No activity was held in the period.", &columns);
        let purposes = if self.held.is_empty() { &[] } else { Purpose::ALL };
        for purpose in purposes {
            let of: Vec<_> = self.held.iter().filter(|it| it.activity.purpose == *purpose).collect();
            let tally = self.tally(of.iter().copied());
            let events = Events::of(of.iter().map(|it| it.sequence));
            let cells = vec![
                Figure::words(about(*purpose)),
                Figure::number(of.len() as u64, "activities", format_args!("{}", of.len())),
                tally.cell("attendances"),
                Figure::number(tally.not_counted, "activities", format_args!("{}", tally.not_counted)),
            ];
            table.push_behind(format_args!("purpose/{}", purpose.as_str()), &events, cells);
        }
        table
    }

    fn not_reached<'c>(&self, of: impl Iterator<Item = (&'c Code, &'c Council<'c>)>) -> Table {
        let when_empty = match &self.councils {
            None => "No list of councils is adopted, so nobody can say which were not reached.",
            Some(_) => "No council is left that was not reached.",
        };
        let columns = [("council", "Council"), ("code", "Code")];
        let mut table = Table::new("r7.not_reached", "Councils that were not reached", when_empty, &columns);
        let mut rows: Vec<_> = of.collect();
        if !self.anything[0] {
            rows.clear();
            "No activity is recorded, so nobody can say which were not reached."
                .clone_into(&mut table.when_empty);
        }
        rows.sort_by_cached_key(|(code, it)| (it.title, natural(code)));
        for (code, it) in rows {
            let cells = vec![Figure::words(name(code, it)), Figure::words(code.as_str())];
            table.push(format_args!("council/{code}"), cells);
        }
        table
    }

    fn partner_bodies(&self) -> Table {
        let columns = [("partner", "Partner body"), ("activities", "Activities"), ("last", "Last")];
        let mut table =
            Table::new("r7.partners", "Partner bodies that took part", "None in the period.", &columns);
        let mut partners: Vec<_> = self.partners().into_iter().collect();
        partners.sort_by_cached_key(|code| natural(code));
        for code in partners {
            let visits: Vec<_> = self
                .held
                .iter()
                .filter(|it| it.activity.partners.contains(code))
                .map(|it| (it.on, it.sequence))
                .collect();
            let title = self.views.ledger.title_of(self.views, "partner", code, self.parameters.horizon());
            table.push(format_args!("partner/{code}"), visited(title, &visits));
        }
        table
    }

    fn activities(&self) -> Table {
        let columns = [
            ("activity", "Activity"),
            ("on", "Held"),
            ("purpose", "About"),
            ("attendances", "Attendances"),
            ("councils", "Councils"),
            ("partners", "Partner bodies"),
        ];
        let mut table = Table::new("r7.activities", "Activities", "None in the period.", &columns);
        table.rows.reserve(self.held.len());
        for it in &self.held {
            let (councils, partners) = (it.activity.councils.len(), it.activity.partners.len());
            let cells = vec![
                Figure::words(it.activity.title.as_str()),
                Figure::words(short_day(it.on)),
                Figure::words(about(it.activity.purpose)),
                self.tally([it]).cell("attendances"),
                Figure::number(councils as u64, "councils", format_args!("{councils}")),
                Figure::number(partners as u64, "partner bodies", format_args!("{partners}")),
            ];
            table.push_behind(Kind::Awareness.subject(it.id), &Events::of([it.sequence]), cells);
        }
        table
    }

    fn routes(&self) -> Table {
        let columns =
            [("route", "Route"), ("times", "Times"), ("reach", "Sent to"), ("not_counted", "Not counted")];
        let mut table =
            Table::new("r7.signposting", "Where to find help: by route", "None in the period.", &columns);
        let mut routes: BTreeMap<&Code, Vec<&Told<'v>>> = BTreeMap::new();
        for told in &self.told {
            routes.entry(&told.said.route).or_default().push(told);
        }
        let mut routes: Vec<_> = routes.into_iter().collect();
        routes.sort_by_cached_key(|(code, _)| natural(code));
        for (code, told) in routes {
            let tally = Tally::of(told.iter().map(|it| it.said.reach), self.threshold);
            let title =
                self.views.ledger.title_of(self.views, "support-route", code, self.parameters.horizon());
            let cells = vec![
                Figure::words(title),
                Figure::number(told.len() as u64, "times", format_args!("{}", told.len())),
                tally.cell("sent"),
                Figure::number(tally.not_counted, "times", format_args!("{}", tally.not_counted)),
            ];
            let events = Events::of(told.iter().map(|it| it.sequence));
            table.push_behind(format_args!("support-route/{code}"), &events, cells);
        }
        table
    }
}

fn councils<'c>(id: &str, title: &str, of: impl Iterator<Item = (&'c Code, &'c Council<'c>)>) -> Table {
    let columns = [("council", "Council"), ("activities", "Activities"), ("last", "Last")];
    let mut table = Table::new(id, title, "None in the period.", &columns);
    let mut rows: Vec<_> = of.collect();
    rows.sort_by_cached_key(|(code, it)| (it.title, natural(code)));
    for (code, it) in rows {
        table.push(format_args!("council/{code}"), visited(name(code, it), &it.visits));
    }
    table
}

/// What it is called, in how many activities it took part, and when for the last time.
fn visited(title: &str, visits: &[(jiff::civil::Date, u64)]) -> Vec<Figure> {
    let events = Events::of(visits.iter().map(|(_, sequence)| *sequence));
    let last = visits.iter().map(|(on, _)| *on).max();
    let cells = [
        Figure::words(title),
        Figure::number(events.len() as u64, "activities", format_args!("{}", events.len())),
        last.map_or_else(|| Figure::not_applicable("Never"), |on| Figure::words(short_day(on))),
    ];
    cells.map(|cell| cell.sharing(&events)).into()
}

fn name<'c>(code: &'c Code, council: &Council<'c>) -> &'c str {
    if council.title.is_empty() { code.as_str() } else { council.title }
}
