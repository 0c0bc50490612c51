//! The twin of R7.

use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

use super::released::{Cells, attendances, attended, day};
use super::{Headlines, Twin};
use crate::domain::event::{AwarenessActivityHeld, CodeListEntry, Payload, Purpose};
use crate::domain::id::Kind;

type Held<'f> = (String, Date, &'f AwarenessActivityHeld);

fn spans(from: Option<Date>, to: Option<Date>, day: Date) -> bool {
    from.is_none_or(|from| day >= from) && to.is_none_or(|to| day <= to)
}

impl<'f> Twin<'f> {
    /// The council that a code means today which was said on a day.
    fn council(&self, list: &[CodeListEntry], said: &str, on: Date) -> String {
        for entry in list {
            if entry.code.as_str() != said && spans(entry.valid_from, entry.valid_to, self.as_at) {
                for alias in &entry.aliases {
                    if alias.code.as_str() == said && spans(alias.valid_from, alias.valid_to, on) {
                        return entry.code.to_string();
                    }
                }
            }
        }
        said.to_owned()
    }

    fn activities(&self) -> (bool, Vec<Held<'f>>) {
        let (mut any, mut held) = (false, Vec::new());
        for id in self.ids(Kind::Awareness) {
            let about = self.about(&format!("awareness/{id}"));
            if let Some(last) = about.last()
                && let Payload::AwarenessActivityHeld(it) = last.payload
            {
                any = true;
                if self.in_period(last.day) {
                    held.push((id, last.day, it));
                }
            }
        }
        (any, held)
    }

    pub(in crate::reports::tests) fn r7(&self) -> (Headlines, Cells) {
        let (mut said, mut cells) = (Headlines::new(), Cells::new());
        let least = self.least(self.as_known).0;
        let (any, held) = self.activities();
        self.councils(any, &held, &mut said, &mut cells);
        partners(&held, &mut cells);
        self.signposting(least, &mut said, &mut cells);
        for (id, on, it) in &held {
            let mut cell = |column: &str, text: String| {
                cells.insert(format!("r7.activities|awareness/{id}|{column}"), text);
            };
            cell("activity", it.title.to_string());
            cell("on", day(*on));
            cell("purpose", about(it.purpose).into());
            cell("attendances", attended(&[it.attendances], least));
            cell("councils", it.councils.len().to_string());
            cell("partners", it.partners.len().to_string());
        }
        if !any {
            return (said, cells);
        }
        said.insert("r7.activities".into(), (held.len() as u64, None));
        let partners: BTreeSet<_> = held.iter().flat_map(|(_, _, it)| &it.partners).collect();
        said.insert("r7.partners".into(), (partners.len() as u64, None));
        let all: Vec<Option<u32>> = held.iter().map(|(_, _, it)| it.attendances).collect();
        if let Some(sum) = attendances(&all, least) {
            said.insert("r7.attendances".into(), (sum, None));
        }
        for purpose in Purpose::ALL.iter().filter(|_| !held.is_empty()) {
            let of: Vec<_> =
                held.iter().filter(|it| it.2.purpose == *purpose).map(|it| it.2.attendances).collect();
            let name = purpose.as_str();
            said.insert(format!("r7.purpose.{}", name.to_lowercase()), (of.len() as u64, None));
            let row = format!("r7.purposes|purpose/{name}");
            cells.insert(format!("{row}|purpose"), about(*purpose).into());
            cells.insert(format!("{row}|activities"), of.len().to_string());
            cells.insert(format!("{row}|attendances"), attended(&of, least));
            cells.insert(
                format!("{row}|not_counted"),
                of.iter().filter(|it| it.is_none()).count().to_string(),
            );
        }
        (said, cells)
    }

    fn councils(&self, any: bool, held: &[Held<'f>], said: &mut Headlines, cells: &mut Cells) {
        let about = self.about("code-list/council");
        let Some(Payload::CodeListAdopted(list)) = about.last().map(|last| last.payload) else { return };
        let list = &list.entries;
        let mut valid = BTreeSet::new();
        for entry in list {
            if spans(entry.valid_from, entry.valid_to, self.as_at) {
                valid.insert(self.council(list, entry.code.as_str(), self.as_at));
            }
        }
        let mut visits: BTreeMap<String, Vec<(String, Date)>> = BTreeMap::new();
        for (id, on, it) in held {
            for code in &it.councils {
                let visited = visits.entry(self.council(list, code.as_str(), *on)).or_default();
                if !visited.iter().any(|(other, _)| other == id) {
                    visited.push((id.clone(), *on));
                }
            }
        }
        let title = |code: &str| {
            let entry = list.iter().find(|entry| entry.code.as_str() == code);
            entry.map_or_else(|| code.to_owned(), |entry| entry.title.to_string())
        };
        for code in valid.iter().filter(|code| any && !visits.contains_key(*code)) {
            let row = format!("r7.not_reached|council/{code}");
            cells.insert(format!("{row}|council"), title(code));
            cells.insert(format!("{row}|code"), code.clone());
        }
        for (code, visited) in &visits {
            let table = if valid.contains(code) { "r7.councils" } else { "r7.councils_ceased" };
            let row = format!("{table}|council/{code}");
            cells.insert(format!("{row}|council"), title(code));
            cells.insert(format!("{row}|activities"), visited.len().to_string());
            cells.insert(format!("{row}|last"), day(visited.iter().map(|(_, on)| *on).max().unwrap()));
        }
        if any {
            let reached = visits.keys().filter(|code| valid.contains(*code)).count() as u64;
            said.insert("r7.councils_ceased".into(), (visits.len() as u64 - reached, None));
            if !valid.is_empty() {
                said.insert("r7.councils_reached".into(), (reached, Some(valid.len() as u64)));
            }
        }
    }

    fn signposting(&self, floor: u64, said: &mut Headlines, cells: &mut Cells) {
        let (mut any, mut times) = (false, 0);
        let mut routes: BTreeMap<String, Vec<Option<u32>>> = BTreeMap::new();
        for id in self.ids(Kind::Signposting) {
            let about = self.about(&format!("signposting/{id}"));
            let Some(last) = about.last() else { continue };
            any = true;
            if let (Payload::SupportSignposted(it), true) = (last.payload, self.in_period(last.day)) {
                times += 1;
                routes.entry(it.route.to_string()).or_default().push(it.reach);
            }
        }
        if any {
            said.insert("r7.signposting".into(), (times, None));
        }
        for (route, told) in routes {
            let row = format!("r7.signposting|support-route/{route}");
            cells.insert(format!("{row}|route"), route);
            cells.insert(format!("{row}|times"), told.len().to_string());
            cells.insert(format!("{row}|reach"), attended(&told, floor));
            cells.insert(
                format!("{row}|not_counted"),
                told.iter().filter(|it| it.is_none()).count().to_string(),
            );
        }
    }
}

fn partners(held: &[Held<'_>], cells: &mut Cells) {
    let all: BTreeSet<_> = held.iter().flat_map(|(_, _, it)| &it.partners).collect();
    for partner in all {
        let days: Vec<_> =
            held.iter().filter(|(_, _, it)| it.partners.contains(partner)).map(|(_, on, _)| *on).collect();
        let row = format!("r7.partners|partner/{partner}");
        cells.insert(format!("{row}|partner"), partner.to_string());
        cells.insert(format!("{row}|activities"), days.len().to_string());
        cells.insert(format!("{row}|last"), day(days.into_iter().max().unwrap()));
    }
}

fn about(purpose: Purpose) -> &'static str {
    match purpose.as_str() {
        "BENEFITS" => "The benefits",
        "OUTCOMES" => "Outcomes for communities",
        "IMPACT" => "The impact of trauma",
        _ => "Everybody's business",
    }
}
